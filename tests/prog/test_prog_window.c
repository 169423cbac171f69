// SPDX-License-Identifier: BSD-2-Clause
/* What the wait behind a flip is for. Between choosing a counter and adding to it a packet holds on
 * to a generation that may be retired meanwhile. Here that window is held open for some
 * microseconds, by a delay that is compiled into the program: whoever drains without waiting then
 * loses packets, so that this test is known to see what it guards; the library's way must lose
 * none.
 */
#include "prog.h"

#include <pthread.h>

#include "lib/counts.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual" /* bpftool 7.1 writes such a cast */
#include "xdptail_window.skel.h"
#pragma GCC diagnostic pop

#define PRODUCERS	  2
#define FLIPS		  100 /* each waits, about 20 ms */
#define FLIPS_NO_WAIT	  400
#define FLIPS_NO_WAIT_MAX 8000
#define BETWEEN_FLIPS	  10 /* packets at least: the source is in the map again, and is added to */
#define LEAST		  100 /* lost without the wait: about one a flip, where this was written */
#define TOGETHER_S	  60 /* at most, until a producer and the one that flips have a CPU at a time */

/* IPv4, TCP, 192.0.2.7 to 198.51.100.8 */
static const __u8 tcp_frame[] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 0x28, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 7, 198, 51, 100, 8,
	0x01, 0xbb, 0xbd, 0xc1, 1, 2, 3, 4, 10, 11, 12, 13, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0,
	/* clang-format on */
};

struct producer {
	pthread_t thread;
	int program_fd;
	const int *stop; /* atomic */
	int inside; /* atomic: a packet is in the program, and that is in the window */
	__u64 packets; /* atomic */
	int err;
};

struct window {
	struct bpf_object *bpf; /* owned */
	struct object object; /* as the library sees it */
	struct counts *counts; /* owned */
	int no_wait_fd; /* owned; a map whose update waits for nobody */
	struct producer producers[PRODUCERS];
	int stop;
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	while (!p->err && !__atomic_load_n(p->stop, __ATOMIC_RELAXED)) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = tcp_frame,
			    .data_size_in = sizeof(tcp_frame), .repeat = 1);

		__atomic_store_n(&p->inside, 1, __ATOMIC_RELAXED);
		p->err = bpf_prog_test_run_opts(p->program_fd, &run);
		__atomic_store_n(&p->inside, 0, __ATOMIC_RELAXED);
		__atomic_fetch_add(&p->packets, !p->err, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int map_fd(const struct window *w, const char *name)
{
	return bpf_object__find_map_fd_by_name(w->bpf, name);
}

/* The handle's view of the maps, made by hand: this object is none of the library's variants. */
static void find_maps(struct window *w, bool waits)
{
	w->object.settings_fd = map_fd(w, "settings");
	w->object.packet_totals_fd = map_fd(w, "packet_totals");
	w->object.packet_count_fd = waits ? map_fd(w, "packet_count") : w->no_wait_fd;
	w->object.generation_fd[0] = map_fd(w, "packet_count_0");
	w->object.generation_fd[1] = map_fd(w, "packet_count_1");
}

/* The one program that is used here: the verifier walks its delay once for every way that leads to
 * it, and there are many more where the protocol is looked for first.
 */
static void load_one_program(const struct window *w)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, w->bpf)
	{
		bool wanted = !strcmp(bpf_program__name(program), prog_names[PROG_ALL]);

		cr_assert_eq(bpf_program__set_autoload(program, wanted), 0);
	}
	err = bpf_object__load(w->bpf);
	if (err)
		prog_explain(&(struct prog){ .variant = PROG_RING }, err);
}

static void window_open(struct window *w, bool waits)
{
	const struct settings settings = { 0 };
	struct reason r = { "" };
	size_t size = 0;
	const void *elf = xdptail_window_bpf__elf_bytes(&size);
	int err;

	memset(w, 0, sizeof(*w));
	w->no_wait_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "no_wait", 4, 4, 1, NULL);
	w->bpf = bpf_object__open_mem(elf, size, NULL);
	cr_assert_not_null(w->bpf, "opening the object: %s", strerror(errno));
	load_one_program(w);
	find_maps(w, waits);
	err = counts_open(&w->counts, &w->object, &settings, &r);
	cr_assert_eq(err, 0, "%s", r.text);
}

static void window_close(struct window *w)
{
	counts_close(w->counts);
	bpf_object__close(w->bpf);
	close(w->no_wait_fd);
}

static void start(struct window *w)
{
	struct bpf_program *program =
		bpf_object__find_program_by_name(w->bpf, prog_names[PROG_ALL]);

	for (int i = 0; i < PRODUCERS; i++) {
		struct producer *p = &w->producers[i];

		p->program_fd = bpf_program__fd(program);
		p->stop = &w->stop;
		cr_assert_eq(pthread_create(&p->thread, NULL, produce, p), 0);
	}
}

static __u64 packets_driven(const struct window *w)
{
	__u64 sum = 0;

	for (int i = 0; i < PRODUCERS; i++)
		sum += __atomic_load_n(&w->producers[i].packets, __ATOMIC_RELAXED);
	return sum;
}

static bool is_failing(const struct window *w)
{
	for (int i = 0; i < PRODUCERS; i++) {
		if (__atomic_load_n(&w->producers[i].err, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static bool is_inside(const struct window *w)
{
	bool inside = false;

	for (int i = 0; i < PRODUCERS; i++)
		inside |= __atomic_load_n(&w->producers[i].inside, __ATOMIC_RELAXED);
	return inside;
}

static time_t now_s(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return ts.tv_sec;
}

/* Until the source is in the map again, and a packet is on its way to it. On a busy machine it is
 * seldom that a producer and this thread run at the same time; so this one does not give its CPU
 * away, or it would be off when that happens; and it flips at no other time, when there is nothing
 * to be lost.
 */
static void wait_for_packets(const struct window *w, __u64 until)
{
	const time_t end = now_s() + TOGETHER_S;

	while ((packets_driven(w) < until || !is_inside(w)) && !is_failing(w))
		cr_assert_leq(now_s(), end, "no packet was under way for %d s", TOGETHER_S);
}

/* How many packets were driven. */
static __u64 stop(struct window *w)
{
	__atomic_store_n(&w->stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < PRODUCERS; i++)
		cr_assert_eq(pthread_join(w->producers[i].thread, NULL), 0);
	for (int i = 0; i < PRODUCERS; i++)
		cr_assert_eq(w->producers[i].err, 0, "BPF_PROG_RUN: %s",
			     strerror(-w->producers[i].err));
	return packets_driven(w);
}

static void flip_and_drain(struct window *w)
{
	struct reason r = { "" };
	int done = counts_flip(w->counts, &r);

	while (!done)
		done = counts_drain(w->counts, 4096, &r);
	cr_assert_eq(done, 1, "%s", r.text);
}

static __u64 packets_of_sources(struct window *w)
{
	const struct count_value *value;
	struct packet_totals totals;
	struct sources *sources;
	__u64 sum = 0;

	cr_assert_eq(counts_take(w->counts, &totals, &sources), 0);
	for (size_t i = 0; i < sources_number(sources); i++) {
		(void)sources_at(sources, i, &value);
		sum += value->packets;
	}
	sources_free(sources);
	return sum;
}

/* Packets that are in no snapshot, of those that were driven. */
static __s64 lose(bool waits, int flips, __u64 *ret_driven)
{
	struct window w;
	__u64 counted;

	window_open(&w, waits);
	start(&w);
	for (int i = 0; i < flips; i++) {
		wait_for_packets(&w, packets_driven(&w) + BETWEEN_FLIPS);
		flip_and_drain(&w);
	}
	*ret_driven = stop(&w);
	flip_and_drain(&w); /* whatever came late is in one generation or the other */
	flip_and_drain(&w);
	counted = packets_of_sources(&w);
	window_close(&w);
	return (__s64)(*ret_driven - counted);
}

Test(prog_window, wait_loses_nothing)
{
	__u64 driven, driven_without = 0;
	__s64 without = 0;
	__s64 with;
	int flips = 0;

	/* how many are lost is a matter of chance: so flip until it is plain to see */
	while (without < LEAST && flips < FLIPS_NO_WAIT_MAX) {
		without += lose(false, FLIPS_NO_WAIT, &driven);
		driven_without += driven;
		flips += FLIPS_NO_WAIT;
	}
	with = lose(true, FLIPS, &driven);

	fprintf(stderr,
		"%d flips without the wait: %lld of %llu packets lost; %d with it: %lld of %llu\n",
		flips, without, driven_without, FLIPS, with, driven);
	cr_expect_geq(without, LEAST, "lost without the wait: got %lld, want at least %d", without,
		      LEAST);
	cr_expect_eq(with, 0, "lost with the wait: got %lld, want 0", with);
}
