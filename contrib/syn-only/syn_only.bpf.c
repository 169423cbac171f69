// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A BPF program of one's own: count_syns counts and samples the TCP packets that ask for a
 * connection (SYN without ACK, RFC 9293), and nothing else. The maps, the parser and what is done
 * with a packet once it is chosen are xdptail's.
 *
 * What a program of one's own has to keep to: every frame is seen, and is in exactly one of the
 * sums besides (L1); what is counted goes to its source, too (L2); and the packet goes on,
 * XDP_PASS.
 */
#include "xdptail.bpf.c"

#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* Is it a SYN? A TCP packet whose flags are out of reach may be one: that is undetermined. */
static __always_inline enum parse_class choose_syn(struct parse_walk *walk, struct packet_info *pkt)
{
	parse_fill(walk, pkt, true);
	if (!(pkt->has & ABI_HAS_TCP))
		return PARSE_UNDETERMINED;
	if ((pkt->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return PARSE_NOT_SELECTED;
	return PARSE_COUNTED;
}

static __always_inline void count_syn(const struct frame *frame, const struct parse_walk *walk,
				      struct packet_info *pkt, __u32 gen,
				      const struct settings *set, struct packet_totals *totals)
{
	__u32 rate = *(const volatile __u32 *)&set->sample_rate;
	struct sample_counter *counter;
	struct packet_info *record;

	totals->counted++;
	totals->counted_bytes += frame->bytes.wire_len;
	count_source(walk, gen, totals, frame);
	counter = take_sample(set, rate, totals);
	if (!counter)
		return;
	label_sample(pkt, frame, gen, rate, counter->seq);
	if (constants.trace)
		trace_sample(pkt);
	record = open_record(pkt, sizeof(*pkt), totals);
	if (!record)
		return;
	if (record != pkt)
		__builtin_memcpy(record, pkt, sizeof(*pkt));
	send_record(frame, record, sizeof(*pkt), totals);
}

static __always_inline void observe_syn(const struct frame *frame, enum parse_link link)
{
	struct packet_info pkt = {};
	struct packet_totals *totals;
	enum parse_class class;
	struct parse_walk walk;
	struct settings *set;
	__u32 zero = 0;
	__u32 gen;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!set)
		return;
	/* read once: all of a packet is of the same generation */
	gen = *(const volatile __u32 *)&set->generation & 1;
	totals = bpf_map_lookup_elem(&packet_totals, &gen);
	if (!totals)
		return;

	totals->seen++;
	class = parse_classify(&walk, &frame->bytes, link, true);
	if (class == PARSE_COUNTED)
		class = choose_syn(&walk, &pkt);
	if (class == PARSE_COUNTED)
		count_syn(frame, &walk, &pkt, gen, set, totals);
	else if (class == PARSE_NOT_SELECTED)
		totals->not_selected++;
	else if (class == PARSE_UNDETERMINED)
		totals->undetermined++;
	else if (class == PARSE_NO_SOURCE)
		totals->no_source++;
	else
		totals->not_ip++;
}

#define SYN_PROGRAM(suffix, link)                                       \
	PROGRAM                                                         \
	int count_syns##suffix(struct xdp_md *ctx)                      \
	{                                                               \
		const struct frame frame = {                            \
			.ctx = ctx,                                     \
			.bytes.data = (const void *)(long)ctx->data,    \
			.bytes.end = (const void *)(long)ctx->data_end, \
			.bytes.wire_len = wire_length(ctx),             \
			.ifindex = ctx->ingress_ifindex,                \
		};                                                      \
                                                                        \
		observe_syn(&frame, link);                              \
		return XDP_PASS;                                        \
	}

SYN_PROGRAM(, PARSE_LINK_ETHERNET)
SYN_PROGRAM(_ip, PARSE_LINK_IP)
