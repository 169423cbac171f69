// SPDX-License-Identifier: BSD-2-Clause
/* That it finds what json-c finds is tested where lines are: test_line.c, fuzz_line.c. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "record/record_values.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LINE                                                                                  \
	"{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"n\":-7,\"t\":true,\"s\":\"a\\nb\"," \
	"\"l\":[\"]\",\"\\\"]\"],\"e\":\"\"}\n"

/* A copy that ends where its memory ends: a sanitizer sees what is read beyond. */
static char *exactly(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	return copy;
}

static bool is(const char *text, size_t len, const char *want)
{
	return len == strlen(want) && !memcmp(text, want, len);
}

Test(record_values, all_in_order)
{
	static const struct {
		const char *key;
		const char *text;
		enum record_value_type type;
		bool escaped;
	} want[] = {
		{ "timestamp", "2026-11-22T03:41:40.704885Z", RECORD_VALUE_STRING, false },
		{ "n", "-7", RECORD_VALUE_PLAIN, false },
		{ "t", "true", RECORD_VALUE_PLAIN, false },
		{ "s", "a\\nb", RECORD_VALUE_STRING, true },
		{ "l", "[\"]\",\"\\\"]\"]", RECORD_VALUE_LIST, false },
		{ "e", "", RECORD_VALUE_STRING, false },
	};
	/* with its newline, and without */
	for (size_t less = 0; less < 2; less++) {
		struct record_value value;
		struct record_values v;

		record_values_begin(&v, LINE, strlen(LINE) - less);
		for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
			cr_assert(record_values_next(&v, &value), "%s", want[i].key);
			cr_expect(is(value.key, value.key_len, want[i].key), "key %.*s, want %s",
				  (int)value.key_len, value.key, want[i].key);
			cr_expect(is(value.text, value.len, want[i].text), "%s: %.*s", want[i].key,
				  (int)value.len, value.text);
			cr_expect_eq(value.type, want[i].type, "%s", want[i].key);
			cr_expect_eq(value.escaped, want[i].escaped, "%s", want[i].key);
		}
		cr_expect_not(record_values_next(&v, &value));
		cr_expect(v.whole);
	}
}

/* At each length there are fewer values, or all but the end; never one that is cut. */
Test(record_values, every_truncation)
{
	for (size_t len = 0; len < strlen(LINE) - 1; len++) {
		char *text = exactly(LINE, len);
		struct record_value value;
		struct record_values v;

		record_values_begin(&v, text, len);
		while (record_values_next(&v, &value)) {
			char behind = value.text[value.len + (value.type == RECORD_VALUE_STRING)];

			cr_expect(behind == ',', "%zu: %c", len, behind);
		}
		cr_expect_not(v.whole, "%zu: is taken for whole", len);
		free(text);
	}
}

Test(record_values, what_is_no_line_of_ours)
{
	static const struct {
		const char *text;
		int values; /* until it ends */
	} cases[] = {
		{ "", 0 },
		{ "\n", 0 },
		{ "{", 0 },
		{ "{}", 0 },
		{ "[1]", 0 },
		{ "{\"a\"", 0 },
		{ "{\"a\":", 0 },
		{ "{\"a\":}", 0 },
		{ "{\"a\":1", 0 },
		{ "{\"a\":1]", 0 },
		{ "{\"a\":{\"b\":1}}", 0 },
		{ "{\"a\":\"\\", 0 },
		{ "{\"a\":\"\\\"", 0 },
		{ "{\"a\":[\"", 0 },
		{ "{\"a\":[1", 0 },
		{ "{ \"a\" :1}", 1 },
		{ "{\"a\":1 }", 0 },
		{ "{\"a\":[[1]]}", 0 },
		{ "{\"a\":'x'}", 0 },
		{ "{\"a\":\"\xff\"}", 0 },
		{ "{\"a\":01}", 0 },
		{ "{\"a\":1,}", 1 },
		{ "{\"a\":1,\"b\"}", 1 },
		{ "{\"a\":1,\"b\":2}", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *text = exactly(cases[i].text, len);
		struct record_value value;
		struct record_values v;
		int values = 0;

		record_values_begin(&v, text, len);
		while (record_values_next(&v, &value))
			values++;
		cr_expect_eq(values, cases[i].values, "%s: %d values", cases[i].text, values);
		free(text);
	}
}

Test(record_values, escapes)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\\\"\\\\\\/", "\"\\/" },
		{ "\\b\\f\\n\\r\\t", "\b\f\n\r\t" },
		{ "a\\u0001b", "a\x01"
			       "b" },
		{ "\\u00e9\\u00E9", "\xc3\xa9\xc3\xa9" },
		{ "\\u20ac", "\xe2\x82\xac" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\udbff\\udfff", "\xf4\x8f\xbf\xbf" },
		{ "\\ud83d", "\xef\xbf\xbd" },
		{ "\\ud83dx", "\xef\xbf\xbdx" },
		{ "\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
		{ "\\u12", "\\u12" },
		{ "\\u12g4", "\\u12g4" },
		{ "\\", "\\" },
		{ "\xe2\x82\xac\\n", "\xe2\x82\xac\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *text = exactly(cases[i].text, len);
		struct record_value value = { .text = text, .len = len, .escaped = true };
		char *got = exactly(text, len); /* as large as is promised to be enough */
		size_t n = record_value_text(&value, got);

		cr_expect(is(got, n, cases[i].want), "%s: got %.*s", cases[i].text, (int)n, got);
		free(got);
		free(text);
	}
}

Test(record_values, index)
{
	static const struct {
		const char *key;
		bool want;
	} cases[] = {
		{ "src_ip", true },	 { "event_type", true }, { "exit", true },
		{ "record_seq", false }, { "src_i", false },	 { "src_ip2", false },
		{ "", false },		 { "timestamp", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record_value value = { .key = cases[i].key,
					      .key_len = strlen(cases[i].key) };

		cr_expect_eq(record_value_is_index(&value), cases[i].want, "%s", cases[i].key);
	}
}
