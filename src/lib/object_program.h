/* SPDX-License-Identifier: BSD-2-Clause */
/* Which programs of a BPF object are loaded: those that count and sample as the function that was
 * named.
 */
#ifndef LIB_OBJECT_PROGRAM_H
#define LIB_OBJECT_PROGRAM_H

#include <stdbool.h>

#include "lib/link.h"
#include "lib/object.h"
#include "base/reason.h"

struct bpf_object;
struct bpf_program;

/* Load only the program that was named or its sibling, and for frames that begin at IP the one
 * beside it, if there is one that this kernel would take (NULL otherwise); the others cost nothing
 * then. 0, -ENOENT where there is no such program, or what a program of the user's is refused for,
 * with the reason set.
 */
int object_program_choose(struct bpf_object *obj, const struct object_spec *spec,
			  struct bpf_program *ret[LINK_MAX], struct reason *r);

/* It takes frames in several buffers. */
bool object_program_has_frags(const struct bpf_program *prog);

#endif
