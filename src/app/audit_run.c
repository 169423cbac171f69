// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUES_MIN 8

int audit_run_new(struct audit_run **ret, uint64_t id)
{
	struct audit_run *run = calloc(1, sizeof(*run));

	if (!run)
		return -ENOMEM;
	run->id = id;
	*ret = run;
	return 0;
}

static void free_numbers(struct audit_numbers *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		audit_ranges_free(&list[i].seen);
		audit_ranges_free(&list[i].twice);
	}
}

void audit_run_free(struct audit_run *run)
{
	if (!run)
		return;
	free_numbers(run->numbers, RECORD_TYPE_MAX);
	free_numbers(run->cpus, run->n_cpus);
	free(run->cpus);
	audit_snapshots_free(&run->snapshots);
	audit_ranges_free(&run->closed);
	audit_joins_free(&run->joins);
	for (size_t i = 0; i < run->n_sinks; i++) {
		free(run->sinks[i].queues);
		free(run->sinks[i].name);
	}
	free(run->sinks);
	free(run->outputs);
	audit_findings_free(&run->findings);
	free(run->hostname);
	free(run->stop_reason);
	free(run);
}

/* Returns 0: the number is new; 1: it was read before, and is stored as a duplicate; -ENOMEM. */
static int take_seq(struct audit_numbers *n, uint64_t number)
{
	int was_there = audit_ranges_add(&n->seen, number);

	if (was_there > 0 && audit_ranges_add(&n->twice, number) < 0)
		return -ENOMEM;
	return was_there;
}

static struct audit_numbers *find_cpu(struct audit_run *run, size_t cpu)
{
	struct audit_numbers *list = run->cpus;

	if (cpu >= run->n_cpus) {
		list = reallocarray(list, cpu + 1, sizeof(*list));
		if (!list)
			return NULL;
		memset(list + run->n_cpus, 0, (cpu + 1 - run->n_cpus) * sizeof(*list));
		run->cpus = list;
		run->n_cpus = cpu + 1;
	}
	return &list[cpu];
}

static int add_packet(struct audit_run *run, const struct audit_record *record)
{
	struct audit_numbers *cpu = find_cpu(run, (size_t)record->values[AUDIT_CPU]);
	uint64_t seq = record->values[AUDIT_CPU_SEQ];
	int err;

	if (!cpu)
		return -ENOMEM;
	if (!seq) {
		audit_find(&run->findings, AUDIT_KIND_CPU_SEQ, AUDIT_BROKEN,
			   "packet record %" PRIu64 " has cpu_seq 0, and they begin with 1",
			   record->record_seq);
		return 0;
	}
	err = take_seq(cpu, seq);
	return err < 0 ? err : 0;
}

static void check_l2(struct audit_run *run, const struct audit_snapshot *s)
{
	if (s->packets != s->want_packets)
		audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
			   "snapshot %" PRIu64 ": its %" PRIu64 " count records have %" PRIu64
			   " packets, but counted - unlisted - unattributed is %" PRId64,
			   s->number, s->lines, s->packets, (int64_t)s->want_packets);
	if (s->bytes != s->want_bytes)
		audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
			   "snapshot %" PRIu64 ": its %" PRIu64 " count records have %" PRIu64
			   " bytes, but counted - unlisted - unattributed is %" PRId64,
			   s->number, s->lines, s->bytes, (int64_t)s->want_bytes);
}

static int close_if_whole(struct audit_run *run, struct audit_snapshot *s)
{
	uint64_t number = s->number;

	if (!s->recorded || s->lines != s->want_lines)
		return 0;
	check_l2(run, s);
	audit_snapshots_forget(&run->snapshots, s);
	return audit_ranges_add(&run->closed, number) < 0 ? -ENOMEM : 0;
}

static int take_count(struct audit_run *run, const struct audit_record *record)
{
	uint64_t number = record->values[AUDIT_SNAPSHOT];
	struct audit_snapshot *s;

	if (!number || audit_ranges_cover(&run->closed, number, number)) {
		audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
			   "count record %" PRIu64 " belongs to snapshot %" PRIu64
			   ", which lists no more of them",
			   record->record_seq, number);
		return 0;
	}
	if (audit_snapshots_get(&run->snapshots, number, &s))
		return -ENOMEM;
	s->lines++;
	s->packets += record->values[AUDIT_PACKETS];
	s->bytes += record->values[AUDIT_BYTES];
	return close_if_whole(run, s);
}

static uint64_t sum(const uint64_t *values, enum audit_key first, enum audit_key last)
{
	uint64_t ret = 0;

	for (unsigned int key = first; key <= last; key++)
		ret += values[key];
	return ret;
}

static void add_values(uint64_t *sums, const uint64_t *values)
{
	for (int key = 0; key < AUDIT_KEY_MAX; key++)
		sums[key] += values[key];
}

/* "snapshot 3", or "the snapshot with the totals". */
#define WHICH_BYTES 64
static const char *which(char ret[WHICH_BYTES], const struct audit_record *record)
{
	const char *name = record_type_name(record->type);

	if (record->values[AUDIT_IS_TOTAL])
		(void)snprintf(ret, WHICH_BYTES, "the %s record with the totals", name);
	else
		(void)snprintf(ret, WHICH_BYTES, "%s %" PRIu64, name, record->record_seq);
	return ret;
}

static void check_l1(struct audit_run *run, const struct audit_record *record)
{
	const uint64_t *v = record->values;
	uint64_t parts = sum(v, AUDIT_NOT_IP, AUDIT_COUNTED);
	uint64_t causes = sum(v, AUDIT_UNATTRIBUTED_FULL, AUDIT_UNATTRIBUTED_OTHER);
	char name[WHICH_BYTES];

	if (v[AUDIT_SEEN] != parts)
		audit_find(&run->findings, AUDIT_KIND_L1, AUDIT_BROKEN,
			   "%s: seen is %" PRIu64 ", but not_ip + no_source + undetermined + "
			   "not_selected + counted is %" PRIu64,
			   which(name, record), v[AUDIT_SEEN], parts);
	if (causes && causes != v[AUDIT_UNATTRIBUTED_PACKETS])
		audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
			   "%s: unattributed_packets is %" PRIu64
			   ", but the causes add up to %" PRIu64,
			   which(name, record), v[AUDIT_UNATTRIBUTED_PACKETS], causes);
}

/* A snapshot has the number of its record, and the totals have the number of the last snapshot. */
static bool is_numbered(struct audit_run *run, const struct audit_record *record)
{
	uint64_t want = record->record_seq - record->values[AUDIT_IS_TOTAL];
	uint64_t got = record->values[AUDIT_SNAPSHOT];
	char name[WHICH_BYTES];

	if (got == want)
		return true;
	audit_find(&run->findings, AUDIT_KIND_L2, AUDIT_BROKEN,
		   "%s has the number %" PRIu64 ", but it should be %" PRIu64, which(name, record),
		   got, want);
	return false;
}

static int add_snapshot(struct audit_run *run, const struct audit_record *record)
{
	const uint64_t *v = record->values;
	struct audit_snapshot *s;

	check_l1(run, record);
	if (!is_numbered(run, record) || record->values[AUDIT_IS_TOTAL])
		return 0;
	if (audit_snapshots_get(&run->snapshots, v[AUDIT_SNAPSHOT], &s))
		return -ENOMEM;
	s->recorded = true;
	s->want_lines = v[AUDIT_LISTED];
	s->want_packets =
		v[AUDIT_COUNTED] - v[AUDIT_UNLISTED_PACKETS] - v[AUDIT_UNATTRIBUTED_PACKETS];
	s->want_bytes =
		v[AUDIT_COUNTED_BYTES] - v[AUDIT_UNLISTED_BYTES] - v[AUDIT_UNATTRIBUTED_BYTES];
	return close_if_whole(run, s);
}

static void check_l3(struct audit_run *run, const struct audit_record *record)
{
	uint64_t outcomes = sum(record->values, AUDIT_DELIVERED, AUDIT_DISCARDED);
	char name[WHICH_BYTES];

	if (record->values[AUDIT_SAMPLED] != outcomes)
		audit_find(&run->findings, AUDIT_KIND_L3, AUDIT_BROKEN,
			   "%s: sampled is %" PRIu64
			   ", but delivered + lost_* + discarded is %" PRIu64,
			   which(name, record), record->values[AUDIT_SAMPLED], outcomes);
}

/* Add a snapshot or stats record to the sums of its type, or store it as their total. */
static void add_to_sums(struct audit_run *run, const struct audit_record *record)
{
	if (!record->values[AUDIT_IS_TOTAL]) {
		add_values(run->sums, record->values);
		return;
	}
	if (run->total_seq[record->type])
		audit_find(&run->findings, AUDIT_KIND_TOTAL, AUDIT_BROKEN,
			   "there are two %s records with totals: %" PRIu64 " and %" PRIu64,
			   record_type_name(record->type), run->total_seq[record->type],
			   record->record_seq);
	run->total_seq[record->type] = record->record_seq;
	add_values(run->total, record->values);
}

static struct audit_sink *find_sink(struct audit_run *run, const char *name)
{
	struct audit_sink *list;
	char *copy;

	for (size_t i = 0; i < run->n_sinks; i++) {
		if (strcmp(run->sinks[i].name, name) == 0)
			return &run->sinks[i];
	}
	list = reallocarray(run->sinks, run->n_sinks + 1, sizeof(*list));
	if (!list)
		return NULL;
	run->sinks = list;
	copy = strdup(name);
	if (!copy)
		return NULL;
	list += run->n_sinks++;
	*list = (struct audit_sink){ .name = copy };
	return list;
}

static int compare_queues(const void *a, const void *b)
{
	const struct audit_queue *left = a;
	const struct audit_queue *right = b;

	return (left->record_seq > right->record_seq) - (left->record_seq < right->record_seq);
}

/* before: the preceding record, or NULL. Without the records in between nothing is checked. */
static void check_l4(struct audit_run *run, const struct audit_sink *sink,
		     const struct audit_queue *before, const struct audit_queue *queue)
{
	uint64_t queued = before ? before->now : 0;

	if (!audit_ranges_cover(&run->numbers[RECORD_SINK].seen, before ? before->record_seq : 1,
				queue->record_seq) ||
	    queued == queue->before)
		return;
	audit_find(&run->findings, AUDIT_KIND_L4, AUDIT_BROKEN,
		   "sink %" PRIu64 " (\"%s\"): written + filtered + dropped_* + queued - made is "
		   "%" PRId64 ", but %" PRIu64 " were queued before",
		   queue->record_seq, sink->name, (int64_t)queue->before, queued);
}

/* Records before the first gap are dropped, except for the last of them, which is compared next. */
void audit_run_settle(struct audit_run *run, struct audit_sink *sink, bool last)
{
	const struct audit_ranges *seen = &run->numbers[RECORD_SINK].seen;
	struct audit_queue *q = sink->queues;
	size_t done = 0;

	if (sink->n_queues)
		qsort(q, sink->n_queues, sizeof(*q), compare_queues);
	for (size_t i = 0; i < sink->n_queues; i++) {
		if (!last && !audit_ranges_cover(seen, 1, q[i].record_seq))
			break;
		if (i || !sink->settled)
			check_l4(run, sink, i ? &q[i - 1] : NULL, &q[i]);
		done = i + 1;
	}
	if (!done)
		return;
	sink->n_queues -= done - 1;
	memmove(q, q + done - 1, sink->n_queues * sizeof(*q));
	sink->settled = true;
}

/* Grow the array unless settling has freed half of it; otherwise it would soon be settled again. */
static int grow_queues(struct audit_sink *sink)
{
	size_t cap = sink->cap_queues ? sink->cap_queues * 2 : QUEUES_MIN;
	struct audit_queue *list = sink->queues;

	if (sink->n_queues < sink->cap_queues / 2)
		return 0;
	list = reallocarray(list, cap, sizeof(*list));
	if (!list)
		return -ENOMEM;
	sink->queues = list;
	sink->cap_queues = cap;
	return 0;
}

static int add_queue(struct audit_run *run, struct audit_sink *sink,
		     const struct audit_queue *queue)
{
	if (sink->n_queues == sink->cap_queues) {
		audit_run_settle(run, sink, false);
		if (grow_queues(sink))
			return -ENOMEM;
	}
	sink->queues[sink->n_queues++] = *queue;
	return 0;
}

static int take_sink(struct audit_run *run, const struct audit_record *record)
{
	struct audit_sink *sink = find_sink(run, record->name);
	const uint64_t *v = record->values;
	struct audit_queue queue = {
		.record_seq = record->record_seq,
		.before = sum(v, AUDIT_WRITTEN, AUDIT_QUEUED) - v[AUDIT_MADE],
		.now = v[AUDIT_QUEUED],
	};

	if (!sink)
		return -ENOMEM;
	if (!record->values[AUDIT_IS_TOTAL]) {
		add_values(sink->sums, v);
		return add_queue(run, sink, &queue);
	}
	if (queue.before)
		audit_find(&run->findings, AUDIT_KIND_L4, AUDIT_BROKEN,
			   "the totals of sink \"%s\": made is %" PRIu64
			   ", but written + filtered + "
			   "dropped_* + queued is %" PRIu64,
			   sink->name, v[AUDIT_MADE], sum(v, AUDIT_WRITTEN, AUDIT_QUEUED));
	if (sink->total_seq)
		audit_find(&run->findings, AUDIT_KIND_TOTAL, AUDIT_BROKEN,
			   "there are two records with totals of sink \"%s\": %" PRIu64
			   " and %" PRIu64,
			   sink->name, sink->total_seq, record->record_seq);
	sink->total_seq = record->record_seq;
	memcpy(sink->total, v, sizeof(sink->total));
	return 0;
}

/* The first that is there. 0 or -ENOMEM. */
static int keep_name(char **to, const char *name)
{
	if (*to || !name[0])
		return 0;
	*to = strdup(name);
	return *to ? 0 : -ENOMEM;
}

static int take_values(struct audit_run *run, const struct audit_record *record)
{
	switch (record->type) {
	case RECORD_PACKET:
		return add_packet(run, record);
	case RECORD_COUNT:
		return take_count(run, record);
	case RECORD_SNAPSHOT:
		add_to_sums(run, record);
		return add_snapshot(run, record);
	case RECORD_STATS:
		add_to_sums(run, record);
		check_l3(run, record);
		return 0;
	case RECORD_SINK:
		return take_sink(run, record);
	case RECORD_STOP:
		run->exit = record->values[AUDIT_EXIT];
		return keep_name(&run->stop_reason, record->name);
	case RECORD_START:
	case RECORD_INTERFACE:
	case RECORD_LOSS:
	case RECORD_CLOCK:
	case RECORD_TYPE_MAX:
		break;
	}
	return 0;
}

/* 0: the first start for this output; 1: it was read before; -ENOMEM. */
static int note_output(struct audit_run *run, const char *name)
{
	struct audit_output *list;

	for (size_t i = 0; i < run->n_outputs; i++) {
		if (strcmp(run->outputs[i].name, name) == 0)
			return 1;
	}
	list = reallocarray(run->outputs, run->n_outputs + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	run->outputs = list;
	(void)snprintf(list[run->n_outputs++].name, sizeof(list->name), "%s", name);
	return 0;
}

/* One record is given to each output under the name of that output: where the copies of several are
 * read together, it is there once for each. As take_seq().
 */
static int take_start(struct audit_run *run, const struct audit_record *record)
{
	struct audit_numbers *numbers = &run->numbers[RECORD_START];
	uint64_t number = record->record_seq;
	int was_there = note_output(run, record->sink);

	if (was_there < 0 || (!was_there && audit_ranges_cover(&numbers->seen, number, number)))
		return was_there;
	return take_seq(numbers, number);
}

int audit_run_take(struct audit_run *run, const struct audit_record *record, uint64_t file)
{
	bool repeated = record->values[AUDIT_REPEATED];
	int was_there = 0;
	int err = 0;

	if (record->type == RECORD_START)
		err = keep_name(&run->hostname, record->name);
	if (!err && !repeated)
		was_there = record->type == RECORD_START ?
				    take_start(run, record) :
				    take_seq(&run->numbers[record->type], record->record_seq);
	if (err || was_there < 0)
		return -ENOMEM;
	if (was_there)
		return 0;
	audit_times_take(&run->times, record, &run->findings);
	err = audit_joins_take(&run->joins, record, file);
	run->repeated = run->repeated || repeated;
	return err || repeated ? err : take_values(run, record);
}

bool audit_run_is_cut(const struct audit_run *run)
{
	for (size_t i = 0; i < run->n_sinks; i++) {
		if (run->sinks[i].total_seq)
			return false;
	}
	return run->exit && !run->total_seq[RECORD_SNAPSHOT] && !run->total_seq[RECORD_STATS];
}
