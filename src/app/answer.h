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

/* As json_object_array_add(), but list and value may be NULL: there was no memory for them. Takes
 * value over. 0 or -ENOMEM.
 */
int answer_append(struct json_object *list, struct json_object *value);

/* Likewise, as json_object_object_add(). */
int answer_add(struct json_object *obj, const char *key, struct json_object *value);

#endif
