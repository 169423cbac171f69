/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is replaced as a whole: who reads it sees what was before, or what is now. A thread
 * of its own writes it, so that a slow disk holds up nobody else.
 *
 * Everything here is called by one thread, and nothing blocks but metrics_file_check(), and
 * metrics_file_finish() for the time that it is given.
 */
#ifndef APP_METRICS_FILE_H
#define APP_METRICS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

#define METRICS_FILE_SUFFIX ".prom" /* node_exporter reads no others */

struct metrics_file;

struct metrics_file_state {
	uint64_t written; /* times */
	uint64_t skipped; /* because the time before had not been over */
	uint64_t failed;
	int error; /* of the last time, if it failed: -errno */
	bool busy;
};

/* Could it be made and replaced, by who we are now? Leaves nothing behind. 0, or -errno with a
 * sentence in err; -EBUSY: another process writes it.
 */
int metrics_file_check(const char *path, struct reason *why);

/* Starts the thread, which begins with the rights of the one that calls this. path is copied. 0 or
 * -errno.
 */
int metrics_file_new(struct metrics_file **ret, const char *path);

const char *metrics_file_path(const struct metrics_file *f);

/* Replace it by text, which is taken over; unless the last time is not over: then this one is
 * skipped.
 */
void metrics_file_put(struct metrics_file *f, char *text, size_t len);

void metrics_file_state(struct metrics_file *f, struct metrics_file_state *ret);

/* Replace it by text, taken over, for the last time, and wait for that at most so long. 0,
 * -ETIMEDOUT, or the -errno of it. To be called once, and nothing but the next after it.
 */
int metrics_file_finish(struct metrics_file *f, char *text, size_t len, int timeout_ms);

/* A thread that is stuck in the kernel is left to end with the process. NULL is fine. */
void metrics_file_free(struct metrics_file *f);

/* The file goes, too; in its own time. */
void metrics_file_remove(struct metrics_file *f);

#endif
