/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages for the user on what an output cannot do, though it goes on. Each is stored once,
 * whichever thread sets it, and never changes. Only the first few are stored; they suffice to find
 * the cause.
 */
#ifndef OUTPUT_WARNING_H
#define OUTPUT_WARNING_H

#include <stdatomic.h>
#include <stdbool.h>

#define WARNING_BYTES 512
#define WARNING_MAX   4

struct warning { /* initialized to zero: no warnings */
	struct warning_slot {
		atomic_bool claimed;
		_Atomic(const char *) published;
		char text[WARNING_BYTES];
	} slots[WARNING_MAX];
};

/* Set a warning, unless it is set already. Any thread may call it. */
__attribute__((format(printf, 2, 3))) void warning_set(struct warning *w, const char *fmt, ...);

/* Warning number n, from 0, or NULL. It is valid as long as w. Any thread may call it. */
const char *warning_get(const struct warning *w, unsigned int n);

#endif
