// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What comes before a measured program: it puts another source address into the frame, and calls
 * that program in its own place. BPF_PROG_RUN runs one frame as often as one likes, and has no
 * other way to vary it from one packet to the next; a system call for each frame would cost more
 * than what is measured, and empty the caches. It costs the same before every program, a bare
 * XDP_PASS as well.
 *
 * Addresses come in an order that no cache can foresee, evenly from so many.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FIRST_SOURCE 0x0a000000U

struct order {
	__u32 sources;
	__u32 state;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct order);
} order SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

/* The kernel does not mix programs for frames in several buffers with others. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_frags SEC(".maps");

static __always_inline void vary(const struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct order *o;
	__u32 zero = 0;

	o = bpf_map_lookup_elem(&order, &zero);
	if (!o || (void *)(ip + 1) > (void *)(long)ctx->data_end)
		return;
	o->state = o->state * 1664525 + 1013904223; /* as bench_random() */
	ip->saddr = bpf_htonl(FIRST_SOURCE + (__u32)((__u64)o->state * o->sources >> 32));
}

/* The verdict is the next program's; this one's says that there was none. */
SEC("xdp")
int vary_source(struct xdp_md *ctx)
{
	vary(ctx);
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int vary_source_frags(struct xdp_md *ctx)
{
	vary(ctx);
	bpf_tail_call(ctx, &next_frags, 0);
	return XDP_ABORTED;
}

char vary_license[] SEC("license") = "Dual BSD/GPL";
