/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel reports about an interface over netlink. No privileges are needed. */
#ifndef LIB_NETDEV_H
#define LIB_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

struct netdev {
	uint32_t mtu;
	uint32_t master; /* ifindex of the bond or bridge above it; 0: none */
	uint32_t
		/* ifindex of the interface below it, as of a VLAN; 0: none in this namespace */
		lower;
	bool up; /* set up by the administrator */
};

/* Returns 0 or -errno; *ret is set on success only. */
int netdev_ask(uint32_t ifindex, struct netdev *ret);

/* Some bits of the XDP features that the driver announces: enum netdev_xdp_act, linux/netdev.h. */
#define NETDEV_XDP_BASIC 0x01U /* native mode */
#define NETDEV_XDP_FRAGS 0x20U /* frames in several buffers (NETDEV_XDP_ACT_RX_SG) */

/* Returns 0; -ENOENT: this kernel does not report features (before 6.3); or -errno. */
int netdev_xdp_features(uint32_t ifindex, uint64_t *ret);

#endif
