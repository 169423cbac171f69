/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads JSON (RFC 8259) piece by piece from a text in memory. It takes what the RFC allows and
 * nothing else, but for comments where the caller asks for them, and knows in which line it is. It
 * allocates nothing and changes nothing; that a key stands twice in an object is for the caller to
 * find (json/tree.h does).
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX	   32 /* objects and arrays inside each other that a reader can follow */
#define JSON_PROBLEM_BYTES 160 /* what json_reader_problem() needs at most, with its NUL */

enum json_token {
	JSON_TOKEN_OBJECT, /* its opening brace */
	JSON_TOKEN_OBJECT_END,
	JSON_TOKEN_ARRAY,
	JSON_TOKEN_ARRAY_END,
	JSON_TOKEN_KEY, /* with the colon behind it */
	JSON_TOKEN_STRING,
	JSON_TOKEN_INTEGER,
	JSON_TOKEN_FRACTION, /* a number with a fraction, or an exponent */
	JSON_TOKEN_TRUE,
	JSON_TOKEN_FALSE,
	JSON_TOKEN_NULL,
	JSON_TOKEN_END, /* of the text, behind its one value */
	JSON_TOKEN_CUT, /* the text ends too early, and is well-formed so far */
	JSON_TOKEN_WRONG, /* json_reader_problem() says what is wrong */
};

/* What a reader takes. */
struct json_dialect {
	unsigned int depth_max; /* objects and arrays inside each other; at most JSON_DEPTH_MAX */
	bool comments; /* to the end of a line behind // and #, and between C's signs */
};

struct json_reader {
	/* The last token. Of a key or string: what is between its quotes, as it stands there. */
	const char *text;
	size_t len; /* of text, bytes */
	bool escaped; /* text has escapes: json_unescape() undoes them */
	unsigned int line; /* of the text's first line: 1; where the reader is, or what is wrong */
	unsigned int depth; /* of the objects and arrays that the reader is in */

	/* For the reader alone. */
	const char *pos;
	const char *end;
	struct json_dialect dialect;
	uint8_t next; /* what may come */
	uint8_t problem;
	uint32_t objects; /* a bit for each level: it is an object */
};

/* text, of len bytes, is borrowed as long as the reader is used. */
void json_reader_init(struct json_reader *ret, const char *text, size_t len,
		      struct json_dialect dialect);

/* The next token. Behind JSON_TOKEN_END, _CUT and _WRONG the same comes again. */
enum json_token json_reader_next(struct json_reader *r);

/* A sentence without its place, after JSON_TOKEN_WRONG. */
void json_reader_problem(const struct json_reader *r, char ret[JSON_PROBLEM_BYTES]);

/* A string's text without escapes; ret holds len bytes, which is always enough, and may be text
 * itself. An escape that stands for half of a character becomes U+FFFD, and *ret_halves is set; it
 * may be NULL. No NUL is put behind it. Returns the length.
 */
size_t json_unescape(const char *text, size_t len, char *ret, bool *ret_halves);

#endif
