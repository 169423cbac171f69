// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_BYTES (512U << 10)
#define GZ_BYTES     (128U << 10) /* buffer of zlib; plain files bypass it */
_Static_assert(BUFFER_BYTES - AUDIT_LINE_BYTES - 1 >= 2 * GZ_BYTES, "room for a direct read");

struct audit_reader {
	gzFile file; /* owned */
	size_t start; /* offset in buffer of the first byte not yet returned */
	size_t end;
	uint64_t lines; /* lines returned */
	uint64_t nuls; /* NUL bytes before the current line */
	bool skipping; /* the current line is too long */
	bool ended;
	char buffer[BUFFER_BYTES];
};

/* zlib detects gzip by content, and returns other data unchanged. */
static int open_gz(gzFile *ret, const char *path)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
					  open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	*ret = gzdopen(fd, "rb");
	if (!*ret) {
		close(fd);
		return -ENOMEM;
	}
	(void)gzbuffer(*ret, GZ_BYTES); /* on failure it keeps a smaller one */
	return 0;
}

int audit_reader_open(struct audit_reader **ret, const char *path)
{
	struct audit_reader *r = malloc(sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	memset(r, 0, offsetof(struct audit_reader, buffer));
	err = open_gz(&r->file, path);
	if (err) {
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

void audit_reader_close(struct audit_reader *r)
{
	if (!r)
		return;
	(void)gzclose_r(r->file); /* gzread() has reported any error */
	free(r);
}

static int gz_errno(gzFile file)
{
	int code = Z_OK;

	(void)gzerror(file, &code);
	switch (code) {
	case Z_OK:
	case Z_STREAM_END:
		return 0;
	case Z_ERRNO:
		return errno ? -errno : -EIO;
	case Z_BUF_ERROR:
		return -ENODATA;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

/* Append bytes to the unread ones, or set ended at the end of the file. */
static int fill_buffer(struct audit_reader *r)
{
	int n;

	memmove(r->buffer, r->buffer + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	errno = 0;
	n = gzread(r->file, r->buffer + r->end, (unsigned int)(BUFFER_BYTES - r->end));
	if (n > 0) {
		r->end += (size_t)n;
		return 0;
	}
	r->ended = true;
	return gz_errno(r->file);
}

static void return_line(struct audit_reader *r, size_t len, enum audit_line_form form,
			struct audit_line *ret)
{
	if (r->skipping || len > AUDIT_LINE_BYTES)
		form = AUDIT_LINE_LONG;
	*ret = (struct audit_line){
		.text = r->buffer + r->start,
		.len = form == AUDIT_LINE_LONG ? 0 : len,
		.number = ++r->lines,
		.nuls = r->nuls,
		.form = form,
	};
	r->start += len;
	r->nuls = 0;
	r->skipping = false;
}

/* NUL bytes are dropped as they are read, because a hole may be larger than the buffer. */
static void skip_nuls(struct audit_reader *r)
{
	while (!r->skipping && r->start < r->end && !r->buffer[r->start]) {
		r->start++;
		r->nuls++;
	}
}

int audit_reader_next(struct audit_reader *r, struct audit_line *ret)
{
	for (;;) {
		const char *newline;
		int err;

		skip_nuls(r);
		newline = memchr(r->buffer + r->start, '\n', r->end - r->start);
		if (newline) {
			return_line(r, (size_t)(newline - r->buffer) - r->start, AUDIT_LINE_WHOLE,
				    ret);
			r->start++;
			return 1;
		}
		if (r->ended)
			break;
		if (r->end - r->start > AUDIT_LINE_BYTES)
			r->skipping = true;
		if (r->skipping)
			r->start = r->end;
		err = fill_buffer(r);
		if (err)
			return err;
	}
	if (r->start == r->end && !r->nuls && !r->skipping)
		return 0;
	return_line(r, r->end - r->start, AUDIT_LINE_CUT, ret);
	return 1;
}
