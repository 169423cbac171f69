// SPDX-License-Identifier: BSD-2-Clause
/* kernel_cost [ROUNDS [PACKETS [SOURCES]]]: nanoseconds a packet in the kernel, by BPF_PROG_RUN: a
 * bare XDP_PASS, one map that is never flipped (single.bpf.c), the baseline's program
 * (baseline.bpf.c), and each of ours at several N; from 1, 1 000 and 60 000 sources (vary.bpf.c,
 * before each of them alike), or from as many as are said. A line of JSON each.
 *
 * In a round each has its turn, with packets that are not measured before the PACKETS that are, so
 * that caches hold what they would in the long run. What else the machine does falls on all alike:
 * one round goes forth, the next one back; and since a map that is made later may lie worse in
 * memory (a third more a packet with 60 000 sources: measured), all are loaded anew after some
 * rounds, in the other order. Records are read between runs, so none is lost, which is checked. The
 * time is this thread's CPU time.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "kernel_subject.h"
#include "vary.skel.h"

#define ROUNDS	     12
#define ROUNDS_MAX   101
#define SITTING	     3 /* rounds, then all are loaded anew */
#define PACKETS	     65536 /* with N=1, they fit our ring and our perf buffers */
#define SUBJECTS_MAX 16
#define LOGGED_PART  4 /* of PACKETS, where each makes a record: they cost many times the others */
#define MEET	     20 /* packets a source, until none is met for the first time */
#define WARM_UP	     3 /* packets a source, until those in a cache are its own */

/* clang-format off */
static const unsigned char frame[64] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 0x32, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 0, 198, 51, 100, 7,
	0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10,
};
/* clang-format on */

/* As in vary.bpf.c. */
struct order {
	__u32 sources;
	__u32 state;
};

struct bench {
	struct vary_bpf *vary;
	int cpu;
	__u32 sources;
	unsigned int rounds;
	unsigned int packets;
	double ns[SUBJECTS_MAX][SUBJECT_RATES][ROUNDS_MAX];
};

static int stay_on_one_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set))
		subject_fail("sched_setaffinity");
	return cpu;
}

static void set_sources(const struct bench *b)
{
	const struct order order = { .sources = b->sources };
	const __u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(b->vary->maps.order), &zero, &order, BPF_ANY))
		subject_fail("order");
}

static void set_next(const struct bench *b, const struct subject *s)
{
	const struct bpf_map *map = s->frags ? b->vary->maps.next_frags : b->vary->maps.next;
	const __u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(map), &zero, &s->fd, BPF_ANY))
		subject_fail("the next program");
}

/* Nanoseconds a packet. */
static double run(const struct bench *b, const struct subject *s, unsigned int packets)
{
	const struct bpf_program *first =
		s->frags ? b->vary->progs.vary_source_frags : b->vary->progs.vary_source;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = (int)packets);
	double start = bench_cpu_ns();

	if (bpf_prog_test_run_opts(bpf_program__fd(first), &opts))
		subject_fail("BPF_PROG_RUN");
	if (opts.retval != XDP_PASS) {
		fprintf(stderr, "kernel_cost: %s %s: verdict %u\n", s->name, s->function,
			opts.retval);
		exit(1);
	}
	return (bench_cpu_ns() - start) / packets;
}

/* One in N, but for where the count stood. */
static void check_records(const struct subject *s, __u32 rate, unsigned long got,
			  unsigned int packets)
{
	unsigned long want = rate ? packets / rate : 0;

	if (got == want || (rate && got == want + 1))
		return;
	fprintf(stderr, "kernel_cost: %s %s, N=%u: %lu records of %u packets, want %lu\n", s->name,
		s->function, rate, got, packets, want);
	exit(1);
}

/* So many packets a source (fewer where fewer are measured), without a record; the baseline is
 * never without, but one in ten fits its buffer.
 */
static void warm_up(const struct bench *b, struct subject *s, unsigned int each)
{
	__u64 packets = (__u64)b->sources * each * b->packets / PACKETS;

	set_next(b, s);
	subject_set_rate(s, 0);
	for (__u64 done = 0; done < packets; done += b->packets) {
		(void)run(b, s, b->packets);
		subject_drain(s);
	}
}

static double measure(const struct bench *b, struct subject *s, __u32 rate)
{
	unsigned int packets = rate == 1 ? b->packets / LOGGED_PART : b->packets;
	unsigned long before = s->records;
	double ns;

	subject_set_rate(s, rate);
	ns = run(b, s, packets);
	subject_drain(s);
	check_records(s, rate, s->records - before, packets);
	return ns;
}

/* The i-th of n, from one end or the other. */
static size_t place(size_t i, size_t n, bool back)
{
	return back ? n - 1 - i : i;
}

static void one_round(struct bench *b, size_t n, unsigned int round)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = place(i, n, round % 2);
		struct subject *s = subject_at(at);

		warm_up(b, s, WARM_UP);
		for (unsigned int r = 0; r < s->n_rates; r++)
			b->ns[at][r][round] = measure(b, s, s->rates[r]);
	}
}

static void print(const struct bench *b, const struct subject *s, size_t at)
{
	for (unsigned int r = 0; r < s->n_rates; r++) {
		printf("{\"bench\":\"kernel\",\"program\":\"%s\",\"function\":\"%s\",\"rate\":%u,"
		       "\"sources\":%u,",
		       s->name, s->function, s->rates[r], b->sources);
		bench_print_rounds("ns", b->ns[at][r], b->rounds);
	}
}

static void load_all(const struct bench *b, size_t n, bool back)
{
	for (size_t i = 0; i < n; i++) {
		struct subject *s = subject_at(place(i, n, back));

		subject_load(s, b->sources, b->cpu);
		warm_up(b, s, MEET);
	}
}

static void unload_all(size_t n)
{
	for (size_t i = 0; i < n; i++)
		subject_unload(subject_at(i));
}

static void measure_all(struct bench *b, __u32 from)
{
	size_t n = 0;

	b->sources = from;
	set_sources(b);
	while (subject_at(n))
		n++;
	for (unsigned int round = 0; round < b->rounds; round++) {
		if (round % SITTING == 0)
			load_all(b, n, round / SITTING % 2);
		one_round(b, n, round);
		if (round % SITTING == SITTING - 1 || round + 1 == b->rounds)
			unload_all(n);
	}
	for (size_t i = 0; i < n; i++)
		print(b, subject_at(i), i);
}

int main(int argc, char *argv[])
{
	static const __u32 sources[] = { 1, 1000, 60000 };
	static struct bench bench;

	bench.cpu = stay_on_one_cpu();
	bench.rounds = bench_argument(argc, argv, 1, ROUNDS);
	bench.packets = bench_argument(argc, argv, 2, PACKETS);
	if (bench.rounds > ROUNDS_MAX || bench.packets < LOGGED_PART || bench.packets > PACKETS) {
		fprintf(stderr, "kernel_cost: at most %d rounds, of %d to %d packets\n", ROUNDS_MAX,
			LOGGED_PART, PACKETS);
		return 2;
	}
	bench.vary = vary_bpf__open_and_load();
	if (!bench.vary)
		subject_fail("vary");
	if (argc > 3) {
		measure_all(&bench, bench_argument(argc, argv, 3, 1));
	} else {
		for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
			measure_all(&bench, sources[i]);
	}
	vary_bpf__destroy(bench.vary);
	return 0;
}
