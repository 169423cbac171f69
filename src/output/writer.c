// SPDX-License-Identifier: BSD-2-Clause
#include "output/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

struct writer {
	struct driver driver; /* owned */
	struct queue *queue; /* borrowed */
	struct writer_plan plan;
	int wake_fd; /* owned; eventfd: check the queue, stop and reopen */
	int ended_fd; /* owned; eventfd: the thread has ended */
	int failed_fd; /* owned; duplicate of an eventfd that all outputs share */
	bool started;
	bool starts_held;
	bool waits_for_fd; /* write() would block: wait for the driver's fd */
	bool rest_abandoned; /* stopping, and the rest cannot be written: do not retry */
	unsigned int failures; /* consecutive */
	int64_t failing_since_ms; /* monotonic: first of these failures */
	int64_t retry_at_ms; /* monotonic: next attempt */
	pthread_t thread;
	atomic_bool asleep; /* the thread is in poll() or about to call it, and wants to be woken */
	atomic_bool reopen;
	atomic_bool held;
	atomic_int failing; /* 0, or the -errno of the last attempt */
	atomic_bool gave_up;
	atomic_int stop; /* enum writer_stop */
	atomic_int error;
};

static void signal_fd(int fd)
{
	const uint64_t one = 1;
	/* It can fail only if the counter is full, and then the fd is readable as well. */
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;
}

static void end_with_error(struct writer *w, int error)
{
	/* release: a thread that sees the error sees the final counts */
	atomic_store_explicit(&w->error, error, memory_order_release);
	signal_fd(w->failed_fd);
}

static int retry_delay_ms(const struct writer *w)
{
	int delay = w->driver.retry_ms;

	for (unsigned int i = 1; i < w->failures && delay < w->driver.retry_max_ms; i++)
		delay *= 2;
	return delay < w->driver.retry_max_ms ? delay : w->driver.retry_max_ms;
}

/* Drop the queued lines. When finishing they stay in the queue instead, to be reported as
 * unwritten.
 */
static void drop_waiting(struct writer *w)
{
	if (atomic_load(&w->stop) == WRITER_FINISH)
		w->rest_abandoned = true;
	else
		queue_drop(w->queue);
}

/* Handle an error of the driver, other than EAGAIN and EINTR. */
static void note_failure(struct writer *w, int error)
{
	enum driver_outcome outcome = w->driver.ops->outcome(w->driver.ctx, error);
	int64_t now_ms = time_monotonic_ms();

	w->waits_for_fd = false;
	if (outcome == DRIVER_ENDS) {
		end_with_error(w, error);
		return;
	}
	atomic_store_explicit(&w->failing, error, memory_order_relaxed);
	if (outcome == DRIVER_DROP && !w->plan.keep_on_failure)
		drop_waiting(w);
	if (!w->failures++)
		w->failing_since_ms = now_ms;
	w->retry_at_ms = now_ms + retry_delay_ms(w);
}

static void note_success(struct writer *w)
{
	w->failures = 0;
	w->retry_at_ms = 0;
	w->waits_for_fd = false;
	atomic_store_explicit(&w->failing, 0, memory_order_relaxed);
}

static void check_driver(struct writer *w, short revents)
{
	const struct driver *d = &w->driver;
	int error = -EPIPE;

	if (revents & POLLOUT)
		w->waits_for_fd = false;
	if (revents & POLLNVAL) {
		end_with_error(w, -EBADF);
		return;
	}
	if (!(revents & (POLLERR | POLLHUP | POLLRDHUP)))
		return;
	if (d->ops->error)
		error = d->ops->error(d->ctx);
	if (error)
		note_failure(w, error);
	else
		w->waits_for_fd = false;
}

/* Wait for the driver's fd, an error of it, a wakeup, or the timeout. Between two attempts the fd
 * is ignored, because it reports nothing new.
 */
static void wait_for_events(struct writer *w, int timeout_ms)
{
	const struct driver *d = &w->driver;
	short events = (short)(d->hangup | (w->waits_for_fd ? POLLOUT : 0));
	bool between_tries = w->failures && !w->waits_for_fd;
	struct pollfd fds[] = {
		{ .fd = between_tries ? -1 : d->ops->fd(d->ctx), .events = events },
		{ .fd = w->wake_fd, .events = POLLIN },
	};
	uint64_t woken;
	ssize_t n;

	if (poll(fds, 2, timeout_ms) <= 0)
		return;
	if (fds[1].revents) {
		n = read(w->wake_fd, &woken, sizeof(woken));
		(void)n; /* non-blocking, and only read to be cleared */
	}
	if (fds[0].revents)
		check_driver(w, fds[0].revents);
}

/* The counterpart of writer_wake(). Either the producer, which publishes and then reads asleep,
 * sees it set, or this thread, which sets it and then reads what is published, sees the lines: all
 * four accesses are sequentially consistent, so one of the two stores precedes both loads.
 */
static void wait_for_lines(struct writer *w, int timeout_ms)
{
	atomic_store_explicit(&w->asleep, true, memory_order_seq_cst);
	if (!queue_waiting(w->queue))
		wait_for_events(w, timeout_ms);
	atomic_store_explicit(&w->asleep, false, memory_order_relaxed);
}

/* Have the driver do what is due. Returns the milliseconds until on_timer() has to be called again,
 * or DRIVER_NEVER.
 */
static int run_timer(struct writer *w)
{
	const struct driver *d = &w->driver;

	if (atomic_exchange(&w->reopen, false) && d->ops->reopen)
		d->ops->reopen(d->ctx);
	return d->ops->on_timer ? d->ops->on_timer(d->ctx) : DRIVER_NEVER;
}

static int earlier_ms(int a_ms, int b_ms)
{
	if (a_ms < 0)
		return b_ms;
	return b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

/* The milliseconds until a failing output is given up, or DRIVER_NEVER. */
static int patience_left(const struct writer *w)
{
	int64_t left_ms = w->failing_since_ms + w->plan.patience_ms - time_monotonic_ms();

	if (!w->failures || !w->plan.patience_ms)
		return DRIVER_NEVER;
	if (left_ms < 0)
		left_ms = 0;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static void give_up(struct writer *w)
{
	atomic_store_explicit(&w->gave_up, true,
			      /* stored before the error, which makes it visible */
			      memory_order_relaxed);
	end_with_error(w, atomic_load_explicit(&w->failing, memory_order_relaxed));
}

static void write_some(struct writer *w)
{
	int err = w->driver.ops->write(w->driver.ctx, w->queue);

	if (!err)
		note_success(w);
	else if (err == -EAGAIN)
		w->waits_for_fd = true;
	else if (err != -EINTR)
		note_failure(w, err);
}

/* Do the next step. False: there is nothing more to do. */
static bool writer_step(struct writer *w)
{
	/* Read it before the queue: all lines were published before WRITER_FINISH was stored. */
	int stop = atomic_load(&w->stop);
	int timer_ms, retry_ms, patience_ms;

	if (stop == WRITER_GIVE_UP || w->rest_abandoned)
		return false;
	timer_ms = run_timer(w);
	if (!queue_waiting(w->queue)) {
		if (stop == WRITER_FINISH)
			return false;
		wait_for_lines(w, timer_ms);
		return true;
	}
	patience_ms = patience_left(w);
	retry_ms = w->failures ? (int)(w->retry_at_ms - time_monotonic_ms()) : 0;
	if (!patience_ms)
		give_up(w);
	else if (retry_ms > 0)
		wait_for_events(w, earlier_ms(earlier_ms(timer_ms, retry_ms), patience_ms));
	else if (w->waits_for_fd)
		wait_for_events(w, earlier_ms(timer_ms, patience_ms));
	else
		write_some(w);
	return true;
}

/* 0: released; -ECANCELED: stopped before. */
static int wait_released(struct writer *w)
{
	struct pollfd wake = { .fd = w->wake_fd, .events = POLLIN };
	uint64_t woken;

	while (atomic_load(&w->held)) {
		if (atomic_load(&w->stop) != WRITER_RUN)
			return -ECANCELED;
		if (poll(&wake, 1, -1) == 1)
			(void)!read(w->wake_fd, &woken, sizeof(woken)); /* only to be cleared */
	}
	return 0;
}

static int take_over_place(struct writer *w)
{
	const struct driver *d = &w->driver;
	int err = wait_released(w);

	return !err && w->starts_held && d->ops->take_over ? d->ops->take_over(d->ctx) : err;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	const struct driver *d = &w->driver;
	int err;

	/* best effort: a name for top -H */
	(void)pthread_setname_np(pthread_self(), "xdptail-writer");
	err = take_over_place(w);
	if (err)
		end_with_error(w, err);
	while (!atomic_load_explicit(&w->error, memory_order_relaxed) && writer_step(w))
		;
	if (d->ops->finish && !atomic_load(&w->error) && atomic_load(&w->stop) == WRITER_FINISH)
		err = d->ops->finish(d->ctx);
	if (err && !atomic_load(&w->error))
		end_with_error(w, err);
	signal_fd(w->ended_fd);
	return NULL;
}

void writer_release(struct writer *w)
{
	atomic_store(&w->held, false);
	signal_fd(w->wake_fd);
}

/* It makes a system call only if the thread sleeps, and then only one. */
void writer_wake(struct writer *w)
{
	if (atomic_load_explicit(&w->asleep, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&w->asleep, false, memory_order_relaxed))
		signal_fd(w->wake_fd);
}

int writer_error(const struct writer *w)
{
	return atomic_load_explicit(&w->error, memory_order_acquire);
}

bool writer_gave_up(const struct writer *w)
{
	return atomic_load_explicit(&w->gave_up, memory_order_relaxed);
}

int writer_failing(const struct writer *w)
{
	return atomic_load_explicit(&w->failing, memory_order_relaxed);
}

void writer_reopen(struct writer *w)
{
	atomic_store(&w->reopen, true);
	signal_fd(w->wake_fd);
}

const char *writer_warning(const struct writer *w, unsigned int n)
{
	const struct driver *d = &w->driver;

	return d->ops->warning ? d->ops->warning(d->ctx, n) : NULL;
}

uint64_t writer_disconnects(const struct writer *w)
{
	const struct driver *d = &w->driver;

	return d->ops->disconnects ? d->ops->disconnects(d->ctx) : 0;
}

/* A writer that was never started has no thread that would signal its end. */
void writer_stop(struct writer *w, enum writer_stop how)
{
	atomic_store(&w->stop, (int)how);
	signal_fd(w->wake_fd);
	if (!w->started)
		signal_fd(w->ended_fd);
}

int writer_ended_fd(const struct writer *w)
{
	return w->ended_fd;
}

/* All signals are blocked in the thread: the calling thread handles them. */
int writer_start(struct writer *w, bool held)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	ret = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (ret)
		return -ret;
	w->starts_held = held;
	atomic_store(&w->held, held);
	ret = pthread_create(&w->thread, NULL, writer_main, w);
	w->started = ret == 0;
	/* fails only for an invalid first argument */
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -ret;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Free a writer whose thread has ended, or was never started. */
static void destroy_writer(struct writer *w)
{
	w->driver.ops->close(w->driver.ctx);
	close_fd(w->wake_fd);
	close_fd(w->ended_fd);
	close_fd(w->failed_fd);
	free(w);
}

static int open_events(struct writer *w, int failed_fd)
{
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->failed_fd = fcntl(failed_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return w->wake_fd < 0 || w->ended_fd < 0 || w->failed_fd < 0 ? -errno : 0;
}

int writer_new(struct writer **ret, const struct driver *driver, struct queue *queue, int failed_fd,
	       const struct writer_plan *plan)
{
	struct writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w) {
		driver->ops->close(driver->ctx);
		return -ENOMEM;
	}
	w->driver = *driver;
	w->queue = queue;
	w->plan = *plan;
	w->wake_fd = w->ended_fd = w->failed_fd = -1;
	err = open_events(w, failed_fd);
	if (err) {
		destroy_writer(w);
		return err;
	}
	*ret = w;
	return 0;
}

int writer_free(struct writer *w)
{
	struct pollfd ended = { .fd = w->ended_fd, .events = POLLIN };

	if (w->started) {
		if (poll(&ended, 1, 0) != 1)
			return -EBUSY;
		(void)pthread_join(w->thread, NULL); /* does not block: the thread is returning */
	}
	destroy_writer(w);
	return 0;
}
