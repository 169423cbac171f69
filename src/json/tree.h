/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON text as a tree, for what is read rarely or has to be kept: the config file, and lines that
 * the audit's fast way does not understand. In an object no key may stand twice, however it is
 * written. All memory is taken before a text is read, and kept for the next one, so that a lack of
 * it leaves nothing half done.
 */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "json/reader.h"

enum json_node_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INTEGER,
	JSON_FRACTION, /* a number with a fraction, or an exponent */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_node {
	enum json_node_type type;
	unsigned int line; /* where it begins; of a member: where its key does */
	const char *key; /* without escapes, with a NUL behind it; NULL: not in an object */
	size_t key_len;
	/* A string without escapes, with a NUL behind it; a number and a bool as they are written.
	 */
	const char *text;
	size_t len; /* of text */
	bool halves; /* text had an escape for half of a character, which is U+FFFD now */
	const struct json_node *first; /* in an array or object; NULL: it is empty */
	const struct json_node *next; /* in the same array or object */
	const struct json_node *parent;
};

/* All zero: nothing was read yet. */
struct json_tree {
	char *text; /* owned: a copy of what was read, as are the next two */
	struct json_node *nodes; /* the first is the value that the text is */
	uint32_t *slots; /* a hash table of members: numbers of their nodes, or 0 */
	size_t text_cap, nodes_cap, slots_cap;
	size_t n_slots; /* in use: a power of two */
};

/* What is wrong with a text, and in which line. */
struct json_fault {
	unsigned int line;
	char what[JSON_PROBLEM_BYTES];
};

/* The text's one value is *ret, which lives until the next call, or json_tree_free(). 0; -ENOMEM;
 * -ENODATA: the text ends too early, and is well-formed so far; -EEXIST: a key stands twice in an
 * object; -EBADMSG: it is no JSON. ret_fault tells of the last three, and may be NULL.
 */
int json_tree_read(struct json_tree *t, const char *text, size_t len, struct json_dialect dialect,
		   const struct json_node **ret, struct json_fault *ret_fault);

/* The member of that name, or NULL. node is an object. */
const struct json_node *json_member(const struct json_node *node, const char *key);

void json_tree_free(struct json_tree *t); /* one that is all zero is fine */

#endif
