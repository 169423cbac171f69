// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/time.h"
#include "lib/clock.h"

#define SECOND INT64_C(1000000000)

/* What an earlier measurement would have found, had wall time been so far from where it is now. */
static const struct step_case {
	const char *name;
	clockid_t source;
	int64_t moved_ns; /* since then */
	int64_t want; /* a step of about as much, or none */
} cases[] = {
	{ "stands still", CLOCK_BOOTTIME, 0, 0 },
	{ "slewed forward", CLOCK_BOOTTIME, SECOND / 10, 0 },
	{ "slewed back", CLOCK_BOOTTIME, -SECOND / 10, 0 },
	{ "an hour forward", CLOCK_BOOTTIME, 3600 * SECOND, 3600 * SECOND },
	{ "an hour back", CLOCK_BOOTTIME, -3600 * SECOND, -3600 * SECOND },
	{ "a second forward, monotonic", CLOCK_MONOTONIC, SECOND, SECOND },
};

Test(clock, steps_and_no_steps)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct step_case *c = &cases[i];
		struct clock clock = { .source = c->source };
		int64_t got;

		(void)clock_measure(&clock);
		clock.boot_offset_ns -= c->moved_ns;
		got = clock_measure(&clock);
		cr_expect_leq(llabs(got - c->want), SECOND / 20, "%s: got %lld, want about %lld",
			      c->name, (long long)got, (long long)c->want);
	}
}

/* A sample of now is of now, by either clock. */
Test(clock, wall_time_of_a_sample)
{
	static const clockid_t sources[] = { CLOCK_BOOTTIME, CLOCK_MONOTONIC };

	for (size_t i = 0; i < 2; i++) {
		struct clock clock = { .source = sources[i] };
		uint64_t before, wall, after;

		(void)clock_measure(&clock);
		before = time_wall_ns();
		wall = clock_wall_ns(&clock, clock_source_ns(&clock));
		after = time_wall_ns();
		cr_expect(wall + 1000000 >= before && wall <= after + 1000000,
			  "clock %d: got %llu, want from %llu to %llu", (int)sources[i],
			  (unsigned long long)wall, (unsigned long long)before,
			  (unsigned long long)after);
	}
}
