// SPDX-License-Identifier: BSD-2-Clause
#include "app/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/tree.h"

#define TYPE_KEY   "type"
#define TARGET_KEY "target"
#define INT_BYTES  20 /* of a number and a NUL: what is longer is beyond any limit */

/* A file under way. */
struct config {
	struct parser *p;
	char *text; /* owned */
	size_t len;
	const struct json_node *document; /* of p's tree */
};

/* A sentence about a place that is no option's. */
static int refuse_at(struct config *c, unsigned int line, const char *why)
{
	return options_refuse(c->p, "%s:%u: %s", c->p->file, line, why);
}

static int refuse_file(struct config *c, const char *why)
{
	return options_refuse(c->p, "cannot read the config file \"%.200s\": %s", c->p->file, why);
}

/* It could not be read, whatever is in it. */
static int fail_file(struct config *c, int err)
{
	(void)refuse_file(c, strerror(-err));
	return err;
}

/* A whole file, however it is given: 0 or -errno. */
static int read_all(int fd, char *text, size_t cap, size_t *ret_len)
{
	size_t len = 0;

	while (len < cap) {
		ssize_t n = read(fd, text + len, cap - len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	*ret_len = len;
	return 0;
}

static int read_fd(struct config *c, int fd)
{
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return fail_file(c, -errno);
	if (!S_ISREG(st.st_mode))
		return refuse_file(c, "it is no regular file");
	c->text = malloc(CONFIG_BYTES_MAX + 1);
	if (!c->text)
		return fail_file(c, -ENOMEM);
	err = read_all(fd, c->text, CONFIG_BYTES_MAX + 1, &c->len);
	if (err)
		return fail_file(c, err);
	if (c->len > CONFIG_BYTES_MAX)
		return refuse_file(c, "it is larger than 1 MiB");
	c->text[c->len] = '\0';
	return 0;
}

/* O_NONBLOCK: not to wait for the writer of a FIFO. */
static int read_text(struct config *c)
{
	int fd = open(c->p->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0)
		return fail_file(c, -errno);
	err = read_fd(c, fd);
	close(fd);
	return err;
}

/* The document: one object and nothing else. Its strings live as long as p's options do. */
static int parse_text(struct config *c)
{
	static const struct json_dialect dialect = { .depth_max = 8, .comments = true };
	struct json_fault fault;
	int err = json_tree_read(&c->p->o.config_tree, c->text, c->len, dialect, &c->document,
				 &fault);

	if (err == -ENOMEM)
		return fail_file(c, err);
	if (err == -ENODATA)
		return refuse_at(c, fault.line, "the file ends before its object does");
	if (err)
		return refuse_at(c, fault.line, fault.what);
	if (c->document->type != JSON_OBJECT)
		return refuse_at(c, c->document->line,
				 "top level must be an object: { \"key\": value, … }");
	return 0;
}

/* What was found, in words, for a message. */
static const char *type_in_words(const struct json_node *value)
{
	static const char *const words[] = {
		[JSON_NULL] = "null",	     [JSON_BOOL] = "true or false",
		[JSON_INTEGER] = "a number", [JSON_FRACTION] = "a number with a fraction",
		[JSON_STRING] = "a string",  [JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object",
	};

	return words[value->type];
}

static int refuse_type(struct config *c, const struct row *row, const struct json_node *value,
		       const char *want)
{
	return options_refuse_row(c->p, row, "expected %s, got %s", want, type_in_words(value));
}

/* A number's own text, to be read as if it were typed. 0 or -EINVAL. */
static int copy_int(struct config *c, const struct row *row, const struct json_node *value,
		    char ret[INT_BYTES])
{
	if (value->len >= INT_BYTES)
		return options_refuse_row(c->p, row, "is a number with too many digits");
	memcpy(ret, value->text, value->len);
	ret[value->len] = '\0';
	return 0;
}

static int read_int(struct config *c, const struct row *row, const struct json_node *value)
{
	char text[INT_BYTES];
	int err = copy_int(c, row, value, text);

	return err ? err : options_take(c->p, row, text);
}

/* What makes a string one that no option or setting can be, or NULL. */
static const char *problem_of(const struct json_node *string)
{
	if (strlen(string->text) != string->len)
		return "has a NUL byte in it";
	return string->halves ? "has half of a character in it (\\ud800 to \\udfff)" : NULL;
}

/* A string lives as long as the document. */
static int read_string(struct config *c, const struct row *row, const struct json_node *value)
{
	const char *problem = problem_of(value);

	if (problem)
		return options_refuse_row(c->p, row, "%s", problem);
	return options_take(c->p, row, value->text);
}

static int read_bool(struct config *c, const struct row *row, const struct json_node *value)
{
	return *value->text == 't' ? options_take(c->p, row, NULL) : 0;
}

static int read_steps(struct config *c, const struct row *row, const struct json_node *value)
{
	int err = 0;

	if (value->len != 1) /* "-0" among them */
		return options_refuse_row(c->p, row, "%.*s is not a number from 0 to 9",
					  value->len < INT_BYTES ? (int)value->len : INT_BYTES,
					  value->text);
	for (char step = '0'; !err && step < *value->text; step++)
		err = options_take(c->p, row, NULL);
	return err;
}

/* The names in a list, as one text with commas. */
static int join(struct config *c, const struct row *row, const struct json_node *list, char *ret,
		size_t cap)
{
	size_t used = 0;

	*ret = '\0';
	for (const struct json_node *item = list->first; item; item = item->next) {
		int len;

		if (item->type != JSON_STRING)
			return refuse_type(c, row, item, "a string in this list");
		len = snprintf(ret + used, cap - used, "%s%s", item != list->first ? "," : "",
			       item->text);
		if (len < 0 || (size_t)len >= cap - used)
			return options_refuse_row(c->p, row, "the list is too long");
		used += (size_t)len;
	}
	return 0;
}

static int read_setting(struct config *c, const struct row *row, struct output_spec *spec,
			const char *key, const struct json_node *value)
{
	char joined[512], number[INT_BYTES];
	struct reason why = { 0 };
	const char *text = value->text;
	int err = 0;

	switch (value->type) {
	case JSON_INTEGER:
		err = copy_int(c, row, value, number);
		text = number;
		break;
	case JSON_STRING:
		if (problem_of(value))
			return options_refuse_row(c->p, row, "\"%.64s\" %s", key,
						  problem_of(value));
		break;
	case JSON_ARRAY:
		err = join(c, row, value, joined, sizeof(joined));
		text = joined;
		break;
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_FRACTION:
	case JSON_OBJECT:
		return options_refuse_row(
			c->p, row, "\"%.64s\": expected a string, a number or a list, got %s", key,
			type_in_words(value));
	}
	if (err)
		return err;
	if (output_spec_set(spec, key, text, &why))
		return options_refuse_row(c->p, row, "%s", why.text);
	return 0;
}

/* The string of a key of an output that says what it is; NULL where there is none. 0 or -EINVAL. */
static int read_part(struct config *c, const struct row *row, const struct json_node *object,
		     const char *key, const char **ret)
{
	const struct json_node *value = object->first;

	*ret = NULL;
	while (value && strcmp(value->key, key) != 0)
		value = value->next;
	if (!value)
		return 0;
	if (value->type != JSON_STRING)
		return options_refuse_row(c->p, row, "\"%s\": expected a string, got %s", key,
					  type_in_words(value));
	if (problem_of(value))
		return options_refuse_row(c->p, row, "\"%s\" %s", key, problem_of(value));
	*ret = value->text;
	return 0;
}

static int read_settings(struct config *c, const struct row *row, const struct json_node *object,
			 struct output_spec *spec)
{
	unsigned int *line = &c->p->line[row - options_rows];
	int err = 0;

	for (const struct json_node *v = object->first; !err && v; v = v->next) {
		*line = v->line;
		if (strcmp(v->key, TYPE_KEY) != 0 && strcmp(v->key, TARGET_KEY) != 0)
			err = read_setting(c, row, spec, v->key, v);
	}
	return err;
}

/* { "type": "file", "target": "/var/log/x", "queue": "1M", … } */
static int read_output_object(struct config *c, const struct row *row,
			      const struct json_node *object)
{
	struct output_spec spec = { 0 };
	const char *type, *target;
	struct reason why = { 0 };
	int err = read_part(c, row, object, TYPE_KEY, &type);

	if (!err)
		err = read_part(c, row, object, TARGET_KEY, &target);
	if (err)
		return err;
	if (!type)
		return options_refuse_row(c->p, row, "an output without \"" TYPE_KEY "\"");
	err = output_spec_init(&spec, type, target, &why);
	if (err) {
		(void)options_refuse_row(c->p, row, "%s", why.text);
		return err;
	}
	err = read_settings(c, row, object, &spec);
	if (!err && output_spec_check(&spec, &why))
		err = options_refuse_row(c->p, row, "%s", why.text);
	if (err) {
		output_spec_free(&spec);
		return err;
	}
	return options_take_output(c->p, row, &spec);
}

static int read_output(struct config *c, const struct row *row, const struct json_node *value)
{
	if (value->type == JSON_OBJECT)
		return read_output_object(c, row, value);
	if (value->type == JSON_STRING)
		return read_string(c, row, value);
	return refuse_type(c, row, value, "an output: an object or a string");
}

static int read_number(struct config *c, const struct row *row, const struct json_node *value)
{
	static const char *const allowed[] = {
		[NUMBER_PLAIN] = "a number",
		[NUMBER_BYTES] = "a number, or a string such as \"16M\"",
		[NUMBER_SECONDS] = "a number, or a string such as \"10m\"",
	};

	if (value->type == JSON_INTEGER)
		return read_int(c, row, value);
	if (value->type == JSON_STRING && row->number.kind != NUMBER_PLAIN)
		return read_string(c, row, value);
	return refuse_type(c, row, value, allowed[row->number.kind]);
}

static int read_value(struct config *c, const struct row *row, const struct json_node *value)
{
	const bool is_int = value->type == JSON_INTEGER;
	const bool is_text = value->type == JSON_STRING;
	const bool is_bool = value->type == JSON_BOOL;

	switch (row->type) {
	case ROW_SWITCH:
		return is_bool ? read_bool(c, row, value) :
				 refuse_type(c, row, value, "true or false");
	case ROW_STEP:
		if (is_int)
			return read_steps(c, row, value);
		return is_bool ? read_bool(c, row, value) :
				 refuse_type(c, row, value, "true, false, or a number");
	case ROW_NUMBER:
		return read_number(c, row, value);
	case ROW_CHOICE:
	case ROW_STRING:
	case ROW_PORTS:
		return is_text ? read_string(c, row, value) :
				 refuse_type(c, row, value, "a string");
	case ROW_INTERFACE:
		return is_text ? read_string(c, row, value) :
				 refuse_type(c, row, value, "a string, or a list of strings");
	case ROW_OUTPUT:
		return read_output(c, row, value);
	case ROW_ACTION:
	case ROW_WISH:
	case ROW_PATH:
	case ROW_TYPE_MAX:
		break;
	}
	return -EINVAL; /* not a key */
}

/* What may be repeated on the command line is a list here, or one alone. */
static int read_list(struct config *c, const struct row *row, const struct json_node *list)
{
	int err = 0;

	if (!list->first)
		return options_refuse_row(c->p, row, "the list is empty");
	for (const struct json_node *v = list->first; !err && v; v = v->next)
		err = read_value(c, row, v);
	return err;
}

static const struct row *find_key(const char *key)
{
	char name[OPTIONS_KEY_BYTES];

	for (size_t i = 0; i < options_n_rows; i++) {
		options_key(&options_rows[i], name);
		if (options_is_key(&options_rows[i]) && !strcmp(name, key))
			return &options_rows[i];
	}
	return NULL;
}

static int refuse_key(struct config *c, const char *key, unsigned int line)
{
	char typed[OPTIONS_KEY_BYTES], name[OPTIONS_KEY_BYTES];
	const struct row *row;

	(void)snprintf(typed, sizeof(typed), "%s", key);
	for (char *pos = typed; *pos; pos++) {
		if (*pos == '_')
			*pos = '-';
	}
	(void)options_refuse(c->p, "%s:%u: %.64s: no such key", c->p->file, line, key);
	row = options_find(typed);
	if (row && !options_is_key(row))
		return options_refuse(c->p, ": it is for the command line only");
	row = options_nearest(typed, strlen(typed));
	if (!row || !options_is_key(row))
		return -EINVAL;
	options_key(row, name);
	return options_refuse(c->p, "; did you mean \"%s\"?", name);
}

static int read_key(struct config *c, const struct json_node *value)
{
	const struct row *row = find_key(value->key);
	size_t i;

	if (!row)
		return refuse_key(c, value->key, value->line);
	i = (size_t)(row - options_rows);
	c->p->line[i] = value->line;
	c->p->given |= 1ULL << i;
	if (value->type == JSON_ARRAY && (row->type == ROW_OUTPUT || row->type == ROW_INTERFACE))
		return read_list(c, row, value);
	return read_value(c, row, value);
}

static int read_document(struct config *c)
{
	int err = 0;

	for (const struct json_node *v = c->document->first; !err && v; v = v->next)
		err = read_key(c, v);
	return err;
}

int config_read(struct parser *p)
{
	struct config c = { .p = p };
	int err = read_text(&c);

	if (!err)
		err = parse_text(&c);
	if (!err)
		err = read_document(&c);
	free(c.text);
	return err;
}
