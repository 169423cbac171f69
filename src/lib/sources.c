// SPDX-License-Identifier: BSD-2-Clause
#include "lib/sources.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Running out of memory is reported, not fatal. The hash is keyed: senders choose their addresses,
 * and must not be able to choose ones that collide.
 */
#define HASH_NONFATAL_OOM	      1
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_key(key))
#include <uthash.h>

/* As many buckets as SOURCES_MAX needs from the start, and no doubling, which would move everything
 * at once. uthash 2.3 cannot be configured in another way.
 */
#undef HASH_INITIAL_NUM_BUCKETS
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_INITIAL_NUM_BUCKETS      262144U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 18U
#define HASH_BKT_CAPACITY_THRESH      48U

#define CHUNK_ENTRIES 4096
#define CHUNKS_MAX    (SOURCES_MAX / CHUNK_ENTRIES)

struct source_entry {
	struct count_key key;
	struct count_value value;
	UT_hash_handle hh;
};

struct sources {
	struct source_entry *head; /* owned by uthash */
	struct source_entry *chunks[CHUNKS_MAX]; /* owned, CHUNK_ENTRIES each */
	size_t used;
};

/* One secret for all tables of the process, drawn once, because it must not change under a table.
 */
static uint64_t secret[2];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static uint64_t multiply_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Folds its input as wyhash does: each half is mixed with a secret before it is multiplied. */
static unsigned int hash_key(const void *key)
{
	const struct count_key *k = key;
	uint64_t high, low;

	memcpy(&high, k->addr, sizeof(high));
	memcpy(&low, k->addr + sizeof(high), sizeof(low));
	return (unsigned int)multiply_mix(multiply_mix(high ^ secret[0], low ^ secret[1]),
					  k->ifindex ^ secret[0]);
}

/* Early in boot the kernel may have no entropy, and the table is then as good as an unkeyed one. */
static void draw_secret(void)
{
	(void)!getrandom(secret, sizeof(secret), GRND_NONBLOCK);
}

int sources_new(struct sources **ret)
{
	struct sources *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	(void)pthread_once(&secret_once, draw_secret);
	*ret = s;
	return 0;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	HASH_CLEAR(hh, s->head);
	for (size_t i = 0; i < CHUNKS_MAX; i++)
		free(s->chunks[i]);
	free(s);
}

static struct source_entry *entry_at(const struct sources *s, size_t i)
{
	return &s->chunks[i / CHUNK_ENTRIES][i % CHUNK_ENTRIES];
}

/* Returns the next unused entry, which stays unused until s->used is incremented; or -ENOSPC or
 * -ENOMEM.
 */
static int next_entry(struct sources *s, struct source_entry **ret)
{
	struct source_entry **chunk;

	if (s->used >= SOURCES_MAX)
		return -ENOSPC;
	chunk = &s->chunks[s->used / CHUNK_ENTRIES];
	if (!*chunk)
		*chunk = malloc(CHUNK_ENTRIES * sizeof(**chunk));
	if (!*chunk)
		return -ENOMEM;
	*ret = entry_at(s, s->used);
	return 0;
}

// NOLINTNEXTLINE(readability-function-size): uthash's macro
static struct source_entry *find_entry(const struct sources *s, const struct count_key *key)
{
	struct source_entry *e;

	HASH_FIND(hh, s->head, key, sizeof(*key), e);
	return e;
}

// NOLINTNEXTLINE(readability-function-size): uthash's macro
static void insert_entry(struct sources *s, struct source_entry *e)
{
	HASH_ADD(hh, s->head, key, sizeof(e->key), e);
}

int sources_add(struct sources *s, const struct count_key *key, const struct count_value *value)
{
	struct source_entry *e = find_entry(s, key);
	int err;

	if (e) {
		e->value.packets += value->packets;
		e->value.bytes += value->bytes;
		return 0;
	}
	err = next_entry(s, &e);
	if (err)
		return err;
	*e = (struct source_entry){ .key = *key, .value = *value };
	insert_entry(s, e);
	if (!e->hh.tbl) /* HASH_NONFATAL_OOM leaves it NULL */
		return -ENOMEM;
	s->used++;
	return 0;
}

size_t sources_number(const struct sources *s)
{
	return s->used;
}

const struct count_key *sources_at(const struct sources *s, size_t i,
				   const struct count_value **ret_value)
{
	const struct source_entry *e = entry_at(s, i);

	*ret_value = &e->value;
	return &e->key;
}
