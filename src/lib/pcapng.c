// SPDX-License-Identifier: BSD-2-Clause
#include "lib/pcapng.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* A block has a type, a length, a body and the length once more, in multiples of 4 bytes. */
#define BLOCK_HEAD  8
#define BLOCK_FRAME 12
/* bytes kept of a block: more than the parser can reach in a frame */
#define BODY_MAX (256U << 10)

#define BYTE_ORDER_MAGIC   0x1a2b3c4dU
#define BYTE_ORDER_SWAPPED 0x4d3c2b1aU

#define SECTION_BYTES	16 /* smallest body of each block type */
#define INTERFACE_BYTES 8
#define PACKET_BYTES	20
#define SIMPLE_BYTES	4

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* an obsolete block type */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = PCAPNG_MAGIC,
};

enum option {
	OPTION_END = 0,
	OPTION_FLAGS = 2, /* flags of a packet */
	OPTION_RESOLUTION = 9, /* resolution of an interface's time: a power of 10 or of 2 */
	OPTION_FCS = 13, /* length of an interface's frame check sequences */
	OPTION_OFFSET = 14, /* seconds to add to an interface's time */
};

/* The bits of a packet's flags with the length of its check sequence in bytes; 0: not stated. */
#define FLAGS_FCS_SHIFT 5
#define FLAGS_FCS_MASK	0xf

/* The specification gives the length for an interface in bits, with "4" as the example; writers
 * follow either. A sequence has 2 or 4 bytes, so bits and bytes can be told apart.
 */
#define FCS_BYTES_MAX 7

#define POWER_OF_2   0x80
#define POWER_2_MAX  63
#define POWER_10_MAX 19

struct capture_interface {
	uint16_t link_type;
	uint32_t snap; /* bytes; 0: no limit */
	uint32_t fcs_len; /* bytes */
	uint64_t ticks; /* per second */
	int64_t offset_s;
};

struct pcapng {
	FILE *file; /* owned once the capture is open */
	bool swapped; /* the section's byte order is not the host's */
	uint8_t *body; /* owned: body of the current block, up to BODY_MAX */
	size_t room;
	uint32_t len; /* bytes of the body */
	uint32_t kept; /* bytes of it kept in body */
	uint64_t last_ns; /* time of the last packet that has a time */
	struct capture_interface *interfaces; /* owned: interfaces of the section */
	size_t n;
	size_t n_room;
	const char *why;
};

static int set_broken(struct pcapng *p, const char *why)
{
	p->why = why;
	return -EBADMSG;
}

static uint32_t read_u32(const struct pcapng *p, const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return p->swapped ? __builtin_bswap32(value) : value;
}

static uint16_t read_u16(const struct pcapng *p, const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return p->swapped ? __builtin_bswap16(value) : value;
}

/* No other thread uses the file, and two locks per packet would take a fifth of the time. */
static int read_all(struct pcapng *p, uint8_t *to, size_t len)
{
	return fread_unlocked(to, 1, len, p->file) == len ? 0 :
							    set_broken(p, "it ends within a block");
}

static int make_room(struct pcapng *p, size_t len)
{
	uint8_t *body;

	if (len <= p->room)
		return 0;
	body = realloc(p->body, len);
	if (!body)
		return set_broken(p, "out of memory");
	p->body = body;
	p->room = len;
	return 0;
}

/* A section header shows the byte order, which also applies to its own length. */
static int read_byte_order(struct pcapng *p, uint8_t magic[4])
{
	uint32_t value;

	if (read_all(p, magic, sizeof(value)))
		return -EBADMSG;
	memcpy(&value, magic, sizeof(value));
	if (value != BYTE_ORDER_MAGIC && value != BYTE_ORDER_SWAPPED)
		return set_broken(p, "a section has no byte order");
	p->swapped = value == BYTE_ORDER_SWAPPED;
	return 0;
}

/* Skips the part of the body that is not kept. */
static int skip_body(struct pcapng *p, uint32_t left)
{
	uint8_t bytes[4096];
	int err = 0;

	while (left && !err) {
		uint32_t n = left < sizeof(bytes) ? left : sizeof(bytes);

		err = read_all(p, bytes, n);
		left -= n;
	}
	return err;
}

/* Reads the body of a block of total bytes, the first begun of which were read already. Returns 0
 * or -EBADMSG.
 */
static int read_body(struct pcapng *p, uint32_t total, const uint8_t *first, size_t begun)
{
	uint8_t end[4];
	int err;

	if (total < BLOCK_FRAME + begun || total % 4)
		return set_broken(p, "a block has a length that cannot be");
	p->len = total - BLOCK_FRAME;
	p->kept = p->len < BODY_MAX ? p->len : BODY_MAX;
	err = make_room(p, p->kept);
	if (err)
		return err;
	if (begun)
		memcpy(p->body, first, begun);
	err = read_all(p, p->body + begun, p->kept - begun);
	if (!err)
		err = skip_body(p, p->len - p->kept);
	if (!err)
		err = read_all(p, end, sizeof(end));
	if (!err && read_u32(p, end) != total)
		err = set_broken(p, "a block has another length at its end");
	return err;
}

/* Reads the next block of any type. Returns 1; 0 at the end; or -EBADMSG. */
static int read_block(struct pcapng *p, uint32_t *ret_type)
{
	uint8_t head[BLOCK_HEAD], magic[4];
	size_t have = fread_unlocked(head, 1, sizeof(head), p->file);
	int err;

	if (!have && !ferror(p->file))
		return 0;
	if (have < sizeof(head))
		return set_broken(p, "it ends within a block");
	*ret_type = read_u32(p, head);
	if (*ret_type != BLOCK_SECTION) {
		err = read_body(p, read_u32(p, head + 4), NULL, 0);
	} else {
		err = read_byte_order(p, magic);
		if (!err)
			err = read_body(p, read_u32(p, head + 4), magic, sizeof(magic));
	}
	return err ? err : 1;
}

static int read_section(struct pcapng *p)
{
	if (p->len < SECTION_BYTES || read_u16(p, p->body + 4) != 1)
		return set_broken(p, "a section is of another version than 1");
	p->n = 0;
	return 0;
}

static int read_resolution(struct pcapng *p, struct capture_interface *i, uint8_t value)
{
	uint8_t power = value & (POWER_OF_2 - 1);

	if (power > (value & POWER_OF_2 ? POWER_2_MAX : POWER_10_MAX))
		return set_broken(p, "an interface's time is finer than 64 bits can say");
	i->ticks = 1;
	for (; power; power--)
		i->ticks *= value & POWER_OF_2 ? 2 : 10;
	return 0;
}

static int read_option(struct pcapng *p, struct capture_interface *i, uint16_t code,
		       const uint8_t *value, uint16_t len)
{
	uint64_t offset;

	if (code == OPTION_RESOLUTION && len == 1)
		return read_resolution(p, i, value[0]);
	if (code == OPTION_FCS && len == 1)
		i->fcs_len = value[0] > FCS_BYTES_MAX ? value[0] / 8U : value[0];
	if (code == OPTION_OFFSET && len == sizeof(offset)) {
		memcpy(&offset, value, sizeof(offset));
		i->offset_s = (int64_t)(p->swapped ? __builtin_bswap64(offset) : offset);
	}
	return 0;
}

/* Reads the option at *at, in the part of the body that is kept, and moves *at behind it. Returns
 * 1; 0: there are no more; or -EBADMSG.
 */
static int next_option(struct pcapng *p, uint32_t *at, uint16_t *ret_code,
		       const uint8_t **ret_value, uint16_t *ret_len)
{
	if (p->kept < *at || p->kept - *at < 4)
		return 0;
	*ret_code = read_u16(p, p->body + *at);
	*ret_len = read_u16(p, p->body + *at + 2);
	*ret_value = p->body + *at + 4;
	*at += 4;
	if (*ret_code == OPTION_END)
		return 0;
	if (*ret_len > p->kept - *at)
		return set_broken(p, "an interface has an option that is longer than its block");
	/* stays within the block, whose length is a multiple of 4 */
	*at += (*ret_len + 3U) / 4 * 4;
	return 1;
}

static int read_options(struct pcapng *p, struct capture_interface *i)
{
	uint32_t at = INTERFACE_BYTES;
	const uint8_t *value;
	uint16_t code, len;
	int more = next_option(p, &at, &code, &value, &len);

	while (more > 0) {
		int err = read_option(p, i, code, value, len);

		if (err)
			return err;
		more = next_option(p, &at, &code, &value, &len);
	}
	return more;
}

static int add_interface(struct pcapng *p, const struct capture_interface *i)
{
	size_t room = p->n_room ? 2 * p->n_room : 4;
	struct capture_interface *more;

	if (p->n == PCAPNG_INTERFACES_MAX)
		return set_broken(p, "a section has more than 65536 interfaces");
	if (p->n == p->n_room) {
		more = reallocarray(p->interfaces, room, sizeof(*more));
		if (!more)
			return set_broken(p, "out of memory");
		p->interfaces = more;
		p->n_room = room;
	}
	p->interfaces[p->n++] = *i;
	return 0;
}

static int read_interface(struct pcapng *p)
{
	struct capture_interface i = { .ticks = 1000000 };
	int err;

	if (p->len < INTERFACE_BYTES)
		return set_broken(p, "an interface's block is too short");
	if (p->kept < p->len)
		return set_broken(p, "an interface's block is longer than 256 KiB");
	i.link_type = read_u16(p, p->body);
	i.snap = read_u32(p, p->body + 4);
	err = read_options(p, &i);
	return err ? err : add_interface(p, &i);
}

static uint64_t scale_time(const struct capture_interface *i, uint64_t ticks)
{
	__int128 ns = (__int128)(ticks / i->ticks) + i->offset_s;

	ns = ns * NS_PER_S + (__int128)(ticks % i->ticks) * NS_PER_S / i->ticks;
	if (ns < 0)
		return 0;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* Sets the packet's data, which begins at this offset of the body. */
static int set_data(struct pcapng *p, uint32_t at, struct pcapng_packet *ret)
{
	if (ret->len > p->len - at)
		return set_broken(p, "a packet is longer than its block");
	ret->data = p->body + at;
	ret->reach = ret->len < p->kept - at ? ret->len : p->kept - at;
	return 0;
}

/* The length of a check sequence in the packet's flags overrides that of its interface. Broken
 * options, or options behind more data than is kept, do not prevent reading the packet.
 */
static void read_flags(struct pcapng *p, struct pcapng_packet *ret)
{
	uint32_t at = PACKET_BYTES + ((uint32_t)ret->len + 3) / 4 * 4;
	const uint8_t *value;
	uint16_t code, len;
	uint32_t fcs_len;

	while (next_option(p, &at, &code, &value, &len) > 0) {
		if (code != OPTION_FLAGS || len != 4)
			continue;
		fcs_len = read_u32(p, value) >> FLAGS_FCS_SHIFT & FLAGS_FCS_MASK;
		ret->fcs_len = fcs_len ? fcs_len : ret->fcs_len;
	}
}

/* Reads an enhanced packet block or an obsolete one, which differ in the first four bytes only. */
static int read_packet(struct pcapng *p, bool enhanced, struct pcapng_packet *ret)
{
	const uint8_t *body = p->body;
	const struct capture_interface *i;
	uint32_t number;
	int err;

	if (p->len < PACKET_BYTES)
		return set_broken(p, "a packet's block is too short");
	number = enhanced ? read_u32(p, body) : read_u16(p, body);
	if (number >= p->n)
		return set_broken(p, "a packet is of an interface that is not described");
	i = &p->interfaces[number];
	ret->link_type = i->link_type;
	ret->fcs_len = i->fcs_len;
	ret->timestamp_ns =
		scale_time(i, (uint64_t)read_u32(p, body + 4) << 32 | read_u32(p, body + 8));
	p->last_ns = ret->timestamp_ns;
	ret->len = read_u32(p, body + 12);
	ret->wire_len = read_u32(p, body + 16);
	err = set_data(p, PACKET_BYTES, ret);
	if (err)
		return err;
	read_flags(p, ret);
	return 1;
}

/* Reads a simple packet block: it belongs to the first interface, has no time, and is cut to the
 * snapshot length of that interface.
 */
static int read_simple_packet(struct pcapng *p, struct pcapng_packet *ret)
{
	int err;

	if (p->len < SIMPLE_BYTES)
		return set_broken(p, "a packet's block is too short");
	if (!p->n)
		return set_broken(p, "a packet is of an interface that is not described");
	ret->link_type = p->interfaces[0].link_type;
	ret->fcs_len = p->interfaces[0].fcs_len;
	ret->timestamp_ns = p->last_ns;
	ret->wire_len = read_u32(p, p->body);
	ret->len = ret->wire_len;
	if (p->interfaces[0].snap && ret->len > p->interfaces[0].snap)
		ret->len = p->interfaces[0].snap;
	err = set_data(p, SIMPLE_BYTES, ret);
	return err ? err : 1;
}

/* Returns 1 and a packet; 0: the block has none; or -EBADMSG. */
static int read_packet_block(struct pcapng *p, uint32_t type, struct pcapng_packet *ret)
{
	switch (type) {
	case BLOCK_SECTION:
		return read_section(p);
	case BLOCK_INTERFACE:
		return read_interface(p);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
		return read_packet(p, type == BLOCK_ENHANCED, ret);
	case BLOCK_SIMPLE:
		return read_simple_packet(p, ret);
	default:
		return 0;
	}
}

int pcapng_open(struct pcapng **ret, FILE *file, const char **ret_why)
{
	struct pcapng *p = calloc(1, sizeof(*p));
	struct pcapng_packet packet;
	uint32_t type;
	int more;

	*ret_why = "out of memory";
	if (!p)
		return -ENOMEM;
	p->file = file;
	do {
		more = read_block(p, &type);
		if (more > 0)
			more = read_packet_block(p, type, &packet) < 0 ? -EBADMSG : 1;
	} while (more > 0 && !p->n);
	if (!more)
		more = set_broken(p, "it describes no interface");
	if (more > 0) {
		*ret = p;
		return 0;
	}
	*ret_why = p->why;
	p->file = NULL;
	pcapng_close(p);
	return more;
}

void pcapng_close(struct pcapng *p)
{
	if (!p)
		return;
	if (p->file)
		(void)fclose(p->file); /* nothing was written */
	free(p->interfaces);
	free(p->body);
	free(p);
}

int pcapng_next(struct pcapng *p, struct pcapng_packet *ret)
{
	uint32_t type;
	int taken = 0;

	while (!taken) {
		int more = read_block(p, &type);

		if (more <= 0)
			return more;
		taken = read_packet_block(p, type, ret);
	}
	return taken;
}

const char *pcapng_why(const struct pcapng *p)
{
	return p->why;
}
