// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t audit_sums_lost(const uint64_t values[AUDIT_KEY_MAX])
{
	uint64_t sum = 0;

	for (unsigned int key = AUDIT_LOST_RING_FULL; key <= AUDIT_LOST_UNDECODABLE; key++)
		sum += values[key];
	return sum;
}

/* Are all records up to number last there? */
static bool is_whole(const struct audit_run *run, enum record_type type, uint64_t last)
{
	return audit_ranges_missing(&run->numbers[type].seen, last) == 0;
}

/* Totals of one type of record, against what the intervals that are there add up to. */
static void check_totals(struct audit_run *run, enum record_type type, enum audit_key first,
			 enum audit_key last)
{
	bool whole = is_whole(run, type, run->total_seq[type]);

	for (unsigned int key = first; run->total_seq[type] && key <= last; key++) {
		if (run->sums[key] == run->total[key] ||
		    (!whole && run->sums[key] < run->total[key]))
			continue;
		audit_find(&run->findings, AUDIT_KIND_TOTAL, AUDIT_BROKEN,
			   "the %s record with the totals: %s is %" PRIu64
			   ", but the intervals add up to %" PRIu64,
			   record_type_name(type), audit_key_name(key), run->total[key],
			   run->sums[key]);
	}
}

/* The totals come after the last interval, so they may be higher. */
static void check_sink_totals(struct audit_run *run, const struct audit_sink *sink)
{
	for (unsigned int key = AUDIT_MADE; sink->total_seq && key < AUDIT_QUEUED; key++) {
		if (sink->sums[key] <= sink->total[key])
			continue;
		audit_find(&run->findings, AUDIT_KIND_TOTAL, AUDIT_BROKEN,
			   "the totals of sink \"%s\": %s is %" PRIu64
			   ", but the intervals add up to %" PRIu64,
			   sink->name, audit_key_name(key), sink->total[key], sink->sums[key]);
	}
}

/* A snapshot that did not become whole. counted: no count record is missing. */
static void check_snapshot(struct audit_run *run, const struct audit_snapshot *s, bool counted)
{
	const struct audit_ranges *snapshots = &run->numbers[RECORD_SNAPSHOT].seen;
	bool ended = run->numbers[RECORD_STOP].seen.n && !audit_run_is_cut(run);
	bool over = ended || s->number <= audit_ranges_last(snapshots);

	if (s->recorded && (s->lines > s->want_lines || (s->lines < s->want_lines && counted)))
		audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
			   "snapshot %" PRIu64 " lists %" PRIu64
			   " count records, but there are %" PRIu64,
			   s->number, s->want_lines, s->lines);
	else if (!s->recorded && over && snapshots->n && !run->joins.any &&
		 snapshots->numbers == audit_ranges_last(snapshots))
		audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
			   "count records of snapshot %" PRIu64
			   ", of which there is no record: %" PRIu64,
			   s->number, s->lines);
}

static void check_snapshots(struct audit_run *run)
{
	uint64_t listed = run->total_seq[RECORD_SNAPSHOT] ? run->total[AUDIT_LISTED] :
							    run->sums[AUDIT_LISTED];
	bool counted = is_whole(run, RECORD_COUNT, listed);

	audit_snapshots_sort(&run->snapshots);
	for (size_t i = 0; i < run->snapshots.n; i++)
		check_snapshot(run, &run->snapshots.list[i], counted);
}

static void tell_cpu_twice(struct audit_run *run, size_t cpu)
{
	const struct audit_ranges *twice = &run->cpus[cpu].twice;

	for (size_t i = 0; i < twice->n; i++) {
		const struct audit_range *r = audit_ranges_at(twice, i);

		audit_find(&run->findings, AUDIT_KIND_CPU_SEQ, AUDIT_BROKEN,
			   "two packet records of cpu %zu have the same cpu_seq, %" PRIu64
			   " to %" PRIu64,
			   cpu, r->first, r->last);
	}
}

static void tell_cpu_gaps(struct audit_run *run, size_t cpu, uint64_t missing, uint64_t known)
{
	const struct audit_ranges *seen = &run->cpus[cpu].seen;
	struct audit_range gap;

	for (size_t i = 0; i < seen->n; i++) {
		if (audit_ranges_gap(seen, i, UINT64_MAX, &gap))
			audit_find(&run->findings, AUDIT_KIND_CPU_SEQ, AUDIT_BROKEN,
				   "cpu_seq %" PRIu64 " to %" PRIu64
				   " of cpu %zu are missing; in all %" PRIu64
				   " samples are, but only %" PRIu64 " are known to be",
				   gap.first, gap.last, cpu, missing, known);
	}
}

/* A sample that is not there was lost, or discarded, or its record is missing. The last samples of
 * a CPU leave no gap, so there may be fewer missing than that, but never more.
 */
static void check_cpus(struct audit_run *run)
{
	const struct audit_ranges *packets = &run->numbers[RECORD_PACKET].seen;
	uint64_t known = audit_sums_lost(run->total) + run->total[AUDIT_DISCARDED] +
			 audit_ranges_missing(packets, run->total[AUDIT_DELIVERED]);
	uint64_t missing = 0;

	for (size_t cpu = 0; cpu < run->n_cpus; cpu++) {
		const struct audit_ranges *seen = &run->cpus[cpu].seen;

		missing += audit_ranges_last(seen) - seen->numbers;
		tell_cpu_twice(run, cpu);
	}
	if (!run->total_seq[RECORD_STATS] || missing <= known)
		return;
	for (size_t cpu = 0; cpu < run->n_cpus; cpu++)
		tell_cpu_gaps(run, cpu, missing, known);
}

static void tell_lost(struct audit_run *run)
{
	const uint64_t *sums = run->total_seq[RECORD_STATS] ? run->total : run->sums;

	for (unsigned int key = AUDIT_LOST_RING_FULL; key <= AUDIT_LOST_UNDECODABLE; key++) {
		if (sums[key])
			audit_find(&run->findings, AUDIT_KIND_LOST, AUDIT_INCOMPLETE,
				   "samples that were lost before they became records: %s %" PRIu64,
				   audit_key_name(key), sums[key]);
	}
}

void audit_sums_check(struct audit_run *run)
{
	check_totals(run, RECORD_SNAPSHOT, AUDIT_SEEN, AUDIT_UNATTRIBUTED_OTHER);
	check_totals(run, RECORD_STATS, AUDIT_SAMPLED, AUDIT_DISCARDED);
	for (size_t i = 0; i < run->n_sinks; i++)
		check_sink_totals(run, &run->sinks[i]);
	check_snapshots(run);
	check_cpus(run);
	tell_lost(run);
}
