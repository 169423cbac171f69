/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the kernel does not take a BPF object, in words: what it refused, and what it would take. */
#ifndef LIB_OBJECT_REFUSAL_H
#define LIB_OBJECT_REFUSAL_H

#include <stdint.h>

#include "lib/object.h"
#include "base/reason.h"
#include "lib/verifier_log.h"

/* What is known of an object that was not loaded. */
struct object_failure {
	int err; /* what the kernel said; 0: it was not asked, and the reason is set */
	enum xdptail_transport transport; /* of the variant: RINGBUF or PERF */
	char map[32]; /* the map that could not be made; "": another one, or a program */
	uint64_t map_bytes; /* of that map, about */
	uint64_t locked_bytes; /* of all maps, about: object_locked_bytes() */
	bool shared_counts;
	char program[64]; /* the program that the verifier refused; "": none */
	char verdict[VERIFIER_LINE_BYTES]; /* why */
};

/* Each sets the reason and returns -errno. */

/* BPF is refused with -EPERM: -EPERM. locked_bytes: what is to be loaded takes, about. */
int object_refusal_permission(struct reason *r, uint64_t locked_bytes);

/* -ENOEXEC: the verifier refused a program. -EPERM, -ENOMEM. Or what the kernel said of something
 * that it lacks, or does not take: -EOPNOTSUPP in place of what means that an option is wrong.
 * Other options are tried for a sentence that says which of them would work.
 */
int object_refusal(struct reason *r, const struct object_failure *f,
		   const struct object_spec *spec);

#endif
