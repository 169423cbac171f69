// SPDX-License-Identifier: BSD-2-Clause
#include "lib/interval.h"

#include <errno.h>

#include "base/time.h"
#include "lib/clock.h"
#include "lib/kernel_error.h"

#define EARLY_FLIP_MS 200 /* between two early flips: each costs a grace period */
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
	i->checked_ns = i->start_ns;
}

/* The generation of an undecodable sample is unknown. While a generation is being retired, the
 * sample is probably one of its own.
 */
void interval_sample(struct interval *i, enum outcome outcome, unsigned int gen)
{
	if (outcome == OUTCOME_UNDECODABLE)
		gen = counts_generation(i->counts) ^ i->draining;
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
			i->lost_first_ns = i->checked_ns;
		i->lost_last_ns = now;
		i->lost_noted += lost - i->lost;
	}
	i->lost = lost;
	i->checked_ns = now;
}

static bool is_filling_up(const struct interval *i, const struct packet_totals *t)
{
	uint64_t unattributed = 0;

	for (int cause = 0; cause < ABI_UNATTRIBUTED_MAX; cause++)
		unattributed += t->unattributed_packets[cause];
	return unattributed || t->sources >= i->max_sources - i->max_sources / 4;
}

static int peek_totals(const struct interval *i, struct packet_totals *ret, struct reason *r)
{
	int err = counts_peek(i->counts, ret);

	return err ? reason_set(r, err, "cannot read the map \"packet_totals\": %s",
				kernel_error_text(err)) :
		     0;
}

/* now is the time before the wait, which does not belong to the interval. */
static int flip(struct interval *i, uint64_t now, struct reason *r)
{
	struct packet_totals last;
	int err = peek_totals(i, &last, r);

	if (!err)
		err = counts_flip(i->counts, r);
	if (err)
		return err;
	note_lost(i, &last, now);
	i->lost = 0;
	i->flip_ms = time_monotonic_ms();
	i->draining = true;
	i->has_watermark = false;
	return 0;
}

static int flip_to_close(struct interval *i, struct reason *r)
{
	uint64_t now = time_wall_ns();
	int err = flip(i, now, r);

	if (err)
		return err;
	i->close_requested = false;
	i->ending = true;
	i->end_ns = now;
	return 0;
}

/* Retires a generation because it is filling up. */
static int flip_early(struct interval *i, struct reason *r)
{
	int err = flip(i, time_wall_ns(), r);

	i->early_flips += !err;
	return err;
}

static int check_fill(struct interval *i, struct reason *r)
{
	struct packet_totals t;
	int err = peek_totals(i, &t, r);

	if (err)
		return err;
	/* losses of now belong to the next interval, which counts them from the flip on */
	if (i->ending)
		return 0;
	note_lost(i, &t, time_wall_ns());
	if (i->draining || i->close_requested || !is_filling_up(i, &t) ||
	    time_monotonic_ms() - i->flip_ms < EARLY_FLIP_MS)
		return 0;
	return flip_early(i, r);
}

int interval_check(struct interval *i, struct reason *r)
{
	return retry_or_fail(&i->check_retry, check_fill(i, r), r);
}

/* All samples of the retired generation have been taken from the ring. */
static void commit_samples(struct interval *i, unsigned int gen)
{
	for (int outcome = 0; outcome < OUTCOME_MAX; outcome++) {
		i->outcomes[outcome] += i->tally[outcome][gen];
		i->tally[outcome][gen] = 0;
	}
}

/* The watermark is where the kernel had written to when the wait was over, so that an interval
 * closes however fast samples come: later samples belong to the next interval. The caller may take
 * its time to read up to there, or throw the samples away, which counts them as discarded; the
 * counts are the same.
 */
static int step_interval(struct interval *i, unsigned int max, struct reason *r)
{
	int done;

	if (i->draining) {
		done = counts_drain(i->counts, max, r);
		if (done >= 0 && !i->has_watermark) {
			transport_set_watermark(
				/* all samples of the generation are in the ring by now */
				i->transport);
			i->has_watermark = true;
		}
		if (done <= 0)
			return done;
		if (!transport_is_drained(i->transport))
			return 0;
		commit_samples(i, counts_generation(i->counts) ^ 1);
		i->draining = false;
	}
	if (i->ending)
		return 1;
	return i->close_requested ? flip_to_close(i, r) : 0;
}

int interval_step(struct interval *i, unsigned int max, struct reason *r)
{
	return retry_or_fail(&i->step_retry, step_interval(i, max, r), r);
}

int interval_close(struct interval *i, struct reason *r)
{
	int err;

	if (i->close_requested || i->ending)
		return reason_set(r, -EBUSY, "counts are being taken already");
	i->close_requested = true;
	err = i->draining ? 0 : retry_or_fail(&i->step_retry, flip_to_close(i, r), r);
	if (err)
		i->close_requested = false;
	return err;
}

/* Repeats fn until it is done. Temporary failures are retried. */
static int complete(struct interval *i, int (*fn)(struct interval *i, struct reason *r),
		    struct reason *r)
{
	struct retry retry = { 0 };

	for (;;) {
		int done = fn(i, r);
		int result = retry_or_fail(&retry, done, r);

		if (result)
			return result > 0 ? 0 : result;
		if (done < 0)
			retry_pause();
	}
}

/* Steps for complete(): they return 1, 0 for more, or -errno. */

static int step_drain(struct interval *i, struct reason *r)
{
	return counts_drain(i->counts, STEP_SOURCES, r);
}

static int step_close_flip(struct interval *i, struct reason *r)
{
	int err = flip_to_close(i, r);

	return err ? err : 1;
}

static int step_early_flip(struct interval *i, struct reason *r)
{
	int err = flip_early(i, r);

	return err ? err : 1;
}

static int step_finish(struct interval *i, struct reason *r)
{
	int err = counts_finish(i->counts, r);

	return err ? err : 1;
}

static void commit_all_samples(struct interval *i)
{
	commit_samples(i, 0);
	commit_samples(i, 1);
	i->draining = false;
}

int interval_close_now(struct interval *i, struct reason *r)
{
	int err;

	if (i->ending && !i->draining) /* it is closed, but the caller does not have it yet */
		return 0;
	if (i->close_requested || i->ending)
		return reason_set(r, -EBUSY, "counts are being taken already");
	err = complete(i, step_drain, r);
	if (!err)
		err = complete(i, step_close_flip, r);
	if (!err)
		err = complete(i, step_drain, r);
	if (!err)
		commit_all_samples(i);
	return err;
}

int interval_finish(struct interval *i, struct reason *r)
{
	int err = complete(i, step_finish, r);

	if (err)
		return err;
	commit_all_samples(i);
	i->close_requested = false;
	i->ending = true;
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

static int peek_totals_with_retries(const struct interval *i, struct packet_totals *ret,
				    struct reason *r)
{
	struct retry retry = { 0 };
	int err = peek_totals(i, ret, r);

	while (err && !retry_or_fail(&retry, err, r)) {
		retry_pause();
		err = peek_totals(i, ret, r);
	}
	return err;
}

int interval_make_room(struct interval *i, uint32_t *ret, struct reason *r)
{
	struct packet_totals t;
	int err = peek_totals_with_retries(i, &t, r);

	if (!err && is_filling_up(i, &t)) {
		err = complete(i, step_early_flip, r);
		if (!err)
			err = complete(i, step_drain, r);
		i->draining = counts_is_draining(i->counts);
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
	i->ending = false;
}
