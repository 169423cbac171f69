/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses the programs of a BPF object that are loaded: those that count and sample as the named
 * function does.
 */
#ifndef LIB_OBJECT_PROGRAM_H
#define LIB_OBJECT_PROGRAM_H

#include <stdbool.h>

#include "lib/link.h"
#include "lib/object.h"
#include "base/reason.h"

struct bpf_object;
struct bpf_program;

/* Loads only the named program or its sibling for tunnels, and the one beside it for frames that
 * begin at IP, if this kernel would accept that (NULL otherwise); other programs are not loaded.
 * Returns 0; -ENOENT if there is no such program; or the error of a user's program, with the reason
 * set.
 */
int object_program_choose(struct bpf_object *obj, const struct object_spec *spec,
			  struct bpf_program *ret[LINK_MAX], struct reason *r);

/* Does the program accept frames in several buffers? */
bool object_program_has_frags(const struct bpf_program *prog);

#endif
