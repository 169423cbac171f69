// SPDX-License-Identifier: BSD-2-Clause
/* soak PACKETS SNAPSHOTS
 *
 * Drive so many packets through the program, while so many snapshots are taken, over all cases of
 * flood.c; each snapshot must obey the laws, and their sums be what was driven. Exit status: 0 it
 * is so, 1 it is not, 2 usage, 3 it could not be run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flood.h"

struct soak {
	uint64_t packets;
	uint64_t snapshots;
	uint64_t violations;
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t share(uint64_t whole, uint32_t percent)
{
	return (whole * percent + 99) / 100;
}

static int run_case(const struct flood_case *c, uint64_t packets, uint64_t snapshots,
		    struct soak *soak)
{
	struct flood_result r;
	int err = flood_run(c, share(packets, c->packets_percent),
			    share(snapshots, c->snapshots_percent), true, &r);

	if (err) {
		fprintf(stderr, "%s: %s\n", c->name, r.reason);
		return err;
	}
	printf("%-30s %11" PRIu64 " packets %6" PRIu64 " snapshots (%" PRIu64 " merged) %9" PRIu64
	       " unattributed, of %10" PRIu64 " samples %9" PRIu64 " lost: %" PRIu64
	       " violations\n",
	       c->name, r.packets, r.snapshots, r.merged, r.unattributed, r.sampled, r.lost,
	       r.violations);
	soak->packets += r.packets;
	soak->snapshots += r.snapshots;
	soak->violations += r.violations;
	return 0;
}

int main(int argc, char *argv[])
{
	uint64_t packets = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t snapshots = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	struct soak soak = { 0 };
	double start = now_s();

	if (!packets || !snapshots) {
		fprintf(stderr, "usage: %s PACKETS SNAPSHOTS\n", argv[0]);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* it is buffered otherwise, no more */
	for (size_t i = 0; i < FLOOD_CASES; i++) {
		if (run_case(&flood_cases[i], packets, snapshots, &soak))
			return 3;
	}
	printf("%" PRIu64 " packets, %" PRIu64 " snapshots, %.0f seconds, %" PRIu64 " violations\n",
	       soak.packets, soak.snapshots, now_s() - start, soak.violations);
	return soak.violations ? 1 : 0;
}
