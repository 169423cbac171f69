// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_laws.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/audit_sums.h"

/* What is settled of a run before its records are told one by one. */
struct judge {
	struct audit_run *run; /* borrowed */
	bool stopped;
	uint64_t last[LINE_TYPE_MAX]; /* number of the last record that was made, as far as known */
	uint64_t sure[LINE_TYPE_MAX]; /* up to here, what is missing has been reported on */
	uint64_t unnumbered; /* records that are missing behind the last one of their type */
	const struct audit_sink *dropper; /* the output that dropped or filtered most; or NULL */
	uint64_t dropped; /* by it */
	bool accounted; /* for all that is missing */
	uint64_t sums[AUDIT_KEY_MAX]; /* the totals, or else of the intervals that are there */
};

static bool is_here(const struct judge *j, enum line_type type)
{
	return j->run->numbers[type].seen.n > 0;
}

static bool has_total(const struct judge *j, enum line_type type)
{
	return j->run->total_seq[type] != 0;
}

static uint64_t last_seen(const struct judge *j, enum line_type type)
{
	return audit_ranges_last(&j->run->numbers[type].seen);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static const uint64_t *sink_sums(const struct audit_sink *sink)
{
	return sink->total_seq ? sink->total : sink->sums;
}

static void sum_up(struct judge *j)
{
	const struct audit_run *run = j->run;

	for (unsigned int key = 0; key < AUDIT_KEY_MAX; key++) {
		enum line_type type = key < AUDIT_SAMPLED ? LINE_SNAPSHOT : LINE_STATS;

		j->sums[key] = has_total(j, type) ? run->total[key] : run->sums[key];
	}
}

static void take_last(struct judge *j, enum line_type type, uint64_t made, bool total)
{
	uint64_t seen = last_seen(j, type);

	j->last[type] = total ? made : larger(made, seen);
	if (total && seen > made)
		audit_find(&j->run->findings, AUDIT_KIND_TOTAL, AUDIT_BROKEN,
			   "%s records go up to number %" PRIu64
			   ", but according to the totals %" PRIu64 " were made",
			   line_type_name(type), seen, made);
}

/* Outputs whose totals were to come behind the last sink record that is there. */
static uint64_t count_sinks_without_total(const struct judge *j)
{
	const struct audit_run *run = j->run;
	uint64_t n = 0;

	if (!j->stopped ||
	    audit_ranges_missing(&run->numbers[LINE_SINK].seen, last_seen(j, LINE_SINK)))
		return 0;
	for (size_t i = 0; i < run->n_sinks; i++)
		n += !run->sinks[i].total_seq;
	return n;
}

static void find_last(struct judge *j)
{
	for (int type = 0; type < LINE_TYPE_MAX; type++)
		j->last[type] = last_seen(j, type);
	take_last(j, LINE_PACKET, j->sums[AUDIT_DELIVERED], has_total(j, LINE_STATS));
	take_last(j, LINE_COUNT, j->sums[AUDIT_LISTED], has_total(j, LINE_SNAPSHOT));
	if (j->stopped && is_here(j, LINE_SNAPSHOT) && !has_total(j, LINE_SNAPSHOT))
		j->last[LINE_SNAPSHOT]++;
	if (j->stopped && is_here(j, LINE_STATS) && !has_total(j, LINE_STATS))
		j->last[LINE_STATS]++;
	j->last[LINE_SINK] += count_sinks_without_total(j);
	if (!j->run->joined)
		j->last[LINE_START] = larger(1, j->last[LINE_START]);
	for (int type = 0; type < LINE_TYPE_MAX; type++)
		j->sure[type] = j->last[type];
	if (j->stopped || !is_here(j, LINE_SINK))
		return;
	if (is_here(j, LINE_STATS))
		j->sure[LINE_PACKET] = j->sums[AUDIT_DELIVERED];
	if (is_here(j, LINE_SNAPSHOT))
		j->sure[LINE_COUNT] = j->sums[AUDIT_LISTED];
}

/* A type of which nothing is there, though there must have been. */
static bool is_absent(const struct judge *j, enum line_type type)
{
	if (is_here(j, type))
		return false;
	switch (type) {
	case LINE_SNAPSHOT:
	case LINE_STATS:
	case LINE_SINK:
		return j->stopped;
	case LINE_START:
		return !j->run->repeated;
	case LINE_LOSS:
		return audit_sums_lost(j->sums) > 0;
	case LINE_PACKET:
	case LINE_COUNT:
		return j->last[type] > 0;
	case LINE_INTERFACE:
	case LINE_CLOCK:
	case LINE_STOP:
	case LINE_TYPE_MAX:
		break;
	}
	return false;
}

/* All records of the run, as an output that was there from the beginning has been given them: what
 * was made before the record with its totals, that record, those of other outputs behind it, and
 * the stop record. 0: not known.
 */
static uint64_t count_made(const struct judge *j)
{
	uint64_t made = 0;

	for (size_t i = 0; i < j->run->n_sinks; i++) {
		const struct audit_sink *sink = &j->run->sinks[i];
		uint64_t behind = j->last[LINE_SINK] - sink->total_seq;

		if (sink->total_seq)
			made = larger(made, sink->total[AUDIT_MADE] + 1 + behind + 1);
	}
	return made;
}

/* The totals say nothing of the last interface, loss or clock record, but outputs count all lines. */
static void check_made(struct judge *j)
{
	uint64_t made = j->stopped ? count_made(j) : 0;
	uint64_t known = 0;

	if (!made || !has_total(j, LINE_SNAPSHOT) || !has_total(j, LINE_STATS))
		return;
	for (int type = 0; type < LINE_TYPE_MAX; type++)
		known += j->last[type];
	if (known > made)
		audit_find(&j->run->findings, AUDIT_KIND_L4, AUDIT_BROKEN,
			   "the numbers of records go up to %" PRIu64
			   " in all, but outputs were given %" PRIu64,
			   known, made);
	else if (is_here(j, LINE_INTERFACE) && !is_absent(j, LINE_LOSS))
		j->unnumbered = made - known;
	else if (made > known)
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "interface, loss or clock records that are not in this copy: %" PRIu64,
			   made - known);
}

/* Whole types that an output has filtered away explain nothing of what is missing of others. */
static void find_dropper(struct judge *j)
{
	uint64_t absent = 0;

	for (int type = 0; type < LINE_TYPE_MAX; type++)
		absent += is_absent(j, type) ? j->last[type] : 0;
	for (size_t i = 0; i < j->run->n_sinks; i++) {
		const uint64_t *sums = sink_sums(&j->run->sinks[i]);
		uint64_t sum = sums[AUDIT_DROPPED_QUEUE_FULL] + sums[AUDIT_DROPPED_ERROR];

		if (sums[AUDIT_FILTERED] > absent)
			sum += sums[AUDIT_FILTERED] - absent;
		if (sum > j->dropped) {
			j->dropped = sum;
			j->dropper = &j->run->sinks[i];
		}
	}
}

static void tell_dropped(const struct judge *j, uint64_t missing)
{
	struct audit_findings *f = &j->run->findings;
	const char *but = missing ? "" : ", but not in this copy";
	enum audit_verdict verdict = missing ? AUDIT_INCOMPLETE : AUDIT_WHOLE;
	const uint64_t *sums;

	if (missing)
		audit_find(f, AUDIT_KIND_DROPPED, verdict,
			   "records missing in all: %" PRIu64 ", accounted for: torn lines %" PRIu64
			   ", left out by a sink %" PRIu64,
			   missing, j->run->torn, j->dropped);
	if (!j->dropper)
		return;
	sums = sink_sums(j->dropper);
	audit_find(f, AUDIT_KIND_DROPPED, verdict,
		   "sink \"%s\" left out %" PRIu64 " (dropped_queue_full %" PRIu64
		   ", dropped_error %" PRIu64 ", filtered %" PRIu64 ")%s",
		   j->dropper->name, j->dropped, sums[AUDIT_DROPPED_QUEUE_FULL],
		   sums[AUDIT_DROPPED_ERROR], sums[AUDIT_FILTERED], but);
}

/* What was made before the output came that this copy is of. */
static bool is_before_us(const struct judge *j, const struct audit_range *gap)
{
	return j->run->joined && gap->first == 1;
}

static uint64_t count_gaps(const struct judge *j, enum line_type type)
{
	const struct audit_ranges *seen = &j->run->numbers[type].seen;
	uint64_t missing = audit_ranges_missing(seen, j->sure[type]);
	struct audit_range head;

	if (audit_ranges_gap(seen, 0, j->sure[type], &head) && is_before_us(j, &head))
		missing -= head.last - head.first + 1;
	return missing;
}

static void count_missing(struct judge *j)
{
	uint64_t sum = j->unnumbered;

	for (int type = 0; type < LINE_TYPE_MAX; type++) {
		if (!is_absent(j, type))
			sum += count_gaps(j, (enum line_type)type);
	}
	j->accounted = sum <= j->dropped + j->run->torn;
	if (j->accounted && (sum || j->dropper))
		tell_dropped(j, sum);
}

/* What there is to say behind "is missing". */
#define WHY_BYTES 128
static const char *why(char ret[WHY_BYTES], const struct judge *j)
{
	if (j->accounted)
		return "";
	if (!is_here(j, LINE_SINK))
		return ", and nothing that is here accounts for it";
	if (!j->dropped)
		return ", and no sink reported a drop: a file or a line may be missing";
	(void)snprintf(ret, WHY_BYTES, ", and sinks reported only %" PRIu64 " drops", j->dropped);
	return ret;
}

static void tell_gap(const struct judge *j, enum line_type type, const struct audit_range *gap)
{
	enum audit_verdict verdict = j->accounted ? AUDIT_INCOMPLETE : AUDIT_BROKEN;
	const char *name = line_type_name(type);
	char text[WHY_BYTES];

	if (is_before_us(j, gap))
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "records 1 to %" PRIu64
			   " of %s were made before this output came to the run",
			   gap->last, name);
	else if (gap->first > j->sure[type])
		audit_find(&j->run->findings, AUDIT_KIND_MISSING, AUDIT_INCOMPLETE,
			   "records %" PRIu64 " to %" PRIu64
			   " of %s are missing, and no sink has reported yet what became of them",
			   gap->first, gap->last, name);
	else if (gap->first == gap->last)
		audit_find(&j->run->findings, AUDIT_KIND_MISSING, verdict,
			   "record %" PRIu64 " of %s is missing%s", gap->first, name, why(text, j));
	else
		audit_find(&j->run->findings, AUDIT_KIND_MISSING, verdict,
			   "records %" PRIu64 " to %" PRIu64 " of %s are missing%s", gap->first,
			   gap->last, name, why(text, j));
}

static void tell_missing(const struct judge *j, enum line_type type)
{
	const struct audit_ranges *seen = &j->run->numbers[type].seen;
	struct audit_range gap;

	for (size_t i = 0; i <= seen->n; i++) {
		if (audit_ranges_gap(seen, i, j->last[type], &gap))
			tell_gap(j, type, &gap);
	}
}

static void tell_absent(const struct judge *j, enum line_type type)
{
	const char *name = line_type_name(type);

	if (type == LINE_PACKET || type == LINE_COUNT)
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "no %s records are in this copy, though %" PRIu64 " were made", name,
			   j->last[type]);
	else
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "no %s record is in this copy", name);
}

static void tell_twice(const struct judge *j, enum line_type type)
{
	const struct audit_ranges *twice = &j->run->numbers[type].twice;
	const char *name = line_type_name(type);

	for (size_t i = 0; i < twice->n; i++) {
		const struct audit_range *r = audit_ranges_at(twice, i);

		if (r->first == r->last)
			audit_find(&j->run->findings, AUDIT_KIND_TWICE, AUDIT_BROKEN,
				   "record %" PRIu64 " of %s is there twice", r->first, name);
		else
			audit_find(&j->run->findings, AUDIT_KIND_TWICE, AUDIT_BROKEN,
				   "records %" PRIu64 " to %" PRIu64 " of %s are there twice",
				   r->first, r->last, name);
	}
}

static void tell_numbers(const struct judge *j)
{
	enum audit_verdict verdict = j->accounted ? AUDIT_INCOMPLETE : AUDIT_BROKEN;
	char text[WHY_BYTES];

	for (int type = 0; type < LINE_TYPE_MAX; type++) {
		if (is_absent(j, type))
			tell_absent(j, type);
		else
			tell_missing(j, type);
		tell_twice(j, type);
	}
	if (j->unnumbered)
		audit_find(
			&j->run->findings, AUDIT_KIND_MISSING, verdict,
			"records of interface, loss or clock that are missing, the last of their "
			"type: %" PRIu64 "%s",
			j->unnumbered, why(text, j));
}

static void tell_end(const struct judge *j)
{
	if (j->stopped)
		return;
	audit_find(
		&j->run->findings, AUDIT_KIND_UNFINISHED, AUDIT_INCOMPLETE,
		"there is no stop record: the run is unfinished, or its end is not in this copy; "
		"whether more was made cannot be known");
}

void audit_laws_judge(struct audit_run *run)
{
	struct judge j = { .run = run, .stopped = run->numbers[LINE_STOP].seen.n > 0 };

	for (size_t i = 0; i < run->n_sinks; i++)
		audit_run_settle(run, &run->sinks[i], true);
	sum_up(&j);
	find_last(&j);
	check_made(&j);
	find_dropper(&j);
	count_missing(&j);
	tell_end(&j);
	tell_numbers(&j);
	audit_sums_check(run);
}
