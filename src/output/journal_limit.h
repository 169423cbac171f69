/* SPDX-License-Identifier: BSD-2-Clause */
/* journald keeps a limited number of messages of a service per interval, and drops the rest without
 * telling the sender. The output counts its messages as journald does, so that it can warn the
 * user.
 */
#ifndef OUTPUT_JOURNAL_LIMIT_H
#define OUTPUT_JOURNAL_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The defaults of RateLimitIntervalSec= and RateLimitBurst=, journald.conf(5); journald allows up
 * to six times as many messages if the disk has much free space.
 */
#define JOURNAL_LIMIT_LINES 10000
#define JOURNAL_LIMIT_MS    30000

struct journal_limit { /* initialized to zero */
	int64_t begin_ms; /* start of the current interval */
	uint64_t lines; /* lines sent in the current interval */
	atomic_bool exceeded; /* set for good once the limit was exceeded */
};

/* Count sent lines. now_ms: of any clock that does not step. */
void journal_limit_count(struct journal_limit *l, uint64_t lines, int64_t now_ms);

/* A sentence for the user if the limit was exceeded, or NULL. Any thread may call it. */
const char *journal_limit_warning(const struct journal_limit *l);

#endif
