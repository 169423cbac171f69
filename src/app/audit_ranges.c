// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN 4

void audit_ranges_free(struct audit_ranges *r)
{
	free(r->list);
	*r = (struct audit_ranges){ 0 };
}

static struct audit_range *at(const struct audit_ranges *r, size_t i)
{
	return &r->list[i < r->hole ? i : i + r->cap - r->n];
}

const struct audit_range *audit_ranges_at(const struct audit_ranges *r, size_t i)
{
	return at(r, i);
}

uint64_t audit_ranges_last(const struct audit_ranges *r)
{
	return r->n ? at(r, r->n - 1)->last : 0;
}

/* The first range that ends at number or behind it; n: there is none. */
static size_t find_range(const struct audit_ranges *r, uint64_t number)
{
	size_t low = 0;
	size_t high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (at(r, mid)->last < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void move_hole(struct audit_ranges *r, size_t to)
{
	size_t room = r->cap - r->n;
	struct audit_range *list = r->list;

	if (to < r->hole)
		memmove(list + to + room, list + to, (r->hole - to) * sizeof(*list));
	else if (to > r->hole)
		memmove(list + r->hole, list + r->hole + room, (to - r->hole) * sizeof(*list));
	r->hole = to;
}

static int grow_ranges(struct audit_ranges *r)
{
	size_t cap = r->cap ? r->cap * 2 : CAP_MIN;
	size_t behind = r->n - r->hole;
	struct audit_range *list = reallocarray(r->list, cap, sizeof(*list));

	if (!list)
		return -ENOMEM;
	memmove(list + cap - behind, list + r->cap - behind, behind * sizeof(*list));
	r->list = list;
	r->cap = cap;
	return 0;
}

/* Between the ranges before and behind the hole, and in neither. */
static int put_range(struct audit_ranges *r, uint64_t number)
{
	struct audit_range *before = r->hole ? at(r, r->hole - 1) : NULL;
	struct audit_range *behind = r->hole < r->n ? at(r, r->hole) : NULL;
	bool joins_before = before && before->last == number - 1;
	bool joins_behind = behind && behind->first - 1 == number;

	if (joins_before && joins_behind) {
		before->last = behind->last;
		r->n--;
	} else if (joins_before) {
		before->last = number;
	} else if (joins_behind) {
		behind->first = number;
	} else {
		if (r->n == r->cap && grow_ranges(r))
			return -ENOMEM;
		r->list[r->hole++] = (struct audit_range){ number, number };
		r->n++;
	}
	r->numbers++;
	return 0;
}

static bool is_at_hole(const struct audit_ranges *r, uint64_t number)
{
	return (!r->hole || at(r, r->hole - 1)->last < number) &&
	       (r->hole == r->n || number < at(r, r->hole)->first);
}

int audit_ranges_add(struct audit_ranges *r, uint64_t number)
{
	size_t i;

	if (is_at_hole(r, number))
		return put_range(r, number);
	i = find_range(r, number);
	if (i < r->n && at(r, i)->first <= number)
		return 1;
	move_hole(r, i);
	return put_range(r, number);
}

bool audit_ranges_cover(const struct audit_ranges *r, uint64_t first, uint64_t last)
{
	size_t i = find_range(r, last);

	return i < r->n && at(r, i)->first <= first;
}

uint64_t audit_ranges_missing(const struct audit_ranges *r, uint64_t last)
{
	struct audit_range gap;
	uint64_t sum = 0;

	for (size_t i = 0; i <= r->n; i++) {
		if (audit_ranges_gap(r, i, last, &gap))
			sum += gap.last - gap.first + 1;
	}
	return sum;
}

bool audit_ranges_gap(const struct audit_ranges *r, size_t i, uint64_t last,
		      struct audit_range *ret)
{
	uint64_t before = i ? at(r, i - 1)->last : 0;
	uint64_t end = i < r->n && at(r, i)->first - 1 < last ? at(r, i)->first - 1 : last;

	if (before >= end)
		return false;
	*ret = (struct audit_range){ before + 1, end };
	return true;
}
