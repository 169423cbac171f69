/* SPDX-License-Identifier: BSD-2-Clause */
/* The JSON of a config file, as a tree. It is read by us, in two allocations: json-c's reader is
 * killed by a lack of memory, and a running program reads its file again on SIGHUP.
 */
#ifndef APP_CONFIG_JSON_H
#define APP_CONFIG_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum config_json_type {
	CONFIG_NULL,
	CONFIG_BOOL,
	CONFIG_INT,
	CONFIG_FRACTION, /* or an exponent */
	CONFIG_STRING,
	CONFIG_ARRAY,
	CONFIG_OBJECT,
};

struct config_json_value {
	enum config_json_type type;
	const char *key; /* NULL: not in an object */
	/* of a string, with a NUL behind it; of a number and a bool, as it is written */
	const char *text;
	size_t len; /* of text */
	const struct config_json_value *first; /* in an array or object; NULL: none */
	const struct config_json_value *next; /* in the same one */
};

struct config_json {
	char *text; /* owned */
	struct config_json_value *values; /* owned; the first is the document */
	size_t n;
};

/* Where a document is wrong, and how. */
struct config_json_fault {
	unsigned int line;
	const char *what; /* NULL: it ends too early */
};

/* A text of len bytes and a NUL, none before, without comments, and nested no deeper than
 * config_scan() lets it be. It is changed, and on success *ret owns it: config_json_free(). 0;
 * -ENOMEM; -EINVAL, and *ret_fault.
 */
int config_json_parse(struct config_json *ret, char *text, size_t len,
		      struct config_json_fault *ret_fault);
void config_json_free(struct config_json *json); /* one that is all zero is fine */

#endif
