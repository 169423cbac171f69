// SPDX-License-Identifier: BSD-2-Clause
/* The library's two generations on the kernel's maps, filled by hand: whatever the size of a step,
 * and with or without batch operations, a drain takes everything once.
 */
#include "prog.h"

#include <dlfcn.h>

#include "lib/counts.h"
#include "lib/object.h"
#include "lib/sources.h"

#define KEYS 10000

struct half {
	struct object object;
	struct counts *counts; /* owned */
};

/* Takes the place of libbpf's, to be able to refuse as a kernel before 5.6 does. */
static int batch_errno;
static unsigned batch_calls;

int bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys,
				    void *values, __u32 *count,
				    const struct bpf_map_batch_opts *opts)
{
	int (*real)(int, void *, void *, void *, void *, __u32 *,
		    const struct bpf_map_batch_opts *) = NULL;
	void *symbol = dlsym(RTLD_NEXT, "bpf_map_lookup_and_delete_batch");

	batch_calls++;
	if (batch_errno)
		return -batch_errno;
	memcpy(&real, &symbol, sizeof(real));
	return real(fd, in_batch, out_batch, keys, values, count, opts);
}

static void half_open(struct half *h, bool shared)
{
	struct object_spec spec = {
		.function_name = "count_packets",
		.ring_bytes = PROG_RING_BYTES,
		.max_sources = 2 * KEYS,
		.max_map_bytes = UINT64_MAX,
	};
	const struct settings settings = { 0 };
	struct reason r = { "" };
	int err;

	if (shared)
		spec.max_map_bytes = object_count_bytes(spec.max_sources, 1);
	err = object_open(&h->object, &spec, &r);
	if (err && !prog_is_capable())
		cr_skip_test("%s", r.text);
	cr_assert_eq(err, 0, "%s", r.text);
	err = counts_open(&h->counts, &h->object, &settings, &r);
	cr_assert_eq(err, 0, "%s", r.text);
}

static void half_close(struct half *h)
{
	counts_close(h->counts);
	object_close(&h->object);
}

static struct count_key key_of(unsigned i)
{
	struct count_key key = { .addr = { [10] = 0xff, 0xff, 10 }, .ifindex = 1 };

	key.addr[13] = (__u8)(i >> 16);
	key.addr[14] = (__u8)(i >> 8);
	key.addr[15] = (__u8)i;
	return key;
}

static unsigned index_of(const struct count_key *key)
{
	return (unsigned)key->addr[13] << 16 | (unsigned)key->addr[14] << 8 | key->addr[15];
}

static unsigned parts_of(const struct half *h)
{
	return h->object.shared_counts ? 1 : (unsigned)libbpf_num_possible_cpus();
}

/* Source i sends i + 1 packets of 100 bytes from each CPU. Returns how many they are together. */
static __u64 fill(struct half *h, unsigned generation, unsigned first, unsigned keys)
{
	unsigned parts = parts_of(h);
	struct count_value *values = calloc(parts, sizeof(*values));
	__u64 sum = 0;

	cr_assert_not_null(values);
	for (unsigned i = first; i < first + keys; i++) {
		struct count_key key = key_of(i);
		int err;

		for (unsigned cpu = 0; cpu < parts; cpu++)
			values[cpu] = (struct count_value){ i + 1, 100ULL * (i + 1) };
		err = bpf_map_update_elem(h->object.generation_fd[generation], &key, values,
					  BPF_ANY);
		cr_assert_eq(err, 0, "source %u: %s", i, strerror(-err));
		sum += (i + 1ULL) * parts;
	}
	free(values);
	return sum;
}

static __u64 sum_of(const struct sources *s)
{
	__u64 sum = 0;

	for (size_t i = 0; i < sources_number(s); i++) {
		const struct count_value *value;

		(void)sources_at(s, i, &value); /* its key does not matter here */
		sum += value->packets;
	}
	return sum;
}

static bool is_empty(const struct half *h, unsigned generation)
{
	struct count_key key;

	return bpf_map_get_next_key(h->object.generation_fd[generation], NULL, &key) == -ENOENT;
}

/* The number of steps, or -errno. */
static int drain(struct half *h, unsigned max)
{
	struct reason r = { "" };
	int steps = 0;
	int done;

	do {
		done = counts_drain(h->counts, max, &r);
		steps++;
	} while (!done);
	return done < 0 ? done : steps;
}

/* Each source once, with what it was filled with so many times. */
static void expect_sources(struct half *h, const char *name, unsigned keys, unsigned times)
{
	struct packet_totals totals;
	struct sources *sources;
	__u64 *found = calloc(KEYS, sizeof(*found));
	__u64 wrong = 0;

	cr_assert_not_null(found);
	cr_assert_eq(counts_take(h->counts, &totals, &sources), 0);
	cr_expect_eq(sources_number(sources), keys, "%s: sources: got %zu, want %u", name,
		     sources_number(sources), keys);
	for (size_t i = 0; i < sources_number(sources); i++) {
		const struct count_value *value;
		unsigned index = index_of(sources_at(sources, i, &value));
		__u64 want = (index + 1ULL) * parts_of(h) * times;

		cr_assert_lt(index, keys, "%s: source: got %u", name, index);
		found[index]++;
		wrong += value->packets != want || value->bytes != 100 * want;
	}
	for (unsigned i = 0; i < keys; i++)
		wrong += found[i] != 1;
	cr_expect_eq(wrong, 0, "%s: sources that are wrong, or not there once: got %llu", name,
		     wrong);
	sources_free(sources);
	free(found);
}

static const struct drain_case {
	const char *name;
	bool shared;
	int batch_errno; /* of the kernel that has no batch operations */
	unsigned max;
	unsigned keys;
	int steps; /* 0: as many as it takes */
} drain_cases[] = {
	{ "empty", false, 0, 4096, 0, 1 },
	{ "one", false, 0, 4096, 1, 1 },
	{ "batches, steps of 1", false, 0, 1, KEYS, 0 },
	{ "batches, steps of 255", false, 0, 255, KEYS, 0 },
	{ "batches, steps of 256", false, 0, 256, KEYS, 0 },
	{ "batches, steps of 257", false, 0, 257, KEYS, 0 },
	{ "batches, steps of 4096", false, 0, 4096, KEYS, 0 },
	{ "batches, steps of 10000", false, 0, KEYS, KEYS, 0 },
	{ "batches, shared, steps of 1", true, 0, 1, KEYS, 0 },
	{ "batches, shared, steps of 4096", true, 0, 4096, KEYS, 0 },
	{ "key by key, empty", false, EINVAL, 4096, 0, 1 },
	{ "key by key, one", false, EINVAL, 1, 1, 1 },
	{ "key by key, steps of 1", false, EINVAL, 1, KEYS, KEYS },
	{ "key by key, steps of 3", false, EINVAL, 3, KEYS, (KEYS + 2) / 3 },
	{ "key by key, steps of 4096", false, EINVAL, 4096, KEYS, 3 },
	{ "key by key, steps of 9999", false, EINVAL, KEYS - 1, KEYS, 2 },
	{ "key by key, steps of 10000", false, EINVAL, KEYS, KEYS, 1 },
	{ "key by key, steps of 10001", false, EINVAL, KEYS + 1, KEYS, 1 },
	{ "key by key, shared, steps of 7", true, EINVAL, 7, KEYS, (KEYS + 6) / 7 },
	{ "key by key, as 524 asks for", false, 524, 4096, KEYS, 3 },
};

static void expect_drain(const struct drain_case *c)
{
	struct reason r = { "" };
	struct half h;
	int steps;

	batch_errno = c->batch_errno;
	half_open(&h, c->shared);
	cr_assert_eq(h.object.shared_counts, c->shared && libbpf_num_possible_cpus() > 1);
	for (unsigned round = 0; round < 2; round++) {
		unsigned retired = counts_generation(h.counts);

		(void)fill(&h, retired, 0, c->keys);
		cr_assert_eq(counts_flip(h.counts, &r), 0, "%s: %s", c->name, r.text);
		steps = drain(&h, c->max);
		cr_expect_gt(steps, 0, "%s: %s", c->name, strerror(-steps));
		cr_expect(!c->steps || steps == c->steps, "%s: steps: got %d, want %d", c->name,
			  steps, c->steps);
		cr_expect(is_empty(&h, retired), "%s: not empty", c->name);
		expect_sources(&h, c->name, c->keys, 1);
	}
	half_close(&h);
}

Test(prog_generations, drain)
{
	for (size_t i = 0; i < sizeof(drain_cases) / sizeof(drain_cases[0]); i++)
		expect_drain(&drain_cases[i]);
}

/* Once refused, batches are not asked for again. */
Test(prog_generations, batch_is_asked_for_once)
{
	struct reason r = { "" };
	struct half h;

	batch_errno = EINVAL;
	half_open(&h, false);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
		cr_assert_eq(drain(&h, 1), 1);
	}
	cr_expect_eq(batch_calls, 1, "batches: got %u, want 1", batch_calls);
	half_close(&h);
}

/* A failure in the middle: what was collected stays, and the rest comes later. */
Test(prog_generations, drain_fails_and_goes_on)
{
	struct reason r = { "" };
	struct half h;
	int err;

	half_open(&h, false);
	(void)fill(&h, 0, 0, KEYS);
	cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
	cr_assert_eq(counts_drain(h.counts, 256, &r), 0, "%s", r.text);
	batch_errno = EBUSY;
	err = counts_drain(h.counts, 256, &r);
	cr_expect_eq(err, -EBUSY, "busy: got %d, want %d", err, -EBUSY);
	cr_expect(counts_is_draining(h.counts), "busy: gave up");
	cr_expect(strlen(r.text) > 0, "busy: no reason");
	batch_errno = 0;
	cr_expect_gt(drain(&h, 256), 0);
	expect_sources(&h, "after a failure", KEYS, 1);
	half_close(&h);
}

Test(prog_generations, flip_while_draining)
{
	struct reason r = { "" };
	struct half h;
	int err;

	half_open(&h, false);
	(void)fill(&h, 0, 0, KEYS);
	cr_expect_not(counts_is_draining(h.counts));
	cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
	cr_expect(counts_is_draining(h.counts));
	for (int i = 0; i < 2; i++) {
		err = counts_flip(h.counts, &r);
		cr_expect_eq(err, -EBUSY, "flip %d: got %d, want %d", i, err, -EBUSY);
		cr_expect_eq(counts_generation(h.counts), 1, "flip %d: it turned", i);
		cr_assert_eq(counts_drain(h.counts, 256, &r), 0, "%s", r.text);
	}
	cr_assert_gt(drain(&h, 4096), 0);
	cr_expect_not(counts_is_draining(h.counts));
	cr_expect_eq(counts_drain(h.counts, 1, &r), 1, "nothing to drain is drained");
	cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
	cr_expect_eq(counts_generation(h.counts), 0);
	half_close(&h);
}

/* Drains that are taken together: a source of both is one, with the sum. */
Test(prog_generations, drains_merge)
{
	struct reason r = { "" };
	struct half h;

	half_open(&h, false);
	for (unsigned times = 0; times < 5; times++) {
		(void)fill(&h, counts_generation(h.counts), 0, KEYS);
		cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
		cr_assert_gt(drain(&h, 4096), 0);
	}
	expect_sources(&h, "five drains", KEYS, 5);
	expect_sources(&h, "and then none", 0, 1);
	half_close(&h);
}

/* Totals of a generation, the same from each CPU. */
static void fill_totals(const struct half *h, __u32 generation, __u64 seen)
{
	unsigned cpus = (unsigned)libbpf_num_possible_cpus();
	struct packet_totals *totals = calloc(cpus, sizeof(*totals));
	int err;

	cr_assert_not_null(totals);
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		totals[cpu].seen = seen;
		totals[cpu].unattributed_bytes[ABI_UNATTRIBUTED_MAX - 1] = 2 * seen;
	}
	err = bpf_map_update_elem(h->object.packet_totals_fd, &generation, totals, BPF_ANY);
	cr_assert_eq(err, 0, "packet_totals: %s", strerror(-err));
	free(totals);
}

static void expect_totals(const char *name, const struct packet_totals *got, __u64 seen)
{
	const struct packet_totals want = {
		.seen = seen * (unsigned)libbpf_num_possible_cpus(),
		.unattributed_bytes[ABI_UNATTRIBUTED_MAX - 1] =
			2 * seen * (unsigned)libbpf_num_possible_cpus(),
	};

	cr_expect_eq(prog_compare_totals(name, got, &want), 0, "%s: see above", name);
}

Test(prog_generations, totals_and_peek)
{
	struct packet_totals totals;
	struct sources *sources;
	struct reason r = { "" };
	struct half h;

	half_open(&h, false);
	fill_totals(&h, 0, 7);
	cr_assert_eq(counts_peek(h.counts, &totals), 0);
	expect_totals("peek", &totals, 7);
	cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
	fill_totals(&h, 1, 1000);
	cr_assert_eq(counts_peek(h.counts, &totals), 0);
	expect_totals("peek at the other", &totals, 1000);
	cr_assert_gt(drain(&h, 1), 0);
	cr_assert_eq(counts_take(h.counts, &totals, &sources), 0);
	expect_totals("first half", &totals, 7);
	sources_free(sources);

	cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
	cr_assert_eq(counts_peek(h.counts, &totals), 0);
	expect_totals("the first is empty again", &totals, 0);
	cr_assert_gt(drain(&h, 1), 0);
	cr_assert_eq(counts_take(h.counts, &totals, &sources), 0);
	expect_totals("second half", &totals, 1000);
	sources_free(sources);
	half_close(&h);
}

/* The limit as a snapshot sees it: packets that are counted, to no source. */
Test(prog_generations, limit_is_unattributed)
{
	struct packet_totals totals;
	struct sources *sources;
	struct reason r = { "" };
	__u64 want = 0, got;
	struct half h;

	half_open(&h, true);
	for (unsigned first = 0; first <= SOURCES_MAX; first += KEYS) {
		want += fill(&h, counts_generation(h.counts), first, KEYS);
		cr_assert_eq(counts_flip(h.counts, &r), 0, "%s", r.text);
		cr_assert_gt(drain(&h, 4096), 0);
	}
	cr_assert_eq(counts_take(h.counts, &totals, &sources), 0);
	cr_expect_eq(sources_number(sources), SOURCES_MAX, "sources: got %zu",
		     sources_number(sources));
	got = totals.unattributed_packets[ABI_UNATTRIBUTED_FULL];
	cr_expect_gt(got, 0, "unattributed: got none");
	cr_expect_eq(totals.unattributed_bytes[ABI_UNATTRIBUTED_FULL], 100 * got);
	got += sum_of(sources);
	cr_expect_eq(got, want, "packets: got %llu, want %llu", got, want);
	sources_free(sources);
	half_close(&h);
}
