// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_subject.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "abi.h"
#include "baseline.skel.h"
#include "single.skel.h"
#include "xdptail_frags.skel.h"
#include "xdptail_perf.skel.h"
#include "xdptail_ring.skel.h"

#define PERF_PAGES	 2048 /* as ours has on two CPUs: 8 MiB each */
#define BASELINE_SOURCES 1024
#define SOURCES_MAX	 65536

/* Records push what else is in the caches out: so N=1 comes last. */
/* clang-format off */
#define OURS_RATES .ours = true, .may_sample = true, .n_rates = 4, .rates = { 0, 1000, 10, 1 }
/* clang-format on */

/* What is compared with each other is not far apart, for it is loaded in this order, or in the
 * other.
 */
static struct subject subjects[] = {
	{ .name = "bare XDP_PASS", .function = "pass", .elf = single_bpf__elf_bytes, .n_rates = 1 },
	{ .name = "perf",
	  .function = "count_packets",
	  .elf = xdptail_perf_bpf__elf_bytes,
	  OURS_RATES },
	{ .name = "perf",
	  .function = "count_tcp_packets",
	  .elf = xdptail_perf_bpf__elf_bytes,
	  OURS_RATES },
	{ .name = "baseline",
	  .function = "count_tcp_packets",
	  .elf = baseline_bpf__elf_bytes,
	  .may_sample = true,
	  .n_rates = 1,
	  .rates = { 10 } },
	{ .name = "frags",
	  .function = "count_tcp_packets",
	  .elf = xdptail_frags_bpf__elf_bytes,
	  .frags = true,
	  OURS_RATES },
	{ .name = "baseline",
	  .function = "count_tcp_packets",
	  .elf = baseline_bpf__elf_bytes,
	  .may_sample = true,
	  .n_rates = 1,
	  .rates = { 1000 } },
	{ .name = "ring",
	  .function = "count_tcp_packets",
	  .elf = xdptail_ring_bpf__elf_bytes,
	  OURS_RATES },
	{ .name = "ring",
	  .function = "count_packets",
	  .elf = xdptail_ring_bpf__elf_bytes,
	  OURS_RATES },
	{ .name = "one map",
	  .function = "count_packets",
	  .elf = single_bpf__elf_bytes,
	  .n_rates = 1 },
	{ .name = "frags",
	  .function = "count_packets",
	  .elf = xdptail_frags_bpf__elf_bytes,
	  .frags = true,
	  OURS_RATES },
};

struct subject *subject_at(size_t i)
{
	return i < sizeof(subjects) / sizeof(subjects[0]) ? &subjects[i] : NULL;
}

void subject_fail(const char *what)
{
	fprintf(stderr, "kernel_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct bpf_map *map_of(const struct subject *s, const char *name)
{
	return bpf_object__find_map_by_name(s->object, name);
}

static int take_ring(void *ctx, void *data, size_t size)
{
	struct subject *s = ctx;

	(void)data;
	(void)size;
	s->records++;
	return 0;
}

static enum bpf_perf_event_ret take_perf(void *ctx, int cpu, struct perf_event_header *event)
{
	struct subject *s = ctx;

	(void)cpu;
	s->records += event->type == PERF_RECORD_SAMPLE;
	return LIBBPF_PERF_EVENT_CONT;
}

/* Ours as src/lib/perf.c opens it: an eighth of the buffer wakes the reader. The baseline's, as bcc
 * did it for it: each record does.
 */
static struct perf_buffer *open_perf(struct subject *s, int map_fd, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = s->ours,
		.wakeup_watermark = s->ours ? PERF_PAGES * getpagesize() / 8 : 1,
	};
	LIBBPF_OPTS(perf_buffer_raw_opts, opts, .cpu_cnt = 1, .cpus = &cpu, .map_keys = &cpu);

	return perf_buffer__new_raw(map_fd, PERF_PAGES, &attr, take_perf, s, &opts);
}

static void open_reader(struct subject *s, int cpu)
{
	const struct bpf_map *ring = map_of(s, "packet_events");
	const struct bpf_map *perf = map_of(s, "packet_events_perf");

	if (!s->may_sample)
		return;
	if (ring && bpf_map__type(ring) == BPF_MAP_TYPE_RINGBUF)
		s->ring = ring_buffer__new(bpf_map__fd(ring), take_ring, s, NULL);
	else
		s->perf = open_perf(s, bpf_map__fd(perf ? perf : ring), cpu);
	if (!s->ring && !s->perf)
		subject_fail("a reader");
}

/* The baseline's map has no room for more than 1024; then it gets what ours has, for a packet that
 * finds no room is another matter.
 */
static int set_up_baseline(const struct subject *s, __u32 sources)
{
	int err = bpf_map__set_initial_value(map_of(s, ".rodata.rate"), &s->rates[0],
					     sizeof(s->rates[0]));

	if (!err && sources > BASELINE_SOURCES)
		err = bpf_map__set_max_entries(map_of(s, "packet_count"), SOURCES_MAX);
	return err;
}

void subject_load(struct subject *s, __u32 sources, int cpu)
{
	struct bpf_program *program;
	size_t size;
	const void *bytes = s->elf(&size);

	s->object = bpf_object__open_mem(bytes, size, NULL);
	if (!s->object)
		subject_fail(s->name);
	bpf_object__for_each_program(program, s->object)(void) bpf_program__set_autoload(
		program, !strcmp(bpf_program__name(program), s->function));
	if (s->may_sample && !s->ours && set_up_baseline(s, sources))
		subject_fail(s->name);
	program = bpf_object__find_program_by_name(s->object, s->function);
	if (!program || bpf_object__load(s->object))
		subject_fail(s->name);
	s->fd = bpf_program__fd(program);
	s->records = 0;
	open_reader(s, cpu);
}

void subject_set_rate(const struct subject *s, __u32 rate)
{
	const struct settings settings = { .sample_rate = rate };
	const __u32 zero = 0;

	if (s->ours && bpf_map_update_elem(bpf_map__fd(map_of(s, "settings")), &zero, &settings, 0))
		subject_fail("settings");
}

void subject_drain(struct subject *s)
{
	int err = 0;

	if (s->ring)
		err = ring_buffer__consume(s->ring);
	else if (s->perf)
		err = perf_buffer__consume(s->perf);
	if (err < 0)
		subject_fail("reading records");
}

void subject_unload(struct subject *s)
{
	ring_buffer__free(s->ring);
	perf_buffer__free(s->perf);
	bpf_object__close(s->object);
	s->ring = NULL;
	s->perf = NULL;
	s->object = NULL;
}
