/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF object: which variant this kernel takes, or the user's own; its maps sized, its constants
 * set, one program for each kind of link loaded. The only includer of the skeletons, which are used
 * for the bytes in them: every object is opened alike and its maps are found by name.
 */
#ifndef LIB_OBJECT_H
#define LIB_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "abi.h"
#include "lib/link.h"
#include "base/reason.h"

struct bpf_object;

struct object_spec {
	const char *ebpf_program; /* path of an object of the user's; NULL: one of ours */
	const char *function_name;
	enum xdptail_transport transport;
	uint32_t ring_bytes;
	uint32_t max_sources;
	/* more than this, and all CPUs share one value a source; 0: see object.c */
	uint64_t max_map_bytes;
	xdptail_log_fn
		log_fn; /* told what the verifier says of a program that it refuses; or NULL */
	void *log_arg;
	bool trace;
	bool decap; /* the program's sibling that looks into tunnels */
	struct tunnel_ports tunnel_ports; /* for it */
};

/* Descriptors are borrowed from obj. */
struct object {
	struct bpf_object *obj; /* owned */
	enum xdptail_transport transport; /* RINGBUF or PERF */
	bool boot_clock; /* samples carry CLOCK_BOOTTIME, else CLOCK_MONOTONIC */
	bool frags; /* takes frames that lie in several buffers */
	uint32_t ring_bytes; /* as the kernel has them */
	bool shared_counts; /* packet_count has one value a source, else one each possible CPU */
	uint64_t map_bytes;
	const char *file; /* the user's, as in the spec: borrowed; NULL: it is ours */
	int program_fd[LINK_MAX]; /* -1: none for this kind of link */
	int events_fd;
	int settings_fd;
	int sample_counter_fd;
	int packet_totals_fd;
	int packet_count_fd;
	int generation_fd[ABI_GENERATIONS]; /* the inner maps of packet_count */
};

/* 0, or -errno with the reason set. *ret is set on success only. */
int object_open(struct object *ret, const struct object_spec *spec, struct reason *r);
void object_close(struct object *o);

/* Does the kernel take what would be loaded by this? The sizes in it do not count. */
bool object_would_load(const struct object_spec *spec);

/* Memory of all maps, about: what RLIMIT_MEMLOCK has to allow where it counts. */
uint64_t object_locked_bytes(const struct object_spec *spec);

/* Kernel memory of both generations of packet_count, about: as kernel/bpf/hashtab.c allocates
 * preallocated hashes. values: one each possible CPU, or 1 when they are shared.
 */
uint64_t object_count_bytes(uint32_t max_sources, uint32_t values);

#endif
