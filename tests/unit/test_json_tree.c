// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/tree.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MANY	      20000

static const struct json_dialect plain = { .depth_max = 16 };

static void print(FILE *out, const struct json_node *node)
{
	if (node->key)
		fprintf(out, "%s@%u=", node->key, node->line);
	switch (node->type) {
	case JSON_ARRAY:
	case JSON_OBJECT:
		fputc('(', out);
		for (const struct json_node *n = node->first; n; n = n->next) {
			cr_expect_eq(n->parent, node);
			print(out, n);
		}
		fputc(')', out);
		break;
	case JSON_STRING:
		cr_expect_eq(node->text[node->len], '\0');
		fprintf(out, "\"%s\"%s", node->text, node->halves ? "!" : "");
		break;
	default:
		fprintf(out, "%.*s;", (int)node->len, node->text);
		break;
	}
}

static const struct {
	const char *text;
	int want;
	const char *tree; /* or part of what is wrong */
} cases[] = {
	{ "{}", 0, "()" },
	{ "[]", 0, "()" },
	{ "12", 0, "12;" },
	{ "\"a\\nb\"", 0, "\"a\nb\"" },
	{ "{\"a\":1,\n\"b\":[true,null,-2.5e3,[]],\"c\":{\"a\":\"\\ud800\"}}", 0,
	  "(a@1=1;b@2=(true;null;-2.5e3;())c@2=(a@2=\"\xef\xbf\xbd\"!))" },
	{ "{\"\\u0061\\n\":\"x\"}", 0, "(a\n@1=\"x\")" },
	{ "{\"a\":{\"b\":1},\"c\":{\"b\":1}}", 0, "(a@1=(b@1=1;)c@1=(b@1=1;))" },
	{ "[{\"a\":1},{\"a\":1}]", 0, "((a@1=1;)(a@1=1;))" },

	{ "{\"a\":1,\n\"b\":2,\n\"a\":2}", -EEXIST, "3: a: is given twice, and first in line 1" },
	{ "{\"a\":1,\"\\u0061\":2}", -EEXIST, "1: a: is given twice" },
	{ "{\"x\":[{\"a\":1,\"a\":2}]}", -EEXIST, "1: a: is given twice" },
	{ "{\"a\\u0000b\":1,\"a\\u0000c\":1}", 0, "(a@1=1;a@1=1;)" },
	{ "{\"a\":1", -ENODATA, "1: the text ends too early" },
	{ "", -ENODATA, "1: the text ends too early" },
	{ "{\"a\":\n1,}", -EBADMSG, "2: unexpected character" },
	{ "{} x", -EBADMSG, "1: trailing data" },
};

/* One tree for all: what was read before must not show. */
Test(json_tree, cases)
{
	struct json_tree tree = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct json_node *node = NULL;
		struct json_fault fault = { 0 };
		char got[256] = "";
		int err = json_tree_read(&tree, cases[i].text, strlen(cases[i].text), plain, &node,
					 &fault);
		FILE *out = fmemopen(got, sizeof(got), "w");

		cr_assert_not_null(out);
		cr_expect_eq(err, cases[i].want, "%s: got %d", cases[i].text, err);
		if (err)
			fprintf(out, "%u: %s", fault.line, fault.what);
		else
			print(out, node);
		fclose(out);
		cr_expect(err ? !!strstr(got, cases[i].tree) : !strcmp(got, cases[i].tree),
			  "%s: got %s, want %s", cases[i].text, got, cases[i].tree);
	}
	json_tree_free(&tree);
}

Test(json_tree, members)
{
	static const char text[] = "{\"a\":1,\"ab\":2,\"\":3}";
	const struct json_node *object = NULL;
	struct json_tree tree = { 0 };

	cr_assert_eq(json_tree_read(&tree, text, strlen(text), plain, &object, NULL), 0);
	cr_expect_eq(*json_member(object, "a")->text, '1');
	cr_expect_eq(*json_member(object, "ab")->text, '2');
	cr_expect_eq(*json_member(object, "")->text, '3');
	cr_expect_null(json_member(object, "b"));
	json_tree_free(&tree);
}

/* As many keys as nobody has, the last of which is there already. */
Test(json_tree, many_members, .timeout = 60)
{
	const struct json_node *object = NULL;
	struct json_tree tree = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	fputc('{', out);
	for (int i = 0; i < MANY; i++)
		fprintf(out, "\"key %d\":%d,", i, i);
	fprintf(out, "\"key %d\":0}", MANY - 1);
	cr_assert_eq(fclose(out), 0);
	cr_expect_eq(json_tree_read(&tree, text, len, plain, &object, NULL), -EEXIST);
	text[len - 5] = '.'; /* now it is another */
	cr_expect_eq(json_tree_read(&tree, text, len, plain, &object, NULL), 0);
	json_tree_free(&tree);
	free(text);
}
