// SPDX-License-Identifier: BSD-2-Clause
#include "output/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#define CHUNK_BYTES (64U << 10)
#define WINDOW_BITS (15 + 16) /* the largest window; + 16: with gzip's header and trailer */
#define MEM_LEVEL   8 /* zlib's default */

struct gzip {
	z_stream z;
	unsigned char in[CHUNK_BYTES];
	unsigned char out[CHUNK_BYTES];
};

static int write_all(int fd, const unsigned char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Compress the input that was read or, with Z_FINISH, flush what zlib still holds. */
static int deflate_chunk(struct gzip *g, int out_fd, int flush)
{
	int err = 0;

	do {
		g->z.next_out = g->out;
		g->z.avail_out = CHUNK_BYTES;
		(void)deflate(&g->z, flush); /* fails only on misuse */
		err = write_all(out_fd, g->out, CHUNK_BYTES - g->z.avail_out);
	} while (!err && !g->z.avail_out);
	return err;
}

static int compress_file(struct gzip *g, int in_fd, int out_fd, const atomic_bool *stop)
{
	ssize_t n;
	int err = 0;

	while (!err) {
		if (atomic_load_explicit(stop, memory_order_relaxed))
			return -ECANCELED;
		n = read(in_fd, g->in, CHUNK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		g->z.next_in = g->in;
		g->z.avail_in = (unsigned int)n;
		err = deflate_chunk(g, out_fd, n ? Z_NO_FLUSH : Z_FINISH);
		if (n == 0)
			break;
	}
	return err;
}

int gzip_copy(int in_fd, int out_fd, const atomic_bool *stop)
{
	struct gzip *g = calloc(1, sizeof(*g));
	int err = -ENOMEM;

	if (!g)
		return -ENOMEM;
	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK) {
		err = compress_file(g, in_fd, out_fd, stop);
		(void)deflateEnd(&g->z); /* also frees an unfinished stream */
	}
	free(g);
	return err;
}
