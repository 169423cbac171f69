// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <inttypes.h>

#include "lib/transport.h"

Test(transport, how_long_a_batch_gathers)
{
	static const struct {
		const char *name;
		uint32_t gathered_ms;
		uint64_t records;
		uint32_t most_ms;
		uint32_t want;
	} cases[] = {
		{ "nothing came", 3, 0, 20, 20 },
		{ "little came", 20, 5, 20, 20 },
		{ "just as many as are wanted", 20, 4096, 20, 20 },
		{ "twice as many", 20, 8192, 20, 10 },
		{ "a flood", 20, 40000, 20, 2 },
		{ "a flood that goes on", 2, 4000, 20, 2 },
		{ "a flood that becomes less", 2, 400, 20, 20 },
		{ "so many that no time is short enough", 1, 1000000, 20, 1 },
		{ "more than 32 bits hold", 1000, UINT64_MAX / 2, 1000, 1 },
		{ "a long time", 1000, 40960, 1000, 100 },
		{ "no gathering, nothing came", 0, 0, 0, 0 },
		{ "no gathering, a record", 0, 1, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t got = transport_gather_ms(cases[i].gathered_ms, cases[i].records,
						   cases[i].most_ms);

		cr_expect_eq(got, cases[i].want, "%s: %" PRIu32 ", want %" PRIu32, cases[i].name,
			     got, cases[i].want);
	}
}

/* At any steady rate, from whatever it was before, a batch is soon as large as it is meant to be,
 * or as its limits let it be; and stays so.
 */
Test(transport, batches_find_their_size)
{
	static const uint64_t rates[] = { 1, 50, 1000, 100000, 204800, 1000000, 4000000 };

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		for (uint32_t ms = 1; ms <= 20; ms++) {
			uint64_t per_ms = rates[r] / 1000 + 1;
			uint32_t now = ms;

			for (int turn = 0; turn < 4; turn++)
				now = transport_gather_ms(now, now * per_ms, 20);
			cr_expect(now == 1 || now * per_ms <= 4096,
				  "%" PRIu64 " records a ms: %" PRIu32 " ms", per_ms, now);
			cr_expect(now == 20 || (now + 1) * per_ms > 4096,
				  "%" PRIu64 " records a ms: %" PRIu32 " ms", per_ms, now);
		}
	}
}
