/* SPDX-License-Identifier: BSD-2-Clause */
/* A frame as a test holds it: its bytes in memory, what they parse to, and how two records differ.
 */
#ifndef TESTS_FRAME_H
#define TESTS_FRAME_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "lib/members.h"
#include "parse.h"
#include "parse_tunnel.h"

struct frame_case {
	const char *name;
	const char *hex; /* bytes; blanks between them do not count; 00*18 is eighteen of them */
	enum parse_link link; /* what it begins with */
	enum parse_class all; /* what count_packets makes of it */
	enum parse_class tcp; /* what count_tcp_packets makes of it */
	enum parse_class inner_tcp; /* likewise with decap, where inner has a tunnel */
	struct packet_info want; /* the wire's fields, if it is counted */
	struct tunnel_info inner; /* with decap, if it has a tunnel; else as without */
};

/* A frame in memory as the tests want it: the IP header is 4-byte aligned, and the block ends where
 * the frame ends, so that a sanitizer sees the first byte read beyond it.
 */
struct frame_bytes {
	void *block; /* owned */
	__u8 *data;
	size_t len;
	size_t wire_len; /* of which len bytes are here */
};

/* What the frame tells, and the two marks by which the record is known; the rest is the sampler's.
 */
struct frame_field {
	const char *name;
	size_t offset;
	size_t size;
};

/* clang-format off */
#define FRAME_FIELD(type, member)                                           \
	{ .name = #member, .offset = offsetof(struct type, member),         \
	  .size = sizeof(((struct type *)0)->member) },
/* clang-format on */

static const struct frame_field frame_fields[] = { MEMBERS_PACKET_INFO(FRAME_FIELD, FRAME_FIELD) };
static const struct frame_field frame_tunnel_fields[] = { MEMBERS_TUNNEL_INFO(FRAME_FIELD,
									      FRAME_FIELD) };

#define FRAME_FIELDS	    (sizeof(frame_fields) / sizeof(frame_fields[0]))
#define FRAME_TUNNEL_FIELDS (sizeof(frame_tunnel_fields) / sizeof(frame_tunnel_fields[0]))

static inline void frame_alloc(struct frame_bytes *ret, enum parse_link link, size_t len)
{
	size_t before = link == PARSE_LINK_ETHERNET ? 2 : 4;

	ret->block = malloc(before + len);
	if (!ret->block)
		abort();
	ret->data = (__u8 *)ret->block + before;
	ret->len = len;
	ret->wire_len = len;
}

static inline void frame_copy(struct frame_bytes *ret, enum parse_link link, const void *data,
			      size_t len)
{
	frame_alloc(ret, link, len);
	if (len)
		memcpy(ret->data, data, len);
}

static inline void frame_free(struct frame_bytes *frame)
{
	free(frame->block);
	*frame = (struct frame_bytes){ 0 };
}

static inline __u8 frame_nibble(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit ? strchr(digits, digit) : NULL;

	if (!at)
		abort(); /* a typing error in the table */
	return (__u8)(at - digits);
}

/* The bytes that hex stands for. Returns how many; out may be NULL, to ask for that only. */
static inline size_t frame_unhex(const char *hex, __u8 *out)
{
	size_t len = 0;

	while (*hex) {
		size_t times = 1;
		char *rest;
		__u8 byte;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		byte = (__u8)(frame_nibble(hex[0]) << 4 | frame_nibble(hex[1]));
		hex += 2;
		if (*hex == '*') {
			times = strtoul(hex + 1, &rest, 10);
			hex = rest;
		}
		if (out)
			memset(out + len, byte, times);
		len += times;
	}
	return len;
}

static inline void frame_decode(struct frame_bytes *ret, enum parse_link link, const char *hex)
{
	frame_alloc(ret, link, frame_unhex(hex, NULL));
	(void)frame_unhex(hex, ret->data);
}

/* A case's frame for an interface of this link: where frames begin at IP, what is behind Ethernet.
 */
static inline void frame_open(struct frame_bytes *ret, enum parse_link link,
			      const struct frame_case *c)
{
	struct frame_bytes whole;
	size_t skip = 0;

	frame_decode(&whole, c->link, c->hex);
	if (link == PARSE_LINK_IP && c->link == PARSE_LINK_ETHERNET)
		skip = whole.len < ETH_HLEN ? whole.len : ETH_HLEN;
	frame_copy(ret, link, whole.data + skip, whole.len - skip);
	frame_free(&whole);
}

/* A frame of wire_len bytes, the first len of which are in reach. */
static inline struct parse_frame frame_reach(const void *data, size_t len, size_t wire_len)
{
	static const struct tunnel_ports ports = PARSE_TUNNEL_PORTS;

	return (struct parse_frame){
		.data = data,
		.end = (const char *)data + len,
		.wire_len = (__u32)wire_len,
		.ports = &ports,
	};
}

/* Both steps of the parser, as its callers take them. *ret is zero unless the frame is counted. */
static inline enum parse_class frame_parse(const struct parse_frame *frame, enum parse_link link,
					   int tcp_only, struct packet_info *ret)
{
	struct parse_walk walk;
	enum parse_class class;

	memset(ret, 0, sizeof(*ret));
	/* constants, as in the programs */
	class = link == PARSE_LINK_IP ? parse_classify(&walk, frame, PARSE_LINK_IP, tcp_only) :
					parse_classify(&walk, frame, PARSE_LINK_ETHERNET, tcp_only);
	if (class == PARSE_COUNTED)
		parse_fill(&walk, ret, tcp_only);
	return class;
}

/* The same with decap. */
static inline enum parse_class frame_parse_inner(const struct parse_frame *frame,
						 enum parse_link link, int tcp_only,
						 struct tunnel_info *ret)
{
	struct parse_walk walk;
	enum parse_class class;

	memset(ret, 0, sizeof(*ret));
	class = link == PARSE_LINK_IP ?
			parse_classify_inner(&walk, frame, PARSE_LINK_IP, tcp_only) :
			parse_classify_inner(&walk, frame, PARSE_LINK_ETHERNET, tcp_only);
	if (class == PARSE_COUNTED)
		parse_fill_inner(&walk, ret, tcp_only);
	return class;
}

static inline void frame_print_field(const __u8 *value, size_t size)
{
	/* As the bytes lie in memory: a wrong byte order shows. */
	for (size_t i = 0; i < size; i++)
		fprintf(stderr, "%02x", value[i]);
}

static inline unsigned frame_compare_field(const char *name, const char *field, const void *got,
					   const void *want, size_t size)
{
	if (!memcmp(got, want, size))
		return 0;
	fprintf(stderr, "%s: %s: got 0x", name, field);
	frame_print_field(got, size);
	fprintf(stderr, ", want 0x");
	frame_print_field(want, size);
	fprintf(stderr, " (bytes as they lie)\n");
	return 1;
}

static inline unsigned frame_compare_fields(const char *name, const struct frame_field *field,
					    size_t n, const void *got, const void *want)
{
	unsigned differing = 0;

	for (; n; n--, field++)
		differing +=
			frame_compare_field(name, field->name, (const __u8 *)got + field->offset,
					    (const __u8 *)want + field->offset, field->size);
	return differing;
}

/* How many fields differ; each is printed to stderr with what it belongs to. */
static inline unsigned frame_compare(const char *name, const struct packet_info *got,
				     const struct packet_info *want)
{
	return frame_compare_fields(name, frame_fields, FRAME_FIELDS, got, want);
}

static inline unsigned frame_compare_inner(const char *name, const struct tunnel_info *got,
					   const struct tunnel_info *want)
{
	_Static_assert(offsetof(struct tunnel_info, packet) == 0, "the first field is the packet");

	return frame_compare(name, &got->packet, &want->packet) +
	       frame_compare_fields(name, frame_tunnel_fields + 1, FRAME_TUNNEL_FIELDS - 1, got,
				    want);
}

/* What a case wants with decap. */
static inline void frame_want_inner(const struct frame_case *c, enum parse_class *ret_tcp,
				    struct tunnel_info *ret)
{
	*ret = c->inner;
	*ret_tcp = c->inner_tcp;
	if (c->inner.packet.tunnel)
		return;
	ret->packet = c->want;
	*ret_tcp = c->tcp;
}

#endif
