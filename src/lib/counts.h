/* SPDX-License-Identifier: BSD-2-Clause */
/* The two generations of counts: flip, wait, drain, merge. Reading and clearing a live map would
 * lose counts.
 *
 * One index selects where the kernel counts. A flip switches it and waits for the grace period,
 * after which nothing writes to the retired generation: it can be read and emptied without loss.
 */
#ifndef LIB_COUNTS_H
#define LIB_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "lib/object.h"
#include "base/reason.h"
#include "lib/sources.h"

struct counts;

/* o is borrowed and must outlive it. settings: the first ones, written at once. Returns 0 or
 * -errno.
 */
int counts_open(struct counts **ret, const struct object *o, const struct settings *settings,
		struct reason *r);
void counts_close(struct counts *c); /* NULL is fine */

/* Takes effect from the next packet on. Returns 0, or -errno with the reason set. */
int counts_set_sampling(struct counts *c, uint32_t sample_rate, uint32_t sample_mode,
			struct reason *r);

/* From now on the key of a source has the result of fn in place of the index; sources with the same
 * key are then added up.
 */
typedef uint32_t (*counts_index_fn)(void *arg, uint32_t ifindex);
void counts_set_index(struct counts *c, counts_index_fn fn, void *arg);

/* Returns the generation in use, 0 or 1. */
unsigned int counts_generation(const struct counts *c);

/* Retires the generation in use, and waits until no packet is being added to it. The last retired
 * generation has to be drained before. Returns 0: it is retired, and if the wait has failed,
 * counts_drain() repeats it; or -errno: nothing has changed.
 */
int counts_flip(struct counts *c, struct reason *r);

/* Waits for packets that are in the program now, without a flip: for use after a detach. */
int counts_wait(struct counts *c, struct reason *r);

bool counts_is_draining(const struct counts *c);

/* Collects at most max sources of the retired generation. Returns 1: it is drained, and empty; 0:
 * there is more; or -errno: collected sources are kept, and the call can be repeated.
 */
int counts_drain(struct counts *c, unsigned int max, struct reason *r);

/* For the end of a run, if there is no time to collect the remaining sources: their packets are
 * still added to the totals. Must be the last call, when nothing counts any more. Returns 0; or
 * -errno: what was added is kept, and the call can be repeated.
 */
int counts_finish(struct counts *c, struct reason *r);

/* Returns what was collected since the last call, and starts again with an empty table and zero
 * totals. *ret is owned by the caller: sources_free(). Returns 0 or -ENOMEM: nothing has changed.
 */
int counts_take(struct counts *c, struct packet_totals *ret_totals, struct sources **ret);

/* Adds up counts of two places. A source that finds no room in the table stays in the totals, as
 * unattributed.
 */
void counts_add_totals(struct packet_totals *sum, const struct packet_totals *add);
void counts_add_source(struct sources *to, const struct count_key *key,
		       const struct count_value *value, struct packet_totals *totals);

/* Makes each kind of kernel call that counting needs, without changing anything, even while a
 * generation is drained. Waits for a grace period. Returns 0, or -errno with the reason set: -EPERM
 * if the calls are not permitted.
 */
int counts_check_permissions(struct counts *c, struct reason *r);

/* Number of sources collected since counts_open(). */
uint64_t counts_collected(const struct counts *c);

/* Reads the totals of the generation in use, which change while they are read. Returns 0 or -errno.
 */
int counts_peek(struct counts *c, struct packet_totals *ret);

#endif
