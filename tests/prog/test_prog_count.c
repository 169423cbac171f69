// SPDX-License-Identifier: BSD-2-Clause
/* What the program adds up and samples, and what it does when there is no more room. */
#include "prog.h"

#define RANDOM_RATE 10
#define RANDOM_RUNS 100000

/* IPv4, TCP, 192.0.2.7 to 198.51.100.8; the last byte of the source is the tests' to set. */
static __u8 tcp_frame[] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 0x28, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 7, 198, 51, 100, 8,
	0x01, 0xbb, 0xbd, 0xc1, 1, 2, 3, 4, 10, 11, 12, 13, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0,
	/* clang-format on */
};
#define SOURCE_BYTE 29

static void run_tcp(const struct prog *p, unsigned times)
{
	prog_run(p, PROG_TCP, tcp_frame, sizeof(tcp_frame), times);
}

/* Each run's records; more than one is a mistake of its own. */
static unsigned run_one(struct prog *p)
{
	unsigned records;

	run_tcp(p, 1);
	records = prog_drain(p);
	cr_assert_leq(records, 1, "records of one packet: got %u", records);
	return records;
}

static __u64 sampled(const struct prog *p)
{
	struct packet_totals totals;

	prog_totals(p, 0, &totals);
	return totals.sampled;
}

static void prog_sample_every(enum prog_variant variant)
{
	static const struct {
		const char *name;
		__u32 rate;
		unsigned runs;
		unsigned want;
	} cases[] = {
		{ "none", 0, 1000, 0 },
		{ "all", 1, 1000, 1000 },
		{ "every third", 3, 1000, 333 },
		{ "every tenth", 10, 1000, 100 },
		{ "the last one", 1000, 1000, 1 },
		{ "one too few", 1001, 1000, 0 },
		{ "the largest rate", ABI_SAMPLE_RATE_MAX, 1000, 0 },
	};

	struct prog p;

	prog_open(&p, variant, &(struct prog_setup){ 0 });
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		__u64 before = sampled(&p);
		unsigned records = 0;

		prog_restart_samples(&p);
		prog_set(&p, 0, cases[i].rate, ABI_SAMPLE_EVERY);
		for (unsigned run = 1; run <= cases[i].runs; run++) {
			unsigned due = cases[i].rate && run % cases[i].rate == 0;
			unsigned got = run_one(&p);

			cr_assert_eq(got, due, "%s: run %u: got %u, want %u", cases[i].name, run,
				     got, due);
			records += got;
		}
		cr_expect_eq(records, cases[i].want, "%s: got %u, want %u", cases[i].name, records,
			     cases[i].want);
		cr_expect_eq(sampled(&p) - before, cases[i].want, "%s: sampled: got %llu, want %u",
			     cases[i].name, sampled(&p) - before, cases[i].want);
	}
	prog_close(&p);
}
PROG_TEST(prog_sample_every)

/* Gaps are even between 1 and 2N - 1, so that their mean is N and their variance (N^2 - N) / 3.
 * Samples in n packets are then normal, with mean n / N and variance n (N - 1) / 3 N^2, which here
 * is 3000: five sigmas are 274, and one run in two million is further off by chance.
 */
static void prog_sample_random(enum prog_variant variant)
{
	unsigned seen[2 * RANDOM_RATE] = { 0 };
	unsigned records = 0;
	unsigned gap = 0;
	struct prog p;

	prog_open(&p, variant, &(struct prog_setup){ 0 });
	prog_set(&p, 0, RANDOM_RATE, ABI_SAMPLE_RANDOM);
	for (unsigned run = 0; run < RANDOM_RUNS; run++) {
		gap++;
		cr_assert_lt(gap, 2 * RANDOM_RATE, "gap: got %u, want less", gap);
		if (!run_one(&p))
			continue;
		seen[gap]++;
		gap = 0;
		records++;
	}
	cr_expect(records > 10000 - 274 && records < 10000 + 274, "got %u, want 10000 +- 274",
		  records);
	for (unsigned i = 1; i < 2 * RANDOM_RATE; i++)
		cr_expect_gt(seen[i], 0, "gap of %u: got none", i);
	cr_expect_eq(p.last.cpu_seq, records, "cpu_seq: got %llu, want %u", p.last.cpu_seq,
		     records);
	prog_close(&p);
}
PROG_TEST(prog_sample_random)

/* A new rate counts from the next packet on, and so does a new mode. */
static void prog_sample_live_change(enum prog_variant variant)
{
	static const struct {
		const char *name;
		__u32 rate;
		__u32 mode;
		unsigned quiet; /* runs without a record, and then */
		unsigned samples; /* runs with one each */
	} steps[] = {
		{ "7 of 10", 10, ABI_SAMPLE_EVERY, 7, 0 },
		{ "5: overdue", 5, ABI_SAMPLE_EVERY, 0, 1 },
		{ "5: in time", 5, ABI_SAMPLE_EVERY, 4, 1 },
		{ "0: never", 0, ABI_SAMPLE_EVERY, 100, 0 },
		{ "1: always", 1, ABI_SAMPLE_EVERY, 0, 10 },
		{ "1, random: always", 1, ABI_SAMPLE_RANDOM, 0, 10 },
		{ "0, random: never", 0, ABI_SAMPLE_RANDOM, 100, 0 },
		{ "3 again", 3, ABI_SAMPLE_EVERY, 2, 1 },
	};
	struct prog p;

	prog_open(&p, variant, &(struct prog_setup){ 0 });
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		prog_set(&p, 0, steps[i].rate, steps[i].mode);
		for (unsigned run = 0; run < steps[i].quiet; run++)
			cr_expect_eq(run_one(&p), 0, "%s: record at run %u", steps[i].name, run);
		for (unsigned run = 0; run < steps[i].samples; run++) {
			cr_expect_eq(run_one(&p), 1, "%s: no record at run %u", steps[i].name, run);
			cr_expect_eq(p.last.sample_rate, steps[i].rate, "%s: rate: got %u",
				     steps[i].name, p.last.sample_rate);
		}
	}
	prog_close(&p);
}
PROG_TEST(prog_sample_live_change)

static void expect_half(const struct prog *p, const char *name, __u32 generation, __u64 packets)
{
	const struct packet_totals want = {
		.seen = packets,
		.counted = packets,
		.counted_bytes = packets * sizeof(tcp_frame),
		.sampled = packets,
	};
	struct packet_totals totals;
	struct count_value sum;

	prog_totals(p, generation, &totals);
	cr_expect_eq(prog_compare_totals(name, &totals, &want), 0, "%s: see above", name);
	(void)prog_sources(p, generation, &sum);
	cr_expect_eq(sum.packets, packets, "%s: packets: got %llu, want %llu", name, sum.packets,
		     packets);
	cr_expect_eq(sum.bytes, want.counted_bytes, "%s: bytes: got %llu, want %llu", name,
		     sum.bytes, want.counted_bytes);
}

/* All that a packet adds to is of the half in use; the other half does not move. */
static void prog_generation_flip(enum prog_variant variant)
{
	struct prog p;

	prog_open(&p, variant, &(struct prog_setup){ 0 });
	prog_set(&p, 0, 1, ABI_SAMPLE_EVERY);
	for (unsigned i = 0; i < 5; i++) {
		cr_assert_eq(run_one(&p), 1);
		cr_expect_eq(p.last.generation, 0, "before: got %u, want 0", p.last.generation);
	}
	prog_set(&p, 1, 1, ABI_SAMPLE_EVERY);
	for (unsigned i = 0; i < 7; i++) {
		cr_assert_eq(run_one(&p), 1);
		cr_expect_eq(p.last.generation, 1, "after: got %u, want 1", p.last.generation);
	}
	expect_half(&p, "retired half", 0, 5);
	expect_half(&p, "half in use", 1, 7);
	prog_set(&p, 0, 1, ABI_SAMPLE_EVERY);
	cr_assert_eq(run_one(&p), 1);
	expect_half(&p, "back again", 0, 6);
	expect_half(&p, "not in use", 1, 7);
	cr_expect_eq(p.last.cpu_seq, 13, "cpu_seq: got %llu, want 13", p.last.cpu_seq);
	prog_close(&p);
}
PROG_TEST(prog_generation_flip)

/* Ten sources and room for four. */
static void fill_map(enum prog_variant variant, const struct constants *constants)
{
	const struct prog_setup setup = { .constants = *constants, .max_sources = 4 };
	struct packet_totals want = { 0 };
	struct packet_totals totals;
	struct count_value sum;
	unsigned sources;
	struct prog p;

	prog_open(&p, variant, &setup);
	for (unsigned i = 0; i < 50; i++) {
		tcp_frame[SOURCE_BYTE] = (__u8)(i % 10);
		run_tcp(&p, 1);
	}
	sources = prog_sources(&p, 0, &sum);
	cr_expect_eq(sources, 4, "sources: got %u, want 4", sources);
	cr_expect_eq(sum.packets, 20, "packets: got %llu, want 20", sum.packets);
	cr_expect_eq(sum.bytes, 20 * sizeof(tcp_frame), "bytes: got %llu", sum.bytes);

	want.seen = want.counted = 50;
	want.counted_bytes = 50 * sizeof(tcp_frame);
	want.unattributed_packets[ABI_UNATTRIBUTED_FULL] = 30;
	want.unattributed_bytes[ABI_UNATTRIBUTED_FULL] = 30 * sizeof(tcp_frame);
	prog_totals(&p, 0, &totals);
	cr_expect_eq(prog_compare_totals("map full", &totals, &want), 0, "see above");
	prog_close(&p);
}

static void prog_map_full(enum prog_variant variant)
{
	fill_map(variant, &(struct constants){ 0 });
	fill_map(variant, &(struct constants){ .shared_counts = 1 });
}
PROG_TEST(prog_map_full)

static void count_ten_sources(enum prog_variant variant, const struct constants *constants)
{
	struct count_key key = { .addr = { [10] = 0xff, 0xff, 192, 0, 2, 0 }, .ifindex = 1 };
	struct packet_totals totals;
	struct count_value sum;
	struct prog p;

	prog_open(&p, variant, &(struct prog_setup){ .constants = *constants });
	for (__u8 i = 1; i <= 10; i++) {
		struct count_value got;

		tcp_frame[SOURCE_BYTE] = key.addr[15] = i;
		run_tcp(&p, i);
		prog_source(&p, 0, &key, &got);
		cr_expect_eq(got.packets, i, "source %u: packets: got %llu", i, got.packets);
		cr_expect_eq(got.bytes, i * sizeof(tcp_frame), "source %u: bytes: got %llu", i,
			     got.bytes);
	}
	cr_expect_eq(prog_sources(&p, 0, &sum), 10);
	prog_totals(&p, 0, &totals);
	cr_expect_eq(totals.sources, 10, "sources: got %llu, want 10", totals.sources);
	cr_expect_eq(sum.packets, 55, "packets: got %llu, want 55", sum.packets);
	prog_close(&p);
}

static void prog_count_by_source(enum prog_variant variant)
{
	count_ten_sources(variant, &(struct constants){ 0 });
	count_ten_sources(variant, &(struct constants){ .shared_counts = 1 });
}
PROG_TEST(prog_count_by_source)

/* What does not fit is lost, and counted; what was in the ring is whole, and in order. */
static void prog_ring_full(enum prog_variant variant)
{
	struct packet_totals totals;
	unsigned records;
	struct prog p;
	__u64 lost;

	prog_open(&p, variant, &(struct prog_setup){ 0 });
	prog_set(&p, 0, 1, ABI_SAMPLE_EVERY);
	run_tcp(&p, 1000);
	records = prog_drain(&p);
	prog_totals(&p, 0, &totals);
	lost = totals.lost[ABI_LOST_RING_FULL];
	cr_expect_eq(totals.sampled, 1000, "sampled: got %llu, want 1000", totals.sampled);
	cr_expect_gt(records, 0, "no records");
	cr_expect_gt(lost, 0, "nothing lost: the ring is too large for this test");
	cr_expect_eq(records + lost, 1000, "%u read and %llu lost, want 1000", records, lost);
	cr_expect_eq(p.last.cpu_seq, records, "cpu_seq: got %llu, want %u", p.last.cpu_seq,
		     records);
	/* There is room again, and the number shows how many are missing. */
	cr_expect_eq(run_one(&p), 1);
	cr_expect_eq(p.last.cpu_seq, 1001, "cpu_seq: got %llu, want 1001", p.last.cpu_seq);
	prog_close(&p);
}
PROG_TEST(prog_ring_full)

/* A CPU that came up after its buffers were opened has none. */
Test(prog_no_buffer, perf)
{
	struct packet_totals want = { .seen = 3, .counted = 3, .sampled = 3 };
	struct packet_totals totals;
	struct prog p;

	prog_open(&p, PROG_PERF, &(struct prog_setup){ .unread = true });
	prog_set(&p, 0, 1, ABI_SAMPLE_EVERY);
	run_tcp(&p, 3);
	want.counted_bytes = 3 * sizeof(tcp_frame);
	want.lost[ABI_LOST_NO_BUFFER] = 3;
	prog_totals(&p, 0, &totals);
	cr_expect_eq(prog_compare_totals("no buffer", &totals, &want), 0, "see above");
	prog_close(&p);
}
