// SPDX-License-Identifier: BSD-2-Clause
#include "lib/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void netlink_put(struct nlmsghdr *message, uint16_t type, const void *data, size_t size)
{
	char *end = (char *)message + NLMSG_ALIGN(message->nlmsg_len);
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(NLA_HDRLEN + size),
		.nla_type = type,
	};

	memcpy(end, &attribute, sizeof(attribute));
	memcpy(end + NLA_HDRLEN, data, size);
	message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + NLA_ALIGN(attribute.nla_len);
}

const void *netlink_find(const void *attributes, size_t len, uint16_t type, size_t *ret_size)
{
	const char *at = attributes;
	struct nlattr a;

	while (len >= sizeof(a)) {
		size_t step;

		memcpy(&a, at, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > len)
			return NULL;
		if ((a.nla_type & NLA_TYPE_MASK) == type) {
			*ret_size = a.nla_len - (size_t)NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		step = NLA_ALIGN((size_t)a.nla_len);
		if (step > len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

static int find_number(const void *attributes, size_t len, uint16_t type, void *ret, size_t size)
{
	size_t found = 0;
	const void *data = netlink_find(attributes, len, type, &found);

	if (!data || found != size)
		return -ENOENT;
	memcpy(ret, data, size);
	return 0;
}

int netlink_find_u32(const void *attributes, size_t len, uint16_t type, uint32_t *ret)
{
	return find_number(attributes, len, type, ret, sizeof(*ret));
}

int netlink_find_u64(const void *attributes, size_t len, uint16_t type, uint64_t *ret)
{
	return find_number(attributes, len, type, ret, sizeof(*ret));
}

/* Checks a received message of n bytes. Returns -errno if it is not an answer. */
static int open_answer(const char *answer, size_t n, size_t family_header, const void **ret)
{
	const size_t headers = NLMSG_HDRLEN + NLMSG_ALIGN(family_header);
	struct nlmsghdr header;
	struct nlmsgerr error;

	if (n > NETLINK_ANSWER_MAX || n < sizeof(header))
		return -EMSGSIZE;
	memcpy(&header, answer, sizeof(header));
	if (header.nlmsg_type == NLMSG_ERROR && n >= NLMSG_HDRLEN + sizeof(error)) {
		memcpy(&error, answer + NLMSG_HDRLEN, sizeof(error));
		return error.error ? error.error : -EBADMSG;
	}
	if (header.nlmsg_len > n || header.nlmsg_len < headers)
		return -EBADMSG;
	*ret = answer + headers;
	return (int)(header.nlmsg_len - headers);
}

int netlink_ask(int protocol, struct nlmsghdr *message, size_t family_header,
		char answer[NETLINK_ANSWER_MAX], const void **ret)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	message->nlmsg_flags = NLM_F_REQUEST;
	n = send(fd, message, message->nlmsg_len, 0);
	if (n >= 0)
		/* MSG_TRUNC: n is the whole length */
		n = recv(fd, answer, NETLINK_ANSWER_MAX, MSG_TRUNC);
	err = n < 0 ? -errno : open_answer(answer, (size_t)n, family_header, ret);
	close(fd);
	return err;
}
