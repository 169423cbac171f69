/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures of every kind that is read, and of some that are not, from Ethernet frames: byte by
 * byte, and not by the library that reads them. Formats: draft-ietf-opsawg-pcap, -pcapng; link
 * types: tcpdump.org/linktypes.html.
 */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CAPTURES_MACS  12 /* bytes before an EtherType */
#define CAPTURES_ETHER 14
#define CAPTURES_SNAP  262144 /* bytes a frame, when nothing else is asked for */

enum captures_link {
	CAPTURES_ETHERNET,
	CAPTURES_RAW,
	CAPTURES_IPV4,
	CAPTURES_IPV6,
	CAPTURES_SLL,
	CAPTURES_SLL2,
	CAPTURES_NULL, /* in the byte order of the capture */
	CAPTURES_NULL_SWAPPED, /* in the other one: the file was made elsewhere */
	CAPTURES_LOOP,
	CAPTURES_PPP, /* not read */
	CAPTURES_LINK_MAX,
};

static const struct {
	const char *name;
	uint32_t number;
} captures_links[] = {
	[CAPTURES_ETHERNET] = { "ethernet", 1 }, [CAPTURES_RAW] = { "raw", 101 },
	[CAPTURES_IPV4] = { "ipv4", 228 },	 [CAPTURES_IPV6] = { "ipv6", 229 },
	[CAPTURES_SLL] = { "sll", 113 },	 [CAPTURES_SLL2] = { "sll2", 276 },
	[CAPTURES_NULL] = { "null", 0 },	 [CAPTURES_NULL_SWAPPED] = { "null-swapped", 0 },
	[CAPTURES_LOOP] = { "loop", 108 },	 [CAPTURES_PPP] = { "ppp", 9 },
};
_Static_assert(sizeof(captures_links) / sizeof(captures_links[0]) == CAPTURES_LINK_MAX,
	       "a name each");

enum captures_format {
	CAPTURES_PCAP_LE,
	CAPTURES_PCAP_BE,
	CAPTURES_PCAP_NS_LE,
	CAPTURES_PCAP_NS_BE,
	CAPTURES_PCAPNG_LE,
	CAPTURES_PCAPNG_BE,
	CAPTURES_PCAPNG_NS_LE,
	CAPTURES_PCAPNG_NS_BE,
	CAPTURES_FORMAT_MAX,
};

static const struct {
	const char *name;
	bool pcapng;
	bool big_endian;
	bool ns;
} captures_formats[] = {
	[CAPTURES_PCAP_LE] = { "pcap-le", false, false, false },
	[CAPTURES_PCAP_BE] = { "pcap-be", false, true, false },
	[CAPTURES_PCAP_NS_LE] = { "pcap-ns-le", false, false, true },
	[CAPTURES_PCAP_NS_BE] = { "pcap-ns-be", false, true, true },
	[CAPTURES_PCAPNG_LE] = { "pcapng-le", true, false, false },
	[CAPTURES_PCAPNG_BE] = { "pcapng-be", true, true, false },
	[CAPTURES_PCAPNG_NS_LE] = { "pcapng-ns-le", true, false, true },
	[CAPTURES_PCAPNG_NS_BE] = { "pcapng-ns-be", true, true, true },
};
_Static_assert(sizeof(captures_formats) / sizeof(captures_formats[0]) == CAPTURES_FORMAT_MAX,
	       "a name each");

struct captures_spec {
	enum captures_format format;
	enum captures_link link;
	uint32_t snap; /* 0: CAPTURES_SNAP */
};

/* What stands before the payload of a link. */
struct captures_header {
	uint8_t bytes[20];
	size_t len;
	size_t cut; /* of an Ethernet frame, for it to take its place */
};

static inline void captures_put(FILE *f, bool big_endian, uint32_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		fputc((int)(value >> 8 * (big_endian ? bytes - 1 - i : i) & 0xff), f);
}

static inline uint16_t captures_ethertype(const uint8_t *frame)
{
	return (uint16_t)(frame[CAPTURES_MACS] << 8 | frame[CAPTURES_MACS + 1]);
}

static inline void captures_sll(struct captures_header *h, const uint8_t *frame, bool v2)
{
	static const uint8_t v1_head[] = { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1 };
	static const uint8_t v2_head[] = { 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1 };

	h->cut = CAPTURES_ETHER;
	h->len = v2 ? 20 : 16;
	if (v2)
		memcpy(h->bytes + 2, v2_head, sizeof(v2_head));
	else
		memcpy(h->bytes, v1_head, sizeof(v1_head));
	memcpy(h->bytes + (v2 ? 0 : 14), frame + CAPTURES_MACS, 2);
}

/* AF_INET is 2 everywhere; for AF_INET6 the number of macOS, which is no other's. */
static inline void captures_family(struct captures_header *h, uint16_t ethertype, bool big_endian)
{
	h->cut = CAPTURES_ETHER;
	h->len = 4;
	h->bytes[big_endian ? 3 : 0] = ethertype == 0x0800 ? 2 : 30;
}

/* Does a link carry this frame, so that what is read from it parses alike? If so, its header. */
static inline bool captures_convert(const struct captures_spec *spec, const uint8_t *frame,
				    size_t len, struct captures_header *ret)
{
	bool big_endian = captures_formats[spec->format].big_endian;
	uint16_t ethertype = len >= CAPTURES_ETHER ? captures_ethertype(frame) : 0;
	unsigned int version = len > CAPTURES_ETHER ? frame[CAPTURES_ETHER] >> 4 : 0;
	bool ip = ethertype == 0x0800 || ethertype == 0x86dd;
	bool plain = version == (ethertype == 0x0800 ? 4 : 6); /* its version says which */

	memset(ret, 0, sizeof(*ret));
	switch (spec->link) {
	case CAPTURES_SLL:
	case CAPTURES_SLL2:
		if (len >= CAPTURES_ETHER)
			captures_sll(ret, frame, spec->link == CAPTURES_SLL2);
		return len >= CAPTURES_ETHER;
	case CAPTURES_NULL:
		captures_family(ret, ethertype, big_endian);
		return ip;
	case CAPTURES_NULL_SWAPPED:
		captures_family(ret, ethertype, !big_endian);
		return ip;
	case CAPTURES_LOOP:
		captures_family(ret, ethertype, true);
		return ip;
	case CAPTURES_RAW:
	case CAPTURES_IPV4:
	case CAPTURES_IPV6:
		ret->cut = CAPTURES_ETHER;
		return ip && plain &&
		       (spec->link == CAPTURES_RAW ||
			(version == 4) == (spec->link == CAPTURES_IPV4));
	case CAPTURES_ETHERNET:
	case CAPTURES_PPP:
	case CAPTURES_LINK_MAX:
		break;
	}
	return true;
}

static inline uint32_t captures_snap(const struct captures_spec *spec)
{
	return spec->snap ? spec->snap : CAPTURES_SNAP;
}

static inline void captures_begin_pcap(FILE *f, const struct captures_spec *spec)
{
	bool big = captures_formats[spec->format].big_endian;

	captures_put(f, big, captures_formats[spec->format].ns ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	captures_put(f, big, 2, 2);
	captures_put(f, big, 4, 2);
	captures_put(f, big, 0, 4);
	captures_put(f, big, 0, 4);
	captures_put(f, big, captures_snap(spec), 4);
	captures_put(f, big, captures_links[spec->link].number, 4);
}

/* A section header block, and an interface description block whose one option is if_tsresol. */
static inline void captures_begin_pcapng(FILE *f, const struct captures_spec *spec)
{
	bool big = captures_formats[spec->format].big_endian;

	captures_put(f, big, 0x0a0d0d0a, 4);
	captures_put(f, big, 28, 4);
	captures_put(f, big, 0x1a2b3c4d, 4);
	captures_put(f, big, 1, 2);
	captures_put(f, big, 0, 2);
	captures_put(f, big, UINT32_MAX, 4); /* section length: not said, in 64 bits */
	captures_put(f, big, UINT32_MAX, 4);
	captures_put(f, big, 28, 4);

	captures_put(f, big, 1, 4);
	captures_put(f, big, 32, 4);
	captures_put(f, big, captures_links[spec->link].number, 2);
	captures_put(f, big, 0, 2);
	captures_put(f, big, captures_snap(spec), 4);
	captures_put(f, big, 9, 2);
	captures_put(f, big, 1, 2);
	captures_put(f, false, captures_formats[spec->format].ns ? 9 : 6, 4);
	captures_put(f, big, 0, 4); /* the end of the options */
	captures_put(f, big, 32, 4);
}

static inline void captures_begin(FILE *f, const struct captures_spec *spec)
{
	if (captures_formats[spec->format].pcapng)
		captures_begin_pcapng(f, spec);
	else
		captures_begin_pcap(f, spec);
}

static inline void captures_bytes(FILE *f, const struct captures_header *h, const uint8_t *payload,
				  size_t len)
{
	size_t head = len < h->len ? len : h->len;

	fwrite(h->bytes, 1, head, f);
	fwrite(payload, 1, len - head, f);
}

/* One Ethernet frame, as the link carries it. How many bytes the capture says that it has on the
 * wire; 0: the link does not carry it, and nothing is written.
 */
static inline size_t captures_frame(FILE *f, const struct captures_spec *spec, uint64_t time_ns,
				    const uint8_t *frame, size_t len)
{
	bool big = captures_formats[spec->format].big_endian;
	bool ns = captures_formats[spec->format].ns;
	struct captures_header h;
	uint64_t ticks = time_ns / (ns ? 1 : 1000);
	uint64_t second = ns ? 1000000000 : 1000000;
	uint32_t wire, kept;

	if (!captures_convert(spec, frame, len, &h))
		return 0;
	wire = (uint32_t)(h.len + len - h.cut);
	kept = wire < captures_snap(spec) ? wire : captures_snap(spec);
	if (captures_formats[spec->format].pcapng) {
		uint32_t padding = (4 - kept % 4) % 4;
		uint32_t block = 32 + kept + padding;

		captures_put(f, big, 6, 4);
		captures_put(f, big, block, 4);
		captures_put(f, big, 0, 4);
		captures_put(f, big, (uint32_t)(ticks >> 32), 4);
		captures_put(f, big, (uint32_t)ticks, 4);
		captures_put(f, big, kept, 4);
		captures_put(f, big, wire, 4);
		captures_bytes(f, &h, frame + h.cut, kept);
		captures_put(f, big, 0, padding);
		captures_put(f, big, block, 4);
	} else {
		captures_put(f, big, (uint32_t)(ticks / second), 4);
		captures_put(f, big, (uint32_t)(ticks % second), 4);
		captures_put(f, big, kept, 4);
		captures_put(f, big, wire, 4);
		captures_bytes(f, &h, frame + h.cut, kept);
	}
	return wire;
}

#endif
