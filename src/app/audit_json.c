// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_json.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 16 /* json-c's own limit is 32 */
#define KEYS_MAX  32 /* of an object that is skipped */

struct cursor {
	const unsigned char *pos;
	const unsigned char *end;
	size_t members; /* of all objects so far */
	bool skipping; /* nobody else will see that a key is there twice */
};

/* Those of one object. */
struct keys {
	struct {
		const unsigned char *text;
		size_t len;
	} list[KEYS_MAX];
	size_t n;
};

static int check_value(struct cursor *c, int depth);

/* Bytes of the UTF-8 character at s (Unicode 15, table 3-7); -EBADMSG; -ENODATA: it is cut. */
static int utf8_bytes(const unsigned char *s, const unsigned char *end)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	int bytes = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return -EBADMSG;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (int i = 1; i < bytes; i++) {
		if (s + i == end)
			return -ENODATA;
		if (s[i] < low || s[i] > high)
			return -EBADMSG;
		low = 0x80;
		high = 0xbf;
	}
	return bytes;
}

bool audit_json_is_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	const unsigned char *end = s + len;

	while (s < end) {
		int bytes = utf8_bytes(s, end);

		if (bytes < 0)
			return false;
		s += bytes;
	}
	return true;
}

static bool is_one_of(unsigned char c, const char *set)
{
	return c && strchr(set, c);
}

static void skip_space(struct cursor *c)
{
	while (c->pos < c->end && *c->pos <= ' ' && is_one_of(*c->pos, " \t\n\r"))
		c->pos++;
}

/* The next byte has to be this one. */
static int expect(struct cursor *c, char want)
{
	if (c->pos == c->end)
		return -ENODATA;
	if (*c->pos != (unsigned char)want)
		return -EBADMSG;
	c->pos++;
	return 0;
}

static bool is_next(const struct cursor *c, char want)
{
	return c->pos < c->end && *c->pos == (unsigned char)want;
}

static bool is_hex(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What follows a backslash. json-c keeps keys as C strings: one with a NUL would read as another.
 */
static int check_escape(struct cursor *c, bool key)
{
	const unsigned char *hex;

	if (c->pos == c->end)
		return -ENODATA;
	if (*c->pos != 'u') {
		if (!is_one_of(*c->pos, "\"\\/bfnrt"))
			return -EBADMSG;
		c->pos++;
		return 0;
	}
	hex = ++c->pos;
	for (int i = 0; i < 4; i++) {
		if (c->pos == c->end)
			return -ENODATA;
		if (!is_hex(*c->pos))
			return -EBADMSG;
		c->pos++;
	}
	return key && memcmp(hex, "0000", 4) == 0 ? -EBADMSG : 0;
}

/* Is none of these eight bytes a quote, a backslash, a control character or beyond ASCII? Some that
 * are not may be taken for such. (H. S. Warren, "Hacker's Delight", 6-1: a borrow shows a zero
 * byte.)
 */
static bool are_plain(const unsigned char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t bytes;

	memcpy(&bytes, text, sizeof(bytes));
	return !((bytes | (bytes - ones * ' ') | ((bytes ^ ones * '"') - ones) |
		  ((bytes ^ ones * '\\') - ones)) &
		 ones << 7);
}

static int check_string(struct cursor *c, bool key)
{
	int err = expect(c, '"');

	while (!err) {
		int bytes;

		while (c->end - c->pos >= 8 && are_plain(c->pos))
			c->pos += 8;
		if (c->pos == c->end)
			return -ENODATA;
		if (*c->pos == '"')
			break;
		if (*c->pos < 0x20)
			return -EBADMSG;
		if (*c->pos == '\\') {
			c->pos++;
			err = check_escape(c, key);
			continue;
		}
		bytes = utf8_bytes(c->pos, c->end);
		if (bytes < 0)
			return bytes;
		c->pos += bytes;
	}
	return err ? err : expect(c, '"');
}

static int check_digits(struct cursor *c)
{
	if (c->pos == c->end)
		return -ENODATA;
	if (*c->pos < '0' || *c->pos > '9')
		return -EBADMSG;
	while (c->pos < c->end && *c->pos >= '0' && *c->pos <= '9')
		c->pos++;
	return 0;
}

static int check_number(struct cursor *c)
{
	int err = 0;

	if (is_next(c, '-'))
		c->pos++;
	if (is_next(c, '0'))
		c->pos++;
	else
		err = check_digits(c);
	if (!err && is_next(c, '.')) {
		c->pos++;
		err = check_digits(c);
	}
	if (!err && (is_next(c, 'e') || is_next(c, 'E'))) {
		c->pos++;
		if (is_next(c, '+') || is_next(c, '-'))
			c->pos++;
		err = check_digits(c);
	}
	return err;
}

static int check_word(struct cursor *c, const char *word)
{
	int err = 0;

	for (; !err && *word; word++)
		err = expect(c, *word);
	return err;
}

/* -ENOTSUP: a key whose text is not what stands there, or one too many. */
static int add_key(struct keys *keys, const unsigned char *text, size_t len)
{
	if (keys->n == KEYS_MAX || memchr(text, '\\', len))
		return -ENOTSUP;
	for (size_t i = 0; i < keys->n; i++) {
		if (keys->list[i].len == len && memcmp(keys->list[i].text, text, len) == 0)
			return -EEXIST;
	}
	keys->list[keys->n].text = text;
	keys->list[keys->n++].len = len;
	return 0;
}

static int check_member(struct cursor *c, int depth, struct keys *keys)
{
	const unsigned char *start;
	int err;

	skip_space(c);
	start = c->pos + 1;
	err = check_string(c, true);
	if (!err && c->skipping)
		err = add_key(keys, start, (size_t)(c->pos - 1 - start));
	if (err)
		return err;
	c->members++;
	skip_space(c);
	err = expect(c, ':');
	return err ? err : check_value(c, depth);
}

/* The inside of an object or array, whose opening bracket was read. */
static int check_inside(struct cursor *c, int depth, char close)
{
	struct keys keys;
	int err = 0;

	keys.n = 0;
	if (depth > DEPTH_MAX)
		return -EBADMSG;
	skip_space(c);
	if (is_next(c, close))
		return expect(c, close);
	while (!err) {
		err = close == '}' ? check_member(c, depth, &keys) : check_value(c, depth);
		skip_space(c);
		if (err || !is_next(c, ','))
			break;
		c->pos++;
	}
	return err ? err : expect(c, close);
}

static int check_value(struct cursor *c, int depth)
{
	int err;

	skip_space(c);
	if (c->pos == c->end)
		return -ENODATA;
	switch (*c->pos) {
	case '{':
		c->pos++;
		err = check_inside(c, depth + 1, '}');
		break;
	case '[':
		c->pos++;
		err = check_inside(c, depth + 1, ']');
		break;
	case '"':
		err = check_string(c, false);
		break;
	case 't':
		err = check_word(c, "true");
		break;
	case 'f':
		err = check_word(c, "false");
		break;
	case 'n':
		err = check_word(c, "null");
		break;
	default:
		err = check_number(c);
		break;
	}
	skip_space(c);
	return err;
}

bool audit_json_skip(const char **pos, const char *end)
{
	struct cursor c = {
		.pos = (const unsigned char *)*pos,
		.end = (const unsigned char *)end,
		.skipping = true,
	};
	int err = check_value(&c, 1); /* inside of the object that it is a member of */

	*pos = (const char *)c.pos;
	return !err;
}

static size_t count_members(struct json_object *value);

static size_t count_members_of_object(struct json_object *obj)
{
	size_t sum = 0;

	json_object_object_foreach(obj, key, value)
	{
		(void)key;
		sum += 1 + count_members(value);
	}
	return sum;
}

/* The count equals that of the keys read, unless a key was duplicate: json-c keeps the last. */
static size_t count_members(struct json_object *value)
{
	size_t sum = 0;

	if (json_object_is_type(value, json_type_object))
		return count_members_of_object(value);
	if (!json_object_is_type(value, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		sum += count_members(json_object_array_get_idx(value, i));
	return sum;
}

/* -EEXIST; or -ENOMEM when json-c has left out a member for which it had no memory: then it does
 * not do so twice alike.
 */
static int why_fewer(struct json_tokener *tok, const char *text, size_t len, size_t members)
{
	struct json_object *again;
	size_t n;

	json_tokener_reset(tok);
	again = json_tokener_parse_ex(tok, text, (int)len);
	n = count_members(again);
	json_object_put(again);
	return n == members ? -EEXIST : -ENOMEM;
}

int audit_json_parse(struct json_tokener *tok, const char *text, size_t len,
		     struct json_object **ret)
{
	const unsigned char *start = (const unsigned char *)text;
	struct cursor c = { .pos = start, .end = start + len };
	struct json_object *obj;
	int err = len > INT32_MAX ? -EBADMSG : check_value(&c, 0);

	if (!err && c.pos < c.end)
		err = -EBADMSG;
	if (err)
		return err;
	json_tokener_reset(tok);
	errno = 0;
	obj = json_tokener_parse_ex(tok, text, (int)len);
	if (errno == ENOMEM) /* json-c may have left something out, and not said so */
		err = -ENOMEM;
	else if (!json_object_is_type(obj, json_type_object))
		err = -EINVAL;
	else if (count_members(obj) != c.members)
		err = why_fewer(tok, text, len, count_members(obj));
	if (err) {
		json_object_put(obj);
		return err;
	}
	*ret = obj;
	return 0;
}
