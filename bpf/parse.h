/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses a frame into a struct packet_info. The parser uses no maps, no helpers and no state, so
 * that the same text is verified by the kernel, unit-tested, fuzzed, and used on capture files.
 *
 * It works in steps, of which each caller uses what it needs: parse_classify() reads up to the
 * source address (and the protocol, if packets are selected by it); parse_fill() reads the rest,
 * for a sample. Headers are read in place: a frame must lie so that its IP header is 4-byte
 * aligned, as the kernel places it; in a tunnel it may be 2-byte aligned, as walk->halves says.
 * Bounds are checked only by pos + size > end: clang may fold other forms into unsigned arithmetic
 * whose bound the verifier loses.
 *
 * The verifier walks every path, and joins two only if what it knows about them is alike. So values
 * that are only recorded are or-ed together rather than branched on, and the length of an IPv6
 * extension header is computed by arithmetic: branches there made it walk 700 000 instructions
 * instead of 20 000.
 *
 * Formats: RFC 791 (IPv4), 8200 (IPv6), 4302 (AH), 9293 (TCP), 768 (UDP), 792 and 4443 (ICMP), 9260
 * (SCTP), 4340 (DCCP), 3828 (UDP-Lite). Headers in front of IP are parsed in parse_link.h, packets
 * in tunnels in parse_tunnel.h.
 */
#ifndef XDPTAIL_PARSE_H
#define XDPTAIL_PARSE_H

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>

#include "abi.h"
#include "parse_link.h"

#define PARSE_IPV6_EXT_DEPTH 6 /* extension headers followed; each adds to the verifier's work */
/* a mask for words of 4 bytes: the extension headers and the fixed header always fit */
#define PARSE_IPV6_EXT_WORDS 0xfff

#define PARSE_IP4_OFFSET_MASK 0x1fff
#define PARSE_IP4_MORE	      0x2000
#define PARSE_IP6_OFFSET_MASK 0xfff8
#define PARSE_IP6_MORE	      0x0001
#define PARSE_UDPLITE	      136 /* missing from older linux/in.h */
/* more than any length field can state */
#define PARSE_LENGTH_UNKNOWN 0x10000

/* Headers that are only 2-byte aligned in a tunnel. parse_be32() reads their wider fields. */
typedef struct iphdr parse_iphdr __attribute__((aligned(2)));
typedef struct ipv6hdr parse_ipv6hdr __attribute__((aligned(2)));
typedef struct tcphdr parse_tcphdr __attribute__((aligned(2)));

/* The classes of frames; each is one term of L1. */
enum parse_class {
	PARSE_NOT_IP,
	PARSE_NO_SOURCE,
	PARSE_UNDETERMINED,
	PARSE_NOT_SELECTED,
	PARSE_COUNTED,
	PARSE_CLASS_MAX,
};

/* Returns why a header of len bytes cannot be read at the cursor, or ABI_PARSE_OK. */
static __always_inline enum abi_parse parse_room(const struct parse_walk *w, __u32 len)
{
	if (w->left < len)
		return ABI_PARSE_MALFORMED;
	if ((const char *)w->pos + len > (const char *)w->end)
		return ABI_PARSE_TRUNCATED;
	return ABI_PARSE_OK;
}

/* Makes the verifier forget a value. It would otherwise walk the following code once for each value
 * that it has seen.
 */
static __always_inline __u32 parse_forget(const struct parse_walk *w, __u32 value)
{
	__u64 noise = (__u64)((const char *)w->end - (const char *)w->pos);
	__u64 mixed = value ^ noise;

	__asm__("" : "+r"(mixed));
	return (__u32)(mixed ^ noise);
}

/* Reads a length field. 0 means that the length is not stated (segmentation offload, jumbograms);
 * the result is then greater than any length, and stays so when header lengths are subtracted.
 */
static __always_inline __u32 parse_length(__be16 field)
{
	__u32 len = bpf_ntohs(field);

	return len + ((len - 1) >> 31 << 17);
}

static __always_inline __u32 parse_least(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/* Reads four bytes of a header, whatever its alignment. */
static __always_inline __be32 parse_be32(const struct parse_walk *w, const void *from)
{
	const __be16 *halves = from;
	union {
		__be16 halves[2];
		__be32 word;
	} joined;

	if (!w->halves)
		return *(const __be32 *)from;
	joined.halves[0] = halves[0];
	joined.halves[1] = halves[1];
	return joined.word;
}

/* Returns 1 if a == b, else 0, without a branch. The asm hides the values from the compiler, which
 * would make a branch.
 */
static __always_inline __u32 parse_equal(__u32 a, __u32 b)
{
	__u64 difference = a ^ b;

	__asm__("" : "+r"(difference));
	return (__u32)((difference - 1) >> 63);
}

/* Returns 1 if a < b, else 0, without a branch. */
static __always_inline __u32 parse_less(__u32 a, __u32 b)
{
	__u64 difference = (__u64)a - b;

	__asm__("" : "+r"(difference));
	return (__u32)(difference >> 63);
}

/* The packet has len bytes left by its own length field, but no more than bound. */
static __always_inline void parse_bound(struct parse_walk *w, __u32 len, __u32 bound)
{
	w->overlong = (__u8)(parse_less(bound, len) & parse_less(len, PARSE_LENGTH_UNKNOWN));
	w->left = parse_least(len, bound);
}

/* Parses the fixed IPv4 header. Options are not skipped here, because counting does not need them.
 */
static __always_inline enum parse_class parse_ip4(struct parse_walk *w)
{
	const parse_iphdr *ip = parse_take(w, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return PARSE_NO_SOURCE;
	w->ip = ip;
	w->version = 4;
	w->protocol = ip->protocol;
	w->has |= ABI_HAS_PROTOCOL;
	return PARSE_COUNTED;
}

static __always_inline enum parse_class parse_ip6(struct parse_walk *w)
{
	const parse_ipv6hdr *ip = parse_take(w, sizeof(*ip));

	if (!ip || ip->version != 6)
		return PARSE_NO_SOURCE;
	w->ip = ip;
	w->version = 6;
	w->protocol = ip->nexthdr;
	parse_bound(w, parse_length(ip->payload_len), w->bound - sizeof(*ip));
	return PARSE_COUNTED;
}

static __always_inline enum parse_class parse_ip(struct parse_walk *w, __be16 ethertype)
{
	if (ethertype == bpf_htons(ETH_P_IP))
		return parse_ip4(w);
	if (ethertype == bpf_htons(ETH_P_IPV6))
		return parse_ip6(w);
	return PARSE_NOT_IP;
}

static __always_inline void parse_begin(struct parse_walk *w, const struct parse_frame *frame)
{
	w->pos = frame->data;
	w->end = frame->end;
	w->wire_len = frame->wire_len;
	w->ip = 0;
	w->outer = 0;
	w->left = 0;
	w->bound = ~0U;
	w->fragment = 0;
	w->words = 0;
	w->vlan[0] = 0;
	w->vlan[1] = 0;
	w->tags = 0;
	w->version = 0;
	w->protocol = 0;
	w->parse = ABI_PARSE_OK;
	w->has = 0;
	w->tunnel = ABI_TUNNEL_NONE;
	w->overlong = 0;
	w->halves = 0;
}

#define PARSE_IP6_EXTENSIONS                                                            \
	(1ULL << IPPROTO_HOPOPTS | 1ULL << IPPROTO_ROUTING | 1ULL << IPPROTO_FRAGMENT | \
	 1ULL << IPPROTO_DSTOPTS | 1ULL << IPPROTO_AH)

static __always_inline int parse_is_ip6_extension(__u8 protocol)
{
	return protocol < 64 && PARSE_IP6_EXTENSIONS >> protocol & 1;
}

/* Is the payload data of a later fragment? Both versions' masks fit one test: IPv4 has its offset
 * in the low 13 bits (RFC 791), IPv6 in the high 13 (RFC 8200).
 */
static __always_inline int parse_is_later(const struct parse_walk *w)
{
	return (w->fragment & (w->version == 4 ? PARSE_IP4_OFFSET_MASK : PARSE_IP6_OFFSET_MASK)) !=
	       0;
}

/* Steps over one extension header. Each is at least 8 bytes long and begins with the next header
 * and a length (RFC 8200, 4). AH counts in units of 4 (RFC 4302, 2.2); the fragment header has a
 * fixed length, and the fragment field in its third and fourth byte. Returns 0, or why the header
 * cannot be read.
 */
static __always_inline enum abi_parse parse_ip6_extension(struct parse_walk *w)
{
	__u32 is_ah = parse_equal(w->protocol, IPPROTO_AH);
	__u32 is_fragment = parse_equal(w->protocol, IPPROTO_FRAGMENT);
	const __u8 *ext = w->pos;
	enum abi_parse why = parse_room(w, 8);
	__u32 len;

	if (why)
		return why;
	/* The length is computed by masks and a sum: kernels before about 6.10 forget the bounds of
	 * a product of two unknown numbers, and 5.10 those of an OR as well.
	 */
	len = ext[1] & (is_fragment - 1);
	len = (((len + 1) << 3) & (is_ah - 1)) + (((len + 2) << 2) & (0 - is_ah));
	w->fragment |= bpf_ntohs(*(const __be16 *)(ext + 2)) & (0 - is_fragment);
	w->protocol = ext[0];
	why = parse_room(w, len);
	if (why)
		return why;
	/* The position is computed from the header's own start: with a difference it does not
	 * verify (clang 14 loses the bound).
	 */
	w->pos = ext + len;
	w->left -= len;
	return ABI_PARSE_OK;
}

/* Makes the verifier forget what the paths through the extensions have found, where they join
 * (parse_forget()). Otherwise, with code of clang 19, the verifiers of Linux 5.10 and 6.1 walked
 * the following code fifty times.
 */
static __always_inline void parse_settle_extensions(struct parse_walk *w)
{
	__u64 words = (__u64)((const char *)w->pos - (const char *)w->ip) / 4;

	__asm__("" : "+r"(words));
	w->pos = (const char *)w->ip + 4 * (words & PARSE_IPV6_EXT_WORDS);
	w->left = parse_forget(w, w->left);
	w->protocol = (__u8)parse_forget(w, w->protocol);
	w->fragment = parse_forget(w, w->fragment);
}

/* Follows the IPv6 extension chain to the protocol behind it. For a later fragment only the next
 * header of its fragment header is known: if that is another extension, the protocol cannot be
 * read.
 */
static __always_inline void parse_ip6_protocol(struct parse_walk *w)
{
#ifdef __bpf__
#pragma unroll
#endif
	for (int i = 0; i < PARSE_IPV6_EXT_DEPTH; i++) {
		if (!parse_is_ip6_extension(w->protocol) || parse_is_later(w))
			break;
		w->parse = parse_ip6_extension(w);
		if (w->parse)
			return;
	}
	parse_settle_extensions(w);
	if (!parse_is_ip6_extension(w->protocol))
		w->has |= ABI_HAS_PROTOCOL;
	else if (!parse_is_later(w))
		w->parse = ABI_PARSE_TOO_DEEP;
}

/* Selects a packet that has a source. This is the only place where packets are selected. */
static __always_inline enum parse_class parse_select(struct parse_walk *w, int tcp_only)
{
	if (!tcp_only)
		return PARSE_COUNTED;
	if (w->version == 6)
		parse_ip6_protocol(w);
	if (!(w->has & ABI_HAS_PROTOCOL))
		return PARSE_UNDETERMINED;
	return w->protocol == IPPROTO_TCP ? PARSE_COUNTED : PARSE_NOT_SELECTED;
}

/* Classifies a frame. link and tcp_only must be constants of the caller. */
static __always_inline enum parse_class parse_classify(struct parse_walk *w,
						       const struct parse_frame *frame,
						       enum parse_link link, int tcp_only)
{
	enum parse_class class;

	parse_begin(w, frame);
	class = parse_ip(w, parse_link(w, link)); /* to the fixed IP header */
	return class == PARSE_COUNTED ? parse_select(w, tcp_only) : class;
}

static __always_inline void parse_address4(__u8 addr[16], __be32 ip4)
{
	__be32 *words = (__be32 *)addr; /* a key is aligned to 4 bytes only */

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ip4;
}

static __always_inline void parse_address6(const struct parse_walk *w, __u8 addr[16],
					   const void *ip6)
{
	__be32 *words = (__be32 *)addr;
	const __be32 *from = ip6;

	words[0] = parse_be32(w, from);
	words[1] = parse_be32(w, from + 1);
	words[2] = parse_be32(w, from + 2);
	words[3] = parse_be32(w, from + 3);
}

/* Writes the source address of a counted frame, as a key of packet_count. All 16 bytes are set. An
 * IPv6 packet from ::ffff:a.b.c.d, which does not occur on a real wire (RFC 4038, 4.2), counts as
 * one from a.b.c.d.
 */
static __always_inline void parse_source_address(const struct parse_walk *w, __u8 addr[16])
{
	const parse_ipv6hdr *ip6 = w->ip;
	const parse_iphdr *ip4 = w->ip;

	if (w->version == 4)
		parse_address4(addr, parse_be32(w, &ip4->saddr));
	else
		parse_address6(w, addr, &ip6->saddr);
}

/* Parses the rest of an IPv4 header: length, fragment, options. */
static __always_inline void parse_ip4_rest(struct parse_walk *w)
{
	const parse_iphdr *ip = w->ip;
	__u32 len = ip->ihl * 4U;

	w->fragment = bpf_ntohs(ip->frag_off);
	w->pos = ip;
	parse_bound(w, parse_length(ip->tot_len), w->bound);
	w->parse = parse_room(w, len);
	if (w->parse)
		return;
	w->pos = (const char *)ip + len;
	w->left -= len;
}

/* Returns 1 if more fragments follow this one, else 0. */
static __always_inline __u32 parse_has_more(const struct parse_walk *w)
{
	return w->version == 4 ? w->fragment / PARSE_IP4_MORE & 1 : w->fragment & PARSE_IP6_MORE;
}

static __always_inline __u8 parse_fragment(const struct parse_walk *w)
{
	if (parse_is_later(w))
		return ABI_FRAGMENT_LATER;
	return parse_has_more(w) ? ABI_FRAGMENT_FIRST : ABI_FRAGMENT_NONE;
}

static __always_inline __u8 parse_packet_type(const struct parse_walk *w)
{
	if (!(w->has & ABI_HAS_PROTOCOL))
		return ABI_TYPE_OTHER;
	switch (w->protocol) {
	case IPPROTO_TCP:
		return ABI_TYPE_TCP;
	case IPPROTO_UDP:
		return ABI_TYPE_UDP;
	case IPPROTO_ICMP:
		return ABI_TYPE_ICMP;
	case IPPROTO_ICMPV6:
		return ABI_TYPE_ICMPV6;
	case IPPROTO_SCTP:
		return ABI_TYPE_SCTP;
	default:
		return ABI_TYPE_OTHER;
	}
}

static __always_inline int parse_has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == PARSE_UDPLITE;
}

/* Checks that the lengths fit together. The transport header has at least least bytes, and claims
 * that claimed bytes belong to it, or to it and its payload; a first fragment may have less than
 * its header claims.
 */
static __always_inline void parse_check_lengths(struct parse_walk *w, __u32 least, __u32 claimed)
{
	__u32 beyond = parse_less(w->left, claimed) & parse_less(w->left, PARSE_LENGTH_UNKNOWN) &
		       (parse_has_more(w) ^ 1);

	w->parse = (__u8)(ABI_PARSE_MALFORMED * (w->overlong | parse_less(w->left, least) |
						 parse_less(claimed, least) | beyond));
}

/* Reads the fields of TCP behind its ports. An impossible data offset is reported; the fixed part
 * is valid all the same.
 */
static __always_inline void parse_tcp(struct parse_walk *w, struct packet_info *pkt)
{
	const parse_tcphdr *tcp = w->pos;

	w->parse = parse_room(w, sizeof(*tcp));
	if (w->parse)
		return;
	pkt->seq_num = parse_be32(w, &tcp->seq);
	pkt->ack_num = parse_be32(w, &tcp->ack_seq);
	pkt->tcp_flags = ((const __u8 *)tcp)[13];
	w->has |= ABI_HAS_TCP;
	parse_check_lengths(w, sizeof(*tcp), 4 * tcp->doff);
}

/* For other protocols with ports only the ports are recorded; the fields behind them are read to
 * check lengths only.
 */
static __always_inline void parse_datagram(struct parse_walk *w)
{
	const __be16 *words = w->pos;
	__u32 least = w->protocol == IPPROTO_UDP || w->protocol == PARSE_UDPLITE ? 8 : 12;
	__u32 claimed = least;

	w->parse = parse_room(w, 8);
	if (w->parse)
		return;
	if (w->protocol == IPPROTO_UDP)
		claimed = parse_length(words[2]);
	/* 0: the checksum covers the whole packet */
	else if (w->protocol == PARSE_UDPLITE && words[2])
		claimed = bpf_ntohs(words[2]);
	else if (w->protocol == IPPROTO_DCCP)
		claimed = 4 * ((const __u8 *)words)[4];
	parse_check_lengths(w, least, claimed);
}

/* The least length is that of the shortest message (RFC 792; RFC 4443, 2.1). */
static __always_inline void parse_icmp(struct parse_walk *w, struct packet_info *pkt)
{
	__u32 least = w->protocol == IPPROTO_ICMP ? 8 : 4;
	const __u8 *icmp = w->pos;

	w->parse = parse_room(w, 2);
	if (w->parse)
		return;
	pkt->icmp_type = icmp[0];
	pkt->icmp_code = icmp[1];
	w->has |= ABI_HAS_ICMP;
	parse_check_lengths(w, least, least);
}

/* Reads the transport header as far as it is in reach: ports may be known although the rest is cut.
 */
static __always_inline void parse_transport(struct parse_walk *w, struct packet_info *pkt)
{
	if (parse_has_ports(w->protocol)) {
		const __be16 *ports = w->pos;

		w->parse = parse_room(w, 2 * sizeof(*ports));
		if (w->parse)
			return;
		pkt->src_port = ports[0];
		pkt->dst_port = ports[1];
		w->has |= ABI_HAS_PORTS;
		if (w->protocol == IPPROTO_TCP)
			parse_tcp(w, pkt);
		else
			parse_datagram(w);
	} else if (w->protocol == IPPROTO_ICMP || w->protocol == IPPROTO_ICMPV6) {
		parse_icmp(w, pkt);
	} else {
		parse_check_lengths(w, 0, 0);
	}
}

/* Fills in the fields of *pkt that come from the wire, for a frame that parse_classify() counted
 * with the same tcp_only. *pkt must be zeroed; the caller sets the other fields (time, interface,
 * numbers). Fields that could be read stay valid, whatever follows; pkt->parse says why others are
 * missing.
 */
static __always_inline void parse_fill(struct parse_walk *w, struct packet_info *pkt, int tcp_only)
{
	parse_source_address(w, pkt->src_ip);
	if (w->version == 4) {
		const parse_iphdr *ip = w->ip;

		parse_address4(pkt->dst_ip, parse_be32(w, &ip->daddr));
		pkt->ttl = ip->ttl;
		parse_ip4_rest(w);
	} else {
		const parse_ipv6hdr *ip = w->ip;

		parse_address6(w, pkt->dst_ip, &ip->daddr);
		pkt->ttl = ip->hop_limit;
		if (!tcp_only)
			parse_ip6_protocol(w);
	}
	if ((w->has & ABI_HAS_PROTOCOL) && !w->parse && !parse_is_later(w))
		parse_transport(w, pkt);

	pkt->ip_version = w->version;
	pkt->protocol = w->has & ABI_HAS_PROTOCOL ? w->protocol : 0;
	pkt->packet_type = parse_packet_type(w);
	pkt->fragment = parse_fragment(w);
	pkt->parse = w->parse;
	pkt->vlan = w->vlan[0];
	pkt->vlan_inner = w->vlan[1];
	pkt->has = w->has | w->tags;
	pkt->tunnel = w->tunnel;
	pkt->version = ABI_VERSION;
}

#endif
