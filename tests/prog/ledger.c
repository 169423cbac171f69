// SPDX-License-Identifier: BSD-2-Clause
#include "ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#define PRINTED_MAX 20 /* the first violations tell; the number of all of them comes at the end */

static void expect(struct ledger *l, const char *what, uint64_t got, uint64_t want)
{
	if (got == want)
		return;
	l->violations++;
	if (l->violations <= PRINTED_MAX)
		fprintf(stderr, "%s: snapshot %" PRIu64 ": %s: got %" PRIu64 ", want %" PRIu64 "\n",
			l->name, l->snapshots, what, got, want);
}

static void expect_at_most(struct ledger *l, const char *what, uint64_t got, uint64_t most)
{
	if (got > most)
		expect(l, what, got, most);
}

void ledger_address(size_t index, uint8_t ret[16])
{
	static const uint8_t ipv4[16] = { [10] = 0xff, 0xff, 10 };
	static const uint8_t ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	memcpy(ret, index % 4 == 3 ? ipv6 : ipv4, sizeof(ipv4));
	ret[13] = (uint8_t)(index >> 16);
	ret[14] = (uint8_t)(index >> 8);
	ret[15] = (uint8_t)index;
}

static size_t index_of(const uint8_t address[16])
{
	return (size_t)address[13] << 16 | (size_t)address[14] << 8 | address[15];
}

int ledger_open(struct ledger *ret, const char *name, size_t n_sources, uint32_t max_sources)
{
	struct ledger l = { .name = name, .n_sources = n_sources, .max_sources = max_sources };

	l.cpus = (unsigned int)libbpf_num_possible_cpus();
	l.sources = calloc(n_sources, sizeof(*l.sources));
	l.cpu_seq = calloc(l.cpus, sizeof(*l.cpu_seq));
	if (!l.sources || !l.cpu_seq) {
		ledger_close(&l);
		return -ENOMEM;
	}
	*ret = l;
	return 0;
}

void ledger_close(struct ledger *l)
{
	free(l->sources);
	free(l->cpu_seq);
}

void ledger_packet(struct ledger *l, const struct xdptail_packet *packet)
{
	uint8_t want[16];

	l->delivered++;
	ledger_address(index_of(packet->src_ip), want);
	expect(l, "a sample's source is not one of ours", memcmp(packet->src_ip, want, 16) != 0, 0);
	if (packet->cpu >= l->cpus) {
		expect(l, "a sample's CPU", packet->cpu, l->cpus - 1);
		return;
	}
	if (packet->cpu_seq <= l->cpu_seq[packet->cpu])
		expect(l, "a sample's number", packet->cpu_seq, l->cpu_seq[packet->cpu] + 1);
	l->cpu_seq[packet->cpu] = packet->cpu_seq;
}

static uint64_t lost(const struct xdptail_counts *c)
{
	return c->lost_ring_full + c->lost_no_buffer + c->lost_other + c->lost_undecodable;
}

static void check_totals(struct ledger *l, const struct xdptail_counts *c)
{
	expect(l, "L1: seen", c->seen,
	       c->not_ip + c->no_source + c->undetermined + c->not_selected + c->counted);
	expect(l, "unattributed, by cause",
	       c->unattributed_full + c->unattributed_busy + c->unattributed_no_memory +
		       c->unattributed_other,
	       c->unattributed_packets);
	expect(l, "L3: sampled, and pending before", l->pending + c->sampled,
	       c->delivered + c->discarded + lost(c) + c->pending);
	if (l->end_ns)
		expect(l, "where the interval begins", c->interval_start_ns, l->end_ns);
	l->pending = c->pending;
	l->end_ns = c->interval_end_ns;
}

static void add_source(struct ledger *l, const struct xdptail_source *s)
{
	size_t index = index_of(s->src_ip);
	uint8_t want[16];

	ledger_address(index, want);
	if (index >= l->n_sources || memcmp(s->src_ip, want, sizeof(want)) != 0) {
		expect(l, "a source that is not one of ours", index, l->n_sources);
		return;
	}
	expect(l, "interface of a source", strcmp(s->interface, "lo") != 0, 0);
	expect(l, "source without packets", s->packets == 0, 0);
	expect(l, "source listed twice", l->sources[index].snapshot == l->snapshots, 0);
	l->sources[index].snapshot = l->snapshots;
	l->sources[index].packets += s->packets;
	l->sources[index].bytes += s->bytes;
}

static void check_sources(struct ledger *l, const struct xdptail_counts *c)
{
	uint64_t packets = c->unattributed_packets;
	uint64_t bytes = c->unattributed_bytes;
	struct xdptail_source s;

	for (size_t i = 0; i < c->n_sources; i++) {
		if (xdptail_counts_source(c, i, &s)) {
			expect(l, "sources that can be read", i, c->n_sources);
			return;
		}
		packets += s.packets;
		bytes += s.bytes;
		add_source(l, &s);
	}
	expect(l, "L2: sum of the packets", packets, c->counted);
	expect(l, "L2: sum of the bytes", bytes, c->counted_bytes);
}

static void add_counts(struct xdptail_counts *sum, const struct xdptail_counts *c)
{
	sum->seen += c->seen;
	sum->not_ip += c->not_ip;
	sum->no_source += c->no_source;
	sum->undetermined += c->undetermined;
	sum->not_selected += c->not_selected;
	sum->counted += c->counted;
	sum->counted_bytes += c->counted_bytes;
	sum->unattributed_packets += c->unattributed_packets;
	sum->unattributed_bytes += c->unattributed_bytes;
	sum->sampled += c->sampled;
	sum->delivered += c->delivered;
	sum->lost_ring_full += c->lost_ring_full;
	sum->lost_undecodable += c->lost_undecodable;
	sum->lost_other += c->lost_other + c->lost_no_buffer;
}

void ledger_snapshot(struct ledger *l, const struct xdptail_counts *c)
{
	l->snapshots++;
	check_totals(l, c);
	check_sources(l, c);
	add_counts(&l->sum, c);
	if (c->n_sources > l->max_sources)
		l->merged++;
}

/* What is missing from the sources must be what is said to be unattributed. */
static void balance_sources(struct ledger *l, const struct ledger_source *driven)
{
	uint64_t packets = 0, bytes = 0;

	for (size_t i = 0; i < l->n_sources; i++) {
		expect_at_most(l, "a source's packets", l->sources[i].packets, driven[i].packets);
		expect_at_most(l, "a source's bytes", l->sources[i].bytes, driven[i].bytes);
		packets += driven[i].packets - l->sources[i].packets;
		bytes += driven[i].bytes - l->sources[i].bytes;
	}
	expect(l, "packets of no source", packets, l->sum.unattributed_packets);
	expect(l, "bytes of no source", bytes, l->sum.unattributed_bytes);
}

void ledger_balance(struct ledger *l, const struct ledger_driven *driven)
{
	uint64_t taken = 0; /* samples, as the CPUs numbered them, to the last that we saw */

	expect(l, "sum of seen", l->sum.seen, driven->seen);
	expect(l, "sum of not_ip", l->sum.not_ip, driven->not_ip);
	expect(l, "sum of no_source", l->sum.no_source, driven->no_source);
	expect(l, "sum of undetermined", l->sum.undetermined, driven->undetermined);
	expect(l, "sum of not_selected", l->sum.not_selected, driven->not_selected);
	expect(l, "sum of counted", l->sum.counted, driven->counted);
	expect(l, "sum of counted_bytes", l->sum.counted_bytes, driven->counted_bytes);
	balance_sources(l, driven->sources);

	for (unsigned int cpu = 0; cpu < l->cpus; cpu++)
		taken += l->cpu_seq[cpu];
	expect(l, "samples that came", l->delivered, l->sum.delivered);
	expect(l, "undecodable", l->sum.lost_undecodable, 0);
	expect(l, "lost otherwise", l->sum.lost_other, 0);
	expect(l, "left in the ring", l->pending, 0);
	expect_at_most(l, "samples numbered", taken, l->sum.sampled);
	expect_at_most(l, "gaps in the numbers", taken - l->delivered, l->sum.lost_ring_full);
}
