/* SPDX-License-Identifier: BSD-2-Clause */
/* What snapshots say, held against the laws one by one, and summed up to be held against what was
 * driven through the program.
 */
#ifndef TESTS_LEDGER_H
#define TESTS_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

struct ledger_source {
	uint64_t packets;
	uint64_t bytes;
	uint64_t snapshot; /* the last one that listed it */
};

/* What the packets that were driven add up to. */
struct ledger_driven {
	uint64_t seen;
	uint64_t not_ip;
	uint64_t no_source;
	uint64_t undetermined;
	uint64_t not_selected;
	uint64_t counted;
	uint64_t counted_bytes;
	struct ledger_source *sources; /* owned by whoever drives */
};

struct ledger {
	const char *name; /* of the case, for messages */
	uint64_t violations; /* each of the first few is printed to stderr */
	uint64_t snapshots;
	uint64_t merged; /* snapshots with more sources than a generation holds */
	uint64_t delivered; /* samples that came by the callback */
	uint64_t pending;
	uint64_t end_ns; /* of the last interval */
	uint32_t max_sources;
	struct xdptail_counts sum;
	struct ledger_source *sources; /* owned; by their index */
	size_t n_sources;
	uint64_t *cpu_seq; /* owned; the last of each CPU */
	unsigned int cpus;
};

/* The address of a source, by its index: IPv4, and every fourth IPv6. */
void ledger_address(size_t index, uint8_t ret[16]);

/* 0 or -ENOMEM. */
int ledger_open(struct ledger *ret, const char *name, size_t n_sources, uint32_t max_sources);
void ledger_close(struct ledger *l);

/* One sample. */
void ledger_packet(struct ledger *l, const struct xdptail_packet *packet);

/* One snapshot: L1, L2 and L3 of it, and each of its sources. */
void ledger_snapshot(struct ledger *l, const struct xdptail_counts *c);

/* All packets are in, and the last snapshot was taken: the sums are those of what was driven. */
void ledger_balance(struct ledger *l, const struct ledger_driven *driven);

#endif
