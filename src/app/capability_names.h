/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of capabilities in words. */
#ifndef APP_CAPABILITY_NAMES_H
#define APP_CAPABILITY_NAMES_H

#include <stdint.h>

#define CAPABILITY_NAMES_MAX 8

/* Root's forty names would say nothing in as many words and break the limit of a line: then it is
 * the mask, as /proc/PID/status shows it.
 */
struct capability_names {
	const char *list[CAPABILITY_NAMES_MAX + 1]; /* NULL ends it; may point to mask */
	char mask[20];
};

void capability_names(struct capability_names *ret,
		      uint64_t caps); /* a bit each: linux/capability.h */

#endif
