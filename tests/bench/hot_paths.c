// SPDX-License-Identifier: BSD-2-Clause
/* hot_paths: each piece of work that is done once a packet, a line or a source, so many times on
 * fixed input, in a function hot_NAME() of its own, for callgrind to count in. Prints, in the order
 * in which they are called, their names and how often each was done. instructions.py runs it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi.h"
#include "app/audit_state.h"
#include "app/top.h"
#include "captures.h"
#include "lib/decode.h"
#include "lib/replay.h"
#include "lib/sources.h"
#include "lib/interval_result.h"
#include "record/record.h"
#include "packets.h"
#include "parse.h"
#include "output/queue.h"
#include "output/outputs.h"

#define TIMES	      4000
#define RUN	      UINT64_C(0x5f0c9a1e77b0d2c4)
#define QUEUE_BYTES   (UINT64_C(8) << 20)
#define PUBLISH_EVERY 64 /* lines: about what a batch of a busy interface has */
#define OUTPUTS	      4
#define CAPTURE_RATE  1000
#define IFINDEX	      2
#define FRAME_KINDS   4
#define FRAME_BYTES   96

static struct xdptail_packet packets[TIMES];
static struct packet_info records[TIMES];
static struct record_writer *writer;
static struct outputs *outputs;
static struct queue *queue;
static struct replay *capture;
static char dir[] = "/tmp/hot_paths.XXXXXX";
static char path[64]; /* of the file that a path reads */

static void expect(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "hot_paths: %s\n", what);
	exit(1);
}

/* In place of the C library's: tables of sources are keyed by it, and are to be the same each time.
 * The header's names of parameters are reserved.
 */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
	(void)flags;
	memset(buf, 0x5a, len);
	return (ssize_t)len;
}

/* clang-format off */
#define ETH_TO	   2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1
#define IP4(proto) 0x45, 0, 0, 0x34, 0, 0, 0, 0, 64, proto, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7
#define IP6(next)  0x60, 0, 0, 0, 0, 32, next, 64, \
		   0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
		   0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define TCP	   1, 0xbb, 0x30, 0x39, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x18
#define UDP	   0, 53, 0x30, 0x39, 0, 24, 0, 0

static const struct {
	size_t len;
	_Alignas(4) uint8_t bytes[FRAME_BYTES]; /* two before the frame align its IP header */
} frames[FRAME_KINDS] = {
	{ 66, { 0, 0, ETH_TO, 8, 0, IP4(6), TCP } },
	{ 66, { 0, 0, ETH_TO, 8, 0, IP4(17), UDP } },
	{ 90, { 0, 0, ETH_TO, 0x86, 0xdd, IP6(6), TCP } },
	{ 70, { 0, 0, ETH_TO, 0x81, 0, 0, 5, 8, 0, IP4(6), TCP } },
};
/* clang-format on */

/* --- frame to record --- */

static bool parse_one(size_t i, struct packet_info *ret)
{
	size_t kind = i % FRAME_KINDS;
	const uint8_t *data = frames[kind].bytes + 2;
	const struct parse_frame frame = {
		.data = data,
		.end = data + frames[kind].len,
		.wire_len = (uint32_t)frames[kind].len,
	};
	struct parse_walk walk;

	memset(ret, 0, sizeof(*ret));
	if (parse_classify(&walk, &frame, PARSE_LINK_ETHERNET, 0) != PARSE_COUNTED)
		return false;
	parse_fill(&walk, ret, 0);
	return true;
}

static void hot_parse(void)
{
	for (size_t i = 0; i < TIMES; i++)
		expect(parse_one(i, &records[i]), "a frame is not counted");
}

/* --- record to packet --- */

static void before_decode(void)
{
	for (size_t i = 0; i < TIMES; i++) {
		records[i].timestamp_ns = i;
		records[i].cpu_seq = i + 1;
		records[i].packet_len = (__u32)frames[i % FRAME_KINDS].len;
		records[i].ifindex = IFINDEX;
		records[i].sample_rate = 1;
	}
}

static void hot_decode(void)
{
	struct xdptail_packet packet;
	unsigned int generation;

	for (size_t i = 0; i < TIMES; i++)
		expect(!decode_record(&records[i], sizeof(records[i]), &packet, &generation),
		       "a record is not decoded");
}

/* --- packet to line --- */

static void make_packets(uint8_t version)
{
	uint32_t state = 1;

	record_writer_free(writer);
	expect(!record_writer_new(&writer, RUN, false), "no memory");
	for (size_t i = 0; i < TIMES; i++)
		packets_make(&packets[i], i, version, &state);
}

static void before_line(void)
{
	make_packets(4);
}

static void write_lines(void)
{
	struct record line;

	for (size_t i = 0; i < TIMES; i++)
		expect(!record_packet(writer, &packets[i], &line), "no line");
}

static void hot_line(void)
{
	write_lines();
}

static void before_line_ip6(void)
{
	make_packets(6);
}

static void hot_line_ip6(void)
{
	write_lines();
}

/* --- line to outputs --- */

static void before_queue(void)
{
	expect(!queue_new(&queue, QUEUE_BYTES), "no memory");
}

/* As a producer and as a consumer that takes all there is. */
static void hot_queue(void)
{
	static const char text[320];
	const char *run;

	for (size_t i = 0; i < TIMES; i++) {
		expect(queue_put(queue, text, sizeof(text), RECORD_PACKET), "the queue is full");
		if (i % PUBLISH_EVERY != PUBLISH_EVERY - 1)
			continue;
		(void)queue_publish(queue);
		while (queue_waiting(queue))
			queue_written(queue, queue_run(queue, QUEUE_BYTES, &run));
	}
}

/* Their writers are not started: lines wait in their queues, which are large enough. */
static void before_fanout(void)
{
	struct reason why = { 0 };

	expect(!outputs_new(&outputs), "no outputs");
	for (int i = 0; i < OUTPUTS; i++) {
		struct output_spec spec;
		char text[80];

		(void)snprintf(text, sizeof(text), "file:%s/out%d", dir, i);
		expect(!output_spec_parse(text, &spec, &why) && !outputs_add(outputs, &spec, &why),
		       "an output cannot be opened");
	}
}

static void hot_fanout(void)
{
	static const char text[320];
	const struct record line = { .text = text, .len = sizeof(text), .type = RECORD_PACKET };

	for (size_t i = 0; i < TIMES; i++) {
		outputs_put(outputs, &line);
		if (i % PUBLISH_EVERY == PUBLISH_EVERY - 1)
			outputs_flush(outputs);
	}
}

/* --- lines and captures, read --- */

static FILE *create(const char *name)
{
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	expect(file != NULL, "a file cannot be made");
	return file;
}

/* A stream of packets, a line each, as write() leaves them. */
static void make_stream(const char *name,
			void (*write)(FILE *file, const struct record *line, size_t i))
{
	FILE *file = create(name);
	struct record line;

	make_packets(4);
	for (size_t i = 0; i < TIMES; i++) {
		expect(!record_packet(writer, &packets[i], &line), "no line");
		write(file, &line, i);
	}
	expect(!fclose(file), "a file is not written");
}

static void audit_stream(size_t runs)
{
	struct audit_state state;

	expect(!audit_state_init(&state) && !audit_state_read(&state, path), "no audit");
	expect(state.records == TIMES && state.runs.n == runs, "the audit has missed a line");
	audit_state_free(&state);
}

static void write_as_is(FILE *file, const struct record *line, size_t i)
{
	(void)i;
	expect(fwrite(line->text, 1, line->len, file) == line->len, "a file is not written");
}

static void before_audit(void)
{
	make_stream("stream", write_as_is);
}

static void hot_audit(void)
{
	audit_stream(1);
}

/* As Fluent Bit does at the head, and rsyslog at the end. */
static void write_with_keys(FILE *file, const struct record *line, size_t i)
{
	int len = (int)line->len - 3; /* without brackets and newline */

	expect(fprintf(file, "{\"date\":1795318900.%06zu,%.*s,\"fromhost\":\"web1\"}\n", i, len,
		       line->text + 1) > 0,
	       "a file is not written");
}

static void before_audit_added(void)
{
	make_stream("added", write_with_keys);
}

static void hot_audit_added(void)
{
	audit_stream(1);
}

/* Each line is of another run. */
static void write_as_run(FILE *file, const struct record *line, size_t i)
{
	static const char key[] = "\"run\":\"";
	const char *run = memmem(line->text, line->len, key, sizeof(key) - 1);

	expect(run != NULL, "a line has no run");
	run += sizeof(key) - 1;
	expect(fprintf(file, "%.*s%016zx%.*s", (int)(run - line->text), line->text, i,
		       (int)(line->text + line->len - run) - RECORD_RUN_DIGITS,
		       run + RECORD_RUN_DIGITS) > 0,
	       "a file is not written");
}

static void before_audit_runs(void)
{
	make_stream("runs", write_as_run);
}

static void hot_audit_runs(void)
{
	audit_stream(TIMES);
}

static int take_sample(void *arg, const struct tunnel_info *sample)
{
	(void)arg;
	(void)sample;
	return 0;
}

static void before_capture(void)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_NS_LE };
	FILE *file = create("capture");
	struct reason reason;

	captures_begin(file, &spec);
	for (size_t i = 0; i < TIMES; i++)
		(void)captures_frame(file, &spec, PACKETS_FIRST_NS + i,
				     frames[i % FRAME_KINDS].bytes + 2,
				     frames[i % FRAME_KINDS].len);
	expect(!fclose(file), "a file is not written");
	expect(!replay_open(
		       &capture,
		       &(struct replay_spec){ .path = path, .fd = -1, .sample_rate = CAPTURE_RATE },
		       &reason),
	       "the capture cannot be opened");
}

static void hot_capture(void)
{
	struct capture_frame frame;
	struct reason reason;
	size_t n = 0;

	for (; replay_next(capture, &frame, &reason) == 1; n++) {
		(void)replay_observe(capture, &frame, take_sample, NULL);
		replay_step(capture);
	}
	expect(n == TIMES, "the capture has lost a frame");
}

/* --- sources to count lines --- */

static const char *name_of(const void *arg, uint32_t ifindex)
{
	(void)arg;
	(void)ifindex;
	return "eth0";
}

static void list_sources(const struct xdptail_counts *counts)
{
	struct xdptail_source source;
	struct record line;
	struct top top;

	expect(!top_init(&top, counts), "no memory");
	while (!top_build(&top, TIMES))
		continue;
	while (top_next(&top, &source)) {
		const struct record_count count = { .snapshot = 1, .source = &source };

		expect(!record_count(writer, PACKETS_FIRST_NS, &count, &line), "no line");
	}
	top_free(&top);
}

/* From what was drained to all lines, heaviest first. */
static void hot_snapshot(void)
{
	struct interval_result taken = { .name = name_of };
	struct xdptail_counts *counts;
	uint32_t state = 1;

	expect(!sources_new(&taken.sources), "no memory");
	for (size_t i = 0; i < TIMES; i++) {
		const struct count_value value = { bench_random(&state) >> 16, i };
		struct count_key key = { .ifindex = IFINDEX };

		packets_set_ip(key.addr, 4, &state);
		expect(!sources_add(taken.sources, &key, &value), "no room for a source");
	}
	expect(!interval_result_new(&counts), "no memory");
	interval_result_to_counts(&taken, counts);
	list_sources(counts);
	xdptail_counts_free(counts);
}

static const struct {
	const char *name;
	void (*before)(void); /* not counted; NULL: nothing to prepare */
	void (*hot)(void);
} paths[] = {
	{ "parse", NULL, hot_parse },
	{ "decode", before_decode, hot_decode },
	{ "line", before_line, hot_line },
	{ "line_ip6", before_line_ip6, hot_line_ip6 },
	{ "queue", before_queue, hot_queue },
	{ "fanout", before_fanout, hot_fanout },
	{ "audit", before_audit, hot_audit },
	{ "audit_added", before_audit_added, hot_audit_added },
	{ "audit_runs", before_audit_runs, hot_audit_runs },
	{ "capture", before_capture, hot_capture },
	{ "snapshot", before_line, hot_snapshot },
};

static void clean_up(void)
{
	static const char *const names[] = { "out0",   "out1",	"out2", "out3",
					     "stream", "added", "runs", "capture" };

	replay_close(capture);
	outputs_free(outputs);
	queue_free(queue);
	record_writer_free(writer);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		expect(!unlink(path), "a file cannot be removed");
	}
	expect(!rmdir(dir), "the directory cannot be removed");
}

int main(void)
{
	expect(mkdtemp(dir) != NULL, "no directory in /tmp");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (paths[i].before)
			paths[i].before();
		paths[i].hot();
		printf("%s %d\n", paths[i].name, TIMES);
	}
	clean_up();
	return 0;
}
