/* SPDX-License-Identifier: BSD-2-Clause */
/* The two generations: flip, wait, drain, merge: to read and clear a live map would lose counts.
 *
 * One index selects where the kernel counts. A flip turns it and waits for the grace period, after
 * which nobody writes to the retired half: it can be read and emptied at leisure, exactly.
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

/* o is borrowed and must outlive it. settings: the first ones, written at once. 0 or -errno. */
int counts_open(struct counts **ret, const struct object *o, const struct settings *settings,
		struct reason *r);
void counts_close(struct counts *c); /* NULL is fine */

/* From the next packet on. 0 or -errno with the reason set. */
int counts_set_sampling(struct counts *c, uint32_t sample_rate, uint32_t sample_mode,
			struct reason *r);

/* From now on a source's key has, in place of an index, what fn makes of it; sources that then have
 * the same key are one.
 */
typedef uint32_t (*counts_index_fn)(void *arg, uint32_t ifindex);
void counts_set_index(struct counts *c, counts_index_fn fn, void *arg);

/* The generation in use, 0 or 1. */
unsigned int counts_generation(const struct counts *c);

/* Retire the generation in use, and wait until no packet is being added to it. Only when the last
 * one is drained. 0: it is retired, and if the wait has failed, counts_drain() begins with it; or
 * -errno: nothing has changed.
 */
int counts_flip(struct counts *c, struct reason *r);

/* Wait for the packets that are in the program now, without a flip: after a detach. */
int counts_wait(struct counts *c, struct reason *r);

bool counts_is_draining(const struct counts *c);

/* Collect at most max sources of the retired generation. 1: it is drained, and empty; 0: there is
 * more; or -errno: what was collected stays collected, and the call can be made again.
 */
int counts_drain(struct counts *c, unsigned int max, struct reason *r);

/* For the end, when there is no time to collect what is left of the sources: their packets are in
 * the totals all the same. Only when nobody counts any more, and as the last thing. 0; or -errno:
 * what was added stays added, and the call can be made again.
 */
int counts_finish(struct counts *c, struct reason *r);

/* Hand over what was collected since the last time, and begin anew with an empty table and zero
 * totals. *ret is then the caller's: sources_free(). 0 or -ENOMEM: nothing has changed.
 */
int counts_take(struct counts *c, struct packet_totals *ret_totals, struct sources **ret);

/* Add up what was counted in two places. A source that finds no room in the table keeps its place
 * in the totals, as unattributed.
 */
void counts_add_totals(struct packet_totals *sum, const struct packet_totals *add);
void counts_add_source(struct sources *to, const struct count_key *key,
		       const struct count_value *value, struct packet_totals *totals);

/* Make each of the kernel calls that counting consists of, in a way that changes nothing, also
 * while a generation is drained. Waits for a grace period. 0, or -errno with the reason set: -EPERM
 * when they are not permitted.
 */
int counts_check_permissions(struct counts *c, struct reason *r);

/* Sources collected since counts_open(). */
uint64_t counts_collected(const struct counts *c);

/* The totals of the generation in use, as they are: they move while they are read. 0 or -errno. */
int counts_peek(struct counts *c, struct packet_totals *ret);

#endif
