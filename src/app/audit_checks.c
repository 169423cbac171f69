// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_checks.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/audit_sums.h"

/* What is settled of a run before its records are told one by one. */
struct checker {
	struct audit_run *run; /* borrowed */
	bool unread; /* there is a file that could not be read */
	bool stopped; /* and not cut: the records with totals are there, or missing */
	/* number of the last record that was made, as far as known */
	uint64_t last[RECORD_TYPE_MAX];
	uint64_t sure[RECORD_TYPE_MAX]; /* up to here, what is missing has been reported on */
	uint64_t unnumbered; /* records that are missing behind the last one of their type */
	const struct audit_sink *dropper; /* the output that dropped or filtered most; or NULL */
	uint64_t dropped; /* by it */
	bool accounted; /* for all that is missing */
	/* interface, loss or clock records may have been made while the output was away */
	bool away;
	uint64_t sums[AUDIT_KEY_MAX]; /* the totals, or else of the intervals that are there */
};

static bool is_here(const struct checker *j, enum record_type type)
{
	return j->run->numbers[type].seen.n > 0;
}

static bool has_total(const struct checker *j, enum record_type type)
{
	return j->run->total_seq[type] != 0;
}

static uint64_t last_seen(const struct checker *j, enum record_type type)
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

static void sum_up(struct checker *j)
{
	const struct audit_run *run = j->run;

	for (unsigned int key = 0; key < AUDIT_KEY_MAX; key++) {
		enum record_type type = key < AUDIT_SAMPLED ? RECORD_SNAPSHOT : RECORD_STATS;

		j->sums[key] = has_total(j, type) ? run->total[key] : run->sums[key];
	}
}

static void take_last(struct checker *j, enum record_type type, uint64_t made, bool total)
{
	uint64_t seen = last_seen(j, type);

	j->last[type] = total ? made : larger(made, seen);
	if (total && seen > made)
		audit_find(&j->run->findings, AUDIT_KIND_TOTAL, AUDIT_BROKEN,
			   "%s records go up to number %" PRIu64
			   ", but according to the totals %" PRIu64 " were made",
			   record_type_name(type), seen, made);
}

enum gap_cause {
	GAP_BEFORE, /* it was made before the output of this copy came, or came back */
	GAP_LATE, /* nobody has said yet what became of it */
	GAP_MISSING,
};

/* The gaps of a type, one by one. */
struct gaps {
	enum record_type type;
	size_t i; /* the range behind the next one */
	uint64_t open; /* joins that may yet explain one */
	struct audit_range range;
	enum gap_cause cause;
};

static struct gaps gaps_of(const struct checker *j, int type)
{
	return (struct gaps){ .type = (enum record_type)type, .open = j->run->joins.open[type] };
}

static bool has_begun_without_us(const struct checker *j)
{
	return j->run->joins.any && !audit_ranges_cover(&j->run->numbers[RECORD_START].seen, 1, 1);
}

static enum gap_cause cause_of(const struct checker *j, struct gaps *g, bool last)
{
	if (audit_joins_explain(&j->run->joins, g->type, last ? 0 : g->range.last + 1, &g->open) ||
	    (g->range.first == 1 && has_begun_without_us(j)))
		return GAP_BEFORE;
	return g->range.first > j->sure[g->type] ? GAP_LATE : GAP_MISSING;
}

static bool next_gap(const struct checker *j, struct gaps *g)
{
	const struct audit_ranges *seen = &j->run->numbers[g->type].seen;

	while (g->i <= seen->n) {
		bool last = g->i == seen->n;

		if (audit_ranges_gap(seen, g->i++, j->last[g->type], &g->range)) {
			g->cause = cause_of(j, g, last);
			return true;
		}
	}
	return false;
}

/* Outputs whose totals were to come behind the last sink record that is there. */
static uint64_t count_sinks_without_total(const struct checker *j)
{
	const struct audit_run *run = j->run;
	struct gaps g = gaps_of(j, RECORD_SINK);
	uint64_t n = 0;

	if (!j->stopped)
		return 0;
	while (next_gap(j, &g)) {
		if (g.cause != GAP_BEFORE)
			return 0;
	}
	for (size_t i = 0; i < run->n_sinks; i++)
		n += !run->sinks[i].total_seq;
	return n;
}

static void find_last(struct checker *j)
{
	for (int type = 0; type < RECORD_TYPE_MAX; type++)
		j->last[type] = last_seen(j, type);
	take_last(j, RECORD_PACKET, j->sums[AUDIT_DELIVERED], has_total(j, RECORD_STATS));
	take_last(j, RECORD_COUNT, j->sums[AUDIT_LISTED], has_total(j, RECORD_SNAPSHOT));
	if (j->stopped && is_here(j, RECORD_SNAPSHOT) && !has_total(j, RECORD_SNAPSHOT))
		j->last[RECORD_SNAPSHOT]++;
	if (j->stopped && is_here(j, RECORD_STATS) && !has_total(j, RECORD_STATS))
		j->last[RECORD_STATS]++;
	j->last[RECORD_SINK] += count_sinks_without_total(j);
	j->last[RECORD_START] = larger(1, j->last[RECORD_START]);
	for (int type = 0; type < RECORD_TYPE_MAX; type++)
		j->sure[type] = j->last[type];
	if (j->stopped || !is_here(j, RECORD_SINK))
		return;
	if (is_here(j, RECORD_STATS))
		j->sure[RECORD_PACKET] = j->sums[AUDIT_DELIVERED];
	if (is_here(j, RECORD_SNAPSHOT))
		j->sure[RECORD_COUNT] = j->sums[AUDIT_LISTED];
}

/* A type of which nothing is there, though there must have been. */
static bool is_absent(const struct checker *j, enum record_type type)
{
	if (is_here(j, type))
		return false;
	switch (type) {
	case RECORD_SNAPSHOT:
	case RECORD_STATS:
	case RECORD_SINK:
		return j->stopped;
	case RECORD_START:
		return !j->run->repeated;
	case RECORD_LOSS:
		return audit_sums_lost(j->sums) > 0;
	case RECORD_PACKET:
	case RECORD_COUNT:
		return j->last[type] > 0;
	case RECORD_INTERFACE:
	case RECORD_CLOCK:
	case RECORD_STOP:
	case RECORD_TYPE_MAX:
		break;
	}
	return false;
}

/* All records of the run, as an output that was there all the time has been given them: what was
 * made before the record with its totals, that record, those of other outputs behind it, and the
 * stop record. There may have been no such output, when this is a copy of one that came later. 0:
 * not known.
 */
static uint64_t count_made(const struct checker *j)
{
	uint64_t made = 0;

	for (size_t i = 0; i < j->run->n_sinks; i++) {
		const struct audit_sink *sink = &j->run->sinks[i];
		uint64_t behind = j->last[RECORD_SINK] - sink->total_seq;

		if (sink->total_seq)
			made = larger(made, sink->total[AUDIT_MADE] + 1 + behind + 1);
	}
	return made;
}

/* The totals say nothing of the last interface, loss or clock record, but outputs count all lines.
 */
static void check_made(struct checker *j)
{
	uint64_t made = j->stopped ? count_made(j) : 0;
	uint64_t known = 0;

	if (!made || !has_total(j, RECORD_SNAPSHOT) || !has_total(j, RECORD_STATS))
		return;
	for (int type = 0; type < RECORD_TYPE_MAX; type++)
		known += j->last[type];
	if (known > made && j->run->joins.any)
		return;
	if (known > made)
		audit_find(&j->run->findings, AUDIT_KIND_L4, AUDIT_BROKEN,
			   "the numbers of records go up to %" PRIu64
			   " in all, but outputs were given %" PRIu64,
			   known, made);
	else if (is_here(j, RECORD_INTERFACE) && !is_absent(j, RECORD_LOSS))
		j->unnumbered = made - known;
	else if (made > known)
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "interface, loss or clock records that are not in this copy: %" PRIu64,
			   made - known);
}

/* Whole types that an output has filtered away explain nothing of what is missing of others. */
static void find_dropper(struct checker *j)
{
	uint64_t absent = 0;

	for (int type = 0; type < RECORD_TYPE_MAX; type++)
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

static void tell_dropped(const struct checker *j, uint64_t missing)
{
	struct audit_findings *f = &j->run->findings;
	const char *but = missing ? "" : ", but not in this copy";
	enum audit_verdict verdict = missing ? AUDIT_INCOMPLETE : AUDIT_WHOLE;
	const uint64_t *sums;

	if (missing)
		audit_find(f, AUDIT_KIND_DROPPED, verdict,
			   "records missing in all: %" PRIu64
			   ", accounted for: truncated lines %" PRIu64
			   ", left out by a sink %" PRIu64,
			   missing, j->run->truncated, j->dropped);
	if (!j->dropper)
		return;
	sums = sink_sums(j->dropper);
	audit_find(f, AUDIT_KIND_DROPPED, verdict,
		   "sink \"%s\" left out %" PRIu64 " (dropped_queue_full %" PRIu64
		   ", dropped_error %" PRIu64 ", filtered %" PRIu64 ")%s",
		   j->dropper->name, j->dropped, sums[AUDIT_DROPPED_QUEUE_FULL],
		   sums[AUDIT_DROPPED_ERROR], sums[AUDIT_FILTERED], but);
}

/* Numbers that are missing, and that somebody has to account for. */
static uint64_t count_gaps(struct checker *j, int type)
{
	struct gaps g = gaps_of(j, type);
	uint64_t sum = 0;

	while (next_gap(j, &g)) {
		uint64_t last = g.range.last < j->sure[type] ? g.range.last : j->sure[type];

		if (g.cause == GAP_MISSING)
			sum += last - g.range.first + 1;
	}
	j->away = j->away || (g.open && (type == RECORD_INTERFACE || type == RECORD_LOSS ||
					 type == RECORD_CLOCK));
	return sum;
}

static void count_missing(struct checker *j)
{
	uint64_t sum = 0;

	for (int type = 0; type < RECORD_TYPE_MAX; type++) {
		if (!is_absent(j, type))
			sum += count_gaps(j, type);
	}
	if (!j->away)
		sum += j->unnumbered;
	j->accounted = sum <= j->dropped + j->run->truncated;
	if (j->accounted && (sum || j->dropper))
		tell_dropped(j, sum);
}

/* What there is to say behind "is missing". */
#define WHY_BYTES 128
static const char *why(char ret[WHY_BYTES], const struct checker *j)
{
	if (j->accounted)
		return "";
	if (j->unread)
		return ", and a file could not be read";
	if (!is_here(j, RECORD_SINK))
		return ", and nothing that is here accounts for it";
	if (!j->dropped)
		return ", and no sink reported a drop: a file or a line may be missing";
	(void)snprintf(ret, WHY_BYTES, ", and sinks reported only %" PRIu64 " drops", j->dropped);
	return ret;
}

static enum audit_verdict missing_verdict(const struct checker *j)
{
	return j->accounted || j->unread ? AUDIT_INCOMPLETE : AUDIT_BROKEN;
}

/* A gap in a few words, which a sentence goes on from. */
#define GAP_BYTES 96
static const char *describe(char ret[GAP_BYTES], const struct gaps *g)
{
	const char *name = record_type_name(g->type);

	if (g->range.first == g->range.last)
		(void)snprintf(ret, GAP_BYTES, "record %" PRIu64 " of %s", g->range.first, name);
	else
		(void)snprintf(ret, GAP_BYTES, "records %" PRIu64 " to %" PRIu64 " of %s",
			       g->range.first, g->range.last, name);
	return ret;
}

static void tell_gap(const struct checker *j, const struct gaps *g)
{
	bool one = g->range.first == g->range.last;
	struct audit_findings *f = &j->run->findings;
	char text[WHY_BYTES];
	char gap[GAP_BYTES];

	if (g->cause == GAP_BEFORE)
		audit_find(f, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "%s %s made before this output came%s to the run", describe(gap, g),
			   one ? "was" : "were", g->range.first == 1 ? "" : " back");
	else if (g->cause == GAP_LATE)
		audit_find(f, AUDIT_KIND_MISSING, AUDIT_INCOMPLETE,
			   "%s %s missing, and no sink has reported yet what became of %s",
			   describe(gap, g), one ? "is" : "are", one ? "it" : "them");
	else
		audit_find(f, AUDIT_KIND_MISSING, missing_verdict(j), "%s %s missing%s",
			   describe(gap, g), one ? "is" : "are", why(text, j));
}

/* The start record is the same as the one with which an output comes. */
static void tell_missing(const struct checker *j, int type)
{
	struct gaps g = gaps_of(j, type);

	while (next_gap(j, &g)) {
		if (type != RECORD_START || g.cause != GAP_BEFORE)
			tell_gap(j, &g);
	}
}

static void tell_absent(const struct checker *j, enum record_type type)
{
	const char *name = record_type_name(type);

	if (type == RECORD_PACKET || type == RECORD_COUNT)
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "no %s records are in this copy, though %" PRIu64 " were made", name,
			   j->last[type]);
	else
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "no %s record is in this copy", name);
}

static void tell_twice(const struct checker *j, enum record_type type)
{
	const struct audit_ranges *twice = &j->run->numbers[type].twice;
	const char *name = record_type_name(type);

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

static void tell_numbers(const struct checker *j)
{
	char text[WHY_BYTES];

	for (int type = 0; type < RECORD_TYPE_MAX; type++) {
		if (is_absent(j, type))
			tell_absent(j, type);
		else
			tell_missing(j, type);
		tell_twice(j, type);
	}
	if (j->unnumbered && j->away)
		audit_find(&j->run->findings, AUDIT_KIND_COPY, AUDIT_INCOMPLETE,
			   "records of interface, loss or clock that were made before this output "
			   "came to the run: %" PRIu64,
			   j->unnumbered);
	else if (j->unnumbered)
		audit_find(
			&j->run->findings, AUDIT_KIND_MISSING, missing_verdict(j),
			"records of interface, loss or clock that are missing, the last of their "
			"type: %" PRIu64 "%s",
			j->unnumbered, why(text, j));
}

static void tell_end(const struct checker *j)
{
	const struct audit_run *run = j->run;
	const char *reason = run->stop_reason ? run->stop_reason : "no reason given";

	if (!run->numbers[RECORD_STOP].seen.n)
		audit_find(&j->run->findings, AUDIT_KIND_UNFINISHED, AUDIT_INCOMPLETE,
			   "there is no stop record: the run is unfinished, or its end is not in "
			   "this copy; whether more was made cannot be known");
	else if (run->exit)
		audit_find(&j->run->findings, AUDIT_KIND_FAILED, AUDIT_INCOMPLETE,
			   "the run failed: it stopped with exit status %" PRIu64 " (%s)%s",
			   run->exit, reason,
			   j->stopped ? "" :
					", without the records with totals; what it made since the "
					"last snapshot cannot be checked");
}

void audit_checks_run(struct audit_run *run, bool unread)
{
	struct checker j = {
		.run = run,
		.unread = unread,
		.stopped = run->numbers[RECORD_STOP].seen.n > 0 && !audit_run_is_cut(run),
	};

	audit_joins_settle(&run->joins);
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
