/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver of one output: a value {ops, ctx}. A writer (writer.h) takes lines from a queue and
 * has the driver write them; a driver knows how outputs of one type are opened, written and closed,
 * and nothing of threads. The writer's thread calls all operations, except close(), which is called
 * when there is no thread, and warning() and disconnects(), which any thread may call.
 */
#ifndef OUTPUT_DRIVER_H
#define OUTPUT_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "output/queue.h"

/* What happens to an output, and to its queued lines, after an error. */
enum driver_outcome {
	DRIVER_ENDS, /* the output ends */
	DRIVER_DROP, /* drop the queued lines and retry: a full disk */
	DRIVER_KEEP, /* keep the queued lines while they fit the queue, and retry: no reader */
};

#define DRIVER_NEVER	(-1)
#define DRIVER_WARNINGS 8 /* per output, at most */

struct driver_ops {
	/* Write some lines of the queue, which is not empty, and report them with queue_written().
	 * 0: there was progress; -EAGAIN: fd has to become writable first; or -errno.
	 */
	int (*write)(void *ctx, struct queue *queue);
	enum driver_outcome (*outcome)(void *ctx, int error);
	/* The descriptor to wait for, or -1. error() explains an error or a hang-up on it. */
	int (*fd)(const void *ctx);

	/* The operations below may be NULL, which means that nothing is to be done. */

	/* Called before all others if open() was called with replaces set: the other output has
	 * closed the target. 0 or -errno.
	 */
	int (*take_over)(void *ctx);

	/* The cause of an error or a hang-up on fd: -errno, or 0 if write() will report it. NULL:
	 * -EPIPE.
	 */
	int (*error)(void *ctx);
	/* Do what is due without lines: connect, rotate a file. Returns the number of milliseconds
	 * after which to call it again if nothing happens before, or DRIVER_NEVER.
	 */
	int (*on_timer)(void *ctx);
	/* Reopen the file by its name, since it may have been renamed. */
	void (*reopen)(void *ctx);
	/* Make the file durable after the last line was written. 0 or -errno. */
	int (*finish)(void *ctx);
	/* A sentence for the user on what this output cannot do, or NULL. n is below
	 * DRIVER_WARNINGS; any thread may call it, and a sentence never changes once it is there.
	 */
	const char *(*warning)(const void *ctx, unsigned int n);
	/* The number of times that a connected reader was lost. Any thread may call it. */
	uint64_t (*disconnects)(const void *ctx);

	void (*close)(void *ctx); /* frees a partly built one, too */
};

struct driver {
	const struct driver_ops *ops;
	void *ctx; /* owned; released by ops->close */
	/* POLLRDHUP if the peer's shutdown means that nobody reads any more, else 0 */
	short hangup;
	int retry_ms; /* delay after the first failure; doubled with each, up to retry_max_ms */
	int retry_max_ms;
};

#define DRIVER_RETRY_MS 1000

/* Write the first lines of the queue with one system call. A socket is never waited for, even if
 * its description is shared and blocking. Returns what driver_ops.write does.
 */
int driver_write_run(int fd, bool socket, struct queue *queue);

/* Returns whether an error can pass by itself: a full disk, a quota, a limit. */
bool driver_is_transient(int error);

/* A type of output, and its options. */
struct setting;
struct output_kind {
	const char *name; /* what precedes the colon in KIND:TARGET */
	/* placeholder for what follows the colon, such as "PATH"; NULL: no target */
	const char *target;
	/* A reopened output continues the partial line that the previous instance ended with. False
	 * where each instance is another connection, or examines the end of its file.
	 */
	bool continues_partial;
	const char *default_target; /* NULL: a target is required, if this type has one */
	const struct setting *settings; /* NULL: none; a row with a NULL name ends the table */
	size_t settings_size; /* size of the struct that they fill */
	/* Check a target before anything is opened: 0, or -EINVAL with a message in err. NULL: any
	 * target is valid.
	 */
	int (*check)(const char *target, struct reason *why);
	/* Check that the settings are compatible: 0, or -EINVAL with a message in err. NULL: they
	 * always are.
	 */
	int (*check_settings)(const void *settings, struct reason *why);
	/* Open the output. target and settings, as the table fills them, are borrowed during the
	 * call. replaces: another output of this process still has that target open, and will have
	 * closed it before anything is written (take_over()). 0, or -errno with a message in err.
	 */
	int (*open)(struct driver *ret, const char *target, const void *settings, bool replaces,
		    struct reason *why);
};

#endif
