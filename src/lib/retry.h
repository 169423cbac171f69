/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures that pass by themselves, and for how long they are put up with.
 *
 * A running monitor makes the same calls again and again, and any of them can fail for want of
 * memory, or because something is in use for a moment. That ends nothing: the call is made again
 * when its turn comes, and only when it has done nothing but fail for some seconds it is an error.
 */
#ifndef LIB_RETRY_H
#define LIB_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

/* The failures of one call, or of several that only make sense one after the other. All zero to
 * begin with.
 */
struct retry {
	bool failing; /* it did, the last time */
	int64_t since_ms; /* monotonic: the first of the failures in a row */
	unsigned int times;
};

/* May this -errno be gone at the next try? */
bool retry_is_worth_it(int err);

/* What the call has returned, or 0 in place of a failure that is put up with: it is to be made
 * again, and has to be one of those for which 0 says that it is not done yet. A failure that has
 * lasted is told, with how long it did in the reason.
 */
int retry_or_fail(struct retry *p, int err, struct reason *r);

/* For who has nothing else to do until the next try. */
void retry_pause(void);

#endif
