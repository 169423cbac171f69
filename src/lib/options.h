/* SPDX-License-Identifier: BSD-2-Clause */
/* A copy of the caller's options that outlives the call, with defaults, versions and ranges
 * checked.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <limits.h>

#include "abi.h"
#include "xdptail.h"
#include "base/reason.h"

struct handle_options {
	struct xdptail_options o; /* its strings are the caller's; use the copies below */
	char function_name[64];
	char ebpf_program[PATH_MAX]; /* "": ours */
	struct tunnel_ports tunnel_ports; /* the ports of o, or their defaults */
};

/* from: NULL for the defaults. Returns 0, or -EINVAL with the reason set. */
int options_copy(struct handle_options *ret, const struct xdptail_options *from, struct reason *r);

/* Returns the path of a user's object, or NULL. Borrowed from the options. */
const char *options_own_object(const struct handle_options *o);

#endif
