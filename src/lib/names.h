/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of interfaces. Each text is stored once, is never freed, and has a number. Past names of an
 * index are kept for packets that were counted before the interface was removed.
 */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_UNKNOWN 0 /* the number of "?" */

struct names {
	char **texts; /* owned, with its elements; text number n is texts[n - 1] */
	size_t n_texts;
	struct name_past {
		uint32_t ifindex;
		uint32_t name;
		unsigned int intervals; /* number of intervals that have ended since */
	} * past; /* owned */
	size_t n_past;
};

void names_free(struct names *n); /* a zeroed struct names is empty and valid */

/* Sets *ret to the number of a name. Returns 0 or -ENOMEM. */
int names_add(struct names *n, const char *text, uint32_t *ret);

const char *names_text(const struct names *n, uint32_t name); /* valid until names_free() */

/* Records the name of an index that is not used any more. Without memory its name is "?" from now
 * on.
 */
void names_retire(struct names *n, uint32_t ifindex, uint32_t name);

/* Returns the last name of an index that is not used any more, or NAMES_UNKNOWN. */
uint32_t names_last(const struct names *n, uint32_t ifindex);

/* An interval has ended: drops past names that no sample can need any more. */
void names_next(struct names *n);

#endif
