// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define U64_DIGITS 20

/* A number that is too large to be written as one stands in a string. */
static bool is_large(const char *text, size_t len, uint64_t *ret)
{
	const char *end;

	return len && len <= U64_DIGITS && text[0] != '0' && !number_read_digits(text, ret, &end) &&
	       end == text + len && *ret >= AUDIT_NUMBER_LIMIT;
}

/* The digits of a number as it is written; those of a larger one than 64 bits hold are no number.
 */
static bool is_small(const char *text, uint64_t *ret)
{
	const char *end;

	return !number_read_digits(text, ret, &end) && *ret < AUDIT_NUMBER_LIMIT;
}

static bool get_number(const struct json_node *value, uint64_t max, uint64_t *ret)
{
	bool good = false;

	if (value->type == JSON_STRING)
		good = is_large(value->text, value->len, ret);
	else if (value->type == JSON_INTEGER)
		good = is_small(value->text, ret);
	return good && *ret <= max;
}

static bool is_signed(const struct json_node *value)
{
	const size_t sign = value->len && value->text[0] == '-';
	uint64_t ignored;

	if (value->type == JSON_INTEGER)
		return is_small(value->text + sign, &ignored);
	return value->type == JSON_STRING &&
	       is_large(value->text + sign, value->len - sign, &ignored);
}

static bool is_list(const struct json_node *value)
{
	if (value->type != JSON_ARRAY)
		return false;
	for (value = value->first; value; value = value->next) {
		if (value->type != JSON_STRING)
			return false;
	}
	return true;
}

static bool is_string(const struct json_node *value, bool (*is)(const char *text, size_t len))
{
	return value && value->type == JSON_STRING && (!is || is(value->text, value->len));
}

/* Longer ones than ours are cut, between two characters. */
static void keep_text(const struct json_node *value, const struct audit_field *field,
		      struct audit_record *record)
{
	char *to = (char *)record + field->keep_at;

	(void)snprintf(to, field->keep_bytes, "%s", value->text);
	while (!text_is_utf8(to, strlen(to)))
		to[strlen(to) - 1] = '\0';
}

static bool get_value(const struct json_node *value, const struct audit_field *field,
		      struct audit_record *ret)
{
	uint64_t number = 0;
	bool good = false;

	switch (field->type) {
	case AUDIT_FIELD_U8:
	case AUDIT_FIELD_U16:
	case AUDIT_FIELD_U32:
	case AUDIT_FIELD_U64:
		good = get_number(value, audit_field_max(field->type), &number);
		break;
	case AUDIT_FIELD_INT:
		good = is_signed(value);
		break;
	case AUDIT_FIELD_BOOL:
		good = value->type == JSON_BOOL;
		number = good && value->text[0] == 't';
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
static int take_key(const struct json_node *object, const struct audit_field *field,
		    struct audit_record *ret, struct reason *why)
{
	const struct json_node *value = json_member(object, field->key);

	if (!value) {
		if (!field->required)
			return 0;
		return reason_set(why, -EBADMSG, "there is no \"%s\"", field->key);
	}
	if (get_value(value, field, ret))
		return 0;
	return reason_set(why, -EBADMSG, "the value of \"%s\" is not what it has to be",
			  field->key);
}

static bool get_type(const struct json_node *value, enum record_type *ret)
{
	if (!is_string(value, NULL))
		return false;
	for (int type = 0; type < RECORD_TYPE_MAX; type++) {
		if (strcmp(value->text, record_type_name(type)) == 0) {
			*ret = type;
			return true;
		}
	}
	return false;
}

/* The keys that every record has. Returns what is wrong with them, or NULL. */
static const char *get_common(const struct json_node *object, struct audit_record *ret)
{
	const struct json_node *time = json_member(object, "timestamp");
	const struct json_node *run = json_member(object, "run");
	const struct json_node *seq = json_member(object, "record_seq");

	if (!is_string(time, audit_is_time))
		return "\"timestamp\" is not a time in UTC with six or nine digits";
	(void)snprintf(ret->time, sizeof(ret->time), "%s", time->text);
	if (!get_type(json_member(object, "event_type"), &ret->type))
		return "\"event_type\" is none that this version knows";
	if (!is_string(run, NULL) || !audit_is_run(run->text, run->len, &ret->run))
		return "\"run\" is not sixteen hexadecimal digits";
	if (!seq || !get_number(seq, UINT64_MAX, &ret->record_seq) || !ret->record_seq)
		return "\"record_seq\" is not a number from 1";
	return NULL;
}

static int take_object(const struct json_node *object, struct audit_record *ret, struct reason *why)
{
	const char *wrong = get_common(object, ret);
	const struct audit_field *fields;
	size_t n;

	if (wrong) {
		return reason_set(why, -EBADMSG, "%s", wrong);
	}
	fields = audit_fields(ret->type, &n);
	for (size_t i = 0; i < n; i++) {
		int bad = take_key(object, &fields[i], ret, why);

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

int audit_record_json(struct json_tree *tree, const char *text, size_t len,
		      struct audit_record *ret, struct reason *why)
{
	static const struct json_dialect dialect = { .depth_max = 16 };
	const struct json_node *object;
	int bad = json_tree_read(tree, text, len, dialect, &object, NULL);

	if (bad == -ENOMEM)
		return bad;
	if (bad || object->type != JSON_OBJECT) {
		return reason_set(why, bad == -ENODATA ? -ENODATA : -EBADMSG, "%s",
				  bad == -EEXIST ? "duplicate key" :
				  bad		 ? "it is not JSON" :
						   "it is JSON, but not an object");
	}
	audit_record_begin(ret);
	return take_object(object, ret, why);
}
