// SPDX-License-Identifier: BSD-2-Clause
#include "json/skip.h"

#include <string.h>

#include "json/reader.h"

#define KEYS_MAX 32 /* keys of all objects in the value */

struct key {
	const char *text;
	size_t len;
	unsigned int object;
};

/* Returns false if the key stands twice in its object, or may do so because it has escapes, or if
 * there are too many keys.
 */
static bool add_key(struct key *keys, size_t *n, const struct json_reader *r, unsigned int object)
{
	if (*n == KEYS_MAX || r->escaped)
		return false;
	for (size_t i = 0; i < *n; i++) {
		if (keys[i].object == object && keys[i].len == r->len &&
		    memcmp(keys[i].text, r->text, r->len) == 0)
			return false;
	}
	keys[(*n)++] = (struct key){ r->text, r->len, object };
	return true;
}

bool json_skip(const char **pos, const char *end, unsigned int depth_max)
{
	struct key keys[KEYS_MAX];
	unsigned int inside[JSON_SKIP_DEPTH_MAX + 1]; /* numbers of the objects around the reader */
	unsigned int objects = 0;
	struct json_reader r;
	size_t n_keys = 0;

	json_reader_init(&r, *pos, (size_t)(end - *pos),
			 (struct json_dialect){ .depth_max = depth_max });
	do {
		switch (json_reader_next(&r)) {
		case JSON_TOKEN_OBJECT:
			inside[r.depth] = objects++;
			break;
		case JSON_TOKEN_KEY:
			if (!add_key(keys, &n_keys, &r, inside[r.depth]))
				return false;
			break;
		case JSON_TOKEN_END:
		case JSON_TOKEN_CUT:
		case JSON_TOKEN_WRONG:
			return false;
		default:
			break;
		}
	} while (r.depth);
	*pos = r.pos;
	return true;
}
