// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/reader.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct json_dialect plain = { .depth_max = 16 };
static const struct json_dialect commented = { .depth_max = 16, .comments = true };

/* A letter a token; a key or a value stands behind its letter. */
static void print_tokens(const char *text, size_t len, struct json_dialect dialect, char *ret,
			 size_t cap)
{
	static const char letters[] = {
		[JSON_TOKEN_OBJECT] = '{',  [JSON_TOKEN_OBJECT_END] = '}',
		[JSON_TOKEN_ARRAY] = '[',   [JSON_TOKEN_ARRAY_END] = ']',
		[JSON_TOKEN_KEY] = 'k',	    [JSON_TOKEN_STRING] = 's',
		[JSON_TOKEN_INTEGER] = 'i', [JSON_TOKEN_FRACTION] = 'f',
		[JSON_TOKEN_TRUE] = 't',    [JSON_TOKEN_FALSE] = 'f',
		[JSON_TOKEN_NULL] = 'n',    [JSON_TOKEN_END] = '.',
		[JSON_TOKEN_CUT] = '~',	    [JSON_TOKEN_WRONG] = '!',
	};
	struct json_reader r;
	enum json_token token;
	size_t used = 0;

	json_reader_init(&r, text, len, dialect);
	do {
		token = json_reader_next(&r);
		used += (size_t)snprintf(ret + used, cap - used, "%c", letters[token]);
		if (token >= JSON_TOKEN_KEY && token <= JSON_TOKEN_FRACTION)
			used += (size_t)snprintf(ret + used, cap - used, "%.*s ", (int)r.len,
						 r.text);
	} while (token < JSON_TOKEN_END);
	cr_assert_eq(json_reader_next(&r), token, "%s: the end is not the end", text);
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{ "{}", "{}." },
	{ " [ ] \r\n", "[]." },
	{ "12", "i12 ." },
	{ "\"\"", "s ." },
	{ "{\"a\":1,\"b\":[true,false,null]}", "{ka i1 kb [tfn]}." },
	{ "{\t\"a\" : { \"b\" :\n[ ] } }", "{ka {kb []}}." },
	{ "[-0,0.1,1E+2,1e-2,10]", "[i-0 f0.1 f1E+2 f1e-2 i10 ]." },
	{ "[\"\\u00e9\\n\\/\xc3\xa9\"]", "[s\\u00e9\\n\\/\xc3\xa9 ]." },
	{ "[\"12345678\\\"90123456789\"]", "[s12345678\\\"90123456789 ]." },
	{ "[\"\\ud800\"]", "[s\\ud800 ]." }, /* half of a character is well-formed text */
	{ "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[i1 ]]]]]]]]]]]]]]]]." },

	{ "", "~" },
	{ "  ", "~" },
	{ "{", "{~" },
	{ "{\"a", "{~" },
	{ "{\"a\"", "{~" },
	{ "{\"a\":", "{ka ~" },
	{ "{\"a\":tr", "{ka ~" },
	{ "{\"a\":-", "{ka ~" },
	{ "{\"a\":1.", "{ka ~" },
	{ "{\"a\":1,", "{ka i1 ~" },
	{ "[\"\\", "[~" },
	{ "[\"\\u12", "[~" },
	{ "[\"\xe2\x82", "[~" },
};

Test(json_reader, tokens)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const size_t len = strlen(cases[i].text);
		char *text = malloc(len ? len : 1), got[256];

		cr_assert_not_null(text);
		memcpy(text, cases[i].text, len); /* without its NUL: that is not to be read */
		print_tokens(text, len, plain, got, sizeof(got));
		cr_expect_str_eq(got, cases[i].want, "%s: got %s, want %s", cases[i].text, got,
				 cases[i].want);
		free(text);
	}
}

static const struct {
	const char *text;
	unsigned int line;
	const char *problem;
} wrong[] = {
	{ "{}{}", 1, "trailing data after the object" },
	{ "{}\n x", 2, "trailing data after the object" },
	{ "{\n'a':1}", 2, "strings are in double quotes" },
	{ "{\"a\":\n\n'x'}", 3, "strings are in double quotes" },
	{ "{\"a\":NaN}", 1, "\"NaN\" is no word of JSON" },
	{ "{\"a\":-Infinity}", 1, "unexpected character" },
	{ "{\"a\":TRUE}", 1, "\"TRUE\" is no word of JSON" },
	{ "{\"a\":trueish}", 1, "\"trueish\" is no word" },
	{ "{\"a\":1,\n}", 2, "unexpected character" },
	{ "[1,]", 1, "unexpected character" },
	{ "[,1]", 1, "unexpected character" },
	{ "[1}", 1, "unexpected character" },
	{ "{\"a\":1]", 1, "unexpected character" },
	{ "{\"a\":1 \"b\":2}", 1, "unexpected character" },
	{ "{\"a\" 1}", 1, "unexpected character" },
	{ "{1:1}", 1, "unexpected character" },
	{ "{/* */\"a\":1}", 1, "unexpected character" },
	{ "# x\n{}", 1, "unexpected character" },
	{ "{\"a\":01}", 1, "unexpected character" },
	{ "{\"a\":+1}", 1, "unexpected character" },
	{ "{\"a\":1.}", 1, "unexpected character" },
	{ "{\"a\":1e}", 1, "unexpected character" },
	{ "{\"a\":.5}", 1, "unexpected character" },
	{ "{\"a\":\"\t\"}", 1, "a string has a control character in it" },
	{ "{\n\"a\":\"x\n\"}", 2, "a string begins here and does not end in its line" },
	{ "{\"a\":\"\\x\"}", 1, "there is no such escape" },
	{ "{\"a\":\"\\u12g4\"}", 1, "four hexadecimal digits" },
	{ "{\"a\":\"\xc0\xaf\"}", 1, "a character is not UTF-8" },
	{ "{\"a\":\"\xed\xa0\x80\"}", 1, "a character is not UTF-8" },
	{ "{\"a\":\"\x80\"}", 1, "a character is not UTF-8" },
	{ "{\"a\":\"\xe2\x82\"}", 1, "a character is not UTF-8" },
	{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 1,
	  "more than 16 objects and arrays inside each other" },
};

static enum json_token last_token(struct json_reader *r)
{
	enum json_token token;

	do
		token = json_reader_next(r);
	while (token < JSON_TOKEN_END);
	return token;
}

Test(json_reader, what_is_wrong_and_where)
{
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char problem[JSON_PROBLEM_BYTES];
		struct json_reader r;

		json_reader_init(&r, wrong[i].text, strlen(wrong[i].text), plain);
		cr_expect_eq(last_token(&r), JSON_TOKEN_WRONG, "%s", wrong[i].text);
		json_reader_problem(&r, problem);
		cr_expect(strstr(problem, wrong[i].problem), "%s: %s, want %s", wrong[i].text,
			  problem, wrong[i].problem);
		cr_expect_eq(r.line, wrong[i].line, "%s: line %u, want %u", wrong[i].text, r.line,
			     wrong[i].line);
	}
}

Test(json_reader, a_nul_is_no_text)
{
	static const char texts[][8] = { "\0{}", "{\0}", "{\"a\0\":1", "{\"a\":\0}" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char problem[JSON_PROBLEM_BYTES];
		struct json_reader r;

		json_reader_init(&r, texts[i], sizeof(texts[i]), plain);
		cr_expect_eq(last_token(&r), JSON_TOKEN_WRONG, "%zu", i);
		json_reader_problem(&r, problem);
		cr_expect(strstr(problem, "NUL byte"), "%zu: %s", i, problem);
	}
}

/* Whatever is cut off a good object, what is left is told as one that ends too early. */
Test(json_reader, every_truncation)
{
	static const char text[] = "{\"a\":[true,null,-1.5e+7,{}],\"b\\u00e9\":\"\xe2\x82\xac\"}";

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len ? len : 1);
		struct json_reader r;

		cr_assert_not_null(copy);
		memcpy(copy, text, len);
		json_reader_init(&r, copy, len, plain);
		cr_expect_eq(last_token(&r),
			     len == sizeof(text) - 1 ? JSON_TOKEN_END :
			     len == sizeof(text)     ? JSON_TOKEN_WRONG :
						       JSON_TOKEN_CUT,
			     "%zu bytes", len);
		free(copy);
	}
}

Test(json_reader, comments)
{
	static const char text[] =
		"# one\n{ // two { \n\"a\" /* : */ : \"# // /* \", /* three\n*/\n"
		"\"b\": 1 /**/ }# no newline";
	struct json_reader r;
	char got[256];

	print_tokens(text, strlen(text), commented, got, sizeof(got));
	cr_expect_str_eq(got, "{ka s# // /*  kb i1 }.");
	json_reader_init(&r, text, strlen(text), commented);
	for (int i = 0; i < 4; i++)
		(void)json_reader_next(&r);
	cr_expect(r.len == 1 && *r.text == 'b' && r.line == 5, "%.*s in line %u", (int)r.len,
		  r.text, r.line);
}

Test(json_reader, a_comment_that_does_not_end)
{
	static const struct {
		const char *text;
		unsigned int line;
	} texts[] = {
		{ "{\n\n/* x\n", 3 },
		{ "{/*/}", 1 },
		{ "{\"a\"\n/*", 2 },
		{ "{\"a\":1,\n/*", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char problem[JSON_PROBLEM_BYTES];
		struct json_reader r;

		json_reader_init(&r, texts[i].text, strlen(texts[i].text), commented);
		cr_expect_eq(last_token(&r), JSON_TOKEN_WRONG, "%s", texts[i].text);
		cr_expect_eq(last_token(&r), JSON_TOKEN_WRONG, "%s, again", texts[i].text);
		json_reader_problem(&r, problem);
		cr_expect(strstr(problem, "a comment begins here"), "%s", problem);
		cr_expect_eq(r.line, texts[i].line, "%s: line %u", texts[i].text, r.line);
	}
}

Test(json_reader, escapes)
{
	static const struct {
		const char *text;
		const char *want;
		bool halves;
	} texts[] = {
		{ "", "", false },
		{ "plain", "plain", false },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", false },
		{ "\\u00e9\\u00E9\\u20ac", "\xc3\xa9\xc3\xa9\xe2\x82\xac", false },
		{ "\\ud83d\\ude00\\udbff\\udfff", "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", false },
		{ "\\ud83d", "\xef\xbf\xbd", true },
		{ "\\ud83dx", "\xef\xbf\xbdx", true },
		{ "\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd", true },
		{ "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80", true },
		{ "\\u12g4\\", "\\u12g4\\", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t len = strlen(texts[i].text);
		bool halves = !texts[i].halves;
		char text[64];

		memcpy(text, texts[i].text, len);
		len = json_unescape(text, len, text, &halves); /* in place */
		cr_expect(len == strlen(texts[i].want) && !memcmp(text, texts[i].want, len),
			  "%s: got %.*s", texts[i].text, (int)len, text);
		cr_expect_eq(halves, texts[i].halves, "%s", texts[i].text);
	}
}
