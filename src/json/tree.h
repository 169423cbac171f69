/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON text as a tree, for texts that are read rarely or have to be kept: the config file, and
 * lines that the audit's fast reader does not understand. An object must not have the same key
 * twice, however the key is escaped. All memory is allocated before a text is read, and kept for
 * the next one, so that an allocation failure leaves no half-built tree.
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
	unsigned int line; /* line where it begins; for a member: where its key begins */
	const char *key; /* without escapes, terminated by a NUL; NULL: not in an object */
	size_t key_len;
	/* A string without escapes, terminated by a NUL; a number or a bool as written. */
	const char *text;
	size_t len; /* bytes of text */
	bool halves; /* text had an escape of an unpaired surrogate, which became U+FFFD */
	const struct json_node *first; /* first child of an array or object; NULL: it is empty */
	const struct json_node *next; /* next child of the same array or object; or NULL */
	const struct json_node *parent;
};

/* A zeroed tree is empty and valid. */
struct json_tree {
	char *text; /* owned: a copy of the text; nodes and slots are owned as well */
	struct json_node *nodes; /* the first is the top-level value */
	uint32_t *slots; /* hash table of members: index of the node + 1; 0: empty */
	size_t text_cap, nodes_cap, slots_cap;
	size_t n_slots; /* slots in use: a power of two */
};

/* What is wrong with a text, and in which line. */
struct json_fault {
	unsigned int line;
	char what[JSON_PROBLEM_BYTES];
};

/* Reads the one value of a text. *ret is valid until the next call or json_tree_free(). Returns 0;
 * -ENOMEM; -ENODATA: the text ends too early, but is well-formed up to there; -EEXIST: a key stands
 * twice in an object; -EBADMSG: the text is not JSON. ret_fault is set for the last three errors,
 * and may be NULL.
 */
int json_tree_read(struct json_tree *t, const char *text, size_t len, struct json_dialect dialect,
		   const struct json_node **ret, struct json_fault *ret_fault);

/* Returns the member with this key, or NULL. node must be an object. */
const struct json_node *json_member(const struct json_node *node, const char *key);

void json_tree_free(struct json_tree *t); /* a zeroed tree is fine */

#endif
