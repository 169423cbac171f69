// SPDX-License-Identifier: BSD-2-Clause
#include "sink/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_MODE 0640

struct file {
	int fd; /* owned */
	bool regular;
	bool torn; /* the file ends inside a line that somebody else began */
};

static int file_write(void *ctx, struct queue *queue)
{
	struct file *f = ctx;
	ssize_t n;

	if (!f->torn)
		return channel_write_run(f->fd, false, queue);
	n = write(f->fd, "\n", 1);
	if (n < 0)
		return -errno;
	f->torn = n == 0;
	return 0;
}

static enum channel_fate file_fate(void *ctx, int error)
{
	(void)ctx;
	return channel_may_pass(error) ? CHANNEL_DROP : CHANNEL_DEAD;
}

/* A file can't be waited for. */
static int file_fd(const void *ctx)
{
	(void)ctx;
	return -1;
}

static int file_finish(void *ctx)
{
	const struct file *f = ctx;

	/* EINVAL: a file system that cannot */
	return f->regular && fdatasync(f->fd) && errno != EINVAL ? -errno : 0;
}

static void file_close(void *ctx)
{
	struct file *f = ctx;

	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static const struct channel_ops file_ops = {
	.write = file_write,
	.fate = file_fate,
	.fd = file_fd,
	.finish = file_finish,
	.close = file_close,
};

/* The shallowest directory of the path that is not there, into buf. False if all are. */
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

static int refuse_open(const char *path, int error, char *err, size_t err_cap)
{
	static const struct {
		int error;
		const char *why;
	} reasons[] = {
		{ EACCES, "permission denied; check the modes of the file and its directories" },
		{ EPERM, "the file is protected against writing; lsattr shows how" },
		{ EROFS, "the file system is mounted read-only" },
		{ ENAMETOOLONG, "the name is too long" },
		{ ENOTDIR, "a directory in this path is in truth a file" },
		{ EISDIR, "it is a directory; name a file in it" },
		{ ENOSPC, "the disk is full" },
		{ EDQUOT, "the disk quota is used up" },
		{ EMFILE, "too many files are open in this process" },
		{ ENFILE, "too many files are open in this system" },
		{ ETXTBSY, "it is a program that is running" },
	};
	char directory[PATH_MAX];

	if (error == ENOENT && missing_directory(path, directory, sizeof(directory)))
		return channel_refuse(
			-error, err, err_cap,
			"cannot create \"%s\": the directory \"%s\" does not exist; create it first",
			path, directory);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error == error)
			return channel_refuse(-error, err, err_cap, "cannot open \"%s\": %s", path,
					      reasons[i].why);
	}
	return channel_refuse(-error, err, err_cap, "cannot open \"%s\": %s", path,
			      strerror(error));
}

/* 0 for what may be written to: a regular file, or /dev/null. */
static int check_type(const char *path, const struct stat *st, char *err, size_t err_cap)
{
	const char *what = "a device";
	const char *advice = "of the devices only /dev/null is written to";

	if (S_ISREG(st->st_mode))
		return 0;
	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3))
		return 0;
	if (S_ISLNK(st->st_mode)) {
		what = "a symbolic link";
		advice = "links are not followed, name the file itself";
	} else if (S_ISDIR(st->st_mode)) {
		what = "a directory";
		advice = "name a file in it";
	} else if (S_ISFIFO(st->st_mode)) {
		what = "a FIFO";
		advice = "write to it by way of stdout and the shell: > FIFO";
	} else if (S_ISSOCK(st->st_mode)) {
		what = "a socket";
		advice = "a file is needed";
	}
	return channel_refuse(-EINVAL, err, err_cap, "cannot write to \"%s\": it is %s; %s", path,
			      what, advice);
}

/* Without a lock two processes would tear each other's lines: a run of lines can be written in two
 * pieces. A file system that has no locks is no reason to refuse.
 */
static int lock_file(const struct file *f, const char *path, char *err, size_t err_cap)
{
	if (flock(f->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return channel_refuse(
			-EBUSY, err, err_cap,
			"cannot write to \"%s\": another process writes to it; name another file",
			path);
	return 0;
}

static int find_torn(struct file *f, const char *path, off_t size, char *err, size_t err_cap)
{
	char last = '\n';

	if (size > 0 && pread(f->fd, &last, 1, size - 1) < 0)
		return channel_refuse(-errno, err, err_cap, "cannot read the end of \"%s\": %s",
				      path, strerror(errno));
	f->torn = last != '\n';
	return 0;
}

static int open_path(struct file *f, const char *path, char *err, size_t err_cap)
{
	struct stat st;
	int flags, ret;

	/* To open some devices is to set them going, so look first; what counts is the look after. */
	if (!lstat(path, &st)) {
		ret = check_type(path, &st, err, err_cap);
		if (ret)
			return ret;
	}
	/* O_NONBLOCK: not to wait for the reader of a FIFO that came there in between. */
	f->fd = open(path,
		     O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK,
		     FILE_MODE);
	if (f->fd < 0)
		return refuse_open(path, errno, err, err_cap);
	flags = fcntl(f->fd, F_GETFL);
	if (fstat(f->fd, &st) || flags < 0 || fcntl(f->fd, F_SETFL, flags & ~O_NONBLOCK))
		return refuse_open(path, errno, err, err_cap);
	ret = check_type(path, &st, err, err_cap);
	if (ret)
		return ret;
	f->regular = S_ISREG(st.st_mode);
	if (!f->regular)
		return 0;
	ret = lock_file(f, path, err, err_cap);
	if (ret)
		return ret;
	if (fstat(f->fd, &st)) /* again: who held the lock before may have written */
		return refuse_open(path, errno, err, err_cap);
	return find_torn(f, path, st.st_size, err, err_cap);
}

static int file_open(struct channel *ret, const char *path, const void *settings, char *err,
		     size_t err_cap)
{
	struct file *f = calloc(1, sizeof(*f));
	int error;

	(void)settings;
	if (!f)
		return channel_refuse(-ENOMEM, err, err_cap, "there is no memory for an output");
	f->fd = -1;
	error = open_path(f, path, err, err_cap);
	if (error) {
		file_close(f);
		return error;
	}
	*ret = (struct channel){
		.ops = &file_ops,
		.ctx = f,
		.retry_ms = CHANNEL_RETRY_MS,
		.retry_max_ms = CHANNEL_RETRY_MS,
	};
	return 0;
}

const struct channel_kind file_kind = {
	.name = "file",
	.target = "PATH",
	.open = file_open,
};
