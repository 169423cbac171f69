// SPDX-License-Identifier: BSD-2-Clause
#include "lib/clock.h"

#include <stdint.h>

#define CLOCK_TRIES 3 /* the tightest sandwich wins: the others were interrupted */

static int64_t read_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(id, &ts); /* the ids are constants that every kernel we run on has */
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* CLOCK_REALTIME minus id. */
static int64_t measure(clockid_t id)
{
	int64_t best = INT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < CLOCK_TRIES; i++) {
		int64_t t0 = read_ns(id);
		int64_t wall = read_ns(CLOCK_REALTIME);
		int64_t t1 = read_ns(id);

		if (t1 - t0 < best) {
			best = t1 - t0;
			offset = wall - (t0 + (t1 - t0) / 2);
		}
	}
	return offset;
}

int64_t clock_measure(struct clock *c)
{
	int64_t before = c->boot_offset_ns;
	int64_t step;

	c->offset_ns = measure(c->source);
	c->boot_offset_ns = c->source == CLOCK_BOOTTIME ? c->offset_ns : measure(CLOCK_BOOTTIME);
	step = c->boot_offset_ns - before;
	return step > CLOCK_STEP_NS || step < -CLOCK_STEP_NS ? step : 0;
}

uint64_t clock_source_ns(const struct clock *c)
{
	return (uint64_t)read_ns(c->source);
}

uint64_t clock_now_ns(void)
{
	return (uint64_t)read_ns(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000;
}
