/* SPDX-License-Identifier: BSD-2-Clause */
/* Declarations shared by the parts of the file output: file.c opens and closes it, file_write.c
 * writes lines, file_rotate.c switches from one file to another. The writer's thread calls all of
 * it, except file_warning().
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
	uint64_t rotate_size; /* bytes; 0: no limit */
	uint64_t rotate_interval; /* seconds; 0: no limit */
	uint64_t keep; /* number of rotated files; 0: all */
	uint64_t compress; /* enum file_compress */
	uint64_t fsync; /* enum file_fsync */
};

struct file_output {
	struct file_location location;
	struct file_settings settings;
	struct file_opened current; /* the file being written to; its size is kept up to date */
	struct janitor *janitor; /* owned; NULL: not a regular file */
	struct warning warning;
	int sync_error; /* -errno of the first failed sync, or 0 */

	bool start_seen; /* the start record of the run has been written, or dropped */
	bool has_start; /* this file has a start record of this run, or its header is one */
	bool has_records; /* this run has written records to this file */
	bool partial_line; /* the last line written is partial; its rest comes first */
	bool deleted;
	bool in_snapshot; /* the last snapshot has begun and is not complete */
	bool janitor_woken; /* the janitor was woken for files that an earlier run left */
	char start[RECORD_MAX_BYTES]; /* the last start record of the run */
	size_t start_len;
	char header[RECORD_MAX_BYTES]; /* the copy of start that begins this file, if any */
	size_t header_len;
	size_t header_written; /* bytes of header that have been written */
	uint64_t n_files; /* opened by this run, this one included */
	uint64_t rotated_us; /* Unix time at which the last file was renamed */

	bool reopen_requested; /* the user asked for it */
	int64_t reopen_deadline_ms; /* monotonic: reopen then even inside a snapshot or a line */
	int64_t interval_end_ms; /* monotonic: when rotate_interval is over */
	int64_t retry_ms; /* monotonic: no attempt to rotate or reopen before it */
};

/* Returns whether neither a line nor the header is partly written. */
static inline bool file_is_between_lines(const struct file_output *f)
{
	return !f->partial_line && f->header_written == f->header_len;
}

/* Operations of the driver (driver_ops). */
int file_write(void *ctx, struct queue *queue);
int file_on_timer(void *ctx);
void file_reopen(void *ctx);

/* Reset what is known of the file, for a new or emptied one. */
void file_reset_state(struct file_output *f);

/* Make the header of the current file from the last start record. */
void file_make_header(struct file_output *f);

/* Write some of the header: 0 or -errno. */
int file_write_header(struct file_output *f);

/* Warn the user if a reader's lock kept us from locking the file. */
void file_warn_unlocked(struct file_output *f);

/* Make next, which was just opened, the current file. The caller has closed the previous one. */
void file_switch_to(struct file_output *f, const struct file_opened *next);

/* Open the file that the name stands for, and switch to it. On failure the old file stays open: 0
 * or -errno. like: NULL, or the attributes whose owner and mode a new file gets.
 */
int file_reopen_now(struct file_output *f, const struct stat *like);

/* Rename the file, and switch to a new one. On failure the old file stays open: 0 or -errno. */
int file_rotate(struct file_output *f);

/* Returns whether the name still stands for the current file. *ret_st then has its attributes. */
bool file_is_named(const struct file_output *f, struct stat *ret_st);

/* Make the file durable. A failure sets a warning, and is reported again at the end. */
void file_sync(struct file_output *f);

#endif
