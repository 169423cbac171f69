/* SPDX-License-Identifier: BSD-2-Clause */
/* What the outputs of a run consist of. output.c puts lines to them; output_end.c has how they end.
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
	struct output_spec spec; /* owned; of one that is gone, its name is all that counts */
	struct writer *writer; /* owned; NULL: gone */
	struct queue *queue; /* owned; likewise */
	struct output_counts earlier; /* of its lives before this one */
	int64_t close_deadline_ms; /* monotonic: when it is to give up */
	bool started;
	bool will_return; /* not here, but only for the time being */
	bool partial_line; /* the life before ended in half a line, and nothing is written behind it
			      yet */
	uint64_t made;
	uint64_t filtered;
	uint64_t dropped_queue_full;
	uint64_t dropped_failing; /* the queue was full because the output could not write */
	uint64_t dropped_at_flush; /* all that was dropped, at the last flush */
	uint64_t flushed_ns; /* time of that flush */
	unsigned int yields; /* turns its writer was given since its queue was nearly empty */
	uint64_t drop_first_ns; /* 0: none since outputs_reset_drops() */
	uint64_t drop_last_ns;
	bool end_seen; /* its error was seen */
	bool ended;
};

/* That waits for its place. */
struct pending_output {
	struct output output;
	struct outputs *outputs; /* borrowed */
	bool is_new; /* no output has that name */
};

struct outputs {
	struct output list[OUTPUT_NAMES_MAX];
	unsigned int n;
	unsigned int n_new_pending; /* of names that none has yet */
	size_t unflushed; /* bytes */
	size_t flush_bytes; /* of them, at most */
	int64_t yield_period_ns; /* monotonic: since when turns are counted … */
	int64_t yield_ns; /* … and what they have taken */
	bool finished; /* writers have been told to end, and had their time */
	bool can_wait; /* who puts lines can wait … */
	int64_t patience_ms; /* … so long for an output that fails; 0: for ever */
	int failed_fd; /* owned; eventfd */
	outputs_clock_fn clock_fn;
	const void *clock_arg; /* borrowed */
};

/* Of this life alone; and the lines of it that are neither written nor dropped. */
void output_current_counts(const struct output *k, struct output_counts *ret);
void output_add_counts(struct output_counts *sum, const struct output_counts *add);
uint64_t output_queued(const struct output_counts *c);

#endif
