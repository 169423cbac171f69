/* SPDX-License-Identifier: BSD-2-Clause */
/* An interval of counts, from one closing flip to the next, and what became of its samples.
 *
 * Under pressure (a generation three quarters full, or a packet that found no place) the generation
 * is retired early, and what it held merged: that costs a flip, not the attribution of packets. A
 * sample carries its generation, so that it is told to which side of a flip it belongs until the
 * ring has been read up to that flip.
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
	uint64_t outcomes[OUTCOME_MAX]; /* of this interval, as far as the ring was read */
	uint64_t pending; /* samples of earlier intervals that were left in the ring */
	bool flipped; /* a generation is being drained, or its samples are still in the ring */
	bool marked; /* it is known how far the ring must be read */
	bool closing; /* the interval ends with the generation that is being drained */
	bool wanted; /* to close, when what is under way is done */
	struct retry looking; /* of interval_check() */
	struct retry stepping; /* of interval_close() and interval_step() */
	uint64_t start_ns; /* wall time */
	uint64_t end_ns; /* wall time, once closing */
	int64_t flip_ms; /* monotonic, of the last one */
	uint64_t early_flips; /* in all */
	uint64_t lost; /* in the generation in use, when last seen */
	uint64_t lost_noted; /* in this interval, up to then */
	uint64_t looked_ns; /* wall time of that look */
	uint64_t lost_first_ns; /* no sample was lost before; 0: none so far */
	uint64_t lost_last_ns; /* none was lost after */
};

void interval_init(struct interval *i, struct counts *counts, struct transport *transport,
		   uint32_t max_sources);

/* One sample was taken from the ring. gen: what it carries, or any when it could not be read. */
void interval_sample(struct interval *i, enum outcome outcome, unsigned int gen);

/* A call of the kernel that fails in passing is made again by the next of these functions; only a
 * failure that has lasted is an error.
 */

/* Look at the fill and at losses, about ten times a second; flip early if need be. 0 or -errno. */
int interval_check(struct interval *i, struct reason *r);

/* For who drives the packets, and can hold them: *ret more of them find a place, whatever their
 * sources are. Flips and merges first if a quarter or less is left. 0 or -errno.
 */
int interval_make_room(struct interval *i, uint32_t *ret, struct reason *r);

/* Go on with what is under way. max: sources to collect at most. 1: the interval is closed, and its
 * figures stand until interval_next(); 0: not yet; or -errno.
 */
int interval_step(struct interval *i, unsigned int max, struct reason *r);

/* Ask for the end of the interval; interval_step() does it. -EBUSY: asked already. Flips at once if
 * nothing else is under way. 0 or -errno.
 */
int interval_close(struct interval *i, struct reason *r);

/* Close it now, whatever is still in the ring: that is then pending. 0 or -errno. */
int interval_close_now(struct interval *i, struct reason *r);

/* Close it for good, when nobody counts any more, from what the maps hold: sources that were not
 * collected are only in the totals. Whatever is under way ends with it. 0 or -errno.
 */
int interval_finish(struct interval *i, struct reason *r);

/* What is left in the ring of a closed interval in which t was counted, and of those before it, is
 * not read any more: it is discarded. How many samples that are.
 */
uint64_t interval_discard(struct interval *i, const struct packet_totals *t);

/* Begin the next one, where the closed one ended; t: what was counted in that. */
void interval_next(struct interval *i, const struct packet_totals *t);

#endif
