/* SPDX-License-Identifier: BSD-2-Clause */
/* The counts of one interval, in the caller's hands: struct xdptail_counts, and the sources behind
 * it.
 */
#ifndef LIB_INTERVAL_RESULT_H
#define LIB_INTERVAL_RESULT_H

#include <stdint.h>

#include "xdptail.h"
#include "abi.h"
#include "lib/sources.h"

/* What is handed over. */
struct interval_result {
	struct packet_totals totals;
	struct sources *sources; /* owned, and passed on */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t delivered;
	uint64_t discarded;
	uint64_t undecodable;
	uint64_t pending;
	uint64_t lost_noted; /* losses that were seen while they happened, between the next two */
	uint64_t lost_first_ns;
	uint64_t lost_last_ns;
	uint64_t looked_ns; /* when losses were looked for last */
	const char *(*name)(const void *arg, uint32_t ifindex);
	const void *arg; /* of name; borrowed */
};

/* Room for what is to be handed over, asked for before anything is taken, so that nothing is lost
 * when there is none. 0 or -ENOMEM.
 */
int interval_result_new(struct xdptail_counts **ret);

/* Cannot fail. to is what interval_result_new() has made. */
void interval_result_to_counts(const struct interval_result *from, struct xdptail_counts *to);

#endif
