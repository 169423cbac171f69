// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_times.h"

#include <inttypes.h>
#include <string.h>

/* All times of a run have as many digits, so that they compare as text. */
static void note_packet(struct audit_times *t, const struct audit_record *record)
{
	t->skipped = t->skipped || record->record_seq != t->packet + 1;
	t->packet = record->record_seq;
	if (!t->from[0] || strcmp(record->time, t->from) < 0)
		memcpy(t->from, record->time, sizeof(t->from));
	if (strcmp(record->time, t->to) > 0)
		memcpy(t->to, record->time, sizeof(t->to));
}

static void note_snapshot(struct audit_times *t, const struct audit_record *record,
			  struct audit_findings *f)
{
	const char *start = record->interval_start;
	const char *end = record->interval_end;
	bool in_order = record->record_seq == t->snapshot + 1 && !t->skipped;

	if (strcmp(start, end) > 0)
		audit_find(f, AUDIT_KIND_TIME, AUDIT_BROKEN,
			   "snapshot %" PRIu64 " is of %s to %s, and ends before it starts",
			   record->record_seq, start, end);
	else if (in_order && t->from[0] && (strcmp(t->from, start) < 0 || strcmp(t->to, end) > 0))
		audit_find(f, AUDIT_KIND_TIME, AUDIT_BROKEN,
			   "snapshot %" PRIu64 " is of %s to %s, but its packets are of %s to %s",
			   record->record_seq, start, end, t->from, t->to);
	t->snapshot = record->record_seq;
	t->skipped = false;
	t->from[0] = '\0';
	t->to[0] = '\0';
}

void audit_times_take(struct audit_times *t, const struct audit_record *record,
		      struct audit_findings *f)
{
	if (record->type == RECORD_START)
		t->capture = t->capture || record->values[AUDIT_IS_CAPTURE];
	if (!t->capture)
		return;
	if (record->type == RECORD_PACKET)
		note_packet(t, record);
	else if (record->type == RECORD_SNAPSHOT && !record->values[AUDIT_IS_TOTAL])
		note_snapshot(t, record, f);
}
