// SPDX-License-Identifier: BSD-2-Clause
#include "record/record_values.h"

#include <stdint.h>
#include <string.h>

#define UNICODE_REPLACEMENT 0xfffd
#define ESCAPE_BYTES	    6 /* of a \uXXXX */

/* Each has few values in a run, or is what one asks for. */
static const char *const index_keys[] = {
	"event_type", "run",	  "interface", "src_ip",    "dst_ip",	"src_port",   "dst_port",
	"protocol",   "flags",	  "icmp_type", "icmp_code", "vlan",	"vlan_inner", "fragment",
	"parse",      "snapshot", "total",     "sink",	    "hostname", "capture",    "state",
	"mode",	      "reason",	  "where",     "cause",	    "exit",
};

void record_values_begin(struct record_values *ret, const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	ret->pos = text;
	ret->end = text + len;
}

/* Behind the quote that ends the string which begins at pos, or NULL. */
static const char *skip_string(const char *pos, const char *end, bool *ret_escaped)
{
	*ret_escaped = false;
	while (pos < end && *pos != '"') {
		bool escape = *pos == '\\' && end - pos > 1;

		*ret_escaped |= escape;
		pos += escape ? 2 : 1;
	}
	return pos < end ? pos + 1 : NULL;
}

/* Behind the bracket that ends the list which begins at pos, or NULL. Our lists hold no others. */
static const char *skip_list(const char *pos, const char *end)
{
	bool escaped;

	while (pos && pos < end && *pos != ']') {
		if (*pos == '"')
			pos = skip_string(pos + 1, end, &escaped);
		else
			pos++;
	}
	return pos && pos < end ? pos + 1 : NULL;
}

static const char *skip_plain(const char *pos, const char *end)
{
	const char *start = pos;

	while (pos < end && *pos != ',' && *pos != '}' && *pos != '"' && *pos != '[' && *pos != '{')
		pos++;
	return pos > start ? pos : NULL;
}

/* The value at pos, into *ret. Returns what is behind it, or NULL. */
static const char *take_value(struct record_value *ret, const char *pos, const char *end)
{
	const char *next;

	ret->escaped = false;
	if (pos < end && *pos == '"') {
		ret->type = RECORD_VALUE_STRING;
		ret->text = pos + 1;
		next = skip_string(pos + 1, end, &ret->escaped);
		ret->len = next ? (size_t)(next - 1 - ret->text) : 0;
		return next;
	}
	ret->text = pos;
	ret->type = pos < end && *pos == '[' ? RECORD_VALUE_LIST : RECORD_VALUE_PLAIN;
	next = ret->type == RECORD_VALUE_LIST ? skip_list(pos, end) : skip_plain(pos, end);
	ret->len = next ? (size_t)(next - pos) : 0;
	return next;
}

bool record_values_next(struct record_values *v, struct record_value *ret)
{
	const char *pos = v->pos;
	struct record_value value;
	bool escaped;

	/* {"key":  or  ,"key": */
	if (v->end - pos < 2 || (*pos != '{' && *pos != ',') || pos[1] != '"')
		return false;
	value.key = pos + 2;
	pos = skip_string(value.key, v->end, &escaped);
	if (!pos || pos == v->end || *pos != ':')
		return false;
	value.key_len = (size_t)(pos - 1 - value.key);
	pos = take_value(&value, pos + 1, v->end);
	if (!pos || pos == v->end || (*pos != ',' && *pos != '}'))
		return false;
	v->pos = *pos == '}' ? pos + 1 : pos;
	*ret = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of the \uXXXX at pos; −1: that is not what is there. */
static int32_t unit_at(const char *pos, const char *end)
{
	int32_t unit = 0;

	if (end - pos < ESCAPE_BYTES || pos[0] != '\\' || pos[1] != 'u')
		return -1;
	for (int i = 2; i < ESCAPE_BYTES; i++) {
		int digit = hex_digit(pos[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* A \uXXXX, or two of them for a character beyond the first plane. Moves *from behind it. */
static char *undo_unicode(const char **from, const char *end, char *to)
{
	int32_t high = unit_at(*from, end);
	int32_t low = is_high(high) ? unit_at(*from + ESCAPE_BYTES, end) : -1;

	if (high < 0) { /* cut, or not hexadecimal: no more than its backslash is read */
		(*from)++;
		return put_utf8(to, '\\');
	}
	*from += ESCAPE_BYTES;
	if (is_low(low)) {
		*from += ESCAPE_BYTES;
		return put_utf8(to, 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
					    (uint32_t)(low - 0xdc00));
	}
	return put_utf8(to, is_high(high) || is_low(high) ? UNICODE_REPLACEMENT : (uint32_t)high);
}

/* The escape at *from, of a backslash and one letter, or more for \u. */
static char *undo_escape(const char **from, const char *end, char *to)
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	const char *letter;

	if (end - *from < 2 || (*from)[1] == 'u')
		return undo_unicode(from, end, to);
	letter = memchr(letters, (*from)[1], sizeof(letters) - 1);
	*to = (*from)[1];
	if (letter)
		*to = meanings[letter - letters];
	*from += 2;
	return to + 1;
}

size_t record_value_text(const struct record_value *value, char *ret)
{
	const char *end = value->text + value->len;
	const char *from = value->text;
	char *to = ret;

	if (!value->escaped) {
		memcpy(ret, value->text, value->len);
		return value->len;
	}
	while (from < end) {
		if (*from == '\\')
			to = undo_escape(&from, end, to);
		else
			*to++ = *from++;
	}
	return (size_t)(to - ret);
}

bool record_value_is_index(const struct record_value *value)
{
	for (size_t i = 0; i < sizeof(index_keys) / sizeof(index_keys[0]); i++) {
		const char *key = index_keys[i];

		if (strlen(key) == value->key_len && !memcmp(key, value->key, value->key_len))
			return true;
	}
	return false;
}
