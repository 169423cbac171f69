// SPDX-License-Identifier: BSD-2-Clause
#include "lib/clock.h"

#include <stdint.h>

#include "base/time.h"

#define CLOCK_TRIES 3 /* the shortest measurement wins: longer ones were interrupted */

/* Returns CLOCK_REALTIME minus id. */
static int64_t measure_offset(clockid_t id)
{
	int64_t best = INT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < CLOCK_TRIES; i++) {
		int64_t t0 = time_read_ns(id);
		int64_t wall = time_read_ns(CLOCK_REALTIME);
		int64_t t1 = time_read_ns(id);

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

	c->offset_ns = measure_offset(c->source);
	c->boot_offset_ns =
		c->source == CLOCK_BOOTTIME ? c->offset_ns : measure_offset(CLOCK_BOOTTIME);
	step = c->boot_offset_ns - before;
	return step > CLOCK_STEP_NS || step < -CLOCK_STEP_NS ? step : 0;
}

uint64_t clock_source_ns(const struct clock *c)
{
	return (uint64_t)time_read_ns(c->source);
}
