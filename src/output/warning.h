/* SPDX-License-Identifier: BSD-2-Clause */
/* What an output cannot do, though it goes on: sentences for the user. Each is there once,
 * whichever thread meets it, and then stays; the first few, for what goes wrong in many ways has
 * been said by then.
 */
#ifndef OUTPUT_WARNING_H
#define OUTPUT_WARNING_H

#include <stdatomic.h>
#include <stdbool.h>

#define WARNING_BYTES 512
#define WARNING_MAX   4

struct warning { /* all zero: there is none */
	struct warning_slot {
		atomic_bool claimed;
		_Atomic(const char *) published;
		char text[WARNING_BYTES];
	} slots[WARNING_MAX];
};

/* By any thread. */
__attribute__((format(printf, 2, 3))) void warning_set(struct warning *w, const char *fmt, ...);

/* The sentence number n, from 0, which lives as long as t, or NULL; by any thread. */
const char *warning_get(const struct warning *w, unsigned int n);

#endif
