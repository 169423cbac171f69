/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources by weight, heaviest first: a heap over the sources of one interval, built and emptied in
 * steps, since there may be a million.
 */
#ifndef APP_TOP_H
#define APP_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

typedef void (*top_source_fn)(void *arg, const struct xdptail_source *source);

struct top {
	const struct xdptail_counts *counts; /* borrowed */
	struct top_entry {
		uint64_t packets;
		uint32_t index;
	} * heap; /* owned */
	size_t n; /* in the heap */
	size_t filled; /* sources looked at */
	size_t unsifted; /* entries that do not yet head a heap of their own */
	top_source_fn fn; /* told each source once; NULL: nobody is */
	void *arg; /* of fn; borrowed */
};

int top_init(struct top *t, const struct xdptail_counts *counts); /* 0 or -ENOMEM */

/* Have fn called for all sources while they are looked at anyway. To be set before top_build(). */
void top_set_source_fn(struct top *t, top_source_fn fn, void *arg);

void top_free(struct top *t); /* a zeroed one is fine */

/* Do at most so many steps of building. True when it is built. */
bool top_build(struct top *t, size_t steps);

/* The heaviest that is left, once it is built; among equals, the one of the lowest address, then of
 * the first interface by name: the same counts are always in the same order. False: none.
 */
bool top_next(struct top *t, struct xdptail_source *ret);

#endif
