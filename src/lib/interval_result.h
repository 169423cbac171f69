/* SPDX-License-Identifier: BSD-2-Clause */
/* The counts of one interval as the caller owns them: struct xdptail_counts, and the sources behind
 * it.
 */
#ifndef LIB_INTERVAL_RESULT_H
#define LIB_INTERVAL_RESULT_H

#include <stdint.h>

#include "xdptail.h"
#include "abi.h"
#include "lib/sources.h"

/* The parts that a result is made of. */
struct interval_result {
	struct packet_totals totals;
	struct sources *sources; /* owned by the result */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t delivered;
	uint64_t discarded;
	uint64_t undecodable;
	uint64_t pending;
	uint64_t lost_noted; /* losses seen by checks, which lie between the next two times */
	uint64_t lost_first_ns;
	uint64_t lost_last_ns;
	uint64_t checked_ns; /* time of the last check for losses */
	const char *(*name)(const void *arg, uint32_t ifindex);
	const void *arg; /* argument of name; borrowed */
};

/* Allocates the result before anything is taken from the interval, so that nothing is lost if there
 * is no memory. Returns 0 or -ENOMEM.
 */
int interval_result_new(struct xdptail_counts **ret);

/* Cannot fail. to: from interval_result_new(). */
void interval_result_to_counts(const struct interval_result *from, struct xdptail_counts *to);

#endif
