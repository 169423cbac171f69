// SPDX-License-Identifier: BSD-2-Clause
#include "output/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "output/driver.h"
#include "output/file_lock.h"

#define FILE_MODE 0640

/* Copy the shallowest missing directory of the path to buf. Returns false if none is missing. */
static bool missing_directory(const char *path, char *buf, size_t cap)
{
	const char *slash = strchr(path + 1, '/');
	struct stat st;

	for (; slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(buf, cap, "%.*s", (int)(slash - path), path);
		if (stat(buf, &st) && errno == ENOENT)
			return true;
	}
	return false;
}

static int refuse_open(const char *path, int error, struct reason *why)
{
	static const struct {
		int error;
		const char *why;
	} reasons[] = {
		{ EACCES, "permission denied; check the modes of the file and its directories" },
		{ EPERM, "the file has an attribute that forbids writing; check it with lsattr" },
		{ EROFS, "the file system is mounted read-only" },
		{ ENAMETOOLONG, "the name is too long" },
		{ ENOTDIR, "part of the path is a file, not a directory" },
		{ EISDIR, "it is a directory; name a file in it" },
		{ ENOSPC, "the disk is full" },
		{ EDQUOT, "the disk quota is exceeded" },
		{ EMFILE, "this process has too many open files" },
		{ ENFILE, "the system has too many open files" },
		{ ETXTBSY, "it is a running program" },
	};
	char directory[PATH_MAX];

	if (error == ENOENT && missing_directory(path, directory, sizeof(directory)))
		return reason_set(
			why, -error,
			"cannot create \"%s\": the directory \"%s\" does not exist; create it "
			"first",
			path, directory);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].error == error)
			return reason_set(why, -error, "cannot open \"%s\": %s", path,
					  reasons[i].why);
	}
	return reason_set(why, -error, "cannot open \"%s\": %s", path, strerror(error));
}

/* 0 for what may be written to: a regular file, or /dev/null; else -EINVAL with a message in err.
 */
static int check_type(const char *path, const struct stat *st, struct reason *why)
{
	const char *what = "a device";
	const char *advice = "the only device allowed is /dev/null";

	if (S_ISREG(st->st_mode))
		return 0;
	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3))
		return 0;
	if (S_ISLNK(st->st_mode)) {
		what = "a symbolic link";
		advice = "links are not followed; name the file itself";
	} else if (S_ISDIR(st->st_mode)) {
		what = "a directory";
		advice = "name a file in it";
	} else if (S_ISFIFO(st->st_mode)) {
		what = "a FIFO";
		advice = "redirect stdout to it instead: > FIFO";
	} else if (S_ISSOCK(st->st_mode)) {
		what = "a socket";
		advice = "to write to a stream socket, use unix:PATH";
	}
	return reason_set(why, -EINVAL, "cannot write to \"%s\": it is %s; %s", path, what, advice);
}

static int open_directory(const char *path, size_t len)
{
	char *directory = len ? strndup(path, len) : strdup(".");
	int fd;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(directory);
	return fd;
}

/* The length includes the slash, because "/" is the root. */
static size_t directory_len(const struct file_location *p)
{
	return (size_t)(p->base - p->path);
}

int file_location_open(struct file_location *ret, const char *path, struct reason *why)
{
	struct file_location p = { .path = strdup(path), .dir_fd = -1 };
	const char *slash;

	*ret = p;
	if (!p.path)
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	slash = strrchr(p.path, '/');
	ret->base = slash ? slash + 1 : p.path;
	if (!*ret->base)
		return refuse_open(path, EISDIR, why);
	ret->dir_fd = open_directory(p.path, directory_len(ret));
	return ret->dir_fd < 0 ? refuse_open(path, -ret->dir_fd, why) : 0;
}

void file_location_close(struct file_location *p)
{
	if (p->dir_fd >= 0)
		close(p->dir_fd);
	free(p->path);
}

int file_location_refresh(struct file_location *p)
{
	int fd = open_directory(p->path, directory_len(p));

	if (fd < 0)
		return fd;
	close(p->dir_fd);
	p->dir_fd = fd;
	return 0;
}

/* Without a lock two processes could mix parts of each other's lines, because a write can be cut in
 * two. If there can be no lock, because of the file system or of a reader, that is no reason to
 * refuse the file.
 */
static int lock_file(struct file_opened *o, const char *path, struct reason *why)
{
	int ret = file_lock_take(o->fd);

	o->unlocked = ret == -EAGAIN;
	if (ret == -EBUSY)
		return reason_set(
			why, -EBUSY,
			"cannot write to \"%s\": another process writes to it; name another file",
			path);
	return 0;
}

static int find_partial_line(struct file_opened *o, const char *path, struct reason *why)
{
	char last = '\n';

	if (o->size > 0 && pread(o->fd, &last, 1, (off_t)o->size - 1) < 0)
		return reason_set(why, -errno, "cannot read the end of \"%s\": %s", path,
				  strerror(errno));
	o->ends_partial = last != '\n';
	return 0;
}

static int open_checked(struct file_opened *o, const struct file_location *p, struct stat *st,
			struct reason *why)
{
	int flags, ret;

	/* Opening some devices sets them going, so check before opening; the check after opening is
	 * the one that counts.
	 */
	if (!fstatat(p->dir_fd, p->base, st, AT_SYMLINK_NOFOLLOW)) {
		ret = check_type(p->path, st, why);
		if (ret)
			return ret;
	}
	/* O_NONBLOCK: do not wait for the reader of a FIFO that appeared since the check. */
	o->fd = openat(p->dir_fd, p->base,
		       O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK,
		       FILE_MODE);
	if (o->fd < 0)
		return refuse_open(p->path, errno, why);
	flags = fcntl(o->fd, F_GETFL);
	if (fstat(o->fd, st) || flags < 0 || fcntl(o->fd, F_SETFL, flags & ~O_NONBLOCK))
		return refuse_open(p->path, errno, why);
	return check_type(p->path, st, why);
}

int file_open_lock(struct file_opened *o, const struct file_location *p, struct reason *why)
{
	struct stat st;
	int ret;

	if (!o->regular)
		return 0;
	ret = lock_file(o, p->path, why);
	if (ret)
		return ret;
	if (fstat(o->fd, &st)) /* the previous holder of the lock may have written */
		return refuse_open(p->path, errno, why);
	o->size = (uint64_t)st.st_size;
	return find_partial_line(o, p->path, why);
}

static int open_checked_type(struct file_opened *o, const struct file_location *p,
			     struct reason *why)
{
	struct stat st;
	int ret = open_checked(o, p, &st, why);

	if (ret)
		return ret;
	o->regular = S_ISREG(st.st_mode);
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	return 0;
}

int file_open_unlocked(struct file_opened *ret, const struct file_location *p, struct reason *why)
{
	struct file_opened o = { .fd = -1 };
	int error = open_checked_type(&o, p, why);

	if (!error)
		*ret = o;
	else if (o.fd >= 0)
		close(o.fd);
	return error;
}

int file_open_at(struct file_opened *ret, const struct file_location *p,
		 const struct file_opened *except, struct reason *why)
{
	struct file_opened o;
	int error = file_open_unlocked(&o, p, why);

	if (error)
		return error;
	if (except && except->dev == o.dev && except->ino == o.ino)
		error = -EALREADY;
	else
		error = file_open_lock(&o, p, why);
	if (!error)
		*ret = o;
	else
		close(o.fd);
	return error;
}
