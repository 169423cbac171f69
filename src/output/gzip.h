/* SPDX-License-Identifier: BSD-2-Clause */
/* Compresses one file into another (RFC 1952). */
#ifndef OUTPUT_GZIP_H
#define OUTPUT_GZIP_H

#include <stdatomic.h>
#include <stdbool.h>

/* Copy from the position of in_fd to its end. 0; -ECANCELED once *stop is set; or -errno. */
int gzip_copy(int in_fd, int out_fd, const atomic_bool *stop);

#endif
