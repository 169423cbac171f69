// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_snapshots.h"

#include <errno.h>
#include <stdlib.h>

#define CAP_MIN 16

void audit_snapshots_free(struct audit_snapshots *s)
{
	free(s->list);
	*s = (struct audit_snapshots){ 0 };
}

/* Fibonacci hashing (D. E. Knuth, "The Art of Computer Programming", volume 3, 6.4): the middle
 * bits of a product with 2^64 divided by the golden ratio.
 */
static size_t home_slot(const struct audit_snapshots *s, uint64_t number)
{
	return (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (s->cap - 1);
}

/* Where it is, or the free place where it would be. */
static struct audit_snapshot *find_snapshot(struct audit_snapshots *s, uint64_t number)
{
	size_t i = home_slot(s, number);

	while (s->list[i].number && s->list[i].number != number)
		i = (i + 1) & (s->cap - 1);
	return &s->list[i];
}

static int grow_snapshots(struct audit_snapshots *s)
{
	struct audit_snapshots old = *s;

	s->cap = old.cap ? old.cap * 2 : CAP_MIN;
	s->list = calloc(s->cap, sizeof(*s->list));
	if (!s->list) {
		*s = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < old.cap; i++) {
		if (old.list[i].number)
			*find_snapshot(s, old.list[i].number) = old.list[i];
	}
	free(old.list);
	return 0;
}

int audit_snapshots_get(struct audit_snapshots *s, uint64_t number, struct audit_snapshot **ret)
{
	struct audit_snapshot *snapshot;

	if (s->n >= s->cap / 2 && grow_snapshots(s))
		return -ENOMEM;
	snapshot = find_snapshot(s, number);
	if (!snapshot->number) {
		*snapshot = (struct audit_snapshot){ .number = number };
		s->n++;
	}
	*ret = snapshot;
	return 0;
}

/* Entries behind the removed one that its place would have suited move up, so that no probing ends
 * too early.
 */
void audit_snapshots_forget(struct audit_snapshots *s, struct audit_snapshot *snapshot)
{
	size_t mask = s->cap - 1;
	size_t place = (size_t)(snapshot - s->list);

	for (size_t i = (place + 1) & mask; s->list[i].number; i = (i + 1) & mask) {
		size_t from_home = (i - home_slot(s, s->list[i].number)) & mask;

		if (from_home >= ((i - place) & mask)) {
			s->list[place] = s->list[i];
			place = i;
		}
	}
	s->list[place] = (struct audit_snapshot){ 0 };
	s->n--;
}

static int compare_snapshots(const void *a, const void *b)
{
	const struct audit_snapshot *left = a;
	const struct audit_snapshot *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

void audit_snapshots_sort(struct audit_snapshots *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->cap; i++) {
		if (s->list[i].number)
			s->list[n++] = s->list[i];
	}
	if (n)
		qsort(s->list, n, sizeof(*s->list), compare_snapshots);
}
