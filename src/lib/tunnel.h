/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports of tunnels: from the caller's options to what the parser compares. */
#ifndef LIB_TUNNEL_H
#define LIB_TUNNEL_H

#include "abi.h"
#include "xdptail.h"
#include "base/reason.h"

/* Kinds of which none is set have their default. 0, or -EINVAL with the reason set: a port is of
 * two kinds.
 */
int tunnel_ports(struct tunnel_ports *ret, const struct xdptail_tunnel_ports *from,
		 struct reason *r);

#endif
