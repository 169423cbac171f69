// SPDX-License-Identifier: BSD-2-Clause
#include "sink/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_MODE 0640
#define RUN_BYTES (256U << 10) /* of one write: enough to hide its cost, and soon given back */
#define RETRY_MS  1000

struct file {
	struct queue *queue; /* borrowed */
	int fd; /* owned */
	int wake_fd; /* owned; eventfd: look at the queue, or at stop */
	int ended_fd; /* owned; eventfd: the writer will do nothing more */
	int failed_fd; /* owned; the duplicate of one that all outputs share */
	bool regular;
	bool socket;
	bool torn; /* the file ends inside a line that somebody else began */
	bool started;
	pthread_t thread;
	atomic_bool asleep; /* the writer is in poll(), or about to be, and wants to be woken */
	atomic_int failing; /* 0, or the -errno of the last try */
	atomic_int stop; /* enum output_stop */
	atomic_int error;
};

static __attribute__((format(printf, 4, 5))) int refuse(int ret, char *err, size_t err_cap,
							const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, err_cap, fmt, ap); /* a sentence may be cut */
	va_end(ap);
	return ret;
}

static void signal_fd(int fd)
{
	const uint64_t one = 1;
	/* It can fail only when the counter is full, and then the fd is readable as well. */
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;
}

static void die(struct file *f, int error)
{
	/* release: who sees the error sees the final counts */
	atomic_store_explicit(&f->error, error, memory_order_release);
	signal_fd(f->failed_fd);
}

/* Wait for any of: the events on the output; its end; a wake-up; the time. */
static void wait_for(struct file *f, short events, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = f->fd, .events = events },
		{ .fd = f->wake_fd, .events = POLLIN },
	};
	uint64_t woken;
	ssize_t n;

	if (poll(fds, 2, timeout_ms) <= 0)
		return;
	if (fds[1].revents) {
		n = read(f->wake_fd, &woken, sizeof(woken));
		(void)n; /* non-blocking, and only read to be cleared */
	}
	if (fds[0].revents & POLLNVAL)
		die(f, -EBADF);
	else if (fds[0].revents & (POLLERR | POLLHUP))
		die(f, -EPIPE);
}

/* The other half of file_wake(). Either the producer, who publishes and then looks at asleep, sees
 * it set, or we, who set it and then look at what is published, see the lines: all four are
 * sequentially consistent, so one of the two stores is before both loads.
 */
static void wait_for_lines(struct file *f)
{
	atomic_store_explicit(&f->asleep, true, memory_order_seq_cst);
	if (!queue_waiting(f->queue))
		wait_for(f, 0, -1);
	atomic_store_explicit(&f->asleep, false, memory_order_relaxed);
}

static ssize_t write_bytes(const struct file *f, const char *buf, size_t len)
{
	if (f->socket)
		return send(f->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(f->fd, buf, len);
}

/* One write of what is first. 0 when that was some progress, or -errno. */
static int write_run(struct file *f)
{
	const char *text = "\n";
	size_t len = 1;
	ssize_t n;

	if (!f->torn)
		len = queue_run(f->queue, RUN_BYTES, &text);
	n = write_bytes(f, text, len);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EIO;
	if (f->torn)
		f->torn = false;
	else
		queue_written(f->queue, (size_t)n);
	atomic_store_explicit(&f->failing, 0, memory_order_relaxed);
	return 0;
}

/* Errors that can go away by themselves. */
static bool may_pass(int err)
{
	static const int passing[] = { ENOSPC, EDQUOT, EFBIG, EIO, ENOMEM, ENOBUFS };

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		if (err == -passing[i])
			return true;
	}
	return false;
}

/* Do the next thing. False when there is nothing more to do. */
static bool writer_step(struct file *f)
{
	/* Before the queue: when we are to finish, all lines have been published before that. */
	int stop = atomic_load(&f->stop);
	int err;

	if (stop == OUTPUT_GIVE_UP)
		return false;
	if (!queue_waiting(f->queue)) {
		if (stop == OUTPUT_FINISH)
			return false;
		wait_for_lines(f);
		return true;
	}

	err = write_run(f);
	if (err == 0 || err == -EINTR)
		return true;
	if (err == -EAGAIN) {
		wait_for(f, POLLOUT, -1);
		return true;
	}
	if (!may_pass(err)) {
		die(f, err);
		return false;
	}
	if (stop == OUTPUT_FINISH) /* what is left is reported as left, so it is not dropped */
		return false;
	atomic_store_explicit(&f->failing, err, memory_order_relaxed);
	queue_drop(f->queue);
	wait_for(f, 0, RETRY_MS);
	return true;
}

static void *writer_main(void *arg)
{
	struct file *f = arg;

	(void)pthread_setname_np(pthread_self(), "xdptail-writer"); /* only for top -H */
	while (!atomic_load_explicit(&f->error, memory_order_relaxed) && writer_step(f))
		;
	/* EINVAL: a file system that cannot. */
	if (f->regular && atomic_load(&f->stop) == OUTPUT_FINISH && fdatasync(f->fd) &&
	    errno != EINVAL)
		die(f, -errno);
	signal_fd(f->ended_fd);
	return NULL;
}

/* Costs a system call only when the writer sleeps, and then once. */
static void file_wake(void *ctx)
{
	struct file *f = ctx;

	if (atomic_load_explicit(&f->asleep, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&f->asleep, false, memory_order_relaxed))
		signal_fd(f->wake_fd);
}

static int file_error(const void *ctx)
{
	const struct file *f = ctx;

	return atomic_load_explicit(&f->error, memory_order_acquire);
}

static int file_failing(const void *ctx)
{
	const struct file *f = ctx;

	return atomic_load_explicit(&f->failing, memory_order_relaxed);
}

static void file_stop(void *ctx, enum output_stop how)
{
	struct file *f = ctx;

	atomic_store(&f->stop, (int)how);
	signal_fd(f->wake_fd);
}

static int file_ended_fd(const void *ctx)
{
	const struct file *f = ctx;

	return f->ended_fd;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Also frees a half-built one. */
static int file_close(void *ctx)
{
	struct file *f = ctx;
	struct pollfd ended = { .fd = f->ended_fd, .events = POLLIN };

	if (f->started) {
		if (poll(&ended, 1, 0) != 1)
			return -EBUSY;
		(void)pthread_join(f->thread, NULL); /* it has only to return */
	}
	close_fd(f->fd);
	close_fd(f->wake_fd);
	close_fd(f->ended_fd);
	close_fd(f->failed_fd);
	free(f);
	return 0;
}

static const struct output_ops file_ops = {
	.wake = file_wake,
	.error = file_error,
	.failing = file_failing,
	.stop = file_stop,
	.ended_fd = file_ended_fd,
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
		return refuse(
			-error, err, err_cap,
			"cannot create \"%s\": the directory \"%s\" does not exist; create it first",
			path, directory);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error == error)
			return refuse(-error, err, err_cap, "cannot open \"%s\": %s", path,
				      reasons[i].why);
	}
	return refuse(-error, err, err_cap, "cannot open \"%s\": %s", path, strerror(error));
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
	return refuse(-EINVAL, err, err_cap, "cannot write to \"%s\": it is %s; %s", path, what,
		      advice);
}

/* Without a lock two processes would tear each other's lines: a run of lines can be written in two
 * pieces. A file system that has no locks is no reason to refuse.
 */
static int lock_file(const struct file *f, const char *path, char *err, size_t err_cap)
{
	if (flock(f->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return refuse(
			-EBUSY, err, err_cap,
			"cannot write to \"%s\": another process writes to it; name another file",
			path);
	return 0;
}

static int find_torn(struct file *f, const char *path, off_t size, char *err, size_t err_cap)
{
	char last = '\n';

	if (size > 0 && pread(f->fd, &last, 1, size - 1) < 0)
		return refuse(-errno, err, err_cap, "cannot read the end of \"%s\": %s", path,
			      strerror(errno));
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

/* The description behind stdout is shared with the shell and its other children, so it is never
 * made non-blocking. But a pipe can be opened once more, and then we have one of our own: a
 * writer that is never stuck inside write(2) can be stopped, and knows what the reader got. Where
 * that is not permitted we block.
 */
static int open_stdout(struct file *f, char *err, size_t err_cap)
{
	struct stat st;
	int own;

	f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (f->fd < 0 || fstat(f->fd, &st))
		return refuse(-errno, err, err_cap,
			      "cannot write to stdout: %s; redirect it, or name a file",
			      errno == EBADF ? "it is closed" : strerror(errno));
	if ((fcntl(f->fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return refuse(-EBADF, err, err_cap,
			      "cannot write to stdout: it is closed, or open for reading only; "
			      "redirect it, or name a file");
	f->regular = S_ISREG(st.st_mode);
	f->socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode))
		return 0;
	own = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (own < 0)
		return 0;
	close(f->fd);
	f->fd = own;
	return 0;
}

/* Signals are the business of the thread that called us. */
static int start_writer(struct file *f)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	ret = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (ret)
		return -ret;
	ret = pthread_create(&f->thread, NULL, writer_main, f);
	f->started = ret == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL); /* fails only for a bad first argument */
	return -ret;
}

static int open_events(struct file *f, int failed_fd)
{
	f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->failed_fd = fcntl(failed_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return f->wake_fd < 0 || f->ended_fd < 0 || f->failed_fd < 0 ? -errno : 0;
}

int file_open(struct output *ret, const char *path, struct queue *queue, int failed_fd, char *err,
	      size_t err_cap)
{
	struct file *f = calloc(1, sizeof(*f));
	int error;

	if (!f)
		return refuse(-ENOMEM, err, err_cap, "there is no memory for an output");
	f->queue = queue;
	f->fd = f->wake_fd = f->ended_fd = f->failed_fd = -1;

	error = path ? open_path(f, path, err, err_cap) : open_stdout(f, err, err_cap);
	if (error)
		goto fail;
	error = open_events(f, failed_fd);
	if (!error)
		error = start_writer(f);
	if (error) {
		(void)refuse(error, err, err_cap, "cannot start a writer for \"%s\": %s",
			     path ? path : "stdout", strerror(-error));
		goto fail;
	}
	ret->ops = &file_ops;
	ret->ctx = f;
	return 0;

fail:
	(void)file_close(f); /* no thread, so it cannot be busy */
	return error;
}
