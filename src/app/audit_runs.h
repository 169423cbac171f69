/* SPDX-License-Identifier: BSD-2-Clause */
/* The runs that were met, in the order in which they were, each found by its id at once, however
 * many there are.
 */
#ifndef APP_AUDIT_RUNS_H
#define APP_AUDIT_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "app/audit_run.h"

struct audit_runs {
	struct audit_run *first; /* owned, as those behind it; or NULL */
	struct audit_run *last;
	struct audit_run *found; /* the one that was asked for last; or NULL */
	size_t n;
	struct audit_run *
		*table; /* owned; a hash table with linear probing, a power of two large */
	size_t cap;
};

void audit_runs_free(struct audit_runs *runs);

/* The run of this id, which is a new one if need be; it stays where it is. 0 or -ENOMEM. */
int audit_runs_get(struct audit_runs *runs, uint64_t id, struct audit_run **ret);

#endif
