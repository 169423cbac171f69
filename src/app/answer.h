/* SPDX-License-Identifier: BSD-2-Clause */
/* A JSON answer, built of json-c's objects and written here: json-c leaves out, without a word,
 * what it finds no memory for while it writes.
 */
#ifndef APP_ANSWER_H
#define APP_ANSWER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* value, with no end of line; pretty: a key a line. Of strings, whole numbers, truth values, lists
 * and objects. 0 or -errno.
 */
int answer_print(struct json_object *value, bool pretty, FILE *out);

/* Append value to list. Both may be NULL, if there was no memory for them. Takes value over. 0 or
 * -ENOMEM.
 */
int answer_append(struct json_object *list, struct json_object *value);

/* Add value to obj under this key. Both may be NULL, if there was no memory for them. Takes value
 * over. 0 or -ENOMEM.
 */
int answer_add(struct json_object *obj, const char *key, struct json_object *value);

#endif
