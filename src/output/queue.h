/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded queue of whole lines from one thread, the producer, to one other, the consumer. Neither
 * ever waits for the other, and there is no lock. A line is taken whole or not at all, and lies in
 * one piece, so that the consumer can hand a run of lines to the kernel where they are.
 *
 * The queue knows the outcome of each line: what was published is written, dropped, or still there.
 */
#ifndef OUTPUT_QUEUE_H
#define OUTPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define QUEUE_LINE_MAX RECORD_MAX_BYTES
/* lines shorter than this on average fill the queue before its bytes do */
#define QUEUE_LINE_MEAN 64
#define QUEUE_RESERVE	8 /* packets leave one part in so many free, counts half of that */

struct queue;

/* Memory is reserved here and touched when lines reach it. A line of at most half the capacity
 * always fits into an empty queue. 0, -EINVAL (capacity 0) or -ENOMEM.
 */
int queue_new(struct queue **ret, size_t capacity);
void queue_free(struct queue *q); /* NULL is fine */

/* For the producer alone. */

/* Copy a line. False when it does not fit, or would leave less free than its type has to: packets
 * are dropped first, then counts, so that what tells of them still gets through. The consumer does
 * not see it before queue_publish().
 */
bool queue_put(struct queue *q, const char *text, size_t len, enum record_type type);

/* The same for a line that no count is to know of: a start record that is repeated. */
bool queue_put_uncounted(struct queue *q, const char *text, size_t len, enum record_type type);

/* Bytes that packet lines can still take, at least; and what that is when the queue is empty. */
size_t queue_room(struct queue *q);
size_t queue_room_max(const struct queue *q);

/* Show the consumer all that was put. True if any of it is new. Sequentially consistent, like
 * queue_waiting(): a producer that publishes and then looks whether the consumer sleeps, and a
 * consumer that says that it will sleep and then looks here, cannot both miss the other.
 */
bool queue_publish(struct queue *q);

/* Each number is exact for some moment since the call before; their sum never exceeds what was
 * published, since a line is counted once, after it was published.
 */
struct queue_counts {
	uint64_t written; /* lines */
	uint64_t bytes; /* written, those of a half-written line included */
	uint64_t dropped; /* lines */
};
void queue_counts(const struct queue *q, struct queue_counts *ret);

/* For the consumer alone. */

/* Is there anything to write? */
bool queue_waiting(const struct queue *q);

/* The longest run of whole lines in one piece, of at most max bytes unless the first line alone is
 * longer, and *ret_text is where; the first may be the remainder of a half-written line. 0 when
 * there is nothing. It stays there until queue_written() or queue_drop().
 */
size_t queue_run(const struct queue *q, size_t max, const char **ret_text);

/* The same, but no further than the first line of a type in until; *ret_types: those that are in
 * it. Sets of types: a bit (1 << type) for each.
 */
size_t queue_run_until(const struct queue *q, size_t max, unsigned int until, const char **ret_text,
		       unsigned int *ret_types);

/* A line, for a consumer that wants them one by one. */
struct queue_line {
	const char *text; /* until queue_written(), queue_drop() or queue_drop_first() */
	size_t len;
	enum record_type type;
};

/* The first lines, whole, of at most max; how many there are. Not to be mixed with partly written
 * runs.
 */
size_t queue_lines(const struct queue *q, struct queue_line *ret, size_t max);

/* Has a part of the first line been written, and not the rest? Also for whoever is left when the
 * consumer has ended.
 */
bool queue_has_partial(const struct queue *q);

/* So many bytes from the first on are written, and can be used again. */
void queue_written(struct queue *q, size_t n);

/* Drop the first line, which is whole: it can't be written. */
void queue_drop_first(struct queue *q);

/* Drop all that is published, but for the remainder of a half-written line: it stays, and comes
 * first, because without it the line after it could not be read either.
 */
void queue_drop(struct queue *q);

/* Drop that remainder, if there is one: what it belongs to is lost, too. */
void queue_drop_partial(struct queue *q);

#endif
