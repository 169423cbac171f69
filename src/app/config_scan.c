// SPDX-License-Identifier: BSD-2-Clause
#include "app/config_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A key, and the object that it is in. */
struct key {
	const char *text; /* without quotes */
	size_t len;
	unsigned int object;
	unsigned int line;
};

struct scan {
	char *pos;
	char *end;
	unsigned int line;
	unsigned int objects; /* begun so far */
	unsigned int depth;
	unsigned int within[CONFIG_SCAN_DEPTH]; /* the objects that we are in; 0: an array */
	struct key keys[CONFIG_SCAN_KEYS_MAX];
	size_t n_keys;
	char *err;
	size_t err_cap;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct scan *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(s->err, s->err_cap, fmt, args); /* cut short is good enough */
	va_end(args);
	return -EINVAL;
}

/* The next byte becomes a blank, unless a line ends there. */
static void blank(struct scan *s)
{
	if (*s->pos == '\n')
		s->line++;
	else
		*s->pos = ' ';
	s->pos++;
}

static bool begins(const struct scan *s, const char *token)
{
	size_t len = strlen(token);

	return (size_t)(s->end - s->pos) >= len && memcmp(s->pos, token, len) == 0;
}

static void blank_line(struct scan *s)
{
	while (s->pos < s->end && *s->pos != '\n')
		blank(s);
}

static int blank_block(struct scan *s)
{
	const unsigned int line = s->line;

	blank(s);
	blank(s);
	while (s->pos < s->end && !begins(s, "*/"))
		blank(s);
	if (s->pos == s->end) {
		s->line = line;
		return refuse(s, "a comment begins here and does not end");
	}
	blank(s);
	blank(s);
	return 0;
}

static int enter(struct scan *s, bool object)
{
	if (s->depth == CONFIG_SCAN_DEPTH)
		return refuse(s, "more than %d objects and arrays inside each other",
			      CONFIG_SCAN_DEPTH);
	s->within[s->depth++] = object ? ++s->objects : 0;
	s->pos++;
	return 0;
}

/* Is the string that ended at pos a key? Then a colon comes next. */
static bool is_key(const struct scan *s)
{
	const char *next = s->pos;

	while (next < s->end && isspace((unsigned char)*next))
		next++;
	return next < s->end && *next == ':' && s->depth && s->within[s->depth - 1];
}

static int take_key(struct scan *s, const char *text, size_t len)
{
	struct key key = { text, len, s->within[s->depth - 1], s->line };

	if (memchr(text, '\\', len))
		return refuse(s, "the key \"%.*s\" has a backslash", len < 64 ? (int)len : 64,
			      text);
	for (size_t i = 0; i < s->n_keys; i++) {
		const struct key *other = &s->keys[i];

		if (other->object == key.object && other->len == len &&
		    memcmp(other->text, text, len) == 0)
			return refuse(s, "%.*s: is given twice, and first in line %u",
				      len < 64 ? (int)len : 64, text, other->line);
	}
	if (s->n_keys == CONFIG_SCAN_KEYS_MAX)
		return refuse(s, "more than %d keys", CONFIG_SCAN_KEYS_MAX);
	s->keys[s->n_keys++] = key;
	return 0;
}

static int take_string(struct scan *s)
{
	const char *text = ++s->pos;
	size_t len;

	while (s->pos < s->end && *s->pos != '"' && *s->pos != '\n')
		s->pos += *s->pos == '\\' && s->pos + 1 < s->end ? 2 : 1;
	if (s->pos >= s->end || *s->pos == '\n')
		return refuse(s, "a string begins here and does not end in its line");
	len = (size_t)(s->pos - text);
	s->pos++;
	return is_key(s) ? take_key(s, text, len) : 0;
}

/* NaN and True are what people write who know them from elsewhere: they are told. */
static int take_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t len = 0;

	while (s->pos + len < s->end && isalpha((unsigned char)s->pos[len]))
		len++;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len && memcmp(words[i], s->pos, len) == 0) {
			s->pos += len;
			return 0;
		}
	}
	return refuse(s, "\"%.*s\" is no word of JSON: strings are in double quotes",
		      len < 64 ? (int)len : 64, s->pos);
}

/* A number, with its letter if it has an exponent. */
static void skip_number(struct scan *s)
{
	while (s->pos < s->end && (isdigit((unsigned char)*s->pos) || strchr("+-.eE", *s->pos)))
		s->pos++;
}

static int step(struct scan *s)
{
	const char c = *s->pos;

	if (c == '#' || begins(s, "//")) {
		blank_line(s);
		return 0;
	}
	if (begins(s, "/*"))
		return blank_block(s);
	if (c == '{' || c == '[')
		return enter(s, c == '{');
	if (c == '"')
		return take_string(s);
	if (c == '\'')
		return refuse(s, "strings are in double quotes");
	if (isalpha((unsigned char)c))
		return take_word(s);
	if (isdigit((unsigned char)c) || c == '-') {
		skip_number(s);
		return 0;
	}
	if ((c == '}' || c == ']') && s->depth)
		s->depth--;
	s->line += c == '\n';
	s->pos++;
	return 0;
}

int config_scan(char *text, size_t len, struct config_scan *ret, char *err, size_t err_cap)
{
	struct scan s = {
		.pos = text, .end = text + len, .line = 1, .err = err, .err_cap = err_cap
	};
	int r = 0;

	if (memchr(text, '\0', len))
		r = refuse(&s, "there is a NUL byte in it: not a text");
	while (!r && s.pos < s.end)
		r = step(&s);
	ret->n = s.n_keys;
	ret->line = s.line;
	for (size_t i = 0; i < s.n_keys; i++)
		ret->lines[i] = s.keys[i].line;
	return r;
}
