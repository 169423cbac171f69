/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF object: chooses the variant for this kernel, or the user's own object, sets the sizes of
 * its maps and its constants, and loads one program for each kind of link. This is the only file
 * that includes the skeletons, and only for their bytes: every object is opened in the same way and
 * its maps are found by name.
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
	const char *ebpf_program; /* path of a user's object; NULL: one of ours */
	const char *function_name;
	enum xdptail_transport transport;
	uint32_t ring_bytes;
	uint32_t max_sources;
	/* above this size all CPUs share one value per source; 0: see object.c */
	uint64_t max_map_bytes;
	xdptail_log_fn log_fn; /* gets the verifier's log of a refused program; or NULL */
	void *log_arg;
	bool trace;
	bool decap; /* load the sibling of the program that looks into tunnels */
	struct tunnel_ports tunnel_ports; /* ports to recognise tunnels by, with decap */
};

/* Descriptors are borrowed from obj. */
struct object {
	struct bpf_object *obj; /* owned */
	enum xdptail_transport transport; /* RINGBUF or PERF */
	bool boot_clock; /* samples carry CLOCK_BOOTTIME; false: CLOCK_MONOTONIC */
	bool frags; /* accepts frames that lie in several buffers */
	uint32_t ring_bytes; /* as rounded for the kernel */
	/* packet_count has one value per source; false: one for each possible CPU */
	bool shared_counts;
	uint64_t map_bytes;
	const char *file; /* path of the user's object, borrowed from the spec; NULL: it is ours */
	int program_fd[LINK_MAX]; /* -1: no program for this kind of link */
	int events_fd;
	int settings_fd;
	int sample_counter_fd;
	int packet_totals_fd;
	int packet_count_fd;
	int generation_fd[ABI_GENERATIONS]; /* the inner maps of packet_count */
};

/* Returns 0, or -errno with the reason set. *ret is set on success only. */
int object_open(struct object *ret, const struct object_spec *spec, struct reason *r);
void object_close(struct object *o);

/* Would the kernel accept the programs of this spec? The sizes in it do not matter. */
bool object_would_load(const struct object_spec *spec);

/* Approximate memory of all maps, which RLIMIT_MEMLOCK has to allow where the kernel uses it. */
uint64_t object_locked_bytes(const struct object_spec *spec);

/* Approximate kernel memory of both generations of packet_count, as kernel/bpf/hashtab.c
 * preallocates hashes. values: one for each possible CPU, or 1 if they are shared.
 */
uint64_t object_count_bytes(uint32_t max_sources, uint32_t values);

#endif
