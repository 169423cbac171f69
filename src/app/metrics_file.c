// SPDX-License-Identifier: BSD-2-Clause
#include "app/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/file_lock.h"

#define FILE_MODE 0644 /* another user reads it; there are no addresses in it */

/* Where it is. The directory is looked up each time: it may have been made anew. */
struct place {
	char *path; /* owned */
	char *directory; /* owned */
	const char *base; /* in path */
	char *part; /* owned; the name until it is whole: none that node_exporter reads */
};

struct metrics_file {
	struct place place;
	int lock_fd; /* of the thread: what was written last, locked; -1: nothing was */

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	pthread_t thread;
	char *text; /* owned; the next; NULL: none */
	size_t len;
	struct metrics_file_state state;
	bool stop;
	bool remove; /* in the end */
	bool ended;
	bool abandoned; /* the thread frees it all */
};

static void place_free(struct place *p)
{
	free(p->path);
	free(p->directory);
	free(p->part);
}

/* 0 or -errno; to be freed in any case. */
static int place_init(struct place *ret, const char *path)
{
	const char *slash;
	char *part;
	size_t len;

	*ret = (struct place){ .path = strdup(path) };
	if (!ret->path)
		return -ENOMEM;
	slash = strrchr(ret->path, '/');
	ret->base = slash ? slash + 1 : ret->path;
	len = (size_t)(ret->base - ret->path); /* with the slash, which alone is the root */
	ret->directory = len ? strndup(path, len) : strdup(".");
	if (!ret->directory)
		return -ENOMEM;
	if (strlen(ret->base) > NAME_MAX - strlen("..tmp"))
		return -ENAMETOOLONG;
	if (asprintf(&part, ".%s.tmp", ret->base) < 0)
		return -ENOMEM;
	ret->part = part;
	return 0;
}

/* --- one file --- */

static int open_directory(const struct place *p)
{
	int fd = open(p->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* 0: nobody writes it, as far as can be seen. */
static int check_unlocked(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return 0; /* there is none, or it can't be told */
	if (file_lock_is_taken(fd))
		err = -EBUSY;
	close(fd);
	return err;
}

/* A new file, locked, so that nobody else takes it for one that a crash has left. */
static int open_part(int dir_fd, const struct place *p)
{
	int err = check_unlocked(dir_fd, p->part);
	int fd;

	if (err)
		return err;
	if (unlinkat(dir_fd, p->part, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, p->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	(void)file_lock_take(fd); /* nobody else can have opened it */
	return fd;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fchmod(fd, FILE_MODE) ? -errno : 0; /* whatever the umask is */
}

/* Network file systems say only when a file is closed that it could not be written; the lock stays.
 */
static int close_and_keep(int fd, int *ret_kept)
{
	int err;

	*ret_kept = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	err = *ret_kept < 0 ? -errno : 0;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Nothing is made durable: after a crash of the machine these figures are of a run that is over,
 * and the next one replaces them when it starts.
 */
static int replace_in(struct metrics_file *f, int dir_fd, const char *text, size_t len)
{
	const struct place *p = &f->place;
	int kept = -1;
	int fd = open_part(dir_fd, p);
	int err;

	if (fd < 0)
		return fd;
	err = write_all(fd, text, len);
	if (err)
		close(fd);
	else
		err = close_and_keep(fd, &kept);
	if (!err && renameat(dir_fd, p->part, dir_fd, p->base))
		err = -errno;
	if (err) {
		(void)unlinkat(dir_fd, p->part, 0); /* the error that matters is the other one */
		if (kept >= 0)
			close(kept);
		return err;
	}
	if (f->lock_fd >= 0)
		close(f->lock_fd);
	f->lock_fd = kept;
	return 0;
}

static int replace(struct metrics_file *f, const char *text, size_t len)
{
	int dir_fd = open_directory(&f->place);
	int err;

	if (dir_fd < 0)
		return dir_fd;
	err = replace_in(f, dir_fd, text, len);
	close(dir_fd);
	return err;
}

/* --- before there is one --- */

static int check_in(int dir_fd, const struct place *p)
{
	struct stat st;
	int err = check_unlocked(dir_fd, p->base);
	int fd;

	if (err)
		return err;
	if (!fstatat(dir_fd, p->base, &st, AT_SYMLINK_NOFOLLOW) && !S_ISREG(st.st_mode))
		return -EEXIST;
	fd = open_part(dir_fd, p);
	if (fd < 0)
		return fd;
	close(fd);
	return unlinkat(dir_fd, p->part, 0) ? -errno : 0;
}

static const char *words(int err)
{
	switch (-err) {
	case ENOENT:
		return "its directory does not exist; create it first";
	case EACCES:
	case EPERM:
		return "permission denied; it is replaced as a whole, so its directory must be writable "
		       "by the user that this runs as (see --user)";
	case EBUSY:
		return "another process writes it; name another file";
	case EEXIST:
		return "what is there is no regular file";
	default:
		return strerror(-err);
	}
}

int metrics_file_check(const char *path, struct reason *why)
{
	struct place p;
	int dir_fd = -1;
	int ret = place_init(&p, path);

	if (!ret) {
		dir_fd = open_directory(&p);
		ret = dir_fd < 0 ? dir_fd : check_in(dir_fd, &p);
	}
	place_free(&p);
	if (dir_fd >= 0)
		close(dir_fd);
	if (ret)
		(void)reason_set(why, ret, "cannot write the metrics file \"%.600s\": %s", path,
				 words(ret));
	return ret;
}

/* --- the thread --- */

static void destroy(struct metrics_file *f)
{
	if (f->lock_fd >= 0)
		close(f->lock_fd);
	(void)pthread_mutex_destroy(&f->lock); /* nobody has it */
	(void)pthread_cond_destroy(&f->changed);
	place_free(&f->place);
	free(f->text);
	free(f);
}

/* Do the next thing. The lock is held, but for the doing. False: it is over. */
static bool step(struct metrics_file *f)
{
	char *text = f->text;
	size_t len = f->len;
	int err;

	if (!text && f->stop)
		return false;
	if (!text) {
		(void)pthread_cond_wait(&f->changed, &f->lock);
		return true;
	}
	f->text = NULL;
	(void)pthread_mutex_unlock(&f->lock);
	err = replace(f, text, len);
	free(text);
	(void)pthread_mutex_lock(&f->lock);
	f->state.error = err;
	if (err)
		f->state.failed++;
	else
		f->state.written++;
	f->state.busy = f->text;
	return true;
}

static void remove_file(const struct metrics_file *f)
{
	int dir_fd = open_directory(&f->place);

	if (dir_fd < 0)
		return;
	(void)unlinkat(dir_fd, f->place.base, 0); /* if it is there, it gets old */
	close(dir_fd);
}

static void *thread_main(void *arg)
{
	struct metrics_file *f = arg;
	bool abandoned;

	(void)pthread_setname_np(pthread_self(), "xdptail-metrics"); /* only for top -H */
	(void)pthread_mutex_lock(&f->lock);
	while (step(f))
		;
	if (f->remove)
		remove_file(f);
	f->ended = true;
	abandoned = f->abandoned;
	(void)pthread_cond_broadcast(&f->changed);
	(void)pthread_mutex_unlock(&f->lock);
	if (abandoned)
		destroy(f);
	return NULL;
}

/* Waiting has a limit, which no step of the clock may change. */
static void init_condition(struct metrics_file *f)
{
	pthread_condattr_t attributes;

	/* these cannot fail on Linux */
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&f->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

int metrics_file_new(struct metrics_file **ret, const char *path)
{
	struct metrics_file *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->lock_fd = -1;
	(void)pthread_mutex_init(&f->lock, NULL); /* cannot fail: no attributes, no allocation */
	init_condition(f);
	err = place_init(&f->place, path);
	if (!err)
		err = -pthread_create(&f->thread, NULL, thread_main, f);
	if (err) {
		destroy(f);
		return err;
	}
	*ret = f;
	return 0;
}

const char *metrics_file_path(const struct metrics_file *f)
{
	return f->place.path;
}

void metrics_file_put(struct metrics_file *f, char *text, size_t len)
{
	(void)pthread_mutex_lock(&f->lock);
	if (f->state.busy) {
		f->state.skipped++;
		free(text);
	} else {
		f->state.busy = true;
		f->text = text;
		f->len = len;
	}
	(void)pthread_cond_broadcast(&f->changed);
	(void)pthread_mutex_unlock(&f->lock);
}

void metrics_file_state(struct metrics_file *f, struct metrics_file_state *ret)
{
	(void)pthread_mutex_lock(&f->lock);
	*ret = f->state;
	(void)pthread_mutex_unlock(&f->lock);
}

static struct timespec deadline_of(int timeout_ms)
{
	const int64_t ns = time_monotonic_ns() + timeout_ms * NS_PER_MS;

	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

int metrics_file_finish(struct metrics_file *f, char *text, size_t len, int timeout_ms)
{
	const struct timespec deadline = deadline_of(timeout_ms);
	int err = 0;

	(void)pthread_mutex_lock(&f->lock);
	free(f->text); /* what was to come before the last */
	f->text = text;
	f->len = len;
	f->stop = true;
	(void)pthread_cond_broadcast(&f->changed);
	while (!f->ended && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&f->changed, &f->lock, &deadline);
	err = f->ended ? f->state.error : -ETIMEDOUT;
	(void)pthread_mutex_unlock(&f->lock);
	return err;
}

/* Tell the thread to end. It finishes the file that it has begun. */
static void let_go(struct metrics_file *f, bool remove)
{
	bool running;

	(void)pthread_mutex_lock(&f->lock);
	f->stop = true;
	f->remove = remove;
	running = !f->ended;
	f->abandoned = running;
	if (running)
		(void)pthread_detach(f->thread);
	(void)pthread_cond_broadcast(&f->changed);
	(void)pthread_mutex_unlock(&f->lock);
	if (running)
		return;
	(void)pthread_join(f->thread, NULL); /* it is on its last instructions */
	destroy(f);
}

void metrics_file_free(struct metrics_file *f)
{
	if (f)
		let_go(f, false);
}

void metrics_file_remove(struct metrics_file *f)
{
	if (f)
		let_go(f, true);
}
