// SPDX-License-Identifier: BSD-2-Clause
#include "app/snapshot.h"

#include <time.h>

#include "base/time.h"

#define BUILD_STEPS 20000 /* of the heap, a slice: a millisecond or two */
#define SLICE_LINES 2000 /* lines a slice, fewer when a queue is small */
#define MEMORY_MS   5000 /* for which memory may be short */
#define PATIENCE_MS 1000 /* with outputs that take nothing; then lines are dropped, and counted */

bool snapshot_is_busy(const struct snapshot *s)
{
	return s->counts != NULL;
}

void snapshot_free(struct snapshot *s)
{
	top_free(&s->top);
	xdptail_counts_free(s->counts);
	s->counts = NULL;
}

/* top_source_fn */
static void add_source(void *interfaces, const struct xdptail_source *source)
{
	interface_sums_add(interfaces, source);
}

void snapshot_begin(struct snapshot *s, struct report *r, struct xdptail_counts *counts,
		    uint64_t limit)
{
	*s = (struct snapshot){ .counts = counts, .limit = limit ? limit : UINT64_MAX };
	s->record.snapshot = ++r->snapshots;
	s->record.counts = counts;
	s->begun_ms = s->moved_ms = time_monotonic_ms();
}

/* 1: there is memory to put the sources in order; 0: not now; or -errno. */
static int make_order(struct snapshot *s, struct report *r)
{
	int err;

	if (s->ordered)
		return 1;
	err = top_init(&s->top, s->counts);
	if (err)
		return time_monotonic_ms() - s->begun_ms < MEMORY_MS ? 0 : err;
	top_set_source_fn(&s->top, add_source, &r->interfaces);
	s->ordered = true;
	s->moved_ms = time_monotonic_ms();
	return 1;
}

/* What fits half of what the smallest queue takes. An output that drops by its user's wish is
 * waited for neither.
 */
static unsigned int slice_lines(const struct report *r)
{
	size_t lines = outputs_room_max(r->outputs, true) / RECORD_MAX_BYTES / 2;

	return lines < SLICE_LINES ? (unsigned int)lines : SLICE_LINES;
}

/* Note when the outputs last had room for a slice. Returns whether one is to be written now: there
 * is room, or it was waited for long enough.
 */
static bool check_room_for_slice(struct snapshot *s, const struct report *r, bool hurry)
{
	int64_t now = time_monotonic_ms();

	if (outputs_room(r->outputs, true) >= (size_t)slice_lines(r) * RECORD_MAX_BYTES)
		s->moved_ms = now;
	return hurry || now == s->moved_ms || now - s->moved_ms >= PATIENCE_MS;
}

/* 1: all that are to be listed are; 0: there are more; or -errno. */
static int list_slice(struct snapshot *s, struct report *r)
{
	struct xdptail_source source;

	for (unsigned int i = slice_lines(r); i > 0; i--) {
		int err;

		if (s->record.listed == s->limit || !top_next(&s->top, &source))
			return 1;
		err = report_count(r, s->record.snapshot, &source);
		if (err < 0)
			return err;
		if (err) /* it is among the unlisted then */
			continue;
		s->record.listed++;
		s->listed_packets += source.packets;
		s->listed_bytes += source.bytes;
	}
	return 0;
}

/* What closes it. 1 or -errno. */
static int close_record(struct snapshot *s, struct report *r)
{
	const struct xdptail_counts *c = s->counts;
	int err;

	s->record.aggregates = r->aggregates;
	s->record.unlisted_packets = c->counted - c->unattributed_packets - s->listed_packets;
	s->record.unlisted_bytes = c->counted_bytes - c->unattributed_bytes - s->listed_bytes;
	err = report_interval(r, &s->record);
	snapshot_free(s);
	return err ? err : 1;
}

int snapshot_step(struct snapshot *s, struct report *r, bool hurry)
{
	int done = make_order(s, r);

	if (done <= 0)
		return done;
	if (!top_build(&s->top, BUILD_STEPS))
		return 0;
	if (!check_room_for_slice(s, r, hurry))
		return 0;
	done = list_slice(s, r);
	return done <= 0 ? done : close_record(s, r);
}

int snapshot_cut(struct snapshot *s, struct report *r)
{
	return close_record(s, r);
}
