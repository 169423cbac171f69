/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams in the logs of others. */
#include <criterion/criterion.h>
#include <stdbool.h>

#include "app/audit_prefix.h"
#include "audit_stream.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LINE                                                                       \
	"{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"clock\"," \
	"\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":1,\"step_ns\":-5}"
#define NONE   AUDIT_PREFIX_NONE
#define OURS   AUDIT_PREFIX_OURS
#define OTHERS AUDIT_PREFIX_OTHERS

static const struct {
	const char *name;
	const char *before;
	const char *text;
	enum audit_prefix want;
} cases[] = {
	{ "nothing", "", "", NONE },
	{ "a line as it is", "", LINE, NONE },
	{ "some text", "", "hello", NONE },
	{ "some text, and a line", "hello: ", LINE, NONE },
	{ "RFC 3164, as in files", "Nov 22 03:41:40 web1 xdptail[4711]: ", LINE, OURS },
	{ "… of a day of one digit", "Nov  2 03:41:40 web1 xdptail[4711]: ", LINE, OURS },
	{ "… with another tag, and no blank", "Nov 22 03:41:40 web1 tail:", LINE, OURS },
	{ "… marked as JSON", "Nov 22 03:41:40 web1 xdptail[4711]: @cee: ", LINE, OURS },
	{ "… as on the wire", "<134>Nov 22 03:41:40 web1 xdptail[4711]: ", LINE, OURS },
	{ "RFC 5424", "<134>1 2026-11-22T03:41:40.704885Z web1 xdptail 4711 packet - ", LINE,
	  OURS },
	{ "… with structured data and a mark",
	  "<14>1 2026-11-22T03:41:40Z web1 xdptail 4711 - [x@1 y=\"{\"] \xef\xbb\xbf", LINE, OURS },
	{ "… without its first field", "1 2026-11-22T03:41:40Z web1 xdptail 4711 packet - ", LINE,
	  OURS },
	{ "rsyslog", "2026-11-22T03:41:40.704885+00:00 web1 xdptail[4711]: ", LINE, OURS },
	{ "journalctl -o short-iso", "2026-11-22T03:41:40+0000 web1 xdptail[4711]: ", LINE, OURS },
	{ "journalctl -o short-full", "Sun 2026-11-22 03:41:40 UTC web1 xdptail[4711]: ", LINE,
	  OURS },
	{ "journalctl -o short-monotonic", "[    5.123456] web1 xdptail[4711]: ", LINE, OURS },
	{ "… of a machine that is up for long", "[12345678.123456] web1 xdptail[4711]: ", LINE,
	  OURS },
	{ "journalctl -o short-unix", "1795318900.704885 web1 xdptail[4711]: ", LINE, OURS },
	{ "a message alone, marked as JSON", "@cee: ", LINE, OURS },
	{ "what journalctl says", "", "-- Boot 5f0c9a1e77b0d2c45f0c9a1e77b0d2c4 --", OTHERS },
	{ "another program", "", "Nov 22 03:41:40 web1 CRON[1]: (root) CMD (true)", OTHERS },
	{ "another program's JSON", "Nov 22 03:41:40 web1 suricata[1]: ",
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885+0000\",\"flow_id\":1,\"event_type\":\"dns\"}",
	  OTHERS },
	{ "a line that is quoted", "Nov 22 03:41:40 web1 x[1]: got '", LINE "'", OTHERS },
	{ "a line that is cut behind its run", "Nov 22 03:41:40 web1 xdptail[1]: ",
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"clock\",\"run\":\"5f",
	  OURS },
};

Test(audit_prefix, cases)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum audit_prefix got;
		size_t bytes = 0;
		char text[512];

		(void)snprintf(text, sizeof(text), "%s%s", cases[i].before, cases[i].text);
		got = audit_prefix_find(text, strlen(text), &bytes);
		cr_expect_eq(got, cases[i].want, "%s: got %d, want %d", cases[i].name, got,
			     cases[i].want);
		cr_expect(got != OURS || bytes == strlen(cases[i].before),
			  "%s: got %zu bytes, want %zu", cases[i].name, bytes,
			  strlen(cases[i].before));
		for (size_t len = 0; len < strlen(text); len++) /* for the sanitizers */
			(void)audit_prefix_find(text, len, &bytes);
	}
}

static void add_behind(struct stream *log, const char *before, const struct stream_line *line)
{
	char *text = NULL;

	cr_assert_geq(asprintf(&text, "%s%s", before, line->text), 0);
	stream_add(log, text, line->type, line->seq);
	free(text);
}

/* All the run, with each prefix that is ours, and others' lines in between. */
static void put_log(const struct stream *s, struct stream_files *files, size_t without)
{
	struct stream log = { 0 };
	size_t kind = 0;

	for (size_t i = 0; i < s->n; i++) {
		while (cases[kind].want != OURS || strcmp(cases[kind].text, LINE) != 0)
			kind = (kind + 1) % ARRAY_SIZE(cases);
		if (i != without)
			add_behind(&log, cases[kind].before, &s->lines[i]);
		kind = (kind + 1) % ARRAY_SIZE(cases);
		if (i % 2)
			stream_add(&log, "Nov 22 03:41:40 web1 CRON[1]: (root) CMD ({)\n",
				   RECORD_STOP, 0);
	}
	stream_put_lines(files, &log, 0, log.n);
	stream_free(&log);
}

Test(audit_prefix, a_log_of_many)
{
	struct stream_files files = { 0 };
	struct stream s;
	char *text;

	stream_make_whole(&s);
	put_log(&s, &files, s.n);
	cr_expect_eq(stream_audit(&files, false, &text), AUDIT_WHOLE, "got:\n%s", text);
	cr_expect_str_eq(text, "run 5f0c9a1e77b0d2c4 on host web1: 33 packet records, 3 snapshots, "
			       "whole\n1 run, 64 records in 1 file: whole\n"
			       "  lines of other programs, ignored: 32\n");
	free(text);
	put_log(&s, &files, 20);
	cr_expect_eq(stream_audit(&files, false, &text), AUDIT_BROKEN, "got:\n%s", text);
	free(text);
	stream_free(&s);
}

Test(audit_prefix, cut)
{
	struct stream_files files = { 0 };
	struct stream s;
	char *text;

	stream_make_whole(&s);
	put_log(&s, &files, s.n);
	cr_assert_eq(ftruncate(files.fds[0], 1000), 0); /* in the middle of a line */
	cr_expect_eq(stream_audit(&files, false, &text), AUDIT_INCOMPLETE, "got:\n%s", text);
	cr_expect(strstr(text, "it is truncated"), "got:\n%s", text);
	free(text);
	stream_free(&s);
}
