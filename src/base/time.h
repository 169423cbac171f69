/* SPDX-License-Identifier: BSD-2-Clause */
/* The two clocks that all layers use: one to wait by, one for timestamps. Every kernel has both, so
 * reading them cannot fail.
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

static inline int64_t time_read_ns(clockid_t id)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* CLOCK_MONOTONIC does not step, and stands still in suspend. */
static inline int64_t time_monotonic_ns(void)
{
	return time_read_ns(CLOCK_MONOTONIC);
}

static inline int64_t time_monotonic_ms(void)
{
	return time_monotonic_ns() / NS_PER_MS;
}

/* CLOCK_REALTIME, as Unix time. */
static inline uint64_t time_wall_ns(void)
{
	return (uint64_t)time_read_ns(CLOCK_REALTIME);
}

#endif
