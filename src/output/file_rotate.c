// SPDX-License-Identifier: BSD-2-Clause
/* From one file to another, and when. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "output/file_internal.h"
#include "output/rotated.h"

#define PATIENCE_MS  1000 /* so long the end of a snapshot, or of a line, is waited for */
#define SENTENCE_MAX 384

void file_begin(struct file *f)
{
	f->begun = f->ours = f->mid_line = f->deleted = false;
	f->head_len = f->head_off = 0;
	f->files++;
}

void file_warn_unlocked(struct file *f)
{
	if (f->now.unlocked)
		warning_set(&f->warning,
			    "somebody who reads \"%s\" has locked it; while that lasts, it is not "
			    "noticed when another process writes to it, too",
			    f->place.path);
}

void file_adopt(struct file *f, const struct file_opened *next)
{
	int64_t interval = (int64_t)f->settings.rotate_interval * 1000;

	f->now = *next;
	file_warn_unlocked(f);
	file_begin(f);
	f->interval_ms = time_monotonic_ms() + interval;
}

void file_sync(struct file *f)
{
	int err = fdatasync(f->now.fd) && errno != EINVAL ? -errno : 0; /* EINVAL: it cannot */

	if (!err)
		return;
	warning_set(&f->warning, "what was written may be lost: %s", strerror(-err));
	if (!f->sync_error)
		f->sync_error = err;
}

/* Its lock goes with it, so that it may be compressed; by then it is durable. */
static void retire(struct file *f)
{
	if (janitor_close_file(f->janitor, f->now.fd))
		return;
	file_sync(f);
	close(f->now.fd);
}

/* The directory may have been deleted and made again, too. */
static int open_next(struct file *f, struct file_opened *ret, char *err, size_t err_cap)
{
	int ret_open = file_open_at(ret, &f->place, &f->now, err, err_cap);

	if (ret_open == -ENOENT && !file_place_refresh(&f->place))
		ret_open = file_open_at(ret, &f->place, &f->now, err, err_cap);
	return ret_open;
}

/* Who could read the old one can read the new one, as far as that is permitted. */
static void take_after(int fd, const struct stat *like)
{
	(void)!fchown(fd, like->st_uid, like->st_gid);
	(void)!fchmod(fd, like->st_mode & 0777);
}

/* So that nobody finds it empty. What fails of that is done when lines come. */
static void begin_at_once(struct file *f)
{
	if (!f->started || f->now.torn)
		return;
	file_make_header(f);
	(void)file_write_header(f);
}

int file_reopen_now(struct file *f, const struct stat *like)
{
	char err[SENTENCE_MAX];
	struct file_opened next;
	int ret = open_next(f, &next, err, sizeof(err));

	if (!ret && !next.regular) {
		close(next.fd);
		ret = driver_refuse(-EINVAL, err, sizeof(err),
				    "cannot write to \"%s\": it was a file, and is a device now",
				    f->place.path);
	}
	if (ret && ret != -EALREADY) {
		warning_set(&f->warning, "%s; it is tried again each second", err);
		f->retry_ms = time_monotonic_ms() + DRIVER_RETRY_MS;
		return ret;
	}
	if (!ret) {
		if (like && !next.size)
			take_after(next.fd, like);
		retire(f);
		file_adopt(f, &next);
		begin_at_once(f);
	}
	f->reopen = false;
	return 0;
}

bool file_is_named(const struct file *f, struct stat *ret_st)
{
	return !fstatat(f->place.dir_fd, f->place.base, ret_st, AT_SYMLINK_NOFOLLOW) &&
	       ret_st->st_dev == f->now.dev && ret_st->st_ino == f->now.ino;
}

/* If the new one cannot be opened, the old one is left with its new name, and is written to. */
int file_rotate(struct file *f)
{
	struct stat st;
	bool named = file_is_named(f, &st);
	int err = named ? rotated_rename(f->place.dir_fd, f->place.base, &f->rotated_us) : 0;

	if (err) {
		warning_set(&f->warning,
			    "cannot rename \"%s\" to rotate it: %s; it grows on, and that is tried "
			    "again each second",
			    f->place.path, strerror(-err));
		f->retry_ms = time_monotonic_ms() + DRIVER_RETRY_MS;
		return err;
	}
	err = file_reopen_now(f, named ? &st : NULL);
	if (err)
		return err;
	janitor_wake(f->janitor);
	return 0;
}

/* Until then a snapshot may come to its end. */
static int64_t interval_due_ms(const struct file *f)
{
	return f->interval_ms + (f->in_snapshot ? PATIENCE_MS : 0);
}

static void turn_over(struct file *f, int64_t now_ms)
{
	if (f->reopen && (!f->in_snapshot || now_ms >= f->reopen_by_ms))
		(void)file_reopen_now(f, NULL); /* on failure it is tried again */
	if (!f->settings.rotate_interval || now_ms < interval_due_ms(f))
		return;
	if (f->ours)
		(void)file_rotate(f); /* likewise */
	else
		f->interval_ms = now_ms + (int64_t)f->settings.rotate_interval * 1000;
}

int file_on_timer(void *ctx)
{
	struct file *f = ctx;
	int64_t now_ms = time_monotonic_ms();
	int64_t at_ms = INT64_MAX;

	if (!f->now.regular)
		return DRIVER_NEVER;
	if (file_is_between_lines(f) && now_ms >= f->retry_ms)
		turn_over(f, now_ms);
	if (f->reopen)
		at_ms = f->reopen_by_ms;
	if (f->settings.rotate_interval && interval_due_ms(f) < at_ms)
		at_ms = interval_due_ms(f);
	if (at_ms == INT64_MAX)
		return DRIVER_NEVER;
	if (at_ms < f->retry_ms)
		at_ms = f->retry_ms;
	if (at_ms <= now_ms) /* the rest of a line comes before it */
		return DRIVER_RETRY_MS;
	return at_ms - now_ms < INT_MAX ? (int)(at_ms - now_ms) : INT_MAX;
}

void file_reopen(void *ctx)
{
	struct file *f = ctx;

	if (f->now.regular && !f->reopen) {
		f->reopen = true;
		f->reopen_by_ms = time_monotonic_ms() + PATIENCE_MS;
	}
}
