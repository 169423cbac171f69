/* SPDX-License-Identifier: BSD-2-Clause */
/* Explains why the kernel does not accept a BPF object, and what it would accept. */
#ifndef LIB_OBJECT_REFUSAL_H
#define LIB_OBJECT_REFUSAL_H

#include <stdint.h>

#include "lib/object.h"
#include "base/reason.h"
#include "lib/verifier_log.h"

/* Describes an object that was not loaded. */
struct object_failure {
	int err; /* -errno of the kernel; 0: it was not asked, and the reason is set */
	enum xdptail_transport transport; /* transport of the variant: RINGBUF or PERF */
	char map[32]; /* the map that could not be created; "": a program, or an unknown map */
	uint64_t map_bytes; /* approximate size of that map */
	uint64_t locked_bytes; /* approximate size of all maps: object_locked_bytes() */
	bool shared_counts;
	char program[64]; /* the program that the verifier rejected; "": none */
	char verdict[VERIFIER_LINE_BYTES]; /* the verifier's reason */
};

/* Each function sets the reason and returns -errno. */

/* Returns -EPERM. BPF was refused with -EPERM; locked_bytes: the approximate memory of all maps. */
int object_refusal_permission(struct reason *r, uint64_t locked_bytes);

/* Returns -ENOEXEC if the verifier rejected a program; -EPERM; -ENOMEM; or the kernel's error for
 * something that it lacks or rejects, with -EOPNOTSUPP in place of errors that would mean a wrong
 * option. Other options are tried for a sentence that says which of them would work.
 */
int object_refusal(struct reason *r, const struct object_failure *f,
		   const struct object_spec *spec);

#endif
