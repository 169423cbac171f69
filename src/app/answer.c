// SPDX-License-Identifier: BSD-2-Clause
#include "app/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void print_value(struct json_object *value, int depth, FILE *out);

static void print_string(const char *text, FILE *out)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";

	(void)fputc('"', out);
	for (; *text; text++) {
		const char *found = strchr(plain, *text);

		if (found)
			(void)fprintf(out, "\\%c", letters[found - plain]);
		else if ((unsigned char)*text < 0x20)
			(void)fprintf(out, "\\u%04x", (unsigned char)*text);
		else
			(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

/* What comes before a member, or before the bracket that ends them. depth below 0: all in one line.
 */
static void begin_member(bool first, int depth, FILE *out)
{
	if (!first)
		(void)fputc(',', out);
	if (depth >= 0)
		(void)fprintf(out, "\n%*s", 2 * depth, "");
}

static void print_object(struct json_object *obj, int depth, FILE *out)
{
	const int inner = depth < 0 ? depth : depth + 1;
	bool first = true;

	(void)fputc('{', out);
	json_object_object_foreach(obj, key, value)
	{
		begin_member(first, inner, out);
		print_string(key, out);
		(void)fputs(depth < 0 ? ":" : ": ", out);
		print_value(value, inner, out);
		first = false;
	}
	if (!first)
		begin_member(true, depth, out);
	(void)fputc('}', out);
}

static void print_list(struct json_object *list, int depth, FILE *out)
{
	const int inner = depth < 0 ? depth : depth + 1;
	const size_t n = json_object_array_length(list);

	(void)fputc('[', out);
	for (size_t i = 0; i < n; i++) {
		begin_member(i == 0, inner, out);
		print_value(json_object_array_get_idx(list, i), inner, out);
	}
	if (n)
		begin_member(true, depth, out);
	(void)fputc(']', out);
}

static void print_value(struct json_object *value, int depth, FILE *out)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		print_object(value, depth, out);
		break;
	case json_type_array:
		print_list(value, depth, out);
		break;
	case json_type_string:
		print_string(json_object_get_string(value), out);
		break;
	case json_type_boolean:
		(void)fputs(json_object_get_boolean(value) ? "true" : "false", out);
		break;
	case json_type_int:
		if (json_object_get_int64(value) < 0)
			(void)fprintf(out, "%" PRId64, json_object_get_int64(value));
		else
			(void)fprintf(out, "%" PRIu64, json_object_get_uint64(value));
		break;
	case json_type_null:
	case json_type_double: /* no answer has any */
		(void)fputs("null", out);
		break;
	}
}

int answer_print(struct json_object *value, bool pretty, FILE *out)
{
	print_value(value, pretty ? 0 : -1, out);
	return ferror(out) ? -EIO : 0;
}

int answer_append(struct json_object *list, struct json_object *value)
{
	if (list && value && !json_object_array_add(list, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int answer_add(struct json_object *obj, const char *key, struct json_object *value)
{
	if (obj && value && !json_object_object_add(obj, key, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}
