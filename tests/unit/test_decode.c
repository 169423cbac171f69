/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <asm/byteorder.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "abi.h"
#include "lib/decode.h"
#include "lib/members.h"

#define IP6(last)                                 \
	{                                         \
		0x20, 1, 0xd, 0xb8, [15] = (last) \
	}

/* Every member of a record has a value of its own that no other one has, as far as there are so
 * many.
 */
static const struct tunnel_info record = {
	.packet = {
		.timestamp_ns = 0x0102030405060708,
		.cpu_seq = 0x1112131415161718,
		.src_ip = IP6(1),
		.dst_ip = IP6(2),
		.seq_num = __constant_htonl(0x21222324),
		.ack_num = __constant_htonl(0x31323334),
		.src_port = __constant_htons(0x4142),
		.dst_port = __constant_htons(0x4344),
		.packet_len = 0x51525354,
		.ifindex = 0x55565758,
		.sample_rate = 0x5a5b5c5d,
		.vlan = __constant_htons(0x6162),
		.vlan_inner = __constant_htons(0x6364),
		.cpu = 0x7172,
		.protocol = 0x73,
		.packet_type = ABI_TYPE_SCTP,
		.tcp_flags = 0x75,
		.ttl = 0x76,
		.icmp_type = 0x77,
		.icmp_code = 0x78,
		.ip_version = 6,
		.fragment = ABI_FRAGMENT_FIRST,
		.parse = ABI_PARSE_TOO_DEEP,
		.has = ABI_HAS_ALL,
		.generation = 1,
		.version = ABI_VERSION,
		.tunnel = ABI_TUNNEL_GTPU,
		.outer_version = 6,
	},
	.outer_src_ip = IP6(3),
	.outer_dst_ip = IP6(4),
};

/* A value for each member of the public struct, in their order and without their names, so that one
 * more member does not compile without a value here; and what decoding leaves out of it is not that
 * value.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wmissing-field-initializers"
static const struct xdptail_packet want = {
	0x0102030405060708, /* timestamp_ns */
	0x1112131415161718, /* cpu_seq */
	NULL, /* interface: who decodes does not know its name */
	IP6(1), /* src_ip */
	IP6(2), /* dst_ip */
	0x21222324, /* seq_num */
	0x31323334, /* ack_num */
	0x51525354, /* packet_len */
	0x55565758, /* ifindex */
	0x5a5b5c5d, /* sample_rate */
	0x7172, /* cpu */
	ABI_HAS_ALL | XDPTAIL_HAS_FRAGMENT | XDPTAIL_HAS_PARSE | XDPTAIL_HAS_TUNNEL,
	0x4142, /* src_port */
	0x4344, /* dst_port */
	0x0162, /* vlan: the 12 bits of its identifier */
	0x0364, /* vlan_inner */
	6, /* ip_version */
	0x73, /* protocol */
	XDPTAIL_TYPE_SCTP,
	0x75, /* tcp_flags */
	0x76, /* ttl */
	0x77, /* icmp_type */
	0x78, /* icmp_code */
	XDPTAIL_FRAGMENT_FIRST,
	XDPTAIL_PARSE_TOO_DEEP,
	XDPTAIL_TUNNEL_GTPU,
	6, /* outer_ip_version */
	IP6(3), /* outer_src_ip */
	IP6(4), /* outer_dst_ip */
};
#pragma GCC diagnostic pop

static const struct {
	const char *name;
	size_t offset;
	size_t size;
} members[] = {
#define ROW(type, member) \
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member) },
	MEMBERS_PACKET_INFO(ROW, MEMBERS_NONE)
};

/* Else nothing could be seen of what becomes of them. */
Test(decode, every_member_of_the_record_has_a_value)
{
	static const char zeros[sizeof(struct packet_info)];

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cr_expect_neq(memcmp((const char *)&record.packet + members[i].offset, zeros,
				     members[i].size),
			      0, "%s is 0 in the record of this test", members[i].name);
}

Test(decode, every_member)
{
	const unsigned char *got_bytes;
	const unsigned char *want_bytes = (const unsigned char *)&want;
	struct xdptail_packet got = { 0 };
	unsigned int generation = 0;

	got_bytes = (const unsigned char *)&got;
	cr_assert_eq(decode_record(&record, sizeof(record), &got, &generation), 0);
	cr_expect_eq(generation, 1);
	for (size_t i = 0; i < sizeof(got); i++)
		cr_expect_eq(got_bytes[i], want_bytes[i],
			     "byte %zu of struct xdptail_packet: got %#x, want %#x", i,
			     got_bytes[i], want_bytes[i]);
}

Test(decode, what_is_no_record_is_refused)
{
	static const struct {
		const char *name;
		size_t offset;
		unsigned char value;
	} changes[] = {
		{ "version", offsetof(struct packet_info, version), ABI_VERSION + 1 },
		{ "generation", offsetof(struct packet_info, generation), ABI_GENERATIONS },
		{ "parse", offsetof(struct packet_info, parse), ABI_PARSE_MAX },
		{ "fragment", offsetof(struct packet_info, fragment), ABI_FRAGMENT_MAX },
		{ "packet_type", offsetof(struct packet_info, packet_type), 5 },
		{ "has", offsetof(struct packet_info, has), ABI_HAS_ALL + 1 },
		{ "ip_version", offsetof(struct packet_info, ip_version), 5 },
		{ "tunnel", offsetof(struct packet_info, tunnel), ABI_TUNNEL_MAX },
		{ "outer_version", offsetof(struct packet_info, outer_version), 0 },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct tunnel_info bad = record;
		struct xdptail_packet packet;
		unsigned int generation;

		((unsigned char *)&bad)[changes[i].offset] = changes[i].value;
		cr_expect_eq(decode_record(&bad, sizeof(bad), &packet, &generation), -EBADMSG,
			     "%s %u is taken", changes[i].name, changes[i].value);
	}
	for (size_t len = 0; len < sizeof(record); len++) {
		struct xdptail_packet packet;
		unsigned int generation;

		cr_expect_eq(decode_record(&record, len, &packet, &generation), -EBADMSG,
			     "%zu bytes are taken", len);
	}
}
