/* SPDX-License-Identifier: BSD-2-Clause */
#include "json/json.h"

#include <endian.h>

#include "base/text.h"

#define DIGITS_8    100000000U /* 10^8 */
#define LAST_SECOND UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DAY_S	    86400U
#define IP_WORDS    8
#define ESCAPE_MAX  6

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

#define TEN(h) h "0.", h "1.", h "2.", h "3.", h "4.", h "5.", h "6.", h "7.", h "8.", h "9."

/* Each octet with the dot behind it. */
static const char octets[256][5] = {
	TEN(""),   TEN("1"),  TEN("2"),	 TEN("3"),  TEN("4"),  TEN("5"),  TEN("6"),  TEN("7"),
	TEN("8"),  TEN("9"),  TEN("10"), TEN("11"), TEN("12"), TEN("13"), TEN("14"), TEN("15"),
	TEN("16"), TEN("17"), TEN("18"), TEN("19"), TEN("20"), TEN("21"), TEN("22"), TEN("23"),
	TEN("24"), "250.",    "251.",	 "252.",    "253.",    "254.",	  "255.",
};

static char *put_pair(char *pos, uint32_t val)
{
	memcpy(pos, pairs + (size_t)2 * val, 2);
	return pos + 2;
}

/* Returns the eight digits of val, below 10^8, each in a byte of its own, the first in the lowest.
 * Each step splits all parts at once: 4 + 4 digits, then 2 + 2 + 2 + 2, then single digits.
 */
static uint64_t split_digits(uint32_t val)
{
	uint64_t fours = (uint64_t)(val / 10000) | (uint64_t)(val % 10000) << 32;
	uint64_t high = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f); /* / 100 */
	uint64_t twos = high | (fours - high * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f); /* / 10 */

	return tens | (twos - tens * 10) << 8;
}

static char *put_eight(char *pos, uint32_t val)
{
	uint64_t text = htole64(split_digits(val) + UINT64_C(0x3030303030303030));

	memcpy(pos, &text, sizeof(text));
	return pos + sizeof(text);
}

/* Writes a value below 10^8 without leading zeros. There is no branch here: numbers differ in
 * length from line to line, and one mispredicted branch costs more than all of this. Eight bytes
 * are written in any case.
 */
static char *put_small(char *pos, uint32_t val)
{
	uint64_t digits = split_digits(val);
	unsigned int zeros = (unsigned int)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
	uint64_t text = htole64((digits + UINT64_C(0x3030303030303030)) >> 8 * zeros);

	memcpy(pos, &text, sizeof(text));
	return pos + sizeof(text) - zeros;
}

static char *put_large(char *pos, uint64_t val)
{
	uint64_t high = val / DIGITS_8;

	pos = high < DIGITS_8 ? put_small(pos, (uint32_t)high) :
				put_eight(put_small(pos, (uint32_t)(high / DIGITS_8)),
					  (uint32_t)(high % DIGITS_8));
	return put_eight(pos, (uint32_t)(val % DIGITS_8));
}

char *json_format_u64(char *pos, uint64_t val)
{
	if (val < DIGITS_8)
		return put_small(pos, (uint32_t)val);
	if (val < JSON_NUMBER_LIMIT)
		return put_large(pos, val);
	*pos++ = '"';
	pos = put_large(pos, val);
	*pos++ = '"';
	return pos;
}

char *json_format_i64(char *pos, int64_t val)
{
	uint64_t distance = val < 0 ? 0 - (uint64_t)val : (uint64_t)val;
	bool text = distance >= JSON_NUMBER_LIMIT;

	if (text)
		*pos++ = '"';
	if (val < 0)
		*pos++ = '-';
	pos = distance < DIGITS_8 ? put_small(pos, (uint32_t)distance) : put_large(pos, distance);
	if (text)
		*pos++ = '"';
	return pos;
}

char *json_format_u8(char *pos, uint8_t val)
{
	memcpy(pos, octets[val], JSON_U8_BYTES);
	return pos + 1 + (val > 9) + (val > 99);
}

static char *put_ip4(char *pos, const uint8_t ip[4])
{
	for (int i = 0; i < 4; i++) {
		pos = json_format_u8(pos, ip[i]);
		pos++;
	}
	return pos - 1; /* the last octet has no dot */
}

/* Writes one to four hexadecimal digits. Four bytes are written in any case. */
static char *put_word(char *pos, uint32_t word)
{
	unsigned int zeros = (word < 0x1000) + (word < 0x100) + (word < 0x10);
	uint32_t digits = word >> 12 | (word & 0xf00) | (word & 0xf0) << 12 | (word & 0xf) << 24;
	uint32_t letters = (digits + 0x06060606U) >> 4 & 0x01010101U;
	uint32_t text = htole32((digits + 0x30303030U + letters * ('a' - '0' - 10)) >> 8 * zeros);

	memcpy(pos, &text, sizeof(text));
	return pos + sizeof(text) - zeros;
}

/* Returns where the longest run of two or more zero words begins (the first if several are as
 * long), or -1 if there is none.
 */
static int longest_run(const uint32_t words[IP_WORDS], int *ret_len)
{
	int best_len = 1;
	int best = -1;
	int len = 0;

	for (int i = 0; i < IP_WORDS; i++) {
		len = words[i] ? 0 : len + 1;
		if (len > best_len) {
			best_len = len;
			best = i + 1 - len;
		}
	}
	*ret_len = best_len;
	return best;
}

/* inet_ntop() shows the last two words as IPv4 if exactly six zero words come before them, or five
 * zero words and ffff.
 */
static bool ends_in_ip4(const uint32_t words[IP_WORDS], int run, int run_len)
{
	return run == 0 && (run_len == 6 || (run_len == 5 && words[5] == 0xffff));
}

static char *put_ip6(char *pos, const uint8_t ip[16])
{
	uint32_t words[IP_WORDS];
	int words_shown;
	int run_len;
	int run;

	for (size_t i = 0; i < IP_WORDS; i++)
		words[i] = (uint32_t)ip[2 * i] << 8 | ip[2 * i + 1];
	run = longest_run(words, &run_len);
	words_shown = ends_in_ip4(words, run, run_len) ? IP_WORDS - 2 : IP_WORDS;
	for (int i = 0; i < words_shown; i++) {
		if (i == run) {
			*pos++ = ':';
			i += run_len - 1;
			continue;
		}
		if (i)
			*pos++ = ':';
		pos = put_word(pos, words[i]);
	}
	if (words_shown < IP_WORDS) {
		*pos++ = ':';
		return put_ip4(pos, ip + 12);
	}
	if (run >= 0 && run + run_len == IP_WORDS)
		*pos++ = ':';
	return pos;
}

char *json_format_ip(char *pos, const uint8_t ip[16], uint8_t ip_version)
{
	*pos++ = '"';
	pos = ip_version == 4 ? put_ip4(pos, ip + 12) : put_ip6(pos, ip);
	*pos++ = '"';
	return pos;
}

char *json_format_fraction(char *pos, uint32_t ns, bool nine)
{
	uint32_t us = ns / 1000;
	uint32_t rest = ns % 1000;

	pos = put_pair(pos, us / 10000);
	pos = put_pair(pos, us / 100 % 100);
	pos = put_pair(pos, us % 100);
	if (!nine)
		return pos;
	pos = put_pair(pos, rest / 10);
	*pos++ = (char)('0' + rest % 10);
	return pos;
}

/* Uses the proleptic Gregorian calendar, in years that begin in March, so that the leap day is the
 * last of its year (H. Hinnant, "chrono-compatible low-level date algorithms").
 */
static char *put_day(char *pos, uint32_t days)
{
	uint32_t shifted = days + 719468; /* since 0000-03-01 */
	uint32_t era = shifted / 146097; /* 400 years */
	uint32_t day = shifted % 146097;
	uint32_t era_year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint32_t year_day = day - (365 * era_year + era_year / 4 - era_year / 100);
	uint32_t month = (5 * year_day + 2) / 153; /* from March */
	uint32_t year = era * 400 + era_year + (month >= 10);

	pos = put_pair(pos, year / 100);
	pos = put_pair(pos, year % 100);
	*pos++ = '-';
	pos = put_pair(pos, month < 10 ? month + 3 : month - 9);
	*pos++ = '-';
	return put_pair(pos, year_day - (153 * month + 2) / 5 + 1);
}

void json_format_date(char ret[JSON_DATE_BYTES], uint64_t second)
{
	uint64_t bounded = second < LAST_SECOND ? second : LAST_SECOND;
	uint32_t of_day = (uint32_t)(bounded % DAY_S);
	char *pos = put_day(ret, (uint32_t)(bounded / DAY_S));

	*pos++ = 'T';
	pos = put_pair(pos, of_day / 3600);
	*pos++ = ':';
	pos = put_pair(pos, of_day / 60 % 60);
	*pos++ = ':';
	pos = put_pair(pos, of_day % 60);
	*pos = '.';
}

/* Writes the JSON form of a byte of a string: 1 to ESCAPE_MAX bytes. */
static size_t escape(char ret[ESCAPE_MAX], unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";
	const char *found = c ? strchr(plain, c) : NULL;

	if (found) {
		ret[0] = '\\';
		ret[1] = letter[found - plain];
		return 2;
	}
	if (c >= 0x20) {
		ret[0] = (char)c;
		return 1;
	}
	memcpy(ret, (const char[ESCAPE_MAX]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 0xf] },
	       ESCAPE_MAX);
	return ESCAPE_MAX;
}

size_t json_clean(char *ret, size_t max, const char *text)
{
	const size_t ellipsis_len = sizeof(JSON_ELLIPSIS) - 1;
	size_t escaped_len = 0;
	size_t cut = 0; /* bytes that can stay in front of an ellipsis */
	size_t len = 0;

	while (*text) {
		int bytes =
			/* a NUL ends it as well */
			text_utf8_bytes(text, text + TEXT_UTF8_BYTES_MAX);
		size_t in = bytes > 0 ? (size_t)bytes : 0;
		size_t out = in ? in : sizeof(replacement) - 1;
		char ignored[ESCAPE_MAX];

		escaped_len += out == 1 ? escape(ignored, (unsigned char)*text) : out;
		if (escaped_len > max) {
			memcpy(ret + cut, JSON_ELLIPSIS, ellipsis_len);
			len = cut + ellipsis_len;
			break;
		}
		memcpy(ret + len, in ? text : replacement, out);
		len += out;
		if (escaped_len + ellipsis_len <= max)
			cut = len;
		text += in ? in : 1;
	}
	ret[len] = '\0';
	return len;
}

void json_string(struct json *j, const char *text)
{
	char escaped[ESCAPE_MAX];

	json_text(j, "\"", 1);
	for (; *text; text++) {
		size_t len = escape(escaped, (unsigned char)*text);

		json_text(j, escaped, len);
	}
	json_text(j, "\"", 1);
}
