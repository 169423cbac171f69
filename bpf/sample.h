/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides whether a packet is the one in N. It has no state but the counter; the file that includes
 * this one supplies the random numbers: SAMPLE_RANDOM() returns a __u32.
 */
#ifndef XDPTAIL_SAMPLE_H
#define XDPTAIL_SAMPLE_H

#include "abi.h"

#ifndef SAMPLE_RANDOM
#error "name a source of random numbers: SAMPLE_RANDOM()"
#endif

/* Gaps are drawn evenly from 1 … 2N − 1, so they are N on average. */
static inline __attribute__((always_inline)) __u32 sample_gap(__u32 rate)
{
	return 1 + SAMPLE_RANDOM() % (2 * rate - 1);
}

/* Counts one more packet. The counter is compared with the present N, so that a new N takes effect
 * at the next packet. Returns 1 if the packet is a sample, whose number is counter->seq.
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
