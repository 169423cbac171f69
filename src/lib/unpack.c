// SPDX-License-Identifier: BSD-2-Clause
#include "lib/unpack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define READ_BYTES  (256U << 10)
#define WINDOW_BITS (15 + 16) /* the largest window, and a gzip header and trailer */
#define MAGIC_BYTES 4 /* the longest magic number of a form */

enum form {
	FORM_PLAIN,
	FORM_GZIP, /* inside a member */
	FORM_ZSTD, /* inside a frame */
	FORM_UNKNOWN, /* the first bytes are not read yet */
	FORM_BETWEEN, /* behind a member or frame */
	FORM_PADDING, /* behind the last one */
};

struct unpack {
	int fd; /* owned */
	unpack_wait_fn wait_fn; /* NULL: reads do not wait */
	void *arg; /* argument of wait_fn; borrowed */
	enum form form;
	bool end; /* the end of the file was read */
	int error; /* -errno that is returned from now on */
	const char *why; /* cause of -EBADMSG */
	uint8_t *next; /* input that is not yet used */
	size_t left; /* bytes at next */
	bool inflating; /* z is initialised */
	z_stream z;
	ZSTD_DCtx *zstd; /* owned; NULL before the first frame */
	uint8_t in[READ_BYTES];
};

int unpack_open(struct unpack **ret, int fd, unpack_wait_fn wait_fn, void *arg)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->fd = fd;
	u->wait_fn = wait_fn;
	u->arg = arg;
	u->form = FORM_UNKNOWN;
	u->next = u->in;
	*ret = u;
	return 0;
}

void unpack_close(struct unpack *u)
{
	if (!u)
		return;
	if (u->inflating)
		(void)inflateEnd(&u->z);
	(void)ZSTD_freeDCtx(u->zstd);
	close(u->fd);
	free(u);
}

int unpack_error(const struct unpack *u)
{
	return u->error;
}

const char *unpack_why(const struct unpack *u)
{
	return u->why;
}

static int set_error(struct unpack *u, const char *why)
{
	u->why = why;
	return -EBADMSG;
}

static int set_truncated(struct unpack *u)
{
	return set_error(u, "it is compressed, and the compressed data end or break off");
}

/* Reads more input behind what is left, with one read. Returns 0 or -errno; sets u->end at the end
 * of the file.
 */
static int read_input(struct unpack *u)
{
	ssize_t n;

	memmove(u->in, u->next, u->left);
	u->next = u->in;
	do {
		if (u->wait_fn && u->wait_fn(u->arg, u->fd))
			return -EINTR;
		n = read(u->fd, u->in + u->left, sizeof(u->in) - u->left);
	} while (n < 0 && (errno == EINTR || (errno == EAGAIN && u->wait_fn)));
	if (n < 0)
		return -errno;
	u->end = n == 0;
	u->left += (size_t)n;
	return 0;
}

/* Skippable frames of zstd have magic numbers from 0x184d2a50 to 0x184d2a5f. */
static enum form detect_form(const uint8_t *p, size_t len)
{
	if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return FORM_GZIP;
	if (len >= 4 && !memcmp(p, "\x28\xb5\x2f\xfd", 4))
		return FORM_ZSTD;
	if (len >= 4 && (p[0] & 0xf0) == 0x50 && !memcmp(p + 1, "\x2a\x4d\x18", 3))
		return FORM_ZSTD;
	return FORM_PLAIN;
}

static int begin_gzip(struct unpack *u)
{
	if ((u->inflating ? inflateReset(&u->z) : inflateInit2(&u->z, WINDOW_BITS)) != Z_OK)
		return -ENOMEM;
	u->inflating = true;
	return 0;
}

static int begin_zstd(struct unpack *u)
{
	if (!u->zstd)
		u->zstd = ZSTD_createDCtx();
	if (!u->zstd)
		return -ENOMEM;
	(void)ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only); /* cannot fail */
	return 0;
}

/* Decides what comes next: a member, a frame, or neither. Behind a member or frame, neither means
 * padding.
 */
static int choose_form(struct unpack *u)
{
	enum form form;
	int err = 0;

	while (!err && u->left < MAGIC_BYTES && !u->end)
		err = read_input(u);
	if (err)
		return err;
	form = detect_form(u->next, u->left);
	if (form == FORM_GZIP)
		err = begin_gzip(u);
	else if (form == FORM_ZSTD)
		err = begin_zstd(u);
	else if (u->form == FORM_BETWEEN)
		form = FORM_PADDING;
	if (!err)
		u->form = form;
	return err;
}

static void consume(struct unpack *u, size_t n)
{
	u->next += n;
	u->left -= n;
}

static ssize_t copy_input(struct unpack *u, void *buf, size_t size)
{
	size_t n = u->left < size ? u->left : size;

	memcpy(buf, u->next, n);
	consume(u, n);
	return (ssize_t)n;
}

/* Skips zeros, which tapes have, and gzip(1) ignores. Anything else is an error. */
static int skip_padding(struct unpack *u)
{
	for (; u->left; consume(u, 1)) {
		if (*u->next)
			return set_error(u, "behind what is compressed in it is something that is "
					    "not, or the next part of it is broken");
	}
	return 0;
}

static ssize_t inflate_some(struct unpack *u, void *buf, size_t size)
{
	unsigned int room = size < READ_BYTES ? (unsigned int)size : READ_BYTES;
	int err;

	u->z.next_in = u->next;
	u->z.avail_in = (unsigned int)u->left;
	u->z.next_out = buf;
	u->z.avail_out = room;
	err = inflate(&u->z, Z_NO_FLUSH);
	consume(u, u->left - u->z.avail_in);
	if (err == Z_STREAM_END)
		u->form = FORM_BETWEEN;
	else if (err != Z_OK && err != Z_BUF_ERROR) /* Z_BUF_ERROR asks for more input */
		return err == Z_MEM_ERROR ? -ENOMEM : set_truncated(u);
	return (ssize_t)(room - u->z.avail_out);
}

static ssize_t zstd_error(struct unpack *u, size_t err)
{
	switch (ZSTD_getErrorCode(err)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return set_error(
			u, "it is compressed by zstd with a window of more than 128 MiB, which "
			   "is not read: unpack it first, by zstd -dc --long=31");
	default:
		return set_truncated(u);
	}
}

static ssize_t decompress_some(struct unpack *u, void *buf, size_t size)
{
	ZSTD_inBuffer in = { .src = u->next, .size = u->left };
	ZSTD_outBuffer out = { .dst = buf, .size = size };
	size_t hint = ZSTD_decompressStream(u->zstd, &out, &in);

	consume(u, in.pos);
	if (ZSTD_isError(hint))
		return zstd_error(u, hint);
	if (!hint)
		u->form = FORM_BETWEEN;
	return (ssize_t)out.pos;
}

/* Unpacks bytes of the present form. Returns 0 if it needs more input. */
static ssize_t unpack_some(struct unpack *u, void *buf, size_t size)
{
	switch (u->form) {
	case FORM_PLAIN:
		return copy_input(u, buf, size);
	case FORM_GZIP:
		return inflate_some(u, buf, size);
	case FORM_ZSTD:
		return decompress_some(u, buf, size);
	case FORM_PADDING:
		return skip_padding(u);
	case FORM_UNKNOWN:
	case FORM_BETWEEN:
		break;
	}
	return choose_form(u);
}

static bool is_inside(const struct unpack *u)
{
	return u->form == FORM_GZIP || u->form == FORM_ZSTD;
}

/* Makes one step. Returns bytes; 0: none yet, or the end; or -errno. */
static ssize_t read_some(struct unpack *u, void *buf, size_t size)
{
	enum form before = u->form;
	ssize_t n = unpack_some(u, buf, size);

	if (n || u->form != before)
		return n;
	if (u->end)
		return is_inside(u) ? set_truncated(u) : 0;
	return read_input(u);
}

static bool is_over(const struct unpack *u)
{
	return u->end && !u->left && !is_inside(u);
}

ssize_t unpack_read(struct unpack *u, void *buf, size_t size)
{
	ssize_t n = u->error;

	while (!n && !is_over(u))
		n = read_some(u, buf, size);
	if (n < 0)
		u->error = (int)n;
	return n;
}
