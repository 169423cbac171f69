/* SPDX-License-Identifier: BSD-2-Clause */
/* Declarations shared by outputs.c, which puts lines to outputs, and outputs_end.c, which closes
 * them.
 */
#ifndef OUTPUT_OUTPUTS_INTERNAL_H
#define OUTPUT_OUTPUTS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "output/queue.h"
#include "output/outputs.h"
#include "output/writer.h"

struct output {
	enum output_state state;
	struct output_spec spec; /* owned; only the name is valid once closed */
	struct writer *writer; /* owned; NULL: closed */
	struct queue *queue; /* owned; NULL: closed */
	struct output_counts earlier; /* totals of earlier instances of this output */
	int64_t close_deadline_ms; /* monotonic: deadline for writing its queue once closing */
	bool started;
	bool will_return; /* closing or closed, but will be added again */
	/* the previous instance ended with a partial line, and nothing follows it yet */
	bool partial_line;
	uint64_t made;
	uint64_t filtered;
	uint64_t dropped_queue_full;
	uint64_t dropped_failing; /* the queue was full because the output could not write */
	uint64_t dropped_at_flush; /* lines dropped until the last flush */
	uint64_t flushed_ns; /* time of the last flush */
	/* times the caller yielded to its writer since its queue was nearly empty */
	unsigned int yields;
	uint64_t drop_first_ns; /* 0: none since outputs_reset_drops() */
	uint64_t drop_last_ns;
	bool end_seen; /* the last flush saw its error */
	bool ended;
};

/* An open output that waits for the previous one of its name to close. */
struct pending_output {
	struct output output;
	struct outputs *outputs; /* borrowed */
	bool is_new; /* no output had that name */
};

struct outputs {
	struct output list[OUTPUT_NAMES_MAX];
	unsigned int n;
	unsigned int n_new_pending; /* number of pending outputs with is_new */
	size_t unflushed; /* bytes */
	size_t flush_bytes; /* bytes after which a put flushes implicitly */
	int64_t yield_period_ns; /* monotonic: start of the current period */
	int64_t yield_ns; /* time spent yielding in the current period */
	bool finished; /* outputs_finish() was called */
	bool can_wait; /* the caller can wait for room */
	int64_t patience_ms; /* how long a failing output is waited for; 0: no limit */
	int failed_fd; /* owned; eventfd */
	outputs_clock_fn clock_fn;
	const void *clock_arg; /* borrowed */
};

/* Counts of the current instance only; and the number of its lines that are neither written nor
 * dropped.
 */
void output_current_counts(const struct output *o, struct output_counts *ret);
void output_add_counts(struct output_counts *sum, const struct output_counts *add);
uint64_t output_queued(const struct output_counts *c);

#endif
