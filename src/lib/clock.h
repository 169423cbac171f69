/* SPDX-License-Identifier: BSD-2-Clause */
/* Converts the kernel's clock of samples to wall time. The offset between the two changes (NTP
 * slews and steps, suspend), so it is measured every second.
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

/* Measures the offsets. Returns the step of wall time in nanoseconds; 0: it has not stepped. */
int64_t clock_measure(struct clock *c);

static inline uint64_t clock_wall_ns(const struct clock *c, uint64_t source_ns)
{
	return source_ns + (uint64_t)c->offset_ns;
}

/* Returns the present time of the kernel's clock of samples. */
uint64_t clock_source_ns(const struct clock *c);

#endif
