// SPDX-License-Identifier: BSD-2-Clause
#include "output/rotated.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

#define US_PER_S     1000000U
#define FILES_MAX    65536U /* the most that are listed */
#define RENAMES_MAX  1000 /* names tried, one after the other, if they are taken */
#define TIME_PATTERN "00000000T000000.000000Z" /* 0 stands for any digit */

void rotated_name(char ret[ROTATED_NAME_BYTES], const char *base, const char *time,
		  enum rotated_form form)
{
	(void)snprintf(ret, ROTATED_NAME_BYTES, "%s%s.%s%s", form == ROTATED_GZ_PART ? "." : "",
		       base, time, form == ROTATED_PLAIN ? "" : ".gz");
}

void rotated_time(char ret[ROTATED_TIME_BYTES], uint64_t us)
{
	time_t second = (time_t)(us / US_PER_S);
	char date[sizeof("20261122T034140")] = "";
	struct tm tm;

	if (gmtime_r(&second, &tm))
		/* "" if the year is beyond 9999 */
		(void)strftime(date, sizeof(date), "%Y%m%dT%H%M%S", &tm);
	(void)snprintf(ret, ROTATED_TIME_BYTES, "%s.%06uZ", date, (unsigned int)(us % US_PER_S));
}

static bool is_time(const char *text)
{
	static const char pattern[] = TIME_PATTERN;

	for (size_t i = 0; pattern[i]; i++) {
		if (pattern[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
			return false;
	}
	return true;
}

/* Parse the name of a rotated file. Returns false if it is none. */
static bool parse_name(const char *base, const char *name, struct rotated *ret)
{
	size_t base_len = strlen(base);
	bool part = name[0] == '.' && strncmp(name + 1, base, base_len) == 0 &&
		    name[1 + base_len] == '.' && is_time(name + 1 + base_len + 1);
	const char *time = name + part + base_len + 1;
	const char *tail = time + ROTATED_TIME_BYTES - 1;

	if (!part &&
	    (strncmp(name, base, base_len) != 0 || name[base_len] != '.' || !is_time(time)))
		return false;
	if (*tail && strcmp(tail, ".gz") != 0)
		return false;
	*ret = (struct rotated){
		.plain = !part && !*tail,
		.gz = !part && *tail,
		.gz_part = part && *tail,
	};
	memcpy(ret->time, time, ROTATED_TIME_BYTES - 1);
	return !part || *tail;
}

static int by_time(const void *a, const void *b)
{
	return strcmp(((const struct rotated *)a)->time, ((const struct rotated *)b)->time);
}

/* Merge the entries of equal time. Returns the number of entries left. */
static size_t merge_times(struct rotated *list, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(list, n, sizeof(*list), by_time);
	for (size_t i = 0; i < n; i++) {
		struct rotated *last = kept ? &list[kept - 1] : NULL;

		if (last && strcmp(last->time, list[i].time) == 0) {
			last->plain |= list[i].plain;
			last->gz |= list[i].gz;
			last->gz_part |= list[i].gz_part;
		} else {
			list[kept++] = list[i];
		}
	}
	return kept;
}

/* Make room for one more entry. */
static int grow_list(struct rotated **list, size_t n)
{
	struct rotated *more;

	if (n & (n - 1))
		return 0;
	if (n >= FILES_MAX)
		return -E2BIG;
	more = realloc(*list, (n ? 2 * n : 1) * sizeof(**list));
	if (!more)
		return -ENOMEM;
	*list = more;
	return 0;
}

static int read_names(DIR *dir, const char *base, struct rotated **ret, size_t *ret_n)
{
	struct rotated *list = NULL;
	const struct dirent *entry;
	size_t n = 0;
	int err = 0;

	for (errno = 0; !err && (entry = readdir(dir)) != NULL; errno = 0) {
		struct rotated one;

		if (!parse_name(base, entry->d_name, &one))
			continue;
		err = grow_list(&list, n);
		if (!err)
			list[n++] = one;
	}
	if (!err && errno)
		err = -errno;
	if (err) {
		free(list);
		return err;
	}
	*ret = list;
	*ret_n = merge_times(list, n);
	return 0;
}

int rotated_list(int dir_fd, const char *base, struct rotated **ret, size_t *ret_n)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int err = dir ? 0 : -errno;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = read_names(dir, base, ret, ret_n);
	(void)closedir(dir); /* errors do not matter: it was only read */
	return err;
}

/* Rename without replacing another file. Not every file system supports RENAME_NOREPLACE; a check
 * before has to do there.
 */
static int rename_new(int dir_fd, const char *from, const char *to)
{
	struct stat st;

	if (!renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (!fstatat(dir_fd, to, &st, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return renameat(dir_fd, from, dir_fd, to) ? -errno : 0;
}

int rotated_rename(int dir_fd, const char *base, uint64_t *us)
{
	char time[ROTATED_TIME_BYTES], name[ROTATED_NAME_BYTES];
	uint64_t now = time_wall_ns() / NS_PER_US;
	int err = -EEXIST;

	if (now <= *us)
		now = *us + 1;
	for (int i = 0; err == -EEXIST && i < RENAMES_MAX; i++, now++) {
		rotated_time(time, now);
		rotated_name(name, base, time, ROTATED_PLAIN);
		err = rename_new(dir_fd, base, name);
	}
	if (!err)
		*us = now; /* one more than the time in the name: only the order matters */
	return err;
}
