/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and values of a line, as record_values.h finds them, against another reader's: json-c. */
#ifndef TESTS_VALUES_H
#define TESTS_VALUES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "record/record_values.h"

#define VALUES_TEXT_BYTES 1024

static inline bool values_same(const struct record_value *got, const char *key,
			       struct json_object *want)
{
	bool is_string = json_object_is_type(want, json_type_string);
	bool is_list = json_object_is_type(want, json_type_array);
	const char *text = json_object_to_json_string_ext(
		want, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char plain[VALUES_TEXT_BYTES];
	size_t len = got->len;

	if (is_string != (got->type == RECORD_VALUE_STRING) ||
	    is_list != (got->type == RECORD_VALUE_LIST) || len > sizeof(plain) ||
	    strlen(key) != got->key_len || memcmp(key, got->key, got->key_len) != 0)
		return false;
	memcpy(plain, got->text, len);
	if (is_string) {
		len = record_value_text(got, plain);
		text = json_object_get_string(want);
	}
	return len <= got->len && len == strlen(text) && !memcmp(plain, text, len);
}

/* Are they the same, in the same order, and as many? If not, *ret_key is where they part. */
static inline bool values_agree(const char *text, size_t len, struct json_object *obj,
				const char **ret_key)
{
	struct record_values v;
	struct record_value got;

	record_values_begin(&v, text, len);
	json_object_object_foreach(obj, key, want)
	{
		*ret_key = key;
		if (!record_values_next(&v, &got) || !values_same(&got, key, want))
			return false;
	}
	*ret_key = "(the end)";
	return !record_values_next(&v, &got) && v.whole;
}

#endif
