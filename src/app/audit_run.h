/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of one run: which of its records were read, in whatever order, and the sums that
 * its checks need. What a record contradicts by itself is found here; audit_checks.h has the rest.
 */
#ifndef APP_AUDIT_RUN_H
#define APP_AUDIT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/audit_findings.h"
#include "app/audit_joins.h"
#include "app/audit_ranges.h"
#include "app/audit_record.h"
#include "app/audit_snapshots.h"
#include "app/audit_times.h"

/* The record numbers that were read, and those that were read more than once. */
struct audit_numbers {
	struct audit_ranges seen;
	struct audit_ranges twice;
};

/* The part of an interval's sink record that check L4 needs. */
struct audit_queue {
	uint64_t record_seq;
	uint64_t before; /* lines that must have been queued, for the record to add up */
	uint64_t now; /* lines queued according to the record */
};

struct audit_sink {
	char *name; /* owned */
	struct audit_queue *queues; /* owned; in no order until they are settled */
	size_t n_queues;
	size_t cap_queues;
	bool settled; /* the first of them was checked, and waits for its successor */
	uint64_t sums[AUDIT_KEY_MAX]; /* of the intervals */
	uint64_t total[AUDIT_KEY_MAX];
	uint64_t total_seq; /* of the record with the totals; 0: it was not read */
};

/* An output that a start was made for. */
struct audit_output {
	char name[AUDIT_NAME_BYTES];
};

struct audit_run {
	struct audit_run *next; /* list link for the caller */
	uint64_t id;
	char *hostname; /* owned; NULL: not known */
	char *stop_reason; /* owned; NULL: not known */
	uint64_t exit; /* status, as the stop record has it */
	struct audit_output *outputs; /* owned; whose first start was read */
	size_t n_outputs;
	bool repeated; /* a start was read that is not the first */
	struct audit_joins joins;
	uint64_t truncated; /* truncated lines */
	struct audit_numbers numbers[RECORD_TYPE_MAX];
	struct audit_numbers *cpus; /* owned */
	size_t n_cpus;
	struct audit_snapshots snapshots; /* not yet whole */
	struct audit_ranges closed; /* snapshots that are */
	uint64_t sums[AUDIT_KEY_MAX]; /* of snapshot and stats records of intervals */
	uint64_t total[AUDIT_KEY_MAX];
	/* of the snapshot and the stats record with totals; or 0 */
	uint64_t total_seq[RECORD_TYPE_MAX];
	struct audit_times times;
	struct audit_sink *sinks; /* owned */
	size_t n_sinks;
	struct audit_findings findings;
};

int audit_run_new(struct audit_run **ret, uint64_t id); /* 0 or -ENOMEM */
void audit_run_free(struct audit_run *run); /* NULL is fine */

/* A record of this run, from a file (a number, from 1). 0 or -ENOMEM. */
int audit_run_take(struct audit_run *run, const struct audit_record *record, uint64_t file);

/* Has it ended without the records with totals, because it failed? */
bool audit_run_is_cut(const struct audit_run *run);

/* L4 between the sink records that follow each other without a gap; last: no more will be read. */
void audit_run_settle(struct audit_run *run, struct audit_sink *sink, bool last);

#endif
