// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	int want; /* bytes of its first character, or -errno */
} characters[] = {
	{ "a", 1 },
	{ "\x7f", 1 },
	{ "\xc2\x80", 2 },
	{ "\xdf\xbf", 2 },
	{ "\xe0\xa0\x80", 3 },
	{ "\xed\x9f\xbf", 3 },
	{ "\xef\xbf\xbf", 3 },
	{ "\xf0\x90\x80\x80", 4 },
	{ "\xf4\x8f\xbf\xbf", 4 },
	{ "\x80", -EILSEQ },
	{ "\xbf", -EILSEQ },
	{ "\xc0\xaf", -EILSEQ }, /* longer than need be */
	{ "\xc1\xbf", -EILSEQ },
	{ "\xe0\x9f\xbf", -EILSEQ },
	{ "\xf0\x8f\xbf\xbf", -EILSEQ },
	{ "\xed\xa0\x80", -EILSEQ }, /* half of a character of UTF-16 */
	{ "\xf4\x90\x80\x80", -EILSEQ }, /* beyond Unicode */
	{ "\xf5\x80\x80\x80", -EILSEQ },
	{ "\xc2 ", -EILSEQ },
	{ "\xe2\x82 ", -EILSEQ },
	{ "\xc2", -ENODATA },
	{ "\xe2\x82", -ENODATA },
	{ "\xf0\x9f\x98", -ENODATA },
};

Test(text, characters_of_utf8)
{
	for (size_t i = 0; i < ARRAY_SIZE(characters); i++) {
		const char *text = characters[i].text;
		const char *end = text + strlen(text);

		cr_expect_eq(text_utf8_bytes(text, end), characters[i].want, "case %zu", i);
		cr_expect_eq(text_is_utf8(text, strlen(text)), characters[i].want > 0, "case %zu",
			     i);
	}
}

Test(text, every_character_is_read_as_it_was_written)
{
	for (uint32_t c = 1; c < 0x110000; c++) {
		char text[TEXT_UTF8_BYTES_MAX];
		const char *end = text_put_utf8(text, c);
		const int want = c >= 0xd800 && c < 0xe000 ? -EILSEQ : (int)(end - text);

		cr_assert_eq(text_utf8_bytes(text, end), want, "U+%04X", (unsigned int)c);
	}
}

Test(text, what_commands_a_terminal_is_masked)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "eth0", "eth0" },
		{ "a\nb\x1b[2J\x7f", "a?b?[2J?" },
		{ "\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac" },
		{ "\xc2\x9bx", "??x" }, /* U+009B begins a command, too */
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xff\xc3\xa9", "?\xc3\xa9" },
		{ "\xe2\x82", "??" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[32];

		(void)strcpy(text, cases[i].text);
		text_mask(text, strlen(text));
		cr_expect_str_eq(text, cases[i].want);
	}
}
