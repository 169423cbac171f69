// SPDX-License-Identifier: BSD-2-Clause
/* Any text, as if it were a line: values lie within it and one behind the other, and what json-c
 * takes for a flat object without blanks has the values that json-c finds.
 */
#include <stdbool.h>

#include "fuzz.h"
#include "record/record.h"
#include "values.h"

static void check_bounds(const char *text, size_t len)
{
	const char *behind = text;
	struct record_value value;
	struct record_values v;
	char plain[RECORD_MAX_BYTES];

	record_values_begin(&v, text, len);
	while (record_values_next(&v, &value)) {
		size_t n = record_value_text(&value, plain);

		FUZZ_CHECK(value.key > behind && value.text > value.key + value.key_len,
			   "a value before its key, or before the last");
		FUZZ_CHECK(value.text + value.len < text + len, "a value goes to the very end");
		FUZZ_CHECK(n <= value.len, "%zu bytes of %zu", n, value.len);
		(void)record_value_is_index(&value);
		behind = value.text + value.len;
	}
}

/* What record.c would never write, json-c prints otherwise: then they need not agree. */
static bool is_as_printed(const char *text, size_t len, struct json_object *obj)
{
	size_t n = 0;
	const char *again = json_object_to_json_string_length(
		obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	if (len > 0 && text[len - 1] == '\n')
		len--;
	return n == len && n > 2 && !memcmp(again, text, len);
}

/* No objects inside, nor lists in lists; no NUL, which json-c's strings would end at; and keys that
 * need no escape.
 */
static bool is_flat(struct json_object *obj)
{
	bool flat = true;

	json_object_object_foreach(obj, key, value)
	{
		flat = flat && !strpbrk(key, "\"\\") &&
		       !json_object_is_type(value, json_type_object);
		for (const char *c = key; *c; c++)
			flat = flat && *c >= ' ';
		if (json_object_is_type(value, json_type_string))
			flat = flat && strlen(json_object_get_string(value)) ==
					       (size_t)json_object_get_string_len(value);
		if (!json_object_is_type(value, json_type_array))
			continue;
		for (size_t i = 0; i < json_object_array_length(value); i++)
			flat = flat && !json_object_is_type(json_object_array_get_idx(value, i),
							    json_type_array);
	}
	return flat;
}

/* json-c takes more for JSON than the RFC does. That all lines of ours are whole, fuzz_line.c sees.
 */
static bool is_whole(const char *text, size_t len)
{
	struct record_value value;
	struct record_values v;

	record_values_begin(&v, text, len);
	while (record_values_next(&v, &value))
		;
	return v.whole;
}

static void check_values(const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj;
	const char *key = NULL;

	FUZZ_CHECK(tok, "no memory");
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(tok, text, (int)len);
	if (json_object_is_type(obj, json_type_object) && is_whole(text, len) &&
	    is_as_printed(text, len, obj) && is_flat(obj))
		FUZZ_CHECK(values_agree(text, len, obj, &key), "they part at \"%s\"", key);
	json_object_put(obj);
	json_tokener_free(tok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = size < RECORD_MAX_BYTES ? size : RECORD_MAX_BYTES;
	char *text = malloc(len ? len : 1); /* it ends where its memory ends */

	FUZZ_CHECK(text, "no memory");
	memcpy(text, data, len);
	check_bounds(text, len);
	check_values(text, len);
	free(text);
	return 0;
}
