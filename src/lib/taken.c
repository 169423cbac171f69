// SPDX-License-Identifier: BSD-2-Clause
#include "lib/taken.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The figures first, so that a pointer to them is a pointer to all. */
struct hand {
	struct xdptail_counts counts;
	struct taken taken;
};

static void fill_totals(struct xdptail_counts *c, const struct packet_totals *t)
{
	c->seen = t->seen;
	c->not_ip = t->not_ip;
	c->no_source = t->no_source;
	c->undetermined = t->undetermined;
	c->not_selected = t->not_selected;
	c->counted = t->counted;
	c->counted_bytes = t->counted_bytes;
	c->unattributed_full = t->unattributed_packets[ABI_UNATTRIBUTED_FULL];
	c->unattributed_busy = t->unattributed_packets[ABI_UNATTRIBUTED_BUSY];
	c->unattributed_no_memory = t->unattributed_packets[ABI_UNATTRIBUTED_NOMEM];
	c->unattributed_other = t->unattributed_packets[ABI_UNATTRIBUTED_OTHER];
	c->unattributed_packets = c->unattributed_full + c->unattributed_busy +
				  c->unattributed_no_memory + c->unattributed_other;
	for (int cause = 0; cause < ABI_UNATTRIBUTED_MAX; cause++)
		c->unattributed_bytes += t->unattributed_bytes[cause];
	c->sampled = t->sampled;
	c->lost_ring_full = t->lost[ABI_LOST_RING_FULL];
	c->lost_no_buffer = t->lost[ABI_LOST_NO_BUFFER];
	c->lost_other = t->lost[ABI_LOST_OTHER];
}

static void fill_samples(struct xdptail_counts *c, const struct taken *t)
{
	c->interval_start_ns = t->start_ns;
	c->interval_end_ns = t->end_ns;
	c->delivered = t->delivered;
	c->discarded = t->discarded;
	c->lost_undecodable = t->undecodable;
	c->pending = t->pending;
	c->lost_first_ns = t->lost_first_ns;
	c->lost_last_ns = t->lost_last_ns;
	if (c->lost_ring_full + c->lost_no_buffer + c->lost_other == t->lost_noted)
		return;
	/* the last ones came after the last look */
	c->lost_last_ns = t->end_ns;
	if (!c->lost_first_ns)
		c->lost_first_ns = t->looked_ns < t->end_ns ? t->looked_ns : t->start_ns;
}

int taken_prepare(struct xdptail_counts **ret)
{
	struct hand *hand = calloc(1, sizeof(*hand));

	if (!hand)
		return -ENOMEM;
	*ret = &hand->counts;
	return 0;
}

void taken_hand_over(const struct taken *from, struct xdptail_counts *to)
{
	struct hand *hand = (struct hand *)to;

	hand->taken = *from;
	fill_totals(&hand->counts, &from->totals);
	fill_samples(&hand->counts, from);
	hand->counts.n_sources = sources_number(from->sources);
}

int xdptail_counts_source(const struct xdptail_counts *c, size_t i, struct xdptail_source *ret)
{
	const struct taken *taken = &((const struct hand *)c)->taken;
	const struct count_value *value;
	const struct count_key *key;

	if (i >= c->n_sources)
		return -EINVAL;
	key = sources_at(taken->sources, i, &value);
	memcpy(ret->src_ip, key->addr, sizeof(ret->src_ip));
	ret->interface = taken->name(taken->arg, key->ifindex);
	ret->packets = value->packets;
	ret->bytes = value->bytes;
	return 0;
}

void xdptail_counts_free(struct xdptail_counts *c)
{
	struct hand *hand = (struct hand *)c;

	if (!hand)
		return;
	sources_free(hand->taken.sources);
	free(hand);
}
