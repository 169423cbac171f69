/* SPDX-License-Identifier: BSD-2-Clause */
/* The fast writer: JSON values into a caller's buffer. Knows no field names, allocates nothing.
 *
 * The json_*() functions on struct json check the room once a value, for the most it could take,
 * so a buffer needs JSON_SLACK bytes beyond the longest text it is to hold. What does not fit sets
 * overflow, and from then on nothing is written: look at it once, at the end.
 *
 * They are inline so that the cursor stays in a register; the work is done in json.c.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_SLACK	  64
#define JSON_NUMBER_LIMIT (UINT64_C(1) << 53) /* from here on a string (RFC 7493, 2.2) */
#define JSON_DATE_BYTES	  20 /* "2026-11-22T03:41:40." */
#define JSON_SHORT_BYTES  16
#define JSON_ELLIPSIS	  "\xe2\x80\xa6" /* stands for what was cut */

/* Room that the json_format_*() functions may write to, beyond their result too. */
#define JSON_U64_BYTES	    22 /* twenty digits and two quotes */
#define JSON_U8_BYTES	    4
#define JSON_IP_BYTES	    48 /* 45 of text, two quotes, and one written over */
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

/* Date and time of a Unix second, in UTC, with the dot that the fraction follows. No NUL. Years
 * beyond 9999 have no form in RFC 3339: they become the last second that has one.
 */
void json_format_date(char ret[JSON_DATE_BYTES], uint64_t second);

/* text as well-formed UTF-8, each byte that is no part of any as U+FFFD. Cut between characters
 * where it would take more than max bytes when escaped, and then it ends in "…". ret holds
 * max + 1 bytes, and ends in NUL; max is at least 3. Returns the length.
 */
size_t json_clean(char *ret, size_t max, const char *text);

/* A string with its quotes, escaped as RFC 8259 demands and no further. text is well-formed. */
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

/* len bytes as they are. */
static inline void json_text(struct json *j, const char *text, size_t len)
{
	if (!json_room(j, len))
		return;
	memcpy(j->pos, text, len);
	j->pos += len;
}

/* Write up to JSON_SHORT_BYTES of a text that lies in so many bytes: one load and one store. */
static inline void json_short(struct json *j, const char text[JSON_SHORT_BYTES], size_t len)
{
	if (!json_room(j, JSON_SHORT_BYTES))
		return;
	memcpy(j->pos, text, JSON_SHORT_BYTES);
	j->pos += len;
}

/* A number below JSON_NUMBER_LIMIT, a string of digits from there. */
static inline void json_u64(struct json *j, uint64_t val)
{
	if (json_room(j, JSON_U64_BYTES))
		j->pos = json_format_u64(j->pos, val);
}

/* A negative number, of which a string is made by its distance from 0. */
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

/* An address as inet_ntop() writes it, in quotes. With ip_version 4 the address is ip's last four
 * bytes.
 */
static inline void json_ip(struct json *j, const uint8_t ip[16], uint8_t ip_version)
{
	if (json_room(j, JSON_IP_BYTES))
		j->pos = json_format_ip(j->pos, ip, ip_version);
}

/* The six or nine digits behind the dot of a time. ns is below 10^9; six digits are cut, not
 * rounded.
 */
static inline void json_fraction(struct json *j, uint32_t ns, bool nine)
{
	if (json_room(j, JSON_FRACTION_BYTES))
		j->pos = json_format_fraction(j->pos, ns, nine);
}

#endif
