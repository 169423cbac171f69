// SPDX-License-Identifier: BSD-2-Clause
/* What comes next in a file: the end of a line that was torn, a head, lines. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/file_internal.h"
#include "output/file_lock.h"

#define RUN_BYTES (256U << 10) /* of one write: enough to hide its cost, and soon given back */
#define BIT(type) (1U << (type))

/* The last start record says how things are now; it is the last line of a run of lines. */
static void learn_start(struct file *f, const char *text, size_t len)
{
	const char *newline = memrchr(text, '\n', len - 1);
	const char *start = newline ? newline + 1 : text;

	if (f->mid_line && !newline) /* the remainder of one */
		return;
	f->start_len = len - (size_t)(start - text);
	memcpy(f->start, start, f->start_len);
}

/* A lock that a reader was in the way of. */
static void lock_late(struct file *f)
{
	int err = file_lock_take(f->now.fd);

	f->now.unlocked = err == -EAGAIN;
	if (err == -EBUSY)
		warning_set(&f->warning, "another process writes to \"%s\", too", f->place.path);
}

/* What others have done to it. */
static void look(struct file *f)
{
	struct stat st, named;

	if (f->now.unlocked)
		lock_late(f);
	if (fstat(f->now.fd, &st))
		return;
	f->deleted = st.st_nlink == 0 && !file_is_named(f, &named);
	if (!st.st_size && f->now.size && !f->mid_line) {
		file_begin(f);
		f->now.torn = false;
	}
	f->now.size = (uint64_t)st.st_size;
}

/* The remainder of a line can't hold us in a file that is gone, or that we were to leave long ago.
 */
static int leave(struct file *f, struct queue *queue)
{
	bool late =
		f->reopen && !file_is_between_lines(f) && time_monotonic_ms() >= f->reopen_by_ms;

	if (!f->deleted && !late)
		return 0;
	if (f->mid_line)
		queue_drop_partial(queue);
	f->now.torn = f->now.torn || !file_is_between_lines(f);
	f->mid_line = false;
	f->head_off = f->head_len;
	return file_reopen_now(f, NULL);
}

static bool wants_head(const struct file *f, const struct queue *queue)
{
	struct queue_line line;

	return !f->begun && f->start_len && file_is_between_lines(f) &&
	       queue_lines(queue, &line, 1) == 1 && line.type != RECORD_START;
}

void file_make_header(struct file *f)
{
	f->head_off = f->head_len = 0;
	/* It fails for what is no start record; a file can be without. */
	(void)record_repeat(f->start, f->start_len, time_wall_ns(), f->files, f->head,
			    &f->head_len);
	f->begun = f->started = true;
}

/* Bytes that no output counts. How many were written, or -errno. */
static ssize_t write_aside(struct file *f, const char *text, size_t len)
{
	ssize_t n = write(f->now.fd, text, len);

	if (n <= 0)
		return n ? -errno : -EIO;
	f->now.size += (uint64_t)n;
	return n;
}

static int write_newline(struct file *f)
{
	ssize_t n = write_aside(f, "\n", 1);

	if (n < 0)
		return (int)n;
	f->now.torn = false;
	return 0;
}

int file_write_header(struct file *f)
{
	ssize_t n = write_aside(f, f->head + f->head_off, f->head_len - f->head_off);

	if (n < 0)
		return (int)n;
	f->head_off += (size_t)n;
	return 0;
}

/* How much more it may hold. A snapshot that is under way may take as much again. */
static size_t room(const struct file *f)
{
	uint64_t limit = f->settings.rotate_size * (f->in_snapshot ? 2 : 1);

	if (!limit || time_monotonic_ms() < f->retry_ms)
		return SIZE_MAX;
	return limit > f->now.size ? limit - f->now.size : 0;
}

static void note_written(struct file *f, size_t n, size_t len, unsigned int types)
{
	f->now.size += n;
	f->ours = true;
	if (types & BIT(RECORD_START))
		f->begun = f->started = true;
	if (types & BIT(RECORD_COUNT))
		f->in_snapshot = true;
	if (n < len || !(types & BIT(RECORD_SNAPSHOT)))
		return;
	f->in_snapshot = false;
	if (f->settings.fsync == FILE_FSYNC_SNAPSHOT && f->now.regular)
		file_sync(f);
}

static int write_lines(struct file *f, struct queue *queue)
{
	size_t left = room(f);
	unsigned int types = 0;
	const char *text;
	size_t len = queue_run_until(queue, left < RUN_BYTES ? left : RUN_BYTES,
				     BIT(RECORD_SNAPSHOT) | BIT(RECORD_START), &text, &types);
	ssize_t n;

	if (len > left && !f->mid_line && !file_rotate(f))
		return 0;
	if (types & BIT(RECORD_START))
		learn_start(f, text, len);
	n = write(f->now.fd, text, len);
	if (n <= 0)
		return n ? -errno : -EIO;
	f->mid_line = text[n - 1] != '\n';
	queue_written(queue, (size_t)n);
	note_written(f, (size_t)n, len, types);
	return 0;
}

/* One thing at a time, in the order in which they belong into the file. */
int file_write(void *ctx, struct queue *queue)
{
	struct file *f = ctx;
	int err;

	if (f->janitor && !f->looked)
		janitor_wake(f->janitor); /* an earlier run may have left something to do */
	f->looked = true;
	if (!f->now.regular)
		return write_lines(f, queue);
	look(f);
	err = leave(f, queue);
	if (err && f->deleted)
		return err;
	if (!queue_waiting(queue))
		return 0;
	if (f->now.torn)
		return write_newline(f);
	if (wants_head(f, queue))
		file_make_header(f);
	if (f->head_off < f->head_len)
		return file_write_header(f);
	return write_lines(f, queue);
}
