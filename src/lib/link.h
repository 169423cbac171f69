/* SPDX-License-Identifier: BSD-2-Clause */
/* What the frames of an interface begin with. There is a program for each kind. */
#ifndef LIB_LINK_H
#define LIB_LINK_H

#include "base/reason.h"

enum link {
	LINK_ETHERNET,
	LINK_IP, /* tunnels without a link header */
	LINK_MAX,
};

/* Returns 0, or -errno with the reason set: -EOPNOTSUPP for a type that is not supported. *ret is
 * set on success only.
 */
int link_of(const char *interface, enum link *ret, struct reason *r);

#endif
