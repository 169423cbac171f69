/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON from anywhere, checked to the letter of RFC 8259. json-c 0.16 takes more than that even when
 * told to be strict ('x', NaN, raw control characters, ill-formed UTF-8, a key twice), and 0.18
 * less (no character beyond ASCII, no number beyond 64 bits), so the text is checked here, and then
 * read by a json-c that is not told so.
 */
#ifndef APP_AUDIT_JSON_H
#define APP_AUDIT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/* One object, and nothing else but white space. *ret is owned by the caller: json_object_put().
 * 0; -ENODATA: the text ends too early, and is well-formed so far; -EBADMSG: it is no JSON;
 * -EEXIST: a key is there twice; -EINVAL: it is not an object; -ENOMEM.
 */
int audit_json_parse(struct json_tokener *tok, const char *text, size_t len,
		     struct json_object **ret);

/* One value, which begins at *pos: *pos comes behind it. Checked in the same way, but without
 * building anything. False, and *pos is spoilt: it is no JSON, or not so plain that no key can be
 * there twice (keys with escapes, or very many of them).
 */
bool audit_json_skip(const char **pos, const char *end);

/* Is it well-formed UTF-8? */
bool audit_json_is_utf8(const char *text, size_t len);

#endif
