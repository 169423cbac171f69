// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program of live_frames.c: numbers the frame that it is run on, waits until it is due, and
 * sends it out.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FIRST_SOURCE 0x0a000000U
#define SPINS_MAX    2000 /* looks at the clock; at the least rate, 100 000 a second, 10 us */

const volatile __u32 ifindex;
const volatile __u32 sources = 1;
const volatile __u64 gap_ns1024; /* from one frame to the next, in ns/1024; 0: none */
/* One CPU runs it. */
__u32 sent;
__u64 start_ns;

static __always_inline void wait_until_due(void)
{
	__u64 due;

	if (!gap_ns1024)
		return;
	if (!start_ns)
		start_ns = bpf_ktime_get_ns();
	due = start_ns + (sent * gap_ns1024 >> 10);
	for (int i = 0; i < SPINS_MAX && bpf_ktime_get_ns() < due; i++)
		;
}

SEC("xdp")
int send_out(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	wait_until_due();
	ip->saddr = bpf_htonl(FIRST_SOURCE + sent % sources);
	tcp->seq = bpf_htonl(sent);
	sent++;
	return (int)bpf_redirect(ifindex, 0);
}

char live_license[] SEC("license") = "Dual BSD/GPL";
