// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/reason.h"

Test(reason, the_code_comes_back)
{
	struct reason r;

	cr_expect_eq(reason_set(&r, -EINVAL, "%s is %d", "x", 7), -EINVAL);
	cr_expect_str_eq(r.text, "x is 7");
	reason_add(&r, ", %c", '!');
	cr_expect_str_eq(r.text, "x is 7, !");
	reason_clear(&r);
	cr_expect_str_eq(r.text, "");
}

/* One that is too long is cut, by whichever call. */
Test(reason, a_long_one_is_cut)
{
	char text[2 * sizeof(struct reason)];
	struct {
		struct reason r;
		char behind;
	} room = { .behind = '#' };

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_expect_eq(reason_set(&room.r, -ENOMEM, "%s", text), -ENOMEM);
	cr_expect_eq(strlen(room.r.text), sizeof(room.r.text) - 1);
	reason_add(&room.r, "y");
	cr_expect_null(strchr(room.r.text, 'y'));
	(void)reason_set(&room.r, 0, "y");
	reason_add(&room.r, "%s", text);
	cr_expect_eq(strlen(room.r.text), sizeof(room.r.text) - 1);
	cr_expect_eq(room.behind, '#');
}
