// SPDX-License-Identifier: BSD-2-Clause
/* Messages of rtnetlink, made by hand: what they say, and where they contradict themselves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "lib/monitor.h"

#define LOWER_UP (1U << 16) /* linux/if.h; net/if.h shuts it out */
#define SEEN_MAX 8

struct message {
	char bytes[1024];
	size_t len; /* so far */
	size_t last; /* where the last header begins */
};

struct seen {
	struct monitor_link links[SEEN_MAX];
	unsigned int n;
};

/* monitor_fn */
static void see(void *arg, const struct monitor_link *link)
{
	struct seen *seen = arg;

	cr_assert_lt(seen->n, SEEN_MAX);
	seen->links[seen->n++] = *link;
}

/* monitor_fn */
static void count(void *arg, const struct monitor_link *link)
{
	unsigned int *n = arg;

	*n += link->ifindex == 1;
}

static void append(struct message *m, const void *data, size_t len)
{
	size_t aligned = NLMSG_ALIGN(m->len);

	memset(m->bytes + m->len, 0, aligned - m->len);
	cr_assert_leq(aligned + len, sizeof(m->bytes));
	if (len)
		memcpy(m->bytes + aligned, data, len);
	m->len = aligned + len;
}

static void set_length(struct message *m, uint32_t len)
{
	memcpy(m->bytes + m->last + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
}

static void begin(struct message *m, uint16_t type, uint32_t seq)
{
	const struct nlmsghdr header = {
		.nlmsg_len = sizeof(header),
		.nlmsg_type = type,
		.nlmsg_seq = seq,
	};

	m->last = NLMSG_ALIGN(m->len);
	append(m, &header, sizeof(header));
}

static void add(struct message *m, const void *data, size_t len)
{
	append(m, data, len);
	set_length(m, (uint32_t)(m->len - m->last));
}

static void add_attribute(struct message *m, uint16_t type, const void *value, size_t len)
{
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(sizeof(attribute) + len),
		.nla_type = type,
	};

	add(m, &attribute, sizeof(attribute));
	add(m, value, len);
}

static void add_u32(struct message *m, uint16_t type, uint32_t value)
{
	add_attribute(m, type, &value, sizeof(value));
}

static void begin_link(struct message *m, uint16_t type, int index, unsigned int flags)
{
	const struct ifinfomsg info = { .ifi_index = index, .ifi_flags = flags };

	begin(m, type, 0);
	add(m, &info, sizeof(info));
}

/* On a heap of its own size, so that a sanitizer sees what is read behind it. */
static int parse(const struct message *m, size_t len, struct seen *ret)
{
	char *copy = malloc(len ? len : 1);
	int err;

	*ret = (struct seen){ 0 };
	memcpy(copy, m->bytes, len);
	err = monitor_parse(copy, len, see, ret);
	free(copy);
	return err;
}

Test(monitor, several_in_one_datagram)
{
	struct message m = { 0 };
	struct seen seen;

	begin_link(&m, RTM_NEWLINK, 2, IFF_UP | LOWER_UP);
	add_attribute(&m, IFLA_IFNAME, "eth0", 5);
	add_u32(&m, IFLA_MTU, 1500);
	begin(&m, RTM_NEWADDR, 0); /* of no interest */
	add(&m, "12345678", 8);
	begin_link(&m, RTM_NEWLINK, 3, IFF_UP);
	add_attribute(&m, IFLA_IFNAME, "fifteen-letters", 16);
	begin_link(&m, RTM_NEWLINK, 4, LOWER_UP);
	begin_link(&m, RTM_DELLINK, 5, 0);
	add_attribute(&m, IFLA_IFNAME, "gone", 5);

	cr_assert_eq(parse(&m, m.len, &seen), 0);
	cr_assert_eq(seen.n, 4, "got %u, want 4", seen.n);
	cr_expect(seen.links[0].ifindex == 2 && seen.links[0].up && seen.links[0].carrier &&
		  !seen.links[0].removed && seen.links[0].mtu == 1500);
	cr_expect_str_eq(seen.links[0].name, "eth0");
	cr_expect(seen.links[1].ifindex == 3 && seen.links[1].up && !seen.links[1].carrier);
	cr_expect_str_eq(seen.links[1].name, "fifteen-letters");
	cr_expect(seen.links[2].ifindex == 4 && !seen.links[2].up && seen.links[2].carrier);
	cr_expect_str_eq(seen.links[2].name, "");
	cr_expect(seen.links[3].ifindex == 5 && seen.links[3].removed && !seen.links[3].moved);
}

Test(monitor, one_that_moves_says_so)
{
	struct message m = { 0 };
	struct seen seen;

	begin_link(&m, RTM_DELLINK, 2, 0);
	add_u32(&m, IFLA_NEW_NETNSID, 0);
	add_u32(&m, IFLA_NEW_IFINDEX, 7);
	begin_link(&m, RTM_NEWLINK, 3, 0); /* one that stays cannot move */
	add_u32(&m, IFLA_NEW_NETNSID, 0);

	cr_assert_eq(parse(&m, m.len, &seen), 0);
	cr_assert_eq(seen.n, 2);
	cr_expect(seen.links[0].removed && seen.links[0].moved && seen.links[0].new_ifindex == 7);
	cr_expect(!seen.links[1].removed && !seen.links[1].moved);
}

/* A bridge that lets go of an interface says RTM_DELLINK, too. */
Test(monitor, a_family_speaks_of_what_it_keeps)
{
	const struct ifinfomsg info = { .ifi_family = AF_BRIDGE, .ifi_index = 2 };
	struct message m = { 0 };
	struct seen seen;

	begin(&m, RTM_DELLINK, 0);
	add(&m, &info, sizeof(info));
	cr_assert_eq(parse(&m, m.len, &seen), 0);
	cr_expect_eq(seen.n, 0, "got %u, want 0", seen.n);
}

Test(monitor, an_answer_that_there_is_none)
{
	struct nlmsgerr error = { .error = -ENODEV };
	struct message m = { 0 };
	struct seen seen;

	begin(&m, NLMSG_ERROR, 9);
	add(&m, &error, sizeof(error));
	error.error = -EBUSY;
	begin(&m, NLMSG_ERROR, 10);
	add(&m, &error, sizeof(error));
	begin_link(&m, RTM_NEWLINK, 2, IFF_UP);
	cr_assert_eq(parse(&m, m.len, &seen), -EAGAIN, "a question that is left open is told");
	cr_assert_eq(seen.n, 2, "and what is behind that is read");
	cr_expect(seen.links[0].ifindex == 9 && seen.links[0].removed);
	cr_expect(seen.links[1].ifindex == 2 && !seen.links[1].removed);
}

Test(monitor, names_that_are_none)
{
	static const struct {
		const char *name;
		size_t len;
	} cases[] = {
		{ "no end", 6 },
		{ "sixteen-letters-", 17 },
		{ "", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m = { 0 };
		struct seen seen;

		begin_link(&m, RTM_NEWLINK, 2, 0);
		add_attribute(&m, IFLA_IFNAME, cases[i].name, cases[i].len);
		cr_assert_eq(parse(&m, m.len, &seen), 0, "%s", cases[i].name);
		cr_assert_eq(seen.n, 1, "%s", cases[i].name);
		cr_expect_str_eq(seen.links[0].name, "", "%s: got \"%s\"", cases[i].name,
				 seen.links[0].name);
	}
}

/* Numbers of another size are not taken. */
Test(monitor, numbers_of_another_size)
{
	struct message m = { 0 };
	struct seen seen;

	begin_link(&m, RTM_DELLINK, 2, 0);
	add_attribute(&m, IFLA_MTU, "12345678", 8);
	add_attribute(&m, IFLA_NEW_IFINDEX, "12", 2);
	cr_assert_eq(parse(&m, m.len, &seen), 0);
	cr_assert_eq(seen.n, 1);
	cr_expect(seen.links[0].mtu == 0 && seen.links[0].new_ifindex == 0);
}

static void write_length(struct message *m, size_t at, uint64_t len, size_t bytes)
{
	memcpy(m->bytes + at, &len, bytes);
}

/* Each length of a message, too short for itself or too long for what is around it. */
Test(monitor, lengths_that_contradict)
{
	const size_t attribute = sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg);
	static const uint16_t attribute_lengths[] = { 0, 3, 10, 0xffff };
	static const uint32_t lengths[] = { 0, 15, 16, 31, 42, 0x7fffffff, 0xffffffff };
	struct seen seen;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct message m = { 0 };

		begin_link(&m, RTM_NEWLINK, 2, 0);
		add_attribute(&m, IFLA_IFNAME, "eth0", 5);
		set_length(&m, lengths[i]);
		cr_expect_eq(parse(&m, m.len, &seen), -EBADMSG, "%u", lengths[i]);
		cr_expect_eq(seen.n, 0, "%u: got %u", lengths[i], seen.n);
	}
	for (size_t i = 0; i < sizeof(attribute_lengths) / sizeof(attribute_lengths[0]); i++) {
		struct message m = { 0 };

		begin_link(&m, RTM_NEWLINK, 2, 0);
		add_attribute(&m, IFLA_IFNAME, "eth0", 5);
		write_length(&m, attribute, attribute_lengths[i], sizeof(attribute_lengths[i]));
		cr_expect_eq(parse(&m, m.len, &seen), -EBADMSG, "%u", attribute_lengths[i]);
		cr_expect_eq(seen.n, 0, "%u: got %u", attribute_lengths[i], seen.n);
	}
}

/* However much of a datagram there is, nothing behind it is read, and only whole messages count. */
Test(monitor, every_length)
{
	struct message m = { 0 };
	size_t first;
	struct seen seen;

	begin_link(&m, RTM_NEWLINK, 2, IFF_UP);
	add_attribute(&m, IFLA_IFNAME, "eth0", 5);
	first = m.len;
	begin(&m, NLMSG_ERROR, 9);
	add(&m, &(struct nlmsgerr){ .error = -ENODEV }, sizeof(struct nlmsgerr));
	for (size_t len = 0; len <= m.len; len++) {
		(void)parse(&m, len, &seen);
		cr_expect_eq(seen.n, (len >= first) + (len == m.len), "%zu bytes: got %u", len,
			     seen.n);
	}
}

/* The loopback interface, which every network namespace has; and one that none has. */
Test(monitor, asked)
{
	struct seen seen = { 0 };
	int fd = monitor_open();

	cr_assert_geq(fd, 0, "%d", fd);
	cr_assert_eq(monitor_read(fd, see, &seen), 0);
	seen.n = 0;
	cr_assert_eq(monitor_ask(fd, 1), 0);
	cr_assert_eq(monitor_ask(fd, 0x7ffffff0), 0);
	cr_assert_eq(monitor_read(fd, see, &seen), 0);
	cr_assert_geq(seen.n, 2);
	cr_expect(seen.links[0].ifindex == 1 && !seen.links[0].removed && seen.links[0].mtu);
	cr_expect_str_eq(seen.links[0].name, "lo");
	cr_expect(seen.links[1].ifindex == 0x7ffffff0 && seen.links[1].removed);
	close(fd);
}

/* A flood of messages holds nothing up: some are read, and that there are more is said. */
Test(monitor, not_more_than_some)
{
	const unsigned int asked = 70;
	unsigned int reads = 1, n = 0;
	int fd = monitor_open();
	int result;

	for (unsigned int i = 0; i < asked; i++)
		cr_assert_eq(monitor_ask(fd, 1), 0);
	result = monitor_read(fd, count, &n);
	while (result == MONITOR_MORE) {
		result = monitor_read(fd, count, &n);
		reads++;
	}
	cr_expect_eq(result, 0, "%d", result);
	cr_expect_eq(reads, 2, "got %u, want 2", reads);
	cr_expect_geq(n, asked, "got %u, want %u", n, asked);
	close(fd);
}

/* What another process sends is not read. Who that is tells the number of its socket. */
Test(monitor, somebody_else)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(to);
	struct message m = { 0 };
	struct seen seen = { 0 };
	int fd = monitor_open();
	int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (geteuid())
		cr_skip("not permitted to send netlink messages to others: needs root");
	begin_link(&m, RTM_NEWLINK, 0x7ffffff0, 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	cr_assert_eq(sendto(other, m.bytes, m.len, 0, (struct sockaddr *)&to, sizeof(to)),
		     (ssize_t)m.len);
	cr_assert_eq(monitor_read(fd, see, &seen), 0);
	for (unsigned int i = 0; i < seen.n; i++)
		cr_expect_neq(seen.links[i].ifindex, 0x7ffffff0, "it was read");
	close(other);
	close(fd);
}

Test(monitor, what_is_no_socket)
{
	struct seen seen = { 0 };

	cr_expect_eq(monitor_read(-1, see, &seen), -EBADF);
}
