// SPDX-License-Identifier: BSD-2-Clause
/* Names of interfaces: kept once and for good, and known a while after they were left. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/names.h"

static uint32_t number_of(struct names *n, const char *text)
{
	uint32_t name = 12345;

	cr_assert_eq(names_add(n, text, &name), 0);
	return name;
}

Test(names, a_text_stays_where_it_is)
{
	struct names n = { 0 };
	uint32_t first = number_of(&n, "eth0");
	const char *text = names_text(&n, first);
	char other[16];

	cr_expect_neq(first, NAMES_UNKNOWN);
	for (int i = 1; i < 1000; i++) {
		snprintf(other, sizeof(other), "eth%d", i);
		cr_expect_str_eq(names_text(&n, number_of(&n, other)), other);
	}
	cr_expect_eq(number_of(&n, "eth0"), first, "one number each");
	cr_expect_eq(names_text(&n, first), text, "the text has moved");
	cr_expect_str_eq(text, "eth0");
	names_free(&n);
	names_free(&n);
}

Test(names, what_is_not_known_is_a_question)
{
	struct names n = { 0 };

	cr_expect_str_eq(names_text(&n, NAMES_UNKNOWN), "?");
	cr_expect_str_eq(names_text(&n, 1), "?");
	cr_expect_eq(names_last(&n, 7), NAMES_UNKNOWN);
	names_next(&n);
	names_free(&n);
}

/* The interval in which it left, and the one after; the last name of an index is its name. */
Test(names, the_past_is_known_for_two_intervals)
{
	struct names n = { 0 };
	uint32_t eth0 = number_of(&n, "eth0");
	uint32_t eth1 = number_of(&n, "eth1");

	names_retire(&n, 7, eth0);
	cr_expect_eq(names_last(&n, 7), eth0);
	names_next(&n);
	names_retire(&n, 7, eth1);
	names_retire(&n, 8, eth0);
	cr_expect_eq(names_last(&n, 7), eth1);
	names_next(&n);
	cr_expect_eq(n.n_past, 2, "got %zu, want 2", n.n_past);
	cr_expect_eq(names_last(&n, 7), eth1);
	cr_expect_eq(names_last(&n, 8), eth0);
	names_next(&n);
	cr_expect_eq(names_last(&n, 7), NAMES_UNKNOWN);
	cr_expect_eq(n.n_past, 0, "got %zu, want 0", n.n_past);
	names_free(&n);
}
