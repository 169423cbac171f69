/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of the members of the ABI structs, which do not compile if a member is missing: tables that
 * must have all members are made from them. A list calls X(struct's name, member's name) for each
 * member, and PAD for padding, which must be zero. No member is listed twice, and together they are
 * as large as the struct, which has no padding from the compiler.
 */
#ifndef LIB_MEMBERS_H
#define LIB_MEMBERS_H

#include "abi.h"

#define MEMBERS_NAME(type, member) MEMBER_OF_##type##_##member,
#define MEMBERS_SIZE(type, member) +sizeof(((const struct type *)0)->member)
#define MEMBERS_NONE(type, member)
#define MEMBERS_COVER(type, LIST)                                                 \
	enum {                                                                    \
		LIST(MEMBERS_NAME, MEMBERS_NAME)                                  \
	};                                                                        \
	_Static_assert(0 LIST(MEMBERS_SIZE, MEMBERS_SIZE) == sizeof(struct type), \
		       "a member of struct " #type " is not in its list, " #LIST)

/* clang-format off */
#define MEMBERS_PACKET_INFO(X, PAD) \
	X(packet_info, timestamp_ns) \
	X(packet_info, cpu_seq) \
	X(packet_info, src_ip) \
	X(packet_info, dst_ip) \
	X(packet_info, seq_num) \
	X(packet_info, ack_num) \
	X(packet_info, src_port) \
	X(packet_info, dst_port) \
	X(packet_info, packet_len) \
	X(packet_info, ifindex) \
	X(packet_info, sample_rate) \
	X(packet_info, vlan) \
	X(packet_info, vlan_inner) \
	X(packet_info, cpu) \
	X(packet_info, protocol) \
	X(packet_info, packet_type) \
	X(packet_info, tcp_flags) \
	X(packet_info, ttl) \
	X(packet_info, icmp_type) \
	X(packet_info, icmp_code) \
	X(packet_info, ip_version) \
	X(packet_info, fragment) \
	X(packet_info, parse) \
	X(packet_info, has) \
	X(packet_info, generation) \
	X(packet_info, version) \
	X(packet_info, tunnel) \
	X(packet_info, outer_version) \
	PAD(packet_info, pad)

#define MEMBERS_TUNNEL_INFO(X, PAD) \
	X(tunnel_info, packet) \
	X(tunnel_info, outer_src_ip) \
	X(tunnel_info, outer_dst_ip)

#define MEMBERS_SETTINGS(X, PAD) \
	X(settings, generation) \
	X(settings, sample_rate) \
	X(settings, sample_mode) \
	PAD(settings, pad)

#define MEMBERS_PACKET_TOTALS(X, PAD) \
	X(packet_totals, seen) \
	X(packet_totals, not_ip) \
	X(packet_totals, no_source) \
	X(packet_totals, undetermined) \
	X(packet_totals, not_selected) \
	X(packet_totals, counted) \
	X(packet_totals, counted_bytes) \
	X(packet_totals, sources) \
	X(packet_totals, sampled) \
	X(packet_totals, lost) \
	X(packet_totals, unattributed_packets) \
	X(packet_totals, unattributed_bytes)

#define MEMBERS_SAMPLE_COUNTER(X, PAD) \
	X(sample_counter, since) \
	X(sample_counter, target) \
	X(sample_counter, target_rate) \
	PAD(sample_counter, pad) \
	X(sample_counter, seq)

#define MEMBERS_COUNT_KEY(X, PAD) \
	X(count_key, addr) \
	X(count_key, ifindex)

#define MEMBERS_COUNT_VALUE(X, PAD) \
	X(count_value, packets) \
	X(count_value, bytes)

#define MEMBERS_TUNNEL_PORTS(X, PAD) \
	X(tunnel_ports, vxlan) \
	X(tunnel_ports, geneve) \
	X(tunnel_ports, gtpu)

#define MEMBERS_CONSTANTS(X, PAD) \
	X(constants, trace) \
	X(constants, shared_counts) \
	X(constants, tunnel_ports)
/* clang-format on */

MEMBERS_COVER(packet_info, MEMBERS_PACKET_INFO);
MEMBERS_COVER(tunnel_info, MEMBERS_TUNNEL_INFO);
MEMBERS_COVER(settings, MEMBERS_SETTINGS);
MEMBERS_COVER(packet_totals, MEMBERS_PACKET_TOTALS);
MEMBERS_COVER(sample_counter, MEMBERS_SAMPLE_COUNTER);
MEMBERS_COVER(count_key, MEMBERS_COUNT_KEY);
MEMBERS_COVER(count_value, MEMBERS_COUNT_VALUE);
MEMBERS_COVER(tunnel_ports, MEMBERS_TUNNEL_PORTS);
MEMBERS_COVER(constants, MEMBERS_CONSTANTS);

#endif
