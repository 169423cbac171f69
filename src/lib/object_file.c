// SPDX-License-Identifier: BSD-2-Clause
#include "lib/object_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN "%.300s" /* cuts a path, so that the rest of the sentence fits */

static int explain_file_open(struct reason *r, const char *path, int err)
{
	switch (err) {
	case ELOOP:
		return reason_set(r, -EINVAL,
				  SHOWN ": is a symbolic link; name the file that it leads to",
				  path);
	case ENOENT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EIO:
		return reason_set(r, -err, "cannot open " SHOWN ": %s", path, strerror(err));
	case EACCES:
		return reason_set(r, -EPERM, "cannot open " SHOWN ": %s", path, strerror(err));
	default:
		return reason_set(r, -EINVAL, "cannot open " SHOWN ": %s", path, strerror(err));
	}
}

static bool is_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

static int check_directory(int fd, const char *path, struct reason *r)
{
	struct stat st;

	if (fstat(fd, &st))
		return explain_file_open(r, path, errno);
	if (!is_trusted(st.st_uid))
		return reason_set(r, -EINVAL,
				  SHOWN ": its directory belongs to user %u, who could replace it; "
					"put it where only root or user %u can write",
				  path, st.st_uid, geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX))
		return reason_set(r, -EINVAL,
				  SHOWN
				  ": others may write to its directory (mode %04o), and could "
				  "replace it; chmod go-w the directory",
				  path, (unsigned int)(st.st_mode & 07777));
	return 0;
}

static int check_file(int fd, const char *path, size_t *ret_size, struct reason *r)
{
	struct stat st;

	if (fstat(fd, &st))
		return explain_file_open(r, path, errno);
	if (!S_ISREG(st.st_mode))
		return reason_set(r, -EINVAL, SHOWN ": is not a regular file", path);
	if (!is_trusted(st.st_uid))
		return reason_set(r, -EINVAL,
				  SHOWN ": belongs to user %u; a BPF object must belong to root or "
					"to user %u, who loads it",
				  path, st.st_uid, geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return reason_set(r, -EINVAL,
				  SHOWN ": others may write to it (mode %04o); chmod go-w", path,
				  (unsigned int)(st.st_mode & 07777));
	if (!st.st_size || st.st_size > OBJECT_FILE_BYTES_MAX)
		return reason_set(r, -EINVAL, SHOWN ": has %jd bytes, and an object has 1 to %u",
				  path, (intmax_t)st.st_size, OBJECT_FILE_BYTES_MAX);
	*ret_size = (size_t)st.st_size;
	return 0;
}

/* Asks for one byte more than expected, to notice a file that has grown. */
static int read_whole(int fd, const char *path, size_t size, void **ret, struct reason *r)
{
	char *bytes = malloc(size + 1);
	size_t done = 0;
	ssize_t n = 1;

	if (!bytes)
		return reason_set(r, -ENOMEM, "out of memory");
	while (n && done <= size) {
		n = read(fd, bytes + done, size + 1 - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = errno;

			free(bytes);
			return explain_file_open(r, path, err);
		}
		done += (size_t)n;
	}
	if (done != size) {
		free(bytes);
		return reason_set(r, -EINVAL, SHOWN ": has changed while it was read", path);
	}
	*ret = bytes;
	return 0;
}

/* Opens the directory of the path, in which the last part is looked up. */
static int open_directory(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *directory;
	int fd;

	*ret_name = slash ? slash + 1 : path;
	if (!slash)
		return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	directory = strndup(path, (size_t)(slash - path) + 1);
	if (!directory)
		return -1;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	return fd;
}

int object_file_read(const char *path, void **ret, size_t *ret_size, struct reason *r)
{
	const char *name;
	int directory = open_directory(path, &name);
	size_t size = 0;
	int fd = -1;
	int err;

	if (directory < 0)
		return explain_file_open(r, path, errno);
	err = check_directory(directory, path, r);
	if (!err) {
		/* O_NONBLOCK: the open must not wait for the other end of a FIFO */
		fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			err = explain_file_open(r, path, errno);
	}
	close(directory);
	if (!err)
		err = check_file(fd, path, &size, r);
	if (!err)
		err = read_whole(fd, path, size, ret, r);
	if (!err)
		*ret_size = size;
	if (fd >= 0)
		close(fd);
	return err;
}
