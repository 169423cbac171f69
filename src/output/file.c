// SPDX-License-Identifier: BSD-2-Clause
#include "output/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/file_internal.h"
#include "output/rotated.h"
#include "output/setting.h"

#define ROTATE_MIN   (UINT64_C(64) << 10)
#define ROTATE_MAX   (UINT64_C(1) << 50)
#define SECONDS_MAX  (UINT64_C(400) * 86400)
#define KEEP_MAX     UINT64_C(10000)
#define SENTENCE_MAX 384

/* Lines written to a deleted file would be lost unseen, so they are dropped and counted until there
 * is a new file.
 */
static enum driver_outcome file_outcome(void *ctx, int error)
{
	const struct file_output *f = ctx;

	return f->deleted || driver_is_transient(error) ? DRIVER_DROP : DRIVER_ENDS;
}

/* If the name has come to stand for another file, the opened one is still good: the reopening comes
 * next.
 */
static int file_take_over(void *ctx)
{
	struct file_output *f = ctx;
	struct reason why = { 0 };
	struct stat st;
	int error = file_open_lock(&f->current, &f->location, &why);

	if (error)
		return error;
	file_warn_unlocked(f);
	if (f->current.regular && !file_is_named(f, &st))
		file_reopen(f);
	return 0;
}

/* There is no waiting for a file. */
static int file_fd(const void *ctx)
{
	(void)ctx;
	return -1;
}

static int file_finish(void *ctx)
{
	struct file_output *f = ctx;
	int err;

	if (!f->current.regular)
		return 0;
	file_sync(f);
	err = janitor_finish(f->janitor);
	return f->sync_error ? f->sync_error : err;
}

_Static_assert(DRIVER_WARNINGS >= 2 * WARNING_MAX, "there is a number for each");

/* The file's own warnings come first, then those of its janitor. */
static const char *file_warning(const void *ctx, unsigned int n)
{
	const struct file_output *f = ctx;

	if (n < WARNING_MAX)
		return warning_get(&f->warning, n);
	return f->janitor ? janitor_warning(f->janitor, n - WARNING_MAX) : NULL;
}

static void file_close(void *ctx)
{
	struct file_output *f = ctx;

	if (f->current.fd >= 0)
		close(f->current.fd);
	janitor_free(f->janitor);
	file_location_close(&f->location);
	free(f);
}

static const struct driver_ops file_ops = {
	.take_over = file_take_over,
	.write = file_write,
	.outcome = file_outcome,
	.fd = file_fd,
	.on_timer = file_on_timer,
	.reopen = file_reopen,
	.finish = file_finish,
	.warning = file_warning,
	.close = file_close,
};

static bool is_rotated(const struct file_settings *s)
{
	return s->rotate_size || s->rotate_interval;
}

static int check_rotation(const struct file_output *f, struct reason *why)
{
	if (!is_rotated(&f->settings))
		return 0;
	if (!f->current.regular)
		return reason_set(why, -EINVAL, "cannot rotate \"%s\": it is a device, not a file",
				  f->location.path);
	if (strlen(f->location.base) > ROTATED_BASE_MAX)
		return reason_set(
			why, -ENAMETOOLONG,
			"cannot rotate \"%s\": the name is too long to append a time to it",
			f->location.path);
	return 0;
}

static int open_file(struct file_output *f, const char *path, bool replaces, struct reason *why)
{
	struct janitor_plan plan = {
		.keep = f->settings.keep,
		.gzip = f->settings.compress == FILE_GZIP,
	};
	struct file_opened first;
	int error = file_location_open(&f->location, path, why);

	if (!error && replaces)
		error = file_open_unlocked(&first, &f->location, why);
	else if (!error)
		error = file_open_at(&first, &f->location, NULL, why);
	if (error)
		return error;
	file_switch_to(f, &first);
	error = check_rotation(f, why);
	if (error || !f->current.regular)
		return error;
	plan.dir_fd = f->location.dir_fd;
	plan.base = f->location.base;
	error = janitor_new(&f->janitor, &plan);
	if (error)
		return reason_set(why, error, "cannot set up the output \"%s\": %s", path,
				  strerror(-error));
	return 0;
}

static int file_open(struct driver *ret, const char *path, const void *settings, bool replaces,
		     struct reason *why)
{
	struct file_output *f = calloc(1, sizeof(*f));
	int error;

	if (!f)
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	f->settings = *(const struct file_settings *)settings;
	f->current.fd = f->location.dir_fd = -1;
	error = open_file(f, path, replaces, why);
	if (error) {
		file_close(f);
		return error;
	}
	*ret = (struct driver){
		.ops = &file_ops,
		.ctx = f,
		.retry_ms = DRIVER_RETRY_MS,
		.retry_max_ms = DRIVER_RETRY_MS,
	};
	return 0;
}

static int file_check_settings(const void *settings, struct reason *why)
{
	const struct file_settings *s = settings;

	if (is_rotated(s) || (!s->keep && s->compress == FILE_PLAIN))
		return 0;
	return reason_set(
		why, -EINVAL,
		"%s requires rotate_size or rotate_interval; if logrotate rotates the file, "
		"configure it there",
		s->keep ? "keep" : "compress");
}

static const struct setting_choice compress_choices[] = {
	{ "none", FILE_PLAIN },
	{ "gzip", FILE_GZIP },
	{ NULL, 0 },
};

static const struct setting_choice fsync_choices[] = {
	{ "never", FILE_FSYNC_NEVER },
	{ "snapshot", FILE_FSYNC_SNAPSHOT },
	{ NULL, 0 },
};

#define AT(member) offsetof(struct file_settings, member)
static const struct setting file_settings[] = {
	{ "rotate_size", SETTING_BYTES, AT(rotate_size), ROTATE_MIN, ROTATE_MAX, NULL, NULL },
	{ "rotate_interval", SETTING_SECONDS, AT(rotate_interval), 1, SECONDS_MAX, NULL, NULL },
	{ "keep", SETTING_NUMBER, AT(keep), 0, KEEP_MAX, NULL, NULL },
	{ "compress", SETTING_CHOICE, AT(compress), 0, 0, compress_choices, NULL },
	{ "fsync", SETTING_CHOICE, AT(fsync), 0, 0, fsync_choices, NULL },
	{ NULL, SETTING_NUMBER, 0, 0, 0, NULL, NULL },
};

const struct output_kind file_kind = {
	.name = "file",
	.target = "PATH",
	.settings = file_settings,
	.settings_size = sizeof(struct file_settings),
	.check_settings = file_check_settings,
	.open = file_open,
};
