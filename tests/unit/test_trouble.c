// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "sink/trouble.h"

Test(trouble, each_sentence_is_there_once)
{
	struct trouble t = { 0 };

	cr_expect_null(trouble_said(&t, 0));
	trouble_say(&t, "cannot rename: %s", "no room");
	trouble_say(&t, "cannot compress: %s", "no room");
	trouble_say(&t, "cannot rename: %s", "no room");
	trouble_say(&t, "cannot rename: %s", "no right");
	cr_expect_str_eq(trouble_said(&t, 0), "cannot rename: no room");
	cr_expect_str_eq(trouble_said(&t, 1), "cannot compress: no room");
	cr_expect_str_eq(trouble_said(&t, 2), "cannot rename: no right");
	cr_expect_null(trouble_said(&t, 3));
}

Test(trouble, there_are_no_more_than_a_few)
{
	struct trouble t = { 0 };

	for (int i = 0; i < 2 * TROUBLE_MAX; i++)
		trouble_say(&t, "number %d", i);
	cr_expect_str_eq(trouble_said(&t, TROUBLE_MAX - 1), "number 3");
	cr_expect_null(trouble_said(&t, TROUBLE_MAX));
}

Test(trouble, a_long_one_is_cut)
{
	struct trouble t = { 0 };
	char text[2 * TROUBLE_BYTES];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	trouble_say(&t, "%s", text);
	trouble_say(&t, "%s", text);
	cr_expect_eq(strlen(trouble_said(&t, 0)), TROUBLE_BYTES - 1);
	cr_expect_null(trouble_said(&t, 1));
}
