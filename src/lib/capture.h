/* SPDX-License-Identifier: BSD-2-Clause */
/* A handle that reads a capture file: the public calls for that case. */
#ifndef LIB_CAPTURE_H
#define LIB_CAPTURE_H

#include "lib/handle.h"

/* transport_fn: takes a record of the program in the kernel. */
int capture_record(void *arg, const void *data, size_t size);

/* Implements xdptail_poll(). max: the most frames to read. */
int capture_poll(struct xdptail *x, unsigned int max, xdptail_packet_fn fn, void *arg);

/* Implements xdptail_take_counts(). */
int capture_take(struct xdptail *x, struct xdptail_counts **ret);

#endif
