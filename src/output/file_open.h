/* SPDX-License-Identifier: BSD-2-Clause */
/* What may be written to as a file, and how it is opened: nothing but regular files and /dev/null,
 * by no symbolic link, locked, and looked at for a torn last line.
 */
#ifndef OUTPUT_FILE_OPEN_H
#define OUTPUT_FILE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A name, and the directory it is in, which is kept open. */
struct file_location {
	char *path; /* owned; as the user wrote it */
	const char *base; /* points into path, behind its last slash */
	int dir_fd; /* owned */
};

struct file_opened {
	int fd; /* −1: none */
	bool regular; /* else /dev/null */
	bool ends_partial; /* it ends inside a line */
	bool unlocked; /* a reader has locked it */
	uint64_t size;
	dev_t dev;
	ino_t ino;
};

/* 0, or -errno with a sentence in err, here and below. */
int file_location_open(struct file_location *ret, const char *path, char *err, size_t err_cap);
void file_location_close(struct file_location *p); /* one that could not be opened, too */

/* Open the directory anew: the one that is open may have been deleted, and made again. */
int file_location_refresh(struct file_location *p);

/* Open for appending, and create it with mode 0640 where it is not there. have: NULL, or what is
 * open already; -EALREADY, without a sentence, when the name stands for that.
 */
int file_open_at(struct file_opened *ret, const struct file_location *p,
		 const struct file_opened *except, char *err, size_t err_cap);

/* The same in two steps: without a lock, and nothing is known yet of what is in it; and lock it,
 * and look.
 */
int file_open_unlocked(struct file_opened *ret, const struct file_location *p, char *err,
		       size_t err_cap);
int file_open_lock(struct file_opened *o, const struct file_location *p, char *err, size_t err_cap);

#endif
