/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers for tests of outputs: a directory for each test, numbered lines, and waiting for counts.
 */
#ifndef TESTS_UNIT_OUTPUTS_H
#define TESTS_UNIT_OUTPUTS_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/outputs.h"

#define PATIENCE_MS 20000 /* longer than any test takes unless it fails */

static char dir[64];

static inline void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_sink.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static inline void teardown(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_expect_eq(system(command), 0); // NOLINT(cert-env33-c)
}

static inline int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static inline uint64_t queued(const struct output_counts *c)
{
	return c->made - c->written - c->filtered - c->dropped_queue_full - c->dropped_error;
}

/* Wait until the counts satisfy a condition, and return them; L4 must hold in all counts read
 * meanwhile.
 */
static inline struct output_counts
counts_when(struct outputs *s, bool (*done)(const struct output_counts *), const char *name)
{
	int64_t end = now_ms() + PATIENCE_MS;
	struct output_counts c;

	do {
		sched_yield();
		outputs_counts(s, 0, &c);
		cr_assert_leq(queued(&c), c.made, "%s: more is accounted for than was made", name);
	} while (!done(&c) && now_ms() < end);
	cr_assert(done(&c), "%s: made %lu, written %lu, full %lu, error %lu", name, c.made,
		  c.written, c.dropped_queue_full, c.dropped_error);
	return c;
}

static inline bool all_written(const struct output_counts *c)
{
	return c->written == c->made;
}

static inline bool nothing_queued(const struct output_counts *c)
{
	return queued(c) == 0;
}

static inline bool some_error(const struct output_counts *c)
{
	return c->dropped_error > 0;
}

static inline bool few_queued(const struct output_counts *c)
{
	return queued(c) < 2000;
}

static inline void put(struct outputs *s, enum record_type type, const char *text, size_t len)
{
	struct record line = { .text = text, .len = len, .type = type };

	outputs_put(s, &line);
}

/* Make line n: its number, and padding of varying length. */
static inline size_t numbered(char *text, uint64_t n)
{
	int len = snprintf(text, RECORD_MAX_BYTES, "%lu %.*s\n", n, (int)(n * 37 % 400),
			   "......................................................................"
			   "......................................................................"
			   "......................................................................"
			   "......................................................................"
			   "......................................................................"
			   "..................................................................");

	return (size_t)len;
}

static inline void put_numbered(struct outputs *s, uint64_t from, uint64_t to)
{
	char text[RECORD_MAX_BYTES];

	for (uint64_t n = from; n < to; n++)
		put(s, RECORD_COUNT, text, numbered(text, n));
}

/* Parse a specification. It is static: each test is a process of its own. */
static inline struct output_spec *spec_of(const char *text)
{
	static struct output_spec specs[64];
	static size_t n;
	struct reason why = { 0 };

	cr_assert_lt(n, sizeof(specs) / sizeof(specs[0]));
	cr_assert_eq(output_spec_parse(text, &specs[n], &why), 0, "%s: %s", text, why.text);
	return &specs[n++];
}

static inline struct outputs *open_output(const char *text)
{
	struct outputs *s = NULL;
	struct reason why = { 0 };

	cr_assert_eq(outputs_new(&s), 0);
	cr_assert_eq(outputs_add(s, spec_of(text), &why), 0, "%s: %s", text, why.text);
	cr_assert_eq(outputs_number(s), 1);
	cr_assert_eq(outputs_start(s), 0);
	return s;
}

/* Read a whole file, and append a NUL. The caller frees it. */
static inline char *contents(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s: %s", path, strerror(errno));
	text = calloc(1, (size_t)st.st_size + 1);
	cr_assert_not_null(text);
	cr_assert_eq(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return text;
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void expect_refused(struct outputs *s, const char *text, int want, const char *says)
{
	unsigned int before = outputs_number(s);
	struct reason why = { 0 };
	int got = outputs_add(s, spec_of(text), &why);

	cr_expect_eq(got, want, "%s: %d, want %d (%s)", text, got, want, why.text);
	cr_expect(strstr(why.text, says), "%s: got \"%s\", want \"%s\"", text, why.text, says);
	cr_expect_eq(outputs_number(s), before, "%s: %u outputs", text, outputs_number(s));
}

#endif
