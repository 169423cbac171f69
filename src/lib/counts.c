// SPDX-License-Identifier: BSD-2-Clause
#include "lib/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/kernel_error.h"

#define BATCH_MIN 256 /* the kernel returns ENOSPC if a hash bucket holds more than a batch */
#define BATCH_MAX 4096

struct counts {
	const struct object *object; /* borrowed */
	counts_index_fn index_fn; /* NULL: indexes are kept unchanged */
	void *index_arg;
	struct settings settings; /* as last written */
	unsigned int cpus; /* number of possible CPUs: a per-CPU value has a part for each */
	unsigned int values_each; /* parts of a source's value: cpus, or 1 if all CPUs share it */
	bool draining;
	bool waited; /* the grace period after the flip is over */
	bool has_cursor; /* a cursor of the last batch exists */
	bool emptied; /* all sources are collected; only the totals are left */
	bool finished; /* the totals include everything in the maps, which are not read again */
	bool no_batch; /* this kernel has no batch operations */
	unsigned int retired;
	__u32 cursor;
	uint64_t collected; /* sources, since counts_open() */
	struct packet_totals totals;
	struct sources *sources; /* owned */
	struct count_key *keys; /* owned: one batch */
	struct count_value *values; /* owned: one batch, values_each of them per source */
	struct packet_totals *cpu_totals; /* owned: cpus of them */
};

static int write_settings(const struct counts *c, const struct settings *settings)
{
	const __u32 zero = 0;

	return bpf_map_update_elem(c->object->settings_fd, &zero, settings, BPF_ANY);
}

int counts_open(struct counts **ret, const struct object *o, const struct settings *settings,
		struct reason *r)
{
	struct counts *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		return reason_set(r, err, "out of memory");
	c->object = o;
	c->cpus = (unsigned int)libbpf_num_possible_cpus();
	c->values_each = o->shared_counts ? 1 : c->cpus;
	c->settings = *settings;
	c->keys = calloc(BATCH_MAX, sizeof(*c->keys));
	c->values = calloc((size_t)BATCH_MAX * c->values_each, sizeof(*c->values));
	c->cpu_totals = calloc(c->cpus, sizeof(*c->cpu_totals));
	if (!c->keys || !c->values || !c->cpu_totals || sources_new(&c->sources)) {
		err = reason_set(r, err, "out of memory");
		goto fail;
	}
	err = write_settings(c, settings);
	if (err) {
		err = reason_set(r, err, "cannot write the map \"settings\": %s",
				 kernel_error_text(err));
		goto fail;
	}
	*ret = c;
	return 0;

fail:
	counts_close(c);
	return err;
}

void counts_close(struct counts *c)
{
	if (!c)
		return;
	sources_free(c->sources);
	free(c->keys);
	free(c->values);
	free(c->cpu_totals);
	free(c);
}

int counts_set_sampling(struct counts *c, uint32_t sample_rate, uint32_t sample_mode,
			struct reason *r)
{
	struct settings changed = c->settings;
	int err;

	changed.sample_rate = sample_rate;
	changed.sample_mode = sample_mode;
	err = write_settings(c, &changed);
	if (err)
		return reason_set(r, err, "cannot write the map \"settings\": %s",
				  kernel_error_text(err));
	c->settings = changed;
	return 0;
}

void counts_set_index(struct counts *c, counts_index_fn fn, void *arg)
{
	c->index_fn = fn;
	c->index_arg = arg;
}

unsigned int counts_generation(const struct counts *c)
{
	return c->settings.generation;
}

/* Since 4.20 an update of an array of maps returns only when no program can hold the previous
 * value. The same value is written here, for only the wait is needed.
 */
int counts_wait(struct counts *c, struct reason *r)
{
	const __u32 slot = 0;
	int err = bpf_map_update_elem(c->object->packet_count_fd, &slot,
				      &c->object->generation_fd[slot], BPF_ANY);

	if (err)
		return reason_set(r, err, "cannot wait for the kernel through \"packet_count\": %s",
				  kernel_error_text(err));
	return 0;
}

int counts_flip(struct counts *c, struct reason *r)
{
	struct settings next = c->settings;
	int err;

	if (c->finished)
		return reason_set(r, -ESHUTDOWN, "counting has been finished");
	if (c->draining)
		return reason_set(r, -EBUSY, "the last generation is not drained yet");
	next.generation ^= 1;
	err = write_settings(c, &next);
	if (err)
		return reason_set(r, err, "cannot write the map \"settings\": %s",
				  kernel_error_text(err));
	c->retired = c->settings.generation;
	c->settings = next;
	c->draining = true;
	c->has_cursor = false;
	c->emptied = false;
	c->waited = !counts_wait(c, r);
	return 0;
}

bool counts_is_draining(const struct counts *c)
{
	return c->draining;
}

void counts_add_totals(struct packet_totals *sum, const struct packet_totals *add)
{
	/* the struct consists of counters of the same width */
	const __u64 *from = (const __u64 *)add;
	__u64 *to = (__u64 *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static int read_totals(struct counts *c, __u32 gen, struct packet_totals *ret)
{
	int err = bpf_map_lookup_elem(c->object->packet_totals_fd, &gen, c->cpu_totals);

	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	for (unsigned int cpu = 0; cpu < c->cpus; cpu++)
		counts_add_totals(ret, &c->cpu_totals[cpu]);
	return 0;
}

/* Reads the totals of the retired generation, and sets them to zero. */
static int drain_totals(struct counts *c)
{
	const __u32 gen = c->retired;
	struct packet_totals sum;
	int err = read_totals(c, gen, &sum);

	if (err)
		return err;
	memset(c->cpu_totals, 0, c->cpus * sizeof(*c->cpu_totals));
	err = bpf_map_update_elem(c->object->packet_totals_fd, &gen, c->cpu_totals, BPF_ANY);
	if (!err)
		counts_add_totals(&c->totals, &sum);
	return err;
}

void counts_add_source(struct sources *to, const struct count_key *key,
		       const struct count_value *value, struct packet_totals *totals)
{
	int err = sources_add(to, key, value);

	if (err) {
		int cause = err == -ENOSPC ? ABI_UNATTRIBUTED_FULL : ABI_UNATTRIBUTED_NOMEM;

		totals->unattributed_packets[cause] += value->packets;
		totals->unattributed_bytes[cause] += value->bytes;
	}
}

/* Adds one source, summed over its parts. */
static void collect(struct counts *c, const struct count_key *key, const struct count_value *values)
{
	struct count_value sum = { 0 };
	struct count_key as = *key;

	if (c->index_fn)
		as.ifindex = c->index_fn(c->index_arg, key->ifindex);
	for (unsigned int i = 0; i < c->values_each; i++) {
		sum.packets += values[i].packets;
		sum.bytes += values[i].bytes;
	}
	counts_add_source(c->sources, &as, &sum, &c->totals);
	c->collected++;
}

uint64_t counts_collected(const struct counts *c)
{
	return c->collected;
}

/* Takes up to max sources out of the retired map. Nothing writes to it, so no count is lost. The
 * end is ENOENT, with a last batch. Returns 1: the map is empty now; 0: there is more; or -errno.
 *
 * ENOMEM also comes with a batch: if a bucket has more elements than the kernel has allocated room
 * for, it tries to allocate more. If that fails, it returns the elements taken so far, with their
 * number and the cursor. A failure before that leaves the number as it was passed in, which the
 * kernel never returns with elements, so a full batch is not a failure.
 */
static int drain_batch(struct counts *c, unsigned int max)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	const __u32 requested = max < BATCH_MIN ? BATCH_MIN : max > BATCH_MAX ? BATCH_MAX : max;
	__u32 next = c->cursor;
	__u32 n = requested;
	int err = bpf_map_lookup_and_delete_batch(c->object->generation_fd[c->retired],
						  c->has_cursor ? &c->cursor : NULL, &next, c->keys,
						  c->values, &n, &opts);
	const bool failed = err && err != -ENOENT;

	if (failed && (err != -ENOMEM || n >= requested))
		return err;
	c->has_cursor = true;
	c->cursor = next;
	for (__u32 i = 0; i < n; i++)
		collect(c, &c->keys[i], &c->values[(size_t)i * c->values_each]);
	return failed ? err : err == -ENOENT;
}

/* Without batch operations (before 5.6) sources are taken key by key. The next key is read before
 * the present one is deleted, because the walk would otherwise restart. Each call restarts with the
 * keys that are still there, so it does not matter which system call failed in the last one.
 */
static int drain_one_by_one(struct counts *c, unsigned int max)
{
	int fd = c->object->generation_fd[c->retired];
	struct count_key *key = &c->keys[0];
	struct count_key *next = &c->keys[1];
	int err = bpf_map_get_next_key(fd, NULL, key);

	for (unsigned int i = 0; !err && i < max; i++) {
		int end = bpf_map_get_next_key(fd, key, next);

		err = end && end != -ENOENT ? end : bpf_map_lookup_elem(fd, key, c->values);
		if (!err)
			err = bpf_map_delete_elem(fd, key);
		if (err)
			return err;
		collect(c, key, c->values);
		*key = *next;
		err = end;
	}
	return err == -ENOENT ? 1 : err;
}

static int drain_sources(struct counts *c, unsigned int max)
{
	int done = c->no_batch ? -EINVAL : drain_batch(c, max);

	if (done == -EINVAL || done == -KERNEL_ENOTSUPP) {
		c->no_batch = true;
		done = drain_one_by_one(c, max);
	}
	return done;
}

int counts_drain(struct counts *c, unsigned int max, struct reason *r)
{
	int done;

	if (!c->draining)
		return 1;
	done = c->waited ? 0 : counts_wait(c, r);
	if (done < 0)
		return done;
	c->waited = true;
	done = c->emptied ? 1 : drain_sources(c, max);
	if (done == 1) {
		int err = drain_totals(c);

		c->emptied = true;
		if (err)
			done = err;
		else
			c->draining = false;
	}
	if (done < 0)
		return reason_set(r, done, "cannot read the counts: %s", kernel_error_text(done));
	return done;
}

/* Adds the totals of a generation that nothing counts in, without emptying it. */
static int add_standing(struct counts *c, __u32 gen)
{
	struct packet_totals sum;
	int err = read_totals(c, gen, &sum);

	if (!err)
		counts_add_totals(&c->totals, &sum);
	return err;
}

int counts_finish(struct counts *c, struct reason *r)
{
	int err = 0;

	if (c->draining) {
		err = add_standing(c, c->retired);
		c->draining = err != 0;
	}
	if (!err && !c->finished) {
		err = add_standing(c, c->settings.generation);
		c->finished = !err;
	}
	if (err)
		return reason_set(r, err, "cannot read the map \"packet_totals\": %s",
				  kernel_error_text(err));
	return 0;
}

int counts_take(struct counts *c, struct packet_totals *ret_totals, struct sources **ret)
{
	struct sources *fresh;
	int err = sources_new(&fresh);

	if (err)
		return err;
	*ret_totals = c->totals;
	*ret = c->sources;
	c->sources = fresh;
	memset(&c->totals, 0, sizeof(c->totals));
	return 0;
}

int counts_peek(struct counts *c, struct packet_totals *ret)
{
	return read_totals(c, c->settings.generation, ret);
}

/* Only one of the two ways to drain is needed, so of their errors only a missing permission
 * matters.
 */
static int try_drain(struct counts *c, int generation_fd)
{
	/* a key that never exists: no packet is counted on interface 0 */
	const struct count_key none = { 0 };
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u32 cursor, n = 0;

	if (bpf_map_get_next_key(generation_fd, NULL, &c->keys[0]) == -EPERM ||
	    bpf_map_delete_elem(generation_fd, &none) == -EPERM ||
	    bpf_map_lookup_and_delete_batch(generation_fd, NULL, &cursor, c->keys, c->values, &n,
					    &opts) == -EPERM)
		return -EPERM;
	return 0;
}

int counts_check_permissions(struct counts *c, struct reason *r)
{
	int generation_fd = c->object->generation_fd[c->settings.generation];
	struct packet_totals totals;
	int err = write_settings(c, &c->settings);

	if (!err)
		err = counts_peek(c, &totals);
	if (!err)
		err = try_drain(c, generation_fd);
	if (err)
		return reason_set(r, err, "cannot use the maps: %s", kernel_error_text(err));
	return counts_wait(c, r);
}
