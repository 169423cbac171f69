// SPDX-License-Identifier: BSD-2-Clause
#include "lib/interval.h"

#include <errno.h>
#include <string.h>

#include "lib/clock.h"

#define EARLY_FLIP_MS 200 /* between two flips under pressure: each costs a grace period */
#define STEP_SOURCES  4096

void interval_init(struct interval *i, struct counts *counts, struct transport *transport,
		   uint32_t max_sources)
{
	*i = (struct interval){
		.counts = counts,
		.transport = transport,
		.max_sources = max_sources,
		.start_ns = clock_now_ns(),
		.flip_ms = clock_monotonic_ms() - EARLY_FLIP_MS,
	};
	i->looked_ns = i->start_ns;
}

/* Whose sample an undecodable one was is unknown; while a generation is being retired, likely that
 * one's.
 */
void interval_sample(struct interval *i, enum fate fate, unsigned int gen)
{
	if (fate == FATE_UNDECODABLE)
		gen = counts_generation(i->counts) ^ i->flipped;
	i->tally[fate][gen]++;
}

static uint64_t sum_lost(const struct packet_totals *t)
{
	uint64_t sum = 0;

	for (int cause = 0; cause < ABI_LOST_MAX; cause++)
		sum += t->lost[cause];
	return sum;
}

static void note_lost(struct interval *i, const struct packet_totals *t, uint64_t now)
{
	uint64_t lost = sum_lost(t);

	if (lost > i->lost) {
		if (!i->lost_first_ns)
			i->lost_first_ns = i->looked_ns;
		i->lost_last_ns = now;
		i->lost_noted += lost - i->lost;
	}
	i->lost = lost;
	i->looked_ns = now;
}

static bool is_pressed(const struct interval *i, const struct packet_totals *t)
{
	uint64_t unattributed = 0;

	for (int cause = 0; cause < ABI_UNATTRIBUTED_MAX; cause++)
		unattributed += t->unattributed_packets[cause];
	return unattributed || t->sources >= i->max_sources - i->max_sources / 4;
}

static int peek(const struct interval *i, struct packet_totals *ret, struct reason *r)
{
	int err = counts_peek(i->counts, ret);

	return err ? reason_set(r, err, "cannot read the map \"packet_totals\": %s",
				strerror(-err)) :
		     0;
}

/* now is before the wait, which is not part of the interval. */
static int flip(struct interval *i, uint64_t now, struct reason *r)
{
	struct packet_totals last;
	int err = peek(i, &last, r);

	if (!err)
		err = counts_flip(i->counts, r);
	if (!counts_is_draining(i->counts))
		return err;
	note_lost(i, &last, now);
	i->lost = 0;
	i->flip_ms = clock_monotonic_ms();
	i->flipped = true;
	i->marked = false;
	return err; /* if the wait failed, interval_step() begins with it */
}

static int flip_to_close(struct interval *i, struct reason *r)
{
	uint64_t now = clock_now_ns();
	int err = flip(i, now, r);

	if (err)
		return err;
	i->wanted = false;
	i->closing = true;
	i->end_ns = now;
	return 0;
}

/* Under pressure. */
static int flip_early(struct interval *i, struct reason *r)
{
	i->early_flips++;
	return flip(i, clock_now_ns(), r);
}

int interval_look(struct interval *i, struct reason *r)
{
	struct packet_totals t;
	int err = peek(i, &t, r);

	if (err)
		return err;
	note_lost(i, &t, clock_now_ns());
	if (i->flipped || i->wanted || !is_pressed(i, &t) ||
	    clock_monotonic_ms() - i->flip_ms < EARLY_FLIP_MS)
		return 0;
	return flip_early(i, r);
}

/* The samples of the retired generation have all been taken from the ring. */
static void fold(struct interval *i, unsigned int gen)
{
	for (int fate = 0; fate < FATE_MAX; fate++) {
		i->fates[fate] += i->tally[fate][gen];
		i->tally[fate][gen] = 0;
	}
}

int interval_step(struct interval *i, unsigned int max, struct reason *r)
{
	int done;

	if (i->flipped) {
		done = counts_drain(i->counts, max, r);
		if (done >= 0 && !i->marked) {
			transport_mark(
				i->transport); /* the wait is over: all its samples are there */
			i->marked = true;
		}
		if (done <= 0)
			return done;
		if (!transport_passed(i->transport))
			return 0;
		fold(i, counts_generation(i->counts) ^ 1);
		i->flipped = false;
	}
	if (i->closing)
		return 1;
	return i->wanted ? flip_to_close(i, r) : 0;
}

int interval_close(struct interval *i, struct reason *r)
{
	if (i->wanted || i->closing)
		return reason_set(r, -EBUSY, "counts are being taken already");
	i->wanted = true;
	return i->flipped ? 0 : flip_to_close(i, r);
}

static int drain_all(struct interval *i, struct reason *r)
{
	int done = 0;

	while (!done)
		done = counts_drain(i->counts, STEP_SOURCES, r);
	return done < 0 ? done : 0;
}

int interval_close_now(struct interval *i, struct reason *r)
{
	int err = i->wanted || i->closing ?
			  reason_set(r, -EBUSY, "counts are being taken already") :
			  drain_all(i, r);

	if (!err)
		err = flip_to_close(i, r);
	if (!err)
		err = drain_all(i, r);
	if (err)
		return err;
	fold(i, 0);
	fold(i, 1);
	i->flipped = false;
	return 0;
}

int interval_make_room(struct interval *i, uint32_t *ret, struct reason *r)
{
	struct packet_totals t;
	int err = peek(i, &t, r);

	if (!err && is_pressed(i, &t)) {
		err = flip_early(i, r);
		if (!err)
			err = drain_all(i, r);
		i->flipped = counts_is_draining(i->counts);
		t.sources = 0;
	}
	if (!err)
		*ret = i->max_sources - (uint32_t)t.sources;
	return err;
}

void interval_next(struct interval *i, const struct packet_totals *t)
{
	i->pending += t->sampled - sum_lost(t);
	for (int fate = 0; fate < FATE_MAX; fate++) {
		i->pending -= i->fates[fate];
		i->fates[fate] = 0;
	}
	i->lost_noted = 0;
	i->lost_first_ns = 0;
	i->lost_last_ns = 0;
	i->start_ns = i->end_ns;
	i->closing = false;
}
