/* SPDX-License-Identifier: BSD-2-Clause */
/* What an output cannot do, though it goes on: sentences for the user. Each is there once,
 * whichever thread meets it, and then stays; the first few, for what goes wrong in many ways has
 * been said by then.
 */
#ifndef SINK_TROUBLE_H
#define SINK_TROUBLE_H

#include <stdatomic.h>
#include <stdbool.h>

#define TROUBLE_BYTES 512
#define TROUBLE_MAX   4

struct trouble { /* all zero: there is none */
	struct trouble_slot {
		atomic_bool taken;
		_Atomic(const char *) said;
		char text[TROUBLE_BYTES];
	} slots[TROUBLE_MAX];
};

/* By any thread. */
__attribute__((format(printf, 2, 3))) void trouble_say(struct trouble *t, const char *fmt, ...);

/* The sentence number n, from 0, which lives as long as t, or NULL; by any thread. */
const char *trouble_said(const struct trouble *t, unsigned int n);

#endif
