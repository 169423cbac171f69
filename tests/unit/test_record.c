/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "record/record.h"
#include "values.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RUN	      UINT64_C(0x5f0c9a1e77b0d2c4)
#define RUN_TEXT      "5f0c9a1e77b0d2c4"
#define NOW	      UINT64_C(1795318900704885554)
#define NOW_TEXT      "2026-11-22T03:41:40.704885Z"
#define LIMIT	      (UINT64_C(1) << 53)
#define TO_STRING     (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define KEEP	      (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY)
#define HAS_ALL	      0xffU
#define RANDOM_CASES  20000

/* clang-format off */
#define IP4(a, b, c, d) { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }
/* clang-format on */
#define IP6_DOC                                  \
	{                                        \
		0x20, 0x01, 0x0d, 0xb8, [15] = 1 \
	}

static struct record_writer *new_writer(bool ns)
{
	struct record_writer *w = NULL;

	cr_assert_eq(record_writer_new(&w, RUN, ns), 0);
	return w;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The rules for every line: strict JSON and nothing else, as json-c itself would print it (so no
 * key is there twice), short enough, and its only newline is the last byte.
 */
static void check_form(const char *name, const struct record *line)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *obj;
	const char *again;
	const char *key = NULL;
	size_t len = 0;

	cr_assert_not_null(tok);
	cr_assert_geq(line->len, 3, "%s: %zu bytes", name, line->len);
	cr_expect_leq(line->len, RECORD_MAX_BYTES, "%s: %zu bytes", name, line->len);
	cr_expect_eq(memchr(line->text, '\n', line->len), line->text + line->len - 1,
		     "%s: its newline is not its last byte", name);
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	obj = json_tokener_parse_ex(tok, line->text, (int)line->len);
	cr_assert(json_object_is_type(obj, json_type_object), "%s: got %.*s: %s", name,
		  (int)line->len, line->text, json_tokener_error_desc(json_tokener_get_error(tok)));
	again = json_object_to_json_string_length(obj, TO_STRING, &len);
	cr_expect(len + 1 == line->len && memcmp(again, line->text, len) == 0,
		  "%s: got %.*s, json-c prints %s", name, (int)line->len, line->text, again);
	cr_expect(values_agree(line->text, line->len, obj, &key), "%s: values part at \"%s\"", name,
		  key);
	json_object_put(obj);
	json_tokener_free(tok);
}

static void check_line(const char *name, const struct record *got, enum record_type type,
		       uint64_t record_seq, const char *want)
{
	check_form(name, got);
	cr_expect_eq(got->type, type, "%s: type %u, want %u", name, got->type, type);
	cr_expect_eq(got->record_seq, record_seq, "%s: record_seq %" PRIu64 ", want %" PRIu64, name,
		     got->record_seq, record_seq);
	cr_expect(got->len == strlen(want) && memcmp(got->text, want, got->len) == 0,
		  "%s:\n got %.*swant %s", name, (int)got->len, got->text, want);
}

#define WANT_BYTES 2000

/* A whole line, from what is behind its four common keys. */
static void want_line(char ret[WANT_BYTES], const char *event_type, const char *rest)
{
	int len = snprintf(ret, WANT_BYTES,
			   "{\"timestamp\":\"" NOW_TEXT "\",\"event_type\":\"%s\","
			   "\"run\":\"" RUN_TEXT "\",\"record_seq\":1,%s",
			   event_type, rest);

	cr_assert_lt(len, WANT_BYTES);
}

struct packet_case {
	const char *name;
	struct xdptail_packet packet;
	const char *want; /* behind the four common keys */
};

static const struct packet_case packet_cases[] = {
	{ "tcp",
	  { .interface = "eth0",
	    .src_ip = IP4(192, 0, 2, 7),
	    .dst_ip = IP4(198, 51, 100, 8),
	    .src_port = 443,
	    .dst_port = 48577,
	    .protocol = 6,
	    .packet_type = XDPTAIL_TYPE_TCP,
	    .packet_len = 1272,
	    .seq_num = 3172658035,
	    .ack_num = 4283586621,
	    .tcp_flags = 24,
	    .ttl = 57,
	    .sample_rate = 10,
	    .cpu_seq = 4711,
	    .ip_version = 4,
	    .has = XDPTAIL_HAS_PROTOCOL | XDPTAIL_HAS_PORTS | XDPTAIL_HAS_TCP },
	  "\"interface\":\"eth0\",\"src_ip\":\"192.0.2.7\",\"dst_ip\":\"198.51.100.8\","
	  "\"src_port\":443,\"dst_port\":48577,\"protocol\":6,\"packet_type\":0,"
	  "\"packet_len\":1272,\"seq_num\":3172658035,\"ack_num\":4283586621,"
	  "\"tcp_flags\":24,\"flags\":\"PA\",\"ttl\":57,\"sample_rate\":10,\"cpu\":0,"
	  "\"cpu_seq\":4711}\n" },
	{ "tcp, no flag set",
	  { .interface = "eth0",
	    .src_ip = IP4(0, 0, 0, 0),
	    .dst_ip = IP4(255, 255, 255, 255),
	    .protocol = 6,
	    .ip_version = 4,
	    .has = XDPTAIL_HAS_PROTOCOL | XDPTAIL_HAS_PORTS | XDPTAIL_HAS_TCP },
	  "\"interface\":\"eth0\",\"src_ip\":\"0.0.0.0\",\"dst_ip\":\"255.255.255.255\","
	  "\"src_port\":0,\"dst_port\":0,\"protocol\":6,\"packet_type\":0,\"packet_len\":0,"
	  "\"seq_num\":0,\"ack_num\":0,\"tcp_flags\":0,\"flags\":\"\",\"ttl\":0,"
	  "\"sample_rate\":0,\"cpu\":0,\"cpu_seq\":0}\n" },
	{ "udp over IPv6",
	  { .interface = "wlan0",
	    .src_ip = IP6_DOC,
	    .dst_ip = { 0xff, 0x02, [15] = 0xfb },
	    .src_port = 5353,
	    .dst_port = 5353,
	    .protocol = 17,
	    .packet_type = XDPTAIL_TYPE_UDP,
	    .packet_len = 203,
	    .ttl = 255,
	    .sample_rate = 1,
	    .cpu = 3,
	    .cpu_seq = 1,
	    .ip_version = 6,
	    .has = XDPTAIL_HAS_PROTOCOL | XDPTAIL_HAS_PORTS },
	  "\"interface\":\"wlan0\",\"src_ip\":\"2001:db8::1\",\"dst_ip\":\"ff02::fb\","
	  "\"src_port\":5353,\"dst_port\":5353,\"protocol\":17,\"packet_type\":1,"
	  "\"packet_len\":203,\"ttl\":255,\"sample_rate\":1,\"cpu\":3,\"cpu_seq\":1}\n" },
	{ "mapped address in a true IPv6 packet",
	  { .interface = "eth0",
	    .src_ip = IP4(192, 0, 2, 7),
	    .dst_ip = { [15] = 1 },
	    .protocol = 58,
	    .packet_type = XDPTAIL_TYPE_ICMPV6,
	    .icmp_type = 128,
	    .icmp_code = 0,
	    .ip_version = 6,
	    .has = XDPTAIL_HAS_PROTOCOL | XDPTAIL_HAS_ICMP },
	  "\"interface\":\"eth0\",\"src_ip\":\"::ffff:192.0.2.7\",\"dst_ip\":\"::1\","
	  "\"protocol\":58,\"packet_type\":3,\"packet_len\":0,\"icmp_type\":128,"
	  "\"icmp_code\":0,\"ttl\":0,\"sample_rate\":0,\"cpu\":0,\"cpu_seq\":0}\n" },
	{ "vlan, no protocol, too deep",
	  { .interface = "eth0",
	    .src_ip = IP6_DOC,
	    .dst_ip = IP6_DOC,
	    .vlan = 4095,
	    .parse = XDPTAIL_PARSE_TOO_DEEP,
	    .protocol = 6, /* not to be shown */
	    .src_port = 1,
	    .seq_num = 1,
	    .vlan_inner = 1,
	    .ip_version = 6,
	    .has = XDPTAIL_HAS_VLAN | XDPTAIL_HAS_PARSE },
	  "\"interface\":\"eth0\",\"src_ip\":\"2001:db8::1\",\"dst_ip\":\"2001:db8::1\","
	  "\"packet_len\":0,\"ttl\":0,\"vlan\":4095,\"parse\":\"too_deep\",\"sample_rate\":0,"
	  "\"cpu\":0,\"cpu_seq\":0}\n" },
	{ "two vlans, later fragment, truncated",
	  { .interface = "eth0",
	    .src_ip = IP4(10, 0, 0, 1),
	    .dst_ip = IP4(10, 0, 0, 99),
	    .protocol = 255,
	    .packet_type = XDPTAIL_TYPE_OTHER,
	    .vlan = 0,
	    .vlan_inner = 7,
	    .fragment = XDPTAIL_FRAGMENT_LATER,
	    .parse = XDPTAIL_PARSE_TRUNCATED,
	    .ip_version = 4,
	    .has = XDPTAIL_HAS_PROTOCOL | XDPTAIL_HAS_VLAN | XDPTAIL_HAS_VLAN_INNER |
		   XDPTAIL_HAS_FRAGMENT | XDPTAIL_HAS_PARSE },
	  "\"interface\":\"eth0\",\"src_ip\":\"10.0.0.1\",\"dst_ip\":\"10.0.0.99\","
	  "\"protocol\":255,\"packet_type\":255,\"packet_len\":0,\"ttl\":0,\"vlan\":0,"
	  "\"vlan_inner\":7,\"fragment\":\"later\",\"parse\":\"truncated\",\"sample_rate\":0,"
	  "\"cpu\":0,\"cpu_seq\":0}\n" },
	{ "in a tunnel of the other version",
	  { .interface = "eth0",
	    .src_ip = IP6_DOC,
	    .dst_ip = IP6_DOC,
	    .vlan = 5,
	    .fragment = XDPTAIL_FRAGMENT_FIRST,
	    .tunnel = XDPTAIL_TUNNEL_6IN4,
	    .outer_ip_version = 4,
	    .outer_src_ip = IP4(10, 0, 0, 1),
	    .outer_dst_ip = IP4(10, 0, 0, 99),
	    .ip_version = 6,
	    .has = XDPTAIL_HAS_VLAN | XDPTAIL_HAS_TUNNEL | XDPTAIL_HAS_FRAGMENT },
	  "\"interface\":\"eth0\",\"src_ip\":\"2001:db8::1\",\"dst_ip\":\"2001:db8::1\","
	  "\"packet_len\":0,\"ttl\":0,\"vlan\":5,\"outer_src_ip\":\"10.0.0.1\","
	  "\"outer_dst_ip\":\"10.0.0.99\",\"tunnel\":\"6in4\",\"fragment\":\"first\","
	  "\"sample_rate\":0,\"cpu\":0,\"cpu_seq\":0}\n" },
	{ "everything there is, at its most",
	  { .interface = "a\"\\/\x01\xff",
	    .src_ip = IP4(1, 22, 133, 4),
	    .dst_ip = IP4(1, 2, 3, 4),
	    .src_port = 65535,
	    .dst_port = 65535,
	    .protocol = 255,
	    .packet_type = 255,
	    .packet_len = UINT32_MAX,
	    .seq_num = UINT32_MAX,
	    .ack_num = UINT32_MAX,
	    .tcp_flags = 255,
	    .icmp_type = 255,
	    .icmp_code = 255,
	    .ttl = 255,
	    .vlan = 65535,
	    .vlan_inner = 65535,
	    .fragment = XDPTAIL_FRAGMENT_FIRST,
	    .parse = XDPTAIL_PARSE_MALFORMED,
	    .tunnel = XDPTAIL_TUNNEL_GENEVE,
	    .outer_ip_version = 6,
	    .outer_src_ip = IP4(1, 22, 133, 4),
	    .outer_dst_ip = IP6_DOC,
	    .sample_rate = UINT32_MAX,
	    .cpu = UINT32_MAX,
	    .cpu_seq = UINT64_MAX,
	    .ip_version = 4,
	    .has = UINT32_MAX },
	  "\"interface\":\"a\\\"\\\\/\\u0001\xef\xbf\xbd\",\"src_ip\":\"1.22.133.4\","
	  "\"dst_ip\":\"1.2.3.4\",\"src_port\":65535,\"dst_port\":65535,\"protocol\":255,"
	  "\"packet_type\":255,\"packet_len\":4294967295,\"seq_num\":4294967295,"
	  "\"ack_num\":4294967295,\"tcp_flags\":255,\"flags\":\"FSRPAUEC\","
	  "\"icmp_type\":255,\"icmp_code\":255,\"ttl\":255,\"vlan\":65535,"
	  "\"vlan_inner\":65535,\"outer_src_ip\":\"::ffff:1.22.133.4\","
	  "\"outer_dst_ip\":\"2001:db8::1\",\"tunnel\":\"geneve\","
	  "\"fragment\":\"first\",\"parse\":\"malformed\","
	  "\"sample_rate\":4294967295,\"cpu\":4294967295,"
	  "\"cpu_seq\":\"18446744073709551615\"}\n" },
};

Test(line, packets)
{
	for (size_t i = 0; i < ARRAY_SIZE(packet_cases); i++) {
		struct xdptail_packet packet = packet_cases[i].packet;
		struct record_writer *w = new_writer(false);
		char want[WANT_BYTES];
		struct record line;

		packet.timestamp_ns = NOW;
		want_line(want, "packet", packet_cases[i].want);
		cr_assert_eq(record_packet(w, &packet, &line), 0, "%s", packet_cases[i].name);
		check_line(packet_cases[i].name, &line, RECORD_PACKET, 1, want);
		record_writer_free(w);
	}
}

Test(line, timestamps)
{
	static const struct {
		const char *name;
		uint64_t ns;
		bool nine;
		const char *want;
	} cases[] = {
		{ "epoch", 0, false, "1970-01-01T00:00:00.000000Z" },
		{ "zeros are written", 1795318900000000000, false, "2026-11-22T03:41:40.000000Z" },
		{ "cut, not rounded", 1795318900999999999, false, "2026-11-22T03:41:40.999999Z" },
		{ "next second", 1795318901000000000, false, "2026-11-22T03:41:41.000000Z" },
		{ "second before", 1795318900000001000, false, "2026-11-22T03:41:40.000001Z" },
		{ "nine digits", 1795318900704885554, true, "2026-11-22T03:41:40.704885554Z" },
		{ "nine zeros", 1795318900000000000, true, "2026-11-22T03:41:40.000000000Z" },
		{ "leap day", 1709251199999999999, true, "2024-02-29T23:59:59.999999999Z" },
		{ "last", UINT64_MAX, true, "2554-07-21T23:34:33.709551615Z" },
	};
	struct record_writer *writers[] = { new_writer(false), new_writer(true) };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record_writer *w = writers[cases[i].nine];
		struct xdptail_packet packet = { .timestamp_ns = cases[i].ns, .interface = "x" };
		const size_t len = strlen(cases[i].want);
		const size_t at = strlen("{\"timestamp\":\"");
		struct record line;

		cr_assert_eq(record_packet(w, &packet, &line), 0);
		cr_expect(memcmp(line.text + at, cases[i].want, len) == 0 &&
				  line.text[at + len] == '"',
			  "%s: packet: got %.40s, want %s", cases[i].name, line.text,
			  cases[i].want);
		cr_assert_eq(record_stop(w, cases[i].ns, "", 0, 0, &line), 0);
		cr_expect(memcmp(line.text + at, cases[i].want, len) == 0 &&
				  line.text[at + len] == '"',
			  "%s: stop: got %.40s, want %s", cases[i].name, line.text, cases[i].want);
	}
	record_writer_free(writers[0]);
	record_writer_free(writers[1]);
}

static void expect_interface(struct record_writer *w, const char *interface, uint32_t ifindex,
			     const char *want)
{
	struct xdptail_packet packet = { .interface = interface, .ifindex = ifindex };
	struct json_object *obj;
	struct record line;

	cr_assert_eq(record_packet(w, &packet, &line), 0, "%s", want);
	check_form(want, &line);
	obj = json_tokener_parse(line.text);
	cr_expect_str_eq(json_object_get_string(json_object_object_get(obj, "interface")), want,
			 "got %.*s, want %s", (int)line.len, line.text, want);
	json_object_put(obj);
}

/* One memory, several names; and more interfaces than are remembered. */
Test(line, interface_names_are_never_stale)
{
	static const struct {
		const char *name;
		const char *want;
	} cases[] = {
		{ "eth0", "eth0" },	    { "eth1", "eth1" }, { "eth10", "eth10" },
		{ "eth1", "eth1" },	    { "", "" },		{ "eth1", "eth1" },
		{ "\xff", "\xef\xbf\xbd" }, { "\"", "\"" },
	};
	struct record_writer *w = new_writer(false);
	char name[16];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)snprintf(name, sizeof(name), "%s", cases[i].name); /* fits */
		expect_interface(w, name, 2, cases[i].want);
	}
	for (uint32_t ifindex = 0; ifindex < 300; ifindex++) {
		(void)snprintf(name, sizeof(name), "veth%u", ifindex); /* fits */
		expect_interface(w, name, ifindex, name);
		expect_interface(w, name, ifindex, name);
	}
	record_writer_free(w);
}

/* Linux has none longer than 15 bytes; a capture file may. */
Test(line, interface_names_are_bounded)
{
	struct record_writer *w = new_writer(false);
	char name[100] = { 0 };
	char cut[100];

	memset(name, 'a', 93);
	(void)snprintf(cut, sizeof(cut), "%s\xe2\x80\xa6", name); /* fits */
	for (size_t len = 90; len < sizeof(name); len++) {
		memset(name, 'a', len);
		name[len - 1] = (char)('a' + len % 2);
		for (int again = 0; again < 2; again++)
			expect_interface(w, name, 2, len <= 96 ? name : cut);
	}
	record_writer_free(w);
}

static const uint64_t edges[] = { 0, 1, 9, 10, 255, 256, 65535, LIMIT - 1, LIMIT, UINT64_MAX };

static void fill_random(struct xdptail_packet *packet, uint64_t *state)
{
	static const char *const interfaces[] = { "eth0", "wlp0s20f3", "a\"b\\", "\x01\t\x7f", "" };
	uint64_t bits = next_random(state);
	uint8_t *bytes = (uint8_t *)packet;

	for (size_t i = 0; i < sizeof(*packet); i++)
		bytes[i] = (uint8_t)next_random(state);
	packet->interface = interfaces[bits % ARRAY_SIZE(interfaces)];
	packet->ip_version = bits & 0x100 ? 4 : 6;
	packet->fragment = 1 + (bits >> 9) % 2;
	packet->parse = 1 + (bits >> 10) % 3;
	packet->tunnel = (bits >> 32) % XDPTAIL_TUNNEL_MAX;
	packet->outer_ip_version = bits & UINT64_C(0x10000000000) ? 4 : 6;
	packet->cpu_seq = bits & 0x1000 ? edges[(bits >> 13) % ARRAY_SIZE(edges)] :
					  packet->cpu_seq >> (bits >> 16) % 64;
	if (bits & 0x800)
		memset(packet->src_ip, 0, 1 + (bits >> 24) % 16);
	if (bits & 0x10000)
		packet->seq_num >>= (bits >> 17) % 32;
}

static void add(struct json_object *obj, const char *key, struct json_object *value)
{
	cr_assert_eq(json_object_object_add_ex(obj, key, value, KEEP), 0);
}

static void add_u64(struct json_object *obj, const char *key, uint64_t val)
{
	char text[32];

	if (val < LIMIT) {
		add(obj, key, json_object_new_uint64(val));
		return;
	}
	(void)snprintf(text, sizeof(text), "%" PRIu64, val); /* fits */
	add(obj, key, json_object_new_string(text));
}

static void add_ip(struct json_object *obj, const char *key, const uint8_t ip[16], uint8_t version)
{
	char text[INET6_ADDRSTRLEN];

	if (version == 4)
		(void)inet_ntop(AF_INET, ip + 12, text, sizeof(text)); /* cannot fail */
	else
		(void)inet_ntop(AF_INET6, ip, text, sizeof(text)); /* cannot fail */
	add(obj, key, json_object_new_string(text));
}

static void add_common(struct json_object *obj, const char *event_type, uint64_t record_seq)
{
	add(obj, "timestamp", json_object_new_string(NOW_TEXT));
	add(obj, "event_type", json_object_new_string(event_type));
	add(obj, "run", json_object_new_string(RUN_TEXT));
	add_u64(obj, "record_seq", record_seq);
}

static void add_tcp(struct json_object *obj, const struct xdptail_packet *p)
{
	char flags[9];
	size_t n = 0;

	for (unsigned int bit = 0; bit < 8; bit++) {
		if (p->tcp_flags & 1U << bit)
			flags[n++] = "FSRPAUEC"[bit];
	}
	add_u64(obj, "seq_num", p->seq_num);
	add_u64(obj, "ack_num", p->ack_num);
	add_u64(obj, "tcp_flags", p->tcp_flags);
	add(obj, "flags", json_object_new_string_len(flags, (int)n));
}

/* The same line by way of json-c alone. */
static struct json_object *oracle(const struct xdptail_packet *p, uint64_t record_seq)
{
	static const char *const fragments[] = { NULL, "first", "later" };
	static const char *const parses[] = { NULL, "truncated", "malformed", "too_deep" };
	static const char *const tunnels[] = { "none", "vxlan", "geneve", "gre", "ipip",
					       "4in6", "6in4",	"6in6",	  "gtpu" };
	struct json_object *obj = json_object_new_object();

	add_common(obj, "packet", record_seq);
	add(obj, "interface", json_object_new_string(p->interface));
	add_ip(obj, "src_ip", p->src_ip, p->ip_version);
	add_ip(obj, "dst_ip", p->dst_ip, p->ip_version);
	if (p->has & XDPTAIL_HAS_PORTS) {
		add_u64(obj, "src_port", p->src_port);
		add_u64(obj, "dst_port", p->dst_port);
	}
	if (p->has & XDPTAIL_HAS_PROTOCOL) {
		add_u64(obj, "protocol", p->protocol);
		add_u64(obj, "packet_type", p->packet_type);
	}
	add_u64(obj, "packet_len", p->packet_len);
	if (p->has & XDPTAIL_HAS_TCP)
		add_tcp(obj, p);
	if (p->has & XDPTAIL_HAS_ICMP) {
		add_u64(obj, "icmp_type", p->icmp_type);
		add_u64(obj, "icmp_code", p->icmp_code);
	}
	add_u64(obj, "ttl", p->ttl);
	if (p->has & XDPTAIL_HAS_VLAN)
		add_u64(obj, "vlan", p->vlan);
	if (p->has & XDPTAIL_HAS_VLAN_INNER)
		add_u64(obj, "vlan_inner", p->vlan_inner);
	if (p->has & XDPTAIL_HAS_TUNNEL) {
		add_ip(obj, "outer_src_ip", p->outer_src_ip, p->outer_ip_version);
		add_ip(obj, "outer_dst_ip", p->outer_dst_ip, p->outer_ip_version);
		add(obj, "tunnel", json_object_new_string(tunnels[p->tunnel]));
	}
	if (p->has & XDPTAIL_HAS_FRAGMENT)
		add(obj, "fragment", json_object_new_string(fragments[p->fragment]));
	if (p->has & XDPTAIL_HAS_PARSE)
		add(obj, "parse", json_object_new_string(parses[p->parse]));
	add_u64(obj, "sample_rate", p->sample_rate);
	add_u64(obj, "cpu", p->cpu);
	add_u64(obj, "cpu_seq", p->cpu_seq);
	return obj;
}

static void check_oracle(uint32_t i, const struct record *got, struct json_object *obj)
{
	size_t len = 0;
	const char *want = json_object_to_json_string_length(obj, TO_STRING, &len);

	if (got->len != len + 1 || memcmp(got->text, want, len) != 0 || got->text[len] != '\n')
		cr_assert_fail("case %u:\n got %.*swant %s", i, (int)got->len, got->text, want);
	json_object_put(obj);
}

/* Random values, and among the first 256 every combination of optional members. */
Test(line, packets_are_what_json_c_would_write)
{
	struct record_writer *w = new_writer(false);
	uint64_t state = 1;

	for (uint32_t i = 0; i < RANDOM_CASES; i++) {
		struct xdptail_packet packet;
		struct record line;

		fill_random(&packet, &state);
		packet.timestamp_ns = NOW;
		packet.has = i & HAS_ALL;
		cr_assert_eq(record_packet(w, &packet, &line), 0, "case %u", i);
		check_oracle(i, &line, oracle(&packet, i + 1));
	}
	record_writer_free(w);
}

/* A mapped address is an IPv4 source: the counts know no version. */
static struct json_object *count_oracle(const struct record_count *count, uint64_t record_seq)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct xdptail_source *source = count->source;
	bool is_ip4 = memcmp(source->src_ip, mapped, sizeof(mapped)) == 0;
	struct json_object *obj = json_object_new_object();

	add_common(obj, "count", record_seq);
	add_u64(obj, "snapshot", count->snapshot);
	add(obj, "interface", json_object_new_string(source->interface));
	add_ip(obj, "src_ip", source->src_ip, is_ip4 ? 4 : 6);
	add_u64(obj, "packets", source->packets);
	add_u64(obj, "bytes", source->bytes);
	return obj;
}

/* Addresses are mapped, nearly so, or anything. */
static void fill_source(struct xdptail_source *source, uint64_t *state)
{
	struct xdptail_packet packet;
	uint64_t bits = next_random(state);

	fill_random(&packet, state);
	memcpy(source->src_ip, packet.src_ip, sizeof(source->src_ip));
	if (bits & 1) {
		memset(source->src_ip, 0, 10);
		memset(source->src_ip + 10, 0xff, 2);
	}
	if ((bits & 6) == 6)
		source->src_ip[(bits >> 3) % 12] ^= 1U << (bits >> 7) % 8;
	source->interface = packet.interface;
	source->packets = packet.cpu_seq;
	source->bytes = bits & 0x400 ? edges[(bits >> 11) % ARRAY_SIZE(edges)] :
				       next_random(state) >> (bits >> 16) % 64;
}

Test(line, counts_are_what_json_c_would_write)
{
	struct record_writer *w = new_writer(false);
	uint64_t state = 2;

	for (uint32_t i = 0; i < RANDOM_CASES; i++) {
		struct xdptail_source source;
		const struct record_count count = { .snapshot = i, .source = &source };
		struct record line;

		fill_source(&source, &state);
		cr_assert_eq(record_count(w, NOW, &count, &line), 0, "case %u", i);
		check_oracle(i, &line, count_oracle(&count, i + 1));
	}
	record_writer_free(w);
}

/* A record_seq of one digit stands for one of twenty, in quotes. */
#define SEQ_MORE (22 - 1)

Test(line, longest_packet)
{
	struct record_writer *w = new_writer(true);
	struct xdptail_packet packet;
	struct record line;

	memset(&packet, 0xff, sizeof(packet));
	packet.interface = "\x01\x02\x03\x04\x05\x06\x07\x0b\x0e\x0f\x10\x11\x12\x13\x14";
	packet.ip_version = 6;
	packet.outer_ip_version = 6;
	packet.fragment = XDPTAIL_FRAGMENT_FIRST;
	packet.parse = XDPTAIL_PARSE_TRUNCATED;
	cr_assert_eq(record_packet(w, &packet, &line), 0);
	check_form("longest packet", &line);
	cr_expect_not_null(strstr(line.text, "\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\""));
	cr_expect_not_null(strstr(line.text, "\\u0014\","));
	cr_expect_leq(line.len + SEQ_MORE, RECORD_MAX_BYTES, "%zu bytes", line.len + SEQ_MORE);
	record_writer_free(w);
}

struct record_case {
	const char *name;
	int (*make)(struct record_writer *w, struct record *ret);
	enum record_type type;
	const char *event_type;
	const char *want; /* behind the four common keys; NULL: only form and length matter */
};

static const char *const capabilities[] = { "CAP_NET_ADMIN", "CAP_BPF", NULL };

static int make_start(struct record_writer *w, struct record *ret)
{
	static const struct record_start start = {
		.sink = "stdout",
		.version = "0.1.0",
		.hostname = "host",
		.kernel = "6.18.1",
		.function_name = "count_tcp_packets",
		.transport = XDPTAIL_TRANSPORT_RINGBUF,
		.ring_bytes = 16777216,
		.sample_mode = XDPTAIL_SAMPLE_EVERY,
		.sample_rate = 10,
		.interval_s = 0,
		.max_sources = 65536,
		.map_bytes = 12345678,
		.capabilities = capabilities,
	};

	return record_start(w, NOW, &start, ret);
}

static int make_start_bare(struct record_writer *w, struct record *ret)
{
	static const char *const none[] = { NULL };
	static const struct record_start start = {
		.sink = "",
		.version = "",
		.hostname = "",
		.kernel = "",
		.function_name = "",
		.transport = XDPTAIL_TRANSPORT_PERF,
		.sample_mode = XDPTAIL_SAMPLE_RANDOM,
		.decap = true,
		.map_bytes = LIMIT,
		.capabilities = none,
	};

	return record_start(w, NOW, &start, ret);
}

static char long_text[4097]; /* "\x01…", the worst there is */

static int make_start_long(struct record_writer *w, struct record *ret)
{
	static const char *many[65];
	const struct record_start start = {
		.sink = long_text,
		.version = long_text,
		.hostname = long_text,
		.kernel = long_text,
		.function_name = long_text,
		.ebpf_program = long_text,
		.transport = XDPTAIL_TRANSPORT_RINGBUF,
		.ring_bytes = UINT32_MAX,
		.sample_mode = XDPTAIL_SAMPLE_RANDOM,
		.sample_rate = UINT32_MAX,
		.interval_s = UINT32_MAX,
		.decap = true,
		.max_sources = UINT32_MAX,
		.map_bytes = UINT64_MAX,
		.capabilities = many,
	};

	for (size_t i = 0; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = "CAP_CHECKPOINT_RESTORE";
	return record_start(w, NOW, &start, ret);
}

/* Read from a file, which has no ring and no maps, whoever counts. */
static int make_start_capture(struct record_writer *w, struct record *ret)
{
	static const char *const none[] = { NULL };
	static const struct record_start start = {
		.sink = "stdout",
		.version = "0.1.0",
		.hostname = "host",
		.kernel = "6.18.1",
		.function_name = "count_packets",
		.capture = "a.pcap",
		.transport = XDPTAIL_TRANSPORT_CAPTURE,
		.sample_rate = 1,
		.interval_s = 10,
		.capabilities = none,
	};

	return record_start(w, NOW, &start, ret);
}

static int make_start_long_capture(struct record_writer *w, const char *program, struct record *ret)
{
	static const char *many[65];
	const struct record_start start = {
		.sink = long_text,
		.version = long_text,
		.hostname = long_text,
		.kernel = long_text,
		.function_name = long_text,
		.ebpf_program = program,
		.capture = long_text,
		.prog_run = true,
		.decap = true,
		.transport = XDPTAIL_TRANSPORT_CAPTURE,
		.sample_mode = XDPTAIL_SAMPLE_RANDOM,
		.sample_rate = UINT32_MAX,
		.interval_s = UINT32_MAX,
		.capabilities = many,
	};

	for (size_t i = 0; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = "CAP_CHECKPOINT_RESTORE";
	return record_start(w, NOW, &start, ret);
}

static int make_start_prog_run(struct record_writer *w, struct record *ret)
{
	return make_start_long_capture(w, NULL, ret);
}

static int make_start_prog_run_own(struct record_writer *w, struct record *ret)
{
	return make_start_long_capture(w, long_text, ret);
}

/* Of an object that is not ours. */
static int make_start_own(struct record_writer *w, struct record *ret)
{
	static const char *const none[] = { NULL };
	static const struct record_start start = {
		.sink = "",
		.version = "",
		.hostname = "",
		.kernel = "",
		.function_name = "count_syns",
		.ebpf_program = "/a/own.bpf.o",
		.transport = XDPTAIL_TRANSPORT_RINGBUF,
		.capabilities = none,
	};

	return record_start(w, NOW, &start, ret);
}

static int make_start_prog_run_bare(struct record_writer *w, struct record *ret)
{
	static const char *const none[] = { NULL };
	static const struct record_start start = {
		.sink = "",
		.version = "",
		.hostname = "",
		.kernel = "",
		.function_name = "",
		.capture = "",
		.prog_run = true,
		.transport = XDPTAIL_TRANSPORT_CAPTURE,
		.capabilities = none,
	};

	return record_start(w, NOW, &start, ret);
}

static int make_attached(struct record_writer *w, struct record *ret)
{
	static const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = "eth0",
		.ifindex = 2,
		.state = XDPTAIL_STATE_ATTACHED,
		.mode = XDPTAIL_MODE_NATIVE,
	};

	return record_interface(w, NOW, &event, ret);
}

static int make_generic(struct record_writer *w, struct record *ret)
{
	static const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = "\xff\"/\x01",
		.ifindex = UINT32_MAX,
		.state = XDPTAIL_STATE_DETACHED,
		.mode = XDPTAIL_MODE_GENERIC,
		.reason = "the driver has no XDP",
	};

	return record_interface(w, NOW, &event, ret);
}

static int make_awaited(struct record_writer *w, struct record *ret)
{
	static const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = "eth0",
		.state = XDPTAIL_STATE_GONE,
		.mode = XDPTAIL_MODE_AUTO,
		.reason = "not there",
	};

	return record_interface(w, NOW, &event, ret);
}

static int make_interface_long(struct record_writer *w, struct record *ret)
{
	const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = long_text,
		.ifindex = UINT32_MAX,
		.state = XDPTAIL_STATE_GONE,
		.mode = XDPTAIL_MODE_GENERIC,
		.reason = long_text,
	};

	return record_interface(w, NOW, &event, ret);
}

static int make_count(struct record_writer *w, struct record *ret)
{
	static const struct xdptail_source source = {
		.src_ip = IP4(192, 0, 2, 7),
		.interface = "eth0",
		.packets = 1272,
		.bytes = 99999,
	};
	const struct record_count count = { .snapshot = 7, .source = &source };

	return record_count(w, NOW, &count, ret);
}

static int make_count_ip6(struct record_writer *w, struct record *ret)
{
	static const struct xdptail_source source = {
		.src_ip = IP6_DOC,
		.interface = "a\"\xff",
		.packets = LIMIT - 1,
		.bytes = LIMIT,
	};
	const struct record_count count = { .snapshot = 1, .source = &source };

	return record_count(w, NOW, &count, ret);
}

static int make_count_long(struct record_writer *w, struct record *ret)
{
	struct xdptail_source source;
	const struct record_count count = { .snapshot = UINT64_MAX, .source = &source };

	memset(&source, 0xff, sizeof(source));
	source.interface = long_text;
	return record_count(w, NOW, &count, ret);
}

static const struct xdptail_counts some_counts = {
	.interval_start_ns = NOW - UINT64_C(10000000000),
	.interval_end_ns = NOW,
	.seen = 1,
	.not_ip = 2,
	.no_source = 3,
	.undetermined = 4,
	.not_selected = 5,
	.counted = 6,
	.counted_bytes = 7,
	.unattributed_packets = 8,
	.unattributed_bytes = 9,
	.n_sources = 10,
};

#define SNAPSHOT_TIMES                                        \
	"\"interval_start\":\"2026-11-22T03:41:30.704885Z\"," \
	"\"interval_end\":\"" NOW_TEXT "\","

#define SNAPSHOT_FIGURES                                                                   \
	"\"seen\":1,\"not_ip\":2,\"no_source\":3,\"undetermined\":4,\"not_selected\":5,"   \
	"\"counted\":6,\"counted_bytes\":7,\"unlisted_packets\":12,\"unlisted_bytes\":13," \
	"\"unattributed_packets\":8,\"unattributed_bytes\":9"

static int make_snapshot(struct record_writer *w, struct record *ret)
{
	static const struct record_snapshot snapshot = {
		.snapshot = 14,
		.listed = 11,
		.unlisted_packets = 12,
		.unlisted_bytes = 13,
		.counts = &some_counts,
	};

	return record_snapshot(w, NOW, &snapshot, ret);
}

static int make_snapshot_total(struct record_writer *w, struct record *ret)
{
	struct xdptail_counts counts = some_counts;
	const struct record_snapshot snapshot = {
		.total = true,
		.aggregates = true,
		.snapshot = LIMIT,
		.listed = 0,
		.unlisted_packets = 12,
		.unlisted_bytes = 13,
		.counts = &counts,
	};

	counts.unattributed_full = 15;
	counts.unattributed_busy = 16;
	counts.unattributed_no_memory = 17;
	counts.unattributed_other = LIMIT;
	return record_snapshot(w, NOW, &snapshot, ret);
}

static int make_snapshot_long(struct record_writer *w, struct record *ret)
{
	struct xdptail_counts counts;
	const struct record_snapshot snapshot = {
		.aggregates = true,
		.snapshot = UINT64_MAX,
		.listed = UINT64_MAX,
		.unlisted_packets = UINT64_MAX,
		.unlisted_bytes = UINT64_MAX,
		.counts = &counts,
	};

	memset(&counts, 0xff, sizeof(counts));
	return record_snapshot(w, NOW, &snapshot, ret);
}

static int make_loss(struct record_writer *w, struct record *ret)
{
	static const struct record_loss loss = {
		.where = "file:/var/log/\xc3\xa9.jsonl",
		.cause = "queue_full",
		.records = 3,
		.first_ns = NOW - 2000,
		.last_ns = NOW - 1000,
	};

	return record_loss(w, NOW, &loss, ret);
}

static int make_loss_long(struct record_writer *w, struct record *ret)
{
	const struct record_loss loss = {
		.where = long_text,
		.cause = "undecodable",
		.records = UINT64_MAX,
		.first_ns = UINT64_MAX,
		.last_ns = UINT64_MAX,
	};

	return record_loss(w, NOW, &loss, ret);
}

static int make_clock(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, 3600 * INT64_C(1000000000), ret);
}

static int make_clock_back(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, -1, ret);
}

static int make_clock_most_number(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, (int64_t)LIMIT - 1, ret);
}

static int make_clock_least_number(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, 1 - (int64_t)LIMIT, ret);
}

static int make_clock_text(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, (int64_t)LIMIT, ret);
}

static int make_clock_text_back(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, -(int64_t)LIMIT, ret);
}

static int make_clock_most(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, INT64_MAX, ret);
}

static int make_clock_least(struct record_writer *w, struct record *ret)
{
	return record_clock(w, NOW, INT64_MIN, ret);
}

static const struct record_stats some_stats = {
	.sampled = 21,
	.delivered = 1,
	.lost_ring_full = 2,
	.lost_no_buffer = 3,
	.lost_other = 4,
	.lost_undecodable = 5,
	.discarded = 6,
	.cpu_ms = LIMIT - 1,
	.rss_kb = LIMIT,
	.ring_high_water = UINT64_MAX,
	.longest_wait_ms = UINT64_MAX,
};

static int make_stats(struct record_writer *w, struct record *ret)
{
	return record_stats(w, NOW, &some_stats, ret);
}

static int make_stats_total(struct record_writer *w, struct record *ret)
{
	struct record_stats stats = some_stats;

	stats.total = true;
	stats.perf = true;
	return record_stats(w, NOW, &stats, ret);
}

static int make_stats_long(struct record_writer *w, struct record *ret)
{
	struct record_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	stats.total = true;
	stats.perf = true;
	return record_stats(w, NOW, &stats, ret);
}

static struct record_sink some_sink = {
	.sink = "file:/var/log/\xc3\xa9.jsonl",
	.made = 15,
	.written = 1,
	.bytes = 300,
	.filtered = 2,
	.dropped_queue_full = 3,
	.dropped_error = 4,
	.queued = 5,
};

static int make_sink(struct record_writer *w, struct record *ret)
{
	return record_sink(w, NOW, &some_sink, ret);
}

static int make_sink_long(struct record_writer *w, struct record *ret)
{
	struct record_sink sink;

	memset(&sink, 0xff, sizeof(sink));
	sink.total = true;
	sink.sink = long_text;
	return record_sink(w, NOW, &sink, ret);
}

static int make_sink_total(struct record_writer *w, struct record *ret)
{
	struct record_sink sink = some_sink;

	sink.total = true;
	return record_sink(w, NOW, &sink, ret);
}

static int make_stop(struct record_writer *w, struct record *ret)
{
	return record_stop(w, NOW, "SIGTERM", 0, 0, ret);
}

static int make_stop_long(struct record_writer *w, struct record *ret)
{
	return record_stop(w, NOW, long_text, -2147483647 - 1, UINT64_MAX, ret);
}

/* The words of all states, in the order of their numbers. */
Test(line, states)
{
	static const char *const want[] = { "attached", "detached", "gone", "back",
					    "renamed",	"moved",    "down", "up" };
	struct record_writer *w = NULL;
	struct record line;

	_Static_assert(ARRAY_SIZE(want) == XDPTAIL_STATE_MAX, "all of them");
	cr_assert_eq(record_writer_new(&w, RUN, false), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const struct xdptail_interface event = { .interface = "x", .state = i };
		char part[32];

		cr_assert_eq(record_interface(w, NOW, &event, &line), 0);
		snprintf(part, sizeof(part), "\"state\":\"%s\"}", want[i]);
		cr_expect(memmem(line.text, line.len, part, strlen(part)), "got %.*s, want %s",
			  (int)line.len, line.text, part);
	}
	record_writer_free(w);
}

static const struct record_case record_cases[] = {
	{ "start", make_start, RECORD_START, "start",
	  "\"version\":\"0.1.0\",\"schema\":\"xdptail/1\",\"sink\":\"stdout\",\"hostname\":\"host\","
	  "\"kernel\":\"6.18.1\",\"function_name\":\"count_tcp_packets\","
	  "\"transport\":\"ringbuf\",\"ring_bytes\":16777216,\"sample_mode\":\"every\","
	  "\"sample_rate\":10,\"interval_s\":0,\"max_sources\":65536,\"map_type\":\"percpu_hash\",\"map_bytes\":12345678,"
	  "\"capabilities\":[\"CAP_NET_ADMIN\",\"CAP_BPF\"]}\n" },
	{ "start, perf, random, decap, no capabilities", make_start_bare, RECORD_START, "start",
	  "\"version\":\"\",\"schema\":\"xdptail/1\",\"sink\":\"\",\"hostname\":\"\",\"kernel\":\"\","
	  "\"function_name\":\"\",\"transport\":\"perf\",\"ring_bytes\":0,"
	  "\"sample_mode\":\"random\",\"sample_rate\":0,\"interval_s\":0,\"decap\":true,\"max_sources\":0,"
	  "\"map_type\":\"percpu_hash\",\"map_bytes\":\"9007199254740992\",\"capabilities\":[]}\n" },
	{ "start, as long as can be", make_start_long, RECORD_START, "start", NULL },
	{ "start, a capture", make_start_capture, RECORD_START, "start",
	  "\"version\":\"0.1.0\",\"schema\":\"xdptail/1\",\"sink\":\"stdout\",\"hostname\":\"host\","
	  "\"kernel\":\"6.18.1\",\"function_name\":\"count_packets\","
	  "\"transport\":\"capture\",\"capture\":\"a.pcap\",\"sample_mode\":\"every\","
	  "\"sample_rate\":1,\"interval_s\":10,\"capabilities\":[]}\n" },
	{ "start, a capture through the kernel", make_start_prog_run_bare, RECORD_START, "start",
	  "\"version\":\"\",\"schema\":\"xdptail/1\",\"sink\":\"\",\"hostname\":\"\",\"kernel\":\"\","
	  "\"function_name\":\"\",\"transport\":\"capture\",\"capture\":\"\",\"prog_run\":true,"
	  "\"sample_mode\":\"every\",\"sample_rate\":0,\"interval_s\":0,\"capabilities\":[]}\n" },
	{ "start, an object of one's own", make_start_own, RECORD_START, "start",
	  "\"version\":\"\",\"schema\":\"xdptail/1\",\"sink\":\"\",\"hostname\":\"\",\"kernel\":\"\","
	  "\"function_name\":\"count_syns\",\"ebpf_program\":\"/a/own.bpf.o\","
	  "\"transport\":\"ringbuf\",\"ring_bytes\":0,\"sample_mode\":\"every\",\"sample_rate\":0,"
	  "\"interval_s\":0,\"max_sources\":0,\"map_type\":\"percpu_hash\",\"map_bytes\":0,"
	  "\"capabilities\":[]}\n" },
	{ "start, a capture, as long as can be", make_start_prog_run, RECORD_START, "start", NULL },
	{ "start, a capture through an own object, as long as can be", make_start_prog_run_own,
	  RECORD_START, "start", NULL },
	{ "interface", make_attached, RECORD_INTERFACE, "interface",
	  "\"interface\":\"eth0\",\"ifindex\":2,\"state\":\"attached\",\"hook\":\"xdp\","
	  "\"mode\":\"native\",\"counts\":\"frames\"}\n" },
	{ "interface, generic, with a reason", make_generic, RECORD_INTERFACE, "interface",
	  "\"interface\":\"\xef\xbf\xbd\\\"/\\u0001\",\"ifindex\":4294967295,"
	  "\"state\":\"detached\",\"hook\":\"xdp\",\"mode\":\"generic\","
	  "\"counts\":\"aggregates\",\"reason\":\"the driver has no XDP\"}\n" },
	{ "interface, not there", make_awaited, RECORD_INTERFACE, "interface",
	  "\"interface\":\"eth0\",\"state\":\"gone\",\"reason\":\"not there\"}\n" },
	{ "interface, as long as can be", make_interface_long, RECORD_INTERFACE, "interface",
	  NULL },
	{ "stats", make_stats, RECORD_STATS, "stats",
	  "\"sampled\":21,\"delivered\":1,\"lost_ring_full\":2,\"lost_undecodable\":5,"
	  "\"discarded\":6,\"cpu_ms\":9007199254740991,\"rss_kb\":\"9007199254740992\","
	  "\"ring_high_water\":\"18446744073709551615\","
	  "\"longest_wait_ms\":\"18446744073709551615\"}\n" },
	{ "stats, perf, total", make_stats_total, RECORD_STATS, "stats",
	  "\"total\":true,\"sampled\":21,\"delivered\":1,\"lost_ring_full\":2,"
	  "\"lost_no_buffer\":3,\"lost_other\":4,\"lost_undecodable\":5,\"discarded\":6,"
	  "\"cpu_ms\":9007199254740991,\"rss_kb\":\"9007199254740992\","
	  "\"ring_high_water\":\"18446744073709551615\","
	  "\"longest_wait_ms\":\"18446744073709551615\"}\n" },
	{ "stats, as long as can be", make_stats_long, RECORD_STATS, "stats", NULL },
	{ "sink", make_sink, RECORD_SINK, "sink",
	  "\"sink\":\"file:/var/log/\xc3\xa9.jsonl\",\"made\":15,\"written\":1,\"bytes\":300,"
	  "\"filtered\":2,\"dropped_queue_full\":3,\"dropped_error\":4,\"queued\":5}\n" },
	{ "sink, total", make_sink_total, RECORD_SINK, "sink",
	  "\"total\":true,\"sink\":\"file:/var/log/\xc3\xa9.jsonl\",\"made\":15,"
	  "\"written\":1,\"bytes\":300,\"filtered\":2,\"dropped_queue_full\":3,"
	  "\"dropped_error\":4,\"queued\":5}\n" },
	{ "sink, as long as can be", make_sink_long, RECORD_SINK, "sink", NULL },
	{ "count", make_count, RECORD_COUNT, "count",
	  "\"snapshot\":7,\"interface\":\"eth0\",\"src_ip\":\"192.0.2.7\",\"packets\":1272,"
	  "\"bytes\":99999}\n" },
	{ "count, IPv6, numbers and a string", make_count_ip6, RECORD_COUNT, "count",
	  "\"snapshot\":1,\"interface\":\"a\\\"\xef\xbf\xbd\",\"src_ip\":\"2001:db8::1\","
	  "\"packets\":9007199254740991,\"bytes\":\"9007199254740992\"}\n" },
	{ "count, as long as can be", make_count_long, RECORD_COUNT, "count", NULL },
	{ "snapshot", make_snapshot, RECORD_SNAPSHOT, "snapshot",
	  "\"snapshot\":14," SNAPSHOT_TIMES "\"counts\":\"frames\",\"sources\":10,"
	  "\"listed\":11," SNAPSHOT_FIGURES "}\n" },
	{ "snapshot, total, aggregates, every cause", make_snapshot_total, RECORD_SNAPSHOT,
	  "snapshot",
	  "\"total\":true,\"snapshot\":\"9007199254740992\"," SNAPSHOT_TIMES
	  "\"counts\":\"aggregates\",\"listed\":0," SNAPSHOT_FIGURES ","
	  "\"unattributed_full\":15,\"unattributed_busy\":16,\"unattributed_no_memory\":17,"
	  "\"unattributed_other\":\"9007199254740992\"}\n" },
	{ "snapshot, as long as can be", make_snapshot_long, RECORD_SNAPSHOT, "snapshot", NULL },
	{ "loss", make_loss, RECORD_LOSS, "loss",
	  "\"where\":\"file:/var/log/\xc3\xa9.jsonl\",\"cause\":\"queue_full\",\"records\":3,"
	  "\"first\":\"2026-11-22T03:41:40.704883Z\",\"last\":\"2026-11-22T03:41:40.704884Z\"}\n" },
	{ "loss, as long as can be", make_loss_long, RECORD_LOSS, "loss", NULL },
	{ "clock", make_clock, RECORD_CLOCK, "clock", "\"step_ns\":3600000000000}\n" },
	{ "clock, back", make_clock_back, RECORD_CLOCK, "clock", "\"step_ns\":-1}\n" },
	{ "clock, most that is a number", make_clock_most_number, RECORD_CLOCK, "clock",
	  "\"step_ns\":9007199254740991}\n" },
	{ "clock, least that is a number", make_clock_least_number, RECORD_CLOCK, "clock",
	  "\"step_ns\":-9007199254740991}\n" },
	{ "clock, least that is a string", make_clock_text, RECORD_CLOCK, "clock",
	  "\"step_ns\":\"9007199254740992\"}\n" },
	{ "clock, back, a string", make_clock_text_back, RECORD_CLOCK, "clock",
	  "\"step_ns\":\"-9007199254740992\"}\n" },
	{ "clock, most", make_clock_most, RECORD_CLOCK, "clock",
	  "\"step_ns\":\"9223372036854775807\"}\n" },
	{ "clock, least", make_clock_least, RECORD_CLOCK, "clock",
	  "\"step_ns\":\"-9223372036854775808\"}\n" },
	{ "stop", make_stop, RECORD_STOP, "stop", "\"reason\":\"SIGTERM\",\"exit\":0}\n" },
	{ "stop, as long as can be", make_stop_long, RECORD_STOP, "stop", NULL },
};

static void check_record(const struct record_case *c, const struct record *line)
{
	char want[WANT_BYTES];

	if (!c->want) {
		check_form(c->name, line);
		cr_expect_leq(line->len + SEQ_MORE, RECORD_MAX_BYTES, "%s: %zu bytes", c->name,
			      line->len + SEQ_MORE);
		return;
	}
	want_line(want, c->event_type, c->want);
	check_line(c->name, line, c->type, 1, want);
}

Test(line, records)
{
	memset(long_text, 1, sizeof(long_text) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(record_cases); i++) {
		struct record_writer *w = new_writer(!record_cases[i].want);
		struct record line;

		cr_assert_eq(record_cases[i].make(w, &line), 0, "%s", record_cases[i].name);
		check_record(&record_cases[i], &line);
		record_writer_free(w);
	}
}

static void expect_sink(const char *name, const char *sink, const char *want)
{
	struct record_writer *w = new_writer(false);
	struct record_sink values = { .sink = sink };
	struct json_object *obj;
	struct record line;

	cr_assert_eq(record_sink(w, NOW, &values, &line), 0, "%s", name);
	check_form(name, &line);
	obj = json_tokener_parse(line.text);
	cr_expect_str_eq(json_object_get_string(json_object_object_get(obj, "sink")), want,
			 "%s: got %.*s", name, (int)line.len, line.text);
	json_object_put(obj);
	record_writer_free(w);
}

Test(line, long_texts_end_in_an_ellipsis)
{
	static const struct {
		const char *name;
		const char *tail;
		int letters; /* of the text, before tail */
		int kept; /* letters that stay when it is cut; 0: it is not */
	} cases[] = {
		{ "255 bytes", "", 255, 0 },
		{ "256 bytes", "", 256, 252 },
		{ "4096 bytes", "", 4096, 252 },
		{ "ends in a long character", "\xf0\x9f\x98\x80", 251, 0 },
		{ "a long character over the edge", "\xf0\x9f\x98\x80", 252, 252 },
		{ "a long character where the ellipsis is", "\xf0\x9f\x98\x80zz", 250, 250 },
	};
	char letters[4097] = { 0 };

	memset(letters, 'p', sizeof(letters) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int kept = cases[i].kept ? cases[i].kept : cases[i].letters;
		char text[5000];
		char want[5000];

		(void)snprintf(text, sizeof(text), "%.*s%s", cases[i].letters, letters,
			       cases[i].tail); /* fits */
		(void)snprintf(want, sizeof(want), "%.*s%s", kept, letters,
			       cases[i].kept ? "\xe2\x80\xa6" : cases[i].tail); /* fits */
		expect_sink(cases[i].name, text, want);
	}
}

Test(line, all_capabilities_do_not_break_the_line)
{
	static const char *many[42];
	struct record_start start = { .sink = "stdout",
				      .version = "0.1.0",
				      .hostname = "host",
				      .kernel = "6.18.1",
				      .function_name = "count_tcp_packets",
				      .capabilities = many };
	struct record_writer *w = new_writer(false);
	struct json_object *list;
	struct json_object *obj;
	struct record line;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = "CAP_DAC_READ_SEARCH";
	cr_assert_eq(record_start(w, NOW, &start, &line), 0);
	check_form("all capabilities", &line);
	obj = json_tokener_parse(line.text);
	list = json_object_object_get(obj, "capabilities");
	len = json_object_array_length(list);
	cr_assert_gt(len, 5, "%zu names", len);
	cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(list, 0)), many[0]);
	cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(list, len - 1)),
			 "\xe2\x80\xa6");
	json_object_put(obj);
	record_writer_free(w);
}

/* Every start can be repeated: what was the line is there, but for the time, and two keys more. */
Test(line, start_is_repeated)
{
	static const struct {
		const char *name;
		int (*make)(struct record_writer *w, struct record *ret);
		bool ns;
		uint64_t file;
		const char *time;
		const char *tail;
	} cases[] = {
		{ "short", make_start, false, 2, "2026-11-22T03:41:42.000001Z",
		  ",\"repeated\":true,\"file\":2}\n" },
		{ "nine digits", make_start, true, 3, "2026-11-22T03:41:42.000001002Z",
		  ",\"repeated\":true,\"file\":3}\n" },
		{ "long", make_start_long, true, UINT64_MAX, "2026-11-22T03:41:42.000001002Z",
		  ",\"repeated\":true,\"file\":\"18446744073709551615\"}\n" },
		{ "long, of a capture", make_start_prog_run, true, UINT64_MAX,
		  "2026-11-22T03:41:42.000001002Z",
		  ",\"repeated\":true,\"file\":\"18446744073709551615\"}\n" },
		{ "long, of a capture through an own object", make_start_prog_run_own, true,
		  UINT64_MAX, "2026-11-22T03:41:42.000001002Z",
		  ",\"repeated\":true,\"file\":\"18446744073709551615\"}\n" },
		{ "of a capture", make_start_capture, true, UINT64_MAX,
		  "2026-11-22T03:41:42.000001002Z",
		  ",\"repeated\":true,\"file\":\"18446744073709551615\"}\n" },
	};
	const uint64_t later = (NOW / 1000000000 + 2) * 1000000000 + 1002;

	memset(long_text, 1, sizeof(long_text) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record_writer *w = new_writer(cases[i].ns);
		char got[RECORD_MAX_BYTES], want[RECORD_MAX_BYTES + 1];
		size_t len = 0, time_len = strlen(cases[i].time);
		struct record line;
		int want_len;

		cr_assert_eq(cases[i].make(w, &line), 0, "%s", cases[i].name);
		want_len = snprintf(want, sizeof(want), "{\"timestamp\":\"%s%.*s%s", cases[i].time,
				    (int)(line.len - 2 - 14 - time_len), line.text + 14 + time_len,
				    cases[i].tail);
		cr_assert_eq(record_repeat(line.text, line.len, later, cases[i].file, got, &len), 0,
			     "%s: %zu bytes", cases[i].name, line.len);
		cr_expect(len == (size_t)want_len && !memcmp(got, want, len), "%s: got %.*swant %s",
			  cases[i].name, (int)len, got, want);
		record_writer_free(w);
	}
}

/* As the bytes of the key's value, without its quotes; NULL: there is none. */
static const char *start_text(const struct record *line, const char *key, size_t *ret_len)
{
	char intro[32];
	const char *pos;

	(void)snprintf(intro, sizeof(intro), ",\"%s\":\"", key); /* fits */
	pos = memmem(line->text, line->len, intro, strlen(intro));
	if (!pos)
		return NULL;
	pos += strlen(intro);
	*ret_len = (size_t)((const char *)strchr(pos, '"') - pos);
	return pos;
}

/* The output, the object and the capture are cut where they don't fit together, and no sooner. */
Test(line, texts_of_a_start_share_their_room)
{
	static const struct {
		const char *name;
		size_t sink, capture; /* letters that there are … */
		size_t sink_kept,
			capture_kept; /* … and those that stay; then there is an ellipsis */
	} cases[] = {
		{ "all fit", 255, 228, 255, 228 },
		{ "neither fits for itself", 256, 229, 252, 225 },
		{ "no output", 0, 4096, 0, 225 },
		{ "a long output", 4096, 10, 252, 10 },
	};
	static char letters[4097];

	memset(letters, 'p', sizeof(letters) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const char *const none[] = { NULL };
		struct record_start start = { .version = "0.1.0",
					      .hostname = "host",
					      .kernel = "6.18.1",
					      .function_name = "count_packets",
					      .transport = XDPTAIL_TRANSPORT_CAPTURE,
					      .capabilities = none };
		struct record_writer *w = new_writer(false);
		size_t sink = 0, capture = 0;
		struct record line;

		start.sink = letters + sizeof(letters) - 1 - cases[i].sink;
		start.capture = letters + sizeof(letters) - 1 - cases[i].capture;
		cr_assert_eq(record_start(w, NOW, &start, &line), 0, "%s", cases[i].name);
		check_form(cases[i].name, &line);
		cr_assert(start_text(&line, "sink", &sink), "%s", cases[i].name);
		cr_assert(start_text(&line, "capture", &capture), "%s", cases[i].name);
		cr_expect_eq(sink,
			     cases[i].sink_kept + (cases[i].sink > cases[i].sink_kept ? 3 : 0),
			     "%s: %zu bytes of the output", cases[i].name, sink);
		cr_expect_eq(capture,
			     cases[i].capture_kept +
				     (cases[i].capture > cases[i].capture_kept ? 3 : 0),
			     "%s: %zu bytes of the capture", cases[i].name, capture);
		record_writer_free(w);
	}
}

/* The start of each output is the same record, and unlike that of any other. */
Test(line, each_output_has_its_start)
{
	static const char *const none[] = { NULL };
	struct record_start start = { .sink = "file:/a",
				      .version = "0.1.0",
				      .hostname = "host",
				      .kernel = "6.18.1",
				      .function_name = "count_packets",
				      .capabilities = none };
	struct record_writer *w = new_writer(false);
	struct record line;

	cr_assert_eq(record_start(w, NOW, &start, &line), 0);
	cr_expect(memmem(line.text, line.len, ",\"sink\":\"file:/a\",", 18), "got %s", line.text);
	start.same = true;
	start.sink = "file:/b";
	cr_assert_eq(record_start(w, NOW, &start, &line), 0);
	cr_expect_eq(line.record_seq, 1);
	cr_expect(memmem(line.text, line.len, ",\"sink\":\"file:/b\",", 18), "got %s", line.text);
	start.same = false;
	cr_assert_eq(record_start(w, NOW, &start, &line), 0);
	cr_expect_eq(line.record_seq, 2, "the next run of numbers goes on");
	record_writer_free(w);
}

Test(line, what_is_no_start_is_not_repeated)
{
	static const char *const cases[] = {
		"",
		"\n",
		"{}\n",
		"{\"timestamp\":\"\"}\n",
		"{\"timestamp\":\"2026-11-22T03:41:42.000001Z\",\"event_type\":\"start\"}",
		"{\"time\":\"2026-11-22T03:41:42.000001Z\",\"event_type\":\"start\",\"run\":1}\n",
	};
	char buf[RECORD_MAX_BYTES];
	size_t len = 7;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(record_repeat(cases[i], strlen(cases[i]), NOW, 2, buf, &len), -EINVAL,
			     "%s", cases[i]);
	cr_expect_eq(len, 7);
}

/* Types are numbered apart, and a record that could not be made has no number. */
Test(line, record_seq_counts_each_type)
{
	const struct xdptail_packet packet = { .interface = "eth0" };
	struct record_writer *w = new_writer(false);
	struct record line;

	for (uint64_t seq = 1; seq <= 1200; seq++) {
		cr_assert_eq(record_packet(w, &packet, &line), 0);
		cr_assert_eq(line.record_seq, seq, "packet");
		cr_assert_eq(make_attached(w, &line), 0);
		cr_assert_eq(line.record_seq, seq, "interface");
		cr_assert_eq(make_count(w, &line), 0);
		cr_assert_eq(line.record_seq, seq, "count");
		cr_assert_eq(make_sink(w, &line), 0);
		cr_assert_eq(line.record_seq, seq, "sink");
	}
	cr_assert_not_null(strstr(line.text, "\"record_seq\":1200,"));
	cr_assert_eq(make_stop(w, &line), 0);
	cr_expect_eq(line.record_seq, 1, "stop");
	record_writer_free(w);
}

Test(line, writers_are_apart)
{
	const struct xdptail_packet packet = { .interface = "eth0" };
	struct record_writer *first = NULL;
	struct record_writer *second = NULL;
	struct record line;

	cr_assert_eq(record_writer_new(&first, 0, false), 0);
	cr_assert_eq(record_writer_new(&second, UINT64_MAX, true), 0);
	cr_assert_eq(record_packet(first, &packet, &line), 0);
	cr_expect_not_null(strstr(line.text, "\"run\":\"0000000000000000\",\"record_seq\":1,"));
	cr_assert_eq(record_packet(second, &packet, &line), 0);
	cr_expect_not_null(strstr(line.text, "\"run\":\"ffffffffffffffff\",\"record_seq\":1,"));
	record_writer_free(first);
	record_writer_free(second);
	record_writer_free(NULL);
}

Test(line, type_names)
{
	static const char *const want[RECORD_TYPE_MAX] = { "packet", "count", "snapshot",  "stats",
							   "sink",   "start", "interface", "loss",
							   "clock",  "stop" };

	for (int i = 0; i < RECORD_TYPE_MAX; i++)
		cr_expect_str_eq(record_type_name((enum record_type)i), want[i],
				 "%d: got %s, want %s", i, record_type_name((enum record_type)i),
				 want[i]);
	cr_expect_not_null(record_type_name(RECORD_TYPE_MAX));
}
