// SPDX-License-Identifier: BSD-2-Clause
#include "lib/decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "abi.h"

#define VLAN_ID_MASK 0x0fff
#define OUTER_BYTES  sizeof(((struct tunnel_info *)0)->outer_src_ip)

/* Both sets of constants agree, so that values pass unchanged. */
_Static_assert((int)ABI_PARSE_TOO_DEEP == (int)XDPTAIL_PARSE_TOO_DEEP, "parse");
_Static_assert((int)ABI_PARSE_MAX == (int)XDPTAIL_PARSE_MAX, "parse");
_Static_assert((int)ABI_FRAGMENT_LATER == (int)XDPTAIL_FRAGMENT_LATER, "fragment");
_Static_assert((int)ABI_FRAGMENT_MAX == (int)XDPTAIL_FRAGMENT_MAX, "fragment");
_Static_assert((int)ABI_TYPE_SCTP == (int)XDPTAIL_TYPE_SCTP, "packet_type");
_Static_assert((int)ABI_TYPE_OTHER == (int)XDPTAIL_TYPE_OTHER, "packet_type");
_Static_assert((int)ABI_HAS_PORTS == (int)XDPTAIL_HAS_PORTS, "has");
_Static_assert((int)ABI_HAS_TCP == (int)XDPTAIL_HAS_TCP, "has");
_Static_assert((int)ABI_HAS_ICMP == (int)XDPTAIL_HAS_ICMP, "has");
_Static_assert((int)ABI_HAS_VLAN == (int)XDPTAIL_HAS_VLAN, "has");
_Static_assert((int)ABI_HAS_VLAN_INNER == (int)XDPTAIL_HAS_VLAN_INNER, "has");
_Static_assert((int)ABI_HAS_PROTOCOL == (int)XDPTAIL_HAS_PROTOCOL, "has");
_Static_assert((int)ABI_TUNNEL_GRE == (int)XDPTAIL_TUNNEL_GRE, "tunnel");
_Static_assert((int)ABI_TUNNEL_6IN4 == (int)XDPTAIL_TUNNEL_6IN4, "tunnel");
_Static_assert((int)ABI_TUNNEL_MAX == (int)XDPTAIL_TUNNEL_MAX, "tunnel");

static bool is_mapped(const __u8 addr[16])
{
	static const __u8 prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

static bool is_packet_type(__u8 type)
{
	return type <= ABI_TYPE_SCTP || type == ABI_TYPE_OTHER;
}

static bool are_addresses(const __u8 src[16], const __u8 dst[16], __u8 version)
{
	if (version == 4)
		return is_mapped(src) && is_mapped(dst);
	return version == 6;
}

/* Returns the two outer addresses, which are adjacent, or NULL if the record is too short for them.
 */
static const __u8 *outer_of(const void *data, size_t size)
{
	if (size < sizeof(struct tunnel_info))
		return NULL;
	return (const __u8 *)data + offsetof(struct tunnel_info, outer_src_ip);
}

static bool is_tunnel(const struct packet_info *rec, const __u8 *outer)
{
	if (rec->tunnel == ABI_TUNNEL_NONE)
		return rec->outer_version == 0;
	return rec->tunnel < ABI_TUNNEL_MAX && outer &&
	       are_addresses(outer, outer + OUTER_BYTES, rec->outer_version);
}

static bool is_record(const struct packet_info *rec)
{
	if (rec->version != ABI_VERSION || rec->generation >= ABI_GENERATIONS)
		return false;
	if (rec->parse >= ABI_PARSE_MAX || rec->fragment >= ABI_FRAGMENT_MAX)
		return false;
	if ((rec->has & ~ABI_HAS_ALL) || !is_packet_type(rec->packet_type))
		return false;
	if ((rec->has & ABI_HAS_VLAN_INNER) && !(rec->has & ABI_HAS_VLAN))
		return false;
	return are_addresses(rec->src_ip, rec->dst_ip, rec->ip_version);
}

static uint32_t has_bits(const struct packet_info *rec)
{
	uint32_t has = rec->has;

	if (rec->fragment != ABI_FRAGMENT_NONE)
		has |= XDPTAIL_HAS_FRAGMENT;
	if (rec->parse != ABI_PARSE_OK)
		has |= XDPTAIL_HAS_PARSE;
	if (rec->tunnel != ABI_TUNNEL_NONE)
		has |= XDPTAIL_HAS_TUNNEL;
	return has;
}

int decode_record(const void *data, size_t size, struct xdptail_packet *ret,
		  unsigned int *ret_generation)
{
	const __u8 *outer = outer_of(data, size);
	struct packet_info rec;

	if (size < sizeof(rec))
		return -EBADMSG;
	memcpy(&rec, data, sizeof(rec));
	if (!is_record(&rec) || !is_tunnel(&rec, outer))
		return -EBADMSG;

	ret->timestamp_ns = rec.timestamp_ns;
	ret->cpu_seq = rec.cpu_seq;
	ret->interface = NULL;
	memcpy(ret->src_ip, rec.src_ip, sizeof(ret->src_ip));
	memcpy(ret->dst_ip, rec.dst_ip, sizeof(ret->dst_ip));
	ret->seq_num = ntohl(rec.seq_num);
	ret->ack_num = ntohl(rec.ack_num);
	ret->packet_len = rec.packet_len;
	ret->ifindex = rec.ifindex;
	ret->sample_rate = rec.sample_rate;
	ret->cpu = rec.cpu;
	ret->has = has_bits(&rec);
	ret->src_port = ntohs(rec.src_port);
	ret->dst_port = ntohs(rec.dst_port);
	ret->vlan = ntohs(rec.vlan) & VLAN_ID_MASK;
	ret->vlan_inner = ntohs(rec.vlan_inner) & VLAN_ID_MASK;
	ret->ip_version = rec.ip_version;
	ret->protocol = rec.protocol;
	ret->packet_type = rec.packet_type;
	ret->tcp_flags = rec.tcp_flags;
	ret->ttl = rec.ttl;
	ret->icmp_type = rec.icmp_type;
	ret->icmp_code = rec.icmp_code;
	ret->fragment = rec.fragment;
	ret->parse = rec.parse;
	ret->tunnel = rec.tunnel;
	ret->outer_ip_version = rec.outer_version;
	if (rec.tunnel != ABI_TUNNEL_NONE) {
		memcpy(ret->outer_src_ip, outer, sizeof(ret->outer_src_ip));
		memcpy(ret->outer_dst_ip, outer + OUTER_BYTES, sizeof(ret->outer_dst_ip));
	} else {
		memset(ret->outer_src_ip, 0, sizeof(ret->outer_src_ip));
		memset(ret->outer_dst_ip, 0, sizeof(ret->outer_dst_ip));
	}
	*ret_generation = rec.generation;
	return 0;
}
