/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded queue of whole lines between two threads, a producer and a consumer. Neither ever waits
 * for the other, and there is no lock. A line is queued whole or not at all, and in one piece, so
 * that the consumer can pass a run of lines to the kernel in place.
 *
 * The queue knows the outcome of each line: a published line is written, dropped, or still queued.
 */
#ifndef OUTPUT_QUEUE_H
#define OUTPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define QUEUE_LINE_MAX RECORD_MAX_BYTES
/* lines that are shorter on average fill the slots before the bytes */
#define QUEUE_LINE_MEAN 64
#define QUEUE_RESERVE	8 /* packets leave 1/8 free, counts half of that */

struct queue;

/* Allocate a queue. Its memory is touched only when lines reach it. A line of at most half the
 * capacity always fits an empty queue. 0, -EINVAL (capacity 0) or -ENOMEM.
 */
int queue_new(struct queue **ret, size_t capacity);
void queue_free(struct queue *q); /* NULL is fine */

/* --- the producer's functions --- */

/* Copy a line. Returns false if it does not fit, or would leave less free space than its type must:
 * packets are dropped first, then counts, so that the records which report the loss still fit. The
 * consumer does not see the line before queue_publish().
 */
bool queue_put(struct queue *q, const char *text, size_t len, enum record_type type);

/* Copy a line that no count includes: a repeated start record. */
bool queue_put_uncounted(struct queue *q, const char *text, size_t len, enum record_type type);

/* The bytes of packet lines that fit at least, now and with an empty queue. */
size_t queue_room(struct queue *q);
size_t queue_room_max(const struct queue *q);

/* Make all lines visible to the consumer. Returns whether any is new. Sequentially consistent, like
 * queue_waiting(): a producer that publishes and then checks whether the consumer sleeps, and a
 * consumer that announces its sleep and then checks the queue, cannot both miss each other.
 */
bool queue_publish(struct queue *q);

/* Each count is exact for some moment since the previous call. Their sum never exceeds the number
 * of published lines, because a line is counted once, after it was published.
 */
struct queue_counts {
	uint64_t written; /* lines */
	uint64_t bytes; /* of written lines, those of a partial line included */
	uint64_t dropped; /* lines */
};
void queue_counts(const struct queue *q, struct queue_counts *ret);

/* --- the consumer's functions --- */

/* Returns whether there is anything to write. */
bool queue_waiting(const struct queue *q);

/* Returns the length of the longest contiguous run of whole lines, of at most max bytes unless the
 * first line alone is longer, and its text; the first may be the rest of a partial line. 0: the
 * queue is empty. The text stays valid until queue_written() or queue_drop().
 */
size_t queue_run(const struct queue *q, size_t max, const char **ret_text);

/* Like queue_run(), but the run ends after the first line of a type in until. *ret_types has the
 * types in the run. Sets of types have a bit (1 << type) for each.
 */
size_t queue_run_until(const struct queue *q, size_t max, unsigned int until, const char **ret_text,
		       unsigned int *ret_types);

/* A line, for a consumer that handles lines one by one. */
struct queue_line {
	const char *text; /* valid until queue_written(), queue_drop() or queue_drop_first() */
	size_t len;
	enum record_type type;
};

/* Returns how many of the first lines, at most max, it has stored to ret. Not to be used while a
 * line is partly written.
 */
size_t queue_lines(const struct queue *q, struct queue_line *ret, size_t max);

/* Returns whether the first line is partly written. The producer may call it, too, once the
 * consumer has ended.
 */
bool queue_has_partial(const struct queue *q);

/* Report that the first n bytes were written, and free their memory. */
void queue_written(struct queue *q, size_t n);

/* Drop the first line, which is whole and cannot be written. */
void queue_drop_first(struct queue *q);

/* Drop all published lines except the rest of a partial line: it stays first, because without it
 * the next line could not be parsed either.
 */
void queue_drop(struct queue *q);

/* Drop the rest of a partial line, if there is one: that line is lost. */
void queue_drop_partial(struct queue *q);

#endif
