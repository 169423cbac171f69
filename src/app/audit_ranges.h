/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of numbers from 1, kept as ranges: whatever the order in which they come, memory grows with
 * the gaps between them, not with the numbers.
 */
#ifndef APP_AUDIT_RANGES_H
#define APP_AUDIT_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit_range {
	uint64_t first;
	uint64_t last;
};

/* The free room of the list is one hole in its middle, where the last number was added: files that
 * are read newest first insert there again and again, and that must not move all that is behind.
 */
struct audit_ranges {
	struct audit_range *list; /* owned */
	size_t cap;
	size_t n; /* ranges */
	size_t hole; /* ranges before it */
	uint64_t numbers; /* in all ranges */
};

void audit_ranges_free(struct audit_ranges *r); /* a zeroed one is an empty set */

/* number is not 0. 0: added; 1: it was there; -ENOMEM. */
int audit_ranges_add(struct audit_ranges *r, uint64_t number);

/* The i-th, i < n, in ascending order. */
const struct audit_range *audit_ranges_at(const struct audit_ranges *r, size_t i);

/* The highest number; 0: the set is empty. */
uint64_t audit_ranges_last(const struct audit_ranges *r);

/* Is every number from first to last there? */
bool audit_ranges_cover(const struct audit_ranges *r, uint64_t first, uint64_t last);

/* How many of the numbers up to last are not there. */
uint64_t audit_ranges_missing(const struct audit_ranges *r, uint64_t last);

/* What is missing before the i-th range, i <= n, of the numbers up to last. False: nothing is. */
bool audit_ranges_gap(const struct audit_ranges *r, size_t i, uint64_t last,
		      struct audit_range *ret);

#endif
