// SPDX-License-Identifier: BSD-2-Clause
/* Messages of rtnetlink: what is told of an interface are values of their types, and a message that
 * says just that is told the same way.
 */
#include <errno.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "fuzz.h"
#include "lib/monitor.h"

#define LOWER_UP (1U << 16) /* linux/if.h; net/if.h shuts it out */

struct message {
	char bytes[256];
	size_t len;
};

static void append(struct message *m, const void *data, size_t len)
{
	size_t aligned = NLMSG_ALIGN(m->len + len);

	memcpy(m->bytes + m->len, data, len);
	memset(m->bytes + m->len + len, 0, aligned - m->len - len);
	m->len = aligned;
}

static void add(struct message *m, uint16_t type, const void *value, size_t len)
{
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(sizeof(attribute) + len),
		.nla_type = type,
	};

	append(m, &attribute, sizeof(attribute));
	append(m, value, len);
}

static void encode(struct message *m, const struct monitor_link *link)
{
	struct nlmsghdr header = { .nlmsg_type = link->removed ? RTM_DELLINK : RTM_NEWLINK };
	const struct ifinfomsg info = {
		.ifi_index = (int)link->ifindex,
		.ifi_flags = (link->up ? IFF_UP : 0) | (link->carrier ? LOWER_UP : 0),
	};
	const uint32_t here = 0;

	m->len = 0;
	append(m, &header, sizeof(header));
	append(m, &info, sizeof(info));
	add(m, IFLA_IFNAME, link->name, strlen(link->name) + 1);
	add(m, IFLA_MTU, &link->mtu, sizeof(link->mtu));
	if (link->moved)
		add(m, IFLA_NEW_NETNSID, &here, sizeof(here));
	add(m, IFLA_NEW_IFINDEX, &link->new_ifindex, sizeof(link->new_ifindex));
	header.nlmsg_len = (uint32_t)m->len;
	memcpy(m->bytes, &header, sizeof(header));
}

static void check_values(const struct monitor_link *link)
{
	FUZZ_CHECK(link->ifindex, "no index");
	FUZZ_CHECK(memchr(link->name, '\0', sizeof(link->name)), "the name has no end");
	FUZZ_CHECK(link->removed || !link->moved, "moved, and still here");
}

/* monitor_fn: of the message that encode() has made */
static void compare(void *arg, const struct monitor_link *link)
{
	const struct monitor_link *want = *(const struct monitor_link **)arg;

	FUZZ_CHECK(want, "told twice");
	FUZZ_CHECK(!strcmp(link->name, want->name), "\"%s\", \"%s\"", link->name, want->name);
	FUZZ_CHECK(link->ifindex == want->ifindex && link->mtu == want->mtu &&
			   link->new_ifindex == want->new_ifindex &&
			   link->removed == want->removed && link->moved == want->moved &&
			   link->up == want->up && link->carrier == want->carrier,
		   "another than before");
	*(const struct monitor_link **)arg = NULL;
}

/* monitor_fn */
static void check(void *arg, const struct monitor_link *link)
{
	const struct monitor_link *untold = link;
	struct message m;

	(void)arg; /* there is nothing to know */
	check_values(link);
	if (link->ifindex > INT32_MAX) /* the number of a question */
		return;
	encode(&m, link);
	FUZZ_CHECK(!monitor_parse(m.bytes, m.len, compare, &untold), "refused");
	FUZZ_CHECK(!untold, "not told");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int err = monitor_parse(data, size, check, NULL);

	FUZZ_CHECK(!err || err == -EBADMSG || err == -EAGAIN, "%d", err);
	return 0;
}
