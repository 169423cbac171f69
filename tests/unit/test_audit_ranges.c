/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/audit_ranges.h"
#include "app/audit_snapshots.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NUMBERS	      4096
#define TEXT_BYTES    256

static const struct {
	const char *name;
	uint64_t numbers[16]; /* 0 ends them */
	const char *want; /* ranges, then what is missing up to 12 */
} cases[] = {
	{ "none", { 0 }, "| 1-12" },
	{ "one", { 5 }, "5-5 | 1-4 6-12" },
	{ "in order", { 1, 2, 3, 4 }, "1-4 | 5-12" },
	{ "backwards", { 4, 3, 2, 1 }, "1-4 | 5-12" },
	{ "joined", { 1, 2, 4, 5, 3 }, "1-5 | 6-12" },
	{ "gaps",
	  { 1, 3, 5, 7, 9, 11 },
	  "1-1 3-3 5-5 7-7 9-9 11-11 | 2-2 4-4 6-6 8-8 10-10 12-12" },
	{ "gaps, backwards",
	  { 11, 9, 7, 5, 3, 1 },
	  "1-1 3-3 5-5 7-7 9-9 11-11 | 2-2 4-4 6-6 8-8 10-10 12-12" },
	{ "all", { 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6 }, "1-12 | " },
	{ "beyond", { 20, 12, 11 }, "11-12 20-20 | 1-10" },
	{ "twice", { 3, 3, 2, 2 }, "2-3 | 1-1 4-12" },
	{ "largest",
	  { UINT64_MAX, UINT64_MAX - 1 },
	  "18446744073709551614-18446744073709551615 | 1-12" },
};

static void describe(char ret[TEXT_BYTES], const struct audit_ranges *r)
{
	FILE *out = fmemopen(ret, TEXT_BYTES, "w");
	struct audit_range gap;

	cr_assert_not_null(out);
	for (size_t i = 0; i < r->n; i++)
		(void)fprintf(out, "%" PRIu64 "-%" PRIu64 " ", audit_ranges_at(r, i)->first,
			      audit_ranges_at(r, i)->last);
	(void)fputs("|", out);
	for (size_t i = 0; i <= r->n; i++) {
		if (audit_ranges_gap(r, i, 12, &gap))
			(void)fprintf(out, " %" PRIu64 "-%" PRIu64, gap.first, gap.last);
	}
	if (r->numbers == 12)
		(void)fputs(" ", out);
	cr_assert_eq(fclose(out), 0);
}

Test(audit_ranges, cases)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct audit_ranges r = { 0 };
		char got[TEXT_BYTES];

		for (const uint64_t *number = cases[i].numbers; *number; number++)
			(void)audit_ranges_add(&r, *number); /* those that are there twice: 1 */
		describe(got, &r);
		cr_expect_str_eq(got, cases[i].want, "%s: got \"%s\", want \"%s\"", cases[i].name,
				 got, cases[i].want);
		audit_ranges_free(&r);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Against an array of marks. */
static void check_marks(const struct audit_ranges *r, const bool *marks, int round)
{
	uint64_t missing = 0;
	uint64_t there = 0;

	for (uint64_t i = 1; i < NUMBERS; i++) {
		there += marks[i];
		missing += !marks[i];
		cr_assert_eq(audit_ranges_cover(r, i, i), marks[i], "round %d: %" PRIu64, round, i);
	}
	cr_expect_eq(r->numbers, there, "round %d: got %" PRIu64 " numbers, want %" PRIu64, round,
		     r->numbers, there);
	cr_expect_eq(audit_ranges_missing(r, NUMBERS - 1), missing, "round %d: missing", round);
	for (size_t i = 1; i < r->n; i++)
		cr_assert_lt(audit_ranges_at(r, i - 1)->last + 1, audit_ranges_at(r, i)->first,
			     "round %d: range %zu", round, i);
}

Test(audit_ranges, random)
{
	static bool marks[NUMBERS];
	uint64_t state = 88172645463325252;

	for (int round = 0; round < 20; round++) {
		struct audit_ranges r = { 0 };

		memset(marks, 0, sizeof(marks));
		for (int i = 0; i < (round + 1) * 300; i++) {
			uint64_t number = 1 + next_random(&state) % (NUMBERS - 1);
			int got = audit_ranges_add(&r, number);

			cr_assert_eq(got, marks[number], "round %d: %" PRIu64 ": got %d, want %d",
				     round, number, got, marks[number]);
			marks[number] = true;
		}
		check_marks(&r, marks, round);
		audit_ranges_free(&r);
	}
}

/* Snapshots that come and go, in any order, keep their sums. */
Test(audit_ranges, snapshots)
{
	static uint64_t lines[NUMBERS];
	struct audit_snapshots s = { 0 };
	uint64_t state = 88172645463325252;
	size_t left = 0;

	for (int i = 0; i < 100000; i++) {
		uint64_t number = 1 + next_random(&state) % (NUMBERS - 1);
		struct audit_snapshot *snapshot;

		cr_assert_eq(audit_snapshots_get(&s, number, &snapshot), 0);
		cr_assert_eq(snapshot->lines, lines[number],
			     "%" PRIu64 ": got %" PRIu64 ", want %" PRIu64, number, snapshot->lines,
			     lines[number]);
		lines[number] = ++snapshot->lines;
		if (next_random(&state) % 3 == 0) {
			audit_snapshots_forget(&s, snapshot);
			lines[number] = 0;
		}
	}
	for (size_t i = 0; i < NUMBERS; i++)
		left += lines[i] > 0;
	cr_expect_eq(s.n, left, "got %zu, want %zu", s.n, left);
	audit_snapshots_sort(&s);
	for (size_t i = 0; i < s.n; i++)
		cr_expect_eq(s.list[i].lines, lines[s.list[i].number], "%" PRIu64,
			     s.list[i].number);
	audit_snapshots_free(&s);
}
