/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps over a value that nobody wants, checked as strictly as json/tree.h does and without
 * building anything.
 */
#ifndef JSON_SKIP_H
#define JSON_SKIP_H

#include <stdbool.h>

/* One value, which begins at *pos: *pos comes behind it. False, and *pos stays: it is no JSON, or
 * not so plain that no key can stand twice in an object (keys with escapes, or very many of them).
 * depth_max: of its objects and arrays inside each other, at most JSON_SKIP_DEPTH_MAX.
 */
#define JSON_SKIP_DEPTH_MAX 16
bool json_skip(const char **pos, const char *end, unsigned int depth_max);

#endif
