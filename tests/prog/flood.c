// SPDX-License-Identifier: BSD-2-Clause
#include "flood.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "frames.h"

#define PRODUCERS      2
#define FRAME_MAX      256
#define OTHERS	       4 /* frames that have no source, or not one that counts */
#define OTHERS_ONE_IN  5
#define SAMPLE_RATE    10
#define PROGRESS_MS    5000
#define POLL_MS	       1 /* leaves the CPU to the producers while a batch gathers */
#define SHARED_SOURCES 1024U /* what the next figure is for */
#define SHARED_BYTES   (240U << 10) /* between one value a source and two */

const struct flood_case flood_cases[FLOOD_CASES] = {
	{ .name = "ring buffer of 16 MiB",
	  .transport = XDPTAIL_TRANSPORT_RINGBUF,
	  .ring_bytes = 16U << 20,
	  .max_sources = 65536,
	  .n_sources = 512,
	  .repeat = 64,
	  .packets_percent = 25,
	  .snapshots_percent = 20 },
	{ .name = "ring buffer of 64 KiB",
	  .transport = XDPTAIL_TRANSPORT_RINGBUF,
	  .ring_bytes = 64U << 10,
	  .max_sources = 65536,
	  .n_sources = 4096,
	  .repeat = 16,
	  .packets_percent = 20,
	  .snapshots_percent = 20 },
	{ .name = "perf buffer of 16 MiB",
	  .transport = XDPTAIL_TRANSPORT_PERF,
	  .ring_bytes = 16U << 20,
	  .max_sources = 4096,
	  .n_sources = 512,
	  .repeat = 64,
	  .packets_percent = 3,
	  .snapshots_percent = 12 },
	{ .name = "perf buffer of 64 KiB",
	  .transport = XDPTAIL_TRANSPORT_PERF,
	  .ring_bytes = 64U << 10,
	  .max_sources = 4096,
	  .n_sources = 512,
	  .repeat = 64,
	  .packets_percent = 2,
	  .snapshots_percent = 8 },
	{ .name = "shared hash",
	  .ring_bytes = 16U << 20,
	  .max_sources = SHARED_SOURCES,
	  .n_sources = 32,
	  .repeat = 32,
	  .shared = true,
	  .packets_percent = 15,
	  .snapshots_percent = 15 },
	{ .name = "long sections",
	  .ring_bytes = 16U << 20,
	  .max_sources = 65536,
	  .n_sources = 512,
	  .repeat = 20000,
	  .packets_percent = 20,
	  .snapshots_percent = 5 },
	{ .name = "shared hash, too many sources",
	  .ring_bytes = 1U << 20,
	  .max_sources = SHARED_SOURCES,
	  .n_sources = 16384,
	  .repeat = 8,
	  .shared = true,
	  .packets_percent = 5,
	  .snapshots_percent = 9 },
	{ .name = "early flips",
	  .ring_bytes = 1U << 20,
	  .max_sources = 64,
	  .n_sources = 4096,
	  .repeat = 2,
	  .snapshot_ms = 500,
	  .packets_percent = 2,
	  .snapshots_percent = 1 },
	{ .name = "all in one call",
	  .ring_bytes = 16U << 20,
	  .max_sources = 65536,
	  .n_sources = 512,
	  .repeat = 64,
	  .take = true,
	  .packets_percent = 8,
	  .snapshots_percent = 10 },
};

struct frame {
	__u8 bytes[FRAME_MAX];
	__u32 len;
	enum parse_class class; /* what count_tcp_packets makes of it */
};

struct flood;

struct producer {
	struct flood *flood; /* borrowed */
	pthread_t thread;
	bool started;
	size_t first; /* frame to begin with */
	uint64_t packets; /* read by others meanwhile: atomic */
	uint64_t *runs; /* owned; packets of each frame */
	int err;
};

struct flood {
	const struct flood_case *c;
	struct xdptail *x; /* owned */
	struct frame *frames; /* owned; those of the sources, then the others */
	struct producer producers[PRODUCERS];
	struct ledger ledger;
	int program_fd;
	int stop; /* atomic */
	int64_t progress_ms; /* of the last line */
	bool progress;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A TCP segment; each source has its own address, and most have their own length. */
static void make_source_frame(struct frame *ret, size_t index)
{
	static const char ipv4[] = HEX_ETH4 HEX_IP4("45", "0028", "0000", "06") HEX_TCP("5018");
	static const char ipv6[] = HEX_ETH6 HEX_IP6("0014", "06") HEX_TCP("5018");
	bool is_ipv6 = index % 4 == 3;
	uint8_t address[16];

	ledger_address(index, address);
	ret->class = PARSE_COUNTED;
	ret->len = (__u32)frame_unhex(is_ipv6 ? ipv6 : ipv4, ret->bytes);
	if (is_ipv6)
		memcpy(ret->bytes + 22, address, 16);
	else
		memcpy(ret->bytes + 26, address + 12, 4);
	ret->len += (__u32)(index % 97); /* the padding is zero */
}

/* The first frame of the table that belongs to this class, and that BPF_PROG_RUN takes. */
static void find_frame(struct frame *ret, enum parse_class class)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		size_t len = frame_unhex(frame_cases[i].hex, NULL);

		if (frame_cases[i].link != PARSE_LINK_ETHERNET || frame_cases[i].tcp != class ||
		    len < 14 || len > FRAME_MAX)
			continue;
		ret->len = (__u32)frame_unhex(frame_cases[i].hex, ret->bytes);
		ret->class = class;
		return;
	}
}

static int make_frames(struct flood *f)
{
	static const enum parse_class others[OTHERS] = { PARSE_NOT_IP, PARSE_NO_SOURCE,
							 PARSE_UNDETERMINED, PARSE_NOT_SELECTED };
	size_t n = f->c->n_sources;

	f->frames = calloc(n + OTHERS, sizeof(*f->frames));
	if (!f->frames)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		make_source_frame(&f->frames[i], i);
	for (size_t i = 0; i < OTHERS; i++)
		find_frame(&f->frames[n + i], others[i]);
	return 0;
}

static size_t frame_of_call(const struct flood *f, size_t call)
{
	size_t n = f->c->n_sources;

	if (call % OTHERS_ONE_IN == 0)
		return n + call / OTHERS_ONE_IN % OTHERS;
	return call % n;
}

static void *produce(void *arg)
{
	struct producer *p = arg;
	const struct flood *f = p->flood;

	for (size_t call = p->first; !__atomic_load_n(&f->stop, __ATOMIC_RELAXED); call++) {
		size_t i = frame_of_call(f, call);
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->frames[i].bytes,
			    .data_size_in = f->frames[i].len, .repeat = (int)f->c->repeat);

		p->err = bpf_prog_test_run_opts(f->program_fd, &run);
		if (!p->err && run.retval != XDP_PASS)
			p->err = -EPROTO;
		if (p->err)
			break;
		p->runs[i] += f->c->repeat;
		__atomic_fetch_add(&p->packets, f->c->repeat, __ATOMIC_RELAXED);
	}
	return NULL;
}

static uint64_t packets_driven(const struct flood *f)
{
	uint64_t sum = 0;

	for (int i = 0; i < PRODUCERS; i++)
		sum += __atomic_load_n(&f->producers[i].packets, __ATOMIC_RELAXED);
	return sum;
}

/* A signal would end a run after an unknown number of packets: it shall come to our thread. */
static int start_producers(struct flood *f)
{
	sigset_t all, before;
	int err = 0;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* fails on bad arguments only */
	for (size_t i = 0; !err && i < PRODUCERS; i++) {
		struct producer *p = &f->producers[i];

		p->flood = f;
		p->first = i * f->c->n_sources / PRODUCERS;
		p->runs = calloc(f->c->n_sources + OTHERS, sizeof(*p->runs));
		err = p->runs ? -pthread_create(&p->thread, NULL, produce, p) : -ENOMEM;
		p->started = !err;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static int stop_producers(struct flood *f)
{
	int err = 0;

	__atomic_store_n(&f->stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < PRODUCERS; i++) {
		struct producer *p = &f->producers[i];

		if (p->started)
			(void)pthread_join(p->thread, NULL); /* it is ours, and joined once */
		p->started = false;
		if (p->err)
			err = p->err;
	}
	return err;
}

static int on_packet(void *arg, const struct xdptail_packet *packet)
{
	struct flood *f = arg;

	ledger_packet(&f->ledger, packet);
	return 0;
}

static void show_progress(struct flood *f)
{
	if (!f->progress || now_ms() - f->progress_ms < PROGRESS_MS)
		return;
	f->progress_ms = now_ms();
	fprintf(stderr, "%s: %" PRIu64 " packets, %" PRIu64 " snapshots, %" PRIu64 " violations\n",
		f->c->name, packets_driven(f), f->ledger.snapshots, f->ledger.violations);
}

static int poll_until(struct flood *f, int64_t until_ms)
{
	int n = 0;

	while (n >= 0 && now_ms() < until_ms)
		n = xdptail_poll(f->x, POLL_MS, 0, on_packet, f);
	return n < 0 ? n : 0;
}

static int collect(struct flood *f, struct xdptail_counts **ret)
{
	int done = 0;
	int n = 0;
	int err;

	if (f->c->take) {
		err = xdptail_take_counts(f->x, ret);
		n = err ? err : xdptail_poll(f->x, POLL_MS, 0, on_packet, f);
		return n < 0 ? n : 0;
	}
	err = xdptail_counts_begin(f->x);
	while (!err && !done && n >= 0) {
		done = xdptail_counts_step(f->x, 0, ret);
		if (!done)
			n = xdptail_poll(f->x, POLL_MS, 0, on_packet, f);
	}
	if (err || done < 0)
		return err ? err : done;
	return n < 0 ? n : 0;
}

static int snapshot(struct flood *f)
{
	struct xdptail_counts *counts = NULL;
	int err = poll_until(f, now_ms() + f->c->snapshot_ms);

	if (!err)
		err = collect(f, &counts);
	if (!err && counts)
		ledger_snapshot(&f->ledger, counts);
	xdptail_counts_free(counts);
	show_progress(f);
	return err;
}

/* What came after the last snapshot, and once more: then there is nothing left anywhere. The
 * samples of an interval that was taken in one call are in the ring until they are polled.
 */
static int finish(struct flood *f)
{
	int err = snapshot(f);
	uint64_t seen = f->ledger.sum.seen;
	int n = 1;

	(void)xdptail_detach(f->x, "lo"); /* nothing more comes, so that nothing gathers */
	while (!err && n > 0)
		n = xdptail_poll(f->x, 0, 0, on_packet, f);
	if (!err && n < 0)
		err = n;
	if (!err)
		err = snapshot(f);
	if (!err && f->ledger.sum.seen != seen) {
		f->ledger.violations++;
		fprintf(stderr, "%s: %" PRIu64 " packets came after the last one\n", f->c->name,
			f->ledger.sum.seen - seen);
	}
	return err;
}

static int open_handle(struct flood *f, struct flood_result *ret)
{
	struct xdptail_stats stats = { .size = sizeof(stats) };
	struct xdptail_options o;
	__u32 id = 0;
	int err;

	if (unshare(CLONE_NEWNET))
		return -errno;
	xdptail_options_init(&o, sizeof(o));
	o.transport = f->c->transport;
	o.ring_bytes = f->c->ring_bytes;
	o.max_sources = f->c->max_sources;
	o.sample_rate = SAMPLE_RATE;
	if (f->c->shared)
		o.max_map_bytes = SHARED_BYTES;
	err = xdptail_open(&f->x, &o);
	if (!err)
		err = xdptail_attach(f->x, "lo", XDPTAIL_MODE_GENERIC);
	if (!err)
		err = xdptail_stats(f->x, &stats);
	if (!err)
		err = bpf_xdp_query_id(1, 0, &id); /* lo is 1 in every namespace */
	if (err)
		return err;
	ret->shared = stats.shared_counts;
	f->program_fd = bpf_prog_get_fd_by_id(id);
	return f->program_fd < 0 ? -errno : 0;
}

static void add_driven(struct ledger_driven *driven, const struct frame *frame, uint64_t runs,
		       size_t source)
{
	driven->seen += runs;
	switch (frame->class) {
	case PARSE_COUNTED:
		driven->counted += runs;
		driven->counted_bytes += runs * frame->len;
		driven->sources[source].packets += runs;
		driven->sources[source].bytes += runs * frame->len;
		break;
	case PARSE_NOT_IP:
		driven->not_ip += runs;
		break;
	case PARSE_NO_SOURCE:
		driven->no_source += runs;
		break;
	case PARSE_UNDETERMINED:
		driven->undetermined += runs;
		break;
	case PARSE_NOT_SELECTED:
		driven->not_selected += runs;
		break;
	case PARSE_CLASS_MAX:
		break;
	}
}

static int balance(struct flood *f)
{
	struct ledger_driven driven = { 0 };

	driven.sources = calloc(f->c->n_sources, sizeof(*driven.sources));
	if (!driven.sources)
		return -ENOMEM;
	for (int p = 0; p < PRODUCERS; p++) {
		for (size_t i = 0; i < f->c->n_sources + OTHERS; i++)
			add_driven(&driven, &f->frames[i], f->producers[p].runs[i], i);
	}
	ledger_balance(&f->ledger, &driven);
	free(driven.sources);
	return 0;
}

static int drive(struct flood *f, uint64_t packets, uint64_t snapshots)
{
	int err = start_producers(f);
	int stopped;

	f->progress_ms = now_ms();
	while (!err && (f->ledger.snapshots < snapshots || packets_driven(f) < packets)) {
		err = snapshot(f);
		for (int i = 0; !err && i < PRODUCERS; i++)
			err = __atomic_load_n(&f->producers[i].err, __ATOMIC_RELAXED);
	}
	stopped = stop_producers(f);
	if (!err)
		err = stopped;
	if (!err)
		err = finish(f);
	return err ? err : balance(f);
}

static void close_all(struct flood *f)
{
	ledger_close(&f->ledger);
	xdptail_close(f->x);
	if (f->program_fd >= 0)
		close(f->program_fd);
	for (int i = 0; i < PRODUCERS; i++)
		free(f->producers[i].runs);
	free(f->frames);
}

int flood_run(const struct flood_case *c, uint64_t packets, uint64_t snapshots, bool progress,
	      struct flood_result *ret)
{
	struct flood f = { .c = c, .progress = progress, .program_fd = -1 };
	int err = ledger_open(&f.ledger, c->name, c->n_sources, c->max_sources);

	memset(ret, 0, sizeof(*ret));
	if (!err)
		err = make_frames(&f);
	if (!err)
		err = open_handle(&f, ret);
	if (!err)
		err = drive(&f, packets, snapshots);
	if (err)
		(void)snprintf(ret->reason, sizeof(ret->reason), "%s (%s)",
			       f.x ? xdptail_reason(f.x) : "", strerror(-err));
	ret->packets = packets_driven(&f);
	ret->snapshots = f.ledger.snapshots;
	ret->merged = f.ledger.merged;
	ret->violations = f.ledger.violations;
	ret->unattributed = f.ledger.sum.unattributed_packets;
	ret->sampled = f.ledger.sum.sampled;
	ret->lost = f.ledger.sum.lost_ring_full;
	close_all(&f);
	return err;
}
