/* SPDX-License-Identifier: BSD-2-Clause */
/* The caller's options: defaults, versions, ranges, and a copy that outlives the call. */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include "xdptail.h"
#include "lib/reason.h"

struct options {
	struct xdptail_options o; /* function_name in here is the caller's: use the one below */
	char function_name[64];
};

/* from: NULL for the defaults. 0, or -EINVAL with the reason set. */
int options_copy(struct options *ret, const struct xdptail_options *from, struct reason *r);

#endif
