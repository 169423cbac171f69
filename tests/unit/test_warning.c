// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "output/warning.h"

Test(warning, each_sentence_is_there_once)
{
	struct warning t = { 0 };

	cr_expect_null(warning_get(&t, 0));
	warning_set(&t, "cannot rename: %s", "no room");
	warning_set(&t, "cannot compress: %s", "no room");
	warning_set(&t, "cannot rename: %s", "no room");
	warning_set(&t, "cannot rename: %s", "no right");
	cr_expect_str_eq(warning_get(&t, 0), "cannot rename: no room");
	cr_expect_str_eq(warning_get(&t, 1), "cannot compress: no room");
	cr_expect_str_eq(warning_get(&t, 2), "cannot rename: no right");
	cr_expect_null(warning_get(&t, 3));
}

Test(warning, there_are_no_more_than_a_few)
{
	struct warning t = { 0 };

	for (int i = 0; i < 2 * WARNING_MAX; i++)
		warning_set(&t, "number %d", i);
	cr_expect_str_eq(warning_get(&t, WARNING_MAX - 1), "number 3");
	cr_expect_null(warning_get(&t, WARNING_MAX));
}

Test(warning, a_long_one_is_cut)
{
	struct warning t = { 0 };
	char text[2 * WARNING_BYTES];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	warning_set(&t, "%s", text);
	warning_set(&t, "%s", text);
	cr_expect_eq(strlen(warning_get(&t, 0)), WARNING_BYTES - 1);
	cr_expect_null(warning_get(&t, 1));
}
