// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The maps, the settings, and the two programs: count_tcp_packets and count_packets. Each has
 * siblings: for interfaces whose frames begin at IP (…_ip), for the packets inside tunnels
 * (…_decap), and for both (…_decap_ip).
 *
 * One source gives three variants, so that no program refers to a map or a helper that its kernel
 * lacks:
 *   XDPTAIL_FRAGS  5.18  ring buffer, frames in several buffers, boot-time clock
 *   XDPTAIL_RING   5.8   ring buffer, boot-time clock
 *   XDPTAIL_PERF   5.4   perf buffer, monotonic clock
 *
 * Whatever happens here, the packet goes on: every program has one exit, and it is XDP_PASS.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "parse.h"
#include "parse_tunnel.h"
#define SAMPLE_RANDOM() bpf_get_prandom_u32()
#include "sample.h"

#if defined(XDPTAIL_FRAGS)
#define PROGRAM		 SEC("xdp.frags")
#define now_ns()	 bpf_ktime_get_boot_ns()
#define wire_length(ctx) ((__u32)bpf_xdp_get_buff_len(ctx))
#elif defined(XDPTAIL_RING)
#define PROGRAM		 SEC("xdp")
#define now_ns()	 bpf_ktime_get_boot_ns()
#define wire_length(ctx) ((ctx)->data_end - (ctx)->data)
#elif defined(XDPTAIL_PERF)
#define PROGRAM		 SEC("xdp")
#define now_ns()	 bpf_ktime_get_ns()
#define wire_length(ctx) ((ctx)->data_end - (ctx)->data)
#else
#error "name a variant: -DXDPTAIL_FRAGS, -DXDPTAIL_RING or -DXDPTAIL_PERF"
#endif

/* The point where a packet has chosen its counter and not yet added to it. It is empty; a test of
 * what can happen here compiles the program with a delay.
 */
#ifndef TEST_WINDOW
#define TEST_WINDOW()
#endif

/* The errors of a map update and of perf output (errno-base.h), as the helpers return them. */
#define ENOENT 2
#define E2BIG  7
#define ENOMEM 12
#define EBUSY  16
#define EEXIST 17
#define ENOSPC 28

const volatile struct constants constants SEC(".rodata.constants");

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
	__type(value, struct sample_counter);
} sample_counter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ABI_GENERATIONS);
	__type(key, __u32);
	__type(value, struct packet_totals);
} packet_totals SEC(".maps");

/* The maps of both generations. User space replaces the first, which is also the template, and
 * sizes the second (src/lib/object.c).
 */
struct packet_count_generation {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct count_key);
	__type(value, struct count_value);
};

struct packet_count_generation packet_count_0 SEC(".maps");
struct packet_count_generation packet_count_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, ABI_GENERATIONS);
	__type(key, __u32);
	__array(values, struct packet_count_generation);
} packet_count SEC(".maps") = {
	.values = { &packet_count_0, &packet_count_1 },
};

#ifdef XDPTAIL_PERF
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} packet_events_perf SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} packet_events SEC(".maps");
#endif

/* A frame for the code that counts it; a tc program could fill it in as well. */
struct frame {
	void *ctx; /* for perf output, which needs the context */
	struct parse_frame bytes;
	__u32 ifindex;
};

static __always_inline void trace_sample(const struct packet_info *pkt)
{
	const __u64 *src = (const __u64 *)pkt->src_ip;
	const __u64 *dst = (const __u64 *)pkt->dst_ip;

	/* bpf_trace_printk takes three values a call. */
	bpf_printk("src_ip=%llx:%llx", bpf_be64_to_cpu(src[0]), bpf_be64_to_cpu(src[1]));
	bpf_printk("dst_ip=%llx:%llx", bpf_be64_to_cpu(dst[0]), bpf_be64_to_cpu(dst[1]));
	bpf_printk("src_port=%u dst_port=%u protocol=%u", bpf_ntohs(pkt->src_port),
		   bpf_ntohs(pkt->dst_port), pkt->protocol);
	bpf_printk("packet_type=%u packet_len=%u tcp_flags=%u", pkt->packet_type, pkt->packet_len,
		   pkt->tcp_flags);
	bpf_printk("seq_num=%u ack_num=%u", bpf_ntohl(pkt->seq_num), bpf_ntohl(pkt->ack_num));
}

static __always_inline void count_unattributed(struct packet_totals *totals, int err, __u32 bytes)
{
	__u32 cause = ABI_UNATTRIBUTED_OTHER;

	if (err == -E2BIG)
		cause = ABI_UNATTRIBUTED_FULL;
	else if (err == -EBUSY)
		cause = ABI_UNATTRIBUTED_BUSY;
	else if (err == -ENOMEM)
		cause = ABI_UNATTRIBUTED_NOMEM;
	totals->unattributed_packets[cause]++;
	totals->unattributed_bytes[cause] += bytes;
}

static __always_inline void add_count(struct count_value *value, __u32 bytes)
{
	TEST_WINDOW();
	if (constants.shared_counts) {
		__sync_fetch_and_add(&value->packets, 1);
		__sync_fetch_and_add(&value->bytes, bytes);
	} else {
		/* the values are per CPU, and softirqs do not nest: this CPU is the only writer */
		value->packets++;
		value->bytes += bytes;
	}
}

/* Adds the frame to its source. The first insertion may race with that of another CPU, which then
 * has made the entry: so it is looked up a second time.
 */
static __always_inline void count_source(const struct parse_walk *walk, __u32 gen,
					 struct packet_totals *totals, const struct frame *frame)
{
	void *counts = bpf_map_lookup_elem(&packet_count, &gen);
	struct count_value first = { .packets = 1, .bytes = frame->bytes.wire_len };
	struct count_value *value;
	struct count_key key;
	/* int, not long: before 6.4 a map's own function may leave the upper half without the sign
	 */
	int err;

	if (!counts) {
		count_unattributed(totals, -ENOENT, frame->bytes.wire_len);
		return;
	}
	parse_source_address(walk, key.addr);
	key.ifindex = frame->ifindex;
	value = bpf_map_lookup_elem(counts, &key);
	if (value) {
		add_count(value, frame->bytes.wire_len);
		return;
	}
	err = (int)bpf_map_update_elem(counts, &key, &first, BPF_NOEXIST);
	if (!err) {
		totals->sources++;
		return;
	}
	value = err == -EEXIST ? bpf_map_lookup_elem(counts, &key) : NULL;
	if (value)
		add_count(value, frame->bytes.wire_len);
	else
		count_unattributed(totals, err, frame->bytes.wire_len);
}

/* Sets the fields of a record that do not come from the wire. */
static __always_inline void label_sample(struct packet_info *pkt, const struct frame *frame,
					 __u32 gen, __u32 rate, __u64 seq)
{
	pkt->timestamp_ns = now_ns();
	pkt->cpu_seq = seq;
	pkt->packet_len = frame->bytes.wire_len;
	pkt->ifindex = frame->ifindex;
	pkt->sample_rate = rate;
	pkt->cpu = (__u16)bpf_get_smp_processor_id();
	pkt->generation = (__u8)gen;
}

/* Returns the place where a record is made, which is in the ring itself: the verifier knows bytes
 * on the stack one by one, so that kernels up to 6.1 walk the following code once for each
 * combination of them. Returns NULL, and counts a loss, if there is no room. The perf variant has
 * no such place, and uses room, on the stack.
 */
#ifdef XDPTAIL_PERF
static __always_inline void *open_record(void *room, __u32 size, struct packet_totals *totals)
{
	(void)size;
	(void)totals;
	return room;
}

static __always_inline void send_record(const struct frame *frame, void *record, __u32 size,
					struct packet_totals *totals)
{
	long err = bpf_perf_event_output(frame->ctx, &packet_events_perf, BPF_F_CURRENT_CPU, record,
					 size);

	if (!err)
		return;
	if (err == -ENOSPC)
		totals->lost[ABI_LOST_RING_FULL]++;
	else if (err == -ENOENT)
		totals->lost[ABI_LOST_NO_BUFFER]++;
	else
		totals->lost[ABI_LOST_OTHER]++;
}
#else
static __always_inline void *open_record(void *room, __u32 size, struct packet_totals *totals)
{
	void *slot = bpf_ringbuf_reserve(&packet_events, size, 0);

	(void)room;
	if (!slot) {
		totals->lost[ABI_LOST_RING_FULL]++;
		return NULL;
	}
	return __builtin_assume_aligned(slot, 8);
}

static __always_inline void send_record(const struct frame *frame, void *record, __u32 size,
					struct packet_totals *totals)
{
	(void)frame;
	(void)size;
	(void)totals;
	/* Without flags the kernel wakes the reader only if it had caught up. */
	bpf_ringbuf_submit(record, 0);
}
#endif

/* Returns the counter with the number of this sample, or NULL if the packet is not a sample. */
static __always_inline struct sample_counter *take_sample(const struct settings *set, __u32 rate,
							  struct packet_totals *totals)
{
	struct sample_counter *counter;
	__u32 zero = 0;

	counter = bpf_map_lookup_elem(&sample_counter, &zero);
	if (!counter || !sample_take(counter, rate, set->sample_mode))
		return NULL;
	totals->sampled++;
	return counter;
}

static __always_inline void sample_frame(const struct frame *frame, struct parse_walk *walk,
					 __u32 gen, const struct settings *set,
					 struct packet_totals *totals, bool tcp_only)
{
	__u32 rate = *(const volatile __u32 *)&set->sample_rate;
	struct sample_counter *counter = take_sample(set, rate, totals);
	struct packet_info room;
	struct packet_info *pkt;

	if (!counter)
		return;
	pkt = open_record(&room, sizeof(*pkt), totals);
	if (!pkt)
		return;
	__builtin_memset(pkt, 0, sizeof(*pkt));
	parse_fill(walk, pkt, tcp_only);
	label_sample(pkt, frame, gen, rate, counter->seq);
	if (constants.trace)
		trace_sample(pkt);
	send_record(frame, pkt, sizeof(*pkt), totals);
}

/* Samples a frame as sample_frame() does, for a program that looks into tunnels. */
static __always_inline void sample_inner(const struct frame *frame, struct parse_walk *walk,
					 __u32 gen, const struct settings *set,
					 struct packet_totals *totals, bool tcp_only)
{
	__u32 rate = *(const volatile __u32 *)&set->sample_rate;
	struct sample_counter *counter = take_sample(set, rate, totals);
	struct tunnel_info room;
	struct tunnel_info *info;

	if (!counter)
		return;
	info = open_record(&room, sizeof(*info), totals);
	if (!info)
		return;
	__builtin_memset(info, 0, sizeof(*info));
	parse_fill_inner(walk, info, tcp_only);
	label_sample(&info->packet, frame, gen, rate, counter->seq);
	if (constants.trace)
		trace_sample(&info->packet);
	send_record(frame, info, sizeof(*info), totals);
}

/* Counts first, then samples. The generation is read once: everything that this packet adds to
 * belongs to the same generation, so that the retired one is consistent. Conditions on constants
 * (link, tcp_only, decap) are resolved by the compiler.
 */
static __always_inline void observe(const struct frame *frame, enum parse_link link, bool tcp_only,
				    bool decap)
{
	enum parse_class class;
	struct packet_totals *totals;
	struct parse_walk walk;
	struct settings *set;
	__u32 zero = 0;
	__u32 gen;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!set)
		return;
	gen = *(const volatile __u32 *)&set->generation & 1;
	totals = bpf_map_lookup_elem(&packet_totals, &gen);
	if (!totals)
		return;

	totals->seen++;
	if (decap)
		class = parse_classify_inner(&walk, &frame->bytes, link, tcp_only);
	else
		class = parse_classify(&walk, &frame->bytes, link, tcp_only);
	switch (class) {
	case PARSE_COUNTED:
		totals->counted++;
		totals->counted_bytes += frame->bytes.wire_len;
		count_source(&walk, gen, totals, frame);
		if (decap)
			sample_inner(frame, &walk, gen, set, totals, tcp_only);
		else
			sample_frame(frame, &walk, gen, set, totals, tcp_only);
		break;
	case PARSE_NOT_SELECTED:
		totals->not_selected++;
		break;
	case PARSE_UNDETERMINED:
		totals->undetermined++;
		break;
	case PARSE_NO_SOURCE:
		totals->no_source++;
		break;
	case PARSE_NOT_IP:
	case PARSE_CLASS_MAX:
		totals->not_ip++;
		break;
	}
}

static __always_inline int observe_xdp(struct xdp_md *ctx, enum parse_link link, bool tcp_only,
				       bool decap)
{
	struct frame frame = {
		.ctx = ctx,
		.bytes.data = (const void *)(long)ctx->data,
		.bytes.end = (const void *)(long)ctx->data_end,
		.bytes.wire_len = wire_length(ctx),
		.bytes.ports = &constants.tunnel_ports,
		.ifindex = ctx->ingress_ifindex,
	};

	/* The length is fixed here: if it were computed where it is needed, data would stay alive
	 * until then, and the verifier would walk the code in between once for each number of bytes
	 * that it knows to be there.
	 */
	__asm__ volatile("" : "+r"(frame.bytes.wire_len));
	observe(&frame, link, tcp_only, decap);
	return XDP_PASS;
}

/* Defines a pair of programs: one for TCP only, and its sibling for every IP protocol. */
#define PROGRAMS(suffix, link, decap)                        \
	PROGRAM                                              \
	int count_tcp_packets##suffix(struct xdp_md *ctx)    \
	{                                                    \
		return observe_xdp(ctx, link, true, decap);  \
	}                                                    \
	PROGRAM                                              \
	int count_packets##suffix(struct xdp_md *ctx)        \
	{                                                    \
		return observe_xdp(ctx, link, false, decap); \
	}

PROGRAMS(, PARSE_LINK_ETHERNET, false)
PROGRAMS(_ip, PARSE_LINK_IP, false)
PROGRAMS(_decap, PARSE_LINK_ETHERNET, true)
PROGRAMS(_decap_ip, PARSE_LINK_IP, true)

char xdptail_license[] SEC("license") = "Dual BSD/GPL";
