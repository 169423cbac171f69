// SPDX-License-Identifier: BSD-2-Clause
#include "app/top.h"

#include <errno.h>
#include <stdlib.h>

int top_init(struct top *t, const struct xdptail_counts *counts)
{
	*t = (struct top){ .counts = counts };
	t->heap = malloc((counts->n_sources + 1) * sizeof(*t->heap)); /* never 0 bytes */
	return t->heap ? 0 : -ENOMEM;
}

void top_free(struct top *t)
{
	free(t->heap);
	t->heap = NULL;
}

static bool is_heavier(const struct top_entry *a, const struct top_entry *b)
{
	return a->packets != b->packets ? a->packets > b->packets : a->index < b->index;
}

/* Let the entry sink to its place (Floyd's heap, J. ACM 1964, algorithm 245). */
static void sift(struct top *t, size_t at)
{
	struct top_entry entry = t->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < t->n && is_heavier(&t->heap[child + 1], &t->heap[child]))
			child++;
		if (child >= t->n || !is_heavier(&t->heap[child], &entry))
			break;
		t->heap[at] = t->heap[child];
		at = child;
	}
	t->heap[at] = entry;
}

bool top_build(struct top *t, size_t steps)
{
	struct xdptail_source source;

	for (; steps && t->filled < t->counts->n_sources; steps--, t->filled++) {
		if (xdptail_counts_source(t->counts, t->filled, &source))
			break; /* cannot be: it is one of n_sources */
		t->heap[t->n++] = (struct top_entry){ source.packets, (uint32_t)t->filled };
		t->unsifted = t->n / 2;
	}
	if (t->filled < t->counts->n_sources)
		return false;
	for (; steps && t->unsifted; steps--)
		sift(t, --t->unsifted);
	return !t->unsifted;
}

bool top_next(struct top *t, struct xdptail_source *ret)
{
	if (!t->n || xdptail_counts_source(t->counts, t->heap[0].index, ret))
		return false;
	t->heap[0] = t->heap[--t->n];
	if (t->n)
		sift(t, 0);
	return true;
}
