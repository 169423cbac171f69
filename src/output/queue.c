// SPDX-License-Identifier: BSD-2-Clause
#include "output/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
#define SLOTS_MIN  16U

/* What the queue stores of a line besides its bytes. */
struct queue_slot {
	uint16_t len;
	uint8_t type; /* enum record_type */
	bool uncounted : 1;
	bool first : 1; /* the queue was empty, so the line was stored at the start of data */
};

/* The bytes of lines are in data, their lengths in a separate ring of slots. So a run of lines is
 * plain text, and the end of a line is known without searching it. A line that does not fit before
 * the end of data is stored at its start; both sides derive that from its length, so no markers are
 * needed. A line that finds the queue empty is stored at the start of data, too, so that lines
 * which are written as fast as they are put reuse the same memory, and stay in the caches.
 * Positions and line numbers only grow; offsets are positions in data.
 *
 * The producer stores published, the number of lines that the consumer may read. The consumer
 * stores freed_*, up to which memory can be reused; the producer keeps a copy, and reloads it only
 * if there is no room by that copy. The two sides use separate cache lines.
 */
struct queue { // NOLINT(clang-analyzer-optin.performance.Padding)
	char *data; /* owned */
	struct queue_slot *slots; /* owned; line n is in slot n & slot_mask */
	size_t capacity;
	uint64_t slot_mask;

	/* the producer's members */
	_Alignas(CACHE_LINE) uint64_t in_pos;
	uint64_t in_line;
	size_t in_off;
	uint64_t seen_freed_pos;
	uint64_t seen_freed_line;
	uint64_t last_published; /* the last value stored to published */

	_Alignas(CACHE_LINE) _Atomic uint64_t published;

	/* the consumer's members */
	_Alignas(CACHE_LINE) uint64_t out_pos;
	uint64_t out_line;
	size_t out_off;
	size_t partial_written; /* bytes of line out_line that are written */
	size_t partial_off;
	/* not 0: bytes of the partial line that queue_drop() moved out of the ring */
	size_t partial_len;
	uint64_t partial_counted; /* 1: the counts include it, else 0 */
	uint8_t partial_type; /* enum record_type */

	_Alignas(CACHE_LINE) _Atomic uint64_t freed_pos;
	_Atomic uint64_t freed_line;
	_Atomic uint64_t written;
	_Atomic uint64_t bytes;
	_Atomic uint64_t dropped;

	char partial[QUEUE_LINE_MAX];
};

_Static_assert(QUEUE_LINE_MAX <= UINT16_MAX, "lengths are 16 bits");
_Static_assert(RECORD_TYPE_MAX <= UINT8_MAX, "types are 8 bits");

int queue_new(struct queue **ret, size_t capacity)
{
	uint64_t slots = SLOTS_MIN;
	struct queue *q;

	if (capacity == 0)
		return -EINVAL;
	while (slots < capacity / QUEUE_LINE_MEAN)
		slots *= 2;

	q = aligned_alloc(CACHE_LINE, sizeof(*q));
	if (!q)
		return -ENOMEM;
	memset(q, 0, sizeof(*q));
	q->capacity = capacity;
	q->slot_mask = slots - 1;
	q->data = malloc(capacity);
	q->slots = malloc(slots * sizeof(*q->slots));
	if (!q->data || !q->slots)
		goto fail;
	*ret = q;
	return 0;

fail:
	queue_free(q);
	return -ENOMEM;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	free(q->data);
	free(q->slots);
	free(q);
}

/* The offset of a line if the previous one ended at off. */
static size_t line_off(const struct queue *q, size_t off, size_t len)
{
	return off + len > q->capacity ? 0 : off;
}

/* The position after a line; it includes what the line leaves unused at the end of data. */
static uint64_t line_end(const struct queue *q, uint64_t pos, size_t off, size_t len)
{
	size_t unused = line_off(q, off, len) == off ? 0 : q->capacity - off;

	return pos + unused + len;
}

/* The part of whole that lines of a type may fill: the rest is reserved for lines that report their
 * loss.
 */
static uint64_t limit_for(uint64_t whole, enum record_type type)
{
	if (type == RECORD_PACKET)
		return whole - whole / QUEUE_RESERVE;
	return type == RECORD_COUNT ? whole - whole / QUEUE_RESERVE / 2 : whole;
}

static bool fits(const struct queue *q, uint64_t end, enum record_type type)
{
	return end - q->seen_freed_pos <= limit_for(q->capacity, type) &&
	       q->in_line + 1 - q->seen_freed_line <= limit_for(q->slot_mask + 1, type);
}

/* acquire: the consumer has finished reading the bytes and slots that it freed */
static void load_freed(struct queue *q)
{
	q->seen_freed_pos = atomic_load_explicit(&q->freed_pos, memory_order_acquire);
	q->seen_freed_line = atomic_load_explicit(&q->freed_line, memory_order_acquire);
}

static bool find_room(struct queue *q, uint64_t end, enum record_type type)
{
	if (fits(q, end, type))
		return true;
	load_freed(q);
	return fits(q, end, type);
}

/* Continue at the start of data if the queue is empty. To be called only when all lines are
 * published, which is rare, because it reads the consumer's cache lines.
 */
static bool rewind_if_empty(struct queue *q)
{
	load_freed(q);
	if (q->seen_freed_line != q->in_line || q->seen_freed_pos != q->in_pos)
		return false;
	q->in_off = 0;
	return true;
}

static bool put_line(struct queue *q, const char *text, size_t len, enum record_type type,
		     bool uncounted)
{
	const bool first = q->in_line == q->last_published && rewind_if_empty(q);
	size_t off = line_off(q, q->in_off, len);
	uint64_t end = line_end(q, q->in_pos, q->in_off, len);

	if (len == 0 || len > QUEUE_LINE_MAX || !find_room(q, end, type))
		return false;
	memcpy(q->data + off, text, len);
	q->slots[q->in_line & q->slot_mask] = (struct queue_slot){
		.len = (uint16_t)len,
		.type = (uint8_t)type,
		.uncounted = uncounted,
		.first = first,
	};
	q->in_off = off + len;
	q->in_pos = end;
	q->in_line++;
	return true;
}

bool queue_put(struct queue *q, const char *text, size_t len, enum record_type type)
{
	return put_line(q, text, len, type, false);
}

bool queue_put_uncounted(struct queue *q, const char *text, size_t len, enum record_type type)
{
	return put_line(q, text, len, type, true);
}

/* Limited by bytes, or by slots if lines are short, less what a line may leave unused at the end of
 * data.
 */
size_t queue_room(struct queue *q)
{
	uint64_t bytes = limit_for(q->capacity, RECORD_PACKET);
	uint64_t slots = limit_for(q->slot_mask + 1, RECORD_PACKET);
	uint64_t used, used_slots;

	load_freed(q);
	used = q->in_pos - q->seen_freed_pos + QUEUE_LINE_MAX;
	used_slots = q->in_line - q->seen_freed_line;
	if (used >= bytes || used_slots >= slots)
		return 0;
	bytes -= used;
	slots = (slots - used_slots) * QUEUE_LINE_MEAN;
	return bytes < slots ? bytes : slots;
}

size_t queue_room_max(const struct queue *q)
{
	uint64_t bytes = limit_for(q->capacity, RECORD_PACKET);
	uint64_t slots = limit_for(q->slot_mask + 1, RECORD_PACKET) * QUEUE_LINE_MEAN;

	bytes -= bytes < QUEUE_LINE_MAX ? bytes : QUEUE_LINE_MAX;
	return bytes < slots ? bytes : slots;
}

bool queue_publish(struct queue *q)
{
	if (q->last_published == q->in_line)
		return false;
	q->last_published = q->in_line;
	atomic_store_explicit(&q->published, q->last_published, memory_order_seq_cst);
	return true;
}

void queue_counts(const struct queue *q, struct queue_counts *ret)
{
	ret->written = atomic_load_explicit(&q->written, memory_order_relaxed);
	ret->bytes = atomic_load_explicit(&q->bytes, memory_order_relaxed);
	ret->dropped = atomic_load_explicit(&q->dropped, memory_order_relaxed);
}

bool queue_waiting(const struct queue *q)
{
	uint64_t published = atomic_load_explicit(&q->published, memory_order_seq_cst);

	return q->partial_len > 0 || q->out_line != published;
}

bool queue_has_partial(const struct queue *q)
{
	return q->partial_written > 0 || q->partial_len > 0;
}

static size_t line_len(const struct queue *q, uint64_t line)
{
	return q->slots[line & q->slot_mask].len;
}

/* The offset at which the previous line ended, or 0 if the first line was stored at the start
 * because the queue was empty. That can be true of the first line only.
 */
static size_t first_off(const struct queue *q)
{
	return q->slots[q->out_line & q->slot_mask].first ? 0 : q->out_off;
}

static unsigned int type_bit(const struct queue *q, uint64_t line)
{
	return 1U << q->slots[line & q->slot_mask].type;
}

size_t queue_run_until(const struct queue *q, size_t max, unsigned int until, const char **ret_text,
		       unsigned int *ret_types)
{
	uint64_t published = atomic_load_explicit(&q->published, memory_order_acquire);
	uint64_t line = q->out_line;
	unsigned int types;
	size_t start, end, len;

	if (q->partial_len > 0) {
		*ret_text = q->partial + q->partial_off;
		*ret_types = 1U << q->partial_type;
		return q->partial_len;
	}
	if (line == published)
		return 0;

	len = line_len(q, line);
	types = type_bit(q, line);
	start = line_off(q, first_off(q), len) + q->partial_written;
	end = start - q->partial_written + len;
	for (line++; line != published && !(types & until); line++) {
		len = line_len(q, line);
		if (end + len > q->capacity || end + len - start > max)
			break;
		types |= type_bit(q, line);
		end += len;
	}
	*ret_text = q->data + start;
	*ret_types = types;
	return end - start;
}

size_t queue_run(const struct queue *q, size_t max, const char **ret_text)
{
	unsigned int types;

	return queue_run_until(q, max, 0, ret_text, &types);
}

size_t queue_lines(const struct queue *q, struct queue_line *ret, size_t max)
{
	uint64_t published = atomic_load_explicit(&q->published, memory_order_acquire);
	uint64_t line = q->out_line;
	size_t off = line == published ? 0 : first_off(q);
	size_t n;

	for (n = 0; n < max && line != published; n++, line++) {
		const struct queue_slot *slot = &q->slots[line & q->slot_mask];

		off = line_off(q, off, slot->len);
		ret[n].text = q->data + off;
		ret[n].len = slot->len;
		ret[n].type = (enum record_type)slot->type;
		off += slot->len;
	}
	return n;
}

/* Only the consumer writes the counts, so no atomic addition is needed. */
static void add_count(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t old = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, old + n, memory_order_relaxed);
}

/* Consume the first line. Returns 1, or 0 if no count includes it. */
static uint64_t consume_first(struct queue *q)
{
	size_t len = line_len(q, q->out_line);
	uint64_t counted = !q->slots[q->out_line & q->slot_mask].uncounted;

	q->out_pos = line_end(q, q->out_pos, q->out_off, len);
	q->out_off = line_off(q, q->out_off, len) + len;
	q->out_line++;
	q->partial_written = 0;
	return counted;
}

/* release: all reads of the freed memory come before */
static void free_consumed(struct queue *q)
{
	atomic_store_explicit(&q->freed_pos, q->out_pos, memory_order_release);
	atomic_store_explicit(&q->freed_line, q->out_line, memory_order_release);
}

static void partial_done(struct queue *q, size_t n)
{
	q->partial_off += n;
	q->partial_len -= n;
	if (q->partial_len == 0)
		add_count(&q->written, q->partial_counted);
}

void queue_written(struct queue *q, size_t n)
{
	uint64_t lines = 0;
	size_t left;

	add_count(&q->bytes, n);
	if (q->partial_len > 0) {
		partial_done(q, n);
		return;
	}
	if (n == 0) /* the slot of the first line is still the producer's if the queue is empty */
		return;
	q->out_off = first_off(q);
	while (n > 0) {
		left = line_len(q, q->out_line) - q->partial_written;
		if (n < left) {
			q->partial_written += n;
			break;
		}
		n -= left;
		lines += consume_first(q);
	}
	add_count(&q->written, lines);
	free_consumed(q);
}

/* Move the rest of the first line out of the ring. */
static void save_partial(struct queue *q)
{
	size_t len = line_len(q, q->out_line);

	q->partial_off = 0;
	q->partial_len = len - q->partial_written;
	q->partial_type = q->slots[q->out_line & q->slot_mask].type;
	memcpy(q->partial, q->data + line_off(q, q->out_off, len) + q->partial_written,
	       q->partial_len);
	q->partial_counted = consume_first(q);
}

void queue_drop(struct queue *q)
{
	uint64_t published = atomic_load_explicit(&q->published, memory_order_acquire);
	uint64_t lines = 0;

	if (q->out_line != published)
		q->out_off = first_off(q);
	if (q->partial_written > 0)
		save_partial(q);
	while (q->out_line != published)
		lines += consume_first(q);
	add_count(&q->dropped, lines);
	free_consumed(q);
}

void queue_drop_first(struct queue *q)
{
	q->out_off = first_off(q);
	add_count(&q->dropped, consume_first(q));
	free_consumed(q);
}

void queue_drop_partial(struct queue *q)
{
	if (q->partial_written > 0) {
		queue_drop_first(q);
	} else if (q->partial_len > 0) {
		q->partial_len = 0;
		add_count(&q->dropped, q->partial_counted);
	}
}
