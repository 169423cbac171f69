/* SPDX-License-Identifier: BSD-2-Clause */
/* One variant of the program, loaded and not attached: frames go in by BPF_PROG_RUN, and what the
 * program wrote comes out of its maps. The process stays on one CPU, so that "this CPU" in the
 * program is always the same one.
 */
#ifndef TESTS_PROG_H
#define TESTS_PROG_H

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>

#include "abi.h"
#include "parse_tunnel.h"
#include "parse.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual" /* bpftool 7.1 writes such a cast */
#include "xdptail_frags.skel.h"
#include "xdptail_perf.skel.h"
#include "xdptail_ring.skel.h"
#pragma GCC diagnostic pop

#define PROG_IFINDEX	1 /* BPF_PROG_RUN takes frames to come from the loopback interface */
#define PROG_SOURCES	1024 /* few, because the kernel takes its time to set many up */
#define PROG_RING_BYTES 4096U /* the least there is; 39 records, so that it wraps soon */

enum prog_variant {
	PROG_FRAGS,
	PROG_RING,
	PROG_PERF,
	PROG_VARIANT_MAX,
};

enum prog_which {
	PROG_ALL, /* count_packets */
	PROG_TCP, /* count_tcp_packets */
	PROG_ALL_IP,
	PROG_TCP_IP,
	PROG_ALL_DECAP,
	PROG_TCP_DECAP,
	PROG_ALL_DECAP_IP,
	PROG_TCP_DECAP_IP,
	PROG_MAX,
};

static const char *const prog_names[] = {
	[PROG_ALL] = "count_packets",
	[PROG_TCP] = "count_tcp_packets",
	[PROG_ALL_IP] = "count_packets_ip",
	[PROG_TCP_IP] = "count_tcp_packets_ip",
	[PROG_ALL_DECAP] = "count_packets_decap",
	[PROG_TCP_DECAP] = "count_tcp_packets_decap",
	[PROG_ALL_DECAP_IP] = "count_packets_decap_ip",
	[PROG_TCP_DECAP_IP] = "count_tcp_packets_decap_ip",
};
_Static_assert(sizeof(prog_names) / sizeof(prog_names[0]) == PROG_MAX, "one name each");

/* What is settled before the load; all zero will do. */
struct prog_setup {
	struct constants constants;
	__u32 max_sources;
	bool unread; /* perf: open no buffer */
};

struct prog {
	struct bpf_object *object; /* owned */
	struct ring_buffer *ring; /* owned; NULL in the perf variant */
	struct perf_buffer *perf; /* owned; NULL in the others */
	void *per_cpu; /* owned; room for one value of any map from every CPU */
	enum prog_variant variant;
	bool shared;
	int cpus;
	int cpu; /* that we run on */
	unsigned records; /* read so far */
	unsigned bad_records; /* of another size */
	struct packet_info last;
	struct tunnel_info last_inner; /* the same, if the record was one of these; else zero */
};

/* One test for each variant, from a function that takes the variant. */
#define PROG_TEST(suite, ...)             \
	Test(suite, frags, ##__VA_ARGS__) \
	{                                 \
		suite(PROG_FRAGS);        \
	}                                 \
	Test(suite, ring, ##__VA_ARGS__)  \
	{                                 \
		suite(PROG_RING);         \
	}                                 \
	Test(suite, perf, ##__VA_ARGS__)  \
	{                                 \
		suite(PROG_PERF);         \
	}

static inline const void *prog_elf(enum prog_variant variant, size_t *ret_size)
{
	switch (variant) {
	case PROG_FRAGS:
		return xdptail_frags_bpf__elf_bytes(ret_size);
	case PROG_RING:
		return xdptail_ring_bpf__elf_bytes(ret_size);
	case PROG_PERF:
		return xdptail_perf_bpf__elf_bytes(ret_size);
	case PROG_VARIANT_MAX:
		break;
	}
	return NULL;
}

static inline bool prog_is_tcp(enum prog_which which)
{
	return which == PROG_TCP || which == PROG_TCP_IP || which == PROG_TCP_DECAP ||
	       which == PROG_TCP_DECAP_IP;
}

static inline bool prog_is_decap(enum prog_which which)
{
	return which >= PROG_ALL_DECAP;
}

/* What the program takes frames to begin with. */
static inline enum parse_link prog_link(enum prog_which which)
{
	return which == PROG_ALL_IP || which == PROG_TCP_IP || which == PROG_ALL_DECAP_IP ||
			       which == PROG_TCP_DECAP_IP ?
		       PARSE_LINK_IP :
		       PARSE_LINK_ETHERNET;
}

static inline struct bpf_map *prog_map(const struct prog *p, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(p->object, name);

	cr_assert_not_null(map, "no map \"%s\"", name);
	return map;
}

static inline int prog_map_fd(const struct prog *p, const char *name)
{
	return bpf_map__fd(prog_map(p, name));
}

static inline int prog_fd(const struct prog *p, enum prog_which which)
{
	struct bpf_program *program =
		bpf_object__find_program_by_name(p->object, prog_names[which]);

	cr_assert_not_null(program, "no program \"%s\"", prog_names[which]);
	return bpf_program__fd(program);
}

static inline void prog_take_record(struct prog *p, const void *data, size_t size, size_t slack)
{
	bool inner = size >= sizeof(p->last_inner);
	size_t want = inner ? sizeof(p->last_inner) : sizeof(p->last);

	if (size < want || size > want + slack) {
		p->bad_records++;
		return;
	}
	memset(&p->last_inner, 0, sizeof(p->last_inner));
	if (inner)
		memcpy(&p->last_inner, data, sizeof(p->last_inner));
	memcpy(&p->last, data, sizeof(p->last));
	p->records++;
}

static inline int prog_on_ring(void *ctx, void *data, size_t size)
{
	prog_take_record(ctx, data, size, 0);
	return 0;
}

static inline void prog_on_perf(void *ctx, int cpu, void *data, __u32 size)
{
	(void)cpu;
	/* The kernel pads a raw sample, and the four bytes of its size, to a multiple of eight. */
	prog_take_record(ctx, data, size, 4);
}

/* All records there are; their number. The newest is p->last. */
static inline unsigned prog_drain(struct prog *p)
{
	unsigned before = p->records;
	int err = p->ring ? ring_buffer__consume(p->ring) : perf_buffer__consume(p->perf);

	cr_assert_geq(err, 0, "reading records: %s", strerror(-err));
	cr_assert_eq(p->bad_records, 0, "records of a wrong size: %u", p->bad_records);
	return p->records - before;
}

static inline const char *prog_generation_map(__u32 generation)
{
	return generation ? "packet_count_1" : "packet_count_0";
}

/* Does this process have what loading takes (linux/capability.h, whose names older headers lack)?
 */
static inline bool prog_is_capable(void)
{
	const unsigned long long net_admin = 1ULL << 12;
	const unsigned long long sys_admin = 1ULL << 21;
	const unsigned long long perfmon_bpf = 3ULL << 38;
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long has = 0;
	char line[256];

	cr_assert_not_null(file, "/proc/self/status: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "CapEff:", 7))
			has = strtoull(line + 7, NULL, 16);
	}
	(void)fclose(file); /* nothing was written */
	return (has & net_admin) && ((has & sys_admin) || (has & perfmon_bpf) == perfmon_bpf);
}

/* A failed load is the test's failure, unless this kernel or this user can't have it. The error
 * alone does not tell: the verifier refuses with EACCES, too.
 */
static inline void prog_explain(const struct prog *p, int err)
{
	if (!prog_is_capable())
		cr_skip_test("loading needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON: %s",
			     strerror(-err));
	if (p->variant != PROG_PERF && libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) != 1)
		cr_skip_test("this kernel has no ring buffer (5.8)");
	if (p->variant == PROG_FRAGS &&
	    libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) != 1)
		cr_skip_test("this kernel has no XDP frames in several buffers (5.18)");
	cr_assert_fail("loading: %s", strerror(-err));
}

/* Both generations are made by hand, the first of which is the template of packet_count, too:
 * kernels from 5.15 to 6.1 hold those that libbpf makes, with BTF, to be of another kind.
 */
static inline void prog_set_counts(const struct prog *p, const struct prog_setup *setup)
{
	enum bpf_map_type type = p->shared ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_PERCPU_HASH;
	__u32 max = setup->max_sources ? setup->max_sources : PROG_SOURCES;

	for (__u32 i = 0; i < ABI_GENERATIONS; i++) {
		const char *name = prog_generation_map(i);
		int fd = bpf_map_create(type, name, sizeof(struct count_key),
					sizeof(struct count_value), max, NULL);

		if (fd < 0)
			prog_explain(p, fd);
		cr_assert_eq(bpf_map__reuse_fd(prog_map(p, name), fd), 0);
		close(fd); /* the map has its own now */
	}
	cr_assert_eq(bpf_map__set_inner_map_fd(prog_map(p, "packet_count"),
					       prog_map_fd(p, prog_generation_map(0))),
		     0);
}

static inline void prog_open_reader(struct prog *p)
{
	if (p->variant == PROG_PERF)
		p->perf = perf_buffer__new(prog_map_fd(p, "packet_events_perf"), 1, prog_on_perf,
					   NULL, p, NULL);
	else
		p->ring = ring_buffer__new(prog_map_fd(p, "packet_events"), prog_on_ring, p, NULL);
	cr_assert(p->perf || p->ring, "opening a reader: %s", strerror(errno));
}

static inline void prog_stay_on_one_cpu(struct prog *p)
{
	cpu_set_t set;

	p->cpu = sched_getcpu();
	cr_assert_geq(p->cpu, 0, "sched_getcpu: %s", strerror(errno));
	CPU_ZERO(&set);
	CPU_SET(p->cpu, &set);
	cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0, "CPU %d: %s", p->cpu,
		     strerror(errno));
}

static inline void prog_open(struct prog *p, enum prog_variant variant,
			     const struct prog_setup *setup)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "xdptail");
	struct constants constants = setup->constants;
	size_t size = 0;
	const void *elf = prog_elf(variant, &size);
	int err;

	memset(p, 0, sizeof(*p));
	p->variant = variant;
	p->shared = setup->constants.shared_counts;
	constants.tunnel_ports = (struct tunnel_ports)PARSE_TUNNEL_PORTS;
	prog_stay_on_one_cpu(p);
	p->cpus = libbpf_num_possible_cpus();
	cr_assert_gt(p->cpus, 0);
	p->per_cpu = calloc((size_t)p->cpus, sizeof(struct packet_totals));
	cr_assert_not_null(p->per_cpu);

	p->object = bpf_object__open_mem(elf, size, &opts);
	cr_assert_not_null(p->object, "opening the object: %s", strerror(errno));
	err = bpf_map__set_initial_value(prog_map(p, ".rodata.constants"), &constants,
					 sizeof(constants));
	cr_assert_eq(err, 0, "constants: %s", strerror(-err));
	prog_set_counts(p, setup);
	if (variant != PROG_PERF)
		cr_assert_eq(
			bpf_map__set_max_entries(prog_map(p, "packet_events"), PROG_RING_BYTES), 0);
	err = bpf_object__load(p->object);
	if (err)
		prog_explain(p, err);
	if (!setup->unread)
		prog_open_reader(p);
}

static inline void prog_close(struct prog *p)
{
	ring_buffer__free(p->ring);
	perf_buffer__free(p->perf);
	bpf_object__close(p->object);
	free(p->per_cpu);
}

static inline void prog_set(const struct prog *p, __u32 generation, __u32 rate, __u32 mode)
{
	const struct settings settings = {
		.generation = generation,
		.sample_rate = rate,
		.sample_mode = mode,
	};
	const __u32 zero = 0;
	int err = bpf_map_update_elem(prog_map_fd(p, "settings"), &zero, &settings, BPF_ANY);

	cr_assert_eq(err, 0, "settings: %s", strerror(-err));
}

/* As after the load: no packet seen yet. */
static inline void prog_restart_samples(const struct prog *p)
{
	const __u32 zero = 0;
	int err;

	memset(p->per_cpu, 0, (size_t)p->cpus * sizeof(struct sample_counter));
	err = bpf_map_update_elem(prog_map_fd(p, "sample_counter"), &zero, p->per_cpu, BPF_ANY);
	cr_assert_eq(err, 0, "sample_counter: %s", strerror(-err));
}

/* One run on a frame, of which the program reaches only the first linear bytes without a helper;
 * 0: as the kernel likes. The verdict, or -errno.
 */
static inline int prog_run_split(const struct prog *p, enum prog_which which, const void *data,
				 size_t len, size_t linear)
{
	struct xdp_md ctx = { .data_end = (__u32)linear };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = data, .data_size_in = (__u32)len,
		    .ctx_in = linear ? &ctx : NULL, .ctx_size_in = linear ? sizeof(ctx) : 0,
		    .repeat = 1);
	int err = bpf_prog_test_run_opts(prog_fd(p, which), &run);

	return err ? err : (int)run.retval;
}

/* Runs that must pass, as every frame must. */
static inline void prog_run(const struct prog *p, enum prog_which which, const void *data,
			    size_t len, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		int verdict = prog_run_split(p, which, data, len, 0);

		cr_assert_eq(verdict, XDP_PASS, "%s: verdict: got %d, want %d", prog_names[which],
			     verdict, XDP_PASS);
	}
}

/* All CPUs' totals of a generation. */
static inline void prog_totals(const struct prog *p, __u32 generation, struct packet_totals *ret)
{
	const __u64 *from = p->per_cpu;
	__u64 *to = (__u64 *)ret;
	int err = bpf_map_lookup_elem(prog_map_fd(p, "packet_totals"), &generation, p->per_cpu);

	cr_assert_eq(err, 0, "packet_totals: %s", strerror(-err));
	memset(ret, 0, sizeof(*ret));
	for (int cpu = 0; cpu < p->cpus; cpu++) {
		for (size_t i = 0; i < sizeof(*ret) / sizeof(*to); i++)
			to[i] += *from++;
	}
}

static inline void prog_minus(struct packet_totals *totals, const struct packet_totals *less)
{
	__u64 *to = (__u64 *)totals;
	const __u64 *from = (const __u64 *)less;

	for (size_t i = 0; i < sizeof(*totals) / sizeof(*to); i++)
		to[i] -= from[i];
}

/* How many terms differ, but for the number of sources; each is printed to stderr. */
static inline unsigned prog_compare_totals(const char *name, const struct packet_totals *got,
					   const struct packet_totals *want)
{
	static const char *const terms[] = {
		"seen",
		"not_ip",
		"no_source",
		"undetermined",
		"not_selected",
		"counted",
		"counted_bytes",
		"sources",
		"sampled",
		"lost ring full",
		"lost no buffer",
		"lost other",
		"unattributed packets full",
		"unattributed packets busy",
		"unattributed packets no memory",
		"unattributed packets other",
		"unattributed bytes full",
		"unattributed bytes busy",
		"unattributed bytes no memory",
		"unattributed bytes other",
	};
	const __u64 *g = (const __u64 *)got;
	const __u64 *w = (const __u64 *)want;
	unsigned differing = 0;

	_Static_assert(sizeof(terms) / sizeof(terms[0]) == sizeof(*got) / sizeof(*g),
		       "a name each");
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		if (g[i] == w[i] || i == offsetof(struct packet_totals, sources) / sizeof(*g))
			/* insertions depend on what is there: a test of its own counts them */
			continue;
		fprintf(stderr, "%s: %s: got %llu, want %llu\n", name, terms[i], g[i], w[i]);
		differing++;
	}
	return differing;
}

/* What a source is counted with; zero if it is not in the map. */
static inline void prog_source(const struct prog *p, __u32 generation, const struct count_key *key,
			       struct count_value *ret)
{
	const struct count_value *from = p->per_cpu;
	int fd = prog_map_fd(p, prog_generation_map(generation));
	int cpus = p->shared ? 1 : p->cpus;
	int err = bpf_map_lookup_elem(fd, key, p->per_cpu);

	memset(ret, 0, sizeof(*ret));
	if (err == -ENOENT)
		return;
	cr_assert_eq(err, 0, "packet_count: %s", strerror(-err));
	for (int cpu = 0; cpu < cpus; cpu++) {
		ret->packets += from[cpu].packets;
		ret->bytes += from[cpu].bytes;
	}
}

/* How many sources a generation has, and the sum of what they are counted with. */
static inline unsigned prog_sources(const struct prog *p, __u32 generation,
				    struct count_value *ret_sum)
{
	int fd = prog_map_fd(p, prog_generation_map(generation));
	struct count_key *last = NULL;
	struct count_key key;
	unsigned sources = 0;

	memset(ret_sum, 0, sizeof(*ret_sum));
	while (bpf_map_get_next_key(fd, last, &key) == 0) {
		struct count_value value;

		prog_source(p, generation, &key, &value);
		ret_sum->packets += value.packets;
		ret_sum->bytes += value.bytes;
		sources++;
		last = &key;
	}
	return sources;
}

#endif
