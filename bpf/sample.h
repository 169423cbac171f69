/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is this packet the one in N? Pure but for its counter and the random numbers, which whoever
 * includes this names: SAMPLE_RANDOM() gives a __u32.
 */
#ifndef XDPTAIL_SAMPLE_H
#define XDPTAIL_SAMPLE_H

#include "abi.h"

#ifndef SAMPLE_RANDOM
#error "name a source of random numbers: SAMPLE_RANDOM()"
#endif

/* Gaps are drawn from 1 … 2N − 1, evenly: N on average. */
static inline __attribute__((always_inline)) __u32 sample_gap(__u32 rate)
{
	return 1 + SAMPLE_RANDOM() % (2 * rate - 1);
}

/* One more packet. The counter is compared with the live N, so that a new N holds from the next
 * packet on. 1: take a sample; its number is counter->seq.
 */
static inline __attribute__((always_inline)) int sample_take(struct sample_counter *counter,
							     __u32 rate, __u32 mode)
{
	__u32 target = rate;

	if (!rate)
		return 0;
	if (mode == ABI_SAMPLE_RANDOM) {
		if (counter->target_rate != rate) {
			counter->target_rate = rate;
			counter->target = sample_gap(rate);
			counter->since = 0;
		}
		target = counter->target;
	}
	if (++counter->since < target)
		return 0;
	counter->since = 0;
	counter->seq++;
	if (mode == ABI_SAMPLE_RANDOM)
		counter->target = sample_gap(rate);
	return 1;
}

#endif
