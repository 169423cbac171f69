// SPDX-License-Identifier: BSD-2-Clause
#include "app/loop_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "app/log.h"

#define PACKETS_A_TURN 8192 /* then the other fds have their turn (TRAPS A20) */
#define SOURCES_A_STEP 4096
#define STOP_MS	       5000 /* from the signal to the exit, whatever the outputs do */
#define METRICS_MS     250 /* of these, for the last metrics file, when the outputs have ended */

enum {
	EVENT_PACKETS,
	EVENT_SIGNAL,
	EVENT_INTERVAL,
	EVENT_DURATION,
	EVENT_SINKS,
	EVENT_WATCHDOG,
};

static int64_t monotonic_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void loop_hurry(struct loop *l)
{
	if (l->deadline_ms == LOOP_NO_DEADLINE)
		l->deadline_ms = monotonic_ms() + STOP_MS;
}

void loop_stop(struct loop *l, const char *reason, int exit_code)
{
	if (!l->options->read)
		loop_hurry(l);
	if (l->stop_reason)
		return;
	l->stop_reason = reason;
	l->exit_code = exit_code;
}

void loop_check(struct loop *l, int err, const char *what)
{
	if (err >= 0)
		return;
	log_error("%s: %s", what,
		  xdptail_reason(l->handle)[0] ? xdptail_reason(l->handle) : strerror(-err));
	l->failed = true;
	loop_stop(l, "failed", EXIT_CODE_FAILED);
	if (l->exit_code == EXIT_CODE_DONE) /* it was ending well, until now */
		l->exit_code = EXIT_CODE_FAILED;
}

static void signal_set(sigset_t *ret)
{
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGINT);
	(void)sigaddset(ret, SIGTERM);
	(void)sigaddset(ret, SIGHUP);
	(void)sigaddset(ret, SIGUSR1);
}

void loop_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* a closed pipe and a file size limit are errors of write(2), not ends of the process */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

static int watch(struct loop *l, int fd, uint64_t event)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = event };

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* A timer that is started when the run starts. 0 seconds: never. */
static int start_timer(int fd, uint32_t seconds, bool repeat)
{
	struct itimerspec its = { .it_value.tv_sec = seconds };

	if (repeat)
		its.it_interval = its.it_value;
	return timerfd_settime(fd, 0, &its, NULL) ? -errno : 0;
}

/* The first signal ends the run in order; a second one, while that lasts, at once. The kernel then
 * takes the program off the interface.
 */
static void unblock_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int loop_new(struct loop **ret, struct options *o, const struct command_line *line)
{
	struct loop *l = calloc(1, sizeof(*l));
	sigset_t set;
	int err;

	if (!l)
		return -ENOMEM;
	signal_set(&set);
	l->options = o;
	l->line = line;
	l->deadline_ms = LOOP_NO_DEADLINE;
	loop_open_notify(l);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	l->interval_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->duration_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->signal_fd < 0 || l->interval_fd < 0 || l->duration_fd < 0) {
		err = -errno;
		goto fail;
	}
	err = watch(l, l->signal_fd, EVENT_SIGNAL);
	if (!err)
		err = watch(l, l->interval_fd, EVENT_INTERVAL);
	if (!err)
		err = watch(l, l->duration_fd, EVENT_DURATION);
	if (err)
		goto fail;
	*ret = l;
	return 0;

fail:
	loop_free(l);
	return err;
}

void loop_free(struct loop *l)
{
	const int *fds[] = { &l->epoll_fd, &l->signal_fd, &l->interval_fd, &l->duration_fd };

	if (!l)
		return;
	while (l->n_pending)
		sink_spec_free(&l->pending[--l->n_pending]);
	snapshot_free(&l->snapshot);
	metrics_file_free(l->metrics);
	notify_close(&l->notify);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
	}
	free(l);
}

void loop_on_clock(void *arg, int64_t step_ns)
{
	struct loop *l = arg;

	loop_check(l, report_clock(&l->report, step_ns), "cannot write a clock record");
	if (!l->options->read)
		log_warning("the clock was set: wall time stepped by %.3f s",
			    (double)step_ns / 1e9);
	else if (!l->stepped)
		log_warning(
			"the capture's time goes back by %.3f s: an interval begins there; this "
			"is said once, and clock records tell of each time",
			(double)step_ns / -1e9);
	l->stepped = true;
}

static bool has_enough(const struct loop *l)
{
	return l->options->count && l->packets >= l->options->count;
}

/* xdptail_packet_fn */
static int on_packet(void *arg, const struct xdptail_packet *packet)
{
	struct loop *l = arg;

	loop_check(l, report_packet(&l->report, packet), "cannot write a packet record");
	l->packets++;
	if (has_enough(l))
		loop_stop(l, "count", EXIT_CODE_DONE);
	return has_enough(l);
}

/* After -c the rest of the samples is thrown away, and counted as discarded. */
int loop_poll_packets(struct loop *l, unsigned int max)
{
	xdptail_packet_fn fn = has_enough(l) ? NULL : on_packet;
	int n = xdptail_poll(l->handle, 0, max, fn, l);

	if (n == -EBADMSG && l->options->read) { /* all before that place is accounted for */
		log_error("cannot read the capture: %s", xdptail_reason(l->handle));
		loop_stop(l, "cannot read the capture", EXIT_CODE_FAILED);
	} else if (n < 0 && n != -EINTR) {
		loop_check(l, n, "cannot read packets");
	}
	return n;
}

/* One interval after the other: the next is closed when the last is written. */
void loop_begin_counts(struct loop *l)
{
	int err;

	if (!l->handle) /* a signal, before there is anything to count */
		return;
	l->again = l->counting || snapshot_is_busy(&l->snapshot);
	if (l->again)
		return;
	err = xdptail_counts_begin(l->handle);
	loop_check(l, err, "cannot take the counts");
	l->counting = !err;
}

static void step_counts(struct loop *l)
{
	struct xdptail_counts *counts;
	int done = xdptail_counts_step(l->handle, SOURCES_A_STEP, &counts);

	loop_check(l, done, "cannot take the counts");
	if (done)
		l->counting = false;
	if (done > 0)
		loop_check(l, snapshot_begin(&l->snapshot, &l->report, counts, l->options->top),
			   "cannot write a snapshot");
}

void loop_step_snapshot(struct loop *l, bool hurry)
{
	int done = 0;

	if (l->counting) {
		step_counts(l);
	} else if (snapshot_is_busy(&l->snapshot)) {
		done = snapshot_step(&l->snapshot, &l->report, hurry);
		loop_check(l, done, "cannot write a snapshot");
		if (done < 0)
			snapshot_free(&l->snapshot);
		if (done > 0) {
			loop_tell_figures(l);
			loop_snapshot_done(l);
		}
	}
	if (done > 0 && l->again)
		loop_begin_counts(l);
}

bool loop_is_counting(const struct loop *l)
{
	return l->counting || snapshot_is_busy(&l->snapshot);
}

/* Files may have been renamed. */
static void on_hangup(struct loop *l)
{
	if (!l->sinks || l->stop_reason)
		return;
	loop_tell_reloading(l);
	sinks_flush(l->sinks);
	sinks_reopen(l->sinks);
	log_notice("SIGHUP: files are opened anew");
	if (l->options->config)
		loop_reload(l);
	loop_tell_ready(l);
}

static void on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			loop_begin_counts(l);
			continue;
		}
		if (info.ssi_signo == SIGHUP) {
			on_hangup(l);
			continue;
		}
		l->signalled = true;
		loop_hurry(l);
		if (info.ssi_signo == SIGTERM)
			loop_stop(l, "SIGTERM", EXIT_CODE_DONE);
		else
			loop_stop(l, "SIGINT", EXIT_CODE_DONE);
	}
}

static void on_timer(int fd)
{
	uint64_t ticks;

	(void)!read(fd, &ticks, sizeof(ticks)); /* how many does not matter */
}

static void dispatch(struct loop *l, uint64_t event)
{
	switch (event) {
	case EVENT_PACKETS:
		(void)loop_poll_packets(l, PACKETS_A_TURN);
		break;
	case EVENT_SIGNAL:
		on_signal(l);
		break;
	case EVENT_INTERVAL:
		on_timer(l->interval_fd);
		loop_begin_counts(l);
		break;
	case EVENT_DURATION:
		on_timer(l->duration_fd);
		loop_stop(l, "duration", EXIT_CODE_DONE);
		break;
	case EVENT_SINKS:
		loop_look_at_outputs(l);
		break;
	case EVENT_WATCHDOG:
		on_timer(l->notify.watchdog_fd);
		loop_feed_watchdog(l);
		break;
	default:
		break;
	}
}

static void run(struct loop *l)
{
	struct epoll_event events[8];
	bool changing = false;

	while (!l->stop_reason) {
		int changing_ms = changing ? LOOP_LEAVE_MS : -1;
		int n = epoll_wait(l->epoll_fd, events, 8,
				   loop_is_counting(l) ? LOOP_STEP_MS : changing_ms);

		if (n < 0 && errno != EINTR)
			loop_check(l, -errno, "cannot wait for events");
		for (int i = 0; i < n; i++)
			dispatch(l, events[i].data.u64);
		loop_step_snapshot(l, false);
		changing = loop_change_outputs(l);
		sinks_flush(l->sinks);
		loop_check_outputs(l);
		notify_retry(&l->notify);
	}
}

void loop_look_around(struct loop *l, int wait_ms)
{
	struct epoll_event events[8];
	int n;

	notify_retry(&l->notify);
	if (l->sinks) {
		sinks_flush(l->sinks);
		(void)loop_change_outputs(l); /* it looks often enough as it is */
	}
	n = epoll_wait(l->epoll_fd, events, 8, wait_ms);
	for (int i = 0; i < n; i++)
		dispatch(l, events[i].data.u64);
	if (l->sinks)
		loop_check_outputs(l);
}

/* Take the interval to its end, with the ring drained as far as it needs, and write it. */
static void finish_counts(struct loop *l)
{
	while (loop_is_counting(l) && monotonic_ms() < l->deadline_ms) {
		if (l->options->read)
			loop_wait_for_room(l);
		else
			(void)loop_poll_packets(l, PACKETS_A_TURN);
		loop_step_snapshot(l, monotonic_ms() > l->deadline_ms - STOP_MS / 2);
		sinks_flush(l->sinks);
	}
}

/* Detach, and close the books: the interval under way if any, then the last one. */
static void close_stream(struct loop *l)
{
	if (!l->options->read)
		loop_check(l, xdptail_detach(l->handle, NULL), "cannot detach");
	l->again = false;
	finish_counts(l);
	loop_begin_counts(l);
	finish_counts(l);
	if (loop_is_counting(l))
		loop_check(l, -ETIMEDOUT, "cannot write the last snapshot in time");
	loop_check(l, report_stop(&l->report, l->stop_reason, l->exit_code, !l->failed),
		   "cannot write the stop record");
	sinks_flush(l->sinks);
}

/* Wait for the outputs, but not for ever. */
static void close_outputs(struct loop *l)
{
	uint64_t unwritten;
	int64_t left;

	if (l->options->read)
		loop_wait_for_outputs(l);
	loop_hurry(l);
	left = l->deadline_ms - monotonic_ms() - (l->metrics ? METRICS_MS : 0);
	unwritten = sinks_finish(l->sinks, left > 0 ? (int)left : 0);
	loop_check_warnings(l);
	if (l->exit_code != EXIT_CODE_OUTPUT)
		loop_log_drops(l);
	if (unwritten && l->exit_code != EXIT_CODE_OUTPUT)
		log_error("%" PRIu64 " lines could not be written before the end", unwritten);
	if (unwritten && l->exit_code == EXIT_CODE_DONE)
		l->exit_code = EXIT_CODE_FAILED;
	loop_check_ends(l);
}

int loop_set_interval(struct loop *l)
{
	if (l->options->read) /* its clock is its own */
		return 0;
	return start_timer(l->interval_fd, l->options->interval_s, true);
}

static int start(struct loop *l)
{
	int err = watch(l, sinks_fd(l->sinks), EVENT_SINKS);

	if (!err && l->notify.watchdog_fd >= 0)
		err = watch(l, l->notify.watchdog_fd, EVENT_WATCHDOG);
	if (err || l->options->read) /* its clock is its own, and it is always ready */
		return err;
	err = watch(l, xdptail_fd(l->handle), EVENT_PACKETS);
	if (!err)
		err = loop_set_interval(l);
	if (!err)
		err = start_timer(l->duration_fd, l->options->duration_s, false);
	return err;
}

/* sinks_clock_fn */
static uint64_t time_of(const void *handle)
{
	return xdptail_time(handle);
}

int loop_run(struct loop *l, struct xdptail *handle, struct line_writer *writer,
	     struct sinks *sinks, const struct privileges_user *user)
{
	int64_t left;
	int err;

	l->handle = handle;
	l->sinks = sinks;
	sinks_set_clock(sinks, time_of, handle);
	report_init(&l->report, writer, sinks, handle);
	loop_log_setup(l);
	if (l->options->read)
		l->attached = true;
	else
		loop_attach(l);
	loop_drop_privileges(l, user);
	loop_start_metrics(l);
	loop_check(l, report_start(&l->report, l->options), "cannot write the start record");
	loop_write_metrics(l);
	loop_check(l, start(l), "cannot watch for events");
	err = sinks_start(sinks);
	loop_check(l, err, "cannot start the outputs");
	if (err) /* a capture would wait for ever for what nobody writes */
		loop_hurry(l);
	sinks_flush(sinks);
	if (!l->stop_reason)
		loop_tell_ready(l);
	if (!l->stop_reason && l->options->read)
		loop_run_capture(l);
	else if (!l->stop_reason)
		run(l);
	if (l->signalled)
		unblock_signals();
	loop_tell_stopping(l);
	close_stream(l);
	close_outputs(l);
	left = l->deadline_ms - monotonic_ms();
	loop_end_metrics(l, left > 0 ? (int)left : 0);
	if (l->attached && l->exit_code != EXIT_CODE_OUTPUT)
		report_summary(&l->report);
	return l->exit_code;
}
