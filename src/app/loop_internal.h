/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run consists of. loop.c owns it; loop_capture.c has the part that reads captures,
 * loop_interfaces.c what becomes of interfaces, loop_outputs.c what becomes of outputs.
 */
#ifndef APP_LOOP_INTERNAL_H
#define APP_LOOP_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "app/loop.h"
#include "app/metrics_file.h"
#include "app/notify.h"
#include "app/report.h"
#include "app/snapshot.h"

#define LOOP_NO_DEADLINE   INT64_MAX
#define LOOP_FRAMES_A_TURN 4096 /* of a capture, at most: their lines fit half a queue */
#define LOOP_STEP_MS	   1 /* between two steps of what goes on by itself */
#define LOOP_LEAVE_MS	   20 /* between two looks at outputs that are leaving */

struct loop {
	struct options *options; /* borrowed; its outputs are outputs' */
	const struct command_line *line; /* borrowed: to be read again */
	struct pending_output
		*pending[OUTPUTS_MAX]; /* owned; outputs that wait until their names are free */
	unsigned int n_pending;
	struct xdptail *handle; /* borrowed; NULL before loop_run() */
	struct outputs *outputs; /* borrowed; NULL before loop_run() */
	struct report report;
	struct notify notify;
	int epoll_fd;
	int signal_fd;
	int interval_fd; /* timerfd */
	int duration_fd; /* timerfd */
	bool attached; /* once, to any interface */
	bool failed; /* something is no longer in the stream as it should be */
	bool signalled; /* to end */
	bool ended[OUTPUT_NAMES_MAX]; /* outputs that have, and were named */
	/* outputs that cannot write at present: the -errno that was named */
	int failing[OUTPUT_NAMES_MAX];
	unsigned int warned[OUTPUT_NAMES_MAX]; /* what was said that outputs can't do: a bit each */
	bool slow; /* the last turn of packets took long */
	bool late_said; /* the last interval was late, which was said */
	bool stepped; /* wall time, or a capture's, at least once */
	bool counting; /* an interval is being closed */
	bool again; /* another interval was asked for while one is being closed */
	int64_t counting_ms; /* an interval is being closed since then */
	int64_t waiting_ms; /* for events, which fails since then; 0: it does not */
	struct snapshot snapshot; /* the one that is being written */
	uint64_t packets; /* records made */
	struct metrics_file
		*metrics; /* owned; NULL: none is wanted, or it is not the time for it */
	bool metrics_up; /* the metrics file says that the run goes on */
	bool metrics_slow; /* it was warned that the metrics file is slow */
	bool metrics_failing; /* it was warned that the metrics file fails */
	uint64_t started_ns; /* wall time, like the next */
	uint64_t snapshot_ns; /* when the last was written */
	uint64_t reloads; /* that took effect */
	uint64_t reloads_refused;
	const char *stop_reason; /* NULL while running */
	int64_t deadline_ms; /* for the exit, whatever the outputs do */
	int exit_code;
};

/* End the run; the first reason stands. A capture's end waits for the outputs as its lines do, and
 * has no deadline until somebody asks for one.
 */
void loop_stop(struct loop *l, const char *reason, int exit_code);
void loop_set_deadline(struct loop *l);

/* If err is one: log it, and stop. */
void loop_check(struct loop *l, int err, const char *what);

/* Log and stop after a failed wait for events. What fails in passing (memory) is an error only
 * after some seconds.
 */
void loop_check_wait(struct loop *l, int err, const char *what);

/* To all interfaces, or the run ends. */
void loop_attach(struct loop *l);

/* Records that are waiting, or the next frames of a capture, max at most. As xdptail_poll(). */
int loop_poll_packets(struct loop *l, unsigned int max);

/* Close the interval, as soon as the last one is written. */
void loop_begin_counts(struct loop *l);

/* The next step of closing an interval, or of writing it; in a hurry lines may be dropped. */
void loop_step_snapshot(struct loop *l, bool hurry);

bool loop_is_counting(const struct loop *l); /* there is a next step */

/* Give up what a run has no more use for (privileges.h). What it starts after this begins with what
 * is left.
 */
void loop_drop_privileges(struct loop *l, const struct privileges_user *user);

void loop_log_setup(const struct loop *l); /* for -v */
void loop_log_drops(const struct loop *l);

/* systemd, if it is there (notify.h). */
void loop_open_notify(struct loop *l);
void loop_notify_ready(struct loop *l);
void loop_notify_reloading(struct loop *l); /* loop_notify_ready() follows when it is done */
void loop_notify_stopping(struct loop *l);
void loop_notify_figures(struct loop *l);
void loop_feed_watchdog(struct loop *l);

/* Read the config file again, and change what it changes; nothing if anything is wrong with it. */
void loop_reload(struct loop *l);

/* The metrics file: as soon as it can be written by who we are, and the first time; when a snapshot
 * has been written; and the last time, for which there is so much time.
 */
void loop_start_metrics(struct loop *l);
void loop_write_metrics(struct loop *l);
void loop_snapshot_done(struct loop *l);
void loop_end_metrics(struct loop *l, int timeout_ms);

/* Another one, on reload: prepared, then in the place of the one before, or given back by
 * metrics_file_free(). *ret is NULL where nothing changes, or none is wanted any more. 0, or -errno
 * after a message.
 */
int loop_prepare_metrics(const struct loop *l, const struct options *fresh,
			 struct metrics_file **ret);
void loop_change_metrics(struct loop *l, const struct options *fresh, struct metrics_file *f);

/* Name those that have ended, and end the run with the last one. */
void loop_check_ended(struct loop *l);

/* Say once that an output fails, and once that it has recovered; the stream has the figures. Once,
 * too, what one can't do.
 */
void loop_check_outputs(struct loop *l);
void loop_check_warnings(struct loop *l);

/* At the end: lines that an output did not get for an error make it one that failed. */
void loop_check_lost(struct loop *l);

/* At the end: all lines were written, but perhaps not for good. */
void loop_check_ends(struct loop *l);

/* Go on with outputs that come or go. True while there are any. */
bool loop_change_outputs(struct loop *l);

/* Drop the outputs that a reload has opened and that wait for their names. */
void loop_drop_pending(struct loop *l);

/* Set the timer of the interval again. 0 or -errno. */
int loop_set_interval(struct loop *l);

/* Look after signals and outputs, waiting at most so long for them. */
void loop_poll_once(struct loop *l, int wait_ms);

/* Until the outputs have room for the lines of a turn, unless there is a deadline. Returns how many
 * frames that may be.
 */
unsigned int loop_wait_for_room(struct loop *l);

/* Until the outputs have written everything, likewise. */
void loop_wait_for_outputs(struct loop *l);

/* A capture, to its end or whatever else ends it. */
void loop_run_capture(struct loop *l);

#endif
