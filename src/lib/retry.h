/* SPDX-License-Identifier: BSD-2-Clause */
/* Temporary failures, and how long they are tolerated.
 *
 * A running monitor makes the same calls again and again, and any of them can fail for lack of
 * memory, or because something is in use for a moment. Such a call is repeated when it is next due,
 * and becomes an error only after failing for some seconds without a success.
 */
#ifndef LIB_RETRY_H
#define LIB_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

/* The state of one call, or of a sequence of calls. It starts zeroed. */
struct retry {
	bool failing; /* the last call failed */
	int64_t since_ms; /* monotonic time of the first failure in a row */
	unsigned int times;
};

/* May this -errno be temporary? */
bool retry_is_worth_it(int err);

/* Returns the result of the call, or 0 in place of a failure that is tolerated: so 0 must mean "not
 * done yet" for this call. A lasting failure is returned, with its duration in the reason.
 */
int retry_or_fail(struct retry *p, int err, struct reason *r);

/* Sleeps until the next try, for callers with nothing else to do. */
void retry_pause(void);

#endif
