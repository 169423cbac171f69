// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program that count_tcp_packets replaces, rebuilt, for the benchmark only: one hash of 1024
 * source addresses, never cleared, for TCP over IPv4 without options or tags; one in ten packets
 * goes to a perf buffer, counted down by each CPU for itself.
 *
 * Where it can be read in two ways it is the cheaper one, so that the comparison does not favour
 * ours: counts are added to without a lock, though all CPUs share them, the sample counter is
 * compared and set back, not divided, and there is no bpf_trace_printk().
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct baseline_packet {
	__be32 src_ip;
	__be32 dst_ip;
	__u16 src_port;
	__u16 dst_port;
	__u8 protocol;
	__u8 packet_type;
	__u16 packet_len;
	__u32 seq_num;
	__u32 ack_num;
	__u8 tcp_flags;
	__u8 pad[3];
};

/* The benchmark changes it before the load. */
const volatile __u32 baseline_rate SEC(".rodata.rate") = 10;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} packet_count SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sample_counter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} packet_events SEC(".maps");

static __always_inline void count_source(__u32 source)
{
	__u64 one = 1;
	__u64 *count = bpf_map_lookup_elem(&packet_count, &source);

	if (count)
		(*count)++;
	else
		bpf_map_update_elem(&packet_count, &source, &one, BPF_ANY);
}

static __always_inline int is_sample(void)
{
	__u32 zero = 0;
	__u32 *since = bpf_map_lookup_elem(&sample_counter, &zero);

	if (!since || ++*since < baseline_rate)
		return 0;
	*since = 0;
	return 1;
}

static __always_inline void send_sample(struct xdp_md *ctx, const struct iphdr *ip,
					const struct tcphdr *tcp)
{
	struct baseline_packet packet = {
		.src_ip = ip->saddr,
		.dst_ip = ip->daddr,
		.src_port = bpf_ntohs(tcp->source),
		.dst_port = bpf_ntohs(tcp->dest),
		.protocol = ip->protocol,
		.packet_len = (__u16)(ctx->data_end - ctx->data),
		.seq_num = bpf_ntohl(tcp->seq),
		.ack_num = bpf_ntohl(tcp->ack_seq),
		.tcp_flags = ((const __u8 *)tcp)[13],
	};

	bpf_perf_event_output(ctx, &packet_events, BPF_F_CURRENT_CPU, &packet, sizeof(packet));
}

SEC("xdp")
int count_tcp_packets(struct xdp_md *ctx)
{
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)(long)ctx->data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct tcphdr *tcp = (const void *)(ip + 1);

	if ((const void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	count_source(ip->saddr);
	if (is_sample())
		send_sample(ctx, ip, tcp);
	return XDP_PASS;
}

char baseline_license[] SEC("license") = "Dual BSD/GPL";
