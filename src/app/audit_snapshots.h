/* SPDX-License-Identifier: BSD-2-Clause */
/* The snapshots of a run of which not everything was read: sums of their count lines, and what the
 * snapshot record says these should be. One is forgotten when both are whole.
 */
#ifndef APP_AUDIT_SNAPSHOTS_H
#define APP_AUDIT_SNAPSHOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit_snapshot {
	uint64_t number; /* 0: this place is free */
	uint64_t lines;
	uint64_t packets;
	uint64_t bytes;
	bool recorded; /* the snapshot record was read, and says: */
	uint64_t want_lines;
	uint64_t want_packets; /* of count lines: counted − unlisted − unattributed */
	uint64_t want_bytes;
};

struct audit_snapshots {
	struct audit_snapshot *list; /* owned; a hash table with linear probing */
	size_t cap; /* 0 or a power of two */
	size_t n;
};

void audit_snapshots_free(struct audit_snapshots *s); /* a zeroed one is empty */

/* The one of that number, which is not 0, made if it is not there. It is borrowed until the next
 * call. 0 or -ENOMEM.
 */
int audit_snapshots_get(struct audit_snapshots *s, uint64_t number, struct audit_snapshot **ret);

void audit_snapshots_forget(struct audit_snapshots *s, struct audit_snapshot *snapshot);

/* Sort the snapshots that are left by number. Nothing else can be asked of s after this. */
void audit_snapshots_sort(struct audit_snapshots *s);

#endif
