// SPDX-License-Identifier: BSD-2-Clause
#include "lib/gunzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#define READ_BYTES  (256U << 10)
#define WINDOW_BITS (15 + 16) /* the largest window, and gzip's header and trailer */
#define MAGIC_BYTES 2

enum form {
	FORM_UNKNOWN, /* the first bytes are not there yet */
	FORM_PLAIN,
	FORM_MEMBER, /* inside a member; a file may have several */
	FORM_BETWEEN, /* behind a member */
};

struct gunzip {
	int fd; /* owned */
	gunzip_wait_fn wait_fn; /* NULL: reading does not wait */
	void *arg; /* of wait_fn; borrowed */
	enum form form;
	bool inflating; /* z is to be ended */
	bool end; /* of the file */
	int error; /* -errno: for good */
	z_stream z; /* its next_in and avail_in are what was read and not yet used */
	uint8_t in[READ_BYTES];
};

int gunzip_open(struct gunzip **ret, int fd, gunzip_wait_fn wait_fn, void *arg)
{
	struct gunzip *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->fd = fd;
	g->wait_fn = wait_fn;
	g->arg = arg;
	g->z.next_in = g->in;
	*ret = g;
	return 0;
}

void gunzip_close(struct gunzip *g)
{
	if (!g)
		return;
	if (g->inflating)
		(void)inflateEnd(&g->z);
	close(g->fd);
	free(g);
}

int gunzip_error(const struct gunzip *g)
{
	return g->error;
}

/* More input behind what there is: one read. 0, or -errno; at the end of the file, g->end. */
static int fill(struct gunzip *g)
{
	ssize_t n;

	memmove(g->in, g->z.next_in, g->z.avail_in);
	g->z.next_in = g->in;
	do {
		if (g->wait_fn && g->wait_fn(g->arg, g->fd))
			return -EINTR;
		n = read(g->fd, g->in + g->z.avail_in, sizeof(g->in) - g->z.avail_in);
	} while (n < 0 && (errno == EINTR || (errno == EAGAIN && g->wait_fn)));
	if (n < 0)
		return -errno;
	g->end = n == 0;
	g->z.avail_in += (unsigned int)n;
	return 0;
}

/* Is there a gzip header at the cursor? 1, 0, or -errno. */
static int at_member(struct gunzip *g)
{
	while (g->z.avail_in < MAGIC_BYTES && !g->end) {
		int err = fill(g);

		if (err)
			return err;
	}
	return g->z.avail_in >= MAGIC_BYTES && g->z.next_in[0] == 0x1f && g->z.next_in[1] == 0x8b;
}

/* What comes next: a member, or what is none. Behind a member that is padding, as gzip(1) has it. */
static int choose_form(struct gunzip *g)
{
	int member = at_member(g);

	if (member < 0)
		return member;
	if (!member) {
		if (g->form == FORM_UNKNOWN) {
			g->form = FORM_PLAIN;
			return 0;
		}
		g->z.avail_in = 0;
		g->end = true;
		return 0;
	}
	if ((g->inflating ? inflateReset(&g->z) : inflateInit2(&g->z, WINDOW_BITS)) != Z_OK)
		return -ENOMEM;
	g->inflating = true;
	g->form = FORM_MEMBER;
	return 0;
}

static ssize_t copy(struct gunzip *g, void *buf, size_t size)
{
	size_t n = g->z.avail_in < size ? g->z.avail_in : size;

	memcpy(buf, g->z.next_in, n);
	g->z.next_in += n;
	g->z.avail_in -= (unsigned int)n;
	return (ssize_t)n;
}

static ssize_t inflate_some(struct gunzip *g, void *buf, size_t size)
{
	unsigned int room = size < READ_BYTES ? (unsigned int)size : READ_BYTES;
	int err;

	g->z.next_out = buf;
	g->z.avail_out = room;
	err = inflate(&g->z, Z_NO_FLUSH);
	if (err == Z_STREAM_END)
		g->form = FORM_BETWEEN;
	else if (err != Z_OK && err != Z_BUF_ERROR) /* the latter: it wants more input */
		return err == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	return (ssize_t)(room - g->z.avail_out);
}

/* One step: some bytes; 0: none yet, or none any more; or -errno. */
static ssize_t step(struct gunzip *g, void *buf, size_t size)
{
	ssize_t n;

	if (g->form == FORM_UNKNOWN || g->form == FORM_BETWEEN)
		return choose_form(g);
	n = g->form == FORM_PLAIN ? copy(g, buf, size) : inflate_some(g, buf, size);
	if (n || g->form == FORM_BETWEEN)
		return n;
	if (g->end) /* only a member has more to come */
		return g->form == FORM_MEMBER ? -EBADMSG : 0;
	return fill(g);
}

static bool is_over(const struct gunzip *g)
{
	return g->end && !g->z.avail_in && g->form != FORM_MEMBER;
}

ssize_t gunzip_read(struct gunzip *g, void *buf, size_t size)
{
	ssize_t n = g->error;

	while (!n && !is_over(g))
		n = step(g, buf, size);
	if (n < 0)
		g->error = (int)n;
	return n;
}
