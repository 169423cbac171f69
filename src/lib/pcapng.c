// SPDX-License-Identifier: BSD-2-Clause
#include "lib/pcapng.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* A block: type, length, body, length again; all of it a multiple of 4 bytes. */
#define BLOCK_HEAD  8
#define BLOCK_FRAME 12
#define BODY_MAX    (256U << 10) /* kept of a block: more than a frame has that can be parsed */

#define BYTE_ORDER_MAGIC   0x1a2b3c4dU
#define BYTE_ORDER_SWAPPED 0x4d3c2b1aU

#define SECTION_BYTES	16 /* the least that the body of each has */
#define INTERFACE_BYTES 8
#define PACKET_BYTES	20
#define SIMPLE_BYTES	4

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = PCAPNG_MAGIC,
};

enum option {
	OPTION_END = 0,
	OPTION_FLAGS = 2, /* of a packet */
	OPTION_RESOLUTION = 9, /* of an interface's time: a power of 10, or of 2 */
	OPTION_FCS = 13, /* of an interface: length of its frame check sequences */
	OPTION_OFFSET = 14, /* seconds that are added to its time */
};

/* The bits of a packet's flags that have the length of its check sequence in bytes; 0: not said. */
#define FLAGS_FCS_SHIFT 5
#define FLAGS_FCS_MASK	0xf

/* The specification has an interface's in bits, and gives "4" as the example; writers follow
 * either. A sequence is of 2 or 4 bytes, so that they can be told apart.
 */
#define FCS_BYTES_MAX 7

#define POWER_OF_2   0x80
#define POWER_2_MAX  63
#define POWER_10_MAX 19

struct pcapng_interface {
	uint16_t link_type;
	uint32_t snap; /* 0: no limit */
	uint32_t fcs_len; /* bytes */
	uint64_t ticks; /* a second */
	int64_t offset_s;
};

struct pcapng {
	FILE *file; /* owned once open */
	bool swapped; /* the section's byte order is not ours */
	uint8_t *body; /* owned: of the block at hand, no more than is kept */
	size_t room;
	uint32_t len; /* of the body */
	uint32_t kept; /* bytes of it in body */
	uint64_t last_ns; /* time of the last packet that has one */
	struct pcapng_interface *interfaces; /* owned: of the section */
	size_t n;
	size_t n_room;
	const char *why;
};

static int broken(struct pcapng *p, const char *why)
{
	p->why = why;
	return -EBADMSG;
}

static uint32_t get32(const struct pcapng *p, const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return p->swapped ? __builtin_bswap32(value) : value;
}

static uint16_t read16(const struct pcapng *p, const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return p->swapped ? __builtin_bswap16(value) : value;
}

/* No other thread has the file, and two locks a packet would be a fifth of its cost. */
static int read_all(struct pcapng *p, uint8_t *to, size_t len)
{
	return fread_unlocked(to, 1, len, p->file) == len ? 0 : broken(p, "it ends within a block");
}

static int make_room(struct pcapng *p, size_t len)
{
	uint8_t *body;

	if (len <= p->room)
		return 0;
	body = realloc(p->body, len);
	if (!body)
		return broken(p, "out of memory");
	p->body = body;
	p->room = len;
	return 0;
}

/* A section says in which byte order it is, its own length included. */
static int read_byte_order(struct pcapng *p, uint8_t magic[4])
{
	uint32_t value;

	if (read_all(p, magic, sizeof(value)))
		return -EBADMSG;
	memcpy(&value, magic, sizeof(value));
	if (value != BYTE_ORDER_MAGIC && value != BYTE_ORDER_SWAPPED)
		return broken(p, "a section has no byte order");
	p->swapped = value == BYTE_ORDER_SWAPPED;
	return 0;
}

/* What of the body is not kept. */
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

/* The body of a block of so many bytes, the first begun of which were read already. 0 or -EBADMSG.
 */
static int read_body(struct pcapng *p, uint32_t total, const uint8_t *first, size_t begun)
{
	uint8_t end[4];
	int err;

	if (total < BLOCK_FRAME + begun || total % 4)
		return broken(p, "a block has a length that cannot be");
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
	if (!err && get32(p, end) != total)
		err = broken(p, "a block has another length at its end");
	return err;
}

/* The next block, whatever it is. 1; 0 at the end; or -EBADMSG. */
static int read_block(struct pcapng *p, uint32_t *ret_type)
{
	uint8_t head[BLOCK_HEAD], magic[4];
	size_t have = fread_unlocked(head, 1, sizeof(head), p->file);
	int err;

	if (!have && !ferror(p->file))
		return 0;
	if (have < sizeof(head))
		return broken(p, "it ends within a block");
	*ret_type = get32(p, head);
	if (*ret_type != BLOCK_SECTION) {
		err = read_body(p, get32(p, head + 4), NULL, 0);
	} else {
		err = read_byte_order(p, magic);
		if (!err)
			err = read_body(p, get32(p, head + 4), magic, sizeof(magic));
	}
	return err ? err : 1;
}

static int take_section(struct pcapng *p)
{
	if (p->len < SECTION_BYTES || read16(p, p->body + 4) != 1)
		return broken(p, "a section is of another version than 1");
	p->n = 0;
	return 0;
}

static int take_resolution(struct pcapng *p, struct pcapng_interface *i, uint8_t value)
{
	uint8_t power = value & (POWER_OF_2 - 1);

	if (power > (value & POWER_OF_2 ? POWER_2_MAX : POWER_10_MAX))
		return broken(p, "an interface's time is finer than 64 bits can say");
	i->ticks = 1;
	for (; power; power--)
		i->ticks *= value & POWER_OF_2 ? 2 : 10;
	return 0;
}

static int take_option(struct pcapng *p, struct pcapng_interface *i, uint16_t code,
		       const uint8_t *value, uint16_t len)
{
	uint64_t offset;

	if (code == OPTION_RESOLUTION && len == 1)
		return take_resolution(p, i, value[0]);
	if (code == OPTION_FCS && len == 1)
		i->fcs_len = value[0] > FCS_BYTES_MAX ? value[0] / 8U : value[0];
	if (code == OPTION_OFFSET && len == sizeof(offset)) {
		memcpy(&offset, value, sizeof(offset));
		i->offset_s = (int64_t)(p->swapped ? __builtin_bswap64(offset) : offset);
	}
	return 0;
}

/* The option at *at, in what is kept of the body, and step over it. 1; 0: there is none any more;
 * or -EBADMSG.
 */
static int next_option(struct pcapng *p, uint32_t *at, uint16_t *ret_code,
		       const uint8_t **ret_value, uint16_t *ret_len)
{
	if (p->kept < *at || p->kept - *at < 4)
		return 0;
	*ret_code = read16(p, p->body + *at);
	*ret_len = read16(p, p->body + *at + 2);
	*ret_value = p->body + *at + 4;
	*at += 4;
	if (*ret_code == OPTION_END)
		return 0;
	if (*ret_len > p->kept - *at)
		return broken(p, "an interface has an option that is longer than its block");
	*at += (*ret_len + 3U) / 4 * 4; /* the block is a multiple of 4, so within it */
	return 1;
}

static int take_options(struct pcapng *p, struct pcapng_interface *i)
{
	uint32_t at = INTERFACE_BYTES;
	const uint8_t *value;
	uint16_t code, len;
	int more = next_option(p, &at, &code, &value, &len);

	while (more > 0) {
		int err = take_option(p, i, code, value, len);

		if (err)
			return err;
		more = next_option(p, &at, &code, &value, &len);
	}
	return more;
}

static int add_interface(struct pcapng *p, const struct pcapng_interface *i)
{
	size_t room = p->n_room ? 2 * p->n_room : 4;
	struct pcapng_interface *more;

	if (p->n == PCAPNG_INTERFACES_MAX)
		return broken(p, "a section has more than 65536 interfaces");
	if (p->n == p->n_room) {
		more = reallocarray(p->interfaces, room, sizeof(*more));
		if (!more)
			return broken(p, "out of memory");
		p->interfaces = more;
		p->n_room = room;
	}
	p->interfaces[p->n++] = *i;
	return 0;
}

static int take_interface(struct pcapng *p)
{
	struct pcapng_interface i = { .ticks = 1000000 };
	int err;

	if (p->len < INTERFACE_BYTES)
		return broken(p, "an interface's block is too short");
	if (p->kept < p->len)
		return broken(p, "an interface's block is longer than 256 KiB");
	i.link_type = read16(p, p->body);
	i.snap = get32(p, p->body + 4);
	err = take_options(p, &i);
	return err ? err : add_interface(p, &i);
}

static uint64_t ticks_to_ns(const struct pcapng_interface *i, uint64_t ticks)
{
	__int128 ns = (__int128)(ticks / i->ticks) + i->offset_s;

	ns = ns * NS_PER_S + (__int128)(ticks % i->ticks) * NS_PER_S / i->ticks;
	if (ns < 0)
		return 0;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* How much of a packet's data there is, behind so many bytes of its body. */
static int set_data(struct pcapng *p, uint32_t at, struct pcapng_packet *ret)
{
	if (ret->len > p->len - at)
		return broken(p, "a packet is longer than its block");
	ret->data = p->body + at;
	ret->reach = ret->len < p->kept - at ? ret->len : p->kept - at;
	return 0;
}

/* What a packet's flags say of its check sequence goes before what its interface says. Options that
 * are broken, or behind more data than any frame has, are no reason not to read the packet.
 */
static void take_flags(struct pcapng *p, struct pcapng_packet *ret)
{
	uint32_t at = PACKET_BYTES + ((uint32_t)ret->len + 3) / 4 * 4;
	const uint8_t *value;
	uint16_t code, len;
	uint32_t fcs_len;

	while (next_option(p, &at, &code, &value, &len) > 0) {
		if (code != OPTION_FLAGS || len != 4)
			continue;
		fcs_len = get32(p, value) >> FLAGS_FCS_SHIFT & FLAGS_FCS_MASK;
		ret->fcs_len = fcs_len ? fcs_len : ret->fcs_len;
	}
}

/* An enhanced block, or an obsolete one: they differ in the first four bytes. */
static int take_packet(struct pcapng *p, bool enhanced, struct pcapng_packet *ret)
{
	const uint8_t *body = p->body;
	const struct pcapng_interface *i;
	uint32_t number;
	int err;

	if (p->len < PACKET_BYTES)
		return broken(p, "a packet's block is too short");
	number = enhanced ? get32(p, body) : read16(p, body);
	if (number >= p->n)
		return broken(p, "a packet is of an interface that is not described");
	i = &p->interfaces[number];
	ret->link_type = i->link_type;
	ret->fcs_len = i->fcs_len;
	ret->timestamp_ns = ticks_to_ns(i, (uint64_t)get32(p, body + 4) << 32 | get32(p, body + 8));
	p->last_ns = ret->timestamp_ns;
	ret->len = get32(p, body + 12);
	ret->wire_len = get32(p, body + 16);
	err = set_data(p, PACKET_BYTES, ret);
	if (err)
		return err;
	take_flags(p, ret);
	return 1;
}

/* A simple packet is the first interface's, has no time, and is as long as that interface keeps of
 * it.
 */
static int take_simple(struct pcapng *p, struct pcapng_packet *ret)
{
	int err;

	if (p->len < SIMPLE_BYTES)
		return broken(p, "a packet's block is too short");
	if (!p->n)
		return broken(p, "a packet is of an interface that is not described");
	ret->link_type = p->interfaces[0].link_type;
	ret->fcs_len = p->interfaces[0].fcs_len;
	ret->timestamp_ns = p->last_ns;
	ret->wire_len = get32(p, p->body);
	ret->len = ret->wire_len;
	if (p->interfaces[0].snap && ret->len > p->interfaces[0].snap)
		ret->len = p->interfaces[0].snap;
	err = set_data(p, SIMPLE_BYTES, ret);
	return err ? err : 1;
}

/* 1 and a packet; 0: another block, or an interface's; or -EBADMSG. */
static int take_block(struct pcapng *p, uint32_t type, struct pcapng_packet *ret)
{
	switch (type) {
	case BLOCK_SECTION:
		return take_section(p);
	case BLOCK_INTERFACE:
		return take_interface(p);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
		return take_packet(p, type == BLOCK_ENHANCED, ret);
	case BLOCK_SIMPLE:
		return take_simple(p, ret);
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
			more = take_block(p, type, &packet) < 0 ? -EBADMSG : 1;
	} while (more > 0 && !p->n);
	if (!more)
		more = broken(p, "it describes no interface");
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
		taken = take_block(p, type, ret);
	}
	return taken;
}

const char *pcapng_why(const struct pcapng *p)
{
	return p->why;
}
