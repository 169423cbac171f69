/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening of output files: only regular files and /dev/null, never through a symbolic link, locked,
 * and checked for a partial last line.
 */
#ifndef OUTPUT_FILE_OPEN_H
#define OUTPUT_FILE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reason.h"

/* A file name, and its directory, which is kept open. */
struct file_location {
	char *path; /* owned; as the user wrote it */
	const char *base; /* points into path, after its last slash */
	int dir_fd; /* owned */
};

struct file_opened {
	int fd; /* -1: none */
	bool regular; /* else /dev/null */
	bool ends_partial; /* its last line is partial */
	bool unlocked; /* not locked, since a reader has a lock */
	uint64_t size;
	dev_t dev;
	ino_t ino;
};

/* Open and close a location. 0, or -errno with a message in err, in all functions of this header.
 */
int file_location_open(struct file_location *ret, const char *path, struct reason *why);
void file_location_close(struct file_location *p); /* also after a failed open */

/* Reopen the directory, since the open one may have been deleted and created again. */
int file_location_refresh(struct file_location *p);

/* Open the file for appending, and create it with mode 0640 if it does not exist. except: NULL, or
 * a file that is open already; -EALREADY, without a message, if the name stands for that file.
 */
int file_open_at(struct file_opened *ret, const struct file_location *p,
		 const struct file_opened *except, struct reason *why);

/* file_open_at() in two steps: the first opens the file, without a lock and without its size; the
 * second locks it, and reads its size and its last byte.
 */
int file_open_unlocked(struct file_opened *ret, const struct file_location *p, struct reason *why);
int file_open_lock(struct file_opened *o, const struct file_location *p, struct reason *why);

#endif
