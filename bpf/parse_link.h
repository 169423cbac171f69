/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses the headers in front of IP, as the first part of parse.h, and under its rules:
 *
 *   Ethernet, up to four tags, SNAP, then PPPoE or up to eight labels of MPLS
 *
 * Each of these but Ethernet itself is a number of 4-byte words, so that IP is 4-byte aligned
 * behind any of them if it is behind Ethernet alone. Their length fields (802.3, PPPoE) are not
 * checked, because IP has its own.
 *
 * Formats: IEEE 802.3, 802.1Q, RFC 1042 (SNAP), 2516 (PPPoE), 1661 (PPP), 3032 (MPLS).
 */
#ifndef XDPTAIL_PARSE_LINK_H
#define XDPTAIL_PARSE_LINK_H

#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>

#include "abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define PARSE_VLAN_DEPTH 4 /* tags that are skipped at most */
#define PARSE_VLANS	 2 /* outer tags that are recorded */
#define PARSE_MPLS_DEPTH 8 /* labels that are skipped at most */
#define PARSE_LINK_WORDS 15 /* words of 4 bytes between Ethernet and IP; a mask */
_Static_assert(PARSE_VLAN_DEPTH + 2 + PARSE_MPLS_DEPTH <= PARSE_LINK_WORDS,
	       "with SNAP, the longest");

#define PARSE_ETH_P_QINQ1 0x9100 /* missing from older linux/if_ether.h */
/* up to this value the EtherType field is a length (802.3, 3.2.6) */
#define PARSE_LENGTH_MAX 1500
#define PARSE_SNAP_HEAD	 0xaaaa /* both service access points of SNAP */
/* unnumbered information, and the first byte of the organisation */
#define PARSE_SNAP_TAIL	    0x0300
#define PARSE_PPPOE_SESSION 0x1100 /* version 1, type 1, code 0 */
#define PARSE_PPP_IP	    0x0021
#define PARSE_PPP_IPV6	    0x0057
#define PARSE_MPLS_BOTTOM   0x01 /* in the third byte of a label */
#define PARSE_IP4_WORDS_MAX 15 /* words of 4 bytes in an IPv4 header */
#define PARSE_SHORT_FRAME   64 /* bytes with a check sequence: longer frames have no padding */
#define PARSE_PADDING_MAX   46 /* most bytes of padding in a short frame (802.3, 3.2.8) */

/* The first header of a frame; must be a constant of the caller. */
enum parse_link {
	PARSE_LINK_ETHERNET,
	PARSE_LINK_IP, /* tunnels without a link header */
	PARSE_LINK_MAX,
};

/* A frame as its caller has it. Pointers are borrowed. */
struct parse_frame {
	const void *data;
	const void *end; /* one past the last byte in reach */
	__u32 wire_len; /* bytes on the wire, never fewer than are in reach */
	const volatile struct tunnel_ports *ports; /* for parse_tunnel.h only */
};

/* The state of the parser. Pointers are borrowed from the frame. */
struct parse_walk {
	const void *pos; /* first byte not yet parsed */
	const void *end; /* one past the last byte in reach */
	const void *ip; /* the fixed IP header */
	const void *outer; /* the fixed IP header of the packet around; NULL if there is none */
	__u64 words; /* words of 4 bytes that were skipped between Ethernet and pos */
	__u32 wire_len; /* bytes of the whole frame */
	__u32 left; /* bytes from pos to the end of the IP packet, by its own length field */
	/* bytes from ip to the end of the packet around it; the greatest value if there is none */
	__u32 bound;
	/* the fragment field in host order, with offset and flag as in its version */
	__u32 fragment;
	__be16 vlan[PARSE_VLANS];
	__u8 tags; /* ABI_HAS_VLAN… */
	__u8 version; /* 4 or 6 */
	__u8 protocol;
	__u8 parse; /* enum abi_parse */
	__u8 has; /* enum abi_has, except for tags */
	__u8 tunnel; /* enum abi_tunnel */
	__u8 overlong; /* 1: by its own length field the packet ends beyond the one around it */
	__u8 halves; /* 1: ip may be aligned to 2 bytes only; must be a constant of the caller */
};

/* Returns the len bytes at the cursor, and moves it behind them; NULL if they are not in reach. */
static __always_inline const void *parse_take(struct parse_walk *w, __u32 len)
{
	const void *p = w->pos;

	if ((const char *)p + len > (const char *)w->end)
		return 0;
	w->pos = (const char *)p + len;
	return p;
}

/* Returns words of 4 bytes between Ethernet and IP, and moves the cursor behind them. */
static __always_inline const void *parse_take_words(struct parse_walk *w, __u32 words)
{
	w->words += words;
	return parse_take(w, 4 * words);
}

/* Makes the verifier forget what it knows of a value. It would otherwise walk the following code
 * once for each value that it has seen. Xor-ed twice with a byte of the frame, the value is
 * unchanged, but unknown.
 */
static __always_inline __u64 parse_unknown(const struct ethhdr *eth, __u64 value)
{
	__u64 noise = eth->h_dest[0];
	__u64 mixed = value ^ noise;

	__asm__("" : "+r"(mixed));
	return mixed ^ noise;
}

/* Makes the verifier forget which words and tags were skipped. */
static __always_inline void parse_settle(struct parse_walk *w, const struct ethhdr *eth)
{
	w->words = parse_unknown(eth, w->words) & PARSE_LINK_WORDS;
	w->pos = (const char *)(eth + 1) + 4 * w->words;
}

static __always_inline void parse_settle_tags(struct parse_walk *w, const struct ethhdr *eth)
{
	w->tags = (__u8)parse_unknown(eth, w->tags);
	w->vlan[0] = (__be16)parse_unknown(eth, w->vlan[0]);
	w->vlan[1] = (__be16)parse_unknown(eth, w->vlan[1]);
}

static __always_inline int parse_is_vlan(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD) ||
	       ethertype == bpf_htons(PARSE_ETH_P_QINQ1);
}

/* Each of these steps returns the EtherType of what is behind it, in network order, or 0 if that is
 * unknown or cut.
 */
static __always_inline __be16 parse_vlans(struct parse_walk *w, __be16 ethertype)
{
#ifdef __bpf__
#pragma unroll
#endif
	for (int i = 0; i < PARSE_VLAN_DEPTH; i++) {
		const __be16 *tag; /* TCI, then the next EtherType */

		if (!parse_is_vlan(ethertype))
			break;
		tag = parse_take_words(w, 1);
		if (!tag)
			return 0;
		if (i < PARSE_VLANS) {
			w->vlan[i] = tag[0];
			w->tags |= i ? ABI_HAS_VLAN_INNER : ABI_HAS_VLAN;
		}
		ethertype = tag[1];
	}
	return ethertype;
}

/* Handles a length in place of an EtherType: LLC follows, and only SNAP with an EtherType can lead
 * to IP.
 */
static __always_inline __be16 parse_snap(struct parse_walk *w, __be16 ethertype)
{
	const __be16 *snap;

	if ((__u16)(bpf_ntohs(ethertype) - 1) >= PARSE_LENGTH_MAX)
		return ethertype;
	snap = parse_take_words(w, 2);
	if (!snap || snap[0] != bpf_htons(PARSE_SNAP_HEAD) ||
	    snap[1] != bpf_htons(PARSE_SNAP_TAIL) || snap[2])
		return 0;
	return snap[3];
}

/* A PPP protocol that is compressed to one byte is not followed: no sender of PPPoE should use it
 * (RFC 2516, 7), and IP behind it would be at an address that not every kernel lets a program read.
 */
static __always_inline __be16 parse_pppoe(struct parse_walk *w)
{
	const __be16 *pppoe = parse_take_words(w, 2); /* kind, session, length, protocol */

	if (!pppoe || pppoe[0] != bpf_htons(PARSE_PPPOE_SESSION))
		return 0;
	if (pppoe[3] == bpf_htons(PARSE_PPP_IP))
		return bpf_htons(ETH_P_IP);
	return pppoe[3] == bpf_htons(PARSE_PPP_IPV6) ? bpf_htons(ETH_P_IPV6) : 0;
}

/* Skips labels to the bottom of the stack. Returns 0 if it is cut, or too deep. */
static __always_inline int parse_mpls(struct parse_walk *w)
{
#ifdef __bpf__
#pragma unroll
#endif
	for (int i = 0; i < PARSE_MPLS_DEPTH; i++) {
		const __u8 *label = parse_take_words(w, 1);

		if (!label)
			return 0;
		if (label[2] & PARSE_MPLS_BOTTOM)
			return 1;
	}
	return 0;
}

/* Guesses the EtherType from the IP version, where no header states it. */
static __always_inline __be16 parse_nibble(const struct parse_walk *w)
{
	const __u8 *first = w->pos;

	if (first + 1 > (const __u8 *)w->end)
		return 0;
	if (*first >> 4 == 4)
		return bpf_htons(ETH_P_IP);
	return *first >> 4 == 6 ? bpf_htons(ETH_P_IPV6) : 0;
}

/* Is the checksum of an IPv4 header of this many 4-byte words right (RFC 1071)? If the header is
 * not all in reach, the answer is no. The loop has no early exit, because clang would not unroll
 * it.
 */
static __always_inline int parse_sum_fits(const struct parse_walk *w, __u32 words)
{
	const __be16 *half = w->pos;
	__u64 bytes = 4UL * words;
	__u32 sum = 0;

	/* From this comparison clang 19 concludes that those in the loop hold, but no verifier
	 * does. The asm hides that bytes depends on words.
	 */
	__asm__("" : "+r"(bytes));
	if ((const char *)w->pos + bytes > (const char *)w->end)
		return 0;
#ifdef __bpf__
#pragma unroll
#endif
	for (__u64 i = 0; i < PARSE_IP4_WORDS_MAX; i++) {
		if (i < words && (const void *)(half + 2 * i + 2) <= w->end)
			sum += (__u32)half[2 * i] + half[2 * i + 1];
	}
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* Does an IP packet of this length end where the frame does, except for padding? */
static __always_inline int parse_length_fits(const struct parse_walk *w, __u32 len, __u32 spare)
{
	__u32 before = (__u32)(sizeof(struct ethhdr) + 4 * w->words);

	return w->wire_len - before - len <= spare;
}

/* Classifies what is behind the labels of MPLS, which do not name it. It may be IP, which begins
 * with its version, or an Ethernet frame (a pseudowire, RFC 4448), which may begin with any number.
 * So the lengths in an IP header have to fit, and its checksum, if it has one.
 */
static __always_inline __be16 parse_unnamed(const struct parse_walk *w)
{
	const __u8 *first = w->pos;
	const __be16 *half = w->pos;
	__u32 words, len;

	if ((const void *)(half + 4) > w->end)
		return 0;
	words = *first & 0x0f;
	if (*first >> 4 == 6) {
		__u32 spare = w->wire_len <= PARSE_SHORT_FRAME ? PARSE_PADDING_MAX : 0;

		len = 40 + bpf_ntohs(half[2]);
		return parse_length_fits(w, len, spare) ? bpf_htons(ETH_P_IPV6) : 0;
	}
	len = bpf_ntohs(half[1]);
	if (*first >> 4 != 4 || words < 5 || len < 4 * words ||
	    !parse_length_fits(w, len, PARSE_PADDING_MAX))
		return 0;
	return parse_sum_fits(w, words) ? bpf_htons(ETH_P_IP) : 0;
}

/* Parses what may stand between Ethernet and IP: tags, then SNAP, then PPPoE or MPLS. */
static __always_inline __be16 parse_encapsulation(struct parse_walk *w, const struct ethhdr *eth)
{
	__be16 ethertype = parse_snap(w, parse_vlans(w, eth->h_proto));
	int unnamed = 0;

	parse_settle(w, eth);
	parse_settle_tags(w, eth);
	if (ethertype == bpf_htons(ETH_P_PPP_SES)) {
		ethertype = parse_pppoe(w);
	} else if (ethertype == bpf_htons(ETH_P_MPLS_UC) || ethertype == bpf_htons(ETH_P_MPLS_MC)) {
		if (!parse_mpls(w))
			return 0;
		unnamed = 1;
	}
	parse_settle(w, eth);
	if (!unnamed)
		return ethertype;
	ethertype = parse_unnamed(w);
	parse_settle(w, eth); /* the verifier forgets how much of the IP header is in reach */
	return ethertype;
}

/* Most frames have nothing between Ethernet and IP, and should not pay for those that have. */
static __always_inline __be16 parse_ethernet(struct parse_walk *w)
{
	const struct ethhdr *eth = parse_take(w, sizeof(*eth));

	if (!eth)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP) || eth->h_proto == bpf_htons(ETH_P_IPV6))
		return eth->h_proto;
	return parse_encapsulation(w, eth);
}

/* Returns the EtherType of what is at the cursor behind the link header; 0: it is unknown. */
static __always_inline __be16 parse_link(struct parse_walk *w, enum parse_link link)
{
	return link == PARSE_LINK_IP ? parse_nibble(w) : parse_ethernet(w);
}

#endif
