/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of rotated files: NAME.TIME, and NAME.TIME.gz once compressed. TIME is the time of the
 * rotation, in UTC, in a form that sorts by time: 20261122T034140.704885Z.
 */
#ifndef OUTPUT_ROTATED_H
#define OUTPUT_ROTATED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROTATED_TIME_BYTES sizeof("20261122T034140.704885Z")
#define ROTATED_NAME_BYTES (NAME_MAX + 1)
/* the longest NAME, in bytes */
#define ROTATED_BASE_MAX (NAME_MAX - sizeof("..20261122T034140.704885Z.gz") + 1)

enum rotated_form {
	ROTATED_PLAIN,
	ROTATED_GZ,
	ROTATED_GZ_PART, /* being written; hidden from the user's glob patterns */
};

struct rotated {
	char time[ROTATED_TIME_BYTES];
	bool plain; /* a file of this form exists */
	bool gz;
	bool gz_part;
};

/* Make the name of a rotated file. base is at most ROTATED_BASE_MAX long. */
void rotated_name(char ret[ROTATED_NAME_BYTES], const char *base, const char *time,
		  enum rotated_form form);

/* Format a time. us: Unix time in microseconds. */
void rotated_time(char ret[ROTATED_TIME_BYTES], uint64_t us);

/* List the rotated files of base in a directory, the oldest first. The caller frees *ret. 0 or
 * -errno.
 */
int rotated_list(int dir_fd, const char *base, struct rotated **ret, size_t *ret_n);

/* Rename base to the name of a rotated file, never replacing another file. *us: the time of the
 * previous rotation, or 0, so that times only grow; set to the time of this one. 0 or -errno.
 */
int rotated_rename(int dir_fd, const char *base, uint64_t *us);

#endif
