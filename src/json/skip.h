/* SPDX-License-Identifier: BSD-2-Clause */
/* Skips a value that the caller does not need, with the strict checks of json/tree.h but without
 * building a tree.
 */
#ifndef JSON_SKIP_H
#define JSON_SKIP_H

#include <stdbool.h>

/* Skips one value, which begins at *pos, and moves *pos behind it. Returns false and leaves *pos
 * unchanged if the value is not valid JSON, or if duplicate keys cannot be ruled out (keys with
 * escapes, or very many keys). depth_max limits nested objects and arrays, and is at most
 * JSON_SKIP_DEPTH_MAX.
 */
#define JSON_SKIP_DEPTH_MAX 16
bool json_skip(const char **pos, const char *end, unsigned int depth_max);

#endif
