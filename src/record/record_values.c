// SPDX-License-Identifier: BSD-2-Clause
#include "record/record_values.h"

#include <string.h>

#include "base/array.h"

#define DEPTH_MAX 2 /* one list inside the object */

/* Keys that have few values in a run, or that users search for. */
static const char *const index_keys[] = {
	"event_type", "run",	  "interface", "src_ip",    "dst_ip",	"src_port",   "dst_port",
	"protocol",   "flags",	  "icmp_type", "icmp_code", "vlan",	"vlan_inner", "fragment",
	"parse",      "snapshot", "total",     "sink",	    "hostname", "capture",    "state",
	"mode",	      "reason",	  "where",     "cause",	    "exit",
};

void record_values_begin(struct record_values *ret, const char *text, size_t len)
{
	ret->whole = false;
	json_reader_init(&ret->reader, text, len, (struct json_dialect){ .depth_max = DEPTH_MAX });
	/* an object has to begin here; other texts have no key */
	(void)json_reader_next(&ret->reader);
}

/* Reads a list, which must not contain other lists. The reader is behind the opening bracket. */
static bool take_list(struct json_reader *r, struct record_value *ret)
{
	ret->type = RECORD_VALUE_LIST;
	ret->text = r->pos - 1;
	while (r->depth == DEPTH_MAX) {
		enum json_token token = json_reader_next(r);

		if (token == JSON_TOKEN_CUT || token == JSON_TOKEN_WRONG)
			return false;
	}
	ret->len = (size_t)(r->pos - ret->text);
	return true;
}

static bool take_value(struct json_reader *r, struct record_value *ret)
{
	const enum json_token token = json_reader_next(r);

	ret->text = r->text;
	ret->len = r->len;
	ret->escaped = false;
	switch (token) {
	case JSON_TOKEN_STRING:
		ret->type = RECORD_VALUE_STRING;
		ret->escaped = r->escaped;
		return true;
	case JSON_TOKEN_INTEGER:
	case JSON_TOKEN_FRACTION:
	case JSON_TOKEN_TRUE:
	case JSON_TOKEN_FALSE:
	case JSON_TOKEN_NULL:
		ret->type = RECORD_VALUE_PLAIN;
		return true;
	case JSON_TOKEN_ARRAY:
		return take_list(r, ret);
	default:
		return false;
	}
}

/* A number that nothing follows may have been cut. */
bool record_values_next(struct record_values *v, struct record_value *ret)
{
	struct json_reader *r = &v->reader;
	const enum json_token token = json_reader_next(r);
	struct record_value value;

	if (token == JSON_TOKEN_OBJECT_END)
		v->whole = json_reader_next(r) == JSON_TOKEN_END;
	if (token != JSON_TOKEN_KEY)
		return false;
	value.key = r->text;
	value.key_len = r->len;
	if (!take_value(r, &value) || r->pos == r->end || (*r->pos != ',' && *r->pos != '}'))
		return false;
	*ret = value;
	return true;
}

size_t record_value_text(const struct record_value *value, char *ret)
{
	if (value->escaped)
		return json_unescape(value->text, value->len, ret, NULL);
	memcpy(ret, value->text, value->len);
	return value->len;
}

bool record_value_is_index(const struct record_value *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(index_keys); i++) {
		const char *key = index_keys[i];

		if (strlen(key) == value->key_len && !memcmp(key, value->key, value->key_len))
			return true;
	}
	return false;
}
