// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What counting would cost without generations: one map of sources and one of totals, never
 * flipped and never cleared. Otherwise as bpf/xdptail.bpf.c counts, without samples; for the
 * benchmark only.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "parse.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct packet_totals);
} packet_totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct count_key);
	__type(value, struct count_value);
} packet_count SEC(".maps");

static __always_inline void count_source(const struct parse_walk *walk, __u32 ifindex, __u32 bytes)
{
	struct count_value first = { .packets = 1, .bytes = bytes };
	struct count_value *value;
	struct count_key key;

	parse_source_address(walk, key.addr);
	key.ifindex = ifindex;
	value = bpf_map_lookup_elem(&packet_count, &key);
	if (value) {
		value->packets++;
		value->bytes += bytes;
		return;
	}
	bpf_map_update_elem(&packet_count, &key, &first, BPF_NOEXIST);
}

SEC("xdp")
int count_packets(struct xdp_md *ctx)
{
	__u32 bytes = ctx->data_end - ctx->data;
	const struct parse_frame frame = {
		.data = (const void *)(long)ctx->data,
		.end = (const void *)(long)ctx->data_end,
		.wire_len = bytes,
	};
	struct packet_totals *totals;
	struct parse_walk walk;
	struct settings *set;
	__u32 zero = 0;

	set = bpf_map_lookup_elem(&settings, &zero);
	totals = bpf_map_lookup_elem(&packet_totals, &zero);
	if (!set || !totals)
		return XDP_PASS;
	totals->seen++;
	if (parse_classify(&walk, &frame, PARSE_LINK_ETHERNET, 0) != PARSE_COUNTED) {
		totals->not_ip++;
		return XDP_PASS;
	}
	totals->counted++;
	totals->counted_bytes += bytes;
	count_source(&walk, ctx->ingress_ifindex, bytes);
	if (*(const volatile __u32 *)&set->sample_rate)
		totals->sampled++;
	return XDP_PASS;
}

/* The floor under both. */
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char bench_license[] SEC("license") = "Dual BSD/GPL";
