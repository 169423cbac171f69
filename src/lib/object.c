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

#include "lib/capabilities.h"
#include "lib/feature.h"
#include "lib/object_file.h"
#include "lib/object_layout.h"
#include "lib/object_program.h"
#include "lib/transport.h"
#include "xdptail_frags.skel.h"
#include "xdptail_perf.skel.h"
#include "xdptail_ring.skel.h"

struct flavour {
	const char *name;
	const void *(*elf_bytes)(size_t *size);
	bool perf;
	bool frags;
};

/* In order of preference. */
static const struct flavour flavours[] = {
	{ "frags", xdptail_frags_bpf__elf_bytes, false, true },
	{ "ring", xdptail_ring_bpf__elf_bytes, false, false },
	{ "perf", xdptail_perf_bpf__elf_bytes, true, false },
};
#define N_FLAVOURS (sizeof(flavours) / sizeof(flavours[0]))

/* EPERM has several causes; say which, and what grants it. */
static int explain_permission(struct reason *r)
{
	char names[64];
	unsigned int n = capabilities_missing(names, sizeof(names));

	if (!n)
		return reason_set(
			r, -EPERM,
			"the kernel refuses BPF programs although the capabilities are there: a "
			"user namespace, seccomp, lockdown or RLIMIT_MEMLOCK stands in the way");
	return reason_set(
		r, -EPERM,
		"not permitted to load BPF programs: %s %s missing; run as root, or grant "
		"them: setcap cap_bpf,cap_net_admin,cap_perfmon=ep $(command -v xdptail) "
		"(before Linux 5.8: CAP_SYS_ADMIN)",
		names, n > 1 ? "are" : "is");
}

static int check_permission(struct reason *r)
{
	char names[64];
	int err = feature_programs();

	if (!err && capabilities_missing(names, sizeof(names)))
		return explain_permission(r);
	if (!err)
		return 0;
	if (err == -EPERM || err == -EACCES)
		return explain_permission(r);
	if (err == -ENOSYS)
		return reason_set(r, err, "this kernel has no BPF (CONFIG_BPF_SYSCALL)");
	return reason_set(r, err, "the kernel refuses even an empty XDP program: %s",
			  strerror(-err));
}

static bool is_available(const struct flavour *f)
{
	if (f->perf)
		return true;
	if (f->frags && feature_frags())
		return false;
	return !feature_ring_buffer();
}

static int choose_flavour(enum xdptail_transport transport, const struct flavour **ret,
			  struct reason *r)
{
	for (size_t i = 0; i < N_FLAVOURS; i++) {
		if (transport == XDPTAIL_TRANSPORT_RINGBUF && flavours[i].perf)
			continue;
		if (transport == XDPTAIL_TRANSPORT_PERF && !flavours[i].perf)
			continue;
		if (!is_available(&flavours[i]))
			continue;
		*ret = &flavours[i];
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
	/* struct htab_elem, the key and a pointer, each rounded up to 8; 16 bytes a bucket */
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

/* Both generations are made here, in the same way. Before 5.10 the template of packet_count, which the
 * first is too, must have the size of what it stands for, and libbpf 1.1 cannot size the one in the
 * object. And kernels from 5.15 to 6.1 compare what BTF says of a timer in the template and in what
 * takes its place (bpf_map_meta_equal()): a map with BTF, as libbpf makes it, and one without differ.
 */
static int make_generation(struct bpf_map *map, enum bpf_map_type type, uint32_t max_sources)
{
	int fd = bpf_map_create(type, bpf_map__name(map), bpf_map__key_size(map),
				bpf_map__value_size(map), max_sources, NULL);
	int err;

	if (fd < 0)
		return -errno;
	err = bpf_map__reuse_fd(map, fd);
	close(fd); /* the map has its own now */
	return err;
}

static int make_generations(struct bpf_map *const generations[ABI_GENERATIONS],
			    struct bpf_map *outer, enum bpf_map_type type, uint32_t max_sources)
{
	int err = 0;

	for (int gen = 0; !err && gen < ABI_GENERATIONS; gen++)
		err = make_generation(generations[gen], type, max_sources);
	if (!err)
		err = bpf_map__set_inner_map_fd(outer, bpf_map__fd(generations[0]));
	return err;
}

/* Sizes and constants, all of which are fixed once the object is loaded. */
static int configure(const struct object *o, const struct object_spec *spec)
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

	if (err)
		return err;
	err = bpf_map__set_initial_value(constants_map, &constants, sizeof(constants));
	if (!err)
		err = make_generations(generations, outer,
				       o->shared_counts ? BPF_MAP_TYPE_HASH :
							  bpf_map__type(generations[0]),
				       spec->max_sources);
	if (!err && o->transport == XDPTAIL_TRANSPORT_RINGBUF)
		err = bpf_map__set_max_entries(find_map(o->obj, "packet_events", &err),
					       o->ring_bytes);
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

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
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

static int explain_load(struct reason *r, int err, const struct object *o)
{
	/* the verifier's errors, too, when it has not seen the program yet */
	const bool refused = o->file && err != -EPERM && err != -ENOMEM;

	if (refused)
		return reason_set(r, -EINVAL,
				  "%.300s: the kernel does not take it: %s; what the verifier said "
				  "is with libbpf's messages",
				  o->file, strerror(-err));
	if (err == -EPERM || err == -EACCES)
		return explain_permission(r);
	if (err == -ENOMEM || err == -E2BIG)
		return reason_set(r, err,
				  "no memory for maps of %" PRIu64
				  " MiB and a ring of %u KiB; choose "
				  "fewer sources or a smaller ring: %s",
				  o->map_bytes >> 20, o->ring_bytes >> 10, strerror(-err));
	return reason_set(r, err, "the kernel does not take the BPF program: %s", strerror(-err));
}

static uint32_t real_ring_bytes(enum xdptail_transport transport, uint32_t ring_bytes)
{
	if (transport == XDPTAIL_TRANSPORT_PERF)
		return transport_perf_bytes(ring_bytes);
	return (uint32_t)round_up_pow2(ring_bytes, (uint64_t)sysconf(_SC_PAGESIZE));
}

/* A value for each possible CPU, which may be many more than there are (TRAPS A11), or one that all
 * share.
 */
static int choose_counts(struct object *o, const struct object_spec *spec, struct reason *r)
{
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();

	o->map_bytes = object_count_bytes(spec->max_sources, cpus);
	o->shared_counts = o->map_bytes > spec->max_map_bytes;
	if (o->shared_counts)
		o->map_bytes = object_count_bytes(spec->max_sources, 1);
	if (o->map_bytes > spec->max_map_bytes)
		return reason_set(r, -EINVAL,
				  "%u sources need %" PRIu64
				  " MiB of maps, and the limit is %" PRIu64
				  " MiB; choose fewer sources or a higher limit",
				  spec->max_sources, (o->map_bytes + 0xfffff) >> 20,
				  spec->max_map_bytes >> 20);
	return 0;
}

static int open_embedded(struct object *o, const struct object_spec *spec, struct reason *r)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "xdptail");
	const struct flavour *f = &flavours[0];
	const void *bytes;
	size_t size;
	int err = choose_flavour(spec->transport, &f, r);

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

/* Nothing of the object but what it counts with and the program that is named is to be left in the
 * kernel: libbpf would pin a map that says so, and reuse one that is pinned.
 */
static void forget_pins(struct bpf_object *obj)
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
	o->obj = bpf_object__open_mem(bytes, size, &opts); /* has copies of what it keeps */
	if (!o->obj) {
		char text[128] = "";

		(void)libbpf_strerror(-errno, text, sizeof(text)); /* cut short is good enough */
		free(bytes);
		return reason_set(r, -EINVAL, "%.300s: is no BPF object: %s", o->file, text);
	}
	free(bytes);
	forget_pins(o->obj);
	err = object_layout_check(o->obj, o->file, &o->transport, r);
	return err ? err : check_transport(o, spec, r);
}

/* The object says itself what packet_count has in it, but that can be seen only now. */
static int fill_packet_count(const struct object *o)
{
	int err = 0;

	for (__u32 gen = 0; !err && o->file && gen < ABI_GENERATIONS; gen++)
		err = bpf_map_update_elem(o->packet_count_fd, &gen, &o->generation_fd[gen],
					  BPF_ANY);
	return err;
}

static int load(struct object *o, const struct object_spec *spec, struct reason *r)
{
	struct bpf_program *progs[LINK_MAX] = { NULL };
	int err = object_program_choose(o->obj, spec, progs, r);

	if (err)
		return err;
	if (o->file)
		o->frags = object_program_has_frags(progs[LINK_ETHERNET]);
	err = configure(o, spec);
	if (!err)
		err = bpf_object__load(o->obj);
	if (!err)
		err = find_fds(o);
	if (!err)
		err = fill_packet_count(o);
	if (err)
		return explain_load(r, err, o);
	find_program_fds(o, progs);
	return 0;
}

int object_open(struct object *ret, const struct object_spec *spec, struct reason *r)
{
	struct object o = { 0 };
	int err = check_permission(r);

	if (!err)
		err = spec->ebpf_program ? open_own(&o, spec, r) : open_embedded(&o, spec, r);
	if (!err) {
		o.boot_clock = o.transport == XDPTAIL_TRANSPORT_RINGBUF;
		o.ring_bytes = real_ring_bytes(o.transport, spec->ring_bytes);
		err = choose_counts(&o, spec, r);
	}
	if (!err)
		err = load(&o, spec, r);
	if (err)
		object_close(&o);
	else
		*ret = o;
	return err;
}

void object_close(struct object *o)
{
	bpf_object__close(o->obj); /* takes NULL */
	o->obj = NULL;
}
