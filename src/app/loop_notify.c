// SPDX-License-Identifier: BSD-2-Clause
/* What systemd is told of a run. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "app/log.h"
#include "app/loop_internal.h"
#include "base/time.h"

void loop_open_notify(struct loop *l)
{
	int err = notify_open(&l->notify);

	if (err)
		log_warning(
			"service notification disabled: NOTIFY_SOCKET, WATCHDOG_USEC or WATCHDOG_PID is not as systemd sets it: %s",
			strerror(-err));
}

void loop_notify_ready(struct loop *l)
{
	if (l->attached)
		notify_state(&l->notify, "READY=1");
	else
		notify_state(&l->notify, "READY=1\nSTATUS=waiting for an interface");
}

/* It wants to know that its own request came before this. */
void loop_notify_reloading(struct loop *l)
{
	notify_state(&l->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		     time_monotonic_ns() / NS_PER_US);
}

void loop_notify_stopping(struct loop *l)
{
	notify_state(&l->notify, "STOPPING=1");
}

void loop_notify_figures(struct loop *l)
{
	notify_figure(&l->notify,
		      "STATUS=%" PRIu64 " packets seen, %" PRIu64 " sampled, %" PRIu64 " lost",
		      l->report.counts_sums.seen, l->report.stats_sums.sampled,
		      report_lost(&l->report));
}

/* A ping of the watchdog says that the loop turns, and that the run makes progress. A capture waits
 * for its outputs by design, and for its file; but an interface's samples must be taken, and its
 * snapshots be written, whatever the outputs do.
 */
void loop_feed_watchdog(struct loop *l)
{
	const struct snapshot *s = &l->snapshot;
	struct notify_progress now = { 0 };

	if (!l->options->read) {
		now.handle = xdptail_progress(l->handle);
		if (snapshot_is_busy(s))
			now.snapshot = s->record.snapshot << 32 | s->record.listed;
	}
	if (!notify_watchdog(&l->notify, &now))
		log_error(
			"no sample read and no snapshot line written for half of WatchdogSec=, though some are waiting; withholding the watchdog ping");
}
