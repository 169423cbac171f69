// SPDX-License-Identifier: BSD-2-Clause
/* The soak in small: every case, in seconds. `make soak` is the whole of it. */
#include "prog.h"

#include "flood.h"

#define PACKETS	  20000000
#define SNAPSHOTS 200

static uint64_t share(uint64_t whole, uint32_t percent)
{
	return (whole * percent + 99) / 100;
}

static void expect_case(const struct flood_case *c)
{
	struct flood_result r;
	int err = flood_run(c, share(PACKETS, c->packets_percent),
			    share(SNAPSHOTS, c->snapshots_percent), false, &r);

	if (err && !prog_is_capable())
		cr_skip_test("needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON: %s", r.reason);
	cr_assert_eq(err, 0, "%s: %s", c->name, r.reason);
	cr_expect_eq(r.violations, 0, "%s: violations: got %ju, want 0", c->name,
		     (uintmax_t)r.violations);
	cr_expect(!r.shared == !c->shared || libbpf_num_possible_cpus() == 1,
		  "%s: shared: got %d, want %d", c->name, r.shared, c->shared);
	/* That a case is what it says: more sources than the map, and more maps than one. */
	cr_expect(!c->snapshot_ms || r.merged, "%s: snapshots of several generations: got none",
		  c->name);
	cr_expect(c->n_sources < c->max_sources || r.unattributed, "%s: unattributed: got none",
		  c->name);
}

Test(prog_soak, every_case)
{
	for (size_t i = 0; i < FLOOD_CASES; i++)
		expect_case(&flood_cases[i]);
}
