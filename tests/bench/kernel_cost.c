// SPDX-License-Identifier: BSD-2-Clause
/* kernel_cost: nanoseconds a packet in the kernel, by BPF_PROG_RUN: a bare XDP_PASS, one map that is
 * never flipped, and ours with its two generations (N=0: counting only). The programs take turns,
 * round by round, so that what else the machine does falls on all alike; medians, and their ratio.
 * With "ours" in the first place of a round as often as in the second.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "abi.h"
#include "single.skel.h"
#include "xdptail_ring.skel.h"

#define ROUNDS	 31
#define REPEAT	 1000000
#define PROGRAMS 3

/* clang-format off */
static const unsigned char frame[64] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 0x32, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7,
	0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10,
};
/* clang-format on */

struct program {
	const char *name;
	int fd;
	double ns[ROUNDS];
};

static void fail(const char *what)
{
	fprintf(stderr, "kernel_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int load(struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog;

	if (!obj)
		fail("open");
	bpf_object__for_each_program(prog, obj)(void)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), name));
	prog = bpf_object__find_program_by_name(obj, name);
	if (!prog || bpf_object__load(obj))
		fail(name);
	return bpf_program__fd(prog);
}

static struct bpf_object *open_single(void)
{
	size_t size;
	const void *bytes = single_bpf__elf_bytes(&size);

	return bpf_object__open_mem(bytes, size, NULL);
}

static struct bpf_object *open_ours(void)
{
	size_t size;
	const void *bytes = xdptail_ring_bpf__elf_bytes(&size);

	return bpf_object__open_mem(bytes, size, NULL);
}

static double run(int fd)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = REPEAT);

	if (bpf_prog_test_run_opts(fd, &opts) || opts.retval != XDP_PASS)
		fail("BPF_PROG_RUN");
	return opts.duration;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *from)
{
	double sorted[ROUNDS];

	memcpy(sorted, from, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(sorted[0]), compare);
	return sorted[ROUNDS / 2];
}

/* Of each round, so that a slow spell of the machine is in both. */
static double median_ratio(const struct program *a, const struct program *b)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		ratios[i] = a->ns[i] / b->ns[i];
	return median(ratios);
}

int main(void)
{
	struct program programs[PROGRAMS] = {
		{ .name = "bare XDP_PASS", .fd = load(open_single(), "pass") },
		{ .name = "one map, never flipped", .fd = load(open_single(), "count_packets") },
		{ .name = "two generations (ours)", .fd = load(open_ours(), "count_packets") },
	};

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < PROGRAMS; i++) {
			struct program *p = &programs[round % 2 ? PROGRAMS - 1 - i : i];

			p->ns[round] = run(p->fd);
		}
	}
	printf("%-28s %8s\n", "program", "ns");
	for (int i = 0; i < PROGRAMS; i++)
		printf("%-28s %8.0f\n", programs[i].name, median(programs[i].ns));
	printf("two generations / one map: %.3f\n", median_ratio(&programs[2], &programs[1]));
	return 0;
}
