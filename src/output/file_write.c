// SPDX-License-Identifier: BSD-2-Clause
/* Writing to the current file: the newline that ends a partial last line, the header, lines. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/file_internal.h"
#include "output/file_lock.h"

/* bytes per write: enough to hide its cost, and soon freed again */
#define RUN_BYTES (256U << 10)
#define BIT(type) (1U << (type))

/* Save the last start record, which describes the present settings. It is the last line of the run
 * of lines.
 */
static void save_start(struct file_output *f, const char *text, size_t len)
{
	const char *newline = memrchr(text, '\n', len - 1);
	const char *start = newline ? newline + 1 : text;

	if (f->partial_line && !newline) /* the rest of a start record */
		return;
	f->start_len = len - (size_t)(start - text);
	memcpy(f->start, start, f->start_len);
}

/* Try again to take the lock, which a reader's lock had prevented. */
static void retry_lock(struct file_output *f)
{
	int err = file_lock_take(f->current.fd);

	f->current.unlocked = err == -EAGAIN;
	if (err == -EBUSY)
		warning_set(
			&f->warning,
			"another process also writes to \"%s\", so lines may be mixed up; use a "
			"file for each process",
			f->location.path);
}

/* Check what others have done to the file: deleted, truncated or unlocked it. */
static void check_file(struct file_output *f)
{
	struct stat st, named;

	if (f->current.unlocked)
		retry_lock(f);
	if (fstat(f->current.fd, &st))
		return;
	f->deleted = st.st_nlink == 0 && !file_is_named(f, &named);
	if (!st.st_size && f->current.size && !f->partial_line) {
		file_reset_state(f);
		f->current.ends_partial = false;
	}
	f->current.size = (uint64_t)st.st_size;
}

/* Reopen the file, and give up on a partial line, if the file was deleted or the deadline for
 * reopening has passed.
 */
static int reopen_if_overdue(struct file_output *f, struct queue *queue)
{
	bool late = f->reopen_requested && !file_is_between_lines(f) &&
		    time_monotonic_ms() >= f->reopen_deadline_ms;

	if (!f->deleted && !late)
		return 0;
	if (f->partial_line)
		queue_drop_partial(queue);
	f->current.ends_partial = f->current.ends_partial || !file_is_between_lines(f);
	f->partial_line = false;
	f->header_written = f->header_len;
	return file_reopen_now(f, NULL);
}

static bool needs_header(const struct file_output *f, const struct queue *queue)
{
	struct queue_line line;

	return !f->has_start && f->start_len && file_is_between_lines(f) &&
	       queue_lines(queue, &line, 1) == 1 && line.type != RECORD_START;
}

void file_make_header(struct file_output *f)
{
	f->header_written = f->header_len = 0;
	/* This fails for a text that is no start record; the file then has no header. */
	(void)record_repeat(f->start, f->start_len, time_wall_ns(), f->n_files, f->header,
			    &f->header_len);
	f->has_start = f->start_seen = true;
}

/* Write bytes that the counts of the output do not include. Returns how many, or -errno. */
static ssize_t write_uncounted(struct file_output *f, const char *text, size_t len)
{
	ssize_t n = write(f->current.fd, text, len);

	if (n <= 0)
		return n ? -errno : -EIO;
	f->current.size += (uint64_t)n;
	return n;
}

static int write_newline(struct file_output *f)
{
	ssize_t n = write_uncounted(f, "\n", 1);

	if (n < 0)
		return (int)n;
	f->current.ends_partial = false;
	return 0;
}

int file_write_header(struct file_output *f)
{
	ssize_t n = write_uncounted(f, f->header + f->header_written,
				    f->header_len - f->header_written);

	if (n < 0)
		return (int)n;
	f->header_written += (size_t)n;
	return 0;
}

/* The number of bytes until the rotation. A snapshot in progress may exceed the limit by as much
 * again.
 */
static size_t bytes_left(const struct file_output *f)
{
	uint64_t limit = f->settings.rotate_size * (f->in_snapshot ? 2 : 1);

	if (!limit || time_monotonic_ms() < f->retry_ms)
		return SIZE_MAX;
	return limit > f->current.size ? limit - f->current.size : 0;
}

static void note_written(struct file_output *f, size_t n, size_t len, unsigned int types)
{
	f->current.size += n;
	f->has_records = true;
	if (types & BIT(RECORD_START))
		f->has_start = f->start_seen = true;
	if (types & BIT(RECORD_COUNT))
		f->in_snapshot = true;
	if (n < len || !(types & BIT(RECORD_SNAPSHOT)))
		return;
	f->in_snapshot = false;
	if (f->settings.fsync == FILE_FSYNC_SNAPSHOT && f->current.regular)
		file_sync(f);
}

static int write_lines(struct file_output *f, struct queue *queue)
{
	size_t left = bytes_left(f);
	unsigned int types = 0;
	const char *text;
	size_t len = queue_run_until(queue, left < RUN_BYTES ? left : RUN_BYTES,
				     BIT(RECORD_SNAPSHOT) | BIT(RECORD_START), &text, &types);
	ssize_t n;

	if (len > left && !f->partial_line && !file_rotate(f))
		return 0;
	if (types & BIT(RECORD_START))
		save_start(f, text, len);
	n = write(f->current.fd, text, len);
	if (n <= 0)
		return n ? -errno : -EIO;
	f->partial_line = text[n - 1] != '\n';
	queue_written(queue, (size_t)n);
	note_written(f, (size_t)n, len, types);
	return 0;
}

/* Write one part at a time, in the order of the file. */
int file_write(void *ctx, struct queue *queue)
{
	struct file_output *f = ctx;
	int err;

	if (f->janitor && !f->janitor_woken)
		/* an earlier run may have left files to compress or delete */
		janitor_wake(f->janitor);
	f->janitor_woken = true;
	if (!f->current.regular)
		return write_lines(f, queue);
	check_file(f);
	err = reopen_if_overdue(f, queue);
	if (err && f->deleted)
		return err;
	if (!queue_waiting(queue))
		return 0;
	if (f->current.ends_partial)
		return write_newline(f);
	if (needs_header(f, queue))
		file_make_header(f);
	if (f->header_written < f->header_len)
		return file_write_header(f);
	return write_lines(f, queue);
}
