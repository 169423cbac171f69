/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run says of itself: start, interface, stats, output and stop records, and the sums. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "app/interface_sums.h"
#include "app/options.h"
#include "record/record.h"
#include "output/outputs.h"

struct report_event;

/* Why a record could not be made. */
enum report_cause {
	REPORT_TOO_LONG,
	REPORT_NO_MEMORY,
	REPORT_CAUSE_MAX
};

/* Records that could not be made, since a loss record has last said so. */
struct report_unmade {
	uint64_t records;
	uint64_t first_ns; /* wall time of the first … */
	uint64_t last_ns; /* Unix time of the last one */
};

struct report {
	struct record_writer *writer; /* borrowed, like all pointers here */
	struct outputs *outputs;
	struct xdptail *handle;
	bool perf; /* the transport, for the losses only it has */
	bool enough; /* of samples, by the user's wish (-c): what is discarded is not lost */
	bool aggregates; /* an interface was attached where packets come that the host has merged */
	uint64_t snapshots; /* number of the last */
	struct record_stats stats_sums; /* of the intervals so far */
	uint64_t late; /* samples that were discarded because their interval could not wait */
	struct record_snapshot
		snapshot_sums; /* sums of the run's snapshots; their counts are the next member */
	struct xdptail_counts counts_sums;
	uint64_t cpu_ms; /* at the end of the last interval */
	uint64_t high_water; /* the highest of all intervals */
	uint64_t longest_wait_ms; /* of the last interval */
	struct xdptail_stats handle_stats; /* as last looked at */
	struct record_stats last_stats; /* of the last interval */
	uint64_t last_sources; /* sources of the last snapshot, before --top */
	struct interface_sums interfaces;
	struct output_counts before[OUTPUT_NAMES_MAX]; /* as of the last output record */
	bool started; /* there is a start record */
	struct report_event *held; /* owned; interface events that came before it */
	size_t n_held;
	struct report_unmade unmade[REPORT_CAUSE_MAX];
	uint64_t unmade_packets; /* of which stats are still to say that they became no record */
};

void report_init(struct report *r, struct record_writer *writer, struct outputs *outputs,
		 struct xdptail *handle);

/* Each puts its records to the outputs. 0, or -errno when a line could not be made. A packet,
 * count, interface or clock record that can't be made does not end a run: it is counted, and said
 * in a loss record; a packet, in stats too, as a sample that became no record.
 *
 * The start record is the first of a run, and says what is so once all is set up: what happens to
 * interfaces before that is kept until then.
 */
int report_start(struct report *r, const struct options *o);

/* The start record once more, as things are now: to output i alone, or to all. */
int report_start_again(struct report *r, const struct options *o, unsigned int i);
#define REPORT_ALL_OUTPUTS UINT32_MAX
int report_interface(struct report *r, const struct xdptail_interface *event);
int report_packet(struct report *r, const struct xdptail_packet *packet);

/* 1: it could not be made, so that its source is not listed. */
int report_count(struct report *r, uint64_t snapshot, const struct xdptail_source *source);
int report_clock(struct report *r, int64_t step_ns);

/* The end of an interval, after its count lines: snapshot, stats, a output record for each output,
 * and what was lost.
 */
int report_interval(struct report *r, const struct record_snapshot *snapshot);

/* The end of the stream: the same as sums of the run, then stop. complete: every interval has been
 * written; else the sums would say less than the stream does, and are left out.
 */
int report_stop(struct report *r, const char *reason, int exit_code, bool complete);

/* The last line of the diagnostics: what was seen, sampled and lost, over all intervals. */
void report_summary(const struct report *r);

/* Samples that were lost, over all intervals and causes. */
uint64_t report_lost(const struct report *r);

#endif
