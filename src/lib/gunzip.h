/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a file, inflated where they are compressed with gzip (RFC 1952), and as they are
 * where they are not. Reading asks for no more than it needs, so what comes through a pipe is there
 * when it has come: zlib's own gzread() waits until its buffer is full.
 */
#ifndef LIB_GUNZIP_H
#define LIB_GUNZIP_H

#include <stddef.h>
#include <sys/types.h>

/* Called before a read that may take long: to wait until fd is readable. Not 0: do not read. */
typedef int (*gunzip_wait_fn)(void *arg, int fd);

struct gunzip;

/* Takes fd over, on success only. wait_fn: NULL, or for what is no regular file. 0 or -errno. */
int gunzip_open(struct gunzip **ret, int fd, gunzip_wait_fn wait_fn, void *arg);
void gunzip_close(struct gunzip *g); /* NULL is fine */

/* At least one byte; 0 at the end; or -errno, again at every further call: -EINTR when wait_fn said
 * so, -EBADMSG when what was compressed is cut or broken.
 */
ssize_t gunzip_read(struct gunzip *g, void *buf, size_t size);

/* What the last gunzip_read() failed with; 0: it did not. */
int gunzip_error(const struct gunzip *g);

#endif
