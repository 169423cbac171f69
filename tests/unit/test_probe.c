/* SPDX-License-Identifier: BSD-2-Clause */
/* What xdptail_probe() reads out of the kernel's answers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ethtool.h"
#include "lib/netlink.h"
#include "lib/probe.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	const char *want;
} lockdowns[] = {
	{ "[none] integrity confidentiality\n", "none" },
	{ "none [integrity] confidentiality\n", "integrity" },
	{ "none integrity [confidentiality]\n", "confidentiality" },
	{ "", "" },
	{ "none\n", "" },
	{ "[none", "" },
	{ "[]", "" },
	{ "[a-word-of-sixteen-bytes]", "" },
};

Test(probe, lockdown)
{
	for (size_t i = 0; i < ARRAY_SIZE(lockdowns); i++) {
		char got[16] = "?";

		probe_parse_lockdown(lockdowns[i].text, got, sizeof(got));
		cr_expect_str_eq(got, lockdowns[i].want, "\"%s\": got \"%s\", want \"%s\"",
				 lockdowns[i].text, got, lockdowns[i].want);
	}
}

/* The last is as long as a name can be, which leaves no room for a NUL; 40 of them: two words. */
Test(probe, features)
{
	char names[40][ETHTOOL_NAME_BYTES] = { "rx-lro", "rx-gro" };
	const uint32_t active[2] = { 1U << 1, 1U << 7 };
	char full[ETHTOOL_NAME_BYTES + 1];
	const struct {
		const char *name;
		enum xdptail_answer want;
	} cases[] = {
		{ "rx-lro", XDPTAIL_NO },     { "rx-gro", XDPTAIL_YES },
		{ full, XDPTAIL_YES },	      { "rx-gro-hw", XDPTAIL_UNKNOWN },
		{ "rx-gr", XDPTAIL_UNKNOWN },
	};

	memset(full, 'x', ETHTOOL_NAME_BYTES);
	full[ETHTOOL_NAME_BYTES] = '\0';
	memcpy(names[39], full, ETHTOOL_NAME_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum xdptail_answer got = ethtool_is_on(cases[i].name, names[0], 40, active);

		cr_expect_eq(got, cases[i].want, "%s: got %d, want %d", cases[i].name, got,
			     cases[i].want);
	}
	cr_expect_eq(ethtool_is_on("rx-lro", NULL, 0, active), XDPTAIL_UNKNOWN);
}

#define NUMBER 0x01020304U
#define BIG    0x0102030405060708ULL

/* Three attributes: two numbers with a text of odd length between them. */
static size_t make_attributes(char *ret, size_t size)
{
	union {
		struct nlmsghdr header;
		char bytes[128];
	} message = { .header = { .nlmsg_len = NLMSG_HDRLEN } };
	const uint32_t number = NUMBER;
	const uint64_t big = BIG;
	size_t len;

	netlink_put(&message.header, 4, &number, sizeof(number));
	netlink_put(&message.header, 7, "netdev", sizeof("netdev"));
	netlink_put(&message.header, NLA_F_NET_BYTEORDER | 9, &big, sizeof(big));
	len = message.header.nlmsg_len - NLMSG_HDRLEN;
	cr_assert_leq(len, size);
	memcpy(ret, message.bytes + NLMSG_HDRLEN, len);
	return len;
}

Test(probe, attributes)
{
	char bytes[128];
	size_t len = make_attributes(bytes, sizeof(bytes));
	uint32_t number = 0;
	uint64_t big = 0;
	size_t size = 0;
	const char *text = netlink_find(bytes, len, 7, &size);

	cr_assert_eq(netlink_find_u32(bytes, len, 4, &number), 0);
	cr_expect_eq(number, NUMBER, "got %#x", number);
	cr_assert_eq(netlink_find_u64(bytes, len, 9, &big), 0);
	cr_expect_eq(big, BIG, "got %#lx", (unsigned long)big);
	cr_expect(text && size == sizeof("netdev") && !strcmp(text, "netdev"));
	cr_expect_null(netlink_find(bytes, len, 5, &size));
	cr_expect_eq(netlink_find_u32(bytes, len, 9, &number), -ENOENT, "eight bytes, not four");
	cr_expect_eq(netlink_find_u64(bytes, len, 4, &big), -ENOENT, "four bytes, not eight");
	cr_expect_eq(number, NUMBER, "written on failure");
}

/* Whatever a byte is changed to, and wherever it is cut: nothing is read beyond the end (a heap
 * block of exactly this size, for ASan), and nothing is found that does not lie within.
 */
Test(probe, attributes_broken)
{
	char whole[128];
	size_t len = make_attributes(whole, sizeof(whole));

	for (size_t cut = 0; cut <= len; cut++) {
		char *bytes = malloc(cut + !cut);

		for (size_t i = 0; i < cut * 4; i++) {
			static const char values[] = { 0, 1, 3, (char)0xff };
			size_t size = 0;
			const char *found;

			memcpy(bytes, whole, cut);
			bytes[i / 4] = values[i % 4];
			found = netlink_find(bytes, cut, 9, &size);
			cr_expect(!found || (found >= bytes && size <= cut &&
					     found + size <= bytes + cut),
				  "cut to %zu, byte %zu is %d", cut, i / 4, values[i % 4]);
		}
		free(bytes);
	}
}

Test(probe, sizes)
{
	struct {
		struct xdptail_probe probe;
		char beyond;
	} p = { .probe = { .size = offsetof(struct xdptail_probe, open_reason) }, .beyond = 'x' };

	p.probe.kernel[0] = '?';
	cr_expect_eq(xdptail_probe(NULL, &p.probe), 0);
	cr_expect_eq(p.probe.kernel[0], '?', "written beyond the caller's size");
	p.probe.size = 0;
	cr_expect_eq(xdptail_probe(NULL, &p.probe), -EINVAL);
	p.probe.size = sizeof(p);
	cr_expect_eq(xdptail_probe(NULL, &p.probe), 0, "a caller of a later version");
	cr_expect_eq(p.beyond, 'x');
	cr_expect_neq(p.probe.kernel[0], '?');
	cr_expect_neq(p.probe.possible_cpus, 0);
	cr_expect_eq(p.probe.ifindex, 0);
}
