// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit_json.h"

#define U64_DIGITS 20

/* The digits of a number that is too large to be written as one. */
static bool is_large(const char *text, size_t len, uint64_t *ret)
{
	char *end;

	if (!len || len > U64_DIGITS || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	errno = 0;
	*ret = strtoull(text, &end, 10); /* json-c ends its strings with a NUL */
	return !errno && *ret >= AUDIT_NUMBER_LIMIT;
}

/* json-c bounds what it cannot hold, so a limit of our own comes first. */
static bool take_number(struct json_object *value, uint64_t max, uint64_t *ret)
{
	int64_t number;

	if (json_object_is_type(value, json_type_string))
		return is_large(json_object_get_string(value),
				(size_t)json_object_get_string_len(value), ret) &&
		       *ret <= max;
	if (!json_object_is_type(value, json_type_int))
		return false;
	number = json_object_get_int64(value);
	if (number < 0 || (uint64_t)number >= AUDIT_NUMBER_LIMIT || (uint64_t)number > max)
		return false;
	*ret = (uint64_t)number;
	return true;
}

static bool is_signed(struct json_object *value)
{
	const int64_t limit = (int64_t)AUDIT_NUMBER_LIMIT;
	const char *text;
	uint64_t ignored;

	if (json_object_is_type(value, json_type_int))
		return json_object_get_int64(value) < limit &&
		       json_object_get_int64(value) > -limit;
	if (!json_object_is_type(value, json_type_string))
		return false;
	text = json_object_get_string(value);
	text += *text == '-';
	return is_large(text, strlen(text), &ignored);
}

static bool is_list(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_string))
			return false;
	}
	return true;
}

static bool is_string(struct json_object *value, bool (*is)(const char *text, size_t len))
{
	if (!json_object_is_type(value, json_type_string))
		return false;
	return !is || is(json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

/* Longer ones than ours are cut, between two characters. */
static void keep_text(struct json_object *value, const struct audit_field *field,
		      struct audit_record *record)
{
	char *to = (char *)record + field->keep_at;

	(void)snprintf(to, field->keep_bytes, "%s", json_object_get_string(value));
	while (!audit_json_is_utf8(to, strlen(to)))
		to[strlen(to) - 1] = '\0';
}

static bool take_value(struct json_object *value, const struct audit_field *field,
		       struct audit_record *ret)
{
	uint64_t number = 0;
	bool good = false;

	switch (field->type) {
	case AUDIT_FIELD_U8:
	case AUDIT_FIELD_U16:
	case AUDIT_FIELD_U32:
	case AUDIT_FIELD_U64:
		good = take_number(value, audit_field_max(field->type), &number);
		break;
	case AUDIT_FIELD_INT:
		good = is_signed(value);
		break;
	case AUDIT_FIELD_BOOL:
		good = json_object_is_type(value, json_type_boolean);
		number = good && json_object_get_boolean(value);
		break;
	case AUDIT_FIELD_IP:
		good = is_string(value, audit_is_ip);
		break;
	case AUDIT_FIELD_FLAGS:
		good = is_string(value, audit_is_flags);
		break;
	case AUDIT_FIELD_TIME:
		good = is_string(value, audit_is_time);
		break;
	case AUDIT_FIELD_TEXT:
		good = is_string(value, NULL);
		number = good; /* it is there */
		break;
	case AUDIT_FIELD_LIST:
		good = is_list(value);
		break;
	}
	if (field->to < AUDIT_KEY_MAX)
		ret->values[field->to] = number;
	if (good && field->keep_bytes)
		keep_text(value, field, ret);
	return good;
}

/* One value of an object, by its key. -EBADMSG with the reason in err. */
static int take_key(struct json_object *obj, const struct audit_field *field,
		    struct audit_record *ret, char *err, size_t err_cap)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, field->key, &value)) {
		if (!field->required)
			return 0;
		(void)snprintf(err, err_cap, "there is no \"%s\"", field->key);
		return -EBADMSG;
	}
	if (take_value(value, field, ret))
		return 0;
	(void)snprintf(err, err_cap, "the value of \"%s\" is not what it has to be", field->key);
	return -EBADMSG;
}

static struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	(void)json_object_object_get_ex(obj, key, &value); /* NULL if it is not there */
	return value;
}

static bool take_type(struct json_object *value, enum record_type *ret)
{
	if (!json_object_is_type(value, json_type_string))
		return false;
	for (int type = 0; type < RECORD_TYPE_MAX; type++) {
		if (strcmp(json_object_get_string(value), record_type_name(type)) == 0) {
			*ret = type;
			return true;
		}
	}
	return false;
}

static bool take_run(struct json_object *value, uint64_t *ret)
{
	return json_object_is_type(value, json_type_string) &&
	       audit_is_run(json_object_get_string(value),
			    (size_t)json_object_get_string_len(value), ret);
}

/* The keys that every record has. Returns what is wrong with them, or NULL. */
static const char *take_common(struct json_object *obj, struct audit_record *ret)
{
	if (!is_string(get(obj, "timestamp"), audit_is_time))
		return "\"timestamp\" is not a time in UTC with six or nine digits";
	(void)snprintf(ret->time, sizeof(ret->time), "%s",
		       json_object_get_string(get(obj, "timestamp")));
	if (!take_type(get(obj, "event_type"), &ret->type))
		return "\"event_type\" is none that this version knows";
	if (!take_run(get(obj, "run"), &ret->run))
		return "\"run\" is not sixteen hexadecimal digits";
	if (!take_number(get(obj, "record_seq"), UINT64_MAX, &ret->record_seq) || !ret->record_seq)
		return "\"record_seq\" is not a number from 1";
	return NULL;
}

static int take_object(struct json_object *obj, struct audit_record *ret, char *err, size_t err_cap)
{
	const char *wrong = take_common(obj, ret);
	const struct audit_field *fields;
	size_t n;

	if (wrong) {
		(void)snprintf(err, err_cap, "%s", wrong);
		return -EBADMSG;
	}
	fields = audit_fields(ret->type, &n);
	for (size_t i = 0; i < n; i++) {
		int bad = take_key(obj, &fields[i], ret, err, err_cap);

		if (bad)
			return bad;
	}
	return 0;
}

void audit_record_begin(struct audit_record *ret)
{
	memset(ret, 0, offsetof(struct audit_record, name) + 1);
	ret->sink[0] = '\0';
}

int audit_record_json(struct json_tokener *tok, const char *text, size_t len,
		      struct audit_record *ret, char *err, size_t err_cap)
{
	struct json_object *obj;
	int bad = audit_json_parse(tok, text, len, &obj);

	if (bad == -ENOMEM)
		return bad;
	if (bad) {
		(void)snprintf(err, err_cap, "%s",
			       bad == -EEXIST ? "duplicate key" :
			       bad == -EINVAL ? "it is JSON, but not an object" :
						"it is not JSON");
		return bad == -ENODATA ? -ENODATA : -EBADMSG;
	}
	audit_record_begin(ret);
	bad = take_object(obj, ret, err, err_cap);
	json_object_put(obj);
	return bad;
}
