/* SPDX-License-Identifier: BSD-2-Clause */
/* Converts the ports of tunnels from the caller's options to the form that the parser compares. */
#ifndef LIB_TUNNEL_H
#define LIB_TUNNEL_H

#include "abi.h"
#include "xdptail.h"
#include "base/reason.h"

/* A kind of which no port is set has its defaults. Returns 0, or -EINVAL with the reason set: a
 * port belongs to two kinds.
 */
int tunnel_ports(struct tunnel_ports *ret, const struct xdptail_tunnel_ports *from,
		 struct reason *r);

#endif
