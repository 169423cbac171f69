// SPDX-License-Identifier: BSD-2-Clause
#include "app/config_json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit_json.h"

#define UNEXPECTED "unexpected character; is there a comma too many, or one too few?"

struct reader {
	struct config_json *json;
	char *pos;
	const char *end; /* where the text's NUL is */
	unsigned int line;
	struct config_json_fault *fault;
};

static int fault(struct reader *r, const char *at, const char *what)
{
	r->fault->line = r->line;
	r->fault->what = at == r->end ? NULL : what;
	return -EINVAL;
}

/* Lines end nowhere else: not in a string. */
static void skip_blanks(struct reader *r)
{
	for (; *r->pos && strchr(" \t\r\n", *r->pos); r->pos++)
		r->line += *r->pos == '\n';
}

static bool take(struct reader *r, char c)
{
	bool is_there = *r->pos == c;

	r->pos += is_there;
	return is_there;
}

/* --- strings --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits from text on, or -1. */
static int hex_unit(const char *text)
{
	int unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* \uXXXX, or two of them for one character: r->pos is at the u. Half of a pair stands for no
 * character.
 */
static int take_unicode(struct reader *r, char **to)
{
	const char *at = r->pos - 1;
	int unit = hex_unit(r->pos + 1);
	uint32_t c = (uint32_t)unit;

	if (unit < 0)
		return fault(r, at, "there are not four hexadecimal digits behind \\u");
	r->pos += 5;
	if (unit >= 0xd800 && unit < 0xdc00) {
		int low = r->pos[0] == '\\' && r->pos[1] == 'u' ? hex_unit(r->pos + 2) : -1;

		if (low < 0xdc00 || low > 0xdfff)
			return fault(r, at, "this is half of a character");
		c = 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
		r->pos += 6;
	} else if (unit >= 0xdc00 && unit < 0xe000) {
		return fault(r, at, "this is half of a character");
	}
	*to = put_utf8(*to, c);
	return 0;
}

/* r->pos is behind the backslash. What is decoded is never longer than what stands for it. */
static int take_escape(struct reader *r, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *found = *r->pos ? strchr(from, *r->pos) : NULL;

	if (*r->pos == 'u')
		return take_unicode(r, to);
	if (!found)
		return fault(r, r->pos, "there is no such escape in a string");
	*(*to)++ = into[found - from];
	r->pos++;
	return 0;
}

/* In place: r->pos is behind the first quote, and then behind the last. */
static int take_string(struct reader *r, const char **ret, size_t *ret_len)
{
	char *text = r->pos;
	char *to = text;
	int err = 0;

	while (!err && *r->pos != '"') {
		if ((unsigned char)*r->pos < 0x20)
			return fault(r, r->pos, UNEXPECTED);
		if (take(r, '\\'))
			err = take_escape(r, &to);
		else
			*to++ = *r->pos++;
	}
	if (err)
		return err;
	*to = '\0';
	if (!audit_json_is_utf8(text, (size_t)(to - text)))
		return fault(r, text, "a character is not UTF-8");
	r->pos++;
	*ret = text;
	*ret_len = (size_t)(to - text);
	return 0;
}

/* --- values --- */

static bool take_digits(struct reader *r)
{
	size_t n = strspn(r->pos, "0123456789");

	r->pos += n;
	return n > 0;
}

static int take_number(struct reader *r, struct config_json_value *v)
{
	bool whole;

	v->type = CONFIG_INT;
	v->text = r->pos;
	(void)take(r, '-');
	whole = take(r, '0') || take_digits(r);
	if (whole && take(r, '.')) {
		v->type = CONFIG_FRACTION;
		whole = take_digits(r);
	}
	if (whole && (take(r, 'e') || take(r, 'E'))) {
		v->type = CONFIG_FRACTION;
		if (!take(r, '+'))
			(void)take(r, '-');
		whole = take_digits(r);
	}
	if (!whole)
		return fault(r, r->pos, UNEXPECTED);
	v->len = (size_t)(r->pos - v->text);
	return 0;
}

static int take_word(struct reader *r, struct config_json_value *v)
{
	static const char *const words[] = { "null", "true", "false" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if (strncmp(r->pos, words[i], len) != 0)
			continue;
		v->type = i ? CONFIG_BOOL : CONFIG_NULL;
		v->text = r->pos;
		v->len = len;
		r->pos += len;
		return 0;
	}
	return fault(r, r->pos, UNEXPECTED);
}

static int take_value(struct reader *r, struct config_json_value *v);

static int take_key(struct reader *r, struct config_json_value *v)
{
	size_t len;
	int err;

	skip_blanks(r);
	if (!take(r, '"'))
		return fault(r, r->pos, UNEXPECTED);
	err = take_string(r, &v->key, &len);
	if (err)
		return err;
	skip_blanks(r);
	return take(r, ':') ? 0 : fault(r, r->pos, UNEXPECTED);
}

/* What is in an array or an object, r->pos being behind its first bracket. */
static int take_items(struct reader *r, struct config_json_value *v)
{
	const char last = v->type == CONFIG_OBJECT ? '}' : ']';
	const struct config_json_value **link = &v->first;
	int err = 0;

	skip_blanks(r);
	if (take(r, last))
		return 0;
	do {
		struct config_json_value *item = &r->json->values[r->json->n++];

		if (v->type == CONFIG_OBJECT)
			err = take_key(r, item);
		if (!err)
			err = take_value(r, item);
		if (err)
			return err;
		*link = item;
		link = &item->next;
		skip_blanks(r);
	} while (take(r, ','));
	return take(r, last) ? 0 : fault(r, r->pos, UNEXPECTED);
}

static int take_value(struct reader *r, struct config_json_value *v)
{
	skip_blanks(r);
	switch (*r->pos) {
	case '{':
	case '[':
		v->type = *r->pos++ == '{' ? CONFIG_OBJECT : CONFIG_ARRAY;
		return take_items(r, v);
	case '"':
		v->type = CONFIG_STRING;
		r->pos++;
		return take_string(r, &v->text, &v->len);
	default:
		return *r->pos == '-' || (*r->pos >= '0' && *r->pos <= '9') ? take_number(r, v) :
									      take_word(r, v);
	}
}

/* As many as there can be: each but the first stands behind one of these. */
static size_t count_values(const char *text)
{
	static const char before[] = ",[{";
	size_t n = 1;

	for (text = strpbrk(text, before); text; text = strpbrk(text + 1, before))
		n++;
	return n;
}

static int take_document(struct reader *r, struct config_json_value *v)
{
	int err = take_value(r, v);

	skip_blanks(r);
	if (!err && v->type != CONFIG_OBJECT) {
		r->line = 1;
		return fault(r, r->json->text,
			     "what is in it is not an object: { \"key\": value, … }");
	}
	if (!err && r->pos != r->end)
		return fault(r, r->pos, "there is something behind the object");
	return err;
}

int config_json_parse(struct config_json *ret, char *text, size_t len,
		      struct config_json_fault *ret_fault)
{
	struct config_json json = { .text = text, .n = 1 };
	struct reader r = { &json, text, text + len, 1, ret_fault };
	int err;

	json.values = calloc(count_values(text), sizeof(*json.values));
	if (!json.values)
		return -ENOMEM;
	err = take_document(&r, json.values);
	if (err)
		free(json.values);
	else
		*ret = json;
	return err;
}

void config_json_free(struct config_json *json)
{
	free(json->text);
	free(json->values);
	*json = (struct config_json){ 0 };
}
