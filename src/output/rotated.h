/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of files that were rotated: NAME.TIME, and NAME.TIME.gz once it is compressed. TIME is when
 * that was, in UTC, and so written that names sort by it: 20261122T034140.704885Z.
 */
#ifndef OUTPUT_ROTATED_H
#define OUTPUT_ROTATED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROTATED_TIME_BYTES sizeof("20261122T034140.704885Z")
#define ROTATED_NAME_BYTES (NAME_MAX + 1)
/* bytes of NAME */
#define ROTATED_BASE_MAX (NAME_MAX - sizeof("..20261122T034140.704885Z.gz") + 1)

enum rotated_form {
	ROTATED_PLAIN,
	ROTATED_GZ,
	ROTATED_GZ_PART, /* being written; hidden, so that no pattern of the user's finds it */
};

struct rotated {
	char time[ROTATED_TIME_BYTES];
	bool plain; /* there is such a file */
	bool gz;
	bool gz_part;
};

/* base is at most ROTATED_BASE_MAX long. */
void rotated_name(char ret[ROTATED_NAME_BYTES], const char *base, const char *time,
		  enum rotated_form form);

/* us: Unix time in microseconds. */
void rotated_time(char ret[ROTATED_TIME_BYTES], uint64_t us);

/* All those of base in a directory, the oldest first; *ret is to be freed. 0 or -errno. */
int rotated_list(int dir_fd, const char *base, struct rotated **ret, size_t *ret_n);

/* Rename base to one of those names, and never over another file. *us: of the one before, if any,
 * so that time does not go back; then of this one. 0 or -errno.
 */
int rotated_rename(int dir_fd, const char *base, uint64_t *us);

#endif
