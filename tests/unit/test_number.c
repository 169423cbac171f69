// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>

#include "base/number.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define REFUSED	      UINT64_MAX /* no case allows it */
#define EVERY	      0, UINT64_MAX - 1

static const struct read_case {
	struct number number;
	const char *text;
	uint64_t want;
} cases[] = {
	{ { NUMBER_PLAIN, EVERY }, "0", 0 },
	{ { NUMBER_PLAIN, EVERY }, "007", 7 },
	{ { NUMBER_PLAIN, EVERY }, "18446744073709551614", UINT64_MAX - 1 },
	{ { NUMBER_PLAIN, EVERY }, "18446744073709551616", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "-1", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "+1", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, " 1", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "1 ", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "0x10", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "1.5", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "1K", REFUSED },
	{ { NUMBER_PLAIN, EVERY }, "1s", REFUSED },
	{ { NUMBER_PLAIN, 2, 4 }, "1", REFUSED },
	{ { NUMBER_PLAIN, 2, 4 }, "2", 2 },
	{ { NUMBER_PLAIN, 2, 4 }, "4", 4 },
	{ { NUMBER_PLAIN, 2, 4 }, "5", REFUSED },

	{ { NUMBER_BYTES, EVERY }, "5", 5 },
	{ { NUMBER_BYTES, EVERY }, "5K", 5 << 10 },
	{ { NUMBER_BYTES, EVERY }, "5M", 5 << 20 },
	{ { NUMBER_BYTES, EVERY }, "5G", UINT64_C(5) << 30 },
	{ { NUMBER_BYTES, EVERY }, "5k", REFUSED },
	{ { NUMBER_BYTES, EVERY }, "5KB", REFUSED },
	{ { NUMBER_BYTES, EVERY }, "5T", REFUSED },
	{ { NUMBER_BYTES, EVERY }, "K", REFUSED },
	{ { NUMBER_BYTES, EVERY }, "5m", REFUSED },
	{ { NUMBER_BYTES, EVERY }, "17179869183G", UINT64_MAX - ((1U << 30) - 1) },
	{ { NUMBER_BYTES, EVERY }, "17179869184G", REFUSED },
	{ { NUMBER_BYTES, 1 << 16, 1 << 20 }, "63K", REFUSED },
	{ { NUMBER_BYTES, 1 << 16, 1 << 20 }, "64K", 1 << 16 },
	{ { NUMBER_BYTES, 1 << 16, 1 << 20 }, "1M", 1 << 20 },
	{ { NUMBER_BYTES, 1 << 16, 1 << 20 }, "1025K", REFUSED },

	{ { NUMBER_SECONDS, EVERY }, "5", 5 },
	{ { NUMBER_SECONDS, EVERY }, "5s", 5 },
	{ { NUMBER_SECONDS, EVERY }, "5m", 300 },
	{ { NUMBER_SECONDS, EVERY }, "5h", 18000 },
	{ { NUMBER_SECONDS, EVERY }, "5d", 432000 },
	{ { NUMBER_SECONDS, EVERY }, "5M", REFUSED },
	{ { NUMBER_SECONDS, EVERY }, "5ms", REFUSED },
	{ { NUMBER_SECONDS, EVERY }, "daily", REFUSED },
	{ { NUMBER_SECONDS, EVERY }, "1h30m", REFUSED },
};

Test(number, what_is_taken)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct read_case *c = &cases[i];
		uint64_t got = REFUSED;
		bool taken = number_read(&c->number, c->text, &got);

		cr_expect(taken == (c->want != REFUSED) && got == c->want,
			  "kind %d, \"%s\": got %ju, want %ju", (int)c->number.kind, c->text,
			  (uintmax_t)got, (uintmax_t)c->want);
	}
}

/* A bound is named in the largest unit that it is a multiple of. */
Test(number, what_is_said_of_it)
{
	static const struct {
		struct number number;
		const char *want;
	} ranges[] = {
		{ { NUMBER_PLAIN, 0, 1024 }, "a number from 0 to 1024" },
		{ { NUMBER_BYTES, 0, 1 << 10 }, "a number of bytes from 0 to 1K (units: K, M, G)" },
		{ { NUMBER_BYTES, 3 << 19, UINT64_C(1) << 40 },
		  "a number of bytes from 1536K to 1024G (units: K, M, G)" },
		{ { NUMBER_BYTES, 1023, UINT64_MAX },
		  "a number of bytes from 1023 to 18446744073709551615 (units: K, M, G)" },
		{ { NUMBER_SECONDS, 0, 86400 },
		  "a time from 0 to 86400 seconds (units: s, m, h, d, which is 24 hours)" },
	};
	char got[NUMBER_RANGE_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		number_range(&ranges[i].number, got);
		cr_expect_str_eq(got, ranges[i].want);
	}
}

Test(number, digits_at_the_head)
{
	static const char text[] = "4789,x";
	const char *end = NULL;
	uint64_t value = 0;

	cr_expect_eq(number_read_digits(text, &value, &end), 0);
	cr_expect_eq(value, 4789);
	cr_expect_eq(end, text + 4);
	cr_expect_eq(number_read_digits(end, &value, &end), -EINVAL);
	cr_expect_eq(number_read_digits("18446744073709551616", &value, &end), -ERANGE);
}
