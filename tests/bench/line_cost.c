// SPDX-License-Identifier: BSD-2-Clause
/* line_cost [ROUNDS [LINES]]: nanoseconds to make a packet line, by ours (record.c), by snprintf()
 * with inet_ntop(), and by json-c as its documentation has it, with the flags that make it fast.
 * All three make the same lines, byte for byte, which is checked first; date and hour, which change
 * once a second, are kept by all three. A line of JSON each.
 *
 * They take turns, round by round, one round forth, the next one back. The time is this thread's
 * CPU time.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/record.h"
#include "packets.h"

#define ROUNDS	   31
#define ROUNDS_MAX 101
#define LINES	   20000
#define PACKETS	   1024 /* different ones */
#define RUN	   UINT64_C(0x5f0c9a1e77b0d2c4)
#define NS_PER_S   UINT64_C(1000000000)

/* Makes a line, its newline included, in place of the last one; where it is, and its length. */
typedef const char *(*write_fn)(const struct xdptail_packet *packet, uint64_t seq, size_t *ret_len);

static struct record_writer *ours;
static struct json_object *object; /* json-c's line is a part of it */
static char text[RECORD_MAX_BYTES];

static void fail(const char *what)
{
	fprintf(stderr, "line_cost: %s\n", what);
	exit(1);
}

static const char *write_ours(const struct xdptail_packet *packet, uint64_t seq, size_t *ret_len)
{
	struct record line;

	(void)seq; /* it counts by itself */
	if (record_packet(ours, packet, &line))
		fail("line_packet()");
	*ret_len = line.len;
	return line.text;
}

/* "2026-11-22T03:41:40", until the second is another one. */
static const char *date_of(uint64_t ns)
{
	static char date[32];
	static time_t second;
	time_t now = (time_t)(ns / NS_PER_S);
	struct tm tm;

	if (now != second && gmtime_r(&now, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	second = now;
	return date;
}

/* INET6_ADDRSTRLEN bytes. */
static const char *ip_text(const uint8_t ip[16], uint8_t version, char *ret)
{
	if (version == 4)
		return inet_ntop(AF_INET, ip + 12, ret, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, ip, ret, INET6_ADDRSTRLEN);
}

/* Nine bytes. */
static const char *flags_text(uint8_t flags, char *ret)
{
	static const char letters[] = "FSRPAUEC";
	char *pos = ret;

	for (int i = 0; i < 8; i++) {
		if (flags >> i & 1)
			*pos++ = letters[i];
	}
	*pos = '\0';
	return ret;
}

static const char *write_snprintf(const struct xdptail_packet *p, uint64_t seq, size_t *ret_len)
{
	char src[INET6_ADDRSTRLEN];
	char dst[INET6_ADDRSTRLEN];
	char flags[9];
	int len = snprintf(
		text, sizeof(text),
		"{\"timestamp\":\"%s.%06uZ\",\"event_type\":\"packet\",\"run\":\"%016" PRIx64
		"\",\"record_seq\":%" PRIu64
		",\"interface\":\"%s\",\"src_ip\":\"%s\",\"dst_ip\":\"%s\","
		"\"src_port\":%u,\"dst_port\":%u,\"protocol\":%u,\"packet_type\":%u,\"packet_len\":%u,"
		"\"seq_num\":%u,\"ack_num\":%u,\"tcp_flags\":%u,\"flags\":\"%s\",\"ttl\":%u,"
		"\"sample_rate\":%u,\"cpu\":%u,\"cpu_seq\":%" PRIu64 "}\n",
		date_of(p->timestamp_ns), (unsigned int)(p->timestamp_ns % NS_PER_S / 1000), RUN,
		seq, p->interface, ip_text(p->src_ip, p->ip_version, src),
		ip_text(p->dst_ip, p->ip_version, dst), p->src_port, p->dst_port, p->protocol,
		p->packet_type, p->packet_len, p->seq_num, p->ack_num, p->tcp_flags,
		flags_text(p->tcp_flags, flags), p->ttl, p->sample_rate, p->cpu, p->cpu_seq);

	*ret_len = (size_t)len;
	return text;
}

static void add(const char *key, struct json_object *value)
{
	if (json_object_object_add_ex(object, key, value,
				      JSON_C_OBJECT_ADD_KEY_IS_NEW |
					      JSON_C_OBJECT_ADD_CONSTANT_KEY))
		fail("json-c: no memory");
}

static void add_text(const char *key, const char *value)
{
	add(key, json_object_new_string(value));
}

static void add_number(const char *key, uint64_t value)
{
	add(key, json_object_new_uint64(value));
}

static void add_head(const struct xdptail_packet *p, uint64_t seq)
{
	static char run[17];
	char timestamp[32];

	if (!run[0])
		(void)snprintf(run, sizeof(run), "%016" PRIx64, RUN);
	(void)snprintf(timestamp, sizeof(timestamp), "%s.%06uZ", date_of(p->timestamp_ns),
		       (unsigned int)(p->timestamp_ns % NS_PER_S / 1000));
	add_text("timestamp", timestamp);
	add_text("event_type", "packet");
	add_text("run", run);
	add_number("record_seq", seq);
}

static void add_packet(const struct xdptail_packet *p)
{
	char ip[INET6_ADDRSTRLEN];
	char flags[9];

	add_text("interface", p->interface);
	add_text("src_ip", ip_text(p->src_ip, p->ip_version, ip));
	add_text("dst_ip", ip_text(p->dst_ip, p->ip_version, ip));
	add_number("src_port", p->src_port);
	add_number("dst_port", p->dst_port);
	add_number("protocol", p->protocol);
	add_number("packet_type", p->packet_type);
	add_number("packet_len", p->packet_len);
	add_number("seq_num", p->seq_num);
	add_number("ack_num", p->ack_num);
	add_number("tcp_flags", p->tcp_flags);
	add_text("flags", flags_text(p->tcp_flags, flags));
	add_number("ttl", p->ttl);
	add_number("sample_rate", p->sample_rate);
	add_number("cpu", p->cpu);
	add_number("cpu_seq", p->cpu_seq);
}

/* The newline is put where the text's NUL is: json-c's buffer is its own, and the text its
 * caller's.
 */
static const char *write_json_c(const struct xdptail_packet *p, uint64_t seq, size_t *ret_len)
{
	const char *json;
	size_t len;

	object = json_object_new_object();
	add_head(p, seq);
	add_packet(p);
	json = json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN, &len);
	if (!json || len >= sizeof(text))
		fail("json-c: no text");
	memcpy(text, json, len);
	text[len] = '\n';
	*ret_len = len + 1;
	json_object_put(object);
	return text;
}

static const struct {
	const char *name;
	write_fn fn;
} writers[] = {
	{ "xdptail", write_ours },
	{ "snprintf", write_snprintf },
	{ "json-c", write_json_c },
};
#define WRITERS (sizeof(writers) / sizeof(writers[0]))

static void check_equal(const struct xdptail_packet packets[PACKETS])
{
	for (uint64_t i = 0; i < PACKETS; i++) {
		char want[RECORD_MAX_BYTES];
		size_t want_len, len;

		memcpy(want, write_snprintf(&packets[i], i + 1, &want_len), sizeof(want));
		for (size_t w = 0; w < WRITERS; w++) {
			const char *got;

			if (writers[w].fn == write_snprintf)
				continue;
			got = writers[w].fn(&packets[i], i + 1, &len);
			if (len == want_len && !memcmp(got, want, len))
				continue;
			fprintf(stderr, "line_cost: %s wrote\n%.*ssnprintf wrote\n%.*s",
				writers[w].name, (int)len, got, (int)want_len, want);
			exit(1);
		}
	}
}

static double measure(write_fn fn, const struct xdptail_packet packets[PACKETS], unsigned int lines)
{
	double start = bench_cpu_ns();
	size_t len;

	for (unsigned int i = 0; i < lines; i++)
		(void)fn(&packets[i % PACKETS], PACKETS + i, &len);
	return (bench_cpu_ns() - start) / lines;
}

static void compare(const char *name, uint8_t version, unsigned int rounds, unsigned int lines)
{
	static struct xdptail_packet packets[PACKETS];
	static double ns[WRITERS][ROUNDS_MAX];
	uint32_t state = 1;

	if (record_writer_new(&ours, RUN, false))
		fail("no memory");
	for (size_t i = 0; i < PACKETS; i++)
		packets_make(&packets[i], i, version, &state);
	check_equal(packets);
	for (unsigned int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < WRITERS; i++) {
			size_t w = round % 2 ? WRITERS - 1 - i : i;

			ns[w][round] = measure(writers[w].fn, packets, lines);
		}
	}
	for (size_t w = 0; w < WRITERS; w++) {
		printf("{\"bench\":\"line\",\"line\":\"%s\",\"writer\":\"%s\",", name,
		       writers[w].name);
		bench_print_rounds("ns", ns[w], rounds);
	}
	record_writer_free(ours);
}

int main(int argc, char *argv[])
{
	unsigned int rounds = bench_argument(argc, argv, 1, ROUNDS);
	unsigned int lines = bench_argument(argc, argv, 2, LINES);

	if (rounds > ROUNDS_MAX) {
		fprintf(stderr, "line_cost: at most %d rounds\n", ROUNDS_MAX);
		return 2;
	}
	compare("TCP over IPv4", 4, rounds, lines);
	compare("TCP over IPv6", 6, rounds, lines);
	return 0;
}
