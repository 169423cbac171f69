// SPDX-License-Identifier: BSD-2-Clause
#include "lib/monitor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* bytes of one datagram: the kernel makes longer ones only on request */
#define MESSAGE_BYTES  32768
#define DATAGRAMS_MAX  64 /* datagrams per call */
#define FLAG_LOWER_UP  (1U << 16) /* IFF_LOWER_UP of linux/if.h, which conflicts with net/if.h */
#define ALIGNED(bytes) (((size_t)(bytes) + 3) & ~(size_t)3) /* like NLMSG_ALIGN and NLA_ALIGN */

/* A part of a buffer. */
struct span {
	const char *data;
	size_t len;
};

/* Steps over the first bytes, and their padding. */
static void skip_bytes(struct span *s, size_t bytes)
{
	size_t step = ALIGNED(bytes);

	if (step > s->len)
		step = s->len;
	s->data += step;
	s->len -= step;
}

static uint32_t read_u32(const struct span *value)
{
	uint32_t u32 = 0;

	if (value->len == sizeof(u32))
		memcpy(&u32, value->data, sizeof(u32));
	return u32;
}

static void read_attribute(struct monitor_link *link, unsigned int type, const struct span *value)
{
	switch (type) {
	case IFLA_IFNAME:
		if (value->len <= sizeof(link->name) && memchr(value->data, '\0', value->len))
			memcpy(link->name, value->data, value->len);
		break;
	case IFLA_MTU:
		link->mtu = read_u32(value);
		break;
	case IFLA_NEW_NETNSID:
		link->moved = link->removed;
		break;
	case IFLA_NEW_IFINDEX:
		link->new_ifindex = read_u32(value);
		break;
	default:
		break;
	}
}

static int read_attributes(struct monitor_link *link, struct span rest)
{
	while (rest.len >= sizeof(struct nlattr)) {
		struct nlattr attribute;
		struct span value;

		memcpy(&attribute, rest.data, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > rest.len)
			return -EBADMSG;
		value.data = rest.data + sizeof(attribute);
		value.len = attribute.nla_len - sizeof(attribute);
		read_attribute(link, attribute.nla_type & NLA_TYPE_MASK, &value);
		skip_bytes(&rest, attribute.nla_len);
	}
	return 0;
}

/* Handles RTM_NEWLINK and RTM_DELLINK. Messages with a family are about the state of that family:
 * an RTM_DELLINK of AF_BRIDGE means that an interface has left a bridge.
 */
static int handle_link(bool removed, struct span body, monitor_fn fn, void *arg)
{
	struct monitor_link link = { .removed = removed };
	struct ifinfomsg info;
	int err;

	if (body.len < sizeof(info))
		return -EBADMSG;
	memcpy(&info, body.data, sizeof(info));
	if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0)
		return 0;
	link.ifindex = (uint32_t)info.ifi_index;
	link.up = info.ifi_flags & IFF_UP;
	link.carrier = info.ifi_flags & FLAG_LOWER_UP;
	skip_bytes(&body, sizeof(info));
	err = read_attributes(&link, body);
	if (!err)
		fn(arg, &link);
	return err;
}

/* Handles an answer to monitor_ask(), which uses the index as sequence number. Any refusal but
 * ENODEV leaves the query open, as if its answer were lost.
 */
static int handle_error(uint32_t seq, struct span body, monitor_fn fn, void *arg)
{
	const struct monitor_link link = { .ifindex = seq, .removed = true };
	struct nlmsgerr error;

	if (body.len < sizeof(error))
		return -EBADMSG;
	memcpy(&error, body.data, sizeof(error));
	if (error.error == -ENODEV && seq)
		fn(arg, &link);
	return error.error && error.error != -ENODEV ? -EAGAIN : 0;
}

int monitor_parse(const void *data, size_t len, monitor_fn fn, void *arg)
{
	struct span rest = { data, len };
	bool open = false;
	int err = 0;

	while (!err && rest.len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;
		struct span body;

		memcpy(&header, rest.data, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > rest.len)
			return -EBADMSG;
		body.data = rest.data + sizeof(header);
		body.len = header.nlmsg_len - sizeof(header);
		if (header.nlmsg_type == RTM_NEWLINK || header.nlmsg_type == RTM_DELLINK)
			err = handle_link(header.nlmsg_type == RTM_DELLINK, body, fn, arg);
		else if (header.nlmsg_type == NLMSG_ERROR)
			err = handle_error(header.nlmsg_seq, body, fn, arg);
		skip_bytes(&rest, header.nlmsg_len);
		if (err == -EAGAIN) { /* the messages behind it are still valid */
			open = true;
			err = 0;
		}
	}
	return err ? err : open ? -EAGAIN : 0;
}

int monitor_open(void)
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&groups, sizeof(groups))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int monitor_ask(int fd, uint32_t ifindex)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} question = {
		.header = {
			.nlmsg_len = sizeof(question),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = ifindex,
		},
		.info = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex },
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, &question, sizeof(question), 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* Receives a datagram. Returns its length, 0 if it is not from the kernel, or -errno. */
static ssize_t receive_datagram(int fd, void *buffer, size_t size)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, buffer, size, MSG_TRUNC, (struct sockaddr *)&from, &from_len);

	if (len < 0)
		return -errno;
	return from.nl_pid == 0 ? len : 0;
}

int monitor_read(int fd, monitor_fn fn, void *arg)
{
	char buffer[MESSAGE_BYTES];
	int lost = 0;

	for (int i = 0; i < DATAGRAMS_MAX; i++) {
		ssize_t len = receive_datagram(fd, buffer, sizeof(buffer));

		if (len == -EAGAIN)
			return lost;
		if (len == -ENOBUFS || len == -ENOMEM || len == -EBUSY ||
		    len > (ssize_t)sizeof(buffer)) {
			lost = MONITOR_LOST;
			continue;
		}
		if (len < 0 && len != -EINTR)
			return (int)len;
		if (len > 0 && monitor_parse(buffer, (size_t)len, fn, arg))
			lost = MONITOR_LOST;
	}
	return lost | MONITOR_MORE;
}
