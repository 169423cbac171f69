// SPDX-License-Identifier: BSD-2-Clause
#include "lib/link.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_arp.h>

#include "base/array.h"

/* Types of interfaces whose XDP frames are known to begin like this. ipip, sit and gre are right
 * from 5.14 on, when their drivers began to mark where the unwrapped packet begins
 * (skb_reset_mac_header()); before, XDP sees the outer headers.
 */
static const struct {
	unsigned short type;
	enum link link;
} types[] = {
	{ ARPHRD_ETHER, LINK_ETHERNET },
	{ ARPHRD_LOOPBACK, LINK_ETHERNET }, /* its addresses are zero */
	{ ARPHRD_NONE, LINK_IP }, /* tun, WireGuard */
	{ ARPHRD_PPP, LINK_IP },
	{ ARPHRD_TUNNEL, LINK_IP },
	{ ARPHRD_TUNNEL6, LINK_IP },
	{ ARPHRD_SIT, LINK_IP },
	{ ARPHRD_IPGRE, LINK_IP },
};

/* Returns the type of an interface, one of ARPHRD_*, or -errno. */
static int type_of(const char *interface)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0 && errno == EAFNOSUPPORT) /* a kernel without IPv4 */
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		err = -errno;
	close(fd);
	return err ? err : request.ifr_hwaddr.sa_family;
}

int link_of(const char *interface, enum link *ret, struct reason *r)
{
	int type = type_of(interface);

	if (type < 0)
		return reason_set(r, type, "cannot ask for the type of \"%.15s\": %s", interface,
				  strerror(-type));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type != type)
			continue;
		*ret = types[i].link;
		return 0;
	}
	return reason_set(
		r, -EOPNOTSUPP,
		"frames of \"%.15s\" begin with neither Ethernet nor IP (its type is %d, of "
		"linux/if_arp.h), and nothing else can be read here",
		interface, type);
}
