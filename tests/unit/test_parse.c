// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include "abi.h"
#include "frames.h"
#include "parse.h"

#define MUTATIONS   1000000
#define MUTATED_MAX 256 /* no frame's headers are longer, but for one; the rest is payload */

/* A statement about every record, whatever the frame was. */
struct invariant {
	const char *name;
	bool (*holds)(const struct packet_info *pkt);
};

static bool all_zero(const void *data, size_t size)
{
	const __u8 *bytes = data;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static bool has(const struct packet_info *pkt, unsigned what)
{
	return (pkt->has & what) == what;
}

static bool values_are_in_range(const struct packet_info *pkt)
{
	return pkt->parse < ABI_PARSE_MAX && pkt->fragment < ABI_FRAGMENT_MAX &&
	       !(pkt->has & ~ABI_HAS_ALL) && pkt->version == ABI_VERSION &&
	       (pkt->ip_version == 4 || pkt->ip_version == 6);
}

static bool samplers_fields_are_untouched(const struct packet_info *pkt)
{
	return !pkt->timestamp_ns && !pkt->cpu_seq && !pkt->packet_len && !pkt->ifindex &&
	       !pkt->sample_rate && !pkt->cpu && !pkt->generation &&
	       all_zero(pkt->pad, sizeof(pkt->pad));
}

static bool ports_agree(const struct packet_info *pkt)
{
	if (!has(pkt, ABI_HAS_PORTS))
		return !pkt->src_port && !pkt->dst_port;
	return has(pkt, ABI_HAS_PROTOCOL) && parse_has_ports(pkt->protocol);
}

static bool tcp_agrees(const struct packet_info *pkt)
{
	if (!has(pkt, ABI_HAS_TCP))
		return !pkt->seq_num && !pkt->ack_num && !pkt->tcp_flags;
	return has(pkt, ABI_HAS_PORTS) && pkt->protocol == IPPROTO_TCP;
}

static bool icmp_agrees(const struct packet_info *pkt)
{
	if (!has(pkt, ABI_HAS_ICMP))
		return !pkt->icmp_type && !pkt->icmp_code;
	return has(pkt, ABI_HAS_PROTOCOL) &&
	       (pkt->protocol == IPPROTO_ICMP || pkt->protocol == IPPROTO_ICMPV6);
}

static bool vlans_agree(const struct packet_info *pkt)
{
	if (!has(pkt, ABI_HAS_VLAN) && (pkt->vlan || has(pkt, ABI_HAS_VLAN_INNER)))
		return false;
	return has(pkt, ABI_HAS_VLAN_INNER) || !pkt->vlan_inner;
}

static bool protocol_agrees(const struct packet_info *pkt)
{
	if (!has(pkt, ABI_HAS_PROTOCOL))
		return pkt->ip_version == 6 && !pkt->protocol &&
		       pkt->packet_type == ABI_TYPE_OTHER &&
		       (pkt->parse || pkt->fragment == ABI_FRAGMENT_LATER);
	return pkt->ip_version == 4 || !parse_is_ip6_extension(pkt->protocol);
}

static bool type_is_the_protocols(const struct packet_info *pkt)
{
	static const struct {
		__u8 protocol;
		__u8 type;
	} types[] = {
		{ 6, 0 }, { 17, 1 }, { 1, 2 }, { 58, 3 }, { 132, 4 },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (has(pkt, ABI_HAS_PROTOCOL) && pkt->protocol == types[i].protocol)
			return pkt->packet_type == types[i].type;
	}
	return pkt->packet_type == ABI_TYPE_OTHER;
}

static bool later_fragment_has_no_transport(const struct packet_info *pkt)
{
	return pkt->fragment != ABI_FRAGMENT_LATER ||
	       !(pkt->has & (ABI_HAS_PORTS | ABI_HAS_TCP | ABI_HAS_ICMP));
}

/* What is missing is missing for a reason. */
static bool complete_unless_said(const struct packet_info *pkt)
{
	if (pkt->parse || pkt->fragment == ABI_FRAGMENT_LATER)
		return true;
	return has(pkt, ABI_HAS_PORTS) == parse_has_ports(pkt->protocol) &&
	       has(pkt, ABI_HAS_TCP) == (pkt->protocol == IPPROTO_TCP) &&
	       has(pkt, ABI_HAS_ICMP) ==
		       (pkt->protocol == IPPROTO_ICMP || pkt->protocol == IPPROTO_ICMPV6);
}

static bool ip4_addresses_are_mapped(const struct packet_info *pkt)
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
static enum parse_class tcp_class(enum parse_class all, const struct packet_info *pkt)
{
	if (all != PARSE_COUNTED)
		return all;
	if (!has(pkt, ABI_HAS_PROTOCOL))
		return PARSE_UNDETERMINED;
	return pkt->protocol == IPPROTO_TCP ? PARSE_COUNTED : PARSE_NOT_SELECTED;
}

/* Both programs' view of a frame; one agrees with the other, and with every invariant. */
struct view {
	enum parse_class all;
	enum parse_class tcp;
	struct packet_info pkt; /* zero unless all is PARSE_COUNTED */
};

static bool view_holds(const char *name, const struct view *view, const struct packet_info *tcp_pkt)
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

static bool look(const char *name, const struct frame_bytes *frame, struct view *ret)
{
	struct packet_info tcp_pkt;

	ret->all = frame_parse(frame->data, frame->len, 0, &ret->pkt);
	ret->tcp = frame_parse(frame->data, frame->len, 1, &tcp_pkt);
	return view_holds(name, ret, &tcp_pkt);
}

Test(parse, every_frame_as_the_table_says)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const struct frame_case *want = &frame_cases[i];
		struct frame_bytes frame;
		struct view got;

		frame_decode(&frame, want->hex);
		cr_expect(look(want->name, &frame, &got), "%s: see above", want->name);
		cr_expect_eq(got.all, want->all, "%s: class for all: got %d, want %d", want->name,
			     got.all, want->all);
		cr_expect_eq(got.tcp, want->tcp, "%s: class for TCP: got %d, want %d", want->name,
			     got.tcp, want->tcp);
		cr_expect_eq(frame_compare(want->name, &got.pkt, &want->want), 0, "%s: see above",
			     want->name);
		frame_free(&frame);
	}
}

Test(parse, frames_have_names_of_their_own)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(frame_cases[i].name, frame_cases[j].name);
	}
}

/* Of the fields that a prefix has, none may differ from the whole frame's. */
static bool agrees_with_whole(const struct packet_info *part, const struct packet_info *whole)
{
	struct packet_info want = *whole;

	if (part->has & ~whole->has)
		return false;
	if (part->parse != whole->parse && part->parse != ABI_PARSE_TRUNCATED)
		return false;
	want.has = part->has;
	want.parse = part->parse;
	if (!has(part, ABI_HAS_PORTS))
		want.src_port = want.dst_port = 0;
	if (!has(part, ABI_HAS_TCP))
		want.seq_num = want.ack_num = want.tcp_flags = 0;
	if (!has(part, ABI_HAS_ICMP))
		want.icmp_type = want.icmp_code = 0;
	if (!has(part, ABI_HAS_PROTOCOL)) {
		want.protocol = 0;
		want.packet_type = ABI_TYPE_OTHER;
		if (!part->fragment)
			want.fragment = ABI_FRAGMENT_NONE; /* its header is cut off */
	}
	return !memcmp(part, &want, sizeof(want));
}

/* A longer prefix knows no less than a shorter one. In the order of enum parse_class, knowing more
 * never takes a frame back.
 */
static bool knows_no_less(const struct view *more, const struct view *less)
{
	return more->all >= less->all && more->tcp >= less->tcp &&
	       !(less->pkt.has & ~more->pkt.has);
}

static bool prefix_holds(const char *name, const struct frame_bytes *whole, size_t len,
			 const struct view *want, struct view *last)
{
	struct frame_bytes part;
	struct view got;
	bool good;

	frame_copy(&part, whole->data, len);
	good = look(name, &part, &got);
	if (got.all == PARSE_COUNTED && !agrees_with_whole(&got.pkt, &want->pkt)) {
		fprintf(stderr, "%s: prefix of %zu differs from the whole frame:\n", name, len);
		(void)frame_compare(name, &got.pkt, &want->pkt);
		good = false;
	}
	if (!knows_no_less(&got, last)) {
		fprintf(stderr, "%s: prefix of %zu knows less than that of %zu\n", name, len,
			len - 1);
		good = false;
	}
	*last = got;
	frame_free(&part);
	return good;
}

Test(parse, every_prefix_of_every_frame)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const char *name = frame_cases[i].name;
		struct view last = { 0 };
		struct frame_bytes frame;
		struct view whole;
		bool good;

		frame_decode(&frame, frame_cases[i].hex);
		good = look(name, &frame, &whole);
		for (size_t len = 0; good && len <= frame.len; len++)
			good = prefix_holds(name, &frame, len, &whole, &last);
		cr_expect(good, "%s: see above", name);
		frame_free(&frame);
	}
}

static uint64_t xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One to four bytes changed, mostly where the headers are, and sometimes an end cut off. */
static void mutate(struct frame_bytes *ret, const struct frame_bytes *frame, uint64_t *state)
{
	size_t len = frame->len < MUTATED_MAX ? frame->len : MUTATED_MAX;
	unsigned changes = 1 + xorshift(state) % 4;

	if (xorshift(state) % 4 == 0)
		len = xorshift(state) % (len + 1);
	frame_copy(ret, frame->data, len);
	for (unsigned i = 0; len && i < changes; i++) {
		uint64_t draw = xorshift(state);
		size_t at = (draw >> 16) % len;

		if (draw & 0x100)
			ret->data[at] = (__u8)draw;
		else
			ret->data[at] ^= (__u8)(1 << (draw & 7));
	}
}

Test(parse, mutated_frames, .timeout = 120)
{
	struct frame_bytes frames[FRAME_CASES];
	uint64_t state = 0x9e3779b97f4a7c15;
	unsigned done = 0;
	bool good = true;

	for (size_t i = 0; i < FRAME_CASES; i++)
		frame_decode(&frames[i], frame_cases[i].hex);
	for (; good && done < MUTATIONS; done++) {
		size_t pick = xorshift(&state) % FRAME_CASES;
		struct frame_bytes mutant;
		struct view view;

		mutate(&mutant, &frames[pick], &state);
		good = look(frame_cases[pick].name, &mutant, &view);
		frame_free(&mutant);
	}
	cr_expect(good, "mutation %u: see above", done);
	for (size_t i = 0; i < FRAME_CASES; i++)
		frame_free(&frames[i]);
}
