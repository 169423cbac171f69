// SPDX-License-Identifier: BSD-2-Clause
#include <stdbool.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include "abi.h"
#include "frames.h"
#include "parse.h"
#include "view.h"

#define MUTATIONS   1000000
#define MUTATED_MAX 256 /* no frame's headers are longer, but for one; the rest is payload */

Test(parse, every_frame_as_the_table_says)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const struct frame_case *want = &frame_cases[i];
		struct frame_bytes frame;
		struct view got;

		frame_open(&frame, want->link, want);
		cr_expect(view_look(want->name, &frame, want->link, &got), "%s: see above",
			  want->name);
		cr_expect_eq(got.all, want->all, "%s: class for all: got %d, want %d", want->name,
			     got.all, want->all);
		cr_expect_eq(got.tcp, want->tcp, "%s: class for TCP: got %d, want %d", want->name,
			     got.tcp, want->tcp);
		cr_expect_eq(frame_compare(want->name, &got.pkt, &want->want), 0, "%s: see above",
			     want->name);
		frame_free(&frame);
	}
}

Test(parse, every_frame_as_the_table_says_with_decap)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const struct frame_case *c = &frame_cases[i];
		struct frame_bytes frame;
		struct tunnel_info info;
		struct view_inner got;
		enum parse_class tcp;

		frame_want_inner(c, &tcp, &info);
		frame_open(&frame, c->link, c);
		cr_expect(view_look_inner(c->name, &frame, c->link, &got), "%s: see above",
			  c->name);
		cr_expect_eq(got.view.all, c->all, "%s: class for all: got %d, want %d", c->name,
			     got.view.all, c->all);
		cr_expect_eq(got.view.tcp, tcp, "%s: class for TCP: got %d, want %d", c->name,
			     got.view.tcp, tcp);
		cr_expect_eq(frame_compare_inner(c->name, &got.info, &info), 0, "%s: see above",
			     c->name);
		frame_free(&frame);
	}
}

/* Counted, and directly behind Ethernet. */
static bool is_plain(const struct frame_case *c)
{
	return c->link == PARSE_LINK_ETHERNET && c->all == PARSE_COUNTED &&
	       (!strncmp(c->hex, HEX_ETH4, strlen(HEX_ETH4)) ||
		!strncmp(c->hex, HEX_ETH6, strlen(HEX_ETH6)));
}

/* IP is the same behind Ethernet and without it. */
Test(parse, ip_frames_as_behind_ethernet)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const struct frame_case *want = &frame_cases[i];
		struct frame_bytes frame;
		struct view got;

		frame_open(&frame, PARSE_LINK_IP, want);
		cr_expect(view_look(want->name, &frame, PARSE_LINK_IP, &got), "%s: see above",
			  want->name);
		frame_free(&frame);
		if (!is_plain(want))
			continue;
		cr_expect_eq(got.all, want->all, "%s: class for all: got %d, want %d", want->name,
			     got.all, want->all);
		cr_expect_eq(got.tcp, want->tcp, "%s: class for TCP: got %d, want %d", want->name,
			     got.tcp, want->tcp);
		cr_expect_eq(frame_compare(want->name, &got.pkt, &want->want), 0, "%s: see above",
			     want->name);
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
	if (!view_has(part, ABI_HAS_PORTS))
		want.src_port = want.dst_port = 0;
	if (!view_has(part, ABI_HAS_TCP))
		want.seq_num = want.ack_num = want.tcp_flags = 0;
	if (!view_has(part, ABI_HAS_ICMP))
		want.icmp_type = want.icmp_code = 0;
	if (!view_has(part, ABI_HAS_PROTOCOL)) {
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

static bool prefix_holds(const struct frame_case *c, const struct frame_bytes *whole, size_t len,
			 const struct view *want, struct view *last)
{
	const char *name = c->name;
	struct frame_bytes part;
	struct view got;
	bool good;

	frame_copy(&part, c->link, whole->data, len);
	part.wire_len = whole->len;
	good = view_look(name, &part, c->link, &got);
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
		const struct frame_case *c = &frame_cases[i];
		struct view last = { 0 };
		struct frame_bytes frame;
		struct view whole;
		bool good;

		frame_open(&frame, c->link, c);
		good = view_look(c->name, &frame, c->link, &whole);
		for (size_t len = 0; good && len <= frame.len; len++)
			good = prefix_holds(c, &frame, len, &whole, &last);
		cr_expect(good, "%s: see above", c->name);
		frame_free(&frame);
	}
}

/* A shorter prefix shows the packet around, as without decap; a longer one the packet inside. */
static bool inner_prefix_holds(const struct frame_case *c, const struct frame_bytes *whole,
			       size_t len, const struct view_inner *want, const struct view *outer,
			       struct view_inner *last)
{
	const struct packet_info *all = &want->view.pkt;
	struct frame_bytes part;
	struct view_inner got;
	bool good;

	frame_copy(&part, c->link, whole->data, len);
	part.wire_len = whole->len;
	good = view_look_inner(c->name, &part, c->link, &got);
	if (!got.view.pkt.tunnel)
		all = &outer->pkt;
	if (got.view.all == PARSE_COUNTED && !agrees_with_whole(&got.view.pkt, all)) {
		fprintf(stderr, "%s: decap: prefix of %zu differs from the whole frame:\n", c->name,
			len);
		(void)frame_compare(c->name, &got.view.pkt, all);
		good = false;
	}
	if (got.view.pkt.tunnel == last->view.pkt.tunnel ?
		    !knows_no_less(&got.view, &last->view) :
		    last->view.pkt.tunnel != ABI_TUNNEL_NONE) {
		fprintf(stderr, "%s: decap: prefix of %zu knows less than that of %zu\n", c->name,
			len, len - 1);
		good = false;
	}
	*last = got;
	frame_free(&part);
	return good;
}

Test(parse, every_prefix_of_every_frame_with_decap)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const struct frame_case *c = &frame_cases[i];
		struct view_inner last = { 0 };
		struct frame_bytes frame;
		struct view_inner whole;
		struct view outer;
		bool good;

		frame_open(&frame, c->link, c);
		good = view_look(c->name, &frame, c->link, &outer) &&
		       view_look_inner(c->name, &frame, c->link, &whole);
		for (size_t len = 0; good && len <= frame.len; len++)
			good = inner_prefix_holds(c, &frame, len, &whole, &outer, &last);
		cr_expect(good, "%s: see above", c->name);
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
static void mutate(struct frame_bytes *ret, enum parse_link link, const struct frame_bytes *frame,
		   uint64_t *state)
{
	size_t len = frame->len < MUTATED_MAX ? frame->len : MUTATED_MAX;
	unsigned changes = 1 + xorshift(state) % 4;

	if (xorshift(state) % 4 == 0)
		len = xorshift(state) % (len + 1);
	frame_copy(ret, link, frame->data, len);
	for (unsigned i = 0; len && i < changes; i++) {
		uint64_t draw = xorshift(state);
		size_t at = (draw >> 16) % len;

		if (draw & 0x100)
			ret->data[at] = (__u8)draw;
		else
			ret->data[at] ^= (__u8)(1 << (draw & 7));
	}
}

static void mutated_frames(enum parse_link link)
{
	struct frame_bytes frames[FRAME_CASES];
	uint64_t state = 0x9e3779b97f4a7c15;
	unsigned done = 0;
	bool good = true;

	for (size_t i = 0; i < FRAME_CASES; i++)
		frame_open(&frames[i], link, &frame_cases[i]);
	for (; good && done < MUTATIONS; done++) {
		size_t pick = xorshift(&state) % FRAME_CASES;
		struct frame_bytes mutant;
		struct view_inner view;

		mutate(&mutant, link, &frames[pick], &state);
		good = view_look_inner(frame_cases[pick].name, &mutant, link, &view);
		frame_free(&mutant);
	}
	cr_expect(good, "mutation %u: see above", done);
	for (size_t i = 0; i < FRAME_CASES; i++)
		frame_free(&frames[i]);
}

Test(parse, mutated_frames_of_ethernet, .timeout = 120)
{
	mutated_frames(PARSE_LINK_ETHERNET);
}

Test(parse, mutated_frames_of_ip, .timeout = 120)
{
	mutated_frames(PARSE_LINK_IP);
}
