// SPDX-License-Identifier: BSD-2-Clause
/* make_corpus DIRECTORY: what the fuzzers begin with, made from the table of frames: a directory
 * for each fuzzer, a file for each input.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <zstd.h>

#include "captures.h"
#include "frames.h"
#include "lib/decode.h"
#include "record/record.h"

#define CAPTURED_FRAMES 8 /* of a capture */
#define CAPTURED_BYTES	256 /* at most, of each */

/* Arguments with a NUL after each. */
#define ARGS(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct {
	const char *bytes;
	size_t len;
} command_lines[] = {
	ARGS("-i\0eth0\0"),
	ARGS("-ieth0\0-a\0-N\0"
	     "100\0-o\0file:/tmp/x.jsonl\0"),
	ARGS("--interface=eth0\0--function-name\0count_packets\0--all\0"),
	ARGS("-i\0lo\0--sample-mode\0random\0--mode\0drv\0--transport\0perf\0--ring-size\0"
	     "64M\0"),
	ARGS("-i\0lo\0--interval\0"
	     "1\0--max-sources\0"
	     "1K\0--top\0"
	     "0\0-c\0"
	     "7\0"),
	ARGS("-i\0lo\0--timestamps\0ns\0--batch\0"
	     "5\0--trace\0-l\0-q\0-v\0"),
	ARGS("-i\0lo\0-o\0stdout\0-o\0file:a\0-o\0file:b,flush=1\0"),
	ARGS("-i\0lo\0-o\0syslog,tag=x\0-o\0syslog:tcp://[::1]:601,facility=local0,cookie=cee\0-o\0unix:/x\0"),
	ARGS("-r\0capture.pcap\0-a\0-N\0"
	     "1\0"),
	ARGS("-D\0"),
	ARGS("-V\0"),
	ARGS("-h\0"),
	ARGS("-i\0lo\0port\0"
	     "80\0"),
	ARGS("--sampel\0"
	     "5\0"),
	ARGS("-i\0lo\0--\0x\0"),
	ARGS("-i\0lo\0-N\0-1\0"),
};

static void fail(const char *path)
{
	fprintf(stderr, "make_corpus: %s: %s\n", path, strerror(errno));
	exit(1);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		fail(path);
}

static void put(const char *directory, const char *fuzzer, size_t number, const void *data,
		size_t len)
{
	char path[PATH_MAX];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, fuzzer);
	make_directory(path);
	(void)snprintf(path, sizeof(path), "%s/%s/%03zu", directory, fuzzer, number);
	file = fopen(path, "we");
	if (!file)
		fail(path);
	if (len && fwrite(data, len, 1, file) != 1)
		fail(path);
	if (fclose(file))
		fail(path);
}

static const char *const value_lines[] = {
	("{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"start\",\"record_seq\":1,"
	 "\"capabilities\":[\"CAP_BPF\",\"\xe2\x80\xa6\"],\"total\":true}\n"),
	"{\"interface\":\"a\\\"\\\\/\\u0001\xef\xbf\xbd\\n\",\"step_ns\":-5,\"flags\":\"\"}\n",
	"{\"a\":\"\\ud83d\\ude00\"}",
};

/* As fuzz_line.c reads it: type, fraction, time, the packet, and its interface's name. */
static void put_packet_line(const char *directory, size_t number, const struct xdptail_packet *p)
{
	static const char interface[] = "\4eth0";
	const __u64 now_ns = 1795318900704885554;
	char bytes[2 + sizeof(now_ns) + sizeof(*p) + sizeof(interface)] = { RECORD_PACKET,
									    (char)(number & 1) };
	char *pos = bytes + 2;

	memcpy(pos, &now_ns, sizeof(now_ns));
	pos += sizeof(now_ns);
	memcpy(pos, p, sizeof(*p));
	pos += sizeof(*p);
	memcpy(pos, interface, sizeof(interface));
	put(directory, "line", number, bytes, sizeof(bytes));
}

/* The record of a frame, as the program would send it: with decap, the longer one. */
static void put_record(const char *directory, size_t number, struct tunnel_info *info)
{
	struct packet_info *pkt = &info->packet;
	size_t size = pkt->tunnel ? sizeof(*info) : sizeof(*pkt);
	struct xdptail_packet packet = { 0 };
	unsigned int generation;

	pkt->timestamp_ns = 1;
	pkt->cpu_seq = number + 1;
	pkt->packet_len = 60;
	pkt->ifindex = 2;
	pkt->sample_rate = 10;
	pkt->generation = number & 1;
	put(directory, "decode", number, info, size);
	if (decode_record(info, size, &packet, &generation)) {
		errno = EBADMSG;
		fail(frame_cases[number].name);
	}
	put_packet_line(directory, number, &packet);
}

static void put_frame(const char *directory, size_t number)
{
	const struct frame_case *c = &frame_cases[number];
	struct parse_frame bytes;
	struct frame_bytes frame;
	struct tunnel_info info;

	frame_open(&frame, c->link, c);
	put(directory, "parse", number, frame.data, frame.len);
	bytes = frame_reach(frame.data, frame.len, frame.len);
	if (frame_parse_inner(&bytes, c->link, 0, &info) == PARSE_COUNTED)
		put_record(directory, number, &info);
	frame_free(&frame);
}

#define COMPRESSED 1000 /* what is compressed is numbered from here on */

static void put_compressed(const char *directory, size_t number, const char *bytes, size_t len)
{
	size_t room = ZSTD_compressBound(len);
	char *to = malloc(room);
	size_t n;

	if (!to)
		fail("memory");
	n = ZSTD_compress(to, room, bytes, len, 1);
	if (ZSTD_isError(n))
		fail("zstd");
	put(directory, "capture", COMPRESSED + number, to, n);
	free(to);
}

/* A few frames of the table, in each format on each link. */
static void put_capture(const char *directory, size_t number, const struct captures_spec *spec)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&bytes, &len);

	if (!file)
		fail("memory");
	captures_begin(file, spec);
	for (size_t i = 0; i < CAPTURED_FRAMES; i++) {
		const struct frame_case *c = &frame_cases[(number * 7 + i * 13) % FRAME_CASES];
		struct frame_bytes frame;

		frame_open(&frame, c->link, c);
		if (frame.len <= CAPTURED_BYTES)
			(void)captures_frame(file, spec, i, frame.data, frame.len);
		frame_free(&frame);
	}
	if (fclose(file))
		fail("memory");
	put(directory, "capture", number, bytes, len);
	if (spec->link == CAPTURES_ETHERNET)
		put_compressed(directory, number, bytes, len);
	free(bytes);
}

static void put_captures(const char *directory)
{
	for (unsigned int format = 0; format < CAPTURES_FORMAT_MAX; format++) {
		for (unsigned int link = 0; link < CAPTURES_LINK_MAX; link++) {
			const struct captures_spec spec = { .format = format, .link = link };

			put_capture(directory, format * CAPTURES_LINK_MAX + link, &spec);
		}
	}
}

static const char *const configs[] = {
	"{}",
	"{\"sample\": 3, /* c */ \"all\": true, // c\n \"mode\": \"skb\" # c\n}",
	("{\"output\": [\"stdout\", {\"type\": \"file\", \"target\": \"a,b\", \"queue\": \"64K\", "
	 "\"events\": [\"packet\", \"loss\"]}]}"),
	"{\"ring_size\": \"1M\", \"verbose\": 2, \"count\": 5, \"trace\": false}",
	"{\"sample\": 1, \"sample\": 2}",
	"{\"interface\": [\"lo\", \"eth0\"], \"wait_interface\": true}",
};

/* Two attributes in each: a name, and one that matters when an interface moves. */
static void put_links(const char *directory)
{
	static const uint16_t types[] = { RTM_NEWLINK, RTM_DELLINK, NLMSG_ERROR };
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		struct nlattr name;
		char text[8];
		struct nlattr attribute;
		uint32_t value;
	} message = {
		.header = { .nlmsg_len = sizeof(message) },
		.info = { .ifi_index = 2, .ifi_flags = 1 },
		.name = { .nla_len = sizeof(struct nlattr) + 5, .nla_type = IFLA_IFNAME },
		.text = "eth0",
		.attribute = { .nla_len = sizeof(struct nlattr) + sizeof(uint32_t),
			       .nla_type = IFLA_NEW_NETNSID },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char bytes[sizeof(message)];

		memcpy(bytes, &message, sizeof(message));
		memcpy(bytes + offsetof(struct nlmsghdr, nlmsg_type), &types[i], sizeof(types[i]));
		put(directory, "monitor", i, bytes, sizeof(bytes));
	}
}

/* Each behind its length: an interface, an output, a run. */
static const char *const metrics_names[] = {
	"\004eth0\006stdout\007xdptail",
	"\003a\"b\006c\\d\ne\\\002\xc3\xbc",
};

#define RECORD(type, number, keys)                                                            \
	"{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"" type "\",\"run\":" \
	"\"5f0c9a1e77b0d2c4\",\"record_seq\":" #number keys "}\n"
#define SUMS  ",\"listed\":1,\"seen\":2,\"counted\":2,\"counted_bytes\":120"
#define QUEUE ",\"sink\":\"stdout\",\"made\":"

/* A run that is whole; one that failed; a copy that came late, in a log; and lines with keys of
 * others.
 */
/* clang-format off */
static const char *const streams[] = {
	RECORD("start", 1, ",\"hostname\":\"web1\"")
	RECORD("packet", 1, ",\"cpu\":0,\"cpu_seq\":1")
	RECORD("count", 1, ",\"snapshot\":1,\"packets\":2,\"bytes\":120")
	RECORD("snapshot", 1, ",\"snapshot\":1" SUMS)
	RECORD("stats", 1, ",\"sampled\":1,\"delivered\":1")
	RECORD("sink", 1, QUEUE "5,\"written\":5")
	RECORD("snapshot", 2, ",\"total\":true,\"snapshot\":1" SUMS)
	RECORD("stats", 2, ",\"total\":true,\"sampled\":1,\"delivered\":1")
	RECORD("sink", 2, ",\"total\":true" QUEUE "8,\"written\":8")
	RECORD("stop", 1, ",\"exit\":0"),

	RECORD("start", 1, "")
	RECORD("packet", 1, ",\"cpu\":0,\"cpu_seq\":1")
	RECORD("stop", 1, ",\"reason\":\"failed\",\"exit\":1"),

	"Nov 22 03:41:40 web1 x[1]: " RECORD("start", 1, ",\"repeated\":true,\"joined\":true")
	"Nov 22 03:41:40 web1 cron[1]: (root)\n"
	"<134>1 2026-11-22T03:41:40Z web1 x 1 - - "
	RECORD("packet", 3, ",\"cpu\":0,\"cpu_seq\":3,\"tag\":{\"a\":[1]}"),
};
/* clang-format on */

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make_corpus DIRECTORY\n");
		return 2;
	}
	make_directory(argv[1]);
	for (size_t i = 0; i < FRAME_CASES; i++)
		put_frame(argv[1], i);
	put_captures(argv[1]);
	put_links(argv[1]);
	for (size_t i = 0; i < RECORD_TYPE_MAX; i++) {
		const char type = (char)i;

		put(argv[1], "line", FRAME_CASES + i, &type, sizeof(type));
	}
	for (size_t i = 0; i < sizeof(value_lines) / sizeof(value_lines[0]); i++)
		put(argv[1], "values", i, value_lines[i], strlen(value_lines[i]));
	for (size_t i = 0; i < sizeof(command_lines) / sizeof(command_lines[0]); i++)
		put(argv[1], "options", i, command_lines[i].bytes, command_lines[i].len);
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		put(argv[1], "config", i, configs[i], strlen(configs[i]));
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		put(argv[1], "audit", i, streams[i], strlen(streams[i]));
	for (size_t i = 0; i < sizeof(metrics_names) / sizeof(metrics_names[0]); i++)
		put(argv[1], "metrics", i, metrics_names[i], strlen(metrics_names[i]));
	return 0;
}
