/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds of every frame, whatever it is: the records of both programs agree with each other,
 * and with what their own fields say; and with decap, with those without it. For the unit tests and
 * the fuzzers.
 */
#ifndef TESTS_VIEW_H
#define TESTS_VIEW_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "frames.h"
#include "parse.h"

/* A statement about every record, whatever the frame was. */
struct invariant {
	const char *name;
	bool (*holds)(const struct packet_info *pkt);
};

static inline bool all_zero(const void *data, size_t size)
{
	const __u8 *bytes = data;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static inline bool view_has(const struct packet_info *pkt, unsigned what)
{
	return (pkt->has & what) == what;
}

static inline bool values_are_in_range(const struct packet_info *pkt)
{
	return pkt->parse < ABI_PARSE_MAX && pkt->fragment < ABI_FRAGMENT_MAX &&
	       !(pkt->has & ~ABI_HAS_ALL) && pkt->version == ABI_VERSION &&
	       (pkt->ip_version == 4 || pkt->ip_version == 6);
}

static inline bool samplers_fields_are_untouched(const struct packet_info *pkt)
{
	return !pkt->timestamp_ns && !pkt->cpu_seq && !pkt->packet_len && !pkt->ifindex &&
	       !pkt->sample_rate && !pkt->cpu && !pkt->generation &&
	       all_zero(pkt->pad, sizeof(pkt->pad));
}

static inline bool ports_agree(const struct packet_info *pkt)
{
	if (!view_has(pkt, ABI_HAS_PORTS))
		return !pkt->src_port && !pkt->dst_port;
	return view_has(pkt, ABI_HAS_PROTOCOL) && parse_has_ports(pkt->protocol);
}

static inline bool tcp_agrees(const struct packet_info *pkt)
{
	if (!view_has(pkt, ABI_HAS_TCP))
		return !pkt->seq_num && !pkt->ack_num && !pkt->tcp_flags;
	return view_has(pkt, ABI_HAS_PORTS) && pkt->protocol == IPPROTO_TCP;
}

static inline bool icmp_agrees(const struct packet_info *pkt)
{
	if (!view_has(pkt, ABI_HAS_ICMP))
		return !pkt->icmp_type && !pkt->icmp_code;
	return view_has(pkt, ABI_HAS_PROTOCOL) &&
	       (pkt->protocol == IPPROTO_ICMP || pkt->protocol == IPPROTO_ICMPV6);
}

static inline bool vlans_agree(const struct packet_info *pkt)
{
	if (!view_has(pkt, ABI_HAS_VLAN) && (pkt->vlan || view_has(pkt, ABI_HAS_VLAN_INNER)))
		return false;
	return view_has(pkt, ABI_HAS_VLAN_INNER) || !pkt->vlan_inner;
}

static inline bool protocol_agrees(const struct packet_info *pkt)
{
	if (!view_has(pkt, ABI_HAS_PROTOCOL))
		return pkt->ip_version == 6 && !pkt->protocol &&
		       pkt->packet_type == ABI_TYPE_OTHER &&
		       (pkt->parse || pkt->fragment == ABI_FRAGMENT_LATER);
	return pkt->ip_version == 4 || !parse_is_ip6_extension(pkt->protocol);
}

static inline bool type_is_the_protocols(const struct packet_info *pkt)
{
	static const struct {
		__u8 protocol;
		__u8 type;
	} types[] = {
		{ 6, 0 }, { 17, 1 }, { 1, 2 }, { 58, 3 }, { 132, 4 },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (view_has(pkt, ABI_HAS_PROTOCOL) && pkt->protocol == types[i].protocol)
			return pkt->packet_type == types[i].type;
	}
	return pkt->packet_type == ABI_TYPE_OTHER;
}

static inline bool later_fragment_has_no_transport(const struct packet_info *pkt)
{
	return pkt->fragment != ABI_FRAGMENT_LATER ||
	       !(pkt->has & (ABI_HAS_PORTS | ABI_HAS_TCP | ABI_HAS_ICMP));
}

/* What is missing is missing for a reason. */
static inline bool complete_unless_said(const struct packet_info *pkt)
{
	if (pkt->parse || pkt->fragment == ABI_FRAGMENT_LATER)
		return true;
	return view_has(pkt, ABI_HAS_PORTS) == parse_has_ports(pkt->protocol) &&
	       view_has(pkt, ABI_HAS_TCP) == (pkt->protocol == IPPROTO_TCP) &&
	       view_has(pkt, ABI_HAS_ICMP) ==
		       (pkt->protocol == IPPROTO_ICMP || pkt->protocol == IPPROTO_ICMPV6);
}

static inline bool ip4_addresses_are_mapped(const struct packet_info *pkt)
{
	static const __u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return pkt->ip_version == 6 || (!memcmp(pkt->src_ip, prefix, sizeof(prefix)) &&
					!memcmp(pkt->dst_ip, prefix, sizeof(prefix)));
}

static const struct invariant invariants[] = {
	{ "values are in range", values_are_in_range },
	{ "the sampler's fields are untouched", samplers_fields_are_untouched },
	{ "ports agree", ports_agree },
	{ "TCP agrees", tcp_agrees },
	{ "ICMP agrees", icmp_agrees },
	{ "VLANs agree", vlans_agree },
	{ "protocol agrees", protocol_agrees },
	{ "type is the protocol's", type_is_the_protocols },
	{ "a later fragment has no transport header", later_fragment_has_no_transport },
	{ "complete unless said", complete_unless_said },
	{ "IPv4 addresses are mapped", ip4_addresses_are_mapped },
};

/* The class that count_tcp_packets must give, from what count_packets found. */
static inline enum parse_class tcp_class(enum parse_class all, const struct packet_info *pkt)
{
	if (all != PARSE_COUNTED)
		return all;
	if (!view_has(pkt, ABI_HAS_PROTOCOL))
		return PARSE_UNDETERMINED;
	return pkt->protocol == IPPROTO_TCP ? PARSE_COUNTED : PARSE_NOT_SELECTED;
}

/* Both programs' view of a frame; one agrees with the other, and with every invariant. */
struct view {
	enum parse_class all;
	enum parse_class tcp;
	struct packet_info pkt; /* zero unless all is PARSE_COUNTED */
};

static inline bool view_holds(const char *name, const struct view *view,
			      const struct packet_info *tcp_pkt)
{
	static const struct packet_info none;
	enum parse_class want = tcp_class(view->all, &view->pkt);
	bool good = true;

	if (view->all == PARSE_UNDETERMINED || view->all == PARSE_NOT_SELECTED ||
	    view->all >= PARSE_CLASS_MAX || view->tcp != want) {
		fprintf(stderr, "%s: class: got %d for all, %d for TCP, want %d for TCP\n", name,
			view->all, view->tcp, want);
		good = false;
	}
	if (frame_compare(name, tcp_pkt, view->tcp == PARSE_COUNTED ? &view->pkt : &none))
		good = false;
	if (view->all != PARSE_COUNTED)
		return good;
	for (size_t i = 0; i < sizeof(invariants) / sizeof(invariants[0]); i++) {
		if (invariants[i].holds(&view->pkt))
			continue;
		fprintf(stderr, "%s: does not hold: %s\n", name, invariants[i].name);
		(void)frame_compare(name, &view->pkt, &none);
		good = false;
	}
	return good;
}

static inline bool view_look(const char *name, const struct frame_bytes *frame,
			     enum parse_link link, struct view *ret)
{
	const struct parse_frame bytes = frame_reach(frame->data, frame->len, frame->wire_len);
	struct packet_info tcp_pkt;

	ret->all = frame_parse(&bytes, link, 0, &ret->pkt);
	ret->tcp = frame_parse(&bytes, link, 1, &tcp_pkt);
	return view_holds(name, ret, &tcp_pkt);
}

/* With decap. */
struct view_inner {
	struct view view;
	struct tunnel_info info; /* its packet is the view's */
};

/* What is said of a tunnel is what is said of the frame without decap, and where there is none, so
 * is all else.
 */
static inline bool view_is_inside(const char *name, const struct view_inner *inner,
				  const struct view *outer)
{
	struct view_inner want = { .view = *outer, .info.packet = outer->pkt };
	const struct packet_info *got = &inner->view.pkt;

	if (got->tunnel) {
		want.view.all = PARSE_COUNTED;
		want.view.tcp = inner->view.tcp;
		want.info.packet = *got;
		want.info.packet.vlan = outer->pkt.vlan;
		want.info.packet.vlan_inner = outer->pkt.vlan_inner;
		want.info.packet.outer_version = outer->pkt.ip_version;
		memcpy(want.info.outer_src_ip, outer->pkt.src_ip, sizeof(outer->pkt.src_ip));
		memcpy(want.info.outer_dst_ip, outer->pkt.dst_ip, sizeof(outer->pkt.dst_ip));
	}
	if (outer->pkt.tunnel || got->tunnel >= ABI_TUNNEL_MAX || outer->all < want.view.all ||
	    inner->view.all != want.view.all || inner->view.tcp != want.view.tcp) {
		fprintf(stderr, "%s: decap: class: got %d for all, %d for TCP, without %d, %d\n",
			name, inner->view.all, inner->view.tcp, outer->all, outer->tcp);
		return false;
	}
	return frame_compare_inner(name, &inner->info, &want.info) == 0;
}

static inline bool view_look_inner(const char *name, const struct frame_bytes *frame,
				   enum parse_link link, struct view_inner *ret)
{
	const struct parse_frame bytes = frame_reach(frame->data, frame->len, frame->wire_len);
	struct tunnel_info tcp_info, none = { 0 };
	struct view outer;
	bool good = view_look(name, frame, link, &outer);

	ret->view.all = frame_parse_inner(&bytes, link, 0, &ret->info);
	ret->view.tcp = frame_parse_inner(&bytes, link, 1, &tcp_info);
	ret->view.pkt = ret->info.packet;
	good = view_holds(name, &ret->view, &tcp_info.packet) && good;
	if (ret->view.tcp == PARSE_COUNTED)
		none = ret->info;
	return frame_compare_inner(name, &tcp_info, &none) == 0 &&
	       view_is_inside(name, ret, &outer) && good;
}

#endif
