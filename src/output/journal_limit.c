// SPDX-License-Identifier: BSD-2-Clause
#include "output/journal_limit.h"

#include <stddef.h>

/* An interval begins with the first message after the end of the previous one. journald counts
 * messages of priority warning apart from those below, so loss records are not among those it
 * drops.
 */
void journal_limit_count(struct journal_limit *l, uint64_t lines, int64_t now_ms)
{
	if (l->lines == 0 || now_ms - l->begin_ms > JOURNAL_LIMIT_MS) {
		l->begin_ms = now_ms;
		l->lines = 0;
	}
	l->lines += lines;
	if (l->lines > JOURNAL_LIMIT_LINES)
		atomic_store_explicit(&l->exceeded, true, memory_order_relaxed);
}

const char *journal_limit_warning(const struct journal_limit *l)
{
	if (!atomic_load_explicit(&l->exceeded, memory_order_relaxed))
		return NULL;
	return "more than 10000 lines within 30 s: by default journald accepts no more than that "
	       "from a service, or up to six times as many if the disk has much free space, and "
	       "drops the rest silently; set LogRateLimitIntervalSec=1s and "
	       "LogRateLimitBurst=1000000 in the service's unit, send less (-N, --top, events=), "
	       "or write to a file";
}
