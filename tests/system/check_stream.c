// SPDX-License-Identifier: BSD-2-Clause
/* check_stream [--unfinished] [--sink NAME] < STREAM
 *
 * Hold one run's stream to everything that is promised of it: the form of each line, the keys of
 * each type and their order, the numbering, and the laws that the numbers obey. What is wrong goes
 * to stderr, with its line, and the exit status is 1. If nothing is, what was counted is printed,
 * as KEY=VALUE words in one line.
 *
 * It shares nothing with the program that writes the stream, tables included: what it knows is
 * what readers are told. With --unfinished the run may have been killed: its last line may be torn,
 * and the records that end it may be missing. NAME is the sink that STREAM comes from, if that is
 * not the first.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define LINE_BYTES_MAX 1000
#define NUMBER_LIMIT   (UINT64_C(1) << 53) /* from here on numbers are strings */
#define CPUS_MAX       4096
#define SINKS_MAX      16
#define FAULTS_MAX     20 /* what comes after these is most likely their consequence */

enum kind {
	U8,
	U16,
	U32,
	U64,
	VLAN_ID,
	CPU,
	RATE,
	NUMBERS, /* all above are */
	TEXT,
	ADDRESS,
	FLAGS,
	YES, /* true, or absent */
	LIST,
};

static const uint64_t number_max[NUMBERS] = {
	[U8] = UINT8_MAX, [U16] = UINT16_MAX,	[U32] = UINT32_MAX,	    [U64] = UINT64_MAX,
	[VLAN_ID] = 4095, [CPU] = CPUS_MAX - 1, [RATE] = UINT64_C(1) << 30,
};

/* Keys of one group are all there or all not. */
enum group {
	ALWAYS,
	PORTS,
	PROTOCOL,
	TCP,
	ICMP,
	VLAN,
	VLAN_INNER,
	FRAGMENT,
	PARSE,
	REASON,
	TOTAL,
	PERF,
};

struct key {
	const char *name;
	enum kind kind;
	enum group group;
};

/* clang-format off */
#define COMMON_KEYS \
	{ "timestamp", TEXT, ALWAYS }, \
	{ "event_type", TEXT, ALWAYS }, \
	{ "run", TEXT, ALWAYS }, \
	{ "record_seq", U64, ALWAYS }
/* clang-format on */

static const struct key packet_keys[] = {
	COMMON_KEYS,
	{ "interface", TEXT, ALWAYS },
	{ "src_ip", ADDRESS, ALWAYS },
	{ "dst_ip", ADDRESS, ALWAYS },
	{ "src_port", U16, PORTS },
	{ "dst_port", U16, PORTS },
	{ "protocol", U8, PROTOCOL },
	{ "packet_type", U8, PROTOCOL },
	{ "packet_len", U32, ALWAYS },
	{ "seq_num", U32, TCP },
	{ "ack_num", U32, TCP },
	{ "tcp_flags", U8, TCP },
	{ "flags", FLAGS, TCP },
	{ "icmp_type", U8, ICMP },
	{ "icmp_code", U8, ICMP },
	{ "ttl", U8, ALWAYS },
	{ "vlan", VLAN_ID, VLAN },
	{ "vlan_inner", VLAN_ID, VLAN_INNER },
	{ "fragment", TEXT, FRAGMENT },
	{ "parse", TEXT, PARSE },
	{ "sample_rate", RATE, ALWAYS },
	{ "cpu", CPU, ALWAYS },
	{ "cpu_seq", U64, ALWAYS },
	{ .name = NULL },
};

static const struct key stats_keys[] = {
	COMMON_KEYS,
	{ "total", YES, TOTAL },
	{ "sampled", U64, ALWAYS },
	{ "delivered", U64, ALWAYS },
	{ "lost_ring_full", U64, ALWAYS },
	{ "lost_no_buffer", U64, PERF },
	{ "lost_other", U64, PERF },
	{ "lost_undecodable", U64, ALWAYS },
	{ "discarded", U64, ALWAYS },
	{ "cpu_ms", U64, ALWAYS },
	{ "rss_kb", U64, ALWAYS },
	{ "ring_high_water", U64, ALWAYS },
	{ "longest_wait_ms", U64, ALWAYS },
	{ .name = NULL },
};

static const struct key sink_keys[] = {
	COMMON_KEYS,
	{ "total", YES, TOTAL },
	{ "sink", TEXT, ALWAYS },
	{ "made", U64, ALWAYS },
	{ "written", U64, ALWAYS },
	{ "bytes", U64, ALWAYS },
	{ "filtered", U64, ALWAYS },
	{ "dropped_queue_full", U64, ALWAYS },
	{ "dropped_error", U64, ALWAYS },
	{ "queued", U64, ALWAYS },
	{ .name = NULL },
};

static const struct key start_keys[] = {
	COMMON_KEYS,
	{ "version", TEXT, ALWAYS },
	{ "schema", TEXT, ALWAYS },
	{ "hostname", TEXT, ALWAYS },
	{ "kernel", TEXT, ALWAYS },
	{ "function_name", TEXT, ALWAYS },
	{ "transport", TEXT, ALWAYS },
	{ "ring_bytes", U32, ALWAYS },
	{ "sample_mode", TEXT, ALWAYS },
	{ "sample_rate", RATE, ALWAYS },
	{ "interval_s", U32, ALWAYS },
	{ "max_sources", U32, ALWAYS },
	{ "map_type", TEXT, ALWAYS },
	{ "map_bytes", U64, ALWAYS },
	{ "capabilities", LIST, ALWAYS },
	{ .name = NULL },
};

static const struct key interface_keys[] = {
	COMMON_KEYS,
	{ "interface", TEXT, ALWAYS },
	{ "ifindex", U32, ALWAYS },
	{ "state", TEXT, ALWAYS },
	{ "hook", TEXT, ALWAYS },
	{ "mode", TEXT, ALWAYS },
	{ "counts", TEXT, ALWAYS },
	{ "reason", TEXT, REASON },
	{ .name = NULL },
};

static const struct key stop_keys[] = {
	COMMON_KEYS,
	{ "reason", TEXT, ALWAYS },
	{ "exit", U8, ALWAYS },
	{ .name = NULL },
};

struct sink {
	char *name; /* owned; NULL ends the list */
	uint64_t queued; /* as of its last record */
	uint64_t made; /* in all its intervals */
	uint64_t written;
	uint64_t dropped; /* in the run, by its last record */
	bool total;
};

struct stream {
	unsigned long line;
	unsigned int faults;
	bool unfinished;
	const char *sink; /* that it comes from; NULL: the first */
	bool stopped;
	bool stats_total;
	char run[17];
	uint64_t seq[8]; /* number of the last record, by type */
	uint64_t records[8];
	uint64_t cpu_seq[CPUS_MAX];
	uint64_t gaps; /* samples that are missing between others of their CPU */
	struct json_object *sums; /* owned; of the stats records, by key */
	struct sink sinks[SINKS_MAX + 1];
};

__attribute__((format(printf, 2, 3))) static void fault(struct stream *s, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "line %lu: ", s->line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	if (++s->faults >= FAULTS_MAX) {
		fputs("and so on\n", stderr);
		exit(1);
	}
}

/* 0 when it is absent. */
static uint64_t number(struct json_object *obj, const char *key)
{
	struct json_object *value = json_object_object_get(obj, key);

	if (json_object_is_type(value, json_type_string))
		return strtoull(json_object_get_string(value), NULL, 10);
	return json_object_get_uint64(value);
}

/* "" when it is absent. */
static const char *text(struct json_object *obj, const char *key)
{
	const char *value = json_object_get_string(json_object_object_get(obj, key));

	return value ? value : "";
}

static bool has(struct json_object *obj, const char *key)
{
	return json_object_object_get_ex(obj, key, NULL);
}

static bool is_digits(const char *value)
{
	return *value && strspn(value, "0123456789") == strlen(value);
}

static bool is_number(struct json_object *value, enum kind kind)
{
	if (json_object_is_type(value, json_type_string))
		return kind == U64 && is_digits(json_object_get_string(value)) &&
		       strtoull(json_object_get_string(value), NULL, 10) >= NUMBER_LIMIT;
	return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0 &&
	       json_object_get_uint64(value) <= number_max[kind] &&
	       json_object_get_uint64(value) < NUMBER_LIMIT;
}

/* Of IPv4 or IPv6, and written as inet_ntop() writes it. */
static bool is_address(const char *value)
{
	int family = strchr(value, ':') ? AF_INET6 : AF_INET;
	char again[INET6_ADDRSTRLEN];
	unsigned char address[16];

	return inet_pton(family, value, address) == 1 &&
	       inet_ntop(family, address, again, sizeof(again)) && strcmp(again, value) == 0;
}

static bool is_kind(struct json_object *value, const struct key *key)
{
	bool is_text = json_object_is_type(value, json_type_string);

	switch (key->kind) {
	case U8:
	case U16:
	case U32:
	case U64:
	case VLAN_ID:
	case CPU:
	case RATE:
		return is_number(value, key->kind);
	case NUMBERS:
		break;
	case TEXT:
		return is_text && *json_object_get_string(value);
	case ADDRESS:
		return is_text && is_address(json_object_get_string(value));
	case FLAGS:
		return is_text;
	case YES:
		return json_object_is_type(value, json_type_boolean) &&
		       json_object_get_boolean(value);
	case LIST:
		return json_object_is_type(value, json_type_array);
	}
	return false;
}

/* Every key is one of the type's, in the type's order, and of the right kind. */
static void check_keys(struct stream *s, struct json_object *obj, const struct key *keys)
{
	unsigned int present = 0, absent = 0;

	json_object_object_foreach(obj, name, value)
	{
		while (keys->name && strcmp(keys->name, name) != 0)
			absent |= 1U << keys++->group;
		if (!keys->name) {
			fault(s, "key \"%s\" is unknown, or not in its place", name);
			return;
		}
		if (!is_kind(value, keys))
			fault(s, "\"%s\" has an impossible value: %s", name,
			      json_object_to_json_string(value));
		present |= 1U << keys++->group;
	}
	for (; keys->name; keys++)
		absent |= 1U << keys->group;
	if (absent & 1U << ALWAYS)
		fault(s, "a key is missing");
	if (absent & present)
		fault(s, "a key is missing that comes together with others");
}

/* In all of these a digit stands for a digit. */
static bool has_form(const char *value, const char *form)
{
	for (; *form && *value; form++, value++) {
		if (*form == '0' ? !isdigit((unsigned char)*value) : *form != *value)
			return false;
	}
	return !*form && !*value;
}

static void check_common(struct stream *s, struct json_object *obj, unsigned int type)
{
	const char *timestamp = text(obj, "timestamp");
	const char *run = text(obj, "run");
	uint64_t seq = number(obj, "record_seq");

	if (!has_form(timestamp, "0000-00-00T00:00:00.000000Z") &&
	    !has_form(timestamp, "0000-00-00T00:00:00.000000000Z"))
		fault(s, "the timestamp \"%s\" is not in its form", timestamp);
	if (strlen(run) != 16 || strspn(run, "0123456789abcdef") != 16)
		fault(s, "the run \"%s\" is not sixteen hex digits", run);
	if (!s->run[0])
		(void)snprintf(s->run, sizeof(s->run), "%s", run);
	if (strcmp(run, s->run) != 0)
		fault(s, "the run \"%s\" was \"%s\" before", run, s->run);
	if (seq <= s->seq[type])
		fault(s, "record_seq %" PRIu64 " comes after %" PRIu64, seq, s->seq[type]);
	s->seq[type] = seq;
	s->records[type]++;
}

static void check_flags(struct stream *s, struct json_object *obj)
{
	static const char letters[] = "FSRPAUEC";
	uint64_t bits = number(obj, "tcp_flags");
	char want[sizeof(letters)];
	size_t len = 0;

	for (int i = 0; i < 8; i++) {
		if (bits >> i & 1)
			want[len++] = letters[i];
	}
	want[len] = '\0';
	if (strcmp(text(obj, "flags"), want) != 0)
		fault(s, "flags are \"%s\", but tcp_flags say \"%s\"", text(obj, "flags"), want);
}

static uint64_t packet_type(uint64_t protocol)
{
	static const struct {
		uint64_t protocol;
		uint64_t type;
	} types[] = { { 6, 0 }, { 17, 1 }, { 1, 2 }, { 58, 3 }, { 132, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].protocol == protocol)
			return types[i].type;
	}
	return 255;
}

static void check_packet(struct stream *s, struct json_object *obj)
{
	uint64_t cpu = number(obj, "cpu") % CPUS_MAX;
	uint64_t seq = number(obj, "cpu_seq");

	if (seq <= s->cpu_seq[cpu])
		fault(s, "cpu_seq %" PRIu64 " of CPU %" PRIu64 " comes after %" PRIu64, seq, cpu,
		      s->cpu_seq[cpu]);
	s->gaps += seq - s->cpu_seq[cpu] - 1;
	s->cpu_seq[cpu] = seq;
	if (!number(obj, "sample_rate"))
		fault(s, "a packet record, and sample_rate is 0");
	if (has(obj, "protocol") &&
	    packet_type(number(obj, "protocol")) != number(obj, "packet_type"))
		fault(s, "packet_type is %" PRIu64 ", protocol %" PRIu64,
		      number(obj, "packet_type"), number(obj, "protocol"));
	if (has(obj, "tcp_flags"))
		check_flags(s, obj);
	if (has(obj, "tcp_flags") && number(obj, "protocol") != 6)
		fault(s, "TCP's fields, and the protocol is not TCP");
	if (has(obj, "vlan_inner") && !has(obj, "vlan"))
		fault(s, "vlan_inner without vlan");
}

static uint64_t lost(struct json_object *stats)
{
	return number(stats, "lost_ring_full") + number(stats, "lost_no_buffer") +
	       number(stats, "lost_other") + number(stats, "lost_undecodable");
}

static const char *const summed[] = {
	"sampled",    "delivered",	  "lost_ring_full", "lost_no_buffer",
	"lost_other", "lost_undecodable", "discarded",
};

/* L3, and the totals are the sums. */
static void check_stats(struct stream *s, struct json_object *obj)
{
	uint64_t accounted = number(obj, "delivered") + lost(obj) + number(obj, "discarded");

	if (number(obj, "sampled") != accounted)
		fault(s, "L3: sampled %" PRIu64 ", accounted for %" PRIu64, number(obj, "sampled"),
		      accounted);
	if (s->stats_total)
		fault(s, "stats after their total");
	for (size_t i = 0; i < ARRAY_SIZE(summed); i++) {
		uint64_t sum = number(s->sums, summed[i]);
		uint64_t value = number(obj, summed[i]);

		if (!has(obj, "total"))
			json_object_object_add(s->sums, summed[i],
					       json_object_new_uint64(sum + value));
		else if (value != sum)
			fault(s, "total of \"%s\" is %" PRIu64 ", the sum %" PRIu64, summed[i],
			      value, sum);
	}
	s->stats_total = has(obj, "total");
}

static struct sink *find_sink(struct stream *s, const char *name)
{
	struct sink *sink = s->sinks;

	while (sink->name && strcmp(sink->name, name) != 0)
		sink++;
	if (sink == &s->sinks[SINKS_MAX]) {
		fault(s, "more than %d sinks", SINKS_MAX);
		exit(1);
	}
	if (!sink->name)
		sink->name = strdup(name);
	return sink;
}

/* L4. A total begins with an empty queue. */
static void check_sink(struct stream *s, struct json_object *obj)
{
	struct sink *sink = find_sink(s, text(obj, "sink"));
	uint64_t dropped = number(obj, "dropped_queue_full") + number(obj, "dropped_error");
	uint64_t before = has(obj, "total") ? 0 : sink->queued;
	uint64_t in = before + number(obj, "made");
	uint64_t out =
		number(obj, "written") + number(obj, "filtered") + dropped + number(obj, "queued");

	if (in != out)
		fault(s, "L4: %" PRIu64 " into \"%s\", %" PRIu64 " accounted for", in, sink->name,
		      out);
	if (sink->total)
		fault(s, "a record of \"%s\" after its total", sink->name);
	sink->total = has(obj, "total");
	sink->queued = number(obj, "queued");
	if (!sink->total) {
		sink->made += number(obj, "made");
		sink->written += number(obj, "written");
		sink->dropped += dropped;
		return;
	}
	if (number(obj, "made") < sink->made || number(obj, "written") < sink->written ||
	    dropped < sink->dropped)
		fault(s, "the total of \"%s\" is less than the sum", sink->name);
	sink->dropped = dropped;
}

static void check_start(struct stream *s, struct json_object *obj)
{
	if (s->line != 1)
		fault(s, "start is not the first record");
	if (strcmp(text(obj, "schema"), "xdptail/1") != 0)
		fault(s, "the schema is \"%s\"", text(obj, "schema"));
}

static void check_interface(struct stream *s, struct json_object *obj)
{
	bool generic = strcmp(text(obj, "mode"), "generic") == 0;
	const char *want = generic ? "aggregates" : "frames";

	if (strcmp(text(obj, "counts"), want) != 0)
		fault(s, "mode \"%s\" counts \"%s\"", text(obj, "mode"), text(obj, "counts"));
}

static void check_stop(struct stream *s, struct json_object *obj)
{
	(void)obj; /* its keys say all there is */
	s->stopped = true;
}

enum {
	TYPE_PACKET, /* the only one that is dropped before others */
};

static const struct {
	const char *name;
	const struct key *keys;
	void (*check)(struct stream *s, struct json_object *obj);
} types[] = {
	[TYPE_PACKET] = { "packet", packet_keys, check_packet },
	{ "stats", stats_keys, check_stats },
	{ "sink", sink_keys, check_sink },
	{ "start", start_keys, check_start },
	{ "interface", interface_keys, check_interface },
	{ "stop", stop_keys, check_stop },
};
_Static_assert(ARRAY_SIZE(types) <= ARRAY_SIZE(((struct stream *)0)->seq), "one for each type");

static void check_record(struct stream *s, struct json_object *obj)
{
	const char *name = text(obj, "event_type");

	if (s->line == 1 && strcmp(name, "start") != 0)
		fault(s, "the first record is \"%s\"", name);
	if (s->stopped)
		fault(s, "a record after stop");
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		check_keys(s, obj, types[i].keys);
		check_common(s, obj, i);
		types[i].check(s, obj);
		return;
	}
	fault(s, "event_type is \"%s\"", name);
}

/* Without its newline. json-c takes much that is not JSON, but it writes only what is: a line that
 * comes out as it went in has no blanks, no key twice, and no liberties.
 */
static void check_line(struct stream *s, const char *line, size_t len)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *obj;
	const char *again;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(tokener, line, (int)len + 1);
	again = obj ? json_object_to_json_string_ext(obj, flags) : "";
	if (len >= LINE_BYTES_MAX)
		fault(s, "%zu bytes with the newline", len + 1);
	if (!json_object_is_type(obj, json_type_object))
		fault(s, "not an object: %s", line);
	else if (strlen(again) != len || memcmp(again, line, len) != 0)
		fault(s, "not in plain form: %s", line);
	else
		check_record(s, obj);
	json_object_put(obj);
	json_tokener_free(tokener);
}

static void read_stream(struct stream *s)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	for (;;) {
		len = getline(&line, &cap, stdin);
		if (len <= 0)
			break;
		s->line++;
		if (line[len - 1] == '\n') {
			line[len - 1] = '\0';
			check_line(s, line, (size_t)len - 1);
		} else if (!s->unfinished) {
			fault(s, "the last line is torn: %s", line);
		}
	}
	free(line);
}

/* Records that were numbered and did not come. Packets after the last that came are known by the
 * total of delivered samples, each of which became a record.
 */
static uint64_t missing(const struct stream *s)
{
	uint64_t packets = s->stats_total ? number(s->sums, "delivered") : s->seq[TYPE_PACKET];
	uint64_t n = packets - s->records[TYPE_PACKET];

	for (size_t i = TYPE_PACKET + 1; i < ARRAY_SIZE(types); i++)
		n += s->seq[i] - s->records[i];
	return n;
}

/* The stream that is being read is one sink's, and has gaps where that one dropped. */
static uint64_t check_sinks(struct stream *s)
{
	uint64_t dropped = 0;

	for (const struct sink *sink = s->sinks; sink->name; sink++) {
		if (!sink->total)
			fault(s, "\"%s\" has no total", sink->name);
		if (s->sink ? strcmp(sink->name, s->sink) == 0 : sink == s->sinks)
			dropped = sink->dropped;
	}
	return dropped;
}

static void check_end(struct stream *s)
{
	uint64_t dropped = check_sinks(s);

	if (!s->stopped)
		fault(s, "the last record is not stop");
	if (!s->stats_total || !s->sinks[0].name)
		fault(s, "the totals are missing");
	if (s->seq[TYPE_PACKET] > number(s->sums, "delivered"))
		fault(s, "L4: %" PRIu64 " samples delivered, but packet record %" PRIu64,
		      number(s->sums, "delivered"), s->seq[TYPE_PACKET]);
	if (missing(s) != dropped)
		fault(s, "L5: %" PRIu64 " records are missing, %" PRIu64 " were dropped",
		      missing(s), dropped);
	if (s->gaps > lost(s->sums) + dropped)
		fault(s, "L5: %" PRIu64 " samples are missing, %" PRIu64 " were lost", s->gaps,
		      lost(s->sums) + dropped);
}

static void report(const struct stream *s)
{
	printf("packets=%" PRIu64 " gaps=%" PRIu64 " missing=%" PRIu64 " lost=%" PRIu64
	       " discarded=%" PRIu64 "\n",
	       s->records[TYPE_PACKET], s->gaps, missing(s), lost(s->sums),
	       number(s->sums, "discarded"));
}

static void parse_args(struct stream *s, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "unfinished", no_argument, NULL, 'u' },
		{ "sink", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'u')
			s->unfinished = true;
		else if (c == 's')
			s->sink = optarg;
		else
			exit(2);
	}
}

int main(int argc, char *argv[])
{
	static struct stream stream;
	struct stream *s = &stream;

	parse_args(s, argc, argv);
	s->sums = json_object_new_object();
	read_stream(s);
	if (!s->line)
		fault(s, "there is no record");
	if (!s->unfinished)
		check_end(s);
	if (!s->faults)
		report(s);
	for (struct sink *sink = s->sinks; sink->name; sink++)
		free(sink->name);
	json_object_put(s->sums);
	return s->faults ? 1 : 0;
}
