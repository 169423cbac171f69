// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "output/encoder.h"

#define PACKET	"{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\"}\n"
#define LOSS_NS "{\"timestamp\":\"2026-11-22T03:41:40.704885554Z\",\"event_type\":\"loss\"}\n"
#define OTHER	"something else, that is longer than the beginning of a line\n"
#define NOW	1795318900 /* 2026-11-22 03:41:40 UTC */

struct frame_case {
	const char *name;
	struct frame_settings settings;
	enum frame_end end;
	enum record_type type;
	const char *line;
	const char *want;
};

static size_t make_frame(const struct frame_case *c, char *ret)
{
	struct queue_line line = { .text = c->line, .len = strlen(c->line), .type = c->type };
	size_t text_len = encoder_text_len(&line, c->end);
	struct encoder f;
	size_t len;

	encoder_init(&f, &c->settings);
	encoder_set_time(&f, NOW);
	len = encoder_header(&f, &line, c->end, ret);
	cr_assert_leq(len, FRAME_HEADER_BYTES, "%s: %zu bytes", c->name, len);
	memcpy(ret + len, c->line, text_len);
	ret[len + text_len] = '\0';
	return len + text_len;
}

#define LOCAL(...)                       \
	{                                \
		FRAME_LOCAL, __VA_ARGS__ \
	}
#define RFC5424(...)                       \
	{                                  \
		FRAME_RFC5424, __VA_ARGS__ \
	}

/* clang-format off */
static const struct frame_case cases[] = {
	{ "a line", { .form = FRAME_LINE }, FRAME_NEWLINE, RECORD_PACKET, PACKET, PACKET },
	{ "local", LOCAL(3, "xdptail", "host", 4711, false), FRAME_DATAGRAM, RECORD_PACKET, PACKET,
	  "<30>Nov 22 03:41:40 xdptail[4711]: "
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\"}" },
	{ "local, a loss, with the cookie", LOCAL(16, "t", "host", 1, true), FRAME_DATAGRAM, RECORD_LOSS,
	  LOSS_NS,
	  "<132>Nov 22 03:41:40 t[1]: @cee: "
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885554Z\",\"event_type\":\"loss\"}" },
	{ "local, on a stream", LOCAL(23, "t", "host", 1, false), FRAME_NEWLINE, RECORD_CLOCK, PACKET,
	  "<188>Nov 22 03:41:40 t[1]: " PACKET },
	{ "5424", RFC5424(1, "xdptail", "host.example", 4711, false), FRAME_DATAGRAM, RECORD_PACKET,
	  PACKET,
	  "<14>1 2026-11-22T03:41:40.704885Z host.example xdptail 4711 packet - "
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\"}" },
	{ "5424, nine digits", RFC5424(3, "xdptail", "h", 1, true), FRAME_DATAGRAM, RECORD_LOSS, LOSS_NS,
	  "<28>1 2026-11-22T03:41:40.704885Z h xdptail 1 loss - @cee: "
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885554Z\",\"event_type\":\"loss\"}" },
	{ "5424, octets counted", RFC5424(3, "x", "h", 1, false), FRAME_OCTETS, RECORD_START, PACKET,
	  "113 <29>1 2026-11-22T03:41:40.704885Z h x 1 start - "
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\"}" },
	{ "5424, on a stream", RFC5424(3, "x", "h", 1, false), FRAME_NEWLINE, RECORD_STOP, PACKET,
	  "<29>1 2026-11-22T03:41:40.704885Z h x 1 stop - " PACKET },
	{ "5424, no name", RFC5424(3, "x", "", 1, false), FRAME_DATAGRAM, RECORD_SINK, "{}\n",
	  "<30>1 - - x 1 sink - {}" },
	{ "5424, a name with a blank", RFC5424(3, "x", "a b", 1, false), FRAME_DATAGRAM,
	  RECORD_INTERFACE, OTHER,
	  "<29>1 - - x 1 interface - something else, that is longer than the beginning of a line" },
};
/* clang-format on */

Test(frame, every_form)
{
	char got[FRAME_BYTES + 1];

	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = make_frame(&cases[i], got);

		cr_expect_str_eq(got, cases[i].want, "%s: got \"%s\", want \"%s\"", cases[i].name,
				 got, cases[i].want);
		cr_expect_eq(len, strlen(got), "%s: there is a NUL inside", cases[i].name);
	}
}

/* The octet count of a frame is the number of octets that follow it. */
Test(frame, octets_of_every_length)
{
	char line[RECORD_MAX_BYTES + 1];
	char got[FRAME_BYTES + 1];
	struct frame_case c = {
		.name = "octets",
		.settings = RFC5424(23, "a-tag-of-the-longest-kind-00032b", "h", 4194304, true),
		.end = FRAME_OCTETS,
		.type = RECORD_INTERFACE,
		.line = line,
	};

	for (size_t n = 1; n <= RECORD_MAX_BYTES; n++) {
		unsigned long octets;
		size_t len;
		char *rest;

		memset(line, 'x', n - 1);
		line[n - 1] = '\n';
		line[n] = '\0';
		len = make_frame(&c, got);
		octets = strtoul(got, &rest, 10);
		cr_assert_eq(*rest, ' ', "%zu: \"%s\"", n, got);
		cr_assert_eq(octets, len - (size_t)(rest + 1 - got), "%zu: %lu of %zu", n, octets,
			     len);
	}
}

Test(frame, longest)
{
	char hostname[65], got[FRAME_BYTES + 1], line[RECORD_MAX_BYTES + 1];
	struct frame_case c = {
		.name = "longest",
		.settings = RFC5424(23, "a-tag-of-the-longest-kind-00032b", hostname, 4294967295U,
				    true),
		.end = FRAME_OCTETS,
		.type = RECORD_INTERFACE,
		.line = line,
	};
	int head = snprintf(line, sizeof(line), "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\"");

	memset(hostname, 'h', 64);
	hostname[64] = '\0';
	memset(line + head, 'x', (size_t)(RECORD_MAX_BYTES - head - 1));
	line[RECORD_MAX_BYTES - 1] = '\n';
	line[RECORD_MAX_BYTES] = '\0';
	cr_expect_leq(make_frame(&c, got), 1232, "more than IPv6's smallest MTU takes");
	cr_expect(strstr(got, hostname) && strstr(got, " interface - @cee: {"), "got \"%s\"", got);
}

/* Headers have local time in the system's time zone, and it advances. */
Test(frame, local_time)
{
	const struct frame_settings local = LOCAL(3, "t", "h", 1, false);
	struct queue_line line = { .text = PACKET, .len = strlen(PACKET), .type = RECORD_PACKET };
	static const struct {
		time_t now;
		const char *want;
	} times[] = {
		{ NOW, "<30>Nov 21 22:41:40 " },     { NOW + 1, "<30>Nov 21 22:41:41 " },
		{ NOW + 1, "<30>Nov 21 22:41:41 " }, { NOW - 20 * 86400, "<30>Nov  1 22:41:40 " },
		{ 0, "<30>Dec 31 19:00:00 " },
	};
	struct encoder f;

	setenv("TZ", "EST5", 1);
	encoder_init(&f, &local);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char got[FRAME_HEADER_BYTES];

		encoder_set_time(&f, times[i].now);
		(void)encoder_header(&f, &line, FRAME_DATAGRAM, got);
		cr_expect(!strncmp(got, times[i].want, strlen(times[i].want)),
			  "%ld: got \"%.24s\", want \"%s\"", (long)times[i].now, got,
			  times[i].want);
	}
}

/* The lines of the real encoder have their timestamp where it is expected, in both precisions. */
Test(frame, timestamps_of_real_lines)
{
	for (int ns = 0; ns < 2; ns++) {
		struct record_writer *w = NULL;
		const char *value;
		struct record line;
		size_t len = 0;

		cr_assert_eq(record_writer_new(&w, 1, ns), 0);
		cr_assert_eq(record_stop(w, UINT64_C(1795318900704885554), "why", 0, 0, &line), 0);
		value = record_timestamp(line.text, line.len, &len);
		cr_assert_not_null(value);
		cr_expect_eq(len, ns ? 30 : 27, "%zu bytes", len);
		cr_expect(!strncmp(value, "2026-11-22T03:41:40.704885", 26), "%.30s", value);
		record_writer_free(w);
	}
}

/* Nothing is read beyond the end of the text, whatever it contains. */
Test(frame, timestamps_of_no_lines)
{
	static const char head[] = "{\"timestamp\":\"2026-11-22T03:41:40.704885";
	size_t len;

	for (size_t n = 0; n < sizeof(head); n++) {
		char *text = malloc(n ? n : 1);

		cr_assert_not_null(text);
		memcpy(text, head, n);
		cr_expect_null(record_timestamp(text, n, &len), "%zu bytes", n);
		free(text);
	}
	cr_expect_null(record_timestamp(OTHER, strlen(OTHER), &len));
	cr_expect_null(record_timestamp(
		"{\"timestamp\":\"2026-11-22T03:41:40.704885554123456789Z\"", 54, &len));
}
