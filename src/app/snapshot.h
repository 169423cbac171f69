/* SPDX-License-Identifier: BSD-2-Clause */
/* One interval, written: its count lines, heaviest first, in slices as the outputs take them; then
 * its snapshot, stats, output and loss records. Owns the counts until it is done.
 */
#ifndef APP_SNAPSHOT_H
#define APP_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "app/report.h"
#include "app/top.h"
#include "record/record.h"

struct snapshot {
	struct xdptail_counts *counts; /* owned; NULL: none is being written */
	struct top top;
	bool ordered; /* there is memory for top */
	struct record_snapshot record; /* what is listed so far */
	uint64_t listed_packets;
	uint64_t listed_bytes;
	uint64_t limit; /* count lines at most */
	int64_t begun_ms;
	int64_t moved_ms; /* when the outputs last had room */
};

/* Take the counts over. limit: 0 for all sources. */
void snapshot_begin(struct snapshot *s, struct report *r, struct xdptail_counts *counts,
		    uint64_t limit);

bool snapshot_is_busy(const struct snapshot *s);

/* Write a slice. hurry: do not wait for outputs that are full. 1: done; 0: there is more; or
 * -errno, when a line could not be made. Without memory for the order of the sources, which the
 * next step asks for again, it is -ENOMEM only after some seconds.
 */
int snapshot_step(struct snapshot *s, struct report *r, bool hurry);

/* There is no time for more count lines: the sources that have none yet are in unlisted_packets and
 * unlisted_bytes. 1, or -errno as above; it is done with either way.
 */
int snapshot_cut(struct snapshot *s, struct report *r);

void snapshot_free(struct snapshot *s); /* a zeroed one is fine */

#endif
