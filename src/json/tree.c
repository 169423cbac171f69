// SPDX-License-Identifier: BSD-2-Clause
#include "json/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_A_NODE 2 /* enough that collisions are rare */
#define SLOTS_MIN    64 /* a power of two, as every number of slots is */
#define SHOWN_BYTES  64 /* the most bytes of a key that a message quotes */

/* An array or object around the reader, and the last child that was added to it. */
struct level {
	struct json_node *node; /* NULL: the top level */
	struct json_node *last; /* or NULL */
};

/* A tree under construction. */
struct building {
	struct json_tree *tree;
	struct json_reader reader;
	size_t n; /* nodes used */
	struct level levels[JSON_DEPTH_MAX + 1]; /* indexed by the reader's depth */
	struct json_node *member; /* a member whose value comes next; or NULL */
	struct json_fault *fault; /* may be NULL */
};

/* Returns an upper bound for the number of values: each but the first comes behind a comma or an
 * opening bracket.
 */
static size_t count_values(const char *text, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return n;
}

/* Ensures that the array at *place, of capacity *cap, holds n elements of size bytes. Its contents
 * are lost if it has to grow.
 */
static int make_room(void *place, size_t *cap, size_t n, size_t size)
{
	void **memory = place;
	void *more;

	if (*cap >= n)
		return 0;
	more = calloc(n, size);
	if (!more)
		return -ENOMEM;
	free(*memory);
	*memory = more;
	*cap = n;
	return 0;
}

static int prepare(struct json_tree *t, const char *text, size_t len)
{
	size_t values = count_values(text, len);
	size_t slots = SLOTS_MIN;
	int err;

	while (slots < SLOTS_A_NODE * values)
		slots *= 2;
	err = make_room((void *)&t->text, &t->text_cap, len + 1, 1);
	if (!err)
		err = make_room((void *)&t->nodes, &t->nodes_cap, values, sizeof(*t->nodes));
	if (!err)
		err = make_room((void *)&t->slots, &t->slots_cap, slots, sizeof(*t->slots));
	if (err)
		return err;
	memcpy(t->text, text, len);
	t->text[len] = '\0'; /* the NUL ends a number at the end of the text */
	t->n_slots = slots;
	memset(t->slots, 0, slots * sizeof(*t->slots));
	return 0;
}

static int fail(struct building *b, int err, unsigned int line, const char *what)
{
	if (b->fault) {
		b->fault->line = line;
		(void)snprintf(b->fault->what, sizeof(b->fault->what), "%s", what);
	}
	return err;
}

/* Works in place, for no escape is shorter than its character, and the closing quote leaves room
 * for a NUL.
 */
static size_t undo_escapes(struct building *b, const char **ret, bool *ret_halves)
{
	char *text = b->tree->text + (b->reader.text - b->tree->text);
	size_t len = b->reader.len;

	*ret_halves = false;
	if (b->reader.escaped)
		len = json_unescape(text, len, text, ret_halves);
	text[len] = '\0';
	*ret = text;
	return len;
}

static struct json_node *add_node(struct building *b, struct level *level)
{
	struct json_node *node = &b->tree->nodes[b->n++];

	*node = (struct json_node){ .line = b->reader.line, .parent = level->node };
	if (level->last)
		level->last->next = node;
	else if (level->node)
		level->node->first = node;
	level->last = node;
	return node;
}

static size_t hash(const struct json_node *node)
{
	uint64_t sum = (uintptr_t)node->parent;

	for (size_t i = 0; i < node->key_len; i++)
		sum = (sum ^ (unsigned char)node->key[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return (size_t)(sum ^ sum >> 32);
}

static bool is_same_key(const struct json_node *a, const struct json_node *b)
{
	return a->parent == b->parent && a->key_len == b->key_len &&
	       memcmp(a->key, b->key, a->key_len) == 0;
}

/* Adds a member to the table and returns NULL, or returns the member of the same object that
 * already has this key.
 */
static const struct json_node *put_member(struct json_tree *t, const struct json_node *node)
{
	for (size_t i = hash(node);; i++) {
		uint32_t *slot = &t->slots[i & (t->n_slots - 1)];

		if (!*slot) {
			*slot = (uint32_t)(node - t->nodes) + 1;
			return NULL;
		}
		if (is_same_key(&t->nodes[*slot - 1], node))
			return &t->nodes[*slot - 1];
	}
}

static int add_member(struct building *b)
{
	struct json_node *node = add_node(b, &b->levels[b->reader.depth]);
	const struct json_node *other;
	char what[JSON_PROBLEM_BYTES];
	bool ignored;

	node->key_len = undo_escapes(b, &node->key, &ignored);
	b->member = node;
	other = put_member(b->tree, node);
	if (!other)
		return 0;
	(void)snprintf(what, sizeof(what), "%.*s: is given twice, and first in line %u",
		       node->key_len < SHOWN_BYTES ? (int)node->key_len : SHOWN_BYTES, node->key,
		       other->line);
	return fail(b, -EEXIST, node->line, what);
}

static void add_value(struct building *b, enum json_node_type type)
{
	const bool nests = type == JSON_ARRAY || type == JSON_OBJECT;
	/* the array or object that holds the value */
	struct level *level = &b->levels[b->reader.depth - nests];
	struct json_node *node = b->member ? b->member : add_node(b, level);

	b->member = NULL;
	node->type = type;
	node->text = b->reader.text;
	node->len = b->reader.len;
	if (type == JSON_STRING)
		node->len = undo_escapes(b, &node->text, &node->halves);
	if (nests)
		level[1] = (struct level){ .node = node };
}

/* Returns 1 at the end of the text, 0 before it, or -errno. */
static int add_token(struct building *b, enum json_token token)
{
	static const enum json_node_type types[] = {
		[JSON_TOKEN_OBJECT] = JSON_OBJECT,     [JSON_TOKEN_ARRAY] = JSON_ARRAY,
		[JSON_TOKEN_STRING] = JSON_STRING,     [JSON_TOKEN_INTEGER] = JSON_INTEGER,
		[JSON_TOKEN_FRACTION] = JSON_FRACTION, [JSON_TOKEN_TRUE] = JSON_BOOL,
		[JSON_TOKEN_FALSE] = JSON_BOOL,	       [JSON_TOKEN_NULL] = JSON_NULL,
	};
	char what[JSON_PROBLEM_BYTES];

	switch (token) {
	case JSON_TOKEN_END:
		return 1;
	case JSON_TOKEN_CUT:
		return fail(b, -ENODATA, b->reader.line, "the text ends too early");
	case JSON_TOKEN_WRONG:
		json_reader_problem(&b->reader, what);
		return fail(b, -EBADMSG, b->reader.line, what);
	case JSON_TOKEN_KEY:
		return add_member(b);
	case JSON_TOKEN_OBJECT_END:
	case JSON_TOKEN_ARRAY_END:
		return 0;
	default:
		add_value(b, types[token]);
		return 0;
	}
}

int json_tree_read(struct json_tree *t, const char *text, size_t len, struct json_dialect dialect,
		   const struct json_node **ret, struct json_fault *ret_fault)
{
	struct building b = { .tree = t, .fault = ret_fault };
	int r = len < UINT32_MAX ? prepare(t, text, len) : -ENOMEM;

	json_reader_init(&b.reader, t->text, len, dialect);
	while (!r)
		r = add_token(&b, json_reader_next(&b.reader));
	if (r < 0)
		return r;
	*ret = t->nodes;
	return 0;
}

const struct json_node *json_member(const struct json_node *node, const char *key)
{
	const size_t len = strlen(key);

	for (node = node->first; node; node = node->next) {
		if (node->key_len == len && memcmp(node->key, key, len) == 0)
			return node;
	}
	return NULL;
}

void json_tree_free(struct json_tree *t)
{
	free(t->text);
	free(t->nodes);
	free(t->slots);
	*t = (struct json_tree){ 0 };
}
