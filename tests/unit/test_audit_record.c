/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdbool.h>

#include "app/audit_fast.h"
#include "app/audit_json.h"
#include "app/audit_record.h"
#include "audit_stream.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ERR_BYTES     160
#define HEAD                                                                        \
	"{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\"," \
	"\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":7"
#define TAIL ",\"cpu\":1,\"cpu_seq\":9}"

static const struct {
	const char *name;
	const char *text;
	int want;
} json_cases[] = {
	{ "empty object", "{}", 0 },
	{ "white space", " { \"a\" : [ 1 , 2.5e-3 , { } , [ ] ] } \r\n", 0 },
	{ "all there is", "{\"a\":[true,false,null,-0,0.1,1E+2,\"\\u00e9\\n\\/\xc3\xa9\"]}", 0 },
	{ "keys of two objects", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}", 0 },
	{ "two objects", "{}{}", -EBADMSG },
	{ "text behind it", "{} x", -EBADMSG },
	{ "array", "[1]", -EINVAL },
	{ "number", "12", -EINVAL },
	{ "nothing", "", -ENODATA },
	{ "key twice", "{\"a\":1,\"a\":2}", -EEXIST },
	{ "key twice, escaped", "{\"a\":1,\"\\u0061\":2}", -EEXIST },
	{ "key twice inside", "{\"x\":[{\"a\":1,\"a\":2}]}", -EEXIST },
	{ "NUL in a key", "{\"a\\u0000b\":1}", -EBADMSG },
	{ "single quotes", "{'a':1}", -EBADMSG },
	{ "single quotes inside", "{\"a\":'x'}", -EBADMSG },
	{ "NaN", "{\"a\":NaN}", -EBADMSG },
	{ "Infinity", "{\"a\":-Infinity}", -EBADMSG },
	{ "capital TRUE", "{\"a\":TRUE}", -EBADMSG },
	{ "trailing comma", "{\"a\":1,}", -EBADMSG },
	{ "trailing comma in an array", "[1,]", -EBADMSG },
	{ "no comma", "{\"a\":1 \"b\":2}", -EBADMSG },
	{ "no colon", "{\"a\" 1}", -EBADMSG },
	{ "comment", "{/* */\"a\":1}", -EBADMSG },
	{ "leading zero", "{\"a\":01}", -EBADMSG },
	{ "leading plus", "{\"a\":+1}", -EBADMSG },
	{ "bare point", "{\"a\":1.}", -EBADMSG },
	{ "bare exponent", "{\"a\":1e}", -EBADMSG },
	{ "raw tab", "{\"a\":\"\t\"}", -EBADMSG },
	{ "unknown escape", "{\"a\":\"\\x\"}", -EBADMSG },
	{ "short escape", "{\"a\":\"\\u12g4\"}", -EBADMSG },
	{ "overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", -EBADMSG },
	{ "surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", -EBADMSG },
	{ "beyond Unicode", "{\"a\":\"\xf4\x90\x80\x80\"}", -EBADMSG },
	{ "tail byte alone", "{\"a\":\"\x80\"}", -EBADMSG },
	{ "cut character", "{\"a\":\"\xe2\x82\"}", -EBADMSG },
	{ "too deep", "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", -EBADMSG },
};

static int parse(struct json_tokener *tok, const char *text, size_t len)
{
	struct json_object *obj = NULL;
	int err = audit_json_parse(tok, text, len, &obj);

	if (!err)
		json_object_put(obj);
	return err;
}

Test(audit_record, json)
{
	struct json_tokener *tok = json_tokener_new();

	for (size_t i = 0; i < ARRAY_SIZE(json_cases); i++) {
		int got = parse(tok, json_cases[i].text, strlen(json_cases[i].text));

		cr_expect_eq(got, json_cases[i].want, "%s: got %d, want %d", json_cases[i].name,
			     got, json_cases[i].want);
	}
	json_tokener_free(tok);
}

/* A good object that is cut off at any byte is reported as truncated. */
Test(audit_record, json_cut)
{
	static const char text[] = "{\"a\":[true,null,-1.5e+7,{}],\"b\\u00e9\":\"\xe2\x82\xac\"}";
	struct json_tokener *tok = json_tokener_new();

	cr_expect_eq(parse(tok, text, sizeof(text) - 1), 0);
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		int got = parse(tok, text, len);

		cr_expect_eq(got, -ENODATA, "%zu bytes: got %d, want %d", len, got, -ENODATA);
	}
	json_tokener_free(tok);
}

static const struct {
	const char *name;
	const char *text;
	const char *want; /* part of the reason; NULL: it is a record */
} record_cases[] = {
	{ "shortest", HEAD TAIL, NULL },
	{ "added key", HEAD ",\"tag\":{\"x\":[1]}" TAIL, NULL },
	{ "other order",
	  "{\"cpu_seq\":9,\"cpu\":1,\"record_seq\":7,\"run\":\"5f0c9a1e77b0d2c4\","
	  "\"event_type\":\"packet\",\"timestamp\":\"2026-11-22T03:41:40.704885554Z\"}",
	  NULL },
	{ "large number", HEAD ",\"cpu\":1,\"cpu_seq\":\"18446744073709551615\"}", NULL },
	{ "first large number", HEAD ",\"cpu\":1,\"cpu_seq\":\"9007199254740992\"}", NULL },
	{ "last small number", HEAD ",\"cpu\":1,\"cpu_seq\":9007199254740991}", NULL },
	{ "large number as a number", HEAD ",\"cpu\":1,\"cpu_seq\":9007199254740992}", "cpu_seq" },
	{ "number of others beyond 64 bits", HEAD ",\"x\":[18446744073709551616,-1e400]" TAIL,
	  NULL },
	{ "beyond 64 bits", HEAD ",\"cpu\":1,\"cpu_seq\":18446744073709551616}", "cpu_seq" },
	{ "string beyond 64 bits", HEAD ",\"cpu\":1,\"cpu_seq\":\"18446744073709551616\"}",
	  "cpu_seq" },
	{ "small number as a string", HEAD ",\"cpu\":1,\"cpu_seq\":\"9\"}", "cpu_seq" },
	{ "string with text", HEAD ",\"cpu\":1,\"cpu_seq\":\"9007199254740992x\"}", "cpu_seq" },
	{ "negative", HEAD ",\"cpu\":1,\"cpu_seq\":-9}", "cpu_seq" },
	{ "fraction", HEAD ",\"cpu\":1,\"cpu_seq\":9.0}", "cpu_seq" },
	{ "null", HEAD ",\"cpu\":1,\"cpu_seq\":null}", "cpu_seq" },
	{ "no cpu", HEAD ",\"cpu_seq\":9}", "there is no \"cpu\"" },
	{ "large port", HEAD ",\"src_port\":65536" TAIL, "src_port" },
	{ "large ttl", HEAD ",\"ttl\":256" TAIL, "ttl" },
	{ "address", HEAD ",\"src_ip\":\"192.0.2.256\"" TAIL, "src_ip" },
	{ "address with NUL", HEAD ",\"src_ip\":\"192.0.2.1\\u0000\"" TAIL, "src_ip" },
	{ "flags in order", HEAD ",\"flags\":\"FA\"" TAIL, NULL },
	{ "flags out of order", HEAD ",\"flags\":\"AF\"" TAIL, "flags" },
	{ "flag twice", HEAD ",\"flags\":\"AA\"" TAIL, "flags" },
	{ "interface is a number", HEAD ",\"interface\":1" TAIL, "interface" },
	{ "no timestamp",
	  "{\"event_type\":\"packet\",\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":7" TAIL,
	  "timestamp" },
	{ "no digits of a second",
	  "{\"timestamp\":\"2026-11-22T03:41:40Z\",\"event_type\":\"packet\","
	  "\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":7" TAIL,
	  "timestamp" },
	{ "month 13",
	  "{\"timestamp\":\"2026-13-22T03:41:40.704885Z\",\"event_type\":\"packet\","
	  "\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":7" TAIL,
	  "timestamp" },
	{ "unknown type",
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"pocket\","
	  "\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":7" TAIL,
	  "event_type" },
	{ "short run",
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\","
	  "\"run\":\"5f0c9a1e77b0d2c\",\"record_seq\":7" TAIL,
	  "\"run\"" },
	{ "capital run",
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\","
	  "\"run\":\"5F0C9A1E77B0D2C4\",\"record_seq\":7" TAIL,
	  "\"run\"" },
	{ "record 0",
	  "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"packet\","
	  "\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":0" TAIL,
	  "record_seq" },
};

Test(audit_record, records)
{
	struct json_tokener *tok = json_tokener_new();

	for (size_t i = 0; i < ARRAY_SIZE(record_cases); i++) {
		const char *want = record_cases[i].want;
		struct audit_record record;
		char err[ERR_BYTES] = "";
		int got = audit_record_json(tok, record_cases[i].text, strlen(record_cases[i].text),
					    &record, err, sizeof(err));

		cr_expect_eq(got, want ? -EBADMSG : 0, "%s: got %d (%s), want %d",
			     record_cases[i].name, got, err, want ? -EBADMSG : 0);
		cr_expect(strstr(err, want ? want : ""), "%s: got %s, want %s",
			  record_cases[i].name, err, want);
	}
	json_tokener_free(tok);
}

/* Both ways to read a line. */
struct readers {
	struct audit_fast *fast;
	struct json_tokener *tok;
};

static void begin(struct readers *r)
{
	cr_assert_eq(audit_fast_new(&r->fast), 0);
	r->tok = json_tokener_new();
	cr_assert_not_null(r->tok);
}

static void end(struct readers *r)
{
	audit_fast_free(r->fast);
	json_tokener_free(r->tok);
}

/* The fast way may refuse what the other takes, but what it takes the other takes, as the same. */
static bool agree(struct readers *r, const char *text, size_t len)
{
	struct audit_record fast;
	struct audit_record json;
	char err[ERR_BYTES];
	bool taken = audit_fast_read(r->fast, text, len, &fast);
	int bad = audit_record_json(r->tok, text, len, &json, err, sizeof(err));

	if (!taken)
		return false;
	cr_expect_eq(bad, 0, "%.*s: fast took it, json says %s", (int)len, text, err);
	cr_expect(!bad && memcmp(&fast, &json, offsetof(struct audit_record, name)) == 0 &&
			  strcmp(fast.name, json.name) == 0 && strcmp(fast.sink, json.sink) == 0,
		  "%.*s: read differently", (int)len, text);
	return true;
}

static const char bytes[] = "0129afz\"\\{}[],:.- TZ\t\x01\x7f\x80\xc3";

static size_t mutate(struct readers *r, const char *line, size_t len)
{
	char text[2 * RECORD_MAX_BYTES];
	size_t taken = 0;

	for (size_t at = 0; at < len; at++) {
		memcpy(text, line, len);
		for (size_t i = 0; i < sizeof(bytes); i++) { /* the NUL, too */
			text[at] = bytes[i];
			taken += agree(r, text, len);
			memcpy(text + at + 1, line + at, len - at); /* inserted */
			taken += agree(r, text, len + 1);
			memcpy(text, line, len);
		}
		memcpy(text + at, line + at + 1, len - at - 1); /* deleted */
		taken += agree(r, text, len - 1);
		taken += agree(r, line, at); /* cut */
	}
	return taken;
}

Test(audit_record, fast_and_json_agree)
{
	struct readers r;
	size_t taken = 0;
	struct stream s;

	begin(&r);
	stream_make(&s, STREAM_RUN, 0);
	for (size_t i = 0; i < s.n; i++) {
		const struct stream_line *line = &s.lines[i];
		size_t len = strlen(line->text) - 1;

		/* a step of the clock is rare */
		cr_expect_eq(agree(&r, line->text, len), line->type != RECORD_CLOCK, "%s",
			     line->text);
		if (i < 2 || (i > 5 && i < 22))
			taken += mutate(&r, line->text, len);
	}
	cr_expect_gt(taken, 1000, "only %zu changed lines were taken", taken);
	stream_free(&s);
	end(&r);
}

/* What others make of a line on its way: each is read the fast way, and as the line was. */
static const struct {
	const char *name;
	const char *text;
} lines_of_others[] = {
	{ "as it was", HEAD TAIL },
	{ "a key at the end", HEAD ",\"cpu\":1,\"cpu_seq\":9,\"fromhost\":\"web1\"}" },
	{ "a key at the head",
	  "{\"date\":1795318900.704885,\"timestamp\":\"2026-11-22T03:41:40.704885Z\","
	  "\"event_type\":\"packet\",\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":7" TAIL },
	{ "objects, UTF-8 and escapes",
	  HEAD ",\"kubernetes\":{\"pod\":\"x\\n\",\"labels\":{\"a\":[1,-2.5e3,null,true]}},"
	       "\"m\":\"\xe2\x82\xac \\u00e9, and more\"" TAIL },
	{ "keys in the order of the alphabet",
	  "{\"cpu\":1,\"cpu_seq\":9,\"event_type\":\"packet\",\"host\":\"x\",\"record_seq\":7,"
	  "\"run\":\"5f0c9a1e77b0d2c4\",\"timestamp\":\"2026-11-22T03:41:40.704885Z\"}" },
	{ "white space",
	  "{ \"timestamp\": \"2026-11-22T03:41:40.704885Z\", \"event_type\": \"packet\", "
	  "\"run\": \"5f0c9a1e77b0d2c4\", \"record_seq\": 7, \"cpu\": 1, \"cpu_seq\": 9 }\r" },
	{ "a key of another type of record", HEAD ",\"total\":true,\"reason\":[\"x\"]" TAIL },
};

/* Each after each of the others, so that what one has taught misleads the next. */
Test(audit_record, fast_takes_lines_of_others)
{
	struct readers r;

	begin(&r);
	for (size_t i = 0; i < ARRAY_SIZE(lines_of_others) * ARRAY_SIZE(lines_of_others); i++) {
		size_t which =
			i % 2 ? i % ARRAY_SIZE(lines_of_others) : i / ARRAY_SIZE(lines_of_others);
		const char *text = lines_of_others[which].text;
		struct audit_record got;

		cr_expect(agree(&r, text, strlen(text)), "%s: not taken: %s",
			  lines_of_others[which].name, text);
		cr_expect(audit_fast_read(r.fast, text, strlen(text), &got));
		cr_expect(got.record_seq == 7 && got.run == STREAM_RUN &&
				  got.type == RECORD_PACKET && got.values[AUDIT_CPU] == 1 &&
				  got.values[AUDIT_CPU_SEQ] == 9,
			  "%s: read as something else", lines_of_others[which].name);
		(void)mutate(&r, text, strlen(text));
	}
	end(&r);
}

/* So many different keys that they can't all be kept: those of a line that is read are enough. */
Test(audit_record, fast_forgets_keys)
{
	struct readers r;
	size_t taken = 0;

	begin(&r);
	for (int i = 0; i < 10000; i++) {
		char text[512];

		(void)snprintf(text, sizeof(text), HEAD ",\"trace_%d\":%d" TAIL, i, i);
		taken += agree(&r, text, strlen(text));
	}
	cr_expect_gt(taken, 9800, "only %zu of 10000 lines were taken", taken);
	end(&r);
}

/* Packets with every optional key, and none of them. */
Test(audit_record, fast_takes_all_packets)
{
	struct record_writer *w = NULL;
	struct readers r;

	begin(&r);
	cr_assert_eq(record_writer_new(&w, STREAM_RUN, true), 0);
	for (uint32_t has = 0; has < 256; has++) {
		struct xdptail_packet packet = {
			.timestamp_ns = STREAM_NOW,
			.cpu_seq = 1,
			.interface = "eth0",
			.src_ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
			.has = has,
			.cpu = 65535,
			.packet_len = UINT32_MAX,
			.seq_num = UINT32_MAX,
			.vlan = 4095,
			.tcp_flags = 0xff,
			.fragment = XDPTAIL_FRAGMENT_LATER,
			.parse = XDPTAIL_PARSE_TOO_DEEP,
			.ip_version = has & 1 ? 6 : 4,
		};
		struct record line;

		cr_assert_eq(record_packet(w, &packet, &line), 0);
		cr_expect(agree(&r, line.text, line.len - 1), "%.*s: not taken", (int)line.len,
			  line.text);
	}
	record_writer_free(w);
	end(&r);
}

/* Every key of the records that json-c builds is known, and read. */
Test(audit_record, all_types_are_read)
{
	struct json_tokener *tok = json_tokener_new();
	struct stream s;

	stream_make(&s, STREAM_RUN, 0);
	for (size_t i = 0; i < s.n; i++) {
		struct audit_record record;
		char err[ERR_BYTES] = "";
		int got = audit_record_json(tok, s.lines[i].text, strlen(s.lines[i].text), &record,
					    err, sizeof(err));

		cr_expect_eq(got, 0, "%s: got %d, %s", s.lines[i].text, got, err);
		cr_expect_eq(record.type, s.lines[i].type, "%s: type %d", s.lines[i].text,
			     record.type);
		cr_expect_eq(record.record_seq, s.lines[i].seq, "%s: record_seq %" PRIu64,
			     s.lines[i].text, record.record_seq);
	}
	stream_free(&s);
	json_tokener_free(tok);
}
