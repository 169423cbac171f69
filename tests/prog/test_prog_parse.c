// SPDX-License-Identifier: BSD-2-Clause
/* The kernel's result is the host's: every frame, and every prefix of it, through all programs of
 * every variant.
 */
#include "frames.h"
#include "prog.h"

#define LINEAR_MAX 3072 /* what BPF_PROG_RUN takes in one buffer is a page less some room */
#define STALE_RUNS 50 /* more than the ring has room for, so each byte of it is used */

/* What one frame must do, from what the host makes of it. */
struct expected {
	enum parse_class class;
	bool decap;
	struct tunnel_info info;
	struct packet_totals totals;
};

/* The first reach bytes are parsed; len bytes are counted. */
static void expect(struct expected *ret, const struct prog *p, enum prog_which which,
		   const void *data, size_t reach, size_t len)
{
	const struct parse_frame frame = frame_reach(data, reach, len);
	struct packet_info *pkt = &ret->info.packet;

	memset(ret, 0, sizeof(*ret));
	ret->decap = prog_is_decap(which);
	ret->class = ret->decap ? frame_parse_inner(&frame, prog_link(which), prog_is_tcp(which),
						    &ret->info) :
				  frame_parse(&frame, prog_link(which), prog_is_tcp(which), pkt);
	pkt->packet_len = (__u32)len;
	pkt->ifindex = PROG_IFINDEX;
	pkt->sample_rate = 1;
	pkt->cpu = (__u16)p->cpu;
	ret->totals.seen = 1;
	switch (ret->class) {
	case PARSE_NOT_IP:
		ret->totals.not_ip = 1;
		break;
	case PARSE_NO_SOURCE:
		ret->totals.no_source = 1;
		break;
	case PARSE_UNDETERMINED:
		ret->totals.undetermined = 1;
		break;
	case PARSE_NOT_SELECTED:
		ret->totals.not_selected = 1;
		break;
	case PARSE_COUNTED:
		ret->totals.counted = 1;
		ret->totals.counted_bytes = len;
		ret->totals.sampled = 1;
		break;
	case PARSE_CLASS_MAX:
		break;
	}
}

static bool record_is(const struct prog *p, const char *name, const struct packet_info *before,
		      const struct expected *want)
{
	static const struct tunnel_info none;
	struct tunnel_info info = want->info;

	info.packet.cpu_seq = before->cpu_seq + 1;
	info.packet.timestamp_ns = p->last.timestamp_ns;
	if (p->last.timestamp_ns <= before->timestamp_ns) {
		fprintf(stderr, "%s: timestamp: got %llu, want more than %llu\n", name,
			p->last.timestamp_ns, before->timestamp_ns);
		return false;
	}
	return frame_compare(name, &p->last, &info.packet) == 0 &&
	       frame_compare_inner(name, &p->last_inner, want->decap ? &info : &none) == 0;
}

static bool source_is(const char *name, const struct count_value *got,
		      const struct count_value *before, const struct expected *want)
{
	bool counted = want->class == PARSE_COUNTED;
	__u64 packets = before->packets + counted;
	__u64 bytes = before->bytes + (counted ? want->info.packet.packet_len : 0);

	if (got->packets == packets && got->bytes == bytes)
		return true;
	fprintf(stderr, "%s: source: got %llu packets, %llu bytes, want %llu, %llu\n", name,
		got->packets, got->bytes, packets, bytes);
	return false;
}

struct run {
	const char *name;
	enum prog_which which;
	const void *data;
	size_t len;
	size_t linear; /* 0: all of it */
};

static bool run_agrees(struct prog *p, const struct run *run)
{
	struct packet_info last = p->last;
	struct packet_totals before, after;
	struct count_value had, has;
	struct count_key key = { .ifindex = PROG_IFINDEX };
	struct expected want;
	unsigned records;
	int verdict;
	bool good;

	expect(&want, p, run->which, run->data, run->linear ? run->linear : run->len, run->len);
	memcpy(key.addr, want.info.packet.src_ip, sizeof(key.addr));
	prog_source(p, 0, &key, &had);
	prog_totals(p, 0, &before);
	verdict = prog_run_split(p, run->which, run->data, run->len, run->linear);
	prog_totals(p, 0, &after);
	prog_source(p, 0, &key, &has);
	records = prog_drain(p);

	prog_minus(&after, &before);
	good = prog_compare_totals(run->name, &after, &want.totals) == 0;
	good = source_is(run->name, &has, &had, &want) && good;
	if (verdict != XDP_PASS || records != want.totals.sampled) {
		fprintf(stderr, "%s: verdict: got %d, want %d; records: got %u, want %llu\n",
			run->name, verdict, XDP_PASS, records, want.totals.sampled);
		return false;
	}
	return (!records || record_is(p, run->name, &last, &want)) && good;
}

static void open_sampling_all(struct prog *p, enum prog_variant variant)
{
	prog_open(p, variant, &(struct prog_setup){ 0 });
	prog_set(p, 0, 1, ABI_SAMPLE_EVERY);
}

static void every_prefix_of(struct prog *p, enum prog_which which, const struct frame_case *c)
{
	struct frame_bytes frame;
	size_t max;

	frame_open(&frame, prog_link(which), c);
	max = frame.len < LINEAR_MAX ? frame.len : LINEAR_MAX; /* no more is in reach */
	for (size_t len = ETH_HLEN; len <= max; len++) {
		const struct run run = { c->name, which, frame.data, len, 0 };
		bool good = run_agrees(p, &run);

		cr_expect(good, "%s: %s: prefix of %zu: see above", prog_names[which], c->name,
			  len);
		if (!good)
			break;
	}
	frame_free(&frame);
}

static void prog_every_prefix_as_on_the_host(enum prog_variant variant)
{
	struct prog p;

	open_sampling_all(&p, variant);
	for (size_t i = 0; i < FRAME_CASES; i++) {
		for (enum prog_which which = 0; which < PROG_MAX; which++)
			every_prefix_of(&p, which, &frame_cases[i]);
	}
	prog_close(&p);
}
PROG_TEST(prog_every_prefix_as_on_the_host)

/* Ring memory is not cleared: what an older record left there must not shine through. The frame
 * before is one that fills every field it can.
 */
static void no_stale_bytes(struct prog *p, enum prog_which which, const struct frame_bytes *full)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		struct frame_bytes frame;
		struct run run = { frame_cases[i].name, which, NULL, 0, 0 };

		frame_open(&frame, PARSE_LINK_ETHERNET, &frame_cases[i]);
		run.data = frame.data;
		run.len = frame.len < LINEAR_MAX ? frame.len : LINEAR_MAX;
		for (unsigned j = 0; j < STALE_RUNS; j++) {
			prog_run(p, which, full->data, full->len, 1);
			cr_assert_eq(prog_drain(p), 1);
		}
		if (run.len >= ETH_HLEN)
			cr_expect(run_agrees(p, &run), "%s: see above", run.name);
		frame_free(&frame);
	}
}

#define HEX_FULL_MACS HEX_MACS "8100 ffff 8100 ffff 86dd "
#define HEX_FULL_TCP  "60000000 0014 06 ff fe*32 fefe fefe fefefefe fefefefe 50ff ffff 0000 0000"

static void prog_no_stale_bytes(enum prog_variant variant)
{
	struct frame_bytes full;
	struct prog p;

	open_sampling_all(&p, variant);
	frame_decode(&full, PARSE_LINK_ETHERNET, HEX_FULL_MACS HEX_FULL_TCP);
	no_stale_bytes(&p, PROG_ALL, &full);
	frame_free(&full);
	frame_decode(&full, PARSE_LINK_ETHERNET,
		     HEX_FULL_MACS "60000000 003c 29 ff fe*32 " HEX_FULL_TCP);
	no_stale_bytes(&p, PROG_ALL_DECAP, &full);
	frame_free(&full);
	prog_close(&p);
}
PROG_TEST(prog_no_stale_bytes)

/* Only the first buffer is in reach without a helper; the length is that of all of them. */
static void several_buffers(struct prog *p, enum prog_which which)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		struct frame_bytes frame;
		struct run run = { frame_cases[i].name, which, NULL, 0, ETH_HLEN };

		frame_open(&frame, PARSE_LINK_ETHERNET, &frame_cases[i]);
		run.data = frame.data;
		run.len = frame.len;
		if (frame.len > ETH_HLEN &&
		    prog_run_split(p, which, frame.data, frame.len, ETH_HLEN) == -EINVAL)
			cr_skip_test("BPF_PROG_RUN of this kernel can't split a frame (6.18)");
		for (; run.linear < run.len && run.linear < LINEAR_MAX; run.linear++)
			cr_expect(run_agrees(p, &run), "%s: %zu in the first buffer: see above",
				  run.name, run.linear);
		frame_free(&frame);
	}
}

Test(prog_several_buffers, frags)
{
	struct prog p;

	open_sampling_all(&p, PROG_FRAGS);
	several_buffers(&p, PROG_ALL);
	several_buffers(&p, PROG_ALL_DECAP);
	prog_close(&p);
}

static void jumbo_frame(enum prog_which which, const char *hex)
{
	struct packet_totals totals;
	struct frame_bytes frame;
	struct prog p;
	int verdict;

	open_sampling_all(&p, PROG_FRAGS);
	frame_decode(&frame, PARSE_LINK_ETHERNET, hex);
	cr_assert_eq(frame.len, 9000);
	verdict = prog_run_split(&p, which, frame.data, frame.len, 0);
	if (verdict == -EINVAL)
		cr_skip_test("BPF_PROG_RUN of this kernel takes no frame beyond a page");
	cr_assert_eq(verdict, XDP_PASS);
	cr_assert_eq(prog_drain(&p), 1);
	prog_totals(&p, 0, &totals);
	cr_expect_eq(totals.counted_bytes, 9000, "bytes: got %llu", totals.counted_bytes);
	cr_expect_eq(p.last.packet_len, 9000, "packet_len: got %u", p.last.packet_len);
	cr_expect_eq(p.last_inner.packet.packet_len, prog_is_decap(which) ? 9000 : 0);
	cr_expect_eq(p.last.tunnel, prog_is_decap(which) ? ABI_TUNNEL_VXLAN : ABI_TUNNEL_NONE);
	cr_expect_eq(p.last.src_port, bpf_htons(443));
	frame_free(&frame);
	prog_close(&p);
}

Test(prog_jumbo_frame, frags)
{
	jumbo_frame(PROG_TCP,
		    HEX_ETH4 HEX_IP4("45", "231a", "4000", "06") HEX_TCP("5018") "61*8946");
}

Test(prog_jumbo_frame, frags_in_a_tunnel)
{
	jumbo_frame(PROG_TCP_DECAP, HEX_OUTER_VXLAN("231a", "2306") HEX_INNER4 HEX_IP4(
					    "45", "22e8", "4000", "06") HEX_TCP("5018") "61*8896");
}
