/* SPDX-License-Identifier: BSD-2-Clause */
/* An interval of counts, from one closing flip to the next, and the outcomes of its samples.
 *
 * If a generation fills up (it is three quarters full, or a packet found no room) it is retired
 * early, and its counts are merged: that costs a flip, but packets keep their source. A sample
 * carries its generation, which shows to which side of a flip it belongs until the ring has been
 * read up to that flip.
 */
#ifndef LIB_INTERVAL_H
#define LIB_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "lib/counts.h"
#include "lib/retry.h"
#include "base/reason.h"
#include "lib/transport.h"

enum outcome { /* of a sample that was in the ring */
	OUTCOME_DELIVERED,
	OUTCOME_DISCARDED,
	OUTCOME_UNDECODABLE,
	OUTCOME_MAX
};

struct interval {
	struct counts *counts; /* borrowed */
	struct transport *transport; /* borrowed */
	uint32_t max_sources;
	uint64_t tally[OUTCOME_MAX][ABI_GENERATIONS]; /* by the generation that samples carry */
	uint64_t outcomes[OUTCOME_MAX]; /* of this interval, up to where the ring was read */
	uint64_t pending; /* samples of earlier intervals that are still in the ring */
	bool draining; /* a retired generation is not empty, or its samples are still in the ring */
	bool has_watermark; /* while draining: how far the ring must be read is known */
	bool ending; /* the interval ends with the generation that is being drained */
	bool close_requested; /* a flip to end the interval follows when draining is done */
	struct retry check_retry; /* for interval_check() */
	struct retry step_retry; /* for interval_close() and interval_step() */
	uint64_t start_ns; /* wall time */
	uint64_t end_ns; /* wall time, once ended */
	int64_t flip_ms; /* monotonic time of the last flip */
	uint64_t early_flips; /* since interval_init() */
	uint64_t lost; /* samples lost in the generation in use, at the last check */
	uint64_t lost_noted; /* samples lost in this interval, up to the last check */
	uint64_t checked_ns; /* wall time of the last check */
	/* wall time: no sample was lost before this; 0: none was lost so far */
	uint64_t lost_first_ns;
	uint64_t lost_last_ns; /* wall time: no sample was lost after this */
};

void interval_init(struct interval *i, struct counts *counts, struct transport *transport,
		   uint32_t max_sources);

/* One sample was taken from the ring. gen: the generation it carries; ignored if it could not be
 * decoded.
 */
void interval_sample(struct interval *i, enum outcome outcome, unsigned int gen);

/* Temporary failures of kernel calls are retried by the next call of these functions; only a
 * lasting failure is an error.
 */

/* Checks the fill level and losses, about ten times a second, and flips early if necessary. Returns
 * 0 or -errno.
 */
int interval_check(struct interval *i, struct reason *r);

/* For a caller that feeds packets and can hold them back: *ret more packets find room, whatever
 * their sources are. Flips and merges first if a quarter or less is left. Returns 0 or -errno.
 */
int interval_make_room(struct interval *i, uint32_t *ret, struct reason *r);

/* Continues what is in progress. max: the most sources to collect. Returns 1: the interval is
 * closed, and its figures are valid until interval_next(); 0: not yet; or -errno.
 */
int interval_step(struct interval *i, unsigned int max, struct reason *r);

/* Requests the end of the interval, which interval_step() completes. -EBUSY: it was requested
 * already. Flips at once if nothing else is in progress. Returns 0 or -errno.
 */
int interval_close(struct interval *i, struct reason *r);

/* Closes the interval now; samples that are still in the ring become pending. Returns 0 or -errno.
 */
int interval_close_now(struct interval *i, struct reason *r);

/* Closes the last interval, when nothing counts any more, from the contents of the maps: sources
 * that were not collected are only in the totals. Whatever is in progress ends with it. Returns 0
 * or -errno.
 */
int interval_finish(struct interval *i, struct reason *r);

/* Counts as discarded all samples that are left in the ring, of a closed interval with the totals t
 * and of those before it, because the ring is not read any more. Returns their number.
 */
uint64_t interval_discard(struct interval *i, const struct packet_totals *t);

/* Begins the next interval, where the closed one ended. t: the totals of the closed one. */
void interval_next(struct interval *i, const struct packet_totals *t);

#endif
