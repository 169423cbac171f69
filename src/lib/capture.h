/* SPDX-License-Identifier: BSD-2-Clause */
/* A handle that reads a capture file: what the public calls do then. */
#ifndef LIB_CAPTURE_H
#define LIB_CAPTURE_H

#include "lib/handle.h"

/* A record of its program: transport_fn. */
int capture_record(void *arg, const void *data, size_t size);

/* xdptail_poll() of a capture. max: frames at most. */
int capture_poll(struct xdptail *x, unsigned int max, xdptail_packet_fn fn, void *arg);

/* xdptail_take_counts() of a capture. */
int capture_take(struct xdptail *x, struct xdptail_counts **ret);

#endif
