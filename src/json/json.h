/* SPDX-License-Identifier: BSD-2-Clause */
/* The fast writer of JSON values into a caller's buffer. It knows no field names and allocates
 * nothing.
 *
 * The json_*() functions on struct json check the room once a value, for the most it could take, so
 * a buffer needs JSON_SLACK bytes beyond the longest text it is to hold. A value that does not fit
 * sets overflow, and nothing is written from then on; check it once, at the end.
 *
 * The functions are inline so that the cursor stays in a register; the work is done in json.c.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_SLACK 64
/* numbers from here on are written as strings (RFC 7493, 2.2) */
#define JSON_NUMBER_LIMIT (UINT64_C(1) << 53)
#define JSON_DATE_BYTES	  20 /* "2026-11-22T03:41:40." */
#define JSON_SHORT_BYTES  16
#define JSON_ELLIPSIS	  "\xe2\x80\xa6" /* stands for the text that was cut */

/* The room that the json_format_*() functions may write to, including bytes beyond their result. */
#define JSON_U64_BYTES	    22 /* twenty digits and two quotes */
#define JSON_U8_BYTES	    4
#define JSON_IP_BYTES	    48 /* 45 of text, two quotes, and one byte beyond them */
#define JSON_FRACTION_BYTES 9

struct json {
	char *pos; /* where the next byte goes; borrowed */
	char *end; /* one past the last byte that may be written */
	bool overflow;
};

char *json_format_u64(char *pos, uint64_t val);
char *json_format_i64(char *pos, int64_t val);
char *json_format_u8(char *pos, uint8_t val);
char *json_format_ip(char *pos, const uint8_t ip[16], uint8_t ip_version);
char *json_format_fraction(char *pos, uint32_t ns, bool nine);

/* Writes the date and time of a Unix second, in UTC, with the dot before the fraction and no NUL.
 * RFC 3339 has no form for years beyond 9999: these become the last second that has one.
 */
void json_format_date(char ret[JSON_DATE_BYTES], uint64_t second);

/* Copies text as well-formed UTF-8: each byte that is not part of a character becomes U+FFFD. A
 * text that would take more than max bytes when escaped is cut between characters, and ends in "…".
 * ret holds max + 1 bytes and is terminated by a NUL; max is at least 3. Returns the length.
 */
size_t json_clean(char *ret, size_t max, const char *text);

/* Writes a string in quotes, with only the escapes that RFC 8259 demands. text is well-formed
 * UTF-8.
 */
void json_string(struct json *j, const char *text);

static inline void json_begin(struct json *j, char *buf, size_t cap)
{
	*j = (struct json){ .pos = buf, .end = buf + cap };
}

static inline bool json_room(struct json *j, size_t len)
{
	if (__builtin_expect((size_t)(j->end - j->pos) >= len, 1))
		return true;
	j->end = j->pos;
	j->overflow = true;
	return false;
}

/* Writes len bytes unchanged. */
static inline void json_text(struct json *j, const char *text, size_t len)
{
	if (!json_room(j, len))
		return;
	memcpy(j->pos, text, len);
	j->pos += len;
}

/* Writes up to JSON_SHORT_BYTES bytes unchanged, with one load and one store: text must lie in an
 * array of that size.
 */
static inline void json_short(struct json *j, const char text[JSON_SHORT_BYTES], size_t len)
{
	if (!json_room(j, JSON_SHORT_BYTES))
		return;
	memcpy(j->pos, text, JSON_SHORT_BYTES);
	j->pos += len;
}

/* Writes a number below JSON_NUMBER_LIMIT, or a larger one as a string of digits. */
static inline void json_u64(struct json *j, uint64_t val)
{
	if (json_room(j, JSON_U64_BYTES))
		j->pos = json_format_u64(j->pos, val);
}

/* Writes a signed number, as a string of digits if its magnitude is JSON_NUMBER_LIMIT or more. */
static inline void json_i64(struct json *j, int64_t val)
{
	if (json_room(j, JSON_U64_BYTES))
		j->pos = json_format_i64(j->pos, val);
}

static inline void json_u8(struct json *j, uint8_t val)
{
	if (json_room(j, JSON_U8_BYTES))
		j->pos = json_format_u8(j->pos, val);
}

/* Writes an address as inet_ntop() does, in quotes. With ip_version 4 it is the last four bytes of
 * ip.
 */
static inline void json_ip(struct json *j, const uint8_t ip[16], uint8_t ip_version)
{
	if (json_room(j, JSON_IP_BYTES))
		j->pos = json_format_ip(j->pos, ip, ip_version);
}

/* Writes the six or nine digits behind the dot of a time. ns is below 10^9; six digits are cut, not
 * rounded.
 */
static inline void json_fraction(struct json *j, uint32_t ns, bool nine)
{
	if (json_room(j, JSON_FRACTION_BYTES))
		j->pos = json_format_fraction(j->pos, ns, nine);
}

#endif
