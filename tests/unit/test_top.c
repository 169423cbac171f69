/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/top.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SOURCES_MAX   70
#define LARGE	      100000

/* Stands for what the library hands out: its figures first, as there. */
struct interval {
	struct xdptail_counts counts;
	const uint64_t *packets; /* of each source */
	bool one_address; /* for all sources: interfaces tell them apart */
};

/* No order that a table would have: a permutation of what is below 2^20. */
static uint32_t scramble(size_t i)
{
	return (uint32_t)(i * 0x9e3779 & 0xfffff);
}

/* Network order, so that the first byte weighs most. */
static void name_source(const struct interval *interval, size_t i, struct xdptail_source *ret)
{
	static const char *const names[] = { "wan", "eth1", "lo", "eth0" };
	uint32_t address = interval->one_address ? 7 : scramble(i / ARRAY_SIZE(names));

	for (int byte = 0; byte < 4; byte++)
		ret->src_ip[12 + byte] = (uint8_t)(address >> (24 - 8 * byte));
	ret->interface = names[i % ARRAY_SIZE(names)];
}

/* The library's is not linked with it: nothing else here asks for that file. */
int xdptail_counts_source(const struct xdptail_counts *c, size_t i, struct xdptail_source *ret)
{
	const struct interval *interval = (const struct interval *)c;

	if (i >= c->n_sources)
		return -EINVAL;
	*ret = (struct xdptail_source){ .packets = interval->packets[i], .bytes = i };
	name_source(interval, i, ret);
	return 0;
}

static uint64_t zero(size_t i)
{
	(void)i;
	return 0;
}

static uint64_t rising(size_t i)
{
	return i;
}

static uint64_t falling(size_t i)
{
	return LARGE - i;
}

static uint64_t two_values(size_t i)
{
	return i % 2;
}

static uint64_t few_values(size_t i)
{
	return i * i % 7;
}

static uint64_t one_heavy(size_t i)
{
	return i == 3 ? 1000 : 1;
}

/* Wider than 32 bits, and around the sign of 64. */
static uint64_t huge(size_t i)
{
	return UINT64_MAX - (i * 37 % 5) * (UINT64_MAX / 4);
}

static uint64_t scattered(size_t i)
{
	return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static const struct {
	const char *name;
	uint64_t (*packets)(size_t i);
} shapes[] = {
	{ "all alike", zero },
	{ "rising", rising },
	{ "falling", falling },
	{ "two values", two_values },
	{ "few values", few_values },
	{ "one heavy", one_heavy },
	{ "huge", huge },
	{ "scattered", scattered },
};

struct want {
	uint64_t packets;
	size_t i;
	struct xdptail_source source;
};

static int by_weight(const void *left, const void *right)
{
	const struct want *a = left;
	const struct want *b = right;

	int order = memcmp(a->source.src_ip, b->source.src_ip, sizeof(a->source.src_ip));

	if (a->packets != b->packets)
		return a->packets > b->packets ? -1 : 1;
	if (!order)
		order = strcmp(a->source.interface, b->source.interface);
	if (order)
		return order;
	return a->i < b->i ? -1 : 1;
}

/* What comes out, in its order. */
static void make_want(struct want *want, const struct interval *interval)
{
	size_t n = interval->counts.n_sources;

	for (size_t i = 0; i < n; i++) {
		want[i] = (struct want){ .packets = interval->packets[i], .i = i };
		name_source(interval, i, &want[i].source);
	}
	qsort(want, n, sizeof(*want), by_weight);
}

/* How many calls it took; each may do so many steps. */
static size_t build(struct top *t, size_t steps)
{
	size_t calls = 1;

	while (!top_build(t, steps))
		calls++;
	return calls;
}

static void check_order(const char *name, struct top *t, const struct want *want, size_t n)
{
	struct xdptail_source got = { 0 };

	for (size_t i = 0; i < n; i++) {
		cr_assert(top_next(t, &got), "%s: ended after %zu of %zu", name, i, n);
		cr_assert(got.packets == want[i].packets && got.bytes == want[i].i,
			  "%s: place %zu of %zu: got source %" PRIu64 " with %" PRIu64
			  " packets, want %zu with %" PRIu64,
			  name, i, n, got.bytes, got.packets, want[i].i, want[i].packets);
	}
	cr_expect_not(top_next(t, &got), "%s: got one more than %zu", name, n);
	cr_expect_not(top_next(t, &got), "%s: got one more than %zu, asked again", name, n);
}

static void check_shape(size_t shape, size_t n, size_t steps, bool one_address)
{
	struct interval interval = { .counts.n_sources = n, .one_address = one_address };
	const char *name = shapes[shape].name;
	uint64_t packets[SOURCES_MAX + 1];
	struct want want[SOURCES_MAX + 1];
	size_t calls, most;
	struct top t;

	for (size_t i = 0; i < n; i++)
		packets[i] = shapes[shape].packets(i);
	interval.packets = packets;
	make_want(want, &interval);
	cr_assert_eq(top_init(&t, &interval.counts), 0);
	calls = build(&t, steps);
	most = (n + n / 2) / steps +
	       1; /* a step for each source, and for each that has others below */
	cr_expect_leq(calls, most, "%s: %zu sources by %zu: %zu calls, want at most %zu", name, n,
		      steps, calls, most);
	check_order(name, &t, want, n);
	top_free(&t);
}

/* Whatever the slices it was built in, and the order it came in, it is the same order. */
Test(top, heaviest_first_and_by_address_among_equals)
{
	static const size_t steps[] = { 1, 2, 3, 7, 64, SIZE_MAX };

	for (size_t shape = 0; shape < ARRAY_SIZE(shapes); shape++) {
		for (size_t n = 0; n <= SOURCES_MAX; n++) {
			for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
				check_shape(shape, n, steps[i], false);
				check_shape(shape, n, steps[i], true);
			}
		}
	}
}

Test(top, no_steps_do_nothing)
{
	static const uint64_t packets[] = { 1, 3, 2 };
	static const struct want want[] = { { .packets = 3, .i = 1 },
					    { .packets = 2, .i = 2 },
					    { .packets = 1, .i = 0 } };
	const struct interval interval = { .counts.n_sources = 3, .packets = packets };
	struct top t;

	cr_assert_eq(top_init(&t, &interval.counts), 0);
	cr_expect_not(top_build(&t, 0), "built in no steps");
	cr_expect_not(top_build(&t, 2), "built in two steps");
	cr_expect_not(top_build(&t, 0), "built in no more steps");
	cr_expect(top_build(&t, 2), "not built in four steps");
	cr_expect(top_build(&t, 2), "not built any more");
	check_order("three", &t, want, ARRAY_SIZE(want));
	top_free(&t);
}

/* The heaviest few of many, which is what it is for. */
Test(top, some_of_many)
{
	uint64_t *packets = calloc(LARGE, sizeof(*packets));
	struct want *want = calloc(LARGE, sizeof(*want));
	struct interval interval = { .counts.n_sources = LARGE, .packets = packets };
	struct xdptail_source got;
	struct top t;

	cr_assert(packets && want);
	for (size_t i = 0; i < LARGE; i++)
		packets[i] = scattered(i) >> 50;
	make_want(want, &interval);
	cr_assert_eq(top_init(&t, &interval.counts), 0);
	(void)build(&t, 1000); /* how many calls is for the test of the shapes */
	for (size_t i = 0; i < LARGE / 10; i++) {
		cr_assert(top_next(&t, &got));
		cr_assert_eq(got.bytes, want[i].i, "place %zu: got source %" PRIu64 ", want %zu", i,
			     got.bytes, want[i].i);
	}
	top_free(&t);
	free(want);
	free(packets);
}

Test(top, a_zeroed_one_can_be_freed)
{
	struct top t = { 0 };

	top_free(&t);
	cr_expect_null(t.heap);
}
