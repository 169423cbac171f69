// SPDX-License-Identifier: BSD-2-Clause
/* The table that drains are merged in: its limit, and how it takes addresses that were chosen. */
#include <criterion/criterion.h>

// How long its chains are is nobody's business but this test's.
// NOLINTNEXTLINE(bugprone-suspicious-include)
#include "lib/sources.c"

#define CHAIN_MAX 48 /* eight are the mean of 2^20 in 2^17; random ones come to about 25 */
#define CHAIN_FEW 16 /* of some thousand sources */

static struct count_key key_of(unsigned i)
{
	struct count_key key = { .addr = { [10] = 0xff, 0xff, 10 }, .ifindex = 1 };

	key.addr[13] = (__u8)(i >> 16);
	key.addr[14] = (__u8)(i >> 8);
	key.addr[15] = (__u8)i;
	return key;
}

static struct sources *make_sources(void)
{
	struct sources *s = NULL;

	cr_assert_eq(sources_new(&s), 0, "out of memory");
	return s;
}

/* A source is one, however often it comes; another one has a place of its own. */
Test(sources, merge)
{
	const struct count_value add = { 3, 500 };
	struct sources *s = make_sources();
	const struct count_value *value;
	struct count_key key = key_of(1);

	for (int i = 0; i < 4; i++)
		cr_assert_eq(sources_add(s, &key, &add), 0);
	key.ifindex = 2; /* the same address on another interface */
	cr_assert_eq(sources_add(s, &key, &add), 0);
	cr_assert_eq(sources_number(s), 2, "sources: got %zu, want 2", sources_number(s));
	cr_expect_eq(sources_at(s, 0, &value)->ifindex, 1);
	cr_expect(value->packets == 12 && value->bytes == 2000, "first: got %llu, %llu",
		  value->packets, value->bytes);
	cr_expect_eq(sources_at(s, 1, &value)->ifindex, 2);
	cr_expect(value->packets == 3 && value->bytes == 500, "second: got %llu, %llu",
		  value->packets, value->bytes);
	sources_free(s);
}

/* What comes beyond the limit is refused, and what was there before still is, and still adds. */
Test(sources, limit)
{
	const struct count_value one = { 1, 100 };
	struct sources *s = make_sources();
	const struct count_value *value;
	struct count_key key;
	int err;

	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		key = key_of(i);
		cr_assert_eq(sources_add(s, &key, &one), 0, "source %u", i);
	}
	key = key_of(SOURCES_MAX);
	for (int i = 0; i < 2; i++) {
		err = sources_add(s, &key, &one);
		cr_expect_eq(err, -ENOSPC, "one too many: got %d, want %d", err, -ENOSPC);
	}
	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		key = key_of(i);
		cr_assert_eq(sources_add(s, &key, &one), 0, "source %u again", i);
	}
	cr_assert_eq(sources_number(s), SOURCES_MAX);
	for (unsigned i = 0; i < SOURCES_MAX; i++) {
		key = key_of(i);
		cr_assert_eq(memcmp(sources_at(s, i, &value), &key, sizeof(key)), 0, "place %u", i);
		cr_assert(value->packets == 2 && value->bytes == 200, "source %u", i);
	}
	sources_free(s);
}

/* Addresses as someone would choose them to make chains long, or as networks have them. */
static void low_byte_only(__u8 addr[16], unsigned i)
{
	memset(addr, 0, 16);
	addr[10] = addr[11] = 0xff;
	addr[15] = (__u8)i;
}

static void ipv4_in_sequence(__u8 addr[16], unsigned i)
{
	struct count_key key = key_of(i);

	memcpy(addr, key.addr, 16);
}

static void ipv4_reversed(__u8 addr[16], unsigned i)
{
	low_byte_only(addr, 10);
	addr[12] = (__u8)i;
	addr[13] = (__u8)(i >> 8);
	addr[14] = (__u8)(i >> 16);
}

static void ipv6_networks(__u8 addr[16], unsigned i)
{
	memset(addr, 0, 16);
	addr[0] = 0x20;
	memcpy(addr + 3, &i, sizeof(i));
	addr[15] = 1;
}

static void ipv6_hosts(__u8 addr[16], unsigned i)
{
	ipv6_networks(addr, 0);
	memcpy(addr + 8, &i, sizeof(i));
}

static void both_halves_alike(__u8 addr[16], unsigned i)
{
	memset(addr, 0, 16);
	memcpy(addr, &i, sizeof(i));
	memcpy(addr + 8, &i, sizeof(i));
}

static void single_bits(__u8 addr[16], unsigned i)
{
	memset(addr, 0, 16);
	addr[i / 8 % 16] ^= (__u8)(1U << i % 8);
	addr[i / 1024 % 16] ^= (__u8)(1U << i / 128 % 8);
}

static const struct spread_case {
	const char *name;
	void (*make)(__u8 addr[16], unsigned i);
	unsigned keys;
	bool many_interfaces; /* the same address on each of them */
} spread_cases[] = {
	{ "one byte differs", low_byte_only, 256, false },
	{ "IPv4 in sequence", ipv4_in_sequence, SOURCES_MAX, false },
	{ "IPv4, high bytes first", ipv4_reversed, SOURCES_MAX, false },
	{ "IPv6, networks", ipv6_networks, SOURCES_MAX, false },
	{ "IPv6, hosts of a network", ipv6_hosts, SOURCES_MAX, false },
	{ "IPv6, halves alike", both_halves_alike, SOURCES_MAX, false },
	{ "one or two bits", single_bits, 16384, false },
	{ "one address on many interfaces", low_byte_only, 4096, true },
};

/* Adds them, and returns the longest chain. */
static unsigned longest_chain(const struct spread_case *c, struct sources *s)
{
	const struct count_value one = { 1, 100 };
	const struct UT_hash_table *table;
	unsigned longest = 0;

	for (unsigned i = 0; i < c->keys; i++) {
		struct count_key key = { .ifindex = c->many_interfaces ? i / 256 + 1 : 1 };

		c->make(key.addr, i);
		cr_assert_eq(sources_add(s, &key, &one), 0, "%s: source %u", c->name, i);
	}
	if (!s->head)
		return 0;
	table = s->head->hh.tbl;
	cr_expect_eq(table->num_buckets, HASH_INITIAL_NUM_BUCKETS, "%s: buckets were doubled to %u",
		     c->name, table->num_buckets);
	for (unsigned i = 0; i < table->num_buckets; i++) {
		if (table->buckets[i].count > longest)
			longest = table->buckets[i].count;
	}
	return longest;
}

Test(sources, chains_are_short)
{
	for (size_t i = 0; i < sizeof(spread_cases) / sizeof(spread_cases[0]); i++) {
		struct sources *s = make_sources();
		unsigned longest = longest_chain(&spread_cases[i], s);
		unsigned want = spread_cases[i].keys == SOURCES_MAX ? CHAIN_MAX : CHAIN_FEW;

		cr_expect_leq(longest, want, "%s: longest chain: got %u, want at most %u",
			      spread_cases[i].name, longest, want);
		sources_free(s);
	}
}
