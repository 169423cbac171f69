/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "json/json.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RANDOM_CASES  200000

/* xorshift64: the same cases in every run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void check_u64(uint64_t val)
{
	const char *quote = val < (UINT64_C(1) << 53) ? "" : "\"";
	char got[JSON_U64_BYTES + 1];
	char want[32];

	*json_format_u64(got, val) = '\0';
	(void)snprintf(want, sizeof(want), "%s%" PRIu64 "%s", quote, val, quote); /* fits */
	if (strcmp(got, want) != 0)
		cr_assert_fail("%" PRIu64 ": got %s, want %s", val, got, want);
}

Test(json, numbers_at_every_length)
{
	uint64_t power = 1;

	check_u64(0);
	for (int i = 0; i < 20; i++) {
		check_u64(power - 1);
		check_u64(power);
		check_u64(power + 1);
		check_u64(power * 9 + power / 3);
		power *= 10;
	}
	for (int i = 0; i < 64; i++) {
		check_u64((UINT64_C(1) << i) - 1);
		check_u64(UINT64_C(1) << i);
		check_u64((UINT64_C(1) << i) + 1);
	}
	check_u64(UINT64_MAX);
}

static void check_i64(int64_t val)
{
	const int64_t limit = INT64_C(1) << 53;
	const char *quote = val < limit && val > -limit ? "" : "\"";
	char got[JSON_U64_BYTES + 1];
	char want[32];

	*json_format_i64(got, val) = '\0';
	(void)snprintf(want, sizeof(want), "%s%" PRId64 "%s", quote, val, quote); /* fits */
	cr_expect_str_eq(got, want, "%" PRId64 ": got %s, want %s", val, got, want);
}

Test(json, numbers_below_0)
{
	for (int i = 0; i < 63; i++) {
		for (int64_t j = -1; j <= 1; j++) {
			check_i64((INT64_C(1) << i) + j);
			check_i64(-(INT64_C(1) << i) + j);
		}
	}
	check_i64(0);
	check_i64(INT64_MAX);
	check_i64(INT64_MIN);
}

Test(json, numbers_at_random)
{
	uint64_t state = 1;

	for (int i = 0; i < RANDOM_CASES; i++) {
		uint64_t val = next_random(&state);

		check_u64(val >> (val & 63));
	}
	for (uint64_t val = 0; val < 70000; val++)
		check_u64(val);
}

Test(json, bytes)
{
	for (unsigned int val = 0; val < 256; val++) {
		char got[JSON_U8_BYTES + 1];
		char want[8];

		*json_format_u8(got, (uint8_t)val) = '\0';
		(void)snprintf(want, sizeof(want), "%u", val); /* fits */
		cr_expect_str_eq(got, want, "%u: got %s, want %s", val, got, want);
	}
}

/* Exactly the room that is promised: a byte more, and ASan says so. */
static void check_ip(const uint8_t ip[16], uint8_t version)
{
	char *got = malloc(JSON_IP_BYTES);
	char text[INET6_ADDRSTRLEN];
	char want[INET6_ADDRSTRLEN + 2];
	size_t len;

	cr_assert_not_null(got);
	if (version == 4)
		cr_assert_not_null(inet_ntop(AF_INET, ip + 12, text, sizeof(text)));
	else
		cr_assert_not_null(inet_ntop(AF_INET6, ip, text, sizeof(text)));
	(void)snprintf(want, sizeof(want), "\"%s\"", text); /* fits */
	len = (size_t)(json_format_ip(got, ip, version) - got);
	if (len != strlen(want) || memcmp(got, want, len) != 0)
		cr_assert_fail("IPv%u: got %.*s, want %s", version, (int)len, got, want);
	free(got);
}

Test(json, ip4_at_random)
{
	uint64_t state = 2;
	uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };

	for (int i = 0; i < RANDOM_CASES; i++) {
		uint32_t val = (uint32_t)next_random(&state);

		memcpy(ip + 12, &val, sizeof(val));
		check_ip(ip, 4);
	}
	for (int i = 0; i < 256; i++) {
		memset(ip + 12, i, 4);
		check_ip(ip, 4);
	}
}

/* Each of the 256 shapes of zero words, with words of each length in between. */
Test(json, ip6_every_shape)
{
	static const uint16_t masks[] = { 0xf, 0xff, 0xfff, 0xffff };
	uint64_t state = 3;

	for (unsigned int i = 0; i < RANDOM_CASES; i++) {
		uint16_t mask = masks[i / 256 % ARRAY_SIZE(masks)];
		uint8_t ip[16] = { 0 };

		for (size_t word = 0; word < 8; word++) {
			uint16_t val = (uint16_t)(next_random(&state) & mask);

			if (!(i >> word & 1))
				continue;
			ip[2 * word] = (uint8_t)(val >> 8);
			ip[2 * word + 1] = (uint8_t)val;
		}
		check_ip(ip, 6);
	}
}

Test(json, ip6_every_word)
{
	uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	for (unsigned int val = 0; val < 0x10000; val++) {
		ip[8] = (uint8_t)(val >> 8);
		ip[9] = (uint8_t)val;
		check_ip(ip, 6);
	}
}

/* ::a.b.c.d, ::ffff:a.b.c.d, and their neighbours. */
Test(json, ip6_that_ends_in_ip4)
{
	static const uint16_t sixth[] = { 0, 0xffff, 0xfffe, 1 };
	uint64_t state = 4;

	for (unsigned int i = 0; i < RANDOM_CASES; i++) {
		uint64_t val = next_random(&state);
		uint16_t word = sixth[i % ARRAY_SIZE(sixth)];
		uint8_t ip[16] = { 0 };

		ip[10] = (uint8_t)(word >> 8);
		ip[11] = (uint8_t)word;
		for (int byte = 12; byte < 16; byte++)
			ip[byte] = (uint8_t)(val >> byte * 2 & 1 ? val >> byte * 3 : 0);
		check_ip(ip, 6);
	}
}

static void check_date(uint64_t second)
{
	char got[JSON_DATE_BYTES + 1] = { 0 };
	time_t time = (time_t)second;
	char want[64];
	struct tm tm;

	json_format_date(got, second);
	cr_assert_not_null(gmtime_r(&time, &tm));
	(void)strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.", &tm); /* fits */
	if (strcmp(got, want) != 0)
		cr_assert_fail("second %" PRIu64 ": got %s, want %s", second, got, want);
}

Test(json, dates_of_every_year)
{
	static const struct {
		int month;
		int day;
	} days[] = { { 0, 1 }, { 1, 28 }, { 1, 29 }, { 2, 1 }, { 11, 30 }, { 11, 31 } };

	for (int year = 1970; year <= 9999; year++) {
		for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
			struct tm tm = { .tm_year = year - 1900,
					 .tm_mon = days[i].month,
					 .tm_mday = days[i].day };
			uint64_t second = (uint64_t)timegm(&tm);

			check_date(second);
			check_date(second + 86399);
		}
	}
}

Test(json, dates_at_random)
{
	uint64_t state = 5;

	check_date(0);
	for (int i = 0; i < RANDOM_CASES; i++)
		check_date(next_random(&state) % UINT64_C(253402300800));
}

Test(json, dates_have_four_digit_years)
{
	static const struct {
		const char *name;
		uint64_t second;
		const char *want;
	} cases[] = {
		{ "epoch", 0, "1970-01-01T00:00:00." },
		{ "last of UINT64_MAX ns", UINT64_MAX / 1000000000, "2554-07-21T23:34:33." },
		{ "last", UINT64_C(253402300799), "9999-12-31T23:59:59." },
		{ "one more", UINT64_C(253402300800), "9999-12-31T23:59:59." },
		{ "all bits", UINT64_MAX, "9999-12-31T23:59:59." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[JSON_DATE_BYTES + 1] = { 0 };

		json_format_date(got, cases[i].second);
		cr_expect_str_eq(got, cases[i].want, "%s: got %s, want %s", cases[i].name, got,
				 cases[i].want);
	}
}

Test(json, fractions)
{
	static const uint32_t edges[] = { 0,	   1,	      9,	 999,	    1000,
					  999999,  1000000,   704885554, 999999000, 999999999,
					  1000001, 123456789, 100000000 };
	uint64_t state = 6;

	for (unsigned int i = 0; i < RANDOM_CASES; i++) {
		uint32_t ns = i < ARRAY_SIZE(edges) ? edges[i] :
						      (uint32_t)(next_random(&state) % 1000000000);
		char got[2][JSON_FRACTION_BYTES + 1];
		char want[2][16];

		*json_format_fraction(got[0], ns, false) = '\0';
		*json_format_fraction(got[1], ns, true) = '\0';
		(void)snprintf(want[0], sizeof(want[0]), "%06" PRIu32, ns / 1000); /* fits */
		(void)snprintf(want[1], sizeof(want[1]), "%09" PRIu32, ns); /* fits */
		if (strcmp(got[0], want[0]) != 0 || strcmp(got[1], want[1]) != 0)
			cr_assert_fail("%" PRIu32 " ns: got %s and %s", ns, got[0], got[1]);
	}
}

struct clean_case {
	const char *name;
	const char *text;
	size_t max;
	const char *want;
};

#define BAD "\xef\xbf\xbd"
#define CUT "\xe2\x80\xa6"

static const struct clean_case clean_cases[] = {
	{ "empty", "", 10, "" },
	{ "plain", "eth0", 10, "eth0" },
	{ "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 20,
	  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "lone continuation", "a\x80z", 20, "a" BAD "z" },
	{ "0xff", "\xff", 20, BAD },
	{ "cut short by the end", "a\xe2\x82", 20, "a" BAD BAD },
	{ "cut short by a letter", "\xf0\x9f\x98z", 20, BAD BAD BAD "z" },
	{ "overlong slash, two bytes", "\xc0\xaf", 20, BAD BAD },
	{ "overlong slash, three bytes", "\xe0\x80\xaf", 20, BAD BAD BAD },
	{ "overlong, four bytes", "\xf0\x80\x80\xaf", 20, BAD BAD BAD BAD },
	{ "surrogate", "\xed\xa0\x80", 20, BAD BAD BAD },
	{ "beyond U+10FFFF", "\xf4\x90\x80\x80", 20, BAD BAD BAD BAD },
	{ "just fits", "0123456789", 10, "0123456789" },
	{ "one too many", "0123456789a", 10, "0123456" CUT },
	{ "cut between characters",
	  "012345\xe2\x82\xac"
	  "89",
	  10, "012345" CUT },
	{ "escapes count as written: fit", "\x01\"ab", 10, "\x01\"ab" },
	{ "escapes count as written: cut", "\x01\"abc", 10, "\x01" CUT },
	{ "replacements count as written", "\xff\xff\xff\xff", 10, BAD BAD CUT },
	{ "nothing but the ellipsis", "abcd", 3, CUT },
};

Test(json, clean)
{
	for (size_t i = 0; i < ARRAY_SIZE(clean_cases); i++) {
		const struct clean_case *c = &clean_cases[i];
		char got[32];
		size_t len = json_clean(got, c->max, c->text);

		cr_expect_str_eq(got, c->want, "%s: got '%s', want '%s'", c->name, got, c->want);
		cr_expect_eq(len, strlen(c->want), "%s: length %zu, want %zu", c->name, len,
			     strlen(c->want));
	}
}

static size_t encode(char ret[5], uint32_t c)
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	memset(ret, 0, 5);
	for (size_t i = len - 1; i > 0; i--) {
		ret[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	ret[0] = (char)(lead[len] | c);
	return len;
}

Test(json, clean_keeps_every_character)
{
	for (uint32_t c = 1; c < 0x120000; c++) {
		bool valid = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
		char text[5];
		char got[32];
		size_t len = encode(text, c);

		(void)json_clean(got, sizeof(got) - 1, text); /* got says it all */
		if (valid ? strcmp(got, text) != 0 : strlen(got) != len * strlen(BAD))
			cr_assert_fail("U+%04" PRIX32 ": got '%s'", c, got);
	}
}

/* What json-c makes of the same text. */
static void check_string(const char *text)
{
	struct json_object *obj = json_object_new_string(text);
	const char *want = json_object_to_json_string_ext(
		obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char got[256];
	struct json j;

	cr_assert_not_null(want);
	json_begin(&j, got, sizeof(got));
	json_string(&j, text);
	json_text(&j, "", 1);
	cr_assert_not(j.overflow);
	cr_expect_str_eq(got, want, "got %s, want %s", got, want);
	json_object_put(obj);
}

Test(json, every_byte_is_escaped_as_json_c_does)
{
	for (int c = 1; c < 0x80; c++)
		check_string((char[]){ 'a', (char)c, 'b', '\0' });
	check_string("");
	check_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

/* Random bytes become a string that is strict JSON, is read back the same, and keeps its bound. */
Test(json, clean_at_random)
{
	struct json_tokener *tok = json_tokener_new();
	uint64_t state = 7;

	cr_assert_not_null(tok);
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	for (int i = 0; i < RANDOM_CASES / 4; i++) {
		size_t max = 3 + next_random(&state) % 60;
		size_t len = next_random(&state) % 32;
		char text[33] = { 0 };
		char clean[64];
		char got[80];
		struct json_object *obj;
		struct json j;

		for (size_t k = 0; k < len; k++)
			text[k] = (char)next_random(&state);
		(void)json_clean(clean, max, text); /* read back below */
		json_begin(&j, got, max + 2);
		json_string(&j, clean);
		cr_assert_not(j.overflow, "case %d: longer than %zu", i, max);
		json_tokener_reset(tok);
		obj = json_tokener_parse_ex(tok, got, (int)(j.pos - got));
		cr_assert_not_null(obj, "case %d: not JSON: %.*s", i, (int)(j.pos - got), got);
		cr_expect_str_eq(json_object_get_string(obj), clean, "case %d", i);
		cr_expect(!strncmp(json_object_to_json_string_ext(obj,
								  JSON_C_TO_STRING_NOSLASHESCAPE),
				   got, (size_t)(j.pos - got)),
			  "case %d: not as json-c prints it: %.*s", i, (int)(j.pos - got), got);
		json_object_put(obj);
	}
	json_tokener_free(tok);
}

static void write_some(struct json *j)
{
	static const uint8_t ip[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };

	json_text(j, "{\"k\":", 5);
	json_string(j, "a\"b\x01");
	json_short(j, ",\"seq_num\":\0\0\0\0", 11);
	json_u64(j, UINT64_MAX);
	json_i64(j, INT64_MIN);
	json_u8(j, 255);
	json_ip(j, ip, 4);
	json_fraction(j, 999999999, true);
	json_text(j, "}", 1);
}

/* Never a byte beyond the buffer (ASan), never a text that is short and does not say so. */
Test(json, every_capacity)
{
	char full[256];
	struct json all;
	size_t len;

	json_begin(&all, full, sizeof(full));
	write_some(&all);
	cr_assert_not(all.overflow);
	len = (size_t)(all.pos - full);
	for (size_t cap = 0; cap <= len + JSON_SLACK; cap++) {
		char *buf = malloc(cap + !cap);
		struct json j;

		cr_assert_not_null(buf);
		json_begin(&j, buf, cap);
		write_some(&j);
		if (j.overflow)
			cr_expect_lt(cap, len + JSON_SLACK, "cap %zu: overflow", cap);
		else
			cr_expect_arr_eq(buf, full, len, "cap %zu: another text", cap);
		cr_expect_eq(memcmp(buf, full, (size_t)(j.pos - buf)), 0, "cap %zu", cap);
		free(buf);
	}
}
