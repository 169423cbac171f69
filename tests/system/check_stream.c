// SPDX-License-Identifier: BSD-2-Clause
/* check_stream [--unfinished] [--sink NAME] < STREAM
 *
 * Hold one run's stream to everything that is promised of it: the form of each line, the keys of
 * each type and their order, the numbering, and the laws that the numbers obey. What is wrong goes
 * to stderr, with its line, and the exit status is 1. If nothing is, what was counted is printed,
 * as KEY=VALUE words in one line. A sink may have dropped any record, if it says so in the end:
 * then what a law says of records that did not come is not looked at.
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
	NOT_0, /* left out instead */
	NUMBERS, /* all above are */
	STEP, /* signed, and not 0 */
	TEXT,
	TIME,
	ADDRESS,
	FLAGS,
	YES, /* true, or absent */
	LIST,
};

static const uint64_t number_max[NUMBERS] = {
	[U8] = UINT8_MAX, [U16] = UINT16_MAX,	[U32] = UINT32_MAX,	    [U64] = UINT64_MAX,
	[VLAN_ID] = 4095, [CPU] = CPUS_MAX - 1, [RATE] = UINT64_C(1) << 30, [NOT_0] = UINT64_MAX,
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
	TUNNEL,
	FRAGMENT,
	PARSE,
	DECAP,
	REASON,
	HERE,
	HOOKED,
	TOTAL,
	PERF,
	SOURCES,
	FULL,
	BUSY,
	NO_MEMORY,
	OTHER,
	CAPTURE,
	PROG_RUN,
	LOST,
	OWN_PROGRAM,
	LIVE,
	DISCONNECTS,
	REPEATED,
	JOINED,
	NEW_FILE,
};

struct key {
	const char *name;
	enum kind kind;
	enum group group;
};

/* clang-format off */
#define COMMON_KEYS \
	{ "timestamp", TIME, ALWAYS }, \
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
	{ "outer_src_ip", ADDRESS, TUNNEL },
	{ "outer_dst_ip", ADDRESS, TUNNEL },
	{ "tunnel", TEXT, TUNNEL },
	{ "fragment", TEXT, FRAGMENT },
	{ "parse", TEXT, PARSE },
	{ "sample_rate", RATE, ALWAYS },
	{ "cpu", CPU, ALWAYS },
	{ "cpu_seq", U64, ALWAYS },
	{ .name = NULL },
};

static const struct key count_keys[] = {
	COMMON_KEYS,
	{ "snapshot", U64, ALWAYS },
	{ "interface", TEXT, ALWAYS },
	{ "src_ip", ADDRESS, ALWAYS },
	{ "packets", NOT_0, ALWAYS },
	{ "bytes", NOT_0, ALWAYS },
	{ .name = NULL },
};

static const struct key snapshot_keys[] = {
	COMMON_KEYS,
	{ "total", YES, TOTAL },
	{ "snapshot", U64, ALWAYS },
	{ "interval_start", TIME, ALWAYS },
	{ "interval_end", TIME, ALWAYS },
	{ "counts", TEXT, ALWAYS },
	{ "sources", U64, SOURCES },
	{ "listed", U64, ALWAYS },
	{ "seen", U64, ALWAYS },
	{ "not_ip", U64, ALWAYS },
	{ "no_source", U64, ALWAYS },
	{ "undetermined", U64, ALWAYS },
	{ "not_selected", U64, ALWAYS },
	{ "counted", U64, ALWAYS },
	{ "counted_bytes", U64, ALWAYS },
	{ "unlisted_packets", U64, ALWAYS },
	{ "unlisted_bytes", U64, ALWAYS },
	{ "unattributed_packets", U64, ALWAYS },
	{ "unattributed_bytes", U64, ALWAYS },
	{ "unattributed_full", NOT_0, FULL },
	{ "unattributed_busy", NOT_0, BUSY },
	{ "unattributed_no_memory", NOT_0, NO_MEMORY },
	{ "unattributed_other", NOT_0, OTHER },
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
	{ "disconnects", NOT_0, DISCONNECTS },
	{ .name = NULL },
};

static const struct key start_keys[] = {
	COMMON_KEYS,
	{ "version", TEXT, ALWAYS },
	{ "schema", TEXT, ALWAYS },
	{ "sink", TEXT, ALWAYS },
	{ "hostname", TEXT, ALWAYS },
	{ "kernel", TEXT, ALWAYS },
	{ "function_name", TEXT, ALWAYS },
	{ "ebpf_program", TEXT, OWN_PROGRAM },
	{ "transport", TEXT, ALWAYS },
	{ "capture", TEXT, CAPTURE },
	{ "prog_run", YES, PROG_RUN },
	{ "ring_bytes", U32, LIVE },
	{ "sample_mode", TEXT, ALWAYS },
	{ "sample_rate", RATE, ALWAYS },
	{ "interval_s", U32, ALWAYS },
	{ "decap", YES, DECAP },
	{ "max_sources", U32, LIVE },
	{ "map_type", TEXT, LIVE },
	{ "map_bytes", U64, LIVE },
	{ "capabilities", LIST, ALWAYS },
	{ "repeated", YES, REPEATED },
	{ "joined", YES, JOINED },
	{ "file", U64, NEW_FILE },
	{ .name = NULL },
};

static const struct key interface_keys[] = {
	COMMON_KEYS,
	{ "interface", TEXT, ALWAYS },
	{ "ifindex", U32, HERE },
	{ "state", TEXT, ALWAYS },
	{ "hook", TEXT, HOOKED },
	{ "mode", TEXT, HOOKED },
	{ "counts", TEXT, HOOKED },
	{ "reason", TEXT, REASON },
	{ .name = NULL },
};

static const struct key loss_keys[] = {
	COMMON_KEYS,
	{ "where", TEXT, ALWAYS },
	{ "cause", TEXT, ALWAYS },
	{ "records", NOT_0, ALWAYS },
	{ "first", TIME, ALWAYS },
	{ "last", TIME, ALWAYS },
	{ .name = NULL },
};

static const struct key clock_keys[] = {
	COMMON_KEYS,
	{ "step_ns", STEP, ALWAYS },
	{ .name = NULL },
};

static const struct key stop_keys[] = {
	COMMON_KEYS,
	{ "reason", TEXT, ALWAYS },
	{ "exit", U8, ALWAYS },
	{ "dropped_error", NOT_0, LOST },
	{ .name = NULL },
};

/* Of packets and counts the totals say how many there are; of the others, the last one. */
enum {
	TYPE_PACKET,
	TYPE_COUNT,
	TYPE_SNAPSHOT,
	TYPE_STATS,
	TYPE_SINK,
	TYPE_START,
	TYPE_INTERFACE,
};

struct sink {
	char *name; /* owned; NULL ends the list */
	uint64_t queued; /* as of its last record */
	uint64_t made; /* in all its intervals */
	uint64_t written;
	uint64_t dropped; /* in the run, by its last record */
	bool known; /* that last record is the one before the next, as far as can be seen */
	bool total;
};

#define TIME_BYTES sizeof("0000-00-00T00:00:00.000000000Z")

/* The count lines since the last snapshot record. */
struct listed {
	uint64_t snapshot; /* theirs; 0: there are none */
	uint64_t lines;
	uint64_t packets;
	uint64_t bytes;
	uint64_t last_packets; /* of the last of them */
	struct json_object *sources; /* owned; a set */
};

struct stream {
	unsigned long line;
	unsigned int faults;
	bool unfinished;
	const char *sink; /* that it comes from; NULL: the first */
	bool capture; /* is what the run reads */
	bool decap; /* it looks into tunnels */
	bool stopped;
	uint64_t file; /* number of the last one that was said to begin */
	bool stats_total;
	bool snapshot_total;
	char run[17];
	char started[TIME_BYTES]; /* when the first record was made */
	char counts[16]; /* what interfaces say that they count; "" before one is attached */
	char counting_from[TIME_BYTES]; /* where the earliest interval starts */
	char counting_to[TIME_BYTES]; /* where the latest one ends */
	char interval_start[TIME_BYTES]; /* of the last one */
	char interval_end[TIME_BYTES];
	char packets_from[TIME_BYTES]; /* the earliest packet since then; "": there was none */
	char packets_to[TIME_BYTES]; /* the latest */
	uint64_t seq[10]; /* number of the last record, by type */
	uint64_t records[10];
	uint64_t cpu_seq[CPUS_MAX];
	uint64_t gaps; /* samples that are missing between others of their CPU */
	uint64_t counted; /* in the last interval */
	struct listed listed;
	struct json_object *sums; /* owned; of the stats records, by key */
	struct json_object *snapshot_sums; /* owned; likewise */
	struct json_object *attached; /* owned; interfaces, by index, with their last state */
	struct json_object *owed; /* owned; losses that have no loss record yet, "where cause" */
	/* samples discarded because their interval could not wait, as loss records say */
	uint64_t late;
	bool enough; /* -c ended it: what was discarded is no loss */
	uint64_t unpaired; /* losses without a loss record, or the other way round */
	bool gap; /* one of this record's type is missing before it */
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

/* In all of these a digit stands for a digit. */
static bool has_form(const char *value, const char *form)
{
	for (; *form && *value; form++, value++) {
		if (*form == '0' ? !isdigit((unsigned char)*value) : *form != *value)
			return false;
	}
	return !*form && !*value;
}

static bool is_time(const char *value)
{
	return has_form(value, "0000-00-00T00:00:00.000000Z") ||
	       has_form(value, "0000-00-00T00:00:00.000000000Z");
}

static bool is_step(struct json_object *value)
{
	const int64_t limit = (int64_t)NUMBER_LIMIT;
	const char *digits = json_object_get_string(value);
	int64_t step = strtoll(digits, NULL, 10);
	bool is_long = step >= limit || step <= -limit;

	digits += *digits == '-';
	return step && is_digits(digits) &&
	       json_object_is_type(value, is_long ? json_type_string : json_type_int);
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
	case NOT_0:
		return is_number(value, U64) && json_object_get_uint64(value);
	case NUMBERS:
		break;
	case STEP:
		return is_step(value);
	case TIME:
		return is_text && is_time(json_object_get_string(value));
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

static void check_common(struct stream *s, struct json_object *obj, unsigned int type)
{
	const char *run = text(obj, "run");
	uint64_t seq = number(obj, "record_seq");

	if (strlen(run) != 16 || strspn(run, "0123456789abcdef") != 16)
		fault(s, "the run \"%s\" is not sixteen hex digits", run);
	if (!s->run[0])
		(void)snprintf(s->run, sizeof(s->run), "%s", run);
	if (strcmp(run, s->run) != 0)
		fault(s, "the run \"%s\" was \"%s\" before", run, s->run);
	if (seq <= s->seq[type])
		fault(s, "record_seq %" PRIu64 " comes after %" PRIu64, seq, s->seq[type]);
	s->gap = seq != s->seq[type] + 1;
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

static void set_time(char ret[TIME_BYTES], const char *value)
{
	(void)snprintf(ret, TIME_BYTES, "%s", value);
}

/* "" is no time. */
static void note_times(char from[TIME_BYTES], char to[TIME_BYTES], const char *earliest,
		       const char *latest)
{
	if (!from[0] || strcmp(earliest, from) < 0)
		set_time(from, earliest);
	if (strcmp(latest, to) > 0)
		set_time(to, latest);
}

static void check_packet(struct stream *s, struct json_object *obj)
{
	uint64_t cpu = number(obj, "cpu") % CPUS_MAX;
	uint64_t seq = number(obj, "cpu_seq");

	note_times(s->packets_from, s->packets_to, text(obj, "timestamp"), text(obj, "timestamp"));
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
	if (has(obj, "tunnel") && !s->decap)
		fault(s, "a tunnel, and the run does not look into them");
}

/* Count lines of a snapshot come in a row, heaviest first, and one for each source. */
static void check_count(struct stream *s, struct json_object *obj)
{
	uint64_t snapshot = number(obj, "snapshot");
	uint64_t packets = number(obj, "packets");
	struct listed *l = &s->listed;
	char source[128];

	if (s->snapshot_total)
		fault(s, "a count line after the total");
	if (snapshot <= number(s->snapshot_sums, "snapshot") || snapshot < l->snapshot)
		fault(s, "a count line of snapshot %" PRIu64 " comes late", snapshot);
	if (snapshot != l->snapshot) {
		json_object_put(l->sources);
		*l = (struct listed){ .snapshot = snapshot, .last_packets = UINT64_MAX };
		l->sources = json_object_new_object();
	}
	(void)snprintf(source, sizeof(source), "%s %s", text(obj, "interface"),
		       text(obj, "src_ip"));
	if (has(l->sources, source))
		fault(s, "%s is listed twice", source);
	json_object_object_add(l->sources, source, NULL);
	if (packets > l->last_packets)
		fault(s, "%" PRIu64 " packets are listed below %" PRIu64, packets, l->last_packets);
	l->last_packets = packets;
	l->lines++;
	l->packets += packets;
	l->bytes += number(obj, "bytes");
}

/* obj: a record of an interval, to be added to sums; or the total, to be compared with them, and to
 * take their place. Records that did not come are in the total only.
 */
static void check_sums(struct stream *s, struct json_object *obj, unsigned int type,
		       struct json_object *sums, const char *const *keys)
{
	bool whole = s->records[type] == s->seq[type];
	bool total = has(obj, "total");

	for (; *keys; keys++) {
		uint64_t sum = number(sums, *keys);
		uint64_t value = number(obj, *keys);

		if (total && (whole ? value != sum : value < sum))
			fault(s, "total of \"%s\" is %" PRIu64 ", the sum %" PRIu64, *keys, value,
			      sum);
		if (!total)
			value += sum;
		json_object_object_add(sums, *keys, json_object_new_uint64(value));
	}
}

/* What every snapshot says of itself, totals included: L1, and the causes. */
static void check_terms(struct stream *s, struct json_object *obj)
{
	uint64_t terms = number(obj, "not_ip") + number(obj, "no_source") +
			 number(obj, "undetermined") + number(obj, "not_selected") +
			 number(obj, "counted");
	uint64_t causes = number(obj, "unattributed_full") + number(obj, "unattributed_busy") +
			  number(obj, "unattributed_no_memory") + number(obj, "unattributed_other");

	if (number(obj, "seen") != terms)
		fault(s, "L1: seen %" PRIu64 ", accounted for %" PRIu64, number(obj, "seen"),
		      terms);
	if (number(obj, "unattributed_packets") != causes)
		fault(s, "unattributed_packets %" PRIu64 ", by cause %" PRIu64,
		      number(obj, "unattributed_packets"), causes);
	if (s->counts[0] && strcmp(text(obj, "counts"), s->counts) != 0)
		fault(s, "the snapshot counts \"%s\", the interface \"%s\"", text(obj, "counts"),
		      s->counts);
	if (strcmp(text(obj, "interval_start"), text(obj, "interval_end")) > 0)
		fault(s, "the interval ends before it starts");
	if (has(obj, "total") == has(obj, "sources"))
		fault(s, "sources are for an interval, not for the total");
}

/* L2. Where the sink dropped count lines, those that came are a part of them. */
static void check_listed(struct stream *s, struct json_object *obj)
{
	const struct listed none = { 0 };
	const struct listed *l = s->listed.snapshot == number(obj, "snapshot") ? &s->listed : &none;
	uint64_t packets =
		l->packets + number(obj, "unlisted_packets") + number(obj, "unattributed_packets");
	uint64_t bytes =
		l->bytes + number(obj, "unlisted_bytes") + number(obj, "unattributed_bytes");
	uint64_t unlisted = number(obj, "sources") - number(obj, "listed");
	bool whole = number(obj, "listed") == l->lines;

	if (number(obj, "listed") < l->lines)
		fault(s, "listed %" PRIu64 ", and there are %" PRIu64 " count lines",
		      number(obj, "listed"), l->lines);
	if (whole ? number(obj, "counted") != packets : number(obj, "counted") < packets)
		fault(s, "L2: counted %" PRIu64 ", accounted for %" PRIu64, number(obj, "counted"),
		      packets);
	if (whole ? number(obj, "counted_bytes") != bytes : number(obj, "counted_bytes") < bytes)
		fault(s, "L2: counted_bytes %" PRIu64 ", accounted for %" PRIu64,
		      number(obj, "counted_bytes"), bytes);
	if (number(obj, "listed") > number(obj, "sources"))
		fault(s, "more are listed than there are sources");
	else if (number(obj, "unlisted_packets") < unlisted ||
		 (!unlisted && number(obj, "unlisted_packets")))
		fault(s, "%" PRIu64 " sources are not listed, with %" PRIu64 " packets", unlisted,
		      number(obj, "unlisted_packets"));
}

/* In a capture all packets of an interval are within it, and come before its snapshot. Intervals do
 * not overlap but for those that are late, and where time goes back.
 */
static void check_interval_of_capture(struct stream *s, struct json_object *obj)
{
	if (s->packets_from[0] && (strcmp(s->packets_from, text(obj, "interval_start")) < 0 ||
				   strcmp(s->packets_to, text(obj, "interval_end")) > 0))
		fault(s, "the interval is of %s to %s, its packets of %s to %s",
		      text(obj, "interval_start"), text(obj, "interval_end"), s->packets_from,
		      s->packets_to);
	s->packets_from[0] = '\0';
	s->packets_to[0] = '\0';
}

/* Intervals are numbered, and join without a gap; one that the sink dropped leaves both. */
static void check_interval(struct stream *s, struct json_object *obj)
{
	uint64_t snapshot = number(obj, "snapshot");
	uint64_t last = number(s->snapshot_sums, "snapshot");

	if (snapshot != number(obj, "record_seq"))
		fault(s, "snapshot %" PRIu64 " is record %" PRIu64, snapshot,
		      number(obj, "record_seq"));
	if (s->capture)
		check_interval_of_capture(s, obj);
	else if (last && snapshot == last + 1 &&
		 strcmp(text(obj, "interval_start"), s->interval_end) != 0)
		fault(s, "the interval starts at %s, the one before ended at %s",
		      text(obj, "interval_start"), s->interval_end);
	set_time(s->interval_start, text(obj, "interval_start"));
	set_time(s->interval_end, text(obj, "interval_end"));
	if (snapshot <= s->seq[TYPE_STATS])
		fault(s, "snapshot %" PRIu64 " comes after its stats", snapshot);
	note_times(s->counting_from, s->counting_to, s->interval_start, s->interval_end);
	s->counted = number(obj, "counted");
	check_listed(s, obj);
	json_object_object_add(s->snapshot_sums, "snapshot", json_object_new_uint64(snapshot));
}

/* It is numbered as the last snapshot, and comes after it. */
static void check_snapshot_total(struct stream *s, struct json_object *obj)
{
	bool all_came = s->records[TYPE_SNAPSHOT] == s->seq[TYPE_SNAPSHOT];

	s->snapshot_total = true;
	if (number(obj, "snapshot") + 1 != number(obj, "record_seq"))
		fault(s, "the total of %" PRIu64 " snapshots is record %" PRIu64,
		      number(obj, "snapshot"), number(obj, "record_seq"));
	if (all_came && (strcmp(text(obj, "interval_start"), s->counting_from) != 0 ||
			 strcmp(text(obj, "interval_end"), s->counting_to) != 0))
		fault(s, "the total is of %s to %s, the intervals of %s to %s",
		      text(obj, "interval_start"), text(obj, "interval_end"), s->counting_from,
		      s->counting_to);
}

static const char *const summed_counts[] = {
	"listed",
	"seen",
	"not_ip",
	"no_source",
	"undetermined",
	"not_selected",
	"counted",
	"counted_bytes",
	"unlisted_packets",
	"unlisted_bytes",
	"unattributed_packets",
	"unattributed_bytes",
	"unattributed_full",
	"unattributed_busy",
	"unattributed_no_memory",
	"unattributed_other",
	NULL,
};

static void check_snapshot(struct stream *s, struct json_object *obj)
{
	if (s->snapshot_total)
		fault(s, "a snapshot after the total");
	check_terms(s, obj);
	if (has(obj, "total"))
		check_snapshot_total(s, obj);
	else
		check_interval(s, obj);
	check_sums(s, obj, TYPE_SNAPSHOT, s->snapshot_sums, summed_counts);
}

static void owed_key(char ret[LINE_BYTES_MAX], const char *where, const char *cause)
{
	(void)snprintf(ret, LINE_BYTES_MAX, "%s %s", where, cause);
}

/* So much was lost in an interval: a loss record of it is to come before the next interval's. */
static void owe(struct stream *s, const char *where, const char *cause, uint64_t records)
{
	char key[LINE_BYTES_MAX];

	owed_key(key, where, cause);
	if (has(s->owed, key))
		s->unpaired++;
	json_object_object_del(s->owed, key);
	if (records)
		json_object_object_add(s->owed, key, json_object_new_uint64(records));
}

/* Each interval has one stats record: is the last of them of the last snapshot that came? */
static bool is_counted(const struct stream *s)
{
	return s->seq[TYPE_STATS] == number(s->snapshot_sums, "snapshot");
}

/* It says of one loss what the record before it said in passing, and when that was: samples are
 * lost within their interval.
 */
static void check_loss(struct stream *s, struct json_object *obj)
{
	const char *where = text(obj, "where");
	const char *first = text(obj, "first");
	const char *last = text(obj, "last");
	bool sampled = strcmp(where, "ring") == 0 || strcmp(where, "decode") == 0;
	bool timed = sampled && is_counted(s);
	const char *from = timed ? s->interval_start : s->started;
	const char *to = timed ? s->interval_end : text(obj, "timestamp");
	char key[LINE_BYTES_MAX];

	owed_key(key, where, text(obj, "cause"));
	if (!has(s->owed, key))
		s->unpaired += strcmp(text(obj, "cause"), "late") != 0; /* by check_end() */
	else if (number(obj, "records") != number(s->owed, key))
		fault(s, "loss of %" PRIu64 " where %" PRIu64 " were lost: %s",
		      number(obj, "records"), number(s->owed, key), key);
	json_object_object_del(s->owed, key);
	if (strcmp(text(obj, "cause"), "late") == 0)
		s->late += number(obj, "records");
	if (strcmp(from, first) > 0 || strcmp(first, last) > 0 || strcmp(last, to) > 0)
		fault(s, "lost from %s to %s, but that can only be from %s to %s", first, last,
		      from, to);
}

static void check_clock(struct stream *s, struct json_object *obj)
{
	(void)s; /* its keys say all there is */
	(void)obj;
}

static uint64_t lost(struct json_object *stats)
{
	return number(stats, "lost_ring_full") + number(stats, "lost_no_buffer") +
	       number(stats, "lost_other") + number(stats, "lost_undecodable");
}

static const char *const summed[] = {
	"sampled",    "delivered",	  "lost_ring_full", "lost_no_buffer",
	"lost_other", "lost_undecodable", "discarded",	    NULL,
};

static void owe_samples(struct stream *s, struct json_object *stats)
{
	owe(s, "ring", "ring_full", number(stats, "lost_ring_full"));
	owe(s, "ring", "no_buffer", number(stats, "lost_no_buffer"));
	owe(s, "ring", "other", number(stats, "lost_other"));
	owe(s, "decode", "undecodable", number(stats, "lost_undecodable"));
}

/* L3, and the totals are the sums. */
static void check_stats(struct stream *s, struct json_object *obj)
{
	uint64_t accounted = number(obj, "delivered") + lost(obj) + number(obj, "discarded");

	if (number(obj, "sampled") != accounted)
		fault(s, "L3: sampled %" PRIu64 ", accounted for %" PRIu64, number(obj, "sampled"),
		      accounted);
	if (s->stats_total)
		fault(s, "stats after their total");
	check_sums(s, obj, TYPE_STATS, s->sums, summed);
	s->stats_total = has(obj, "total");
	if (s->stats_total)
		return;
	if (number(obj, "record_seq") < number(s->snapshot_sums, "snapshot"))
		fault(s, "stats of interval %" PRIu64 " come late", number(obj, "record_seq"));
	if (is_counted(s) && number(obj, "sampled") > s->counted)
		fault(s, "sampled %" PRIu64 " of %" PRIu64 " that were counted",
		      number(obj, "sampled"), s->counted);
	owe_samples(s, obj);
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
	if (!sink->name) /* its queue was empty before, if this is its first record */
		*sink = (struct sink){
			.name = strdup(name),
			.known = s->seq[TYPE_SINK] == s->records[TYPE_SINK],
		};
	return sink;
}

/* After a gap it is not known whose record is missing. */
static void forget_sinks(struct stream *s)
{
	for (struct sink *sink = s->sinks; sink->name; sink++)
		sink->known = false;
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

	if (s->gap)
		forget_sinks(s);
	if (in != out && (sink->known || has(obj, "total")))
		fault(s, "L4: %" PRIu64 " into \"%s\", %" PRIu64 " accounted for", in, sink->name,
		      out);
	if (sink->total)
		fault(s, "a record of \"%s\" after its total", sink->name);
	sink->known = true;
	sink->total = has(obj, "total");
	sink->queued = number(obj, "queued");
	if (!sink->total) {
		sink->made += number(obj, "made");
		sink->written += number(obj, "written");
		sink->dropped += dropped;
		owe(s, sink->name, "queue_full", number(obj, "dropped_queue_full"));
		owe(s, sink->name, "error", number(obj, "dropped_error"));
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
	set_time(s->started, text(obj, "timestamp"));
	s->capture = has(obj, "capture");
	s->decap = has(obj, "decap");
	if (s->capture == has(obj, "ring_bytes") ||
	    s->capture != (strcmp(text(obj, "transport"), "capture") == 0))
		fault(s, "neither a capture nor an interface is what is read, or both");
	if (has(obj, "prog_run") && !s->capture)
		fault(s, "an interface's frames are not run through the program");
	if (s->capture)
		(void)snprintf(s->counts, sizeof(s->counts), "frames");
}

/* What can come after what; "" is not attached. */
static const struct {
	const char *state;
	const char *before[8]; /* NULL ends */
	bool attached; /* after it */
} lives[] = {
	{ "attached", { "" }, true },
	{ "back", { "", "moved" }, true },
	{ "renamed", { "attached", "back", "renamed", "down", "up" }, true },
	{ "down", { "attached", "back", "renamed", "up" }, true },
	{ "up", { "down", "renamed" }, true },
	{ "moved", { "attached", "back", "renamed", "down", "up", "moved" }, true },
	{ "gone", { "attached", "back", "renamed", "down", "up", "moved" }, false },
	{ "detached", { "attached", "back", "renamed", "down", "up", "moved" }, false },
};

/* By index, which names one life of an interface. */
static void check_life(struct stream *s, struct json_object *obj)
{
	const char *state = text(obj, "state");
	const char *index = json_object_to_json_string(json_object_object_get(obj, "ifindex"));
	struct json_object *was = json_object_object_get(s->attached, index);
	const char *before = was ? json_object_get_string(was) : "";

	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		if (strcmp(lives[i].state, state) != 0)
			continue;
		for (size_t j = 0; lives[i].before[j]; j++) {
			if (strcmp(lives[i].before[j], before) != 0)
				continue;
			json_object_object_del(s->attached, index);
			if (lives[i].attached)
				json_object_object_add(s->attached, index,
						       json_object_new_string(state));
			return;
		}
	}
	fault(s, "interface %s is \"%s\" after \"%s\"", index, state, before);
}

static void check_interface(struct stream *s, struct json_object *obj)
{
	bool generic = strcmp(text(obj, "mode"), "generic") == 0;
	const char *want = generic ? "aggregates" : "frames";

	if (s->capture)
		fault(s, "a capture has no interface");
	if (!has(obj, "mode")) { /* not attached, and was not */
		if (strcmp(text(obj, "state"), has(obj, "ifindex") ? "detached" : "gone") != 0 ||
		    !has(obj, "reason"))
			fault(s, "state \"%s\" of what is not attached", text(obj, "state"));
		return;
	}
	if (strcmp(text(obj, "counts"), want) != 0)
		fault(s, "mode \"%s\" counts \"%s\"", text(obj, "mode"), text(obj, "counts"));
	if (generic || !s->counts[0]) /* from the first that merges on, all is said to be merged */
		(void)snprintf(s->counts, sizeof(s->counts), "%s", want);
	if (s->records[TYPE_INTERFACE] == s->seq[TYPE_INTERFACE])
		check_life(s, obj);
}

static void check_stop(struct stream *s, struct json_object *obj)
{
	s->enough = strcmp(text(obj, "reason"), "count") == 0;
	s->stopped = true;
}

static const struct {
	const char *name;
	const struct key *keys;
	void (*check)(struct stream *s, struct json_object *obj);
} types[] = {
	[TYPE_PACKET] = { "packet", packet_keys, check_packet },
	[TYPE_COUNT] = { "count", count_keys, check_count },
	[TYPE_SNAPSHOT] = { "snapshot", snapshot_keys, check_snapshot },
	[TYPE_STATS] = { "stats", stats_keys, check_stats },
	[TYPE_SINK] = { "sink", sink_keys, check_sink },
	[TYPE_START] = { "start", start_keys, check_start },
	[TYPE_INTERFACE] = { "interface", interface_keys, check_interface },
	{ "loss", loss_keys, check_loss },
	{ "clock", clock_keys, check_clock },
	{ "stop", stop_keys, check_stop },
};
_Static_assert(ARRAY_SIZE(types) <= ARRAY_SIZE(((struct stream *)0)->seq), "one for each type");

/* At the head of a further file: it is no record of its own, and counted by nobody. */
static void check_repeated(struct stream *s, struct json_object *obj)
{
	check_keys(s, obj, start_keys);
	if (strcmp(text(obj, "run"), s->run) != 0)
		fault(s, "the start of run \"%s\" is repeated, not of \"%s\"", text(obj, "run"),
		      s->run);
	if (number(obj, "record_seq") != 1)
		fault(s, "what is repeated is not the first start");
	if (!has(obj, "file"))
		return;
	if (number(obj, "file") <= s->file)
		fault(s, "file %" PRIu64 " comes after %" PRIu64, number(obj, "file"), s->file);
	s->file = number(obj, "file");
}

static void check_record(struct stream *s, struct json_object *obj)
{
	const char *name = text(obj, "event_type");

	if (has(obj, "repeated") && s->line > 1) {
		check_repeated(s, obj);
		return;
	}

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

	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
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

/* Records that were numbered and did not come. Those after the last that came are known by the
 * totals: each delivered sample became a packet record, each listed source a count record.
 */
static uint64_t missing(const struct stream *s)
{
	uint64_t packets = s->stats_total ? number(s->sums, "delivered") : s->seq[TYPE_PACKET];
	uint64_t counts =
		s->snapshot_total ? number(s->snapshot_sums, "listed") : s->seq[TYPE_COUNT];
	uint64_t n = packets - s->records[TYPE_PACKET] + counts - s->records[TYPE_COUNT];

	for (size_t i = TYPE_SNAPSHOT; i < ARRAY_SIZE(types); i++)
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
	if (!s->snapshot_total || !s->stats_total || !s->sinks[0].name)
		fault(s, "the totals are missing");
	if (s->seq[TYPE_PACKET] > number(s->sums, "delivered"))
		fault(s, "L4: %" PRIu64 " samples delivered, but packet record %" PRIu64,
		      number(s->sums, "delivered"), s->seq[TYPE_PACKET]);
	if (s->seq[TYPE_COUNT] > number(s->snapshot_sums, "listed"))
		fault(s, "%" PRIu64 " sources are listed, but there is count record %" PRIu64,
		      number(s->snapshot_sums, "listed"), s->seq[TYPE_COUNT]);
	s->unpaired += (uint64_t)json_object_object_length(s->owed);
	if (s->unpaired > dropped)
		fault(s, "%" PRIu64 " losses are said once and not twice, the last: %s",
		      s->unpaired, json_object_to_json_string(s->owed));
	if (number(s->sums, "discarded") != s->late && !s->enough && !dropped)
		fault(s, "%" PRIu64 " samples were discarded, and %" PRIu64 " for being late",
		      number(s->sums, "discarded"), s->late);
	if (missing(s) != dropped)
		fault(s, "L5: %" PRIu64 " records are missing, %" PRIu64 " were dropped",
		      missing(s), dropped);
	if (s->gaps > lost(s->sums) + s->late + dropped)
		fault(s, "L5: %" PRIu64 " samples are missing, %" PRIu64 " were lost", s->gaps,
		      lost(s->sums) + s->late + dropped);
}

static void report(const struct stream *s)
{
	printf("packets=%" PRIu64 " counts=%" PRIu64 " snapshots=%" PRIu64 " gaps=%" PRIu64
	       " missing=%" PRIu64 " lost=%" PRIu64 " discarded=%" PRIu64 "\n",
	       s->records[TYPE_PACKET], s->records[TYPE_COUNT],
	       number(s->snapshot_sums, "snapshot"), s->gaps, missing(s), lost(s->sums),
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
	s->snapshot_sums = json_object_new_object();
	s->owed = json_object_new_object();
	s->attached = json_object_new_object();
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
	json_object_put(s->snapshot_sums);
	json_object_put(s->owed);
	json_object_put(s->attached);
	json_object_put(s->listed.sources);
	return s->faults ? 1 : 0;
}
