// SPDX-License-Identifier: BSD-2-Clause
#include "app/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int top_init(struct top *t, const struct xdptail_counts *counts)
{
	*t = (struct top){ .counts = counts };
	t->heap = malloc((counts->n_sources + 1) * sizeof(*t->heap)); /* never 0 bytes */
	return t->heap ? 0 : -ENOMEM;
}

void top_set_source_fn(struct top *t, top_source_fn fn, void *arg)
{
	t->fn = fn;
	t->arg = arg;
}

void top_free(struct top *t)
{
	free(t->heap);
	t->heap = NULL;
}

/* Among equals: the order in which a table has its sources is an accident of its hash. */
static bool is_first_by_name(const struct xdptail_counts *counts, uint32_t a, uint32_t b)
{
	struct xdptail_source left, right;
	int order;

	if (xdptail_counts_source(counts, a, &left) || xdptail_counts_source(counts, b, &right))
		return a < b; /* cannot be: they are two of n_sources */
	order = memcmp(left.src_ip, right.src_ip, sizeof(left.src_ip));
	if (!order)
		order = strcmp(left.interface, right.interface);
	return order ? order < 0 : a < b;
}

static bool is_heavier(const struct top *t, const struct top_entry *a, const struct top_entry *b)
{
	if (a->packets != b->packets)
		return a->packets > b->packets;
	return is_first_by_name(t->counts, a->index, b->index);
}

/* Let the entry output to its place (Floyd's heap, J. ACM 1964, algorithm 245). */
static void sift(struct top *t, size_t at)
{
	struct top_entry entry = t->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < t->n && is_heavier(t, &t->heap[child + 1], &t->heap[child]))
			child++;
		if (child >= t->n || !is_heavier(t, &t->heap[child], &entry))
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
		if (t->fn)
			t->fn(t->arg, &source);
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
