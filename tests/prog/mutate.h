/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that nobody would send: those that there are (the table's, and captured ones), changed at
 * random. The same seed gives the same frames.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"

#define MUTANT_MIN  14 /* BPF_PROG_RUN takes no less */
#define MUTANT_MAX  3072 /* … and puts no more into one buffer */
#define MUTANT_HEAD 96 /* where most headers are: most changes are made here */

struct mutate_seed {
	__u8 *bytes; /* owned */
	size_t len;
};

struct mutate {
	__u64 state; /* of the random numbers */
	struct mutate_seed *seeds; /* owned */
	size_t n;
	size_t room;
};

struct mutant {
	size_t len;
	__u8 bytes[MUTANT_MAX];
};

/* A number below n (Steele, Lea, Flood: splitmix64, OOPSLA 2014). */
static inline size_t mutate_below(struct mutate *m, size_t n)
{
	__u64 z = m->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % n;
}

/* One more frame to begin with; it is copied, as far as a mutant goes. */
static inline void mutate_add(struct mutate *m, const void *bytes, size_t len)
{
	struct mutate_seed seed = { .len = len < MUTANT_MAX ? len : MUTANT_MAX };

	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 1024;
		m->seeds = reallocarray(m->seeds, m->room, sizeof(*m->seeds));
	}
	seed.bytes = malloc(seed.len + 1);
	if (!m->seeds || !seed.bytes)
		abort();
	memcpy(seed.bytes, bytes, seed.len);
	m->seeds[m->n++] = seed;
}

static inline void mutate_open(struct mutate *m, __u64 seed)
{
	*m = (struct mutate){ .state = seed };
	for (size_t i = 0; i < FRAME_CASES; i++) {
		struct frame_bytes frame;

		frame_decode(&frame, frame_cases[i].link, frame_cases[i].hex);
		mutate_add(m, frame.data, frame.len);
		frame_free(&frame);
	}
}

static inline void mutate_close(struct mutate *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->seeds[i].bytes);
	free(m->seeds);
}

static inline size_t mutate_place(struct mutate *m, const struct mutant *x)
{
	size_t most = x->len < MUTANT_HEAD || !mutate_below(m, 8) ? x->len : MUTANT_HEAD;

	return most ? mutate_below(m, most) : 0;
}

static inline void mutate_flip_bits(struct mutate *m, struct mutant *x)
{
	for (size_t n = 1 + mutate_below(m, 8); n && x->len; n--)
		x->bytes[mutate_place(m, x)] ^= (__u8)(1 << mutate_below(m, 8));
}

static inline void mutate_set_byte(struct mutate *m, struct mutant *x)
{
	static const __u8 values[] = { 0,    1,	   4,	 6,    8,    17,   41,	 43,   44,  47,
				       0x40, 0x45, 0x46, 0x4f, 0x50, 0x60, 0x7f, 0x80, 0xff };

	if (x->len)
		x->bytes[mutate_place(m, x)] = values[mutate_below(m, sizeof(values))];
}

static inline void mutate_cut(struct mutate *m, struct mutant *x)
{
	x->len = mutate_below(m, x->len + 1);
}

static inline void mutate_extend(struct mutate *m, struct mutant *x)
{
	for (size_t n = 1 + mutate_below(m, 64); n && x->len < MUTANT_MAX; n--)
		x->bytes[x->len++] = (__u8)mutate_below(m, 256);
}

/* Two bytes that may be a length, a type or a port, and lie. */
static inline void mutate_lie(struct mutate *m, struct mutant *x)
{
	const size_t values[] = { 0,
				  1,
				  5,
				  8,
				  20,
				  40,
				  x->len,
				  0x1fff,
				  0x2000,
				  0xffff,
				  0x0800,
				  0x86dd,
				  0x8100,
				  0x88a8,
				  0x8847,
				  0x8864,
				  x->len - 14,
				  x->len - 34,
				  0x12b5,
				  0x17c1,
				  0x0868,
				  0x6558,
				  mutate_below(m, 65536) };
	size_t value = values[mutate_below(m, sizeof(values) / sizeof(values[0]))] +
		       mutate_below(m, 3) - 1;
	size_t at = mutate_place(m, x) & ~(size_t)1;

	if (at + 2 > x->len)
		return;
	x->bytes[at] = (__u8)(value >> 8);
	x->bytes[at + 1] = (__u8)value;
}

/* The front of this one, and the end of another. */
static inline void mutate_splice(struct mutate *m, struct mutant *x)
{
	const struct mutate_seed *other = &m->seeds[mutate_below(m, m->n)];
	size_t from = mutate_below(m, other->len + 1);
	size_t len = other->len - from;

	x->len = mutate_below(m, x->len + 1);
	if (len > MUTANT_MAX - x->len)
		len = MUTANT_MAX - x->len;
	memcpy(x->bytes + x->len, other->bytes + from, len);
	x->len += len;
}

/* At at, a gap of size bytes. What does not fit falls off the end. False: at is beyond the end. */
static inline int mutate_gap(struct mutant *x, size_t at, size_t size)
{
	size_t moved;

	if (at > x->len || at + size > MUTANT_MAX)
		return 0;
	moved = x->len - at;
	if (moved > MUTANT_MAX - at - size)
		moved = MUTANT_MAX - at - size;
	memmove(x->bytes + at + size, x->bytes + at, moved);
	x->len = at + size + moved;
	return 1;
}

/* A header where one may be: from the EtherType on, every two bytes. */
static inline void mutate_insert(struct mutate *m, struct mutant *x)
{
	static const char *const headers[] = {
		"8100 0064",
		"88a8 2fff",
		"9100 0001",
		"0800",
		"86dd",
		HEX_LABEL,
		HEX_BOTTOM,
		"8847" HEX_BOTTOM,
		"0032" HEX_SNAP,
		"8864" HEX_PPPOE("0032", "0021"),
		"8864" HEX_PPPOE("0032", "0057"),
		HEX_EXT("06"),
		HEX_EXT("3c"),
		HEX_EXT("2c"),
		HEX_FRAG("06", "0001"),
		HEX_FRAG("11", "0009"),
		HEX_AH("06"),
		"01010101",
		/* tunnels, whole and in part */
		"0800" HEX_IP4("45", "0100", "0000", "04"),
		HEX_IP4("45", "0100", "0000", "29"),
		HEX_IP4("45", "0100", "0000", "2f"),
		HEX_IP4("46", "0100", "0000", "11") "01010101",
		HEX_IP6("0100", "04"),
		HEX_IP6("0100", "29"),
		HEX_IP6("0100", "2f"),
		"0000 0800",
		"2000 6558 00000001",
		"b000 86dd 0000 0000 00000001 00000001",
		"c001 12b5 0100 0000 08000000 00002a00",
		"c001 17c1 0100 0000 02006558 00002a00",
		"c001 0868 0100 0000 30ff 0100 00000001",
		HEX_MACS "0800",
		HEX_MACS "86dd",
	};
	const char *hex = headers[mutate_below(m, sizeof(headers) / sizeof(headers[0]))];
	size_t at = mutate_below(m, 3) ? 12 + 2 * mutate_below(m, 2) :
					 12 + 2 * mutate_below(m, MUTANT_HEAD / 2);

	if (mutate_gap(x, at, frame_unhex(hex, NULL)))
		(void)frame_unhex(hex, x->bytes + at);
}

/* IPv4 options behind a header without, which then has them. */
static inline void mutate_options(struct mutate *m, struct mutant *x)
{
	size_t words = 1 + mutate_below(m, 10);

	if (x->len < 34 || x->bytes[14] != 0x45 || !mutate_gap(x, 34, 4 * words))
		return;
	memset(x->bytes + 34, 1, 4 * words);
	x->bytes[14] = (__u8)(0x45 + words);
}

/* The next frame: an old one after one to four changes; at least as long as must be. */
static inline void mutate_next(struct mutate *m, struct mutant *ret)
{
	static void (*const changes[])(struct mutate *, struct mutant *) = {
		mutate_flip_bits, mutate_flip_bits, mutate_set_byte, mutate_cut,
		mutate_extend,	  mutate_lie,	    mutate_lie,	     mutate_splice,
		mutate_insert,	  mutate_insert,    mutate_options,
	};
	/* captured ones are many, and much alike */
	size_t most = mutate_below(m, 2) ? FRAME_CASES : m->n;
	const struct mutate_seed *seed = &m->seeds[mutate_below(m, most)];

	ret->len = seed->len;
	memcpy(ret->bytes, seed->bytes, seed->len);
	for (size_t n = 1 + mutate_below(m, 4); n; n--)
		changes[mutate_below(m, sizeof(changes) / sizeof(changes[0]))](m, ret);
	while (ret->len < MUTANT_MIN)
		ret->bytes[ret->len++] = (__u8)mutate_below(m, 256);
}

#endif
