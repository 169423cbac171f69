/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a BPF object of the user's laid out as bpf/abi.h has it? Asked before it is loaded. */
#ifndef LIB_OBJECT_LAYOUT_H
#define LIB_OBJECT_LAYOUT_H

#include "xdptail.h"
#include "base/reason.h"

struct bpf_object;

/* Every map that we use by name, type, sizes and flags; the structs of bpf/abi.h, where the
 * object's BTF has them. name begins the sentences. *ret_transport: the one that its samples take.
 * 0, or -EINVAL with the reason set.
 */
int object_layout_check(const struct bpf_object *obj, const char *name,
			enum xdptail_transport *ret_transport, struct reason *r);

#endif
