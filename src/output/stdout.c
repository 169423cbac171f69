// SPDX-License-Identifier: BSD-2-Clause
#include "output/stdout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/journal_limit.h"

#define PIPE_DEFAULT (64 << 10)
#define PIPE_BYTES   (256 << 10) /* pipe size; a larger one is no faster */

struct stdout_output {
	int fd; /* owned */
	bool regular;
	bool socket;
	bool journal; /* systemd has connected stdout to the journal */
	struct journal_limit limit;
};

static int stdout_write(void *ctx, struct queue *queue)
{
	struct stdout_output *o = ctx;
	struct queue_counts before, after;
	int ret;

	queue_counts(queue, &before);
	ret = driver_write_run(o->fd, o->socket, queue);
	queue_counts(queue, &after);
	if (o->journal)
		journal_limit_count(&o->limit, after.written - before.written, time_monotonic_ms());
	return ret;
}

/* A file that stdout is redirected to can run out of space like any other file. */
static enum driver_outcome stdout_outcome(void *ctx, int error)
{
	(void)ctx;
	return driver_is_transient(error) ? DRIVER_DROP : DRIVER_ENDS;
}

static int stdout_fd(const void *ctx)
{
	const struct stdout_output *o = ctx;

	return o->fd;
}

static int stdout_finish(void *ctx)
{
	const struct stdout_output *o = ctx;

	/* EINVAL: this file system cannot sync */
	return o->regular && fdatasync(o->fd) && errno != EINVAL ? -errno : 0;
}

static const char *stdout_warning(const void *ctx, unsigned int n)
{
	const struct stdout_output *o = ctx;

	return n ? NULL : journal_limit_warning(&o->limit);
}

static void stdout_close(void *ctx)
{
	struct stdout_output *o = ctx;

	if (o->fd >= 0)
		close(o->fd);
	free(o);
}

static const struct driver_ops stdout_ops = {
	.write = stdout_write,
	.outcome = stdout_outcome,
	.fd = stdout_fd,
	.finish = stdout_finish,
	.warning = stdout_warning,
	.close = stdout_close,
};

/* Returns whether stdout is still the stream to the journal that systemd opened, and was not
 * redirected since: systemd.exec(5).
 */
static bool is_journal_stream(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[48]; /* two numbers */

	(void)snprintf(own, sizeof(own), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st->st_dev,
		       (uintmax_t)st->st_ino);
	return stream && !strcmp(stream, own);
}

/* The file description of stdout is shared with the shell and its other children, so it is never
 * made non-blocking. But a pipe can be opened again, which gives the output a description of its
 * own: a writer that never blocks in write(2) can be stopped, and knows what the reader received.
 * If opening is not permitted, writes block.
 */
static int open_stdout(struct stdout_output *o, struct reason *why)
{
	struct stat st;
	int own;

	o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (o->fd < 0 || fstat(o->fd, &st))
		return reason_set(why, -errno,
				  "cannot write to stdout: %s; redirect it, or use file:PATH",
				  errno == EBADF ? "it is closed" : strerror(errno));
	if ((fcntl(o->fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return reason_set(
			why, -EBADF,
			"cannot write to stdout: it is closed or read-only; redirect it, or use "
			"file:PATH");
	o->regular = S_ISREG(st.st_mode);
	o->socket = S_ISSOCK(st.st_mode);
	o->journal = is_journal_stream(&st);
	if (!S_ISFIFO(st.st_mode))
		return 0;
	own = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (own < 0)
		return 0;
	close(o->fd);
	o->fd = own;
	/* A larger pipe needs fewer context switches; if the size is not the default, somebody
	 * chose it.
	 */
	if (fcntl(own, F_GETPIPE_SZ) == PIPE_DEFAULT)
		/* best effort: the user's limit may be reached */
		(void)fcntl(own, F_SETPIPE_SZ, PIPE_BYTES);
	return 0;
}

static int stdout_open(struct driver *ret, const char *target, const void *settings, bool replaces,
		       struct reason *why)
{
	struct stdout_output *o = calloc(1, sizeof(*o));
	int error;

	(void)target;
	(void)settings;
	(void)replaces; /* two instances can be open at a time */
	if (!o)
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	o->fd = -1;
	error = open_stdout(o, why);
	if (error) {
		stdout_close(o);
		return error;
	}
	*ret = (struct driver){
		.ops = &stdout_ops,
		.ctx = o,
		.retry_ms = DRIVER_RETRY_MS,
		.retry_max_ms = DRIVER_RETRY_MS,
	};
	return 0;
}

const struct output_kind stdout_kind = {
	.name = "stdout",
	.continues_partial = true,
	.open = stdout_open,
};
