// SPDX-License-Identifier: BSD-2-Clause
#include "lib/interval.h"

#include <errno.h>

#include "base/time.h"
#include "lib/clock.h"
#include "lib/kernel_error.h"

#define EARLY_FLIP_MS 200 /* between two flips under pressure: each costs a grace period */
#define STEP_SOURCES  4096

void interval_init(struct interval *i, struct counts *counts, struct transport *transport,
		   uint32_t max_sources)
{
	*i = (struct interval){
		.counts = counts,
		.transport = transport,
		.max_sources = max_sources,
		.start_ns = time_wall_ns(),
		.flip_ms = time_monotonic_ms() - EARLY_FLIP_MS,
	};
	i->looked_ns = i->start_ns;
}

/* Whose sample an undecodable one was is unknown; while a generation is being retired, likely that
 * one's.
 */
void interval_sample(struct interval *i, enum outcome outcome, unsigned int gen)
{
	if (outcome == OUTCOME_UNDECODABLE)
		gen = counts_generation(i->counts) ^ i->flipped;
	i->tally[outcome][gen]++;
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
				kernel_error_text(err)) :
		     0;
}

/* now is before the wait, which is not part of the interval. */
static int flip(struct interval *i, uint64_t now, struct reason *r)
{
	struct packet_totals last;
	int err = peek(i, &last, r);

	if (!err)
		err = counts_flip(i->counts, r);
	if (err)
		return err;
	note_lost(i, &last, now);
	i->lost = 0;
	i->flip_ms = time_monotonic_ms();
	i->flipped = true;
	i->marked = false;
	return 0;
}

static int flip_to_close(struct interval *i, struct reason *r)
{
	uint64_t now = time_wall_ns();
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
	int err = flip(i, time_wall_ns(), r);

	i->early_flips += !err;
	return err;
}

static int look(struct interval *i, struct reason *r)
{
	struct packet_totals t;
	int err = peek(i, &t, r);

	if (err)
		return err;
	/* what is lost now belongs to the next one, which notes it from the flip on */
	if (i->closing)
		return 0;
	note_lost(i, &t, time_wall_ns());
	if (i->flipped || i->wanted || !is_pressed(i, &t) ||
	    time_monotonic_ms() - i->flip_ms < EARLY_FLIP_MS)
		return 0;
	return flip_early(i, r);
}

int interval_check(struct interval *i, struct reason *r)
{
	return retry_or_fail(&i->looking, look(i, r), r);
}

/* The samples of the retired generation have all been taken from the ring. */
static void fold(struct interval *i, unsigned int gen)
{
	for (int outcome = 0; outcome < OUTCOME_MAX; outcome++) {
		i->outcomes[outcome] += i->tally[outcome][gen];
		i->tally[outcome][gen] = 0;
	}
}

/* The ring is bounded by where the kernel had written to when the wait was over, so that an
 * interval closes however fast samples come: what is behind that belongs to the next one. How long
 * the caller takes to read up to there is the caller's: whoever has no time to deliver the samples
 * can throw them away, and they count as discarded; the counts are the same.
 */
static int step(struct interval *i, unsigned int max, struct reason *r)
{
	int done;

	if (i->flipped) {
		done = counts_drain(i->counts, max, r);
		if (done >= 0 && !i->marked) {
			transport_set_watermark(
				i->transport); /* the wait is over: all its samples are there */
			i->marked = true;
		}
		if (done <= 0)
			return done;
		if (!transport_is_drained(i->transport))
			return 0;
		fold(i, counts_generation(i->counts) ^ 1);
		i->flipped = false;
	}
	if (i->closing)
		return 1;
	return i->wanted ? flip_to_close(i, r) : 0;
}

int interval_step(struct interval *i, unsigned int max, struct reason *r)
{
	return retry_or_fail(&i->stepping, step(i, max, r), r);
}

int interval_close(struct interval *i, struct reason *r)
{
	int err;

	if (i->wanted || i->closing)
		return reason_set(r, -EBUSY, "counts are being taken already");
	i->wanted = true;
	err = i->flipped ? 0 : retry_or_fail(&i->stepping, flip_to_close(i, r), r);
	if (err)
		i->wanted = false;
	return err;
}

/* Until it is done: what fails in passing is tried again. */
static int insist(struct interval *i, int (*fn)(struct interval *i, struct reason *r),
		  struct reason *r)
{
	struct retry retry = { 0 };

	for (;;) {
		int done = fn(i, r);
		int told = retry_or_fail(&retry, done, r);

		if (told)
			return told > 0 ? 0 : told;
		if (done < 0)
			retry_pause();
	}
}

/* The steps of the calls that return when all is done: 1, 0 for more, or -errno. */

static int drain_more(struct interval *i, struct reason *r)
{
	return counts_drain(i->counts, STEP_SOURCES, r);
}

static int close_flip(struct interval *i, struct reason *r)
{
	int err = flip_to_close(i, r);

	return err ? err : 1;
}

static int early_flip(struct interval *i, struct reason *r)
{
	int err = flip_early(i, r);

	return err ? err : 1;
}

static int finish(struct interval *i, struct reason *r)
{
	int err = counts_finish(i->counts, r);

	return err ? err : 1;
}

static void fold_all(struct interval *i)
{
	fold(i, 0);
	fold(i, 1);
	i->flipped = false;
}

int interval_close_now(struct interval *i, struct reason *r)
{
	int err;

	if (i->closing && !i->flipped) /* it is closed, and could not be handed over */
		return 0;
	if (i->wanted || i->closing)
		return reason_set(r, -EBUSY, "counts are being taken already");
	err = insist(i, drain_more, r);
	if (!err)
		err = insist(i, close_flip, r);
	if (!err)
		err = insist(i, drain_more, r);
	if (!err)
		fold_all(i);
	return err;
}

int interval_finish(struct interval *i, struct reason *r)
{
	int err = insist(i, finish, r);

	if (err)
		return err;
	fold_all(i);
	i->wanted = false;
	i->closing = true;
	i->end_ns = time_wall_ns();
	return 0;
}

uint64_t interval_discard(struct interval *i, const struct packet_totals *t)
{
	uint64_t left = i->pending + t->sampled - sum_lost(t);

	for (int outcome = 0; outcome < OUTCOME_MAX; outcome++)
		left -= i->outcomes[outcome];
	i->outcomes[OUTCOME_DISCARDED] += left;
	return left;
}

static int peek_insisting(const struct interval *i, struct packet_totals *ret, struct reason *r)
{
	struct retry retry = { 0 };
	int err = peek(i, ret, r);

	while (err && !retry_or_fail(&retry, err, r)) {
		retry_pause();
		err = peek(i, ret, r);
	}
	return err;
}

int interval_make_room(struct interval *i, uint32_t *ret, struct reason *r)
{
	struct packet_totals t;
	int err = peek_insisting(i, &t, r);

	if (!err && is_pressed(i, &t)) {
		err = insist(i, early_flip, r);
		if (!err)
			err = insist(i, drain_more, r);
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
	for (int outcome = 0; outcome < OUTCOME_MAX; outcome++) {
		i->pending -= i->outcomes[outcome];
		i->outcomes[outcome] = 0;
	}
	i->lost_noted = 0;
	i->lost_first_ns = 0;
	i->lost_last_ns = 0;
	i->start_ns = i->end_ns;
	i->closing = false;
}
