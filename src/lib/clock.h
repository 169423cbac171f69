/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's clock of a sample, to wall time. The offset between the two moves (NTP slews and
 * steps, suspend): it is measured again every second.
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>
#include <time.h>

struct clock {
	clockid_t source; /* CLOCK_BOOTTIME, or CLOCK_MONOTONIC in the perf variant */
	int64_t offset_ns; /* CLOCK_REALTIME minus source */
	int64_t boot_offset_ns; /* CLOCK_REALTIME minus CLOCK_BOOTTIME: suspend does not move it */
};

/* More than this between two measurements is a step; less is slewing (chrony's fastest is 100 ms a
 * second, ntpd's half a millisecond).
 */
#define CLOCK_STEP_NS 200000000

/* Measure the offsets. Returns by how much wall time has stepped, in nanoseconds; 0: it has not. */
int64_t clock_measure(struct clock *c);

static inline uint64_t clock_wall_ns(const struct clock *c, uint64_t source_ns)
{
	return source_ns + (uint64_t)c->offset_ns;
}

/* The kernel's clock of samples, now. */
uint64_t clock_source_ns(const struct clock *c);

#endif
