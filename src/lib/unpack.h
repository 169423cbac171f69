/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a file, unpacked if they are compressed with gzip (RFC 1952) or zstd (RFC 8878), and
 * unchanged if not. The compressed data may consist of several members or frames, with zeros as
 * padding behind them. Each read asks only for what it needs, so that data from a pipe is available
 * as soon as it comes: zlib's own gzread() waits until its buffer is full.
 */
#ifndef LIB_UNPACK_H
#define LIB_UNPACK_H

#include <stddef.h>
#include <sys/types.h>

/* Called before a read that may take long, to wait until fd is readable. A result other than 0
 * prevents the read.
 */
typedef int (*unpack_wait_fn)(void *arg, int fd);

struct unpack;

/* Takes ownership of fd, on success only. wait_fn: needed only for files that are not regular; or
 * NULL. Returns 0 or -errno.
 */
int unpack_open(struct unpack **ret, int fd, unpack_wait_fn wait_fn, void *arg);
void unpack_close(struct unpack *u); /* NULL is fine */

/* Returns at least one byte; 0 at the end; or -errno, which every further call repeats: -EINTR if
 * wait_fn ended the reading, -EBADMSG if the compressed data cannot be unpacked.
 */
ssize_t unpack_read(struct unpack *u, void *buf, size_t size);

/* Returns the error of the last unpack_read(), or 0. */
int unpack_error(const struct unpack *u);

const char *unpack_why(const struct unpack *u); /* in words, the cause of -EBADMSG */

#endif
