/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses the packet in a tunnel, if there is one and it can be reached, as parse.h parses a frame,
 * and under the same rules:
 *
 *   VXLAN, Geneve and GTP-U by their UDP ports, GRE, and IP in IP by their protocols
 *
 * Only one level is parsed: a tunnel within the tunnel is not looked into. Inside may be IP, or
 * Ethernet with up to four tags and then IP. If the packet around is in fragments, cut, broken or
 * without IP inside, it is parsed as any other packet. The tags in the record are those of the
 * frame.
 *
 * All headers here are a number of 4-byte words except for Ethernet, which is 14 bytes long: what
 * is behind it is aligned to 2 bytes.
 *
 * Formats: RFC 7348 (VXLAN), 8926 (Geneve), 2784 and 2890 (GRE), 2003, 2473, 4213 (IP in IP), 3GPP
 * TS 29.281 (GTP-U).
 */
#ifndef XDPTAIL_PARSE_TUNNEL_H
#define XDPTAIL_PARSE_TUNNEL_H

#include "abi.h"
#include "parse.h"

#define PARSE_TUNNEL_HALVES 1023 /* units of 2 bytes from one IP header to the other; a mask */
#define PARSE_GTP_EXT_DEPTH 4 /* extension headers of GTP-U that are followed at most */

#define PARSE_VXLAN_PORT  4789
#define PARSE_VXLAN_LINUX 8472 /* the kernel's own default, from before 4789 was assigned */
#define PARSE_GENEVE_PORT 6081
#define PARSE_GTPU_PORT	  2152

/* The default ports. */
#define PARSE_TUNNEL_PORTS                                                              \
	{                                                                               \
		.vxlan = { bpf_htons(PARSE_VXLAN_PORT), bpf_htons(PARSE_VXLAN_LINUX) }, \
		.geneve = { bpf_htons(PARSE_GENEVE_PORT) }, .gtpu = {                   \
			bpf_htons(PARSE_GTPU_PORT)                                      \
		}                                                                       \
	}

/* first byte: the flag of the network identifier, which must be set */
#define PARSE_VXLAN_VNI	 0x08
#define PARSE_GENEVE_VER 0xc0 /* first byte: the version */
#define PARSE_GENEVE_LEN 0x3f /* first byte: the number of words of options */
#define PARSE_GRE_SUM	 0x8000
#define PARSE_GRE_KEY	 0x2000
#define PARSE_GRE_SEQ	 0x1000
/* routing (RFC 1701), reserved bits that must not be set, the version */
#define PARSE_GRE_REFUSE 0x4c07
#define PARSE_GTP_HEAD	 0xf0 /* first byte: version and protocol type */
#define PARSE_GTP_V1	 0x30 /* version 1 and protocol type GTP, not GTP' */
#define PARSE_GTP_EXT	 0x04 /* extension headers follow */
#define PARSE_GTP_MORE	 0x07 /* with any of these flags, four more bytes follow */
#define PARSE_GTP_GPDU	 255 /* second byte: a user's packet follows */

/* Returns the len bytes at the cursor, and moves it behind them; NULL if they do not belong to the
 * packet, or are not in reach.
 */
static __always_inline const void *parse_step(struct parse_walk *w, __u32 len)
{
	const char *p = w->pos;

	if (parse_room(w, len))
		return 0;
	w->pos = p + len;
	w->left -= len;
	return p;
}

/* Makes the verifier forget a position that is not a number of words from the base, like
 * parse_settle(). Returns 0 if it is too far from the base.
 */
static __always_inline int parse_settle_halves(struct parse_walk *w, const void *base)
{
	__u64 halves = (__u64)((const char *)w->pos - (const char *)base) / 2;

	if (halves > PARSE_TUNNEL_HALVES)
		return 0;
	__asm__("" : "+r"(halves));
	w->pos = (const char *)base + 2 * (halves & PARSE_TUNNEL_HALVES);
	w->left = parse_forget(w, w->left);
	return 1;
}

/* Each of these steps returns the EtherType of what is inside, in network order, or 0 if that is
 * unknown or cut.
 */
static __always_inline __be16 parse_gre(struct parse_walk *w)
{
	const __be16 *gre = w->pos; /* flags, then EtherType */
	__u32 flags;

	if (parse_room(w, 4))
		return 0;
	flags = bpf_ntohs(gre[0]);
	if (flags & PARSE_GRE_REFUSE)
		return 0;
	w->tunnel = ABI_TUNNEL_GRE;
	if (!parse_step(w, 4 + 4 * (!!(flags & PARSE_GRE_SUM) + !!(flags & PARSE_GRE_KEY) +
				    !!(flags & PARSE_GRE_SEQ))))
		return 0;
	return gre[1];
}

static __always_inline __be16 parse_vxlan(struct parse_walk *w)
{
	const __u8 *vxlan = parse_step(w, 8);

	if (!vxlan || !(vxlan[0] & PARSE_VXLAN_VNI))
		return 0;
	w->tunnel = ABI_TUNNEL_VXLAN;
	return bpf_htons(ETH_P_TEB);
}

static __always_inline __be16 parse_geneve(struct parse_walk *w)
{
	const __u8 *geneve = w->pos;

	if (parse_room(w, 8) || (geneve[0] & PARSE_GENEVE_VER))
		return 0;
	w->tunnel = ABI_TUNNEL_GENEVE;
	if (!parse_step(w, 8 + 4 * (geneve[0] & PARSE_GENEVE_LEN)))
		return 0;
	return *(const __be16 *)(geneve + 2);
}

/* Skips the extension headers of GTP-U, the first of which has this type. Each begins with its
 * length in words and ends with the type of the next. Returns 0 if one is broken or cut, or if
 * there are too many.
 */
static __always_inline int parse_gtp_extensions(struct parse_walk *w, __u8 type)
{
#ifdef __bpf__
#pragma unroll
#endif
	for (int i = 0; i < PARSE_GTP_EXT_DEPTH; i++) {
		const __u8 *ext = w->pos;
		__u32 len;

		if (!type)
			break;
		if (parse_room(w, 4) || !ext[0])
			return 0;
		len = 4 * ext[0];
		if (!parse_step(w, len))
			return 0;
		type = ((const __u8 *)w->pos)[-1]; /* read relative to pos, because that verifies */
	}
	return !type;
}

static __always_inline __be16 parse_gtpu(struct parse_walk *w)
{
	const __u8 *gtp = parse_step(w, 8);
	const __u8 *more;

	if (!gtp || (gtp[0] & PARSE_GTP_HEAD) != PARSE_GTP_V1 || gtp[1] != PARSE_GTP_GPDU)
		return 0;
	w->tunnel = ABI_TUNNEL_GTPU;
	w->left = parse_least(w->left, bpf_ntohs(*(const __be16 *)(gtp + 2)));
	if (gtp[0] & PARSE_GTP_MORE) {
		more = parse_step(w, 4);
		if (!more)
			return 0;
		if ((gtp[0] & PARSE_GTP_EXT) && !parse_gtp_extensions(w, more[3]))
			return 0;
	}
	return parse_nibble(w);
}

static __always_inline __u32 parse_is_port(const volatile __be16 ports[ABI_TUNNEL_PORTS],
					   __be16 port)
{
	return parse_equal(ports[0], port) | parse_equal(ports[1], port);
}

static __always_inline __be16 parse_udp_tunnel(struct parse_walk *w,
					       const volatile struct tunnel_ports *ports)
{
	const __be16 *udp = parse_step(w, 8); /* ports, length, checksum */
	__u32 len;

	if (!udp || !udp[1])
		return 0;
	len = parse_length(udp[2]);
	if (len < 8 || (parse_less(w->left, len - 8) & parse_less(w->left, PARSE_LENGTH_UNKNOWN)))
		return 0;
	w->left = parse_least(w->left, len - 8);
	if (parse_is_port(ports->vxlan, udp[1]))
		return parse_vxlan(w);
	if (parse_is_port(ports->geneve, udp[1]))
		return parse_geneve(w);
	return parse_is_port(ports->gtpu, udp[1]) ? parse_gtpu(w) : 0;
}

/* Parses the transport header, if it is one of a tunnel. */
static __always_inline __be16 parse_tunnel(struct parse_walk *w,
					   const volatile struct tunnel_ports *ports)
{
	switch (w->protocol) {
	case IPPROTO_IPIP:
		w->tunnel = w->version == 4 ? ABI_TUNNEL_IPIP : ABI_TUNNEL_4IN6;
		return bpf_htons(ETH_P_IP);
	case IPPROTO_IPV6:
		w->tunnel = w->version == 4 ? ABI_TUNNEL_6IN4 : ABI_TUNNEL_6IN6;
		return bpf_htons(ETH_P_IPV6);
	case IPPROTO_GRE:
		return parse_gre(w);
	case IPPROTO_UDP:
		return parse_udp_tunnel(w, ports);
	default:
		return 0;
	}
}

/* Parses Ethernet in a tunnel, with tags. */
static __always_inline __be16 parse_inner_ethernet(struct parse_walk *w)
{
	const __be16 *eth = parse_step(w, ETH_HLEN);
	__be16 ethertype;

	if (!eth)
		return 0;
	ethertype = eth[6];
#ifdef __bpf__
#pragma unroll
#endif
	for (int i = 0; i < PARSE_VLAN_DEPTH; i++) {
		const __be16 *tag;

		if (!parse_is_vlan(ethertype))
			break;
		tag = parse_step(w, 4);
		if (!tag)
			return 0;
		ethertype = tag[1];
	}
	return ethertype;
}

/* Parses the outer packet from its fixed header to its transport header. Returns 0 if that cannot
 * be reached, or belongs to a fragment, or to no tunnel that is supported; mostly the last, which
 * has the least cost.
 */
static __always_inline int parse_outer_rest(struct parse_walk *w)
{
	__u32 fragment;

	if (w->protocol == IPPROTO_TCP || w->protocol == IPPROTO_ICMP)
		return 0;
	if (w->version == 4) {
		parse_ip4_rest(w);
		fragment = w->fragment & (PARSE_IP4_OFFSET_MASK | PARSE_IP4_MORE);
	} else {
		parse_ip6_protocol(w);
		fragment = w->fragment & (PARSE_IP6_OFFSET_MASK | PARSE_IP6_MORE);
	}
	return (w->has & ABI_HAS_PROTOCOL) && !w->parse && !fragment;
}

/* Parses from the outer IP header to that of the packet inside. PARSE_COUNTED: it is there. */
static __always_inline enum parse_class parse_inner(struct parse_walk *w,
						    const volatile struct tunnel_ports *ports)
{
	__be16 ethertype;

	if (!parse_outer_rest(w) || !parse_settle_halves(w, w->outer))
		return PARSE_NOT_IP;
	ethertype = (__be16)parse_forget(w, parse_tunnel(w, ports));
	if (!parse_settle_halves(w, w->outer))
		return PARSE_NOT_IP;
	if (ethertype == bpf_htons(ETH_P_TEB)) {
		ethertype = parse_inner_ethernet(w);
		if (!parse_settle_halves(w, w->outer))
			return PARSE_NOT_IP;
	}
	w->tunnel = (__u8)parse_forget(w, w->tunnel);
	if (w->left <
	    (ethertype == bpf_htons(ETH_P_IP) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)))
		return PARSE_NO_SOURCE;
	w->bound = w->left;
	w->left = 0;
	w->fragment = 0;
	w->has = 0;
	return parse_ip(w, ethertype);
}

/* Classifies the packet inside a tunnel if there is one in reach, else the frame itself, like
 * parse_classify().
 */
static __always_inline enum parse_class parse_classify_inner(struct parse_walk *w,
							     const struct parse_frame *frame,
							     enum parse_link link, int tcp_only)
{
	const void *base =
		link == PARSE_LINK_IP ? frame->data : (const struct ethhdr *)frame->data + 1;
	struct parse_walk inner;
	enum parse_class class;
	__be16 ethertype;

	parse_begin(w, frame);
	w->halves = 1;
	ethertype = parse_link(w, link);
	if (!parse_settle_halves(w, base))
		return PARSE_NOT_IP;
	class = parse_ip(w, ethertype);
	if (class != PARSE_COUNTED)
		return class;
	w->outer = w->ip;
	inner = *w;
	if (parse_inner(&inner, frame->ports) == PARSE_COUNTED) {
		*w = inner;
	} else {
		w->bound = parse_forget(w, w->bound);
		w->left = parse_forget(w, w->left);
		w->protocol = (__u8)parse_forget(w, w->protocol);
		w->tunnel = (__u8)parse_forget(w, ABI_TUNNEL_NONE);
	}
	return parse_select(w, tcp_only);
}

/* Fills in a sample like parse_fill(), for a frame that parse_classify_inner() counted. The outer
 * header is in reach, but the verifier has forgotten that.
 */
static __always_inline void parse_fill_inner(struct parse_walk *w, struct tunnel_info *info,
					     int tcp_only)
{
	const parse_iphdr *ip4 = w->outer;
	const parse_ipv6hdr *ip6 = w->outer;

	parse_fill(w, &info->packet, tcp_only);
	if (!w->tunnel || (const void *)(ip4 + 1) > w->end)
		return;
	if (ip4->version == 4) {
		parse_address4(info->outer_src_ip, parse_be32(w, &ip4->saddr));
		parse_address4(info->outer_dst_ip, parse_be32(w, &ip4->daddr));
	} else if ((const void *)(ip6 + 1) <= w->end) {
		parse_address6(w, info->outer_src_ip, &ip6->saddr);
		parse_address6(w, info->outer_dst_ip, &ip6->daddr);
	}
	info->packet.outer_version = ip4->version;
}

#endif
