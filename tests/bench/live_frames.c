// SPDX-License-Identifier: BSD-2-Clause
/* live_frames INTERFACE COUNT [RATE [SOURCES [BYTES]]]
 *
 * Send COUNT frames of BYTES (64), RATE a second, 0 as fast as it goes, from SOURCES (1) addresses
 * in turn, 10.0.0.0 plus 0, 1, 2 …; TCP, where the sequence number is the frame's own. The kernel
 * makes them: a program is run on one frame again and again (BPF_F_TEST_XDP_LIVE_FRAMES,
 * Linux 5.18) and redirects it, which costs less than a packet socket. To keep a rate, of 100 000
 * or more, it spins: each call of bpf() waits for RCU, so there is one call. The other end of the
 * veth pair must have a native XDP program. Prints how many were made, in how many seconds; how
 * many arrived is the other end's to say. Only for interfaces whose other end is in a test's own
 * network namespace.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/bpf.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "live.skel.h"

#define BATCH	  64 /* as many as the kernel gives to veth at once; its ring holds 256 */
#define RATE_MIN  100000
#define FRAME_MAX 1500
#define S_NS	  1000000000U

struct plan {
	uint32_t ifindex;
	uint64_t count;
	uint64_t rate;
	uint32_t sources;
	uint32_t bytes;
};

/* clang-format off */
static unsigned char frame[FRAME_MAX] = {
	2, 0, 0, 0, 0, 0xf2, 2, 0, 0, 0, 0, 0xf1, 8, 0,
	0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 0, 198, 51, 100, 7,
	0x30, 0x39, 0x9c, 0x49, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10,
};
/* clang-format on */

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "live_frames: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (end == text || *end || n < min || n > max) {
		fprintf(stderr, "live_frames: \"%s\" cannot be\n", text);
		exit(2);
	}
	return n;
}

static void parse_args(struct plan *p, int argc, char *argv[])
{
	if (argc < 3 || argc > 6) {
		fputs("usage: live_frames INTERFACE COUNT [RATE [SOURCES [BYTES]]]\n", stderr);
		exit(2);
	}
	p->ifindex = if_nametoindex(argv[1]);
	if (!p->ifindex)
		fail(argv[1]);
	p->count = number(argv[2], 1, INT32_MAX);
	p->rate = argc > 3 ? number(argv[3], 0, UINT32_MAX) : 0;
	if (p->rate && p->rate < RATE_MIN)
		(void)number(argv[3], RATE_MIN, UINT32_MAX);
	p->sources = argc > 4 ? (uint32_t)number(argv[4], 1, UINT32_MAX) : 1;
	p->bytes = argc > 5 ? (uint32_t)number(argv[5], 64, FRAME_MAX) : 64;
	frame[16] = (unsigned char)((p->bytes - 14) >> 8);
	frame[17] = (unsigned char)(p->bytes - 14);
}

static struct live_bpf *load(const struct plan *p)
{
	struct live_bpf *live = live_bpf__open();

	if (!live)
		fail("open");
	live->rodata->ifindex = p->ifindex;
	live->rodata->sources = p->sources;
	live->rodata->gap_ns1024 = p->rate ? S_NS * 1024ULL / p->rate : 0;
	if (live_bpf__load(live))
		fail("load");
	return live;
}

static void send_all(int fd, const struct plan *p)
{
	struct xdp_md ctx = { .data_end = p->bytes, .ingress_ifindex = p->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = p->bytes,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = (int)p->count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	if (bpf_prog_test_run_opts(fd, &opts))
		fail("BPF_F_TEST_XDP_LIVE_FRAMES");
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * S_NS + (uint64_t)ts.tv_nsec;
}

int main(int argc, char *argv[])
{
	struct plan plan = { 0 };
	struct live_bpf *live;
	uint64_t start;

	parse_args(&plan, argc, argv);
	live = load(&plan);
	start = now_ns();
	send_all(bpf_program__fd(live->progs.send_out), &plan);
	printf("%" PRIu64 " %.6f\n", plan.count, (double)(now_ns() - start) / S_NS);
	live_bpf__destroy(live);
	return 0;
}
