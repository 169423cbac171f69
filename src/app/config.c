// SPDX-License-Identifier: BSD-2-Clause
#include "app/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/audit_json.h"
#include "app/config_scan.h"

#define TYPE_KEY   "type"
#define TARGET_KEY "target"
#define BLANKS	   " \t\r\n"

/* A file under way. */
struct config {
	struct parser *p;
	char *text; /* owned */
	size_t len;
	struct config_scan scan;
	size_t next; /* key, in the order of the text */
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
		return refuse_file(c, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse_file(c, "it is no regular file");
	c->text = calloc(1, CONFIG_BYTES_MAX + 2); /* with a NUL behind all that is read */
	if (!c->text)
		return refuse_file(c, strerror(ENOMEM));
	err = read_all(fd, c->text, CONFIG_BYTES_MAX + 1, &c->len);
	if (err)
		return refuse_file(c, strerror(-err));
	if (c->len > CONFIG_BYTES_MAX)
		return refuse_file(c, "it is larger than 1 MiB");
	return 0;
}

/* O_NONBLOCK: not to wait for the writer of a FIFO. */
static int read_text(struct config *c)
{
	int fd = open(c->p->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0)
		return refuse_file(c, strerror(errno));
	err = read_fd(c, fd);
	close(fd);
	return err;
}

static unsigned int line_at(const struct config *c, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset && i < c->len; i++)
		line += c->text[i] == '\n';
	return line;
}

/* Not refused so far: one object, and nothing else. */
static int check_text(struct config *c)
{
	const size_t start = strspn(c->text, BLANKS);
	size_t end;
	int err = audit_json_check(c->text, c->len, &end);

	if (err == -ENODATA)
		return refuse_at(c, c->scan.line, "the file ends before its object does");
	if (err && !audit_json_is_utf8(c->text, c->len))
		return refuse_at(c, line_at(c, end), "a character is not UTF-8");
	if (err)
		return refuse_at(
			c, line_at(c, end),
			"unexpected character; is there a comma too many, or one too few?");
	if (c->text[start] != '{')
		return refuse_at(c, line_at(c, start),
				 "what is in it is not an object: { \"key\": value, … }");
	if (end < c->len)
		return refuse_at(c, line_at(c, end), "there is something behind the object");
	return 0;
}

/* As config_scan() counts them: json-c leaves out what it has no memory for, and says nothing. */
static size_t count_values(struct json_object *value)
{
	size_t sum = 1;

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			sum += count_values(member);
		}
	}
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			sum += count_values(json_object_array_get_idx(value, i));
	}
	return sum;
}

/* json-c before 0.17 cuts a string short when it has no memory for the rest, and says nothing. The buffer in
 * which it gathers one stays as large as it was for the longest: so that is asked for first.
 */
static int reserve(struct json_tokener *tokener, size_t len)
{
	char *text = malloc(len + 2);
	struct json_object *string;
	bool whole;

	if (!text)
		return -ENOMEM;
	memset(text, 'x', len + 2);
	text[0] = text[len + 1] = '"';
	string = json_tokener_parse_ex(tokener, text, (int)len + 2);
	whole = json_object_is_type(string, json_type_string) &&
		(size_t)json_object_get_string_len(string) == len;
	json_object_put(string);
	free(text);
	json_tokener_reset(tokener);
	return whole ? 0 : -ENOMEM;
}

/* json-c is not told to be strict: what that means differs from one version to the next. */
static int parse_text(struct config *c)
{
	struct json_tokener *tokener;
	struct json_object *root = NULL;
	int err = check_text(c);

	if (err)
		return err;
	tokener = json_tokener_new_ex(CONFIG_SCAN_DEPTH + 1);
	if (!tokener || reserve(tokener, c->len)) {
		err = refuse_file(c, strerror(ENOMEM));
		goto end;
	}
	errno = 0;
	root = json_tokener_parse_ex(tokener, c->text, (int)c->len);
	if (!root || errno == ENOMEM || count_values(root) != c->scan.values)
		err = refuse_file(c, strerror(ENOMEM));
end:
	if (tokener)
		json_tokener_free(tokener);
	c->p->o.config_root = root; /* options_free() puts it */
	return err;
}

/* What was found, in words, for a message. */
static const char *type_in_words(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "true or false";
	case json_type_double:
		return "a number with a fraction";
	case json_type_int:
		return "a number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		break;
	}
	return "a string";
}

static int refuse_type(struct config *c, const struct row *row, struct json_object *value,
		       const char *want)
{
	return options_refuse_row(c->p, row, "is %s, and has to be %s", type_in_words(value), want);
}

/* Digits of a number, as they would be typed. Of what does not fit 64 bits json-c gives the nearest that
 * does.
 */
static int take_int(struct config *c, const struct row *row, struct json_object *value)
{
	char text[24];

	if (json_object_get_uint64(value) == UINT64_MAX ||
	    json_object_get_int64(value) == INT64_MIN)
		return options_refuse_row(c->p, row, "is a number with too many digits");
	if (json_object_get_int64(value) < 0)
		(void)snprintf(text, sizeof(text), "%" PRId64, json_object_get_int64(value));
	else
		(void)snprintf(text, sizeof(text), "%" PRIu64, json_object_get_uint64(value));
	return options_take(c->p, row, text);
}

static bool holds_nul(struct json_object *string)
{
	return strlen(json_object_get_string(string)) != (size_t)json_object_get_string_len(string);
}

/* A string lives as long as the document. */
static int take_text(struct config *c, const struct row *row, struct json_object *value)
{
	if (holds_nul(value))
		return options_refuse_row(c->p, row, "has a NUL byte in it");
	return options_take(c->p, row, json_object_get_string(value));
}

static int take_bool(struct config *c, const struct row *row, struct json_object *value)
{
	return json_object_get_boolean(value) ? options_take(c->p, row, NULL) : 0;
}

static int take_steps(struct config *c, const struct row *row, struct json_object *value)
{
	int64_t steps = json_object_get_int64(value);
	int err = 0;

	if (steps < 0 || steps > 9)
		return options_refuse_row(c->p, row, "%" PRId64 " is not a number from 0 to 9",
					  steps);
	while (!err && steps--)
		err = options_take(c->p, row, NULL);
	return err;
}

/* The names in a list, as one text with commas. */
static int join(struct config *c, const struct row *row, struct json_object *list, char *ret,
		size_t cap)
{
	size_t used = 0;

	*ret = '\0';
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		int len;

		if (!json_object_is_type(item, json_type_string))
			return refuse_type(c, row, item, "a string in this list");
		len = snprintf(ret + used, cap - used, "%s%s", i ? "," : "",
			       json_object_get_string(item));
		if (len < 0 || (size_t)len >= cap - used)
			return options_refuse_row(c->p, row, "the list is too long");
		used += (size_t)len;
	}
	return 0;
}

static int take_setting(struct config *c, const struct row *row, struct sink_spec *spec,
			const char *key, struct json_object *value)
{
	char joined[512], number[32], why[512] = "";
	const char *text = NULL;

	switch (json_object_get_type(value)) {
	case json_type_int: /* as it stands in the file */
		(void)snprintf(number, sizeof(number), "%" PRId64, json_object_get_int64(value));
		if (json_object_get_int64(value) >= 0)
			(void)snprintf(number, sizeof(number), "%" PRIu64,
				       json_object_get_uint64(value));
		text = number;
		break;
	case json_type_string:
		text = json_object_get_string(value);
		break;
	case json_type_array:
		if (join(c, row, value, joined, sizeof(joined)))
			return -EINVAL;
		text = joined;
		break;
	case json_type_null:
	case json_type_boolean:
	case json_type_double:
	case json_type_object:
		return options_refuse_row(
			c->p, row, "\"%.64s\" is %s, and has to be a string, a number or a list",
			key, type_in_words(value));
	}
	if (sink_spec_set(spec, key, text, why, sizeof(why)))
		return options_refuse_row(c->p, row, "%s", why);
	return 0;
}

/* The string of a key of an output that says what it is; NULL where there is none. 0 or -EINVAL. */
static int take_part(struct config *c, const struct row *row, struct json_object *object,
		     const char *key, const char **ret)
{
	struct json_object *value;

	*ret = NULL;
	if (!json_object_object_get_ex(object, key, &value))
		return 0;
	if (!json_object_is_type(value, json_type_string))
		return options_refuse_row(c->p, row, "\"%s\" is %s, and has to be a string", key,
					  type_in_words(value));
	if (holds_nul(value))
		return options_refuse_row(c->p, row, "\"%s\" has a NUL byte in it", key);
	*ret = json_object_get_string(value);
	return 0;
}

static int take_settings(struct config *c, const struct row *row, struct json_object *object,
			 struct sink_spec *spec)
{
	unsigned int *line = &c->p->line[row - options_rows];
	int err = 0;

	json_object_object_foreach(object, key, value)
	{
		*line = c->scan.lines[c->next++];
		if (!err && strcmp(key, TYPE_KEY) != 0 && strcmp(key, TARGET_KEY) != 0)
			err = take_setting(c, row, spec, key, value);
		if (err)
			break;
	}
	return err;
}

/* { "type": "file", "target": "/var/log/x", "queue": "1M", … } */
static int take_output_object(struct config *c, const struct row *row, struct json_object *object)
{
	struct sink_spec spec = { 0 };
	const char *type, *target;
	char why[512] = "";
	int err = take_part(c, row, object, TYPE_KEY, &type);

	if (!err)
		err = take_part(c, row, object, TARGET_KEY, &target);
	if (err)
		return err;
	if (!type)
		return options_refuse_row(c->p, row, "an output without \"" TYPE_KEY "\"");
	if (sink_spec_init(&spec, type, target, why, sizeof(why)))
		return options_refuse_row(c->p, row, "%s", why);
	err = take_settings(c, row, object, &spec);
	if (!err && sink_spec_check(&spec, why, sizeof(why)))
		err = options_refuse_row(c->p, row, "%s", why);
	if (err) {
		sink_spec_free(&spec);
		return err;
	}
	return options_take_output(c->p, row, &spec);
}

static int take_output(struct config *c, const struct row *row, struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return take_output_object(c, row, value);
	if (json_object_is_type(value, json_type_string))
		return take_text(c, row, value);
	return refuse_type(c, row, value, "an output: an object or a string");
}

static int take_one(struct config *c, const struct row *row, struct json_object *value)
{
	const bool is_int = json_object_is_type(value, json_type_int);
	const bool is_text = json_object_is_type(value, json_type_string);
	const bool is_bool = json_object_is_type(value, json_type_boolean);

	switch (row->type) {
	case ROW_SWITCH:
		return is_bool ? take_bool(c, row, value) :
				 refuse_type(c, row, value, "true or false");
	case ROW_STEP:
		if (is_int)
			return take_steps(c, row, value);
		return is_bool ? take_bool(c, row, value) :
				 refuse_type(c, row, value, "true, false, or a number");
	case ROW_NUMBER:
		return is_int ? take_int(c, row, value) : refuse_type(c, row, value, "a number");
	case ROW_SIZE:
		if (is_int)
			return take_int(c, row, value);
		return is_text ?
			       take_text(c, row, value) :
			       refuse_type(c, row, value, "a number, or a string such as \"16M\"");
	case ROW_CHOICE:
	case ROW_STRING:
	case ROW_PORTS:
		return is_text ? take_text(c, row, value) : refuse_type(c, row, value, "a string");
	case ROW_INTERFACE:
		return is_text ? take_text(c, row, value) :
				 refuse_type(c, row, value, "a string, or a list of strings");
	case ROW_OUTPUT:
		return take_output(c, row, value);
	case ROW_ACTION:
	case ROW_WISH:
	case ROW_PATH:
	case ROW_TYPE_MAX:
		break;
	}
	return -EINVAL; /* not a key */
}

/* What may be repeated on the command line is a list here, or one alone. */
static int take_list(struct config *c, const struct row *row, struct json_object *list)
{
	int err = 0;

	if (!json_object_array_length(list))
		return options_refuse_row(c->p, row, "the list is empty");
	for (size_t i = 0; !err && i < json_object_array_length(list); i++)
		err = take_one(c, row, json_object_array_get_idx(list, i));
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

static int take_key(struct config *c, const char *key, struct json_object *value)
{
	const unsigned int line = c->scan.lines[c->next++];
	const struct row *row = find_key(key);
	size_t i;

	if (!row)
		return refuse_key(c, key, line);
	i = (size_t)(row - options_rows);
	c->p->line[i] = line;
	c->p->given |= 1ULL << i;
	if (json_object_is_type(value, json_type_array) &&
	    (row->type == ROW_OUTPUT || row->type == ROW_INTERFACE))
		return take_list(c, row, value);
	return take_one(c, row, value);
}

static int take_document(struct config *c)
{
	int err = 0;

	json_object_object_foreach(c->p->o.config_root, key, value)
	{
		err = take_key(c, key, value);
		if (err)
			break;
	}
	return err;
}

int config_read(struct parser *p)
{
	struct config c = { .p = p };
	char why[256] = "";
	int err = read_text(&c);

	if (!err && config_scan(c.text, c.len, &c.scan, why, sizeof(why)))
		err = refuse_at(&c, c.scan.line, why);
	if (!err)
		err = parse_text(&c);
	if (!err)
		err = take_document(&c);
	free(c.text);
	return err;
}
