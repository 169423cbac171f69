/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a file, unpacked where they are compressed with gzip (RFC 1952) or zstd (RFC 8878),
 * and as they are where they are not. What was compressed may consist of several members or frames,
 * and have padding of zeros behind it. Reading asks for no more than it needs, so what comes
 * through a pipe is there when it has come: zlib's own gzread() waits until its buffer is full.
 */
#ifndef LIB_UNPACK_H
#define LIB_UNPACK_H

#include <stddef.h>
#include <sys/types.h>

/* Called before a read that may take long: to wait until fd is readable. Not 0: do not read. */
typedef int (*unpack_wait_fn)(void *arg, int fd);

struct unpack;

/* Takes fd over, on success only. wait_fn: NULL, or for what is no regular file. 0 or -errno. */
int unpack_open(struct unpack **ret, int fd, unpack_wait_fn wait_fn, void *arg);
void unpack_close(struct unpack *u); /* NULL is fine */

/* At least one byte; 0 at the end; or -errno, again at every further call: -EINTR when wait_fn said
 * so, -EBADMSG when what was compressed cannot be unpacked.
 */
ssize_t unpack_read(struct unpack *u, void *buf, size_t size);

/* What the last unpack_read() failed with; 0: it did not. */
int unpack_error(const struct unpack *u);

const char *unpack_why(const struct unpack *u); /* in words, what was -EBADMSG */

#endif
