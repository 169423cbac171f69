// SPDX-License-Identifier: BSD-2-Clause
/* The settings of a run, written as a config file. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/answer.h"
#include "app/options_table.h"

/* A document under way. err is sticky. */
struct document {
	struct json_object *obj; /* owned */
	int err;
};

/* Takes value over; NULL: there was no memory for it. */
static void add_key(struct document *d, const char *key, struct json_object *value)
{
	if (answer_add(d->obj, key, value))
		d->err = -ENOMEM;
}

static uint64_t number_of(const struct parser *p, const struct row *row)
{
	const void *field = (const char *)p + row->field;

	if (row->size == sizeof(bool))
		return *(const bool *)field;
	if (row->size == sizeof(uint32_t))
		return *(const uint32_t *)field;
	return *(const uint64_t *)field;
}

static const char *choice_of(const struct parser *p, const struct row *row)
{
	const struct choice *c = row->choices;

	while (c->name && c->value != number_of(p, row))
		c++;
	return c->name;
}

static struct json_object *list_of(const char *words)
{
	struct json_object *list = json_object_new_array();

	for (size_t len; *words; words += len + (words[len] == ',')) {
		len = strcspn(words, ",");
		if (answer_append(list, json_object_new_string_len(words, (int)len))) {
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

static void add_setting(void *arg, const char *key, const char *value, bool number)
{
	struct json_object *json;

	if (strchr(value, ','))
		json = list_of(value);
	else if (number)
		json = json_object_new_uint64(strtoull(value, NULL, 10));
	else
		json = json_object_new_string(value);
	add_key(arg, key, json);
}

static void add_outputs(struct document *d, const char *key, const struct options *o)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < o->n_outputs; i++) {
		const struct output_spec *spec = &o->outputs[i];
		struct document output = { .obj = json_object_new_object() };

		add_key(&output, "type", json_object_new_string(spec->kind->name));
		if (spec->target)
			add_key(&output, "target", json_object_new_string(spec->target));
		output_spec_visit(spec, add_setting, &output);
		if (answer_append(list, output.obj) || output.err)
			d->err = -ENOMEM;
	}
	add_key(d, key, list);
}

static void add_string(struct document *d, const char *key, const char *text)
{
	if (text)
		add_key(d, key, json_object_new_string(text));
}

/* One alone is no list. */
static void add_interfaces(struct document *d, const char *key, const struct options *o)
{
	struct json_object *list;

	if (o->n_interfaces < 2) {
		add_string(d, key, o->n_interfaces ? o->interfaces[0] : NULL);
		return;
	}
	list = json_object_new_array();
	for (unsigned int i = 0; i < o->n_interfaces; i++) {
		if (answer_append(list, json_object_new_string(o->interfaces[i])))
			d->err = -ENOMEM;
	}
	add_key(d, key, list);
}

/* Numbers that stand for "not given" can't be given; both steps are one number. */
static void add_row(struct document *d, const struct parser *p, const struct row *row)
{
	const void *field = (const char *)p + row->field;
	char key[OPTIONS_KEY_BYTES];

	options_key(row, key);
	switch (row->type) {
	case ROW_SWITCH:
		add_key(d, key, json_object_new_boolean(number_of(p, row) != 0));
		break;
	case ROW_STEP:
		if (p->o.verbose * row->value > 0)
			add_key(d, key, json_object_new_int(p->o.verbose * row->value));
		break;
	case ROW_NUMBER:
		if (number_of(p, row) >= row->number.min)
			add_key(d, key, json_object_new_uint64(number_of(p, row)));
		break;
	case ROW_CHOICE:
		add_string(d, key, choice_of(p, row));
		break;
	case ROW_STRING:
	case ROW_PORTS:
		add_string(d, key, *(const char *const *)field);
		break;
	case ROW_INTERFACE:
		add_interfaces(d, key, &p->o);
		break;
	case ROW_OUTPUT:
		add_outputs(d, key, &p->o);
		break;
	case ROW_ACTION:
	case ROW_WISH:
	case ROW_PATH:
	case ROW_TYPE_MAX:
		break;
	}
}

/* Takes d's object over. */
static char *text_of(struct document *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = d->err ? NULL : open_memstream(&text, &len);
	int err = f ? answer_print(d->obj, true, f) : -ENOMEM;

	json_object_put(d->obj);
	if (f && fclose(f))
		err = -ENOMEM;
	if (!err)
		return text;
	free(text);
	return NULL;
}

char *options_print_config(const struct options *o)
{
	struct document d = { .obj = json_object_new_object() };
	const struct parser p = { .o = *o };

	for (size_t i = 0; i < options_n_rows; i++) {
		const struct row *row = &options_rows[i];

		/* --all is --function-name by now */
		if (options_is_key(row) && options_applies(o, row) &&
		    row->field != offsetof(struct parser, all))
			add_row(&d, &p, row);
	}
	return text_of(&d);
}
