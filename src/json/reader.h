/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads JSON (RFC 8259) token by token from a text in memory. The reader accepts what the RFC
 * allows, and comments only if the caller asks for them, and keeps track of the line it is in. It
 * allocates nothing and changes nothing. It does not notice duplicate keys; json/tree.h does.
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX	   32 /* depth of nested objects and arrays that a reader can follow */
#define JSON_PROBLEM_BYTES 160 /* the most that json_reader_problem() writes, including the NUL */

enum json_token {
	JSON_TOKEN_OBJECT, /* its opening brace */
	JSON_TOKEN_OBJECT_END,
	JSON_TOKEN_ARRAY,
	JSON_TOKEN_ARRAY_END,
	JSON_TOKEN_KEY, /* including the colon behind it */
	JSON_TOKEN_STRING,
	JSON_TOKEN_INTEGER,
	JSON_TOKEN_FRACTION, /* a number with a fraction, or an exponent */
	JSON_TOKEN_TRUE,
	JSON_TOKEN_FALSE,
	JSON_TOKEN_NULL,
	JSON_TOKEN_END, /* the end of the text, behind its one value */
	JSON_TOKEN_CUT, /* the text ends too early, but is well-formed up to there */
	JSON_TOKEN_WRONG, /* json_reader_problem() describes the error */
};

/* What a reader accepts. */
struct json_dialect {
	unsigned int depth_max; /* of nested objects and arrays; at most JSON_DEPTH_MAX */
	bool comments; /* // and # up to the end of the line, and C comments */
};

struct json_reader {
	/* The last token. For a key or string: the bytes between the quotes, escapes included. */
	const char *text;
	size_t len; /* bytes of text */
	bool escaped; /* text has escapes; json_unescape() decodes them */
	unsigned int line; /* of the reader, or of the error; the first line is 1 */
	unsigned int depth; /* number of objects and arrays around the reader */

	/* The members below are private to the reader. */
	const char *pos;
	const char *end;
	struct json_dialect dialect;
	uint8_t next; /* which tokens may come */
	uint8_t problem;
	uint32_t objects; /* one bit for each level: set if it is an object */
};

/* text, of len bytes, is borrowed while the reader is in use. */
void json_reader_init(struct json_reader *ret, const char *text, size_t len,
		      struct json_dialect dialect);

/* Returns the next token. Further calls after JSON_TOKEN_END, _CUT and _WRONG return the same
 * token.
 */
enum json_token json_reader_next(struct json_reader *r);

/* Describes the error after JSON_TOKEN_WRONG, without its place in the text. */
void json_reader_problem(const struct json_reader *r, char ret[JSON_PROBLEM_BYTES]);

/* Decodes the escapes of a string. ret must hold len bytes, which is always enough, and may be text
 * itself. An escape of an unpaired surrogate becomes U+FFFD and sets *ret_halves, which may be
 * NULL. No NUL is appended. Returns the length.
 */
size_t json_unescape(const char *text, size_t len, char *ret, bool *ret_halves);

#endif
