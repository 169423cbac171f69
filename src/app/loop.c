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
#include "base/time.h"

#define PACKETS_A_TURN 8192 /* then signals and timers have their turn, also under a flood */
/* a step, while there is something else to do that takes as long, or little CPU */
#define PACKETS_A_STEP 1024
/* a step, while packets are thrown away, which is many times as fast */
#define PACKETS_LATE   16384
#define SLOW_MS	       100 /* that a turn takes with little CPU */
#define SOURCES_A_STEP 4096
#define SOURCES_AT_END 1024 /* a step at the end, which looks at the clock more often */
#define LATE_MS	       2000 /* at least, that an interval waits for its samples */
#define EVENTS_MS      5000 /* that the wait for events may fail */
#define EVENTS_NAP_NS  1000000
#define STOP_MS	       5000 /* from the signal to the exit, whatever the outputs do */
#define HURRY_MS       2500 /* of these, from where on nothing is waited for any more */
#define CUT_MS	       2000 /* of these, for the outputs, once the counts are written */
#define METRICS_MS     250 /* of these, for the last metrics file, when the outputs have ended */

enum {
	EVENT_PACKETS,
	EVENT_SIGNAL,
	EVENT_INTERVAL,
	EVENT_DURATION,
	EVENT_OUTPUTS,
	EVENT_WATCHDOG,
};

void loop_set_deadline(struct loop *l)
{
	if (l->deadline_ms == LOOP_NO_DEADLINE)
		l->deadline_ms = time_monotonic_ms() + STOP_MS;
}

void loop_stop(struct loop *l, const char *reason, int exit_code)
{
	if (!l->options->read)
		loop_set_deadline(l);
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
	l->epoll_fd = l->signal_fd = l->interval_fd = l->duration_fd = -1;
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

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	snapshot_free(&l->snapshot);
	metrics_file_free(l->metrics);
	notify_close(&l->notify);
	close_fd(l->epoll_fd);
	close_fd(l->signal_fd);
	close_fd(l->interval_fd);
	close_fd(l->duration_fd);
	free(l);
}

void loop_on_clock(void *arg, int64_t step_ns)
{
	struct loop *l = arg;

	loop_check(l, report_clock(&l->report, step_ns), "cannot write a clock record");
	if (!l->options->read)
		log_warning("wall clock stepped by %.3f s", (double)step_ns / 1e9);
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
	l->report.enough = has_enough(l);
	if (has_enough(l))
		loop_stop(l, "count", EXIT_CODE_DONE);
	return has_enough(l);
}

static bool has_left(const struct loop *l, int64_t ms)
{
	return time_monotonic_ms() <= l->deadline_ms - ms;
}

/* The counts of an interval are not to wait for its samples for ever: who gets too little of the
 * CPU to write all that is in the ring would close no interval any more. It waits as long as it
 * lasted itself, so that a burst which the ring was made large for is written whole; what is left
 * then is thrown away unread, which is counted, and takes a hundredth of the time. At the end of a
 * run there is not so long.
 */
static bool is_late(const struct loop *l)
{
	const int64_t lasted = (int64_t)l->options->interval_s * 1000;
	const int64_t most = lasted > LATE_MS ? lasted : LATE_MS;

	if (!l->counting || l->options->read)
		return false;
	return time_monotonic_ms() - l->counting_ms > most || !has_left(l, HURRY_MS);
}

/* The interval comes first: its steps and those of the samples take turns, of about the same
 * length.
 */
static unsigned int packets_a_turn(const struct loop *l)
{
	if (is_late(l))
		return PACKETS_LATE;
	if (loop_is_counting(l) || l->stop_reason || l->slow)
		return PACKETS_A_STEP;
	return PACKETS_A_TURN;
}

/* After -c the rest of the samples is thrown away, and counted as discarded; so is what an interval
 * is late for.
 */
int loop_poll_packets(struct loop *l, unsigned int max)
{
	xdptail_packet_fn fn = has_enough(l) || is_late(l) ? NULL : on_packet;
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
	l->counting_ms = time_monotonic_ms();
}

/* Once, and then again when there was one in time. */
static void tell_late(struct loop *l)
{
	const bool late = is_late(l);

	if (late && !l->late_said)
		log_warning(
			"samples of an interval are not read in time: there is too little CPU for "
			"so many; what is left in the ring is thrown away and counted, so that "
			"the counts are not late, too (fewer: a larger --sample)");
	l->late_said = late;
}

static unsigned int sources_a_step(const struct loop *l)
{
	return l->stop_reason ? SOURCES_AT_END : SOURCES_A_STEP;
}

static void step_counts(struct loop *l)
{
	struct xdptail_counts *counts;
	int done = xdptail_counts_step(l->handle, sources_a_step(l), &counts);

	loop_check(l, done, "cannot take the counts");
	if (done > 0)
		tell_late(l);
	if (done)
		l->counting = false;
	if (done > 0)
		snapshot_begin(&l->snapshot, &l->report, counts, l->options->top);
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
			loop_notify_figures(l);
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
	if (!l->outputs || l->stop_reason)
		return;
	loop_notify_reloading(l);
	outputs_flush(l->outputs);
	outputs_reopen(l->outputs);
	log_notice("SIGHUP: reopening output files");
	if (l->options->config)
		loop_reload(l);
	loop_notify_ready(l);
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
		loop_set_deadline(l);
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

/* With little CPU a turn is made shorter, or a signal would wait for seconds. */
static void take_turn(struct loop *l)
{
	int64_t begun_ms = time_monotonic_ms();

	(void)loop_poll_packets(l, packets_a_turn(l));
	l->slow = time_monotonic_ms() - begun_ms > SLOW_MS;
}

static void dispatch(struct loop *l, uint64_t event)
{
	switch (event) {
	case EVENT_PACKETS:
		take_turn(l);
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
	case EVENT_OUTPUTS:
		loop_check_ended(l);
		break;
	case EVENT_WATCHDOG:
		on_timer(l->notify.watchdog_fd);
		loop_feed_watchdog(l);
		break;
	default:
		break;
	}
}

static bool is_passing(int err)
{
	return err == -EAGAIN || err == -EBUSY || err == -ENOMEM;
}

void loop_check_wait(struct loop *l, int err, const char *what)
{
	const struct timespec nap = { .tv_nsec = EVENTS_NAP_NS };
	int64_t now;

	if (!err || err == -EINTR) {
		l->waiting_ms = 0;
		return;
	}
	now = time_monotonic_ms();
	if (!l->waiting_ms)
		l->waiting_ms = now;
	if (!is_passing(err) || now - l->waiting_ms > EVENTS_MS)
		loop_check(l, err, what);
	(void)nanosleep(&nap, NULL); /* in place of the wait that there was not */
}

static void run_live(struct loop *l)
{
	struct epoll_event events[8];
	bool changing = false;

	while (!l->stop_reason) {
		int changing_ms = changing ? LOOP_LEAVE_MS : -1;
		int n = epoll_wait(l->epoll_fd, events, 8,
				   loop_is_counting(l) ? LOOP_STEP_MS : changing_ms);

		loop_check_wait(l, n < 0 ? -errno : 0, "cannot wait for events");
		for (int i = 0; i < n; i++)
			dispatch(l, events[i].data.u64);
		loop_step_snapshot(l, false);
		changing = loop_change_outputs(l);
		outputs_flush(l->outputs);
		loop_check_outputs(l);
		notify_retry(&l->notify);
	}
}

void loop_poll_once(struct loop *l, int wait_ms)
{
	struct epoll_event events[8];
	int n;

	notify_retry(&l->notify);
	if (l->outputs) {
		outputs_flush(l->outputs);
		(void)loop_change_outputs(l); /* it looks often enough as it is */
	}
	n = epoll_wait(l->epoll_fd, events, 8, wait_ms);
	for (int i = 0; i < n; i++)
		dispatch(l, events[i].data.u64);
	if (l->outputs)
		loop_check_outputs(l);
}

/* Take the interval to its end, with the ring drained as far as it needs, and write it. */
static void finish_counts(struct loop *l)
{
	while (loop_is_counting(l) && has_left(l, CUT_MS)) {
		if (l->options->read)
			loop_wait_for_room(l);
		else
			(void)loop_poll_packets(l, packets_a_turn(l));
		loop_step_snapshot(l, !has_left(l, HURRY_MS));
		outputs_flush(l->outputs);
	}
}

/* There is no time to go on like that: what is not written yet becomes one record, with what the
 * kernel has counted, exactly, and without a line for each source.
 */
static void cut_counts(struct loop *l)
{
	const bool more = l->counting || l->again;
	struct xdptail_counts *counts;
	int err = 0;

	if (snapshot_is_busy(&l->snapshot))
		err = snapshot_cut(&l->snapshot, &l->report);
	l->counting = false;
	l->again = false;
	if (err >= 0 && more) {
		err = xdptail_counts_finish(l->handle, &counts);
		loop_check(l, err, "cannot take the counts");
		if (err)
			return;
		snapshot_begin(&l->snapshot, &l->report, counts, l->options->top);
		err = snapshot_cut(&l->snapshot, &l->report);
	}
	loop_check(l, err, "cannot write a snapshot");
	log_warning(
		"there is too little time to end with a line of each source: the last counts are in "
		"the stream, exactly, and samples that were left are discarded");
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
		cut_counts(l);
	outputs_flush(l->outputs);
	loop_check_lost(l);
	loop_check(l, report_stop(&l->report, l->stop_reason, l->exit_code, !l->failed),
		   "cannot write the stop record");
	outputs_flush(l->outputs);
}

/* Wait for the outputs, but not for ever. */
static void close_outputs(struct loop *l)
{
	uint64_t unwritten;
	int64_t left;

	if (l->options->read)
		loop_wait_for_outputs(l);
	loop_set_deadline(l);
	loop_drop_pending(l);
	left = l->deadline_ms - time_monotonic_ms() - (l->metrics ? METRICS_MS : 0) -
	       OUTPUT_FREE_MS;
	unwritten = outputs_finish(l->outputs, left > 0 ? (int)left : 0);
	loop_check_warnings(l);
	if (l->exit_code != EXIT_CODE_OUTPUT)
		loop_log_drops(l);
	if (unwritten && l->exit_code != EXIT_CODE_OUTPUT)
		log_error("%" PRIu64 " lines could not be written before the end", unwritten);
	if (unwritten && l->exit_code == EXIT_CODE_DONE)
		l->exit_code = EXIT_CODE_FAILED;
	loop_check_ends(l);
	loop_check_lost(l);
}

int loop_set_interval(struct loop *l)
{
	if (l->options->read) /* its clock is its own */
		return 0;
	return start_timer(l->interval_fd, l->options->interval_s, true);
}

static int start(struct loop *l)
{
	int err = watch(l, outputs_fd(l->outputs), EVENT_OUTPUTS);

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

/* outputs_clock_fn */
static uint64_t time_of(const void *handle)
{
	return xdptail_time(handle);
}

int loop_run(struct loop *l, struct xdptail *handle, struct record_writer *writer,
	     struct outputs *outputs, const struct privileges_user *user)
{
	int64_t left;
	int err;

	l->handle = handle;
	l->outputs = outputs;
	outputs_set_clock(outputs, time_of, handle);
	report_init(&l->report, writer, outputs, handle);
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
	err = outputs_start(outputs);
	loop_check(l, err, "cannot start the outputs");
	if (err) /* a capture would wait for ever for what nobody writes */
		loop_set_deadline(l);
	outputs_flush(outputs);
	if (!l->stop_reason)
		loop_notify_ready(l);
	if (!l->stop_reason && l->options->read)
		loop_run_capture(l);
	else if (!l->stop_reason)
		run_live(l);
	if (l->signalled)
		unblock_signals();
	loop_notify_stopping(l);
	close_stream(l);
	close_outputs(l);
	left = l->deadline_ms - time_monotonic_ms();
	loop_end_metrics(l, left > 0 ? (int)left : 0);
	if (l->attached && l->exit_code != EXIT_CODE_OUTPUT)
		report_summary(&l->report);
	return l->exit_code;
}
