// SPDX-License-Identifier: BSD-2-Clause
#include "lib/tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>

#include "parse_tunnel.h"
#include "base/array.h"

static const struct kind {
	const char *name;
	size_t from; /* offset in struct xdptail_tunnel_ports */
	size_t to; /* offset in struct tunnel_ports */
} kinds[] = {
#define KIND(member)                                                    \
	{                                                               \
#member, offsetof(struct xdptail_tunnel_ports, member), \
			offsetof(struct tunnel_ports, member)           \
	}
	KIND(vxlan),
	KIND(geneve),
	KIND(gtpu),
#undef KIND
};
#define N_KINDS (ARRAY_SIZE(kinds))
_Static_assert(XDPTAIL_TUNNEL_PORTS == ABI_TUNNEL_PORTS, "both have the same number of each kind");

static __be16 *ports_of(struct tunnel_ports *ports, const struct kind *kind)
{
	return (__be16 *)(void *)((char *)ports + kind->to);
}

static void copy_kind(struct tunnel_ports *ret, const struct xdptail_tunnel_ports *from,
		      const struct kind *kind)
{
	const uint16_t *ports = (const void *)((const char *)from + kind->from);

	if (!ports[0] && !ports[1])
		return;
	for (int i = 0; i < ABI_TUNNEL_PORTS; i++)
		ports_of(ret, kind)[i] = htons(ports[i]);
}

static const struct kind *kind_of(struct tunnel_ports *ports, __be16 port)
{
	for (size_t i = 0; port && i < N_KINDS; i++) {
		const __be16 *own = ports_of(ports, &kinds[i]);

		if (own[0] == port || own[1] == port)
			return &kinds[i];
	}
	return NULL;
}

static int check_kind(struct tunnel_ports *ports, const struct kind *kind, struct reason *r)
{
	for (int i = 0; i < ABI_TUNNEL_PORTS; i++) {
		__be16 port = ports_of(ports, kind)[i];
		const struct kind *other = kind_of(ports, port);

		if (other && other != kind)
			return reason_set(r, -EINVAL,
					  "UDP port %u cannot be that of %s and of %s, too",
					  ntohs(port), other->name, kind->name);
	}
	return 0;
}

int tunnel_ports(struct tunnel_ports *ret, const struct xdptail_tunnel_ports *from,
		 struct reason *r)
{
	struct tunnel_ports ports = PARSE_TUNNEL_PORTS;
	int err = 0;

	for (size_t i = 0; i < N_KINDS; i++)
		copy_kind(&ports, from, &kinds[i]);
	for (size_t i = 0; !err && i < N_KINDS; i++)
		err = check_kind(&ports, &kinds[i], r);
	if (!err)
		*ret = ports;
	return err;
}
