/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the lines of one output go: a value {ops, ctx}. A writer (writer.h) takes lines from a
 * queue and has the driver write them; a driver knows how one kind of output is opened, written
 * and closed, and nothing of threads. All operations are called by the writer's thread, but for
 * close(), which comes when there is none, and warning().
 */
#ifndef OUTPUT_DRIVER_H
#define OUTPUT_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/queue.h"

/* What becomes of an output, and of what waits for it, after an error. */
enum driver_outcome {
	DRIVER_ENDS, /* it ends */
	DRIVER_DROP, /* what waits is dropped; it is tried again: a full disk */
	DRIVER_KEEP, /* what waits stays, as far as there is room; it is tried again: no reader */
};

#define DRIVER_NEVER	(-1)
#define DRIVER_WARNINGS 8 /* of an output, at most */

struct driver_ops {
	/* Write some of what waits in the queue, which is not empty, and tell the queue. 0: that
	 * was some progress; -EAGAIN: it has to wait for fd to become writable; or -errno.
	 */
	int (*write)(void *ctx, struct queue *queue);
	enum driver_outcome (*outcome)(void *ctx, int error);
	/* To wait on. −1: there is none. An error or a hang-up there is what error() says. */
	int (*fd)(const void *ctx);

	/* NULL for those below: nothing is to be done. */

	/* Before all others, where open() was told that another is in its place: that one has left.
	 * 0 or -errno.
	 */
	int (*take_over)(void *ctx);

	/* What an error or a hang-up at fd stands for: -errno; 0: write() will tell. NULL: -EPIPE.
	 */
	int (*error)(void *ctx);
	/* Do what is due without lines: connect, turn a file over. Returns after how many
	 * milliseconds to be called again, if nothing happens before; or DRIVER_NEVER.
	 */
	int (*on_timer)(void *ctx);
	/* Leave the file and open it anew: it may have been renamed. */
	void (*reopen)(void *ctx);
	/* All lines are written: make them last. 0 or -errno. */
	int (*finish)(void *ctx);
	/* NULL, or sentences for the user on what this output can't do, each of them under a number
	 * below DRIVER_WARNINGS; by any thread, and constant once there.
	 */
	const char *(*warning)(const void *ctx, unsigned int n);
	/* How often a reader was lost that had been there; by any thread. */
	uint64_t (*disconnects)(const void *ctx);

	void (*close)(void *ctx); /* also a half-built one */
};

struct driver {
	const struct driver_ops *ops;
	void *ctx; /* owned; released by ops->close */
	short hangup; /* POLLRDHUP where the other end's closing means that nobody reads; else 0 */
	int retry_ms; /* after the first failure; doubled with each up to retry_max_ms */
	int retry_max_ms;
};

#define DRIVER_RETRY_MS 1000

/* One write of what is first in the queue. A socket is not asked to wait, whoever shares it with
 * us. As driver_ops.write.
 */
int driver_write_run(int fd, bool socket, struct queue *queue);

/* Errors that can go away by themselves: a full disk, a quota, a limit. */
bool driver_is_transient(int error);

/* Put a sentence into err, and return ret. */
__attribute__((format(printf, 4, 5))) int driver_refuse(int ret, char *err, size_t err_cap,
							const char *fmt, ...);

/* A kind of output, and how its settings are written. */
struct setting;
struct output_kind {
	const char *name; /* before the colon */
	const char *target; /* what comes behind it, in words, such as "PATH"; NULL: nothing does */
	/* One that is opened anew goes on where the one before it ended, be that in the middle of a
	 * line: not so where it is another connection, or looks at what is there.
	 */
	bool continues_partial;
	const char *default_target; /* NULL: it must be named, if there is a target at all */
	const struct setting *settings; /* NULL: none; ends with a row without a name */
	size_t settings_size; /* of the struct that they fill */
	/* What is wrong with a target, before anything is opened: 0, or -EINVAL with a sentence in
	 * err. NULL: anything goes.
	 */
	int (*check)(const char *target, char *err, size_t err_cap);
	/* Likewise with settings that can't be together; NULL: all can. */
	int (*check_settings)(const void *settings, char *err, size_t err_cap);
	/* target and settings, as the table fills them, are borrowed during the call. next: another
	 * one of ours has that target, and will have left it before anything is written
	 * (take_over()). 0, or -errno with a sentence in err.
	 */
	int (*open)(struct driver *ret, const char *target, const void *settings, bool replaces,
		    char *err, size_t err_cap);
};

#endif
