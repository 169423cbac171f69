/* SPDX-License-Identifier: BSD-2-Clause */
/* journald keeps so many messages of a service in so many seconds, and drops the rest; whoever
 * sends them is not told. Counted here as it counts, so that the user can be.
 */
#ifndef OUTPUT_JOURNAL_LIMIT_H
#define OUTPUT_JOURNAL_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* journald.conf(5), RateLimitIntervalSec= and RateLimitBurst=; up to six times as much where the
 * disk has a lot of room.
 */
#define JOURNAL_LIMIT_LINES 10000
#define JOURNAL_LIMIT_MS    30000

struct journal_limit { /* all zero at first */
	int64_t begin_ms; /* of the interval under way */
	uint64_t lines; /* in it */
	atomic_bool exceeded; /* once, and then for good */
};

/* So many lines were sent. now_ms: of any clock that does not step. */
void journal_limit_count(struct journal_limit *l, uint64_t lines, int64_t now_ms);

/* NULL, or a sentence for the user; by any thread. */
const char *journal_limit_warning(const struct journal_limit *l);

#endif
