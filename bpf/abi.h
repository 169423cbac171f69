/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every struct and limit that crosses the kernel boundary, with fixed-width fields, no implicit
 * padding, and asserted sizes. Multi-byte values from the wire stay in network order (__be*) until
 * src/lib/decode.c; everything else is in host order.
 */
#ifndef XDPTAIL_ABI_H
#define XDPTAIL_ABI_H

#include <linux/types.h>

/* version of struct packet_info; a record of another version is not decoded */
#define ABI_VERSION	2
#define ABI_GENERATIONS 2

/* Why fields are missing. A header may be cut behind the fields that are read. */
enum abi_parse {
	ABI_PARSE_OK,
	ABI_PARSE_TRUNCATED, /* the bytes in reach end before a field */
	/* a length field contradicts the header it is in, or the one around it */
	ABI_PARSE_MALFORMED,
	ABI_PARSE_TOO_DEEP, /* more headers than the parser follows */
	ABI_PARSE_MAX,
};

enum abi_fragment {
	ABI_FRAGMENT_NONE,
	ABI_FRAGMENT_FIRST, /* the fragment with the transport header */
	ABI_FRAGMENT_LATER, /* a fragment without a transport header */
	ABI_FRAGMENT_MAX,
};

/* Readers of the stream know these numbers, so none may change. 255 is any other protocol. */
enum abi_packet_type {
	ABI_TYPE_TCP = 0,
	ABI_TYPE_UDP = 1,
	ABI_TYPE_ICMP = 2,
	ABI_TYPE_ICMPV6 = 3,
	ABI_TYPE_SCTP = 4,
	ABI_TYPE_OTHER = 255,
};

/* Which of the optional fields of a record are set. */
enum abi_has {
	ABI_HAS_PORTS = 1 << 0, /* src_port, dst_port */
	ABI_HAS_TCP = 1 << 1, /* seq_num, ack_num, tcp_flags */
	ABI_HAS_ICMP = 1 << 2, /* icmp_type, icmp_code */
	ABI_HAS_VLAN = 1 << 3,
	ABI_HAS_VLAN_INNER = 1 << 4,
	ABI_HAS_PROTOCOL = 1 << 5, /* unset when an IPv6 extension chain hides it */
	ABI_HAS_ALL = (1 << 6) - 1,
};

/* The tunnel around a packet. */
enum abi_tunnel {
	ABI_TUNNEL_NONE,
	ABI_TUNNEL_VXLAN,
	ABI_TUNNEL_GENEVE,
	ABI_TUNNEL_GRE,
	ABI_TUNNEL_IPIP, /* IPv4 in IPv4 */
	ABI_TUNNEL_4IN6,
	ABI_TUNNEL_6IN4,
	ABI_TUNNEL_6IN6,
	ABI_TUNNEL_GTPU,
	ABI_TUNNEL_MAX,
};

/* One sample in the ring. Every byte is set, because ring memory is not cleared. */
struct packet_info {
	__u64 timestamp_ns; /* boot-time clock; monotonic clock in the perf variant */
	__u64 cpu_seq; /* numbers this CPU's samples from 1, in the order they were taken */
	__u8 src_ip[16]; /* IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) */
	__u8 dst_ip[16];
	__be32 seq_num;
	__be32 ack_num;
	__be16 src_port;
	__be16 dst_port;
	__u32 packet_len; /* bytes of the frame on the wire */
	__u32 ifindex;
	__u32 sample_rate; /* the N in force when this sample was taken */
	__be16 vlan; /* TCI (IEEE 802.1Q): 3 bits priority, 1 DEI, 12 identifier */
	__be16 vlan_inner;
	__u16 cpu;
	__u8 protocol; /* IPv6: the next header after the extension headers */
	__u8 packet_type; /* enum abi_packet_type */
	__u8 tcp_flags;
	__u8 ttl; /* hop limit for IPv6 */
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 ip_version; /* 4 or 6 */
	__u8 fragment; /* enum abi_fragment */
	__u8 parse; /* enum abi_parse */
	__u8 has; /* enum abi_has */
	__u8 generation; /* generation of the totals that include this sample */
	__u8 version; /* ABI_VERSION */
	__u8 tunnel; /* enum abi_tunnel; if not NONE, this is the start of a struct tunnel_info */
	__u8 outer_version; /* 4 or 6; 0 without a tunnel */
	__u8 pad[4]; /* zero */
};
_Static_assert(sizeof(struct packet_info) == 96, "packet_info is ABI");

/* A sample of a program that looks into tunnels. */
struct tunnel_info {
	struct packet_info packet; /* the packet inside */
	__u8 outer_src_ip[16]; /* encoded as src_ip; zero without a tunnel */
	__u8 outer_dst_ip[16];
};
_Static_assert(sizeof(struct tunnel_info) == 128, "tunnel_info is ABI");

/* Map packet_count: packets and bytes of each source. */
struct count_key {
	__u8 addr[16]; /* IPv4 is mapped to IPv6 */
	__u32 ifindex;
};
_Static_assert(sizeof(struct count_key) == 20, "count_key is ABI");

struct count_value {
	__u64 packets;
	__u64 bytes;
};
_Static_assert(sizeof(struct count_value) == 16, "count_value is ABI");

/* Why a counted packet could not be added to its source. */
enum abi_unattributed {
	ABI_UNATTRIBUTED_FULL, /* E2BIG: the map holds as many sources as it can */
	ABI_UNATTRIBUTED_BUSY, /* EBUSY: the bucket was locked on this CPU */
	ABI_UNATTRIBUTED_NOMEM, /* ENOMEM */
	ABI_UNATTRIBUTED_OTHER,
	ABI_UNATTRIBUTED_MAX,
};

/* Why a sample did not get into the ring. */
enum abi_lost {
	ABI_LOST_RING_FULL,
	/* perf: the CPU came up after the program started, and has no buffer yet */
	ABI_LOST_NO_BUFFER,
	ABI_LOST_OTHER,
	ABI_LOST_MAX,
};

/* Map packet_totals: one entry per generation and CPU.
 *   seen = not_ip + no_source + undetermined + not_selected + counted      (L1)
 */
struct packet_totals {
	__u64 seen;
	__u64 not_ip;
	__u64 no_source; /* packets whose IP header is too short or broken to have a source */
	/* packets whose protocol, which is needed to select them, could not be read */
	__u64 undetermined;
	__u64 not_selected; /* packets of a protocol that is not selected */
	__u64 counted;
	__u64 counted_bytes;
	__u64 sources; /* sources inserted into packet_count, which shows how full it is */
	__u64 sampled;
	__u64 lost[ABI_LOST_MAX];
	__u64 unattributed_packets[ABI_UNATTRIBUTED_MAX];
	__u64 unattributed_bytes[ABI_UNATTRIBUTED_MAX];
};
_Static_assert(sizeof(struct packet_totals) == 160, "packet_totals is ABI");

enum abi_sample_mode {
	ABI_SAMPLE_EVERY, /* each Nth packet of a CPU */
	ABI_SAMPLE_RANDOM, /* gaps drawn from 1 … 2N − 1, so N on average */
	ABI_SAMPLE_MODE_MAX,
};

/* Map settings, one entry: what may change while packets flow. User space writes it with one
 * update; the program reads each member once per packet.
 */
struct settings {
	__u32 generation; /* 0 or 1: the generation in use */
	__u32 sample_rate; /* N; 0: no samples */
	__u32 sample_mode; /* enum abi_sample_mode */
	__u32 pad; /* zero */
};
_Static_assert(sizeof(struct settings) == 16, "settings is ABI");

#define ABI_SAMPLE_RATE_MAX (1U << 30) /* 2N − 1 fits 32 bits */

/* Map sample_counter, one entry per CPU. */
struct sample_counter {
	__u32 since; /* packets since the last sample; starts at a random value */
	__u32 target; /* random mode: take a sample when since reaches it */
	__u32 target_rate; /* the N that target was drawn for; a different N draws a new target */
	__u32 pad; /* zero */
	__u64 seq; /* number of this CPU's last sample */
};
_Static_assert(sizeof(struct sample_counter) == 24, "sample_counter is ABI");

#define ABI_TUNNEL_PORTS 2 /* for each kind of tunnel that is known by its UDP port */

/* UDP destination ports of tunnels, in network byte order; 0: unused. */
struct tunnel_ports {
	__be16 vxlan[ABI_TUNNEL_PORTS];
	__be16 geneve[ABI_TUNNEL_PORTS];
	__be16 gtpu[ABI_TUNNEL_PORTS];
};
_Static_assert(sizeof(struct tunnel_ports) == 12, "tunnel_ports is ABI");

/* Section .rodata.constants: fixed before the program is verified. */
struct constants {
	__u32 trace; /* 1: each sample also goes to the kernel's trace pipe */
	__u32 shared_counts; /* 1: packet_count is shared by all CPUs, so additions are atomic */
	struct tunnel_ports tunnel_ports; /* for programs that look into tunnels */
};
_Static_assert(sizeof(struct constants) == 20, "constants is ABI");

#endif
