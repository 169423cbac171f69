// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "output/journal.h"
#include "output/journal_entry.h"
#include "output/journal_limit.h"
#include "output/severity.h"
#include "output/outputs.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PATIENCE_MS   20000 /* longer than any test takes unless it fails */
#define PACKET_ID     "db1ce3fc07a0411697c334d3647f4f13"
#define LOSS_ID	      "1bbaf06bb1184e37be72654a87c4381b"
#define BEGINNING     "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\","
#define FIXED(priority, id)                                             \
	"PRIORITY=" priority "\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=t" \
	"\nSYSLOG_PID=42\nMESSAGE_ID=" id "\n"

/* --- entries --- */

static size_t make_header(enum journal_fields fields, enum record_type type, const char *text,
			  char ret[JOURNAL_HEADER_BYTES])
{
	const struct queue_line line = { .text = text, .len = strlen(text), .type = type };
	struct journal_form form;

	journal_form_init(&form, "t", 42, fields);
	return journal_header(&form, &line, ret);
}

struct entry_case {
	const char *name;
	const char *text;
	const char *want;
	size_t want_len;
	enum record_type type;
	enum journal_fields fields;
};

#define WANT(text) text, sizeof(text) - 1

Test(journal, headers)
{
	static const struct entry_case cases[] = {
		{ "of a packet, what it is looked up by",
		  BEGINNING "\"event_type\":\"packet\",\"record_seq\":7,\"src_ip\":\"192.0.2.7\","
			    "\"src_port\":443,\"seq_num\":1,\"flags\":\"\"}\n",
		  WANT(FIXED("6", PACKET_ID) "XDPTAIL_EVENT_TYPE=packet\nXDPTAIL_SRC_IP=192.0.2.7\n"
					     "XDPTAIL_SRC_PORT=443\nXDPTAIL_FLAGS=\nMESSAGE="),
		  RECORD_PACKET, JOURNAL_FIELDS_INDEX },
		{ "everything",
		  BEGINNING "\"record_seq\":7,\"cpu_seq\":\"18446744073709551615\",\"n\":-1,"
			    "\"total\":true,\"capabilities\":[\"CAP_BPF\"],\"x\":1}\n",
		  WANT(FIXED("6", PACKET_ID) "XDPTAIL_TIMESTAMP=2026-11-22T03:41:40.704885Z\n"
					     "XDPTAIL_RECORD_SEQ=7\n"
					     "XDPTAIL_CPU_SEQ=18446744073709551615\nXDPTAIL_N=-1\n"
					     "XDPTAIL_TOTAL=true\nXDPTAIL_X=1\nMESSAGE="),
		  RECORD_PACKET, JOURNAL_FIELDS_ALL },
		{ "nothing", BEGINNING "\"event_type\":\"packet\"}\n",
		  WANT(FIXED("6", PACKET_ID) "MESSAGE="), RECORD_PACKET, JOURNAL_FIELDS_NONE },
		{ "a loss is a warning", BEGINNING "\"where\":\"ring\",\"records\":5}\n",
		  WANT(FIXED("4", LOSS_ID) "XDPTAIL_WHERE=ring\nMESSAGE="), RECORD_LOSS,
		  JOURNAL_FIELDS_INDEX },
		{ "escapes are undone", BEGINNING "\"interface\":\"a\\\"\\\\\\u0001\\u20ac\"}\n",
		  WANT(FIXED("6", PACKET_ID) "XDPTAIL_INTERFACE=a\"\\\x01\xe2\x82\xac\nMESSAGE="),
		  RECORD_PACKET, JOURNAL_FIELDS_INDEX },
		{ "a newline in a value: the form with a length",
		  BEGINNING "\"sink\":\"file:a\\nb\\u000a\",\"exit\":1}\n",
		  WANT(FIXED("6", PACKET_ID) "XDPTAIL_SINK\n\x09\0\0\0\0\0\0\0"
					     "file:a\nb\n\nXDPTAIL_EXIT=1\nMESSAGE="),
		  RECORD_PACKET, JOURNAL_FIELDS_INDEX },
		{ "what is no name, or too long for one, is left out",
		  "{\"aA\":1,\"b-\":2,\"\":3,\"_4\":5,"
		  "\"a23456789b123456789c123456789d123456789e123456789f123456\":6,"
		  "\"a23456789b123456789c123456789d123456789e123456789f1234567\":7}\n",
		  WANT(FIXED(
			  "6",
			  PACKET_ID) "XDPTAIL__4=5\nXDPTAIL_A23456789B123456789C123456789D123456789E"
				     "123456789F123456=6\nMESSAGE="),
		  RECORD_PACKET, JOURNAL_FIELDS_ALL },
		{ "what is no line is a message all the same", "nothing\n",
		  WANT(FIXED("6", PACKET_ID) "MESSAGE="), RECORD_PACKET, JOURNAL_FIELDS_ALL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct entry_case *c = &cases[i];
		char got[JOURNAL_HEADER_BYTES];
		size_t len = make_header(c->fields, c->type, c->text, got);

		cr_expect(len == c->want_len && !memcmp(got, c->want, len),
			  "%s:\ngot %.*s\nwant %.*s", c->name, (int)len, got, (int)c->want_len,
			  c->want);
	}
}

/* The largest header of a line of maximum length; its buffer ends right after it. */
Test(journal, longest_headers)
{
	static const char last[] = "\"z\":1}\n";
	static const char *const fields[] = { "\"a\":1,", "\"ab\":\"\\n\",",
					      "\"abc\":\"\\u000a\"," };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char text[RECORD_MAX_BYTES + 1] = "{";
		char *got = malloc(JOURNAL_HEADER_BYTES);
		size_t used = 1;
		size_t n = 0;
		size_t found = 0;
		size_t len;

		cr_assert_not_null(got);
		for (; used + strlen(fields[i]) + sizeof(last) <= sizeof(text); n++)
			used += (size_t)sprintf(text + used, "%s", fields[i]);
		(void)snprintf(text + used, sizeof(text) - used, "%s", last);
		len = make_header(JOURNAL_FIELDS_ALL, RECORD_PACKET, text, got);
		for (const char *at = got; at; found++)
			at = memmem(at + 1, len - (size_t)(at + 1 - got), "XDPTAIL_", 8);
		cr_expect_eq(found - 1, n + 1, "%s: %zu fields of %zu", fields[i], found - 1,
			     n + 1);
		cr_expect(!memcmp(got + len - 8, "MESSAGE=", 8), "%s: the end", fields[i]);
		free(got);
	}
}

/* Programs filter by message ids, so each is unique. */
Test(journal, each_type_has_an_id_of_its_own)
{
	char ids[RECORD_TYPE_MAX][33];

	for (unsigned int type = 0; type < RECORD_TYPE_MAX; type++) {
		char header[JOURNAL_HEADER_BYTES] = "";
		const char *id;

		(void)make_header(JOURNAL_FIELDS_NONE, type, "{}\n", header);
		id = strstr(header, "MESSAGE_ID=");
		cr_assert_not_null(id);
		(void)snprintf(ids[type], sizeof(ids[type]), "%s", id + strlen("MESSAGE_ID="));
		cr_expect_eq(strspn(ids[type], "0123456789abcdef"), 32, "%s", ids[type]);
		for (unsigned int other = 0; other < type; other++)
			cr_expect_str_neq(ids[type], ids[other]);
	}
}

Test(journal, severities)
{
	static const unsigned int want[RECORD_TYPE_MAX] = {
		[RECORD_PACKET] = 6, [RECORD_COUNT] = 6,     [RECORD_SNAPSHOT] = 6,
		[RECORD_STATS] = 6,  [RECORD_SINK] = 6,	     [RECORD_START] = 5,
		[RECORD_STOP] = 5,   [RECORD_INTERFACE] = 5, [RECORD_LOSS] = 4,
		[RECORD_CLOCK] = 4,
	};

	for (unsigned int type = 0; type < RECORD_TYPE_MAX; type++)
		cr_expect_eq(severity_of(type), want[type], "%s", record_type_name(type));
}

Test(journal, limit)
{
	static const struct {
		const char *name;
		struct {
			uint64_t lines;
			int64_t now_ms;
		} sent[4];
		bool want;
	} cases[] = {
		{ "nothing", { { 0, 0 } }, false },
		{ "at the limit", { { 9999, 5 }, { 1, 30005 } }, false },
		{ "one more", { { 9999, 5 }, { 2, 30005 } }, true },
		{ "one more, too late", { { 9999, 5 }, { 2, 30006 } }, false },
		{ "at once", { { 10001, 5 } }, true },
		{ "for good", { { 10001, 5 }, { 1, 90000 } }, true },
		{ "in the second interval",
		  { { 9000, 5 }, { 9000, 30006 }, { 1001, 60000 } },
		  true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct journal_limit l = { 0 };

		for (size_t n = 0; n < ARRAY_SIZE(cases[i].sent); n++) {
			if (cases[i].sent[n].lines)
				journal_limit_count(&l, cases[i].sent[n].lines,
						    cases[i].sent[n].now_ms);
		}
		cr_expect_eq(journal_limit_warning(&l) != NULL, cases[i].want, "%s", cases[i].name);
	}
}

/* --- the output --- */

static char dir[64];
static struct output_spec journal_spec; /* of the single output of each test */
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_journal.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
}

static void teardown(void)
{
	output_spec_free(&journal_spec);
	(void)unlink(address.sun_path);
	cr_expect_eq(rmdir(dir), 0);
}

TestSuite(journal_output, .init = setup, .fini = teardown, .timeout = 120);

/* Open the reader's socket as journald does. */
static int listen_again(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)unlink(address.sun_path);
	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static struct outputs *open_journal(const char *settings)
{
	struct outputs *s = NULL;
	char text[256];
	struct reason why = { 0 };

	(void)snprintf(text, sizeof(text), "journal:%s%s", address.sun_path, settings);
	cr_assert_eq(output_spec_parse(text, &journal_spec, &why), 0, "%s: %s", text, why.text);
	cr_assert_eq(outputs_new(&s), 0);
	cr_assert_eq(outputs_add(s, &journal_spec, &why), 0, "%s: %s", text, why.text);
	cr_assert_eq(outputs_start(s), 0);
	return s;
}

/* Make line n, with the length of a packet's. */
static size_t numbered(char text[RECORD_MAX_BYTES], uint64_t n)
{
	int len = snprintf(text, RECORD_MAX_BYTES,
			   BEGINNING "\"event_type\":\"packet\",\"interface\":\"eth0\","
				     "\"src_ip\":\"192.0.2.7\",\"cpu_seq\":%lu}\n",
			   n);

	return (size_t)len;
}

static void put_numbered(struct outputs *s, uint64_t from, uint64_t to)
{
	char text[RECORD_MAX_BYTES];

	for (uint64_t n = from; n < to; n++) {
		struct record line = { .text = text,
				       .len = numbered(text, n),
				       .type = RECORD_PACKET };

		outputs_put(s, &line);
	}
	outputs_flush(s);
}

/* Check that the next datagram is line n. */
static void expect_numbered(int fd, uint64_t n)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char text[RECORD_MAX_BYTES];
	char got[8192];
	char want[8192];
	ssize_t len;
	int want_len;

	cr_assert_eq(poll(&pollfd, 1, PATIENCE_MS), 1, "%lu does not come", n);
	len = recv(fd, got, sizeof(got), 0);
	(void)numbered(text, n);
	want_len = snprintf(want, sizeof(want),
			    "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=xdptail\n"
			    "SYSLOG_PID=%d\nMESSAGE_ID=" PACKET_ID "\nXDPTAIL_EVENT_TYPE=packet\n"
			    "XDPTAIL_INTERFACE=eth0\nXDPTAIL_SRC_IP=192.0.2.7\nMESSAGE=%s",
			    getpid(), text);
	cr_assert(len == want_len && !memcmp(got, want, (size_t)len), "got %.*s\nwant %s", (int)len,
		  got, want);
}

static void expect_range(int fd, uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++)
		expect_numbered(fd, n);
}

/* --- waiting for another thread --- */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static bool is_failing(struct outputs *s, const struct output_counts *c)
{
	(void)c;
	return outputs_failing(s, 0) != 0;
}

static bool is_lost(struct outputs *s, const struct output_counts *c)
{
	(void)s;
	return c->disconnects > 0;
}

static bool is_written(struct outputs *s, const struct output_counts *c)
{
	(void)s;
	return c->written == c->made;
}

static struct output_counts
wait_until(struct outputs *s, bool (*done)(struct outputs *s, const struct output_counts *c),
	   const char *name)
{
	int64_t end = now_ms() + PATIENCE_MS;
	struct output_counts c;

	do {
		(void)poll(NULL, 0, 1);
		outputs_counts(s, 0, &c);
	} while (!done(s, &c) && now_ms() < end);
	cr_assert(done(s, &c), "%s: made %lu, written %lu", name, c.made, c.written);
	return c;
}

Test(journal_output, datagrams)
{
	int fd = listen_again();
	struct outputs *s = open_journal("");
	struct output_counts c;

	/* many more than a queue or a batch holds: the output waits for the reader, and goes on */
	put_numbered(s, 0, 3000);
	expect_range(fd, 0, 3000);
	c = wait_until(s, is_written, "all are written");
	cr_expect_eq(c.made, 3000);
	cr_expect_gt(c.bytes, 3000 * 100UL);
	cr_expect_eq(c.disconnects, 0);
	cr_expect_null(outputs_warning(s, 0, &(unsigned int){ 0 }));
	cr_expect_eq(outputs_finish(s, 5000), 0);
	outputs_free(s);
	close(fd);
}

Test(journal_output, settings)
{
	int fd = listen_again();
	struct outputs *s = open_journal(",fields=all,tag=probe-7");
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char got[8192] = "";

	put_numbered(s, 5, 6);
	cr_assert_eq(poll(&pollfd, 1, PATIENCE_MS), 1);
	cr_assert_gt(recv(fd, got, sizeof(got) - 1, 0), 0);
	cr_expect_not_null(strstr(got, "\nSYSLOG_IDENTIFIER=probe-7\n"), "%s", got);
	cr_expect_not_null(strstr(got, "\nXDPTAIL_CPU_SEQ=5\n"), "%s", got);
	cr_expect_eq(outputs_finish(s, 5000), 0);
	outputs_free(s);
	close(fd);
}

Test(journal_output, nobody_is_there_yet)
{
	struct outputs *s = open_journal("");
	int fd;

	put_numbered(s, 0, 100);
	(void)wait_until(s, is_failing, "it is failing");
	cr_expect_eq(outputs_failing(s, 0), -ENOENT);
	cr_expect_eq(outputs_error(s, 0), 0);
	fd = listen_again();
	expect_range(fd, 0, 100);
	put_numbered(s, 100, 110);
	expect_range(fd, 100, 110);
	cr_expect_eq(wait_until(s, is_written, "all are written").disconnects, 0);
	cr_expect_eq(outputs_failing(s, 0), 0);
	cr_expect_eq(outputs_finish(s, 5000), 0);
	outputs_free(s);
	close(fd);
}

/* What the socket held is lost with the reader, undetected; the rest arrives when it is back. */
Test(journal_output, the_reader_is_restarted)
{
	int fd = listen_again();
	struct outputs *s = open_journal("");
	struct output_counts c;

	put_numbered(s, 0, 10);
	expect_range(fd, 0, 10);
	(void)wait_until(s, is_written, "all are written");
	close(fd);
	put_numbered(s, 10, 20);
	(void)wait_until(s, is_lost, "it is missed");
	cr_expect_eq(outputs_failing(s, 0), -ECONNREFUSED);
	fd = listen_again();
	expect_range(fd, 10, 20);
	c = wait_until(s, is_written, "all are written");
	cr_expect_eq(c.disconnects, 1);
	cr_expect_eq(c.dropped_error + c.dropped_queue_full, 0);
	cr_expect_eq(outputs_finish(s, 5000), 0);
	outputs_free(s);
	close(fd);
}

/* The reader dies while the writer waits for it: that must wake the writer. */
Test(journal_output, the_reader_dies_with_its_queue_full)
{
	int fd = listen_again();
	struct outputs *s = open_journal("");
	struct output_counts c;

	put_numbered(s, 0, 3000);
	expect_numbered(fd, 0);
	close(fd);
	(void)wait_until(s, is_lost, "it is missed");
	outputs_counts(s, 0, &c);
	fd = listen_again();
	expect_range(fd, c.written, 3000);
	(void)wait_until(s, is_written, "all are written");
	cr_expect_eq(outputs_finish(s, 5000), 0);
	outputs_free(s);
	close(fd);
}

/* Lines that the reader does not take are dropped and counted, and finishing does not wait for it.
 */
Test(journal_output, the_reader_is_stopped)
{
	int fd = listen_again();
	struct outputs *s = open_journal(",queue=64K");
	struct output_counts c;
	uint64_t unwritten;

	put_numbered(s, 0, 3000);
	unwritten = outputs_finish(s, 200);
	outputs_counts(s, 0, &c);
	cr_expect_gt(c.dropped_queue_full, 1000);
	cr_expect_gt(unwritten, 0);
	cr_expect_eq(c.written + c.dropped_queue_full + unwritten, 3000, "%lu, %lu, %lu", c.written,
		     c.dropped_queue_full, unwritten);
	expect_range(fd, 0, c.written);
	outputs_free(s);
	close(fd);
}

Test(journal_output, more_than_journald_keeps)
{
	int fd = listen_again();
	struct outputs *s = open_journal("");

	put_numbered(s, 0, JOURNAL_LIMIT_LINES);
	expect_range(fd, 0, JOURNAL_LIMIT_LINES);
	(void)wait_until(s, is_written, "all are written");
	cr_expect_null(outputs_warning(s, 0, &(unsigned int){ 0 }));
	put_numbered(s, JOURNAL_LIMIT_LINES, JOURNAL_LIMIT_LINES + 1);
	cr_expect_eq(outputs_finish(s, 5000), 0);
	cr_expect_not_null(outputs_warning(s, 0, &(unsigned int){ 0 }));
	outputs_free(s);
	close(fd);
}

/* Lines to stdout are counted only if systemd has connected it to the journal. */
Test(journal_output, stdout_that_is_a_journal)
{
	static const char *const streams[] = { "", "1:2", "right" };
	static const char text[] = "a line\n";
	const struct record line = { .text = text, .len = sizeof(text) - 1, .type = RECORD_PACKET };

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		bool is_right = !strcmp(streams[i], "right");
		struct outputs *s = NULL;
		struct output_spec spec;
		struct stat st;
		char right[64];
		struct reason why = { 0 };
		FILE *file = tmpfile();
		int old = dup(STDOUT_FILENO);

		cr_assert(file && old >= 0 && !fstat(fileno(file), &st));
		cr_assert_eq(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
		(void)snprintf(right, sizeof(right), "%ju:%ju", (uintmax_t)st.st_dev,
			       (uintmax_t)st.st_ino);
		setenv("JOURNAL_STREAM", is_right ? right : streams[i], 1);
		cr_assert_eq(output_spec_parse("stdout", &spec, &why), 0);
		cr_assert_eq(outputs_new(&s), 0);
		cr_assert_eq(outputs_add(s, &spec, &why), 0);
		cr_assert_eq(outputs_start(s), 0);
		for (int n = 0; n <= JOURNAL_LIMIT_LINES; n++)
			outputs_put(s, &line);
		cr_expect_eq(outputs_finish(s, 5000), 0);
		cr_assert_eq(dup2(old, STDOUT_FILENO), STDOUT_FILENO);
		cr_expect_eq(outputs_warning(s, 0, &(unsigned int){ 0 }) != NULL, is_right,
			     "\"%s\"", streams[i]);
		outputs_free(s);
		output_spec_free(&spec);
		(void)fclose(file);
		close(old);
	}
}

Test(journal_output, a_path_that_is_too_long)
{
	struct output_spec spec = { 0 };
	char text[256];
	struct reason why = { 0 };

	(void)snprintf(text, sizeof(text), "journal:/%0107d", 0);
	cr_expect_eq(output_spec_parse(text, &spec, &why), -EINVAL);
	cr_expect_not_null(strstr(why.text, "107 bytes"), "%s", why.text);
	text[strlen(text) - 1] = '\0';
	cr_expect_eq(output_spec_parse(text, &spec, &why), 0, "%s", why.text);
	output_spec_free(&spec);
}
