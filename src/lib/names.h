/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of interfaces: each text is kept once, for good, and has a number; and which index had
 * which name, for packets that were counted before it left.
 */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_UNKNOWN 0 /* the number of "?" */

struct names {
	char **texts; /* owned, each too; the number is the place, from 1 */
	size_t n_texts;
	struct name_past {
		uint32_t ifindex;
		uint32_t name;
		unsigned int intervals; /* that have ended since */
	} * past; /* owned */
	size_t n_past;
};

void names_free(struct names *n); /* a zeroed one is fine, and is an empty one */

/* The number of a name, into *ret. 0 or -ENOMEM. */
int names_add(struct names *n, const char *text, uint32_t *ret);

const char *names_text(const struct names *n, uint32_t name); /* until names_free() */

/* This index had that name, and is in use no more. Without memory it is "?" from now on. */
void names_retire(struct names *n, uint32_t ifindex, uint32_t name);

/* The last name of an index that is in use no more, or NAMES_UNKNOWN. */
uint32_t names_last(const struct names *n, uint32_t ifindex);

/* An interval has ended: names that nothing can ask for any more are forgotten. */
void names_next(struct names *n);

#endif
