/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks that a user's BPF object is laid out as in bpf/abi.h, before it is loaded. */
#ifndef LIB_OBJECT_LAYOUT_H
#define LIB_OBJECT_LAYOUT_H

#include "xdptail.h"
#include "base/reason.h"

struct bpf_object;

/* Checks the name, type, sizes and flags of every map that is used, and the structs of bpf/abi.h if
 * the object's BTF has them. name begins the sentences. *ret_transport: the transport of its
 * samples. Returns 0, or -EINVAL with the reason set.
 */
int object_layout_check(const struct bpf_object *obj, const char *name,
			enum xdptail_transport *ret_transport, struct reason *r);

#endif
