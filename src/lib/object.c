// SPDX-License-Identifier: BSD-2-Clause
#include "lib/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/array.h"
#include "lib/capabilities.h"
#include "lib/feature.h"
#include "lib/kernel_error.h"
#include "lib/memlock.h"
#include "lib/object_file.h"
#include "lib/object_layout.h"
#include "lib/object_program.h"
#include "lib/object_refusal.h"
#include "lib/transport.h"
#include "xdptail_frags.skel.h"
#include "xdptail_perf.skel.h"
#include "xdptail_ring.skel.h"

#define MAP_BYTES_MAX	(256ULL << 20) /* for counts, unless the user sets a limit */
#define MAP_BYTES_SMALL (32ULL << 20) /* a map this small is never worth sharing */
/* for programs, totals, and the kernel's overhead of each map */
#define OTHER_BYTES (1ULL << 20)

/* How to ask for the verifier's log of a program. The level of figures (Linux 5.2) has the error
 * but not the walk. A walk may be long; what exceeds the kernel's limit for a log is cut.
 */
struct log_setting {
	__u32 level;
	size_t bytes;
	bool to_log_fn; /* log_fn gets the log */
};
static const struct log_setting log_verdict = { .level = 4, .bytes = 1U << 16 };
static const struct log_setting log_walk = { .level = 1,
					     .bytes = UINT32_MAX >> 8,
					     .to_log_fn = true };

struct variant {
	const char *name;
	const void *(*elf_bytes)(size_t *size);
	bool perf;
	bool frags;
};

/* In the order in which they are tried. */
static const struct variant variants[] = {
	{ "frags", xdptail_frags_bpf__elf_bytes, false, true },
	{ "ring", xdptail_ring_bpf__elf_bytes, false, false },
	{ "perf", xdptail_perf_bpf__elf_bytes, true, false },
};
#define N_VARIANTS (ARRAY_SIZE(variants))

static int check_permission(uint64_t locked_bytes, struct reason *r)
{
	char names[64];
	int err;

	memlock_raise();
	err = feature_programs();
	if (!err && capabilities_missing(names, sizeof(names)))
		err = -EPERM;
	if (!err)
		return 0;
	if (err == -EPERM || err == -EACCES)
		return object_refusal_permission(r, locked_bytes);
	if (err == -ENOSYS)
		return reason_set(r, kernel_error(err),
				  "this kernel has no BPF (CONFIG_BPF_SYSCALL)");
	return reason_set(r, kernel_error(err), "the kernel refuses even an empty XDP program: %s",
			  kernel_error_text(err));
}

static bool is_available(const struct variant *f)
{
	if (f->perf)
		return true;
	if (f->frags && feature_frags())
		return false;
	return !feature_ring_buffer();
}

static int choose_variant(enum xdptail_transport transport, const struct variant **ret,
			  struct reason *r)
{
	for (size_t i = 0; i < N_VARIANTS; i++) {
		if (transport == XDPTAIL_TRANSPORT_RINGBUF && variants[i].perf)
			continue;
		if (transport == XDPTAIL_TRANSPORT_PERF && !variants[i].perf)
			continue;
		if (!is_available(&variants[i]))
			continue;
		*ret = &variants[i];
		return 0;
	}
	return reason_set(r, -EOPNOTSUPP,
			  "this kernel has no BPF ring buffer (Linux 5.8, 64 bits); "
			  "choose the transport \"perf\" or \"auto\"");
}

static uint64_t round_up_pow2(uint64_t n, uint64_t least)
{
	uint64_t size = least;

	while (size < n)
		size *= 2;
	return size;
}

uint64_t object_count_bytes(uint32_t max_sources, uint32_t values)
{
	/* struct htab_elem, the key and a pointer, each rounded up to 8, and 16 bytes per bucket */
	uint64_t element = 48 + (sizeof(struct count_key) + 7) / 8 * 8 + 8;
	uint64_t value_bytes = (uint64_t)values * sizeof(struct count_value);
	uint64_t buckets = round_up_pow2(max_sources, 1) * 16;

	return ABI_GENERATIONS * (max_sources * (element + value_bytes) + buckets);
}

static struct bpf_map *find_map(struct bpf_object *obj, const char *name, int *err)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	if (!map)
		*err = -ENOENT;
	return map;
}

/* Both generations are made here, in the same way. Before 5.10 the template of packet_count, which
 * is also the first generation, must have the size of its replacement, and libbpf 1.1 cannot size
 * the template in the object. Kernels from 5.15 to 6.1 also compare the BTF of timers in the
 * template and the replacement (bpf_map_meta_equal()): a map with BTF, as libbpf makes it, differs
 * from one without.
 */
static int make_map(struct bpf_map *map, enum bpf_map_type type, uint32_t max_entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map),
		    .numa_node = bpf_map__numa_node(map));
	int fd = bpf_map_create(type, bpf_map__name(map), bpf_map__key_size(map),
				bpf_map__value_size(map), max_entries, &opts);
	int err;

	if (fd < 0)
		return -errno;
	err = bpf_map__reuse_fd(map, fd);
	close(fd); /* the map holds a duplicate */
	return err;
}

static void note_map(struct object_failure *f, const struct bpf_map *map, uint64_t bytes)
{
	(void)snprintf(f->map, sizeof(f->map), "%.31s", bpf_map__name(map));
	f->map_bytes = bytes;
}

static int make_generations(struct bpf_map *const generations[ABI_GENERATIONS],
			    struct bpf_map *outer, enum bpf_map_type type, uint32_t max_sources)
{
	int err = 0;

	for (int gen = 0; !err && gen < ABI_GENERATIONS; gen++)
		err = make_map(generations[gen], type, max_sources);
	if (!err)
		err = bpf_map__set_inner_map_fd(outer, bpf_map__fd(generations[0]));
	return err;
}

/* Sets sizes and constants, which are fixed once the object is loaded. Large maps are made here, so
 * that an error shows which of them did not fit.
 */
static int configure(const struct object *o, const struct object_spec *spec,
		     struct object_failure *f)
{
	const struct constants constants = {
		.trace = spec->trace,
		.shared_counts = o->shared_counts,
		.tunnel_ports = spec->tunnel_ports,
	};
	int err = 0;
	struct bpf_map *constants_map = find_map(o->obj, ".rodata.constants", &err);
	struct bpf_map *outer = find_map(o->obj, "packet_count", &err);
	struct bpf_map *const generations[ABI_GENERATIONS] = {
		find_map(o->obj, "packet_count_0", &err),
		find_map(o->obj, "packet_count_1", &err),
	};

	struct bpf_map *ring;

	if (err)
		return err;
	err = bpf_map__set_initial_value(constants_map, &constants, sizeof(constants));
	if (err)
		return err;
	err = make_generations(generations, outer,
			       o->shared_counts ? BPF_MAP_TYPE_HASH : bpf_map__type(generations[0]),
			       spec->max_sources);
	if (err) {
		note_map(f, outer, o->map_bytes);
		return err;
	}
	if (o->transport != XDPTAIL_TRANSPORT_RINGBUF)
		return 0;
	ring = find_map(o->obj, "packet_events", &err);
	if (!err)
		err = make_map(ring, bpf_map__type(ring), o->ring_bytes);
	if (err && ring)
		note_map(f, ring, o->ring_bytes);
	return err;
}

static int find_fds(struct object *o)
{
	const bool perf = o->transport == XDPTAIL_TRANSPORT_PERF;
	const struct {
		const char *name;
		int *ret_fd;
	} maps[] = {
		{ perf ? "packet_events_perf" : "packet_events", &o->events_fd },
		{ "settings", &o->settings_fd },
		{ "sample_counter", &o->sample_counter_fd },
		{ "packet_totals", &o->packet_totals_fd },
		{ "packet_count", &o->packet_count_fd },
		{ "packet_count_0", &o->generation_fd[0] },
		{ "packet_count_1", &o->generation_fd[1] },
	};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		*maps[i].ret_fd = bpf_object__find_map_fd_by_name(o->obj, maps[i].name);
		if (*maps[i].ret_fd < 0)
			return *maps[i].ret_fd;
	}
	return 0;
}

static void find_program_fds(struct object *o, struct bpf_program *const progs[LINK_MAX])
{
	for (int link = 0; link < LINK_MAX; link++)
		o->program_fd[link] = progs[link] ? bpf_program__fd(progs[link]) : -1;
}

static uint32_t real_ring_bytes(enum xdptail_transport transport, uint32_t ring_bytes)
{
	if (transport == XDPTAIL_TRANSPORT_PERF)
		return transport_perf_bytes(ring_bytes);
	return (uint32_t)round_up_pow2(ring_bytes, (uint64_t)sysconf(_SC_PAGESIZE));
}

/* A value for each possible CPU costs memory for CPUs that may never come up. In return the present
 * CPUs do not contend for one value. Unless the user sets a limit, the values are shared if the
 * memory is large, and more than twice what the present CPUs alone would need.
 */
static bool shares_counts(uint32_t max_sources, uint64_t max_map_bytes)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	const uint64_t bytes =
		object_count_bytes(max_sources, (uint32_t)libbpf_num_possible_cpus());

	if (max_map_bytes)
		return bytes > max_map_bytes;
	return bytes > MAP_BYTES_MAX ||
	       (bytes > MAP_BYTES_SMALL && online > 0 &&
		bytes > 2 * object_count_bytes(max_sources, (uint32_t)online));
}

static uint64_t chosen_count_bytes(const struct object_spec *spec, bool shared)
{
	return object_count_bytes(spec->max_sources,
				  shared ? 1 : (uint32_t)libbpf_num_possible_cpus());
}

uint64_t object_locked_bytes(const struct object_spec *spec)
{
	const bool shared = shares_counts(spec->max_sources, spec->max_map_bytes);

	return chosen_count_bytes(spec, shared) +
	       real_ring_bytes(spec->transport, spec->ring_bytes) + OTHER_BYTES;
}

static int choose_counts(struct object *o, const struct object_spec *spec, struct reason *r)
{
	const uint64_t limit = spec->max_map_bytes ? spec->max_map_bytes : MAP_BYTES_MAX;

	o->shared_counts = shares_counts(spec->max_sources, spec->max_map_bytes);
	o->map_bytes = chosen_count_bytes(spec, o->shared_counts);
	if (o->map_bytes > limit)
		return reason_set(r, -EINVAL,
				  "%u sources need %" PRIu64
				  " MiB of maps, and the limit is %" PRIu64
				  " MiB; choose fewer sources or a higher limit",
				  spec->max_sources, (o->map_bytes + 0xfffff) >> 20, limit >> 20);
	return 0;
}

static int open_embedded(struct object *o, const struct object_spec *spec, struct reason *r)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "xdptail");
	const struct variant *f = &variants[0];
	const void *bytes;
	size_t size;
	int err = choose_variant(spec->transport, &f, r);

	if (err)
		return err;
	bytes = f->elf_bytes(&size);
	o->obj = bpf_object__open_mem(bytes, size, &opts);
	if (!o->obj)
		return reason_set(r, -errno, "cannot open the embedded BPF object \"%s\": %s",
				  f->name, strerror(errno));
	o->transport = f->perf ? XDPTAIL_TRANSPORT_PERF : XDPTAIL_TRANSPORT_RINGBUF;
	o->frags = f->frags;
	return 0;
}

static int check_transport(const struct object *o, const struct object_spec *spec, struct reason *r)
{
	const bool perf = o->transport == XDPTAIL_TRANSPORT_PERF;

	if (spec->transport != XDPTAIL_TRANSPORT_AUTO && spec->transport != o->transport)
		return reason_set(
			r, -EINVAL,
			"%.300s: its samples come through the map \"%s\", so the transport "
			"\"%s\" can't be had; choose \"%s\" or \"auto\"",
			o->file, perf ? "packet_events_perf" : "packet_events",
			perf ? "ringbuf" : "perf", perf ? "perf" : "ringbuf");
	if (!perf && feature_ring_buffer())
		return reason_set(
			r, -EOPNOTSUPP,
			"%.300s: this kernel has no BPF ring buffer (Linux 5.8, 64 bits); "
			"build it with the map \"packet_events_perf\"",
			o->file);
	return 0;
}

/* Nothing of the object but its maps and the named program may stay in the kernel: libbpf would pin
 * a map that asks for it, and reuse one that is pinned.
 */
static void clear_pins(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)(void)
		bpf_map__set_pin_path(map, NULL); /* cannot fail without a path */
}

static int open_own(struct object *o, const struct object_spec *spec, struct reason *r)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "xdptail");
	void *bytes;
	size_t size;
	int err = object_file_read(spec->ebpf_program, &bytes, &size, r);

	if (err)
		return err;
	o->file = spec->ebpf_program;
	o->obj = bpf_object__open_mem(bytes, size, &opts); /* libbpf copies what it keeps */
	if (!o->obj) {
		char text[128] = "";

		(void)libbpf_strerror(-errno, text, sizeof(text)); /* a message may be cut */
		free(bytes);
		return reason_set(r, -EINVAL, "%.300s: is no BPF object: %s", o->file, text);
	}
	free(bytes);
	clear_pins(o->obj);
	err = object_layout_check(o->obj, o->file, &o->transport, r);
	return err ? err : check_transport(o, spec, r);
}

/* The object states the values of packet_count itself, but they are known only after loading. */
static int fill_packet_count(const struct object *o)
{
	int err = 0;

	for (__u32 gen = 0; !err && o->file && gen < ABI_GENERATIONS; gen++)
		err = bpf_map_update_elem(o->packet_count_fd, &gen, &o->generation_fd[gen],
					  BPF_ANY);
	return err;
}

/* Sends the verifier's log to buffers here, instead of libbpf's messages. */
static void set_logs(struct bpf_program *const progs[LINK_MAX], const struct log_setting *set,
		     char *const logs[LINK_MAX])
{
	for (int link = 0; link < LINK_MAX; link++) {
		if (!progs[link] || !logs[link])
			continue;
		*logs[link] = '\0';
		/* cannot fail before the program is loaded */
		(void)bpf_program__set_log_level(progs[link], set->level);
		(void)bpf_program__set_log_buf(progs[link], logs[link],
					       set->bytes); /* cannot fail */
	}
}

/* A program that was accepted has no verdict. */
static void note_verdict(struct object_failure *f, struct bpf_program *const progs[LINK_MAX],
			 char *const logs[LINK_MAX])
{
	for (int link = 0; link < LINK_MAX && !f->verdict[0]; link++) {
		if (!progs[link] || !logs[link])
			continue;
		verifier_log_verdict(logs[link], f->verdict);
		(void)snprintf(f->program, sizeof(f->program), "%.63s",
			       bpf_program__name(progs[link]));
	}
}

/* Passes each line to log_fn. */
static void log_lines(const struct object_spec *spec, char *log)
{
	for (char *line = strsep(&log, "\n"); line; line = strsep(&log, "\n")) {
		if (*line)
			spec->log_fn(spec->log_arg, line);
	}
}

static int load_programs(struct object *o, const struct object_spec *spec,
			 struct bpf_program *const progs[LINK_MAX], struct object_failure *f,
			 const struct log_setting *set)
{
	char *logs[LINK_MAX];
	int err;

	for (int link = 0; link < LINK_MAX; link++)
		logs[link] = malloc(set->bytes); /* without a buffer libbpf uses its own */
	set_logs(progs, set, logs);
	err = bpf_object__load(o->obj);
	if (err)
		note_verdict(f, progs, logs);
	for (int link = 0; link < LINK_MAX; link++) {
		if (err && set->to_log_fn && logs[link])
			log_lines(spec, logs[link]);
		free(logs[link]);
	}
	return err;
}

static int load_object(struct object *o, const struct object_spec *spec,
		       const struct log_setting *set, struct object_failure *f, struct reason *r)
{
	struct bpf_program *progs[LINK_MAX] = { NULL };
	int err = object_program_choose(o->obj, spec, progs, r);

	if (err)
		return err;
	if (o->file)
		o->frags = object_program_has_frags(progs[LINK_ETHERNET]);
	err = configure(o, spec, f);
	if (!err)
		err = load_programs(o, spec, progs, f, set);
	if (!err)
		err = find_fds(o);
	if (!err)
		err = fill_packet_count(o);
	f->err = err;
	if (!err)
		find_program_fds(o, progs);
	return err;
}

/* *ret has to be closed in any case. */
static int open_and_load(struct object *ret, const struct object_spec *spec,
			 const struct log_setting *set, struct object_failure *f, struct reason *r)
{
	int err = spec->ebpf_program ? open_own(ret, spec, r) : open_embedded(ret, spec, r);

	if (err)
		return err;
	ret->boot_clock = ret->transport == XDPTAIL_TRANSPORT_RINGBUF;
	ret->ring_bytes = real_ring_bytes(ret->transport, spec->ring_bytes);
	err = choose_counts(ret, spec, r);
	if (err)
		return err;
	f->transport = ret->transport;
	f->shared_counts = ret->shared_counts;
	return load_object(ret, spec, set, f, r);
}

/* Returns a spec with the smallest sizes, which are enough to run the verifier. */
static struct object_spec smallest_spec(const struct object_spec *spec)
{
	struct object_spec small = *spec;

	small.ring_bytes = XDPTAIL_RING_BYTES_MIN;
	small.max_sources = 1;
	small.max_map_bytes = 0;
	return small;
}

bool object_would_load(const struct object_spec *spec)
{
	const struct object_spec small = smallest_spec(spec);
	struct object_failure f = { 0 };
	struct object o = { 0 };
	struct reason unread;
	int err = open_and_load(&o, &small, &log_verdict, &f, &unread);

	object_close(&o);
	return !err;
}

/* Runs the verifier a second time, to log its whole walk. */
static void log_whole_walk(const struct object_spec *spec)
{
	const struct object_spec small = smallest_spec(spec);
	struct object_failure f = { 0 };
	struct object o = { 0 };
	struct reason unread;

	/* it is refused for the same reason */
	(void)open_and_load(&o, &small, &log_walk, &f, &unread);
	object_close(&o);
}

int object_open(struct object *ret, const struct object_spec *spec, struct reason *r)
{
	struct object_failure f = { .locked_bytes = object_locked_bytes(spec) };
	struct object o = { 0 };
	int err = check_permission(f.locked_bytes, r);

	if (err)
		return err;
	err = open_and_load(&o, spec, &log_verdict, &f, r);
	if (!err) {
		*ret = o;
		return 0;
	}
	object_close(&o);
	if (!f.err)
		return err;
	if (f.verdict[0] && spec->log_fn)
		log_whole_walk(spec);
	return object_refusal(r, &f, spec);
}

void object_close(struct object *o)
{
	bpf_object__close(o->obj); /* NULL is fine */
	o->obj = NULL;
}
