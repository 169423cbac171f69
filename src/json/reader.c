// SPDX-License-Identifier: BSD-2-Clause
#include "json/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define UNICODE_REPLACEMENT 0xfffd
#define UNICODE_BYTES	    6 /* bytes of an escape \uXXXX */
#define SHOWN_BYTES	    64 /* the most bytes of a faulty text that a message quotes */

enum next {
	NEXT_VALUE,
	NEXT_VALUE_OR_END, /* a value, or the end of the array that has just begun */
	NEXT_KEY,
	NEXT_KEY_OR_END,
	NEXT_COMMA_OR_END,
	NEXT_NOTHING, /* nothing: the value of the text is complete */
	NEXT_CUT, /* the text ended too early */
	NEXT_WRONG, /* the text is wrong */
};

enum problem {
	PROBLEM_CHARACTER,
	PROBLEM_TRAILING,
	PROBLEM_DEPTH,
	PROBLEM_COMMENT,
	PROBLEM_STRING,
	PROBLEM_CONTROL,
	PROBLEM_UTF8,
	PROBLEM_ESCAPE,
	PROBLEM_HEX,
	PROBLEM_QUOTE,
	PROBLEM_WORD,
	PROBLEM_NUL,
};

void json_reader_init(struct json_reader *ret, const char *text, size_t len,
		      struct json_dialect dialect)
{
	*ret = (struct json_reader){
		.line = 1,
		.pos = text,
		.end = text + len,
		.dialect = dialect,
		.next = NEXT_VALUE,
	};
}

static enum json_token cut(struct json_reader *r)
{
	r->next = NEXT_CUT;
	return JSON_TOKEN_CUT;
}

static enum json_token wrong(struct json_reader *r, enum problem problem)
{
	r->next = NEXT_WRONG;
	r->problem = (uint8_t)problem;
	return JSON_TOKEN_WRONG;
}

/* The byte at pos cannot begin any token that is allowed there. */
static enum json_token unexpected(struct json_reader *r)
{
	if (*r->pos == '\'')
		return wrong(r, PROBLEM_QUOTE);
	return wrong(r, *r->pos ? PROBLEM_CHARACTER : PROBLEM_NUL);
}

/* --- between tokens --- */

static bool begins(const struct json_reader *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->pos) >= len && memcmp(r->pos, text, len) == 0;
}

static void skip_line(struct json_reader *r)
{
	const char *newline = memchr(r->pos, '\n', (size_t)(r->end - r->pos));

	r->pos = newline ? newline : r->end;
}

/* Returns false if the comment does not end; the line is then the one in which it begins. */
static bool skip_block(struct json_reader *r)
{
	unsigned int line = r->line;

	for (r->pos += 2; r->pos < r->end; r->pos++) {
		if (begins(r, "*/")) {
			r->pos += 2;
			r->line = line;
			return true;
		}
		line += *r->pos == '\n';
	}
	return false;
}

/* Skips white space and comments. Returns false if a comment does not end. */
static bool skip_space(struct json_reader *r)
{
	for (; r->pos < r->end; r->pos++) {
		const char c = *r->pos;

		if (c > ' ' && c != '#' && c != '/')
			return true;
		if (c == '\n') {
			r->line++;
			continue;
		}
		if (c == ' ' || c == '\t' || c == '\r')
			continue;
		if (!r->dialect.comments)
			return true;
		if (c == '#' || begins(r, "//")) {
			skip_line(r);
		} else if (begins(r, "/*")) {
			if (!skip_block(r))
				return false;
		} else {
			return true;
		}
		r->pos--; /* the loop continues behind the comment */
	}
	return true;
}

/* --- strings --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is none of these eight bytes a quote, a backslash, a control character or beyond ASCII? A false
 * "no" is possible. (H. S. Warren, "Hacker's Delight", 6-1: a borrow shows a zero byte.)
 */
static bool are_plain(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t bytes;

	memcpy(&bytes, text, sizeof(bytes));
	return !((bytes | (bytes - ones * ' ') | ((bytes ^ ones * '"') - ones) |
		  ((bytes ^ ones * '\\') - ones)) &
		 ones << 7);
}

/* Measures the escape at pos, which is not the last byte before end. Returns 0 if it is
 * well-formed, with its length in *ret_bytes; -ENODATA if it is cut; or -EINVAL with a problem.
 */
static int measure_escape(const char *pos, const char *end, int *ret_bytes, enum problem *problem)
{
	*ret_bytes = 2;
	if (end - pos < 2)
		return -ENODATA;
	if (pos[1] != 'u') {
		*problem = PROBLEM_ESCAPE;
		return pos[1] && strchr("\"\\/bfnrt", pos[1]) ? 0 : -EINVAL;
	}
	*problem = PROBLEM_HEX;
	for (*ret_bytes = 2; *ret_bytes < UNICODE_BYTES; (*ret_bytes)++) {
		if (pos + *ret_bytes == end)
			return -ENODATA;
		if (hex_digit(pos[*ret_bytes]) < 0)
			return -EINVAL;
	}
	return 0;
}

/* Measures the character or escape at pos; returns what measure_escape() returns. */
static int measure_character(const char *pos, const char *end, int *ret_bytes,
			     enum problem *problem)
{
	if (*pos == '\\')
		return measure_escape(pos, end, ret_bytes, problem);
	*problem = *pos == '\n' ? PROBLEM_STRING : *pos ? PROBLEM_CONTROL : PROBLEM_NUL;
	if ((unsigned char)*pos < 0x20)
		return -EINVAL;
	*problem = PROBLEM_UTF8;
	*ret_bytes = text_utf8_bytes(pos, end);
	return *ret_bytes == -EILSEQ ? -EINVAL : *ret_bytes < 0 ? *ret_bytes : 0;
}

/* The reader has to be at the opening quote. */
static enum json_token read_string(struct json_reader *r, enum json_token token)
{
	const char *pos = r->pos + 1;
	enum problem problem = PROBLEM_STRING;
	int bytes = 0;

	r->text = pos;
	r->escaped = false;
	for (;; pos += bytes) {
		int err;

		while (r->end - pos >= 8 && are_plain(pos))
			pos += 8;
		if (pos == r->end)
			return cut(r);
		if (*pos == '"')
			break;
		r->escaped |= *pos == '\\';
		err = measure_character(pos, r->end, &bytes, &problem);
		if (err)
			return err == -ENODATA ? cut(r) : wrong(r, problem);
	}
	r->len = (size_t)(pos - r->text);
	r->pos = pos + 1;
	return token;
}

/* --- numbers and words --- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns false if there is no digit at *pos. */
static bool skip_digits(const char **pos, const char *end)
{
	const char *start = *pos;

	while (*pos < end && is_digit(**pos))
		(*pos)++;
	return *pos > start;
}

static bool skip_one(const char **pos, const char *end, const char *set)
{
	bool is_there = *pos < end && **pos && strchr(set, **pos);

	*pos += is_there;
	return is_there;
}

/* A number at the very end of the text may have been cut. The next token shows that, because the
 * array or object around the number is not closed.
 */
static enum json_token read_number(struct json_reader *r)
{
	const char *pos = r->pos;
	enum json_token token = JSON_TOKEN_INTEGER;
	bool whole;

	(void)skip_one(&pos, r->end, "-");
	whole = skip_one(&pos, r->end, "0") || skip_digits(&pos, r->end);
	if (whole && skip_one(&pos, r->end, ".")) {
		token = JSON_TOKEN_FRACTION;
		whole = skip_digits(&pos, r->end);
	}
	if (whole && skip_one(&pos, r->end, "eE")) {
		token = JSON_TOKEN_FRACTION;
		(void)skip_one(&pos, r->end, "+-");
		whole = skip_digits(&pos, r->end);
	}
	r->text = r->pos;
	r->len = (size_t)(pos - r->pos);
	if (!whole)
		return pos == r->end ? cut(r) : wrong(r, PROBLEM_CHARACTER);
	r->pos = pos;
	return token;
}

static size_t count_letters(const struct json_reader *r)
{
	const char *pos = r->pos;

	while (pos < r->end && ((*pos >= 'a' && *pos <= 'z') || (*pos >= 'A' && *pos <= 'Z')))
		pos++;
	return (size_t)(pos - r->pos);
}

static enum json_token read_word(struct json_reader *r)
{
	static const struct {
		const char *word;
		enum json_token token;
	} words[] = {
		{ "true", JSON_TOKEN_TRUE },
		{ "false", JSON_TOKEN_FALSE },
		{ "null", JSON_TOKEN_NULL },
	};

	r->text = r->pos;
	r->len = count_letters(r);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strncmp(words[i].word, r->text, r->len) != 0)
			continue;
		if (words[i].word[r->len] == '\0') {
			r->pos += r->len;
			return words[i].token;
		}
		if (r->len && r->text + r->len == r->end)
			return cut(r);
	}
	return r->len ? wrong(r, PROBLEM_WORD) : unexpected(r);
}

/* --- structure --- */

static bool in_object(const struct json_reader *r)
{
	return r->depth && r->objects >> (r->depth - 1) & 1;
}

static enum json_token enter(struct json_reader *r, bool object)
{
	if (r->depth == r->dialect.depth_max)
		return wrong(r, PROBLEM_DEPTH);
	r->objects &= ~(UINT32_C(1) << r->depth);
	r->objects |= (uint32_t)object << r->depth;
	r->depth++;
	r->pos++;
	r->next = object ? NEXT_KEY_OR_END : NEXT_VALUE_OR_END;
	return object ? JSON_TOKEN_OBJECT : JSON_TOKEN_ARRAY;
}

static enum json_token leave(struct json_reader *r)
{
	const bool object = in_object(r);

	r->depth--;
	r->pos++;
	r->next = r->depth ? NEXT_COMMA_OR_END : NEXT_NOTHING;
	return object ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END;
}

static enum json_token read_value(struct json_reader *r)
{
	r->next = r->depth ? NEXT_COMMA_OR_END : NEXT_NOTHING;
	switch (*r->pos) {
	case '{':
	case '[':
		return enter(r, *r->pos == '{');
	case '"':
		return read_string(r, JSON_TOKEN_STRING);
	default:
		break;
	}
	return *r->pos == '-' || is_digit(*r->pos) ? read_number(r) : read_word(r);
}

static enum json_token read_key(struct json_reader *r)
{
	enum json_token token;

	if (*r->pos != '"')
		return unexpected(r);
	token = read_string(r, JSON_TOKEN_KEY);
	if (token != JSON_TOKEN_KEY)
		return token;
	if (!skip_space(r))
		return wrong(r, PROBLEM_COMMENT);
	if (r->pos == r->end)
		return cut(r);
	if (*r->pos != ':')
		return unexpected(r);
	r->pos++;
	r->next = NEXT_VALUE;
	return token;
}

/* Steps over the comma between two members or items. Returns false if another token comes instead.
 */
static bool take_comma(struct json_reader *r, enum json_token *ret)
{
	if (r->next != NEXT_COMMA_OR_END || r->pos == r->end || *r->pos != ',')
		return true;
	r->pos++;
	r->next = in_object(r) ? NEXT_KEY : NEXT_VALUE;
	*ret = JSON_TOKEN_WRONG;
	if (skip_space(r))
		return true;
	(void)wrong(r, PROBLEM_COMMENT);
	return false;
}

enum json_token json_reader_next(struct json_reader *r)
{
	enum json_token token = JSON_TOKEN_CUT;

	if (r->next == NEXT_CUT || r->next == NEXT_WRONG)
		return r->next == NEXT_CUT ? JSON_TOKEN_CUT : JSON_TOKEN_WRONG;
	if (!skip_space(r))
		return wrong(r, PROBLEM_COMMENT);
	if (!take_comma(r, &token))
		return token;
	if (r->pos == r->end)
		return r->next == NEXT_NOTHING ? JSON_TOKEN_END : cut(r);
	switch (r->next) {
	case NEXT_NOTHING:
		return *r->pos ? wrong(r, PROBLEM_TRAILING) : unexpected(r);
	case NEXT_COMMA_OR_END:
	case NEXT_KEY_OR_END:
	case NEXT_VALUE_OR_END:
		if (*r->pos == (in_object(r) ? '}' : ']'))
			return leave(r);
		if (r->next == NEXT_COMMA_OR_END)
			return unexpected(r);
		break;
	}
	return r->next == NEXT_KEY || r->next == NEXT_KEY_OR_END ? read_key(r) : read_value(r);
}

void json_reader_problem(const struct json_reader *r, char ret[JSON_PROBLEM_BYTES])
{
	static const char *const sentences[] = {
		[PROBLEM_CHARACTER] = "unexpected character (missing or extra comma?)",
		[PROBLEM_TRAILING] = "trailing data after the object",
		[PROBLEM_DEPTH] = NULL,
		[PROBLEM_COMMENT] = "a comment begins here and does not end",
		[PROBLEM_STRING] = "a string begins here and does not end in its line",
		[PROBLEM_CONTROL] = "a string has a control character in it: write \\t, or \\u0009",
		[PROBLEM_UTF8] = "a character is not UTF-8",
		[PROBLEM_ESCAPE] = "there is no such escape in a string",
		[PROBLEM_HEX] = "there are not four hexadecimal digits behind \\u",
		[PROBLEM_QUOTE] = "strings are in double quotes",
		[PROBLEM_WORD] = NULL,
		[PROBLEM_NUL] = "there is a NUL byte in it: not a text",
	};

	if (r->problem == PROBLEM_DEPTH)
		(void)snprintf(ret, JSON_PROBLEM_BYTES,
			       "more than %u objects and arrays inside each other",
			       r->dialect.depth_max);
	else if (r->problem == PROBLEM_WORD)
		(void)snprintf(ret, JSON_PROBLEM_BYTES,
			       "\"%.*s\" is no word of JSON: strings are in double quotes",
			       r->len < SHOWN_BYTES ? (int)r->len : SHOWN_BYTES, r->text);
	else
		(void)snprintf(ret, JSON_PROBLEM_BYTES, "%s", sentences[r->problem]);
}

/* --- escapes --- */

/* Returns the four digits of the \uXXXX at pos, or -1 if there is no such escape. */
static int32_t unit_at(const char *pos, const char *end)
{
	int32_t unit = 0;

	if (end - pos < UNICODE_BYTES || pos[0] != '\\' || pos[1] != 'u')
		return -1;
	for (int i = 2; i < UNICODE_BYTES; i++) {
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

/* Writes the character of a \uXXXX, or of two of them if it is beyond the first plane, and moves
 * *from behind them.
 */
static char *undo_unicode(const char **from, const char *end, char *to, bool *halves)
{
	int32_t high = unit_at(*from, end);
	int32_t low = is_high(high) ? unit_at(*from + UNICODE_BYTES, end) : -1;

	if (high < 0) { /* cut, or not hexadecimal: only its backslash is skipped */
		(*from)++;
		return text_put_utf8(to, '\\');
	}
	*from += UNICODE_BYTES;
	if (is_low(low)) {
		*from += UNICODE_BYTES;
		return text_put_utf8(to, 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
						 (uint32_t)(low - 0xdc00));
	}
	if (!is_high(high) && !is_low(high))
		return text_put_utf8(to, (uint32_t)high);
	*halves = true;
	return text_put_utf8(to, UNICODE_REPLACEMENT);
}

/* Writes the character of the escape at *from: a backslash and one letter, or \u and four digits.
 */
static char *undo_escape(const char **from, const char *end, char *to, bool *halves)
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	const char *letter;

	if (end - *from < 2 || (*from)[1] == 'u')
		return undo_unicode(from, end, to, halves);
	letter = memchr(letters, (*from)[1], sizeof(letters) - 1);
	*to = (*from)[1];
	if (letter)
		*to = meanings[letter - letters];
	*from += 2;
	return to + 1;
}

size_t json_unescape(const char *text, size_t len, char *ret, bool *ret_halves)
{
	const char *end = text + len;
	char *to = ret;
	bool halves = false;

	while (text < end) {
		if (*text == '\\')
			to = undo_escape(&text, end, to, &halves);
		else
			*to++ = *text++;
	}
	if (ret_halves)
		*ret_halves = halves;
	return (size_t)(to - ret);
}
