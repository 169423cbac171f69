/* SPDX-License-Identifier: BSD-2-Clause */
/* What the frames of an interface begin with; there is a program for each. */
#ifndef LIB_LINK_H
#define LIB_LINK_H

#include "base/reason.h"

enum link {
	LINK_ETHERNET,
	LINK_IP, /* tunnels: no link header at all */
	LINK_MAX,
};

/* 0, or -errno with the reason set: -EOPNOTSUPP for a type that we do not know to read. *ret is set
 * on success only.
 */
int link_of(const char *interface, enum link *ret, struct reason *r);

#endif
