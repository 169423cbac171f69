/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel tells about an interface over netlink. Nothing here asks for rights. */
#ifndef LIB_NETDEV_H
#define LIB_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

struct netdev {
	uint32_t mtu;
	uint32_t master; /* ifindex of the bond or bridge that it is in; 0: none */
	uint32_t
		lower; /* ifindex of what it lies upon, as a VLAN does; 0: none in this namespace */
	bool up; /* by the administrator */
};

/* 0 or -errno; *ret is set on success only. */
int netdev_ask(uint32_t ifindex, struct netdev *ret);

/* Bits of what the driver announces of XDP: those of enum netdev_xdp_act, linux/netdev.h. */
#define NETDEV_XDP_BASIC 0x01U /* native mode */
#define NETDEV_XDP_FRAGS 0x20U /* frames in several buffers (NETDEV_XDP_ACT_RX_SG) */

/* 0; -ENOENT: this kernel tells nothing of it (before 6.3); or -errno. */
int netdev_xdp_features(uint32_t ifindex, uint64_t *ret);

#endif
