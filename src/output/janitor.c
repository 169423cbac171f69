// SPDX-License-Identifier: BSD-2-Clause
#include "output/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "output/file_lock.h"
#include "output/gzip.h"
#include "output/rotated.h"
#include "output/warning.h"

#define RETIRED_MAX 16
#define NICE	    10 /* a lower priority than counting and writing */

struct janitor {
	int dir_fd; /* owned */
	char *base; /* owned */
	uint64_t keep;
	bool gzip;
	struct warning warning;
	atomic_bool stop; /* stored with the lock held */

	pthread_mutex_t lock; /* guards the members below */
	pthread_cond_t changed;
	pthread_t thread;
	int retired[RETIRED_MAX]; /* owned; to be synced and closed */
	unsigned int n_retired;
	int error; /* -errno of the first failed sync, or 0 */
	bool started;
	bool woken;
	bool ended;
	bool abandoned; /* the thread frees the janitor when it ends */
};

static void destroy_janitor(struct janitor *j)
{
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	for (unsigned int i = 0; i < j->n_retired; i++)
		close(j->retired[i]);
	(void)pthread_mutex_destroy(&j->lock); /* no thread holds it */
	(void)pthread_cond_destroy(&j->changed);
	free(j->base);
	free(j);
}

/* --- files --- */

/* Check that nobody writes to the file any more: 0, -EBUSY, or -EINVAL if it is not a regular file.
 */
static int check_unused(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return file_lock_is_taken(fd) ? -EBUSY : 0;
}

static int open_unused(const struct janitor *j, const char *name)
{
	int fd = openat(j->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);

	int err;

	if (fd < 0)
		return -errno;
	err = check_unused(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int delete_variant(const struct janitor *j, const struct rotated *r, enum rotated_form form)
{
	char name[ROTATED_NAME_BYTES];

	rotated_name(name, j->base, r->time, form);
	return unlinkat(j->dir_fd, name, 0) && errno != ENOENT ? -errno : 0;
}

static int delete_rotated(const struct janitor *j, const struct rotated *r)
{
	char name[ROTATED_NAME_BYTES];
	int fd, err = 0;

	if (r->plain) {
		rotated_name(name, j->base, r->time, ROTATED_PLAIN);
		fd = open_unused(j, name);
		if (fd == -EBUSY || fd == -EINVAL)
			return fd;
		if (fd >= 0)
			close(fd);
		err = delete_variant(j, r, ROTATED_PLAIN);
	}
	if (!err && r->gz)
		err = delete_variant(j, r, ROTATED_GZ);
	if (!err && r->gz_part)
		err = delete_variant(j, r, ROTATED_GZ_PART);
	return err;
}

/* Copy owner, mode and times to the compressed file (best effort). */
static void copy_attributes(int from_fd, int to_fd)
{
	struct timespec times[2];
	struct stat st;

	if (fstat(from_fd, &st))
		return;
	(void)!fchown(to_fd, st.st_uid, st.st_gid);
	(void)!fchmod(to_fd, st.st_mode & 0777);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	(void)!futimens(to_fd, times);
}

/* Returns whether the compressed copy leaves enough free space for what is written meanwhile. */
static bool has_free_space(int fd)
{
	struct statvfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatvfs(fd, &fs))
		return true;
	return fs.f_bavail >= 2 * ((uint64_t)st.st_blocks * 512 / fs.f_frsize + 1);
}

static int compress_into(struct janitor *j, int fd, const char *part)
{
	int out, err;

	if (!has_free_space(fd))
		return -ENOSPC;
	(void)unlinkat(j->dir_fd, part, 0); /* a previous process may have left one */
	out = openat(j->dir_fd, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return -errno;
	err = gzip_copy(fd, out, &j->stop);
	if (!err) {
		copy_attributes(fd, out);
		err = fsync(out) && errno != EINVAL ? -errno : 0;
	}
	if (close(out) && !err)
		err = -errno;
	return err;
}

/* Compress a file. At any moment the whole file exists under one of its names; a crash may leave it
 * under both, and then the next pass repeats the compression.
 */
static int compress_rotated(struct janitor *j, const struct rotated *r)
{
	char name[ROTATED_NAME_BYTES], part[ROTATED_NAME_BYTES], gz[ROTATED_NAME_BYTES];
	int fd, err;

	rotated_name(name, j->base, r->time, ROTATED_PLAIN);
	rotated_name(part, j->base, r->time, ROTATED_GZ_PART);
	rotated_name(gz, j->base, r->time, ROTATED_GZ);
	fd = open_unused(j, name);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	err = compress_into(j, fd, part);
	if (!err && renameat(j->dir_fd, part, j->dir_fd, gz))
		err = -errno;
	if (err)
		(void)unlinkat(j->dir_fd, part, 0); /* the error that matters is the other one */
	else if (unlinkat(j->dir_fd, name, 0) && errno != ENOENT)
		err = -errno;
	close(fd);
	return err;
}

/* Returns whether files wait to be synced. These are still locked by us, and the next pass handles
 * them.
 */
static bool is_syncing(struct janitor *j)
{
	bool syncing;

	(void)pthread_mutex_lock(&j->lock);
	syncing = j->n_retired > 0;
	(void)pthread_mutex_unlock(&j->lock);
	return syncing;
}

static const char *error_text(int err)
{
	if (err == -EBUSY)
		return "another process writes to it";
	return err == -EINVAL ? "it is not a regular file" : strerror(-err);
}

static void report_failure(struct janitor *j, const char *what, const struct rotated *r, int err)
{
	if (!err || err == -ECANCELED || (err == -EBUSY && is_syncing(j)))
		return;
	warning_set(&j->warning,
		    "cannot %s \"%s.%s\": %s; the file is kept; retrying after the next rotation",
		    what, j->base, r->time, error_text(err));
}

static void clean_up_files(struct janitor *j)
{
	struct rotated *list = NULL;
	size_t n = 0, i = 0;
	int err = rotated_list(j->dir_fd, j->base, &list, &n);

	if (err)
		warning_set(
			&j->warning,
			"cannot list rotated files: %s; none are compressed or deleted; retrying "
			"after the next rotation",
			strerror(-err));
	/* also at the end, so that never more than keep files are left */
	for (; j->keep && i + j->keep < n; i++)
		report_failure(j, "delete", &list[i], delete_rotated(j, &list[i]));
	for (; j->gzip && i + 1 < n && !atomic_load(&j->stop); i++) {
		if (list[i].plain)
			report_failure(j, "compress", &list[i], compress_rotated(j, &list[i]));
	}
	free(list);
}

/* --- the thread --- */

static int sync_and_close(struct janitor *j, int fd)
{
	/* EINVAL: this file system cannot sync */
	int err = fdatasync(fd) && errno != EINVAL ? -errno : 0;

	if (err)
		warning_set(&j->warning,
			    "cannot sync a rotated file to disk: %s; lines in it may be lost",
			    strerror(-err));
	close(fd);
	return err;
}

/* Do one piece of work. Called with the lock held, which is released meanwhile. False: the janitor
 * was stopped.
 */
static bool janitor_step(struct janitor *j)
{
	int fd, err;

	if (j->n_retired > 0) {
		fd = j->retired[0];
		(void)pthread_mutex_unlock(&j->lock);
		err = sync_and_close(j, fd);
		(void)pthread_mutex_lock(&j->lock);
		j->n_retired--;
		memmove(j->retired, j->retired + 1, j->n_retired * sizeof(j->retired[0]));
		if (!j->error)
			j->error = err;
	} else if (j->woken) {
		j->woken = false;
		(void)pthread_mutex_unlock(&j->lock);
		clean_up_files(j);
		(void)pthread_mutex_lock(&j->lock);
	} else if (atomic_load(&j->stop)) {
		return false;
	} else {
		(void)pthread_cond_wait(&j->changed, &j->lock);
	}
	return true;
}

static void *janitor_main(void *arg)
{
	struct janitor *j = arg;
	bool abandoned;

	/* best effort: a name for top -H */
	(void)pthread_setname_np(pthread_self(), "xdptail-janitor");
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(),
			  NICE); /* best effort: of this thread only */
	(void)pthread_mutex_lock(&j->lock);
	while (janitor_step(j))
		;
	j->ended = true;
	abandoned = j->abandoned;
	(void)pthread_cond_broadcast(&j->changed);
	(void)pthread_mutex_unlock(&j->lock);
	if (abandoned)
		destroy_janitor(j);
	return NULL;
}

/* Start the thread unless it runs. Called with the lock held, by a writer's thread, which blocks
 * all signals. False: there is no thread.
 */
static bool start_thread(struct janitor *j)
{
	int err = j->started ? 0 : -pthread_create(&j->thread, NULL, janitor_main, j);

	j->started = !err;
	if (err)
		warning_set(
			&j->warning,
			"cannot start a thread to compress and delete rotated files: %s; retrying "
			"after the next rotation",
			strerror(-err));
	return j->started;
}

int janitor_new(struct janitor **ret, const struct janitor_plan *plan)
{
	struct janitor *j = calloc(1, sizeof(*j));
	int err;

	if (!j)
		return -ENOMEM;
	(void)pthread_mutex_init(&j->lock, NULL); /* cannot fail: no attributes, no allocation */
	(void)pthread_cond_init(&j->changed, NULL);
	j->keep = plan->keep;
	j->gzip = plan->gzip;
	j->dir_fd = fcntl(plan->dir_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	err = j->dir_fd < 0 ? -errno : -ENOMEM;
	j->base = strdup(plan->base);
	if (j->dir_fd < 0 || !j->base) {
		destroy_janitor(j);
		return err;
	}
	*ret = j;
	return 0;
}

void janitor_wake(struct janitor *j)
{
	if (!j->keep && !j->gzip)
		return;
	(void)pthread_mutex_lock(&j->lock);
	j->woken = true;
	if (start_thread(j))
		(void)pthread_cond_broadcast(&j->changed);
	(void)pthread_mutex_unlock(&j->lock);
}

bool janitor_close_file(struct janitor *j, int fd)
{
	bool taken;

	(void)pthread_mutex_lock(&j->lock);
	taken = j->n_retired < RETIRED_MAX && start_thread(j);
	if (taken)
		j->retired[j->n_retired++] = fd;
	(void)pthread_cond_broadcast(&j->changed);
	(void)pthread_mutex_unlock(&j->lock);
	return taken;
}

const char *janitor_warning(const struct janitor *j, unsigned int n)
{
	return warning_get(&j->warning, n);
}

static void request_stop(struct janitor *j)
{
	atomic_store(&j->stop, true);
	(void)pthread_cond_broadcast(&j->changed);
}

int janitor_finish(struct janitor *j)
{
	int err;

	(void)pthread_mutex_lock(&j->lock);
	request_stop(j);
	while (j->started && !j->ended)
		(void)pthread_cond_wait(&j->changed, &j->lock);
	err = j->error;
	(void)pthread_mutex_unlock(&j->lock);
	return err;
}

void janitor_free(struct janitor *j)
{
	bool running;

	if (!j)
		return;
	(void)pthread_mutex_lock(&j->lock);
	request_stop(j);
	running = j->started && !j->ended;
	j->abandoned = running;
	if (running)
		(void)pthread_detach(j->thread);
	(void)pthread_mutex_unlock(&j->lock);
	if (running)
		return;
	if (j->started)
		(void)pthread_join(j->thread, NULL); /* does not block: the thread is returning */
	destroy_janitor(j);
}
