/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of a whole run that are sums: totals are those of the intervals, snapshots those of
 * their count records, and what is missing between a CPU's samples was lost on the way.
 */
#ifndef APP_AUDIT_SUMS_H
#define APP_AUDIT_SUMS_H

#include <stdint.h>

#include "app/audit_run.h"

/* To be called once, when everything was read. */
void audit_sums_check(struct audit_run *run);

/* Samples that were lost, by any cause. */
uint64_t audit_sums_lost(const uint64_t values[AUDIT_KEY_MAX]);

#endif
