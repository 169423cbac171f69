/* SPDX-License-Identifier: BSD-2-Clause */
/* A handle flooded from two threads by BPF_PROG_RUN while its counts are taken back to back.
 *
 * The program is attached to the loopback interface of a network namespace of our own: that costs
 * nothing, and a run of several repetitions of a program that is attached nowhere patches the
 * kernel's dispatcher each time.
 */
#ifndef TESTS_FLOOD_H
#define TESTS_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "xdptail.h"

struct flood_case {
	const char *name;
	enum xdptail_transport transport;
	uint32_t ring_bytes;
	uint32_t max_sources;
	uint32_t n_sources; /* that send, in turn */
	uint32_t repeat; /* packets a call: as long as the kernel's lock-free section lasts */
	uint32_t snapshot_ms; /* between two snapshots; 0: none */
	bool shared; /* the memory limit is such that CPUs share the counts */
	bool take; /* xdptail_take_counts(), else in steps */
	uint32_t packets_percent; /* of the whole soak */
	uint32_t snapshots_percent;
};

#define FLOOD_CASES 9
extern const struct flood_case flood_cases[FLOOD_CASES];

struct flood_result {
	uint64_t packets;
	uint64_t snapshots;
	uint64_t merged; /* snapshots of more than one generation */
	uint64_t violations;
	uint64_t unattributed;
	uint64_t sampled;
	uint64_t lost;
	int shared;
	char reason[256]; /* why it could not be run */
};

/* Runs one case until both numbers are reached. The network namespace of the thread is another one
 * afterwards. progress: lines to stderr meanwhile. 0, or -errno with the reason set.
 */
int flood_run(const struct flood_case *c, uint64_t packets, uint64_t snapshots, bool progress,
	      struct flood_result *ret);

#endif
