// SPDX-License-Identifier: BSD-2-Clause
/* Rotating and reopening of output files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "output/file_internal.h"
#include "output/rotated.h"

#define BOUNDARY_WAIT_MS 1000 /* how long the end of a snapshot or of a line is waited for */
#define SENTENCE_MAX	 384

void file_reset_state(struct file_output *f)
{
	f->has_start = f->has_records = f->partial_line = f->deleted = false;
	f->header_len = f->header_written = 0;
	f->n_files++;
}

void file_warn_unlocked(struct file_output *f)
{
	if (f->current.unlocked)
		warning_set(
			&f->warning,
			"cannot lock \"%s\": a process that reads it has locked it; until it is "
			"unlocked, a second writer goes undetected",
			f->location.path);
}

void file_switch_to(struct file_output *f, const struct file_opened *next)
{
	int64_t interval = (int64_t)f->settings.rotate_interval * 1000;

	f->current = *next;
	file_warn_unlocked(f);
	file_reset_state(f);
	f->interval_end_ms = time_monotonic_ms() + interval;
}

void file_sync(struct file_output *f)
{
	/* EINVAL: this file system cannot sync */
	int err = fdatasync(f->current.fd) && errno != EINVAL ? -errno : 0;

	if (!err)
		return;
	warning_set(&f->warning, "cannot sync to disk: %s; written lines may be lost",
		    strerror(-err));
	if (!f->sync_error)
		f->sync_error = err;
}

/* Sync and close the current file. Closing releases its lock, after which the janitor may compress
 * it, so it has to be durable before.
 */
static void retire_file(struct file_output *f)
{
	if (janitor_close_file(f->janitor, f->current.fd))
		return;
	file_sync(f);
	close(f->current.fd);
}

/* Open the file by its name. The directory may have been deleted and created again, so it is
 * reopened, too.
 */
static int open_next(struct file_output *f, struct file_opened *ret, struct reason *why)
{
	int ret_open = file_open_at(ret, &f->location, &f->current, why);

	if (ret_open == -ENOENT && !file_location_refresh(&f->location))
		ret_open = file_open_at(ret, &f->location, &f->current, why);
	return ret_open;
}

/* Copy owner and mode to the new file (best effort). */
static void copy_owner(int fd, const struct stat *like)
{
	(void)!fchown(fd, like->st_uid, like->st_gid);
	(void)!fchmod(fd, like->st_mode & 0777);
}

/* Write the header at once, so that readers do not find the file empty. file_write() retries it on
 * failure.
 */
static void write_header_now(struct file_output *f)
{
	if (!f->start_seen || f->current.ends_partial)
		return;
	file_make_header(f);
	(void)file_write_header(f);
}

int file_reopen_now(struct file_output *f, const struct stat *like)
{
	struct reason why = { 0 };
	struct file_opened next;
	int ret = open_next(f, &next, &why);

	if (!ret && !next.regular) {
		close(next.fd);
		ret = reason_set(&why, -EINVAL,
				 "cannot write to \"%s\": it was a file and is now a device",
				 f->location.path);
	}
	if (ret && ret != -EALREADY) {
		warning_set(&f->warning, "%s; retrying every second", why.text);
		f->retry_ms = time_monotonic_ms() + DRIVER_RETRY_MS;
		return ret;
	}
	if (!ret) {
		if (like && !next.size)
			copy_owner(next.fd, like);
		retire_file(f);
		file_switch_to(f, &next);
		write_header_now(f);
	}
	f->reopen_requested = false;
	return 0;
}

bool file_is_named(const struct file_output *f, struct stat *ret_st)
{
	return !fstatat(f->location.dir_fd, f->location.base, ret_st, AT_SYMLINK_NOFOLLOW) &&
	       ret_st->st_dev == f->current.dev && ret_st->st_ino == f->current.ino;
}

/* If the new file cannot be opened, the old one keeps its new name, and is written to. */
int file_rotate(struct file_output *f)
{
	struct stat st;
	bool named = file_is_named(f, &st);
	int err = named ? rotated_rename(f->location.dir_fd, f->location.base, &f->rotated_us) : 0;

	if (err) {
		warning_set(
			&f->warning,
			"cannot rename \"%s\" to rotate it: %s; the file keeps growing; retrying "
			"every second",
			f->location.path, strerror(-err));
		f->retry_ms = time_monotonic_ms() + DRIVER_RETRY_MS;
		return err;
	}
	err = file_reopen_now(f, named ? &st : NULL);
	if (err)
		return err;
	janitor_wake(f->janitor);
	return 0;
}

/* The time of the next rotation, which leaves a snapshot some time to end. */
static int64_t interval_due_ms(const struct file_output *f)
{
	return f->interval_end_ms + (f->in_snapshot ? BOUNDARY_WAIT_MS : 0);
}

static void rotate_if_due(struct file_output *f, int64_t now_ms)
{
	if (f->reopen_requested && (!f->in_snapshot || now_ms >= f->reopen_deadline_ms))
		(void)file_reopen_now(f, NULL); /* a failure is retried later */
	if (!f->settings.rotate_interval || now_ms < interval_due_ms(f))
		return;
	if (f->has_records)
		(void)file_rotate(f); /* a failure is retried later */
	else
		f->interval_end_ms = now_ms + (int64_t)f->settings.rotate_interval * 1000;
}

int file_on_timer(void *ctx)
{
	struct file_output *f = ctx;
	int64_t now_ms = time_monotonic_ms();
	int64_t at_ms = INT64_MAX;

	if (!f->current.regular)
		return DRIVER_NEVER;
	if (file_is_between_lines(f) && now_ms >= f->retry_ms)
		rotate_if_due(f, now_ms);
	if (f->reopen_requested)
		at_ms = f->reopen_deadline_ms;
	if (f->settings.rotate_interval && interval_due_ms(f) < at_ms)
		at_ms = interval_due_ms(f);
	if (at_ms == INT64_MAX)
		return DRIVER_NEVER;
	if (at_ms < f->retry_ms)
		at_ms = f->retry_ms;
	if (at_ms <= now_ms) /* a partial line has to be completed first */
		return DRIVER_RETRY_MS;
	return at_ms - now_ms < INT_MAX ? (int)(at_ms - now_ms) : INT_MAX;
}

void file_reopen(void *ctx)
{
	struct file_output *f = ctx;

	if (f->current.regular && !f->reopen_requested) {
		f->reopen_requested = true;
		f->reopen_deadline_ms = time_monotonic_ms() + BOUNDARY_WAIT_MS;
	}
}
