/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program that an interface has. */
#ifndef LIB_ATTACHED_OWNER_H
#define LIB_ATTACHED_OWNER_H

#include <stdint.h>

#include "xdptail.h"

struct attached_owner {
	uint32_t id; /* 0: there is none */
	char name[16]; /* what the kernel keeps of it; "": it has none, or may not be asked for */
	enum xdptail_mode mode; /* AUTO: offloaded, or several at once */
	/* What ip-link calls the place: "xdp" alone takes it for native. Static. */
	const char *hook;
};

/* 0 or -errno; *ret is set on success only. Asks for no rights but to know the name. */
int attached_owner_of(uint32_t ifindex, struct attached_owner *ret);

#endif
