/* SPDX-License-Identifier: BSD-2-Clause */
/* What an output cannot do, though it goes on: a sentence for the user. It is about the first such
 * thing, whichever thread meets it, and then stays.
 */
#ifndef SINK_TROUBLE_H
#define SINK_TROUBLE_H

#include <stdatomic.h>
#include <stdbool.h>

#define TROUBLE_BYTES 512

struct trouble { /* all zero: there is none */
	atomic_bool taken;
	_Atomic(const char *) said;
	char text[TROUBLE_BYTES];
};

/* By any thread. */
__attribute__((format(printf, 2, 3))) void trouble_say(struct trouble *t, const char *fmt, ...);

/* NULL, or the sentence, which lives as long as t; by any thread. */
const char *trouble_said(const struct trouble *t);

#endif
