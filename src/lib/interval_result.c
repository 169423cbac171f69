// SPDX-License-Identifier: BSD-2-Clause
#include "lib/interval_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The public struct comes first, so that a pointer to it is a pointer to the whole. */
struct owned_result {
	struct xdptail_counts counts;
	struct interval_result result;
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

static void fill_samples(struct xdptail_counts *c, const struct interval_result *t)
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
	/* the last losses came after the last check */
	c->lost_last_ns = t->end_ns;
	if (!c->lost_first_ns)
		c->lost_first_ns = t->checked_ns < t->end_ns ? t->checked_ns : t->start_ns;
}

int interval_result_new(struct xdptail_counts **ret)
{
	struct owned_result *owned = calloc(1, sizeof(*owned));

	if (!owned)
		return -ENOMEM;
	*ret = &owned->counts;
	return 0;
}

void interval_result_to_counts(const struct interval_result *from, struct xdptail_counts *to)
{
	struct owned_result *owned = (struct owned_result *)to;

	owned->result = *from;
	fill_totals(&owned->counts, &from->totals);
	fill_samples(&owned->counts, from);
	owned->counts.n_sources = sources_number(from->sources);
}

int xdptail_counts_source(const struct xdptail_counts *c, size_t i, struct xdptail_source *ret)
{
	const struct interval_result *result = &((const struct owned_result *)c)->result;
	const struct count_value *value;
	const struct count_key *key;

	if (i >= c->n_sources)
		return -EINVAL;
	key = sources_at(result->sources, i, &value);
	memcpy(ret->src_ip, key->addr, sizeof(ret->src_ip));
	ret->interface = result->name(result->arg, key->ifindex);
	ret->packets = value->packets;
	ret->bytes = value->bytes;
	return 0;
}

void xdptail_counts_free(struct xdptail_counts *c)
{
	struct owned_result *owned = (struct owned_result *)c;

	if (!owned)
		return;
	sources_free(owned->result.sources);
	free(owned);
}
