// SPDX-License-Identifier: BSD-2-Clause
#include "app/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/capability_names.h"
#include "app/log.h"
#include "app/privileges.h"
#include "base/array.h"

struct report_event {
	struct xdptail_interface event; /* its strings are the next two */
	char interface[IF_NAMESIZE];
	char *reason; /* owned; NULL: none */
};

static uint64_t cpu_ms(void)
{
	struct rusage u = { 0 };

	(void)getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static uint64_t rss_kb(void)
{
	char text[128] = ""; /* seven numbers */
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	const char *resident;

	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1); /* on failure it stays empty */
	close(fd);
	resident = strchr(text, ' ');
	return resident ? strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024 : 0;
}

void report_init(struct report *r, struct record_writer *writer, struct outputs *outputs,
		 struct xdptail *handle)
{
	*r = (struct report){ .writer = writer, .outputs = outputs, .handle = handle };
}

static int put_record(struct report *r, int err, const struct record *line)
{
	if (!err)
		outputs_put(r->outputs, line);
	return err;
}

static void miss(struct report *r, enum report_cause cause)
{
	struct report_unmade *u = &r->unmade[cause];

	u->last_ns = xdptail_time(r->handle);
	if (!u->records++)
		u->first_ns = u->last_ns;
}

/* For records that the sums can do without: 1 when this one was counted instead. */
static int put_or_miss(struct report *r, int err, const struct record *line)
{
	if (err != -EMSGSIZE)
		return put_record(r, err, line);
	miss(r, REPORT_TOO_LONG);
	return 1;
}

/* A look begins anew with what is highest, of an interval: what an earlier look in it has seen
 * stays.
 */
static int look_at_handle(struct report *r)
{
	struct xdptail_stats now = { .size = sizeof(now) };
	int err = xdptail_stats(r->handle, &now);

	if (err)
		return err;
	if (now.ring_high_water < r->handle_stats.ring_high_water)
		now.ring_high_water = r->handle_stats.ring_high_water;
	if (now.longest_wait_ns < r->handle_stats.longest_wait_ns)
		now.longest_wait_ns = r->handle_stats.longest_wait_ns;
	r->handle_stats = now;
	return 0;
}

/* To output only, or to all: each is told its own name, so that no two of their files begin alike.
 */
static int put_starts(struct report *r, const struct record_start *as, unsigned int only)
{
	uint64_t now = xdptail_time(r->handle);
	struct record_start start = *as;
	struct record line;
	int err = 0;

	for (unsigned int i = 0; !err && i < outputs_number(r->outputs); i++) {
		if (only != REPORT_ALL_OUTPUTS && only != i)
			continue;
		start.sink = outputs_name(r->outputs, i);
		err = record_start(r->writer, now, &start, &line);
		if (!err && start.repeated)
			outputs_put_uncounted(r->outputs, i, &line);
		else if (!err)
			outputs_put_to(r->outputs, i, &line);
		start.same = true;
	}
	return err;
}

static int tell_start(struct report *r, const struct options *o, unsigned int only, bool repeated)
{
	const struct xdptail_stats *stats = &r->handle_stats;
	struct capability_names capabilities;
	struct utsname uts = { 0 };
	struct record_start start;
	int err = look_at_handle(r);

	if (err)
		return err;
	(void)uname(&uts);
	capability_names(&capabilities, privileges_left());
	r->perf = stats->transport == XDPTAIL_TRANSPORT_PERF;
	start = (struct record_start){
		.repeated = repeated,
		.joined = only != REPORT_ALL_OUTPUTS,
		.version = XDPTAIL_VERSION,
		.hostname = uts.nodename,
		.kernel = uts.release,
		.function_name = stats->function_name,
		.ebpf_program = stats->ebpf_program,
		.capture = o->read,
		.prog_run = o->prog_run,
		.transport = stats->transport,
		.ring_bytes = stats->ring_bytes,
		.sample_mode = stats->sample_mode,
		.sample_rate = stats->sample_rate,
		.interval_s = o->interval_s,
		.decap = stats->decap != 0,
		.max_sources = stats->max_sources,
		.shared_counts = stats->shared_counts != 0,
		.map_bytes = stats->map_bytes,
		.capabilities = capabilities.list,
	};
	return put_starts(r, &start, only);
}

static int put_interface(struct report *r, const struct xdptail_interface *event)
{
	struct record line;

	r->aggregates |= event->mode == XDPTAIL_MODE_GENERIC;
	return put_or_miss(r, record_interface(r->writer, xdptail_time(r->handle), event, &line),
			   &line);
}

/* A copy: what it points to is lent. 0 or -ENOMEM. */
static int hold(struct report *r, const struct xdptail_interface *event)
{
	struct report_event *more = realloc(r->held, (r->n_held + 1) * sizeof(*more));
	struct report_event *last;

	if (!more)
		return -ENOMEM;
	r->held = more;
	last = &more[r->n_held];
	*last = (struct report_event){ .event = *event };
	(void)snprintf(last->interface, sizeof(last->interface), "%s", event->interface);
	if (event->reason) {
		last->reason = strdup(event->reason);
		if (!last->reason)
			return -ENOMEM;
	}
	r->n_held++;
	return 0;
}

/* In the order in which they came. */
static int release(struct report *r, int err)
{
	for (size_t i = 0; i < r->n_held; i++) {
		struct report_event *held = &r->held[i];

		held->event.interface = held->interface;
		held->event.reason = held->reason;
		if (err >= 0)
			err = put_interface(r, &held->event);
		free(held->reason);
	}
	free(r->held);
	r->held = NULL;
	r->n_held = 0;
	return err < 0 ? err : 0;
}

int report_start(struct report *r, const struct options *o)
{
	int err;

	r->cpu_ms = cpu_ms();
	r->started = true;
	err = tell_start(r, o, REPORT_ALL_OUTPUTS, false);
	return release(r, err);
}

int report_start_again(struct report *r, const struct options *o, unsigned int i)
{
	return tell_start(r, o, i, true);
}

int report_interface(struct report *r, const struct xdptail_interface *event)
{
	int err;

	interface_sums_event(&r->interfaces, event); /* not of a copy, whose name does not stay */
	if (!r->started && hold(r, event))
		miss(r, REPORT_NO_MEMORY);
	if (!r->started)
		return 0;
	err = put_interface(r, event);
	return err < 0 ? err : 0;
}

int report_packet(struct report *r, const struct xdptail_packet *packet)
{
	struct record line;
	int err = put_record(r, record_packet(r->writer, packet, &line), &line);

	if (err != -EMSGSIZE)
		return err;
	r->unmade_packets++;
	return 0;
}

int report_count(struct report *r, uint64_t snapshot, const struct xdptail_source *source)
{
	const struct record_count count = { .snapshot = snapshot, .source = source };
	struct record line;

	return put_or_miss(r, record_count(r->writer, xdptail_time(r->handle), &count, &line),
			   &line);
}

int report_clock(struct report *r, int64_t step_ns)
{
	struct record line;
	int err = put_or_miss(r, record_clock(r->writer, xdptail_time(r->handle), step_ns, &line),
			      &line);

	return err < 0 ? err : 0;
}

static int put_stats(struct report *r, const struct record_stats *stats)
{
	struct record line;

	return put_record(r, record_stats(r->writer, xdptail_time(r->handle), stats, &line), &line);
}

/* before: what was counted up to the last such record; the queue is what is left of it. */
static int put_output(struct report *r, unsigned int i, const struct output_counts *before,
		      bool total)
{
	struct record_sink output = { .total = total, .sink = outputs_name(r->outputs, i) };
	struct output_counts now;
	struct record line;

	outputs_counts(r->outputs, i, &now);
	output.made = now.made - before->made;
	output.written = now.written - before->written;
	output.bytes = now.bytes - before->bytes;
	output.filtered = now.filtered - before->filtered;
	output.dropped_queue_full = now.dropped_queue_full - before->dropped_queue_full;
	output.dropped_error = now.dropped_error - before->dropped_error;
	output.queued =
		now.made - now.written - now.filtered - now.dropped_queue_full - now.dropped_error;
	output.disconnects = now.disconnects - before->disconnects;
	if (!total) {
		r->before[i] = now;
		outputs_reset_drops(r->outputs, i); /* now: what comes may be dropped as well */
	}
	return put_record(r, record_sink(r->writer, xdptail_time(r->handle), &output, &line),
			  &line);
}

static void add_stats(struct record_stats *sum, const struct record_stats *add)
{
	sum->sampled += add->sampled;
	sum->delivered += add->delivered;
	sum->lost_ring_full += add->lost_ring_full;
	sum->lost_no_buffer += add->lost_no_buffer;
	sum->lost_other += add->lost_other;
	sum->lost_undecodable += add->lost_undecodable;
	sum->discarded += add->discarded;
	sum->cpu_ms += add->cpu_ms;
}

/* Time may have gone back between two intervals: the sums are of the earliest to the latest. */
static void add_interval(struct xdptail_counts *sum, const struct xdptail_counts *add, bool first)
{
	if (first || add->interval_start_ns < sum->interval_start_ns)
		sum->interval_start_ns = add->interval_start_ns;
	if (add->interval_end_ns > sum->interval_end_ns)
		sum->interval_end_ns = add->interval_end_ns;
}

static void add_counts(struct xdptail_counts *sum, const struct xdptail_counts *add)
{
	sum->seen += add->seen;
	sum->not_ip += add->not_ip;
	sum->no_source += add->no_source;
	sum->undetermined += add->undetermined;
	sum->not_selected += add->not_selected;
	sum->counted += add->counted;
	sum->counted_bytes += add->counted_bytes;
	sum->unattributed_packets += add->unattributed_packets;
	sum->unattributed_full += add->unattributed_full;
	sum->unattributed_busy += add->unattributed_busy;
	sum->unattributed_no_memory += add->unattributed_no_memory;
	sum->unattributed_other += add->unattributed_other;
	sum->unattributed_bytes += add->unattributed_bytes;
}

static int put_snapshot(struct report *r, const struct record_snapshot *snapshot)
{
	struct record_snapshot *sum = &r->snapshot_sums;
	struct record line;

	add_interval(&r->counts_sums, snapshot->counts, !sum->snapshot);
	sum->snapshot = snapshot->snapshot;
	sum->aggregates = snapshot->aggregates;
	sum->listed += snapshot->listed;
	sum->unlisted_packets += snapshot->unlisted_packets;
	sum->unlisted_bytes += snapshot->unlisted_bytes;
	add_counts(&r->counts_sums, snapshot->counts);
	r->last_sources = snapshot->counts->n_sources;
	return put_record(r, record_snapshot(r->writer, xdptail_time(r->handle), snapshot, &line),
			  &line);
}

static int put_loss(struct report *r, const struct record_loss *loss)
{
	struct record line;

	if (!loss->records)
		return 0;
	return put_record(r, record_loss(r->writer, xdptail_time(r->handle), loss, &line), &line);
}

/* Samples that were lost between the wire and us: one record a cause. */
static int put_sample_losses(struct report *r, const struct xdptail_counts *c)
{
	const uint64_t late = r->enough ? 0 : c->discarded;
	const struct record_loss losses[] = {
		{ "ring", "ring_full", c->lost_ring_full, c->lost_first_ns, c->lost_last_ns },
		{ "ring", "no_buffer", c->lost_no_buffer, c->lost_first_ns, c->lost_last_ns },
		{ "ring", "other", c->lost_other, c->lost_first_ns, c->lost_last_ns },
		{ "ring", "late", late, c->interval_start_ns, c->interval_end_ns },
		{ "decode", "undecodable", r->last_stats.lost_undecodable, c->interval_start_ns,
		  c->interval_end_ns },
	};
	int err = 0;

	r->late += late;
	for (size_t i = 0; !err && i < ARRAY_SIZE(losses); i++)
		err = put_loss(r, &losses[i]);
	return err;
}

static int put_unmade(struct report *r)
{
	static const char *const causes[] = { "too_long", "no_memory" };
	int err = 0;

	_Static_assert(ARRAY_SIZE(causes) == REPORT_CAUSE_MAX, "one each");
	for (int i = 0; !err && i < REPORT_CAUSE_MAX; i++) {
		const struct report_unmade u = r->unmade[i];
		const struct record_loss loss = { "record", causes[i], u.records, u.first_ns,
						  u.last_ns };

		err = put_loss(r, &loss);
		if (!err)
			r->unmade[i] = (struct report_unmade){ 0 };
	}
	return err;
}

static int put_output_losses(struct report *r, unsigned int i, const struct output_counts *before)
{
	const struct output_counts *now = &r->before[i]; /* as the output record says */
	struct record_loss loss = {
		.where = outputs_name(r->outputs, i),
		.first_ns = now->drop_first_ns,
		.last_ns = now->drop_last_ns,
	};
	int err;

	loss.cause = "queue_full";
	loss.records = now->dropped_queue_full - before->dropped_queue_full;
	err = put_loss(r, &loss);
	loss.cause = "error";
	loss.records = now->dropped_error - before->dropped_error;
	return err ? err : put_loss(r, &loss);
}

static int put_stats_of(struct report *r, const struct xdptail_counts *counts)
{
	uint64_t cpu = cpu_ms();
	/* what the next interval has delivered may be among them, and waits for its stats */
	uint64_t unmade =
		r->unmade_packets < counts->delivered ? r->unmade_packets : counts->delivered;
	struct record_stats stats = {
		.perf = r->perf,
		.sampled = counts->sampled,
		.delivered = counts->delivered - unmade,
		.lost_ring_full = counts->lost_ring_full,
		.lost_no_buffer = counts->lost_no_buffer,
		.lost_other = counts->lost_other,
		.lost_undecodable = counts->lost_undecodable + unmade,
		.discarded = counts->discarded,
		.cpu_ms = cpu - r->cpu_ms,
		.rss_kb = rss_kb(),
	};
	int err = look_at_handle(r);

	if (err)
		return err;
	r->unmade_packets -= unmade;
	stats.ring_high_water = r->handle_stats.ring_high_water;
	stats.longest_wait_ms = r->handle_stats.longest_wait_ns / 1000000;
	r->handle_stats.ring_high_water = 0;
	r->handle_stats.longest_wait_ns = 0;
	if (stats.ring_high_water > r->high_water)
		r->high_water = stats.ring_high_water;
	if (stats.longest_wait_ms > r->longest_wait_ms)
		r->longest_wait_ms = stats.longest_wait_ms;
	r->cpu_ms = cpu;
	r->last_stats = stats;
	add_stats(&r->stats_sums, &stats);
	return put_stats(r, &stats);
}

/* An output that is gone, and of which that has been said. */
static bool has_nothing_new(const struct report *r, unsigned int i)
{
	const struct output_counts *before = &r->before[i];
	struct output_counts now;

	outputs_counts(r->outputs, i, &now);
	return outputs_state(r->outputs, i) == OUTPUT_CLOSED && now.made == before->made &&
	       now.written == before->written && now.dropped_error == before->dropped_error;
}

int report_interval(struct report *r, const struct record_snapshot *snapshot)
{
	int err = put_snapshot(r, snapshot);

	if (!err)
		err = put_stats_of(r, snapshot->counts);
	if (!err)
		err = put_sample_losses(r, snapshot->counts);
	if (!err)
		err = put_unmade(r);
	outputs_flush(r->outputs); /* looks when lines were dropped */
	for (unsigned int i = 0; !err && i < outputs_number(r->outputs); i++) {
		struct output_counts before = r->before[i];

		if (has_nothing_new(r, i))
			continue;
		err = put_output(r, i, &before, false);
		if (!err)
			err = put_output_losses(r, i, &before);
	}
	return err;
}

static int put_sums(struct report *r)
{
	static const struct output_counts none = { 0 };
	struct record_stats stats = r->stats_sums;
	struct record line;
	int err;

	r->snapshot_sums.total = true;
	r->snapshot_sums.counts = &r->counts_sums;
	err = put_record(
		r, record_snapshot(r->writer, xdptail_time(r->handle), &r->snapshot_sums, &line),
		&line);
	if (err)
		return err;
	stats.total = true;
	stats.perf = r->perf;
	stats.rss_kb = rss_kb();
	stats.ring_high_water = r->high_water;
	stats.longest_wait_ms = r->longest_wait_ms;
	err = put_stats(r, &stats);
	for (unsigned int i = 0; !err && i < outputs_number(r->outputs); i++)
		err = put_output(r, i, &none, true);
	return err;
}

int report_stop(struct report *r, const char *reason, int exit_code, bool complete)
{
	const uint64_t lost = outputs_lost(r->outputs);
	struct record line;
	int err = complete ? put_sums(r) : 0;

	if (err)
		return err;
	return put_record(
		r, record_stop(r->writer, xdptail_time(r->handle), reason, exit_code, lost, &line),
		&line);
}

uint64_t report_lost(const struct report *r)
{
	return r->stats_sums.lost_ring_full + r->stats_sums.lost_no_buffer +
	       r->stats_sums.lost_other + r->stats_sums.lost_undecodable + r->late;
}

void report_summary(const struct report *r)
{
	struct xdptail_stats stats = { .size = sizeof(stats) };
	char here[64] = "";

	if (!xdptail_stats(r->handle, &stats) && stats.parsed_here)
		(void)snprintf(here, sizeof(here), "; %" PRIu64 " not through the kernel's program",
			       stats.parsed_here);
	log_notice("%" PRIu64 " packets seen, %" PRIu64 " sampled, %" PRIu64 " lost%s",
		   r->counts_sums.seen, r->stats_sums.sampled, report_lost(r), here);
}
