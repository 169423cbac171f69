// SPDX-License-Identifier: BSD-2-Clause
#include "lib/netdev.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/rtnetlink.h>

#include "lib/netlink.h"

/* From linux/netdev.h of 6.3, which older headers lack. */
#define FAMILY		    "netdev"
#define CMD_DEV_GET	    1
#define ATTR_IFINDEX	    1
#define ATTR_XDP_FEATURES   3
#define FAMILY_VERSION	    1
#define CTRL_FAMILY_VERSION 1

union request {
	struct nlmsghdr header;
	char bytes[128];
};

static int query_link(uint32_t ifindex, char answer[NETLINK_ANSWER_MAX], struct netdev *ret)
{
	const struct ifinfomsg info = { .ifi_index = (int)ifindex };
	union request request = { .header = {
					  .nlmsg_type = RTM_GETLINK,
					  .nlmsg_len = NLMSG_LENGTH(sizeof(info)),
				  } };
	const void *attributes = NULL;
	struct ifinfomsg found;
	struct netdev d = { 0 };
	size_t size;
	int len;

	memcpy(request.bytes + NLMSG_HDRLEN, &info, sizeof(info));
	len = netlink_ask(NETLINK_ROUTE, &request.header, sizeof(info), answer, &attributes);
	if (len < 0)
		return len;
	memcpy(&found, answer + NLMSG_HDRLEN, sizeof(found));
	d.up = found.ifi_flags & IFF_UP;
	(void)netlink_find_u32(attributes, (size_t)len, IFLA_MTU, &d.mtu);
	(void)netlink_find_u32(attributes, (size_t)len, IFLA_MASTER, &d.master);
	if (!netlink_find(attributes, (size_t)len, IFLA_LINK_NETNSID, &size))
		(void)netlink_find_u32(attributes, (size_t)len, IFLA_LINK, &d.lower);
	*ret = d;
	return 0;
}

int netdev_ask(uint32_t ifindex, struct netdev *ret)
{
	char *answer = malloc(NETLINK_ANSWER_MAX);
	int err = answer ? query_link(ifindex, answer, ret) : -ENOMEM;

	free(answer);
	return err;
}

/* A command of a generic netlink family, with one attribute. */
struct question {
	uint16_t family;
	struct genlmsghdr command;
	uint16_t type;
	const void *data;
	size_t size;
};

/* Returns what netlink_ask() returns. */
static int query_generic(const struct question *q, char answer[NETLINK_ANSWER_MAX],
			 const void **ret)
{
	union request request = { .header = {
					  .nlmsg_type = q->family,
					  .nlmsg_len = NLMSG_LENGTH(sizeof(q->command)),
				  } };

	memcpy(request.bytes + NLMSG_HDRLEN, &q->command, sizeof(q->command));
	netlink_put(&request.header, q->type, q->data, q->size);
	return netlink_ask(NETLINK_GENERIC, &request.header, sizeof(q->command), answer, ret);
}

/* The kernel numbers families in order of registration. Returns -ENOENT if there is no such family.
 */
static int find_family(char answer[NETLINK_ANSWER_MAX], uint16_t *ret)
{
	const struct question question = {
		.family = GENL_ID_CTRL,
		.command = { .cmd = CTRL_CMD_GETFAMILY, .version = CTRL_FAMILY_VERSION },
		.type = CTRL_ATTR_FAMILY_NAME,
		.data = FAMILY,
		.size = sizeof(FAMILY),
	};
	const void *attributes = NULL;
	const void *id;
	size_t size = 0;
	int len = query_generic(&question, answer, &attributes);

	if (len < 0)
		return len;
	id = netlink_find(attributes, (size_t)len, CTRL_ATTR_FAMILY_ID, &size);
	if (!id || size != sizeof(*ret))
		return -ENOENT;
	memcpy(ret, id, sizeof(*ret));
	return 0;
}

static int query_xdp_features(uint32_t ifindex, char answer[NETLINK_ANSWER_MAX], uint64_t *ret)
{
	struct question question = {
		.command = { .cmd = CMD_DEV_GET, .version = FAMILY_VERSION },
		.type = ATTR_IFINDEX,
		.data = &ifindex,
		.size = sizeof(ifindex),
	};
	const void *attributes = NULL;
	int len = find_family(answer, &question.family);

	if (len < 0)
		return len;
	len = query_generic(&question, answer, &attributes);
	if (len < 0)
		return len;
	return netlink_find_u64(attributes, (size_t)len, ATTR_XDP_FEATURES, ret);
}

int netdev_xdp_features(uint32_t ifindex, uint64_t *ret)
{
	char *answer = malloc(NETLINK_ANSWER_MAX);
	int err = answer ? query_xdp_features(ifindex, answer, ret) : -ENOMEM;

	free(answer);
	return err;
}
