/* SPDX-License-Identifier: BSD-2-Clause */
/* What an audit says of the copies that outputs have of a run to which they came late, or came
 * back; and of runs that failed.
 */
#include <criterion/criterion.h>
#include <stdbool.h>

#include "audit_stream.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define JOINED	      ",\"joined\":true"
#define SECOND_FILE   ",\"file\":2"

static enum audit_verdict audit_one(const struct stream *s, char **ret_text)
{
	struct stream_files files = { 0 };

	stream_put_lines(&files, s, 0, s->n);
	return stream_audit(&files, false, ret_text);
}

static void add_lines(struct stream *to, const struct stream *s, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++)
		stream_add(to, s->lines[i].text, s->lines[i].type, s->lines[i].seq);
}

/* Nothing is lost: the audit says that something is not there, and blames nobody. */
static void expect_no_blame(const struct stream *s, const char *what, size_t a, size_t b)
{
	char *text;
	enum audit_verdict got = audit_one(s, &text);

	cr_expect_eq(got, AUDIT_INCOMPLETE, "%s (%zu, %zu): got %d, want 1:\n%s", what, a, b, got,
		     text);
	cr_expect_null(strstr(text, "missing"), "%s (%zu, %zu):\n%s", what, a, b, text);
	free(text);
}

Test(audit_copies, an_output_comes_at_any_moment)
{
	struct stream whole;

	stream_make_whole(&whole);
	for (size_t i = 2; i < whole.n; i++) {
		struct stream copy = { 0 };

		stream_add_start(&copy, &whole, JOINED);
		stream_add_start(&copy, &whole, ""); /* as the reload writes to all */
		add_lines(&copy, &whole, i, whole.n);
		expect_no_blame(&copy, "came", i, 0);
		stream_free(&copy);
	}
	stream_free(&whole);
}

Test(audit_copies, an_output_leaves_and_comes_back_at_any_moment)
{
	struct stream whole;
	size_t end; /* the records with totals are written at one go */

	stream_make_whole(&whole);
	end = stream_find(&whole, RECORD_SNAPSHOT, STREAM_INTERVALS + 1);
	for (size_t i = 1; i < end; i++) {
		for (size_t k = i + 1; k <= end; k++) {
			struct stream copy = { 0 };

			add_lines(&copy, &whole, 0, i);
			stream_add_start(&copy, &whole, JOINED);
			add_lines(&copy, &whole, k, whole.n);
			expect_no_blame(&copy, "left, and came back", i, k);
			stream_free(&copy);
		}
	}
	stream_free(&whole);
}

/* It goes from 10 to 25, and begins a second file; files are read in either order, and as one. */
static void audit_rotated(const struct stream *whole, size_t at, int order)
{
	static const char *const names[] = { "in order", "newest first", "as one" };
	struct stream_files files = { 0 };
	struct stream first = { 0 };
	struct stream second = { 0 };
	enum audit_verdict got;
	char *text;

	add_lines(&first, whole, 0, 10);
	stream_add_start(&first, whole, JOINED);
	add_lines(&first, whole, 25, at);
	stream_add_start(&second, whole, SECOND_FILE);
	add_lines(&second, whole, at, whole->n);
	if (order == 2)
		add_lines(&first, &second, 0, second.n);
	if (order == 1)
		stream_put_lines(&files, &second, 0, second.n);
	stream_put_lines(&files, &first, 0, first.n);
	if (order == 0)
		stream_put_lines(&files, &second, 0, second.n);
	got = stream_audit(&files, false, &text);
	cr_expect_eq(got, AUDIT_INCOMPLETE, "%s, rotated at %zu: got %d, want 1:\n%s", names[order],
		     at, got, text);
	cr_expect_null(strstr(text, "missing"), "%s, rotated at %zu:\n%s", names[order], at, text);
	free(text);
	stream_free(&first);
	stream_free(&second);
}

Test(audit_copies, an_output_comes_back_and_its_file_is_rotated)
{
	struct stream whole;

	stream_make_whole(&whole);
	for (size_t at = 25; at < whole.n; at++) {
		for (int order = 0; order < 3; order++)
			audit_rotated(&whole, at, order);
	}
	stream_free(&whole);
}

static void reduce(struct stream *s, uint64_t seq, const char *key, uint64_t by)
{
	const char *text = s->lines[stream_find(s, RECORD_SINK, seq)].text;
	uint64_t was = strtoull(strstr(text, key) + strlen(key), NULL, 10);
	char old[64];
	char new[64];

	(void)snprintf(old, sizeof(old), "%s%" PRIu64, key, was);
	(void)snprintf(new, sizeof(new), "%s%" PRIu64, key, was - by);
	stream_edit(s, RECORD_SINK, seq, old, new);
}

/* There was an output before them, of which the run has nothing but their numbers. */
Test(audit_copies, all_outputs_came_late)
{
	static const uint64_t seqs[] = { 1, 2, 7, 8 }; /* first intervals, and totals */
	struct stream copy = { 0 };
	struct stream whole;

	stream_make_whole(&whole);
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++) {
		reduce(&whole, seqs[i], "\"made\":", 5);
		reduce(&whole, seqs[i], "\"written\":", 5);
	}
	stream_add_start(&copy, &whole, JOINED);
	add_lines(&copy, &whole, 5, whole.n);
	expect_no_blame(&copy, "all came", 5, 0);
	stream_free(&copy);
	stream_free(&whole);
}

/* Another run's copy, in the same file, is whole, and has to be. */
Test(audit_copies, one_run_joined_another_did_not)
{
	struct stream copy = { 0 };
	struct stream whole;
	struct stream other;
	char *text;

	stream_make_whole(&whole);
	stream_make(&other, STREAM_OTHER_RUN, 0);
	stream_add_start(&copy, &whole, JOINED);
	for (size_t i = 0; i < whole.n; i++) {
		if (i > 30)
			add_lines(&copy, &whole, i, i + 1);
		if (i < 31 || i > 33)
			add_lines(&copy, &other, i, i + 1);
	}
	cr_expect_eq(audit_one(&copy, &text), AUDIT_BROKEN, "got:\n%s", text);
	cr_expect(strstr(text, "records 4 to 6 of count are missing, and no sink reported a drop"),
		  "got:\n%s", text);
	cr_expect(strstr(text, "run 5f0c9a1e77b0d2c4 on host web1: 11 packet records, 2 snapshots, "
			       "incomplete"),
		  "got:\n%s", text);
	free(text);
	stream_free(&copy);
	stream_free(&whole);
	stream_free(&other);
}

/* The first of its type behind the join: it might have been made before. */
static bool is_first_behind(const struct stream *s, size_t from, size_t at)
{
	for (size_t i = from; i < at; i++) {
		if (s->lines[i].type == s->lines[at].type)
			return false;
	}
	return true;
}

/* That it came late excuses no gap but the one before it. */
Test(audit_copies, every_line_deleted)
{
	const size_t from = 20;
	struct stream whole;

	stream_make_whole(&whole);
	for (size_t i = from; i < whole.n; i++) {
		enum audit_verdict want =
			is_first_behind(&whole, from, i) ? AUDIT_INCOMPLETE : AUDIT_BROKEN;
		struct stream copy = { 0 };
		enum audit_verdict got;
		char *text;

		add_lines(&copy, &whole, 0, 10);
		stream_add_start(&copy, &whole, JOINED);
		add_lines(&copy, &whole, from, i);
		add_lines(&copy, &whole, i + 1, whole.n);
		got = audit_one(&copy, &text);
		cr_expect_eq(got, want, "line %zu (%s) deleted: got %d, want %d:\n%s", i + 1,
			     record_type_name(whole.lines[i].type), got, want, text);
		free(text);
		stream_free(&copy);
	}
	stream_free(&whole);
}

/* And one before it came back is not excused, either. */
Test(audit_copies, a_line_before_it_came_back_deleted)
{
	struct stream copy = { 0 };
	struct stream whole;
	char *text;

	stream_make_whole(&whole);
	add_lines(&copy, &whole, 0, 3);
	add_lines(&copy, &whole, 4, 10);
	stream_add_start(&copy, &whole, JOINED);
	add_lines(&copy, &whole, 20, whole.n);
	cr_expect_eq(audit_one(&copy, &text), AUDIT_BROKEN, "got:\n%s", text);
	cr_expect(strstr(text, "record 2 of packet is missing, and no sink reported a drop"),
		  "got:\n%s", text);
	free(text);
	stream_free(&copy);
	stream_free(&whole);
}

/* --- runs that failed --- */

#define FAILED "the run failed: it stopped with exit status 5 (SIGTERM)"

static void make_failed(struct stream *s)
{
	stream_make_whole(s);
	stream_edit(s, RECORD_STOP, 1, "\"exit\":0", "\"exit\":5");
}

static void expect_failed(const struct stream *s, enum audit_verdict want, const char *want_text,
			  size_t i)
{
	char *text;
	enum audit_verdict got = audit_one(s, &text);

	cr_expect_eq(got, want, "%zu: got %d, want %d:\n%s", i, got, want, text);
	cr_expect(strstr(text, want_text), "%zu: got:\n%swant: %s", i, text, want_text);
	free(text);
}

Test(audit_copies, failed_with_totals)
{
	struct stream s;

	make_failed(&s);
	expect_failed(&s, AUDIT_INCOMPLETE, FAILED "\n", 0);
	expect_failed(
		&s, AUDIT_INCOMPLETE,
		"33 packet records, 3 snapshots, the run failed, but its records are consistent",
		0);
	stream_free(&s);
}

/* Of a run that failed all lines that it made before that are there: none is blamed on a file. */
Test(audit_copies, failed_at_any_moment)
{
	struct stream s;
	size_t end;

	make_failed(&s);
	end = stream_find(&s, RECORD_SNAPSHOT, STREAM_INTERVALS + 1);
	for (size_t i = 1; i <= end; i++) {
		struct stream copy = { 0 };

		add_lines(&copy, &s, 0, i);
		add_lines(&copy, &s, s.n - 1, s.n);
		expect_failed(&copy, AUDIT_INCOMPLETE, FAILED ", without the records with totals",
			      i);
		stream_free(&copy);
	}
	stream_free(&s);
}

/* That it failed excuses nothing else. */
Test(audit_copies, failed_and_every_line_deleted)
{
	struct stream s;

	make_failed(&s);
	for (size_t i = 1; i < s.n - 1; i++) {
		struct stream copy = { 0 };

		add_lines(&copy, &s, 0, i);
		add_lines(&copy, &s, i + 1, s.n);
		expect_failed(&copy, AUDIT_BROKEN, FAILED, i);
		stream_free(&copy);
	}
	stream_free(&s);
}

/* A run that says that all went well has totals. */
Test(audit_copies, totals_deleted_of_a_run_that_did_not_fail)
{
	struct stream copy = { 0 };
	struct stream s;

	stream_make_whole(&s);
	add_lines(&copy, &s, 0, stream_find(&s, RECORD_SNAPSHOT, STREAM_INTERVALS + 1));
	add_lines(&copy, &s, s.n - 1, s.n);
	expect_failed(&copy, AUDIT_BROKEN, "record 4 of snapshot is missing", 0);
	stream_free(&copy);
	stream_free(&s);
}

Test(audit_copies, failed_for_machines)
{
	struct stream_files files = { 0 };
	struct stream s;
	char *text;

	make_failed(&s);
	stream_put_lines(&files, &s, 0, s.n);
	cr_expect_eq(stream_audit(&files, true, &text), AUDIT_INCOMPLETE);
	cr_expect(strstr(text, "{\"kind\":\"failed\",\"verdict\":\"incomplete\",\"exit\":1,"
			       "\"text\":\"" FAILED "\"}"),
		  "got:\n%s", text);
	free(text);
	stream_free(&s);
}
