// SPDX-License-Identifier: BSD-2-Clause
/* Bytes from the ring: what is no record is refused and leaves no trace; what is one has values of
 * their types, and is the record that it came from.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "abi.h"
#include "fuzz.h"
#include "lib/decode.h"

#define UNTOUCHED    0x5a
#define VLAN_ID_MASK 0x0fff
#define HAS_ALL	     0x1ffU

/* All that a record says of a packet, written again as the program writes it. */
static void encode(struct tunnel_info *ret_info, const struct xdptail_packet *p,
		   unsigned int generation)
{
	struct packet_info *ret = &ret_info->packet;

	memset(ret_info, 0, sizeof(*ret_info));
	memcpy(ret_info->outer_src_ip, p->outer_src_ip, sizeof(ret_info->outer_src_ip));
	memcpy(ret_info->outer_dst_ip, p->outer_dst_ip, sizeof(ret_info->outer_dst_ip));
	ret->timestamp_ns = p->timestamp_ns;
	ret->cpu_seq = p->cpu_seq;
	memcpy(ret->src_ip, p->src_ip, sizeof(ret->src_ip));
	memcpy(ret->dst_ip, p->dst_ip, sizeof(ret->dst_ip));
	ret->seq_num = htonl(p->seq_num);
	ret->ack_num = htonl(p->ack_num);
	ret->src_port = htons(p->src_port);
	ret->dst_port = htons(p->dst_port);
	ret->packet_len = p->packet_len;
	ret->ifindex = p->ifindex;
	ret->sample_rate = p->sample_rate;
	ret->vlan = htons(p->vlan);
	ret->vlan_inner = htons(p->vlan_inner);
	ret->cpu = (__u16)p->cpu;
	ret->protocol = p->protocol;
	ret->packet_type = p->packet_type;
	ret->tcp_flags = p->tcp_flags;
	ret->ttl = p->ttl;
	ret->icmp_type = p->icmp_type;
	ret->icmp_code = p->icmp_code;
	ret->ip_version = p->ip_version;
	ret->fragment = p->fragment;
	ret->parse = p->parse;
	ret->has = (__u8)(p->has & ABI_HAS_ALL);
	ret->generation = (__u8)generation;
	ret->version = ABI_VERSION;
	ret->tunnel = p->tunnel;
	ret->outer_version = p->outer_ip_version;
}

static void check_values(const struct xdptail_packet *p, unsigned int generation)
{
	FUZZ_CHECK(generation < ABI_GENERATIONS, "%u", generation);
	FUZZ_CHECK(!p->interface, "%p", (const void *)p->interface);
	FUZZ_CHECK(!(p->has & ~HAS_ALL), "%#x", p->has);
	FUZZ_CHECK(p->ip_version == 4 || p->ip_version == 6, "%u", p->ip_version);
	FUZZ_CHECK(p->parse < XDPTAIL_PARSE_MAX, "%u", p->parse);
	FUZZ_CHECK(p->fragment < XDPTAIL_FRAGMENT_MAX, "%u", p->fragment);
	FUZZ_CHECK(p->packet_type <= XDPTAIL_TYPE_SCTP || p->packet_type == XDPTAIL_TYPE_OTHER,
		   "%u", p->packet_type);
	FUZZ_CHECK(!(p->has & XDPTAIL_HAS_FRAGMENT) == !p->fragment, "%u", p->fragment);
	FUZZ_CHECK(!(p->has & XDPTAIL_HAS_PARSE) == !p->parse, "%u", p->parse);
	FUZZ_CHECK(!(p->has & XDPTAIL_HAS_TUNNEL) == !p->tunnel, "%u", p->tunnel);
	FUZZ_CHECK(p->tunnel < XDPTAIL_TUNNEL_MAX, "%u", p->tunnel);
	FUZZ_CHECK(!p->tunnel ? !p->outer_ip_version :
				p->outer_ip_version == 4 || p->outer_ip_version == 6,
		   "%u", p->outer_ip_version);
	FUZZ_CHECK(p->vlan <= VLAN_ID_MASK && p->vlan_inner <= VLAN_ID_MASK, "%u, %u", p->vlan,
		   p->vlan_inner);
}

/* But for what decoding leaves out: padding, the upper bits of tags, and addresses around no
 * tunnel.
 */
static void check_bytes(const uint8_t *data, const struct xdptail_packet *p,
			unsigned int generation)
{
	struct tunnel_info got, want = { 0 };

	encode(&got, p, generation);
	memcpy(&want, data, p->tunnel ? sizeof(want) : sizeof(want.packet));
	want.packet.vlan &= htons(VLAN_ID_MASK);
	want.packet.vlan_inner &= htons(VLAN_ID_MASK);
	memset(want.packet.pad, 0, sizeof(want.packet.pad));
	FUZZ_CHECK(!memcmp(&got, &want, sizeof(got)), "another record than before");
}

static void check_untouched(const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		FUZZ_CHECK(bytes[i] == UNTOUCHED, "refused, and byte %zu written to", i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xdptail_packet packet;
	unsigned int generation = UNTOUCHED;
	int err;

	memset(&packet, UNTOUCHED, sizeof(packet));
	err = decode_record(data, size, &packet, &generation);
	if (err) {
		FUZZ_CHECK(err == -EBADMSG, "%d", err);
		check_untouched(&packet, sizeof(packet));
		FUZZ_CHECK(generation == UNTOUCHED, "%u", generation);
		return 0;
	}
	FUZZ_CHECK(
		size >= (packet.tunnel ? sizeof(struct tunnel_info) : sizeof(struct packet_info)),
		"%zu bytes", size);
	check_values(&packet, generation);
	check_bytes(data, &packet, generation);
	return 0;
}
