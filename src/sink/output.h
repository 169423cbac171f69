/* SPDX-License-Identifier: BSD-2-Clause */
/* What sink.c knows of a kind of output: a value {ops, ctx}. sink.c puts lines into a queue; an
 * output takes them from there. Everything here is called by the thread that puts the lines, and
 * nothing here blocks.
 */
#ifndef SINK_OUTPUT_H
#define SINK_OUTPUT_H

#include <stdbool.h>

enum output_stop {
	OUTPUT_RUN, /* until told otherwise */
	OUTPUT_FINISH, /* write what is published, make it durable, end */
	OUTPUT_GIVE_UP /* end as soon as possible */
};

struct output_ops {
	/* Lines were published. */
	void (*wake)(void *ctx);
	/* 0, else the -errno that ended it; then what it has written changes no more. */
	int (*error)(const void *ctx);
	/* 0, else the -errno for which it cannot write at present; it tries again. */
	int (*failing)(const void *ctx);
	void (*stop)(void *ctx, enum output_stop how);
	/* Readable, and stays so, once it has ended: stopped, or failed for good. */
	int (*ended_fd)(const void *ctx);
	/* Free it. -EBUSY when it has not ended: it then stays, and goes on using the queue. */
	int (*close)(void *ctx);
};

struct output {
	const struct output_ops *ops;
	void *ctx; /* owned; released by ops->close */
};

#endif
