// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/queue.h"

#define SMALL_MAX    96
#define TYPE(urgent) ((urgent) ? RECORD_STOP : RECORD_PACKET)

/* A model of the queue, written down as plainly as possible: the lines in order, with the position
 * of each.
 */
struct model {
	size_t capacity;
	size_t n; /* number of lines */
	struct {
		size_t at; /* position since the beginning, gaps at the end of memory included */
		size_t len;
		unsigned char first;
	} lines[SMALL_MAX];
	size_t in; /* where the next line would begin */
	size_t out; /* end of the last line that was consumed */
};

static bool model_put(struct model *m, size_t len, unsigned char first, bool urgent)
{
	size_t limit = urgent ? m->capacity : m->capacity - m->capacity / QUEUE_RESERVE;
	size_t slots = urgent ? 16 : 14; /* the minimum that a queue has */
	size_t off = m->in % m->capacity;
	size_t at = m->in;

	if (off != 0 && (m->n == 0 || off + len > m->capacity))
		at += m->capacity - off;
	if (m->n == 0)
		m->out = at;
	if (at + len - m->out > limit || m->n + 1 > slots)
		return false;
	m->lines[m->n].at = at;
	m->lines[m->n].len = len;
	m->lines[m->n].first = first;
	m->n++;
	m->in = at + len;
	return true;
}

static void model_take(struct model *m)
{
	m->out = m->lines[0].at + m->lines[0].len;
	m->n--;
	memmove(&m->lines[0], &m->lines[1], m->n * sizeof(m->lines[0]));
}

/* Make len bytes that count up from first; the last is a newline. */
static void fill(char *text, size_t len, unsigned char first)
{
	for (size_t i = 0; i + 1 < len; i++)
		*text++ = (char)('0' + (first + i) % 64);
	*text = '\n';
}

static void put_both(struct queue *q, struct model *m, size_t len, unsigned char first, bool urgent)
{
	char text[SMALL_MAX];
	bool got, want;

	fill(text, len, first);
	want = model_put(m, len, first, urgent);
	got = queue_put(q, text, len, TYPE(urgent));
	cr_assert_eq(got, want, "capacity %zu, line of %zu, urgent %d: put %d, want %d",
		     m->capacity, len, urgent, got, want);
	(void)queue_publish(q);
}

/* Take one run, and compare its text with the lines of the model. */
static bool take_both(struct queue *q, struct model *m, size_t max)
{
	const char *text = NULL;
	size_t run = queue_run(q, max, &text);
	char want[SMALL_MAX];
	size_t at = 0;

	cr_assert_eq(run > 0, m->n > 0, "capacity %zu: run of %zu, %zu lines are there",
		     m->capacity, run, m->n);
	cr_assert(run <= max || (m->n > 0 && run == m->lines[0].len),
		  "capacity %zu: run of %zu, at most %zu", m->capacity, run, max);
	while (at < run) {
		cr_assert_gt(m->n, 0, "capacity %zu: run of %zu is too long", m->capacity, run);
		fill(want, m->lines[0].len, m->lines[0].first);
		cr_assert(at + m->lines[0].len <= run && !memcmp(text + at, want, m->lines[0].len),
			  "capacity %zu: at %zu of %zu, want %.*s, got %.*s", m->capacity, at, run,
			  (int)m->lines[0].len, want, (int)(run - at), text + at);
		at += m->lines[0].len;
		model_take(m);
	}
	queue_written(q, run);
	return run > 0;
}

/* Put a line of every length, urgent or not, at every fill level and every position in memory. */
static void every_fill(size_t capacity, size_t step, size_t start, size_t len, bool urgent)
{
	struct model m = { .capacity = capacity };
	struct queue *q = NULL;
	unsigned char first = 0;

	cr_assert_eq(queue_new(&q, capacity), 0);
	for (size_t i = 0; i < start; i++) {
		put_both(q, &m, step, first++, true);
		(void)take_both(q, &m, SIZE_MAX);
	}
	for (size_t i = 0; i < capacity + 1; i++)
		put_both(q, &m, i % 3 ? step : len, first++, urgent);
	for (size_t i = 0; i < 2 * capacity; i++) {
		(void)take_both(q, &m, 2 * len);
		first++;
		put_both(q, &m, len, first, urgent && first % 2);
	}
	while (take_both(q, &m, SIZE_MAX))
		;
	queue_free(q);
}

static void every_start(size_t capacity, size_t step, size_t len)
{
	for (size_t start = 0; start <= capacity; start++) {
		every_fill(capacity, step, start, len, false);
		every_fill(capacity, step, start, len, true);
	}
}

Test(queue, small_exhaustive)
{
	static const size_t capacities[] = { 1, 2, 7, 8, 16, 31 };

	for (size_t c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
		for (size_t i = 0; i < capacities[c] * (capacities[c] + 1); i++)
			every_start(capacities[c], 1 + i % capacities[c], 1 + i / capacities[c]);
	}
}

/* Every line of up to half the capacity fits an empty queue, at every position. */
Test(queue, empty_takes_half)
{
	static const char text[SMALL_MAX];
	const char *run;
	struct queue *q = NULL;

	cr_assert_eq(queue_new(&q, SMALL_MAX), 0);
	for (size_t i = 0; i < 10000; i++) {
		size_t len = 1 + (i * 7 + i / 48) % (SMALL_MAX / 2);

		cr_assert(queue_put(q, text, len, RECORD_STOP), "put %zu of %zu bytes", i, len);
		cr_assert(queue_publish(q));
		cr_assert_eq(queue_run(q, 1, &run), len);
		queue_written(q, len);
	}
	queue_free(q);
}

/* The same memory is reused as long as everything is written before more is put. */
Test(queue, empty_starts_over)
{
	const char *first = NULL;
	const char *run = NULL;
	struct queue *q = NULL;

	cr_assert_eq(queue_new(&q, 1 << 16), 0);
	for (size_t i = 0; i < 1000; i++) {
		char text[] = "a line\n";

		text[0] = (char)('a' + i % 26);
		for (int line = 0; line < 3; line++)
			cr_assert(queue_put(q, text, strlen(text), RECORD_PACKET));
		cr_assert(queue_publish(q));
		cr_assert_eq(queue_run(q, SIZE_MAX, &run), 3 * strlen(text));
		if (!first)
			first = run;
		cr_assert_eq(run, first, "round %zu: %td bytes further", i, run - first);
		cr_assert_eq(memcmp(run + 2 * strlen(text), text, strlen(text)), 0, "round %zu", i);
		queue_written(q, 3 * strlen(text) - 1); /* the queue is not empty yet */
		cr_assert(queue_put(q, text, strlen(text), RECORD_PACKET));
		cr_assert(queue_publish(q));
		cr_assert_eq(queue_run(q, 1, &run), 1);
		cr_assert_eq(run, first + 3 * strlen(text) - 1, "round %zu", i);
		queue_written(q, 1);
		cr_assert_eq(queue_run(q, SIZE_MAX, &run), strlen(text));
		queue_written(q, strlen(text));
	}
	queue_free(q);
}

Test(queue, refuses_at_once)
{
	static const char text[QUEUE_LINE_MAX + 1];
	static const struct {
		const char *name;
		size_t len;
		bool want;
	} cases[] = {
		{ "nothing", 0, false },
		{ "the longest line", QUEUE_LINE_MAX, true },
		{ "one byte more", QUEUE_LINE_MAX + 1, false },
	};
	struct queue *q = NULL;

	cr_expect_eq(queue_new(&q, 0), -EINVAL);
	cr_assert_eq(queue_new(&q, 1 << 16), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool got = queue_put(q, text, cases[i].len, RECORD_STOP);

		cr_expect_eq(got, cases[i].want, "%s: %d, want %d", cases[i].name, got,
			     cases[i].want);
	}
	queue_free(q);
	queue_free(NULL);
}

static size_t put_until_full(struct queue *q, size_t len, enum record_type type)
{
	static const char text[QUEUE_LINE_MAX];
	size_t n = 0;

	while (queue_put(q, text, len, type))
		n++;
	return n;
}

/* Packets leave an eighth free, of bytes and of slots, counts half of that, and other lines may use
 * all of it.
 */
Test(queue, reserve)
{
	static const struct {
		const char *name;
		size_t capacity;
		size_t len;
		size_t want[3]; /* of packets, counts and others */
	} cases[] = {
		{ "bytes", 65536, 512, { 112, 8, 8 } },
		{ "bytes, not even", 65536, 1000, { 57, 4, 4 } },
		{ "lines", 65536, 1, { 896, 64, 64 } },
		{ "one page", 4096, 256, { 14, 1, 1 } },
	};
	static const enum record_type types[] = { RECORD_PACKET, RECORD_COUNT, RECORD_STOP };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct queue *q = NULL;

		cr_assert_eq(queue_new(&q, cases[i].capacity), 0);
		cr_expect_leq(queue_room(q), queue_room_max(q), "%s", cases[i].name);
		for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
			size_t n = put_until_full(q, cases[i].len, types[j]);

			cr_expect_eq(n, cases[i].want[j], "%s: %zu lines of %s, want %zu",
				     cases[i].name, n, record_type_name(types[j]),
				     cases[i].want[j]);
		}
		cr_expect_eq(queue_room(q), 0, "%s", cases[i].name);
		queue_free(q);
	}
}

/* Lines are read one by one, with their types, also where the ring of bytes wraps around. */
Test(queue, lines_one_by_one)
{
	struct queue_line lines[4];
	struct queue_counts c;
	struct queue *q = NULL;
	char text[32];

	cr_assert_eq(queue_new(&q, 256), 0);
	for (unsigned int i = 0; i < 300; i++) {
		for (unsigned int j = 0; j < 3; j++) {
			(void)snprintf(text, sizeof(text), "line %u.%.*s\n", i, (int)j, "...");
			cr_assert(queue_put(q, text, strlen(text), (enum record_type)j));
		}
		cr_assert(queue_publish(q));
		cr_assert_eq(queue_lines(q, lines, 2), 2, "as many as there is room for");
		cr_assert_eq(queue_lines(q, lines, 4), 3);
		for (unsigned int j = 0; j < 3; j++) {
			(void)snprintf(text, sizeof(text), "line %u.%.*s\n", i, (int)j, "...");
			cr_assert_eq(lines[j].type, j);
			cr_assert_eq(lines[j].len, strlen(text));
			cr_assert_arr_eq(lines[j].text, text, lines[j].len);
		}
		queue_written(q, lines[0].len);
		queue_drop_first(q);
		cr_assert_eq(queue_lines(q, lines, 4), 1);
		cr_assert_eq(lines[0].type, 2);
		queue_written(q, lines[0].len);
		cr_assert_not(queue_waiting(q));
	}
	queue_counts(q, &c);
	cr_expect_eq(c.written, 600);
	cr_expect_eq(c.dropped, 300);
	queue_free(q);
}

Test(queue, seen_when_published)
{
	struct queue *q = NULL;
	const char *text;

	cr_assert_eq(queue_new(&q, 4096), 0);
	cr_expect(!queue_publish(q), "nothing was put");
	cr_assert(queue_put(q, "a\n", 2, RECORD_PACKET));
	cr_expect(!queue_waiting(q), "not published");
	cr_expect_eq(queue_run(q, 10, &text), 0);
	cr_expect(queue_publish(q), "one line");
	cr_expect(queue_waiting(q), "published");
	cr_expect_eq(queue_run(q, 10, &text), 2);
	queue_written(q, 2);
	cr_expect(!queue_waiting(q), "written");
	cr_expect(!queue_publish(q), "nothing new");
	queue_free(q);
}

static void expect_counts(const struct queue *q, const char *name, uint64_t written, uint64_t bytes,
			  uint64_t dropped)
{
	struct queue_counts c;

	queue_counts(q, &c);
	cr_expect(c.written == written && c.bytes == bytes && c.dropped == dropped,
		  "%s: written %lu, bytes %lu, dropped %lu; want %lu, %lu, %lu", name, c.written,
		  c.bytes, c.dropped, written, bytes, dropped);
}

/* A run ends after the first line of a requested type, and reports the types in it. */
Test(queue, run_until_a_type)
{
	static const enum record_type types[] = { RECORD_PACKET, RECORD_COUNT, RECORD_SNAPSHOT,
						  RECORD_PACKET, RECORD_SNAPSHOT };
	static const struct {
		const char *name;
		size_t max;
		size_t want;
		unsigned int until;
		unsigned int want_types;
	} cases[] = {
		{ "all", 100, 10, 0,
		  1U << RECORD_PACKET | 1U << RECORD_COUNT | 1U << RECORD_SNAPSHOT },
		{ "a snapshot", 100, 6, 1U << RECORD_SNAPSHOT,
		  1U << RECORD_PACKET | 1U << RECORD_COUNT | 1U << RECORD_SNAPSHOT },
		{ "a count or a snapshot", 100, 4, 1U << RECORD_SNAPSHOT | 1U << RECORD_COUNT,
		  1U << RECORD_PACKET | 1U << RECORD_COUNT },
		{ "the first", 100, 2, 1U << RECORD_PACKET, 1U << RECORD_PACKET },
		{ "less than a line", 0, 2, 1U << RECORD_SNAPSHOT, 1U << RECORD_PACKET },
		{ "two lines", 5, 4, 1U << RECORD_SNAPSHOT,
		  1U << RECORD_PACKET | 1U << RECORD_COUNT },
	};
	struct queue *q = NULL;

	cr_assert_eq(queue_new(&q, 1000), 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		cr_assert(queue_put(q, "x\n", 2, types[i]));
	(void)queue_publish(q);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = NULL;
		unsigned int got_types = 0;
		size_t got = queue_run_until(q, cases[i].max, cases[i].until, &text, &got_types);

		cr_expect_eq(got, cases[i].want, "%s: %zu bytes, want %zu", cases[i].name, got,
			     cases[i].want);
		cr_expect_eq(got_types, cases[i].want_types, "%s: types %x, want %x", cases[i].name,
			     got_types, cases[i].want_types);
	}
	queue_free(q);
}

/* The rest of a partial line is dropped, inside the ring or outside: one line is lost, and counted.
 */
Test(queue, drop_partial)
{
	static const struct {
		const char *name;
		size_t written; /* written bytes of the first of two lines of four */
		bool drop; /* drop all but the rest first */
		uint64_t want_dropped;
		size_t want_left;
	} cases[] = {
		{ "no remainder", 0, false, 0, 8 },
		{ "a whole line written", 4, false, 0, 4 },
		{ "in the ring", 3, false, 1, 4 },
		{ "taken out of it", 1, true, 2, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct queue_counts counts;
		struct queue *q = NULL;
		const char *text;
		size_t left;

		cr_assert_eq(queue_new(&q, 1000), 0);
		cr_assert(queue_put(q, "abc\n", 4, RECORD_COUNT) &&
			  queue_put(q, "def\n", 4, RECORD_COUNT));
		(void)queue_publish(q);
		queue_written(q, cases[i].written);
		if (cases[i].drop)
			queue_drop(q);
		queue_drop_partial(q);
		queue_counts(q, &counts);
		left = queue_run(q, 100, &text);
		cr_expect_eq(counts.dropped, cases[i].want_dropped, "%s: dropped %lu",
			     cases[i].name, counts.dropped);
		cr_expect_eq(left, cases[i].want_left, "%s: %zu bytes left", cases[i].name, left);
		queue_free(q);
	}
}

Test(queue, drop_keeps_a_partial_line)
{
	static const char lines[] = "one\ntwo22\nthree\n";
	static const char after[] = "after\n";
	char got[64];

	for (size_t cut = 0; cut <= strlen(lines); cut++) {
		struct queue *q = NULL;
		const char *text = NULL;
		size_t whole = (cut >= 4) + (cut >= 10) + (cut >= 16);
		bool half = cut != 0 && cut != 4 && cut != 10 && cut != 16;
		size_t end = cut < 4 ? 4 : cut < 10 ? 10 : 16;
		size_t len = cut, run;

		cr_assert_eq(queue_new(&q, 64), 0);
		cr_assert(queue_put(q, lines, 4, RECORD_PACKET) &&
			  queue_put(q, lines + 4, 6, RECORD_PACKET) &&
			  queue_put(q, lines + 10, 6, RECORD_PACKET) && queue_publish(q));
		run = queue_run(q, 64, &text);
		cr_assert_eq(run, 16);
		memcpy(got, text, cut);
		queue_written(q, cut);
		expect_counts(q, "before the drop", whole, cut, 0);
		queue_drop(q);
		expect_counts(q, "after the drop", whole, cut, 3 - whole - half);
		cr_expect_eq(queue_waiting(q), half, "cut at %zu", cut);
		queue_drop(q);
		expect_counts(q, "after another", whole, cut, 3 - whole - half);

		cr_assert(queue_put(q, after, 6, RECORD_PACKET) && queue_publish(q));
		while (queue_waiting(q)) { /* one byte at a time */
			(void)queue_run(q, 64, &text);
			got[len++] = *text;
			queue_written(q, 1);
		}
		got[len] = '\0';
		cr_expect(len == (half ? end : cut) + 6 && !strcmp(got + len - 6, after) &&
				  !memcmp(got, lines, len - 6),
			  "cut at %zu: got %s", cut, got);
		expect_counts(q, "at the end", whole + half + 1, len, 3 - whole - half);
		queue_free(q);
	}
}

#define TORTURE_LINES	 1000000U
#define TORTURE_CAPACITY 16384

struct torture {
	struct queue *queue;
	uint64_t bad; /* line numbers that were not the expected ones */
	uint64_t lines;
};

static size_t torture_len(uint64_t n)
{
	return 16 + n * 2654435761U % 200;
}

static void torture_line(char *text, uint64_t n)
{
	size_t len = torture_len(n);

	memset(text, 'a' + (int)(n % 26), len);
	(void)snprintf(text, len, "%010lu", n);
	text[10] = ':';
	text[len - 1] = '\n';
}

static void torture_check(struct torture *t, const char *text, size_t len)
{
	char want[256];

	torture_line(want, t->lines);
	if (len != torture_len(t->lines) || memcmp(text, want, len) != 0)
		t->bad++;
	t->lines++;
}

/* Take runs of different limits, and report them as written in two arbitrary parts. */
static void *torture_consumer(void *arg)
{
	struct torture *t = arg;
	char line[256];
	size_t have = 0;
	const char *text;
	uint64_t round = 0;

	while (t->lines < TORTURE_LINES) {
		size_t run = queue_run(t->queue, 1 + round++ % 3000, &text);
		size_t n = run > 1 ? 1 + round * 7 % run : run;

		if (run == 0)
			sched_yield();
		for (size_t i = 0; i < n; i++) {
			line[have++] = text[i];
			if (text[i] == '\n') {
				torture_check(t, line, have);
				have = 0;
			} else if (have == sizeof(line)) {
				t->bad++;
				have = 0;
			}
		}
		queue_written(t->queue, n);
	}
	return NULL;
}

static uint64_t torture_produce(struct queue *q)
{
	struct queue_counts c;
	uint64_t negative = 0;
	char text[256];

	for (uint64_t n = 0; n < TORTURE_LINES; n++) {
		torture_line(text, n);
		while (!queue_put(q, text, torture_len(n), TYPE(n % 3 == 0))) {
			(void)queue_publish(q);
			sched_yield();
		}
		if (n % 5 == 0)
			(void)queue_publish(q);
		queue_counts(q, &c);
		negative += c.written + c.dropped > n + 1;
	}
	(void)queue_publish(q);
	return negative;
}

Test(queue, two_threads, .timeout = 300)
{
	struct torture t = { 0 };
	uint64_t negative;
	pthread_t thread;

	cr_assert_eq(queue_new(&t.queue, TORTURE_CAPACITY), 0);
	cr_assert_eq(pthread_create(&thread, NULL, torture_consumer, &t), 0);
	negative = torture_produce(t.queue);
	cr_assert_eq(pthread_join(thread, NULL), 0);

	cr_expect_eq(t.lines, TORTURE_LINES, "%lu lines, want %u", t.lines, TORTURE_LINES);
	cr_expect_eq(t.bad, 0, "%lu lines were not the next one", t.bad);
	cr_expect_eq(negative, 0, "%lu times more was written than put", negative);
	queue_free(t.queue);
}
