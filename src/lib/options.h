/* SPDX-License-Identifier: BSD-2-Clause */
/* The caller's options: defaults, versions, ranges, and a copy that outlives the call. */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <limits.h>

#include "abi.h"
#include "xdptail.h"
#include "base/reason.h"

struct handle_options {
	struct xdptail_options o; /* the strings in here are the caller's: use those below */
	char function_name[64];
	char ebpf_program[PATH_MAX]; /* "": ours */
	struct tunnel_ports tunnel_ports; /* those in o, or their defaults */
};

/* from: NULL for the defaults. 0, or -EINVAL with the reason set. */
int options_copy(struct handle_options *ret, const struct xdptail_options *from, struct reason *r);

/* The path of an object that is not ours, or NULL. Lent by the options. */
const char *options_own_object(const struct handle_options *o);

#endif
