/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the file output have in common: file.c opens and closes it, file_write.c writes
 * what comes next, file_turn.c goes from one file to another. All but file_warning() is for the
 * writer's thread.
 */
#ifndef OUTPUT_FILE_INTERNAL_H
#define OUTPUT_FILE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "record/record.h"
#include "output/driver.h"
#include "output/file_open.h"
#include "output/janitor.h"
#include "output/warning.h"

enum file_compress {
	FILE_PLAIN,
	FILE_GZIP,
};

enum file_fsync {
	FILE_FSYNC_NEVER,
	FILE_FSYNC_SNAPSHOT,
};

struct file_settings {
	uint64_t rotate_size; /* bytes; 0: never for that */
	uint64_t rotate_interval; /* seconds; likewise */
	uint64_t keep; /* 0: all */
	uint64_t compress; /* enum file_compress */
	uint64_t fsync; /* enum file_fsync */
};

struct file {
	struct file_location location;
	struct file_settings settings;
	struct file_opened current; /* its size grows with what is written */
	struct janitor *janitor; /* owned; NULL: a device */
	struct warning warning;
	int sync_error; /* of the first that failed */

	bool start_seen; /* the run's own start has been written, or dropped */
	bool has_start; /* a start record of this run is in it, or the head is one */
	bool has_records; /* and other lines are */
	bool partial_line; /* the remainder of a line of ours comes first */
	bool deleted;
	bool in_snapshot; /* its counts have begun, and it is not closed */
	bool janitor_woken; /* for start, in the first line */
	char start[RECORD_MAX_BYTES]; /* the run's own */
	size_t start_len;
	char header[RECORD_MAX_BYTES]; /* what begins this file, if that is not start */
	size_t header_len;
	size_t header_written; /* written */
	uint64_t n_files; /* of this run */
	uint64_t rotated_us; /* when the last one was renamed */

	bool reopen_requested; /* we were told to */
	int64_t reopen_deadline_ms; /* monotonic times: then without retry */
	int64_t interval_end_ms; /* when rotate_interval is over */
	int64_t retry_ms; /* no attempt to turn over before it */
};

static inline int64_t file_monotonic_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* No line of ours is half written. */
static inline bool file_is_between_lines(const struct file *f)
{
	return !f->partial_line && f->header_written == f->header_len;
}

/* As of the driver (driver_ops). */
int file_write(void *ctx, struct queue *queue);
int file_on_timer(void *ctx);
void file_reopen(void *ctx);

/* What is known of the file before is not true of this one. */
void file_reset_state(struct file *f);

/* Give it a head. */
void file_make_header(struct file *f);

/* Write some of the head: 0 or -errno. */
int file_write_header(struct file *f);

/* If a reader keeps us from locking it. */
void file_warn_unlocked(struct file *f);

/* Go on with one that was just opened. */
void file_switch_to(struct file *f, const struct file_opened *next);

/* Go over to the file that the name stands for. What goes wrong leaves us where we are: 0 or
 * -errno. like: NULL, or who a new one belongs to, and its mode.
 */
int file_reopen_now(struct file *f, const struct stat *like);

/* Rename it, and go over to a new one: likewise. */
int file_rotate(struct file *f);

/* Does the name still stand for the file that we write to? Then *ret_st is about it. */
bool file_is_named(const struct file *f, struct stat *ret_st);

/* Make it durable; if that fails, it is said, now and at the end. */
void file_sync(struct file *f);

#endif
