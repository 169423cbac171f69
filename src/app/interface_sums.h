/* SPDX-License-Identifier: BSD-2-Clause */
/* What was counted in a run, by interface; and how each is attached now. */
#ifndef APP_INTERFACE_SUMS_H
#define APP_INTERFACE_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

#define INTERFACE_SUMS_MAX    256 /* names, of a run that may last for years */
#define INTERFACE_SUMS_OTHERS "(others)" /* no interface has this name: all beyond these */

struct interface_sum {
	const char *name; /* borrowed, until xdptail_close() */
	uint64_t packets; /* that were counted to a source */
	uint64_t bytes;
	uint32_t ifindex; /* the last that had the name; 0: not known */
	enum xdptail_mode mode; /* AUTO: not attached */
};

struct interface_sums { /* all zero: none */
	struct interface_sum list[INTERFACE_SUMS_MAX];
	size_t n;
	size_t last; /* asked for */
};

void interface_sums_add(struct interface_sums *s, const struct xdptail_source *source);

/* Something has happened to an interface. */
void interface_sums_event(struct interface_sums *s, const struct xdptail_interface *event);

#endif
