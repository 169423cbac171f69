/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program that is attached to an interface. */
#ifndef LIB_ATTACHED_OWNER_H
#define LIB_ATTACHED_OWNER_H

#include <stdint.h>

#include "xdptail.h"

struct attached_owner {
	uint32_t id; /* 0: there is none */
	char name[16]; /* as the kernel has it, cut; "": it has none, or may not be read */
	enum xdptail_mode mode; /* AUTO: offloaded, or in several modes at once */
	/* The name of the mode for ip-link(8), which takes plain "xdp" for native. A static string.
	 */
	const char *hook;
};

/* Returns 0 or -errno; *ret is set on success only. Needs no privileges except to read the name. */
int attached_owner_of(uint32_t ifindex, struct attached_owner *ret);

#endif
