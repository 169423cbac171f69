/* SPDX-License-Identifier: BSD-2-Clause */
#include "record/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "json/json.h"

#define NS_PER_S UINT64_C(1000000000)

/* The most bytes of escaped text that strings from outside may take, so that every line fits. */
#define NAME_BYTES 96 /* fifteen bytes of an interface name, six each at worst; host names */
#define TEXT_BYTES 255 /* sentences, paths */
/* The limits for strings of a start record. */
#define CAPABILITIES_BYTES 120
#define CAPTURE_BYTES	   228
#define PROGRAM_BYTES	   96
#define KERNEL_BYTES	   64 /* the length that uname() has */
#define VERSION_BYTES	   32 /* our own version */
#define ELLIPSIS_BYTES	   (sizeof(JSON_ELLIPSIS) - 1)

#define KEY_TIMESTAMP "timestamp"
#define KEY_TYPE      "event_type"
#define KEY_RUN	      "run"
#define KEY_SEQ	      "record_seq"
#define KEY_TOTAL     "total"
#define KEY_REPEATED  "repeated"
#define KEY_FILE      "file"

/* The text that record_repeat() appends to a start record, before the number of the file. */
#define REPEAT_TAIL  ",\"" KEY_REPEATED "\":true,\"" KEY_FILE "\":"
#define REPEAT_BYTES (sizeof(REPEAT_TAIL) - 1 + JSON_U64_BYTES)

/* A line begins with HEAD, a date, a fraction, the prefix of its type and a number. */
#define HEAD		  "{\"" KEY_TIMESTAMP "\":\""
#define HEAD_BYTES	  (sizeof(HEAD) - 1)
#define PREFIX_TO_TYPE	  "Z\",\"" KEY_TYPE "\":\""
#define PREFIX_TO_RUN	  "\",\"" KEY_RUN "\":\""
#define PREFIX_TO_SEQ	  "\",\"" KEY_SEQ "\":"
#define PREFIX_TYPE_BYTES 9 /* bytes of the longest name, "interface" */
#define PREFIX_BYTES                                                                  \
	(sizeof(PREFIX_TO_TYPE) - 1 + PREFIX_TYPE_BYTES + sizeof(PREFIX_TO_RUN) - 1 + \
	 RECORD_RUN_DIGITS + sizeof(PREFIX_TO_SEQ) - 1)

#define TIMESTAMP_BYTES (JSON_DATE_BYTES + JSON_FRACTION_BYTES + 1)
#define KEY_BYTES	12 /* of the keys of packets; with punctuation at most JSON_SHORT_BYTES */
#define NAMES		16 /* interfaces whose names are kept escaped; a power of two */

static const char *const type_names[] = {
	[RECORD_PACKET] = "packet",	  [RECORD_COUNT] = "count", [RECORD_SNAPSHOT] = "snapshot",
	[RECORD_STATS] = "stats",	  [RECORD_SINK] = "sink",   [RECORD_START] = "start",
	[RECORD_INTERFACE] = "interface", [RECORD_LOSS] = "loss",   [RECORD_CLOCK] = "clock",
	[RECORD_STOP] = "stop",
};
_Static_assert(ARRAY_SIZE(type_names) == RECORD_TYPE_MAX, "a name for each");

static const char *const mode_names[] = { "auto", "native", "generic" };
_Static_assert(ARRAY_SIZE(mode_names) == XDPTAIL_MODE_MAX, "a name for each");

static const char *const transport_names[] = { "auto", "ringbuf", "perf", "capture" };
_Static_assert(ARRAY_SIZE(transport_names) == XDPTAIL_TRANSPORT_MAX, "a name for each");

static const char *const sample_mode_names[] = { "every", "random" };
_Static_assert(ARRAY_SIZE(sample_mode_names) == XDPTAIL_SAMPLE_MODE_MAX, "a name for each");

static const char *const state_names[] = { "attached", "detached", "gone", "back",
					   "renamed",  "moved",	   "down", "up" };
_Static_assert(ARRAY_SIZE(state_names) == XDPTAIL_STATE_MAX, "a name for each");

static const char *const fragment_names[] = { "none", "first", "later" };
_Static_assert(ARRAY_SIZE(fragment_names) == XDPTAIL_FRAGMENT_MAX, "a name for each");

static const char *const parse_names[] = { "ok", "truncated", "malformed", "too_deep" };
_Static_assert(ARRAY_SIZE(parse_names) == XDPTAIL_PARSE_MAX, "a name for each");

static const char *const tunnel_names[] = {
	"none", "vxlan", "geneve", "gre", "ipip", "4in6", "6in4", "6in6", "gtpu",
};
_Static_assert(ARRAY_SIZE(tunnel_names) == XDPTAIL_TUNNEL_MAX, "a name for each");

enum field_type {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_IP,
	FIELD_OUTER_IP,
	FIELD_INTERFACE,
	FIELD_FLAGS,
	FIELD_FRAGMENT,
	FIELD_PARSE,
	FIELD_TUNNEL,
};

/* A key of packet lines, and the source of its value. */
struct field {
	char key[KEY_BYTES]; /* no NUL if it is full */
	enum field_type type;
	size_t offset; /* in struct xdptail_packet */
	uint32_t has; /* enum xdptail_has that must be set; 0: always present */
};

#define FROM(member) offsetof(struct xdptail_packet, member)

static const struct field packet_fields[] = {
	{ "interface", FIELD_INTERFACE, FROM(interface), 0 },
	{ "src_ip", FIELD_IP, FROM(src_ip), 0 },
	{ "dst_ip", FIELD_IP, FROM(dst_ip), 0 },
	{ "src_port", FIELD_U16, FROM(src_port), XDPTAIL_HAS_PORTS },
	{ "dst_port", FIELD_U16, FROM(dst_port), XDPTAIL_HAS_PORTS },
	{ "protocol", FIELD_U8, FROM(protocol), XDPTAIL_HAS_PROTOCOL },
	{ "packet_type", FIELD_U8, FROM(packet_type), XDPTAIL_HAS_PROTOCOL },
	{ "packet_len", FIELD_U32, FROM(packet_len), 0 },
	{ "seq_num", FIELD_U32, FROM(seq_num), XDPTAIL_HAS_TCP },
	{ "ack_num", FIELD_U32, FROM(ack_num), XDPTAIL_HAS_TCP },
	{ "tcp_flags", FIELD_U8, FROM(tcp_flags), XDPTAIL_HAS_TCP },
	{ "flags", FIELD_FLAGS, FROM(tcp_flags), XDPTAIL_HAS_TCP },
	{ "icmp_type", FIELD_U8, FROM(icmp_type), XDPTAIL_HAS_ICMP },
	{ "icmp_code", FIELD_U8, FROM(icmp_code), XDPTAIL_HAS_ICMP },
	{ "ttl", FIELD_U8, FROM(ttl), 0 },
	{ "vlan", FIELD_U16, FROM(vlan), XDPTAIL_HAS_VLAN },
	{ "vlan_inner", FIELD_U16, FROM(vlan_inner), XDPTAIL_HAS_VLAN_INNER },
	{ "outer_src_ip", FIELD_OUTER_IP, FROM(outer_src_ip), XDPTAIL_HAS_TUNNEL },
	{ "outer_dst_ip", FIELD_OUTER_IP, FROM(outer_dst_ip), XDPTAIL_HAS_TUNNEL },
	{ "tunnel", FIELD_TUNNEL, FROM(tunnel), XDPTAIL_HAS_TUNNEL },
	{ "fragment", FIELD_FRAGMENT, FROM(fragment), XDPTAIL_HAS_FRAGMENT },
	{ "parse", FIELD_PARSE, FROM(parse), XDPTAIL_HAS_PARSE },
	{ "sample_rate", FIELD_U32, FROM(sample_rate), 0 },
	{ "cpu", FIELD_U32, FROM(cpu), 0 },
	{ "cpu_seq", FIELD_U64, FROM(cpu_seq), 0 },
};

/* A field of packet lines, prepared for the writer. */
struct field_template {
	char key[JSON_SHORT_BYTES]; /* including the comma, the quotes and the colon */
	uint8_t key_len;
	uint8_t type; /* enum field_type */
	uint16_t offset;
	uint32_t has;
};

/* An interface name as it was last seen, and its escaped form. */
struct name {
	/* "" if the name is not cached, because there is none or it is longer than Linux allows */
	char raw[32];
	char text[NAME_BYTES + 3]; /* in quotes */
	uint8_t len; /* bytes of text */
};

/* The constant text of a record type between the time and the number. */
struct type_prefix {
	char text[PREFIX_BYTES];
	size_t len;
};

struct record_writer {
	uint64_t run;
	uint64_t seq[RECORD_TYPE_MAX]; /* number of the last record of each type */
	uint64_t second; /* the second that head holds */
	bool ns;
	char head[HEAD_BYTES + JSON_DATE_BYTES];
	struct type_prefix prefixes[RECORD_TYPE_MAX];
	size_t n_templates;
	struct field_template templates[ARRAY_SIZE(packet_fields)];
	struct name names[NAMES];
	char text[RECORD_MAX_BYTES + JSON_SLACK];
};

static void put_run(char ret[RECORD_RUN_DIGITS], uint64_t run)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = RECORD_RUN_DIGITS - 1; i >= 0; i--) {
		ret[i] = hex[run & 0xf];
		run >>= 4;
	}
}

static void set_second(struct record_writer *w, uint64_t second)
{
	json_format_date(w->head + HEAD_BYTES, second);
	w->second = second;
}

static void prepare_prefix(struct type_prefix *ret, const char *type, uint64_t run)
{
	char digits[RECORD_RUN_DIGITS];
	struct json j;

	put_run(digits, run);
	json_begin(&j, ret->text, sizeof(ret->text));
	json_text(&j, PREFIX_TO_TYPE, sizeof(PREFIX_TO_TYPE) - 1);
	json_text(&j, type, strlen(type));
	json_text(&j, PREFIX_TO_RUN, sizeof(PREFIX_TO_RUN) - 1);
	json_text(&j, digits, sizeof(digits));
	json_text(&j, PREFIX_TO_SEQ, sizeof(PREFIX_TO_SEQ) - 1);
	ret->len = (size_t)(j.pos - ret->text);
}

static void prepare_template(struct field_template *ret, const struct field *field)
{
	struct json j;

	json_begin(&j, ret->key, sizeof(ret->key));
	json_text(&j, ",\"", 2);
	json_text(&j, field->key, strnlen(field->key, sizeof(field->key)));
	json_text(&j, "\":", 2);
	ret->key_len = (uint8_t)(j.pos - ret->key);
	ret->type = (uint8_t)field->type;
	ret->offset = (uint16_t)field->offset;
	ret->has = field->has;
}

int record_writer_new(struct record_writer **ret, uint64_t run, bool ns)
{
	struct record_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->run = run;
	w->ns = ns;
	memcpy(w->head, HEAD, HEAD_BYTES);
	set_second(w, 0);
	for (size_t type = 0; type < RECORD_TYPE_MAX; type++)
		prepare_prefix(&w->prefixes[type], type_names[type], run);
	for (size_t i = 0; i < ARRAY_SIZE(packet_fields); i++)
		prepare_template(&w->templates[w->n_templates++], &packet_fields[i]);
	*ret = w;
	return 0;
}

void record_writer_free(struct record_writer *w)
{
	free(w);
}

static const char *name_of(const char *const *names, unsigned int max, unsigned int val)
{
	return val < max ? names[val] : "unknown";
}

const char *record_type_name(enum record_type type)
{
	return name_of(type_names, RECORD_TYPE_MAX, type);
}

const char *record_timestamp(const char *text, size_t len, size_t *ret_len)
{
	const char *value = text + HEAD_BYTES;
	const char *end;

	if (len <= HEAD_BYTES + TIMESTAMP_BYTES || memcmp(text, HEAD, HEAD_BYTES) != 0)
		return NULL;
	end = memchr(value, '"', TIMESTAMP_BYTES + 1);
	if (!end)
		return NULL;
	*ret_len = (size_t)(end - value);
	return value;
}

/* Makes the line in w->text, of len bytes with its newline, the next record of its type. */
static int number_line(struct record_writer *w, enum record_type type, size_t len,
		       struct record *ret)
{
	if (len > RECORD_MAX_BYTES)
		return -EMSGSIZE;
	w->seq[type]++;
	*ret = (struct record){
		.text = w->text,
		.len = len,
		.type = type,
		.record_seq = w->seq[type],
	};
	return 0;
}

static void store_name(struct name *name, const char *interface)
{
	char clean[NAME_BYTES + 1];
	size_t len = strlen(interface);
	struct json j;

	(void)json_clean(clean, NAME_BYTES, interface); /* its length is not needed */
	json_begin(&j, name->text, sizeof(name->text));
	json_string(&j, clean);
	name->len = (uint8_t)(j.pos - name->text);
	if (len >= sizeof(name->raw))
		len = 0;
	memcpy(name->raw, interface, len);
	name->raw[len] = '\0';
}

/* A name may change, and its memory may hold another name at the next call, so the text is
 * compared.
 */
static const struct name *find_name(struct record_writer *w, const char *interface,
				    uint32_t ifindex)
{
	struct name *name = &w->names[ifindex % NAMES];

	if (!name->raw[0] || strcmp(name->raw, interface) != 0)
		store_name(name, interface);
	return name;
}

static inline void put_interface(struct json *j, const struct name *name)
{
	if (name->len <= JSON_SHORT_BYTES)
		json_short(j, name->text, name->len);
	else
		json_text(j, name->text, name->len);
}

/* Writes the letters of the bits that are set: each letter is written, but the cursor moves only
 * behind those that stay.
 */
static inline void put_flags(struct json *j, uint8_t flags)
{
	static const char letters[] = "FSRPAUEC";

	if (!json_room(j, sizeof(letters) + 2))
		return;
	*j->pos++ = '"';
	for (int i = 0; i < 8; i++) {
		*j->pos = letters[i];
		j->pos += flags >> i & 1;
	}
	*j->pos++ = '"';
}

/* Writes one of our own words, which needs no escapes. */
static inline void put_word(struct json *j, const char *word)
{
	json_text(j, "\"", 1);
	json_text(j, word, strlen(word));
	json_text(j, "\"", 1);
}

static inline void put_field(struct json *j, struct record_writer *w,
			     const struct field_template *tmpl, const struct xdptail_packet *packet)
{
	const uint8_t *from = (const uint8_t *)packet + tmpl->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	json_short(j, tmpl->key, tmpl->key_len);
	switch ((enum field_type)tmpl->type) {
	case FIELD_U8:
		json_u8(j, *from);
		break;
	case FIELD_U16:
		memcpy(&u16, from, sizeof(u16));
		json_u64(j, u16);
		break;
	case FIELD_U32:
		memcpy(&u32, from, sizeof(u32));
		json_u64(j, u32);
		break;
	case FIELD_U64:
		memcpy(&u64, from, sizeof(u64));
		json_u64(j, u64);
		break;
	case FIELD_IP:
		json_ip(j, from, packet->ip_version);
		break;
	case FIELD_OUTER_IP:
		json_ip(j, from, packet->outer_ip_version);
		break;
	case FIELD_INTERFACE:
		put_interface(j, find_name(w, packet->interface, packet->ifindex));
		break;
	case FIELD_FLAGS:
		put_flags(j, *from);
		break;
	case FIELD_FRAGMENT:
		put_word(j, name_of(fragment_names, XDPTAIL_FRAGMENT_MAX, *from));
		break;
	case FIELD_PARSE:
		put_word(j, name_of(parse_names, XDPTAIL_PARSE_MAX, *from));
		break;
	case FIELD_TUNNEL:
		put_word(j, name_of(tunnel_names, XDPTAIL_TUNNEL_MAX, *from));
		break;
	}
}

/* Writes the four keys that every record begins with. */
static inline void begin_line(struct json *j, struct record_writer *w, enum record_type type,
			      uint64_t ns)
{
	const struct type_prefix *prefix = &w->prefixes[type];
	uint64_t second = ns / NS_PER_S;

	if (second != w->second)
		set_second(w, second);
	json_begin(j, w->text, sizeof(w->text));
	json_text(j, w->head, sizeof(w->head));
	json_fraction(j, (uint32_t)(ns - second * NS_PER_S), w->ns);
	json_text(j, prefix->text, prefix->len);
	json_u64(j, w->seq[type] + 1);
}

static inline int end_line(struct json *j, struct record_writer *w, enum record_type type,
			   struct record *ret)
{
	json_text(j, "}\n", 2);
	if (j->overflow)
		return -EMSGSIZE;
	return number_line(w, type, (size_t)(j->pos - w->text), ret);
}

int record_packet(struct record_writer *w, const struct xdptail_packet *packet, struct record *ret)
{
	struct json j;

	begin_line(&j, w, RECORD_PACKET, packet->timestamp_ns);
	for (size_t i = 0; i < w->n_templates; i++) {
		const struct field_template *tmpl = &w->templates[i];

		if (!(tmpl->has & ~packet->has))
			put_field(&j, w, tmpl, packet);
	}
	return end_line(&j, w, RECORD_PACKET, ret);
}

static bool is_mapped(const uint8_t addr[16])
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

#define TEXT(j, literal) json_text(j, literal, sizeof(literal) - 1)

/* There may be a million count lines, so their keys are written as literals together with the
 * punctuation.
 */
int record_count(struct record_writer *w, uint64_t now_ns, const struct record_count *count,
		 struct record *ret)
{
	const struct xdptail_source *source = count->source;
	struct json j;

	begin_line(&j, w, RECORD_COUNT, now_ns);
	TEXT(&j, ",\"snapshot\":");
	json_u64(&j, count->snapshot);
	TEXT(&j, ",\"interface\":");
	put_interface(&j, find_name(w, source->interface, 0));
	TEXT(&j, ",\"src_ip\":");
	json_ip(&j, source->src_ip, is_mapped(source->src_ip) ? 4 : 6);
	TEXT(&j, ",\"packets\":");
	json_u64(&j, source->packets);
	TEXT(&j, ",\"bytes\":");
	json_u64(&j, source->bytes);
	return end_line(&j, w, RECORD_COUNT, ret);
}

/* Keys of rarer records are literals that need no escapes. */
static void add_key(struct json *j, const char *key)
{
	TEXT(j, ",\"");
	json_text(j, key, strlen(key));
	TEXT(j, "\":");
}

static void add_u64(struct json *j, const char *key, uint64_t val)
{
	add_key(j, key);
	json_u64(j, val);
}

static void add_nonzero(struct json *j, const char *key, uint64_t val)
{
	if (val)
		add_u64(j, key, val);
}

static void add_i64(struct json *j, const char *key, int64_t val)
{
	add_key(j, key);
	json_i64(j, val);
}

static void add_true(struct json *j, const char *key, bool is)
{
	if (!is)
		return;
	add_key(j, key);
	TEXT(j, "true");
}

/* Adds one of our own strings, which needs no escapes. */
static void add_name(struct json *j, const char *key, const char *name)
{
	add_key(j, key);
	put_word(j, name);
}

/* Adds a string from outside, of at most max bytes when escaped. */
static void add_text(struct json *j, const char *key, const char *text, size_t max)
{
	char clean[TEXT_BYTES + 1];

	(void)json_clean(clean, max, text); /* its length is not needed */
	add_key(j, key);
	json_string(j, clean);
}

static void add_choice(struct json *j, const char *key, const char *const *names, unsigned int max,
		       unsigned int val)
{
	add_name(j, key, name_of(names, max, val));
}

static void add_time(struct json *j, const char *key, uint64_t now_ns, bool nine)
{
	char date[JSON_DATE_BYTES];

	json_format_date(date, now_ns / NS_PER_S);
	add_key(j, key);
	TEXT(j, "\"");
	json_text(j, date, sizeof(date));
	json_fraction(j, (uint32_t)(now_ns % NS_PER_S), nine);
	TEXT(j, "Z\"");
}

/* Adds as many names as fit in the room; "…" stands for the rest. */
static void add_list(struct json *j, const char *key, const char *const *names, size_t room)
{
	add_key(j, key);
	TEXT(j, "[");
	for (size_t i = 0; names[i]; i++) {
		size_t len = strlen(names[i]) + 3; /* two quotes and a comma */
		bool fits = len <= room;

		if (i)
			TEXT(j, ",");
		put_word(j, fits ? names[i] : JSON_ELLIPSIS);
		if (!fits)
			break;
		room -= len;
	}
	TEXT(j, "]");
}

/* Adds a string from outside that shares room with others. It becomes an ellipsis if there is no
 * room.
 */
static void add_shared(struct json *j, const char *key, const char *text, size_t max, size_t *room)
{
	size_t most = *room + ELLIPSIS_BYTES < max ? *room + ELLIPSIS_BYTES : max;
	const char *before = j->pos;
	size_t least = strlen(key) + sizeof(",\"\":\"\"") - 1 + ELLIPSIS_BYTES;
	size_t used;

	add_text(j, key, text, most);
	used = (size_t)(j->pos - before);
	*room -= used > least ? used - least : 0;
}

static void add_maps(struct json *j, const struct record_start *start)
{
	add_u64(j, "max_sources", start->max_sources);
	add_name(j, "map_type", start->shared_counts ? "hash" : "percpu_hash");
	add_u64(j, "map_bytes", start->map_bytes);
}

/* room: the bytes that the output, the object and the capture share, beyond an ellipsis each. */
static void put_start(struct json *j, struct record_writer *w, uint64_t now_ns,
		      const struct record_start *start, size_t room)
{
	begin_line(j, w, RECORD_START, now_ns);
	add_text(j, "version", start->version, VERSION_BYTES);
	add_name(j, "schema", RECORD_SCHEMA);
	add_shared(j, "sink", start->sink, TEXT_BYTES, &room);
	add_text(j, "hostname", start->hostname, NAME_BYTES);
	add_text(j, "kernel", start->kernel, KERNEL_BYTES);
	add_text(j, "function_name", start->function_name, NAME_BYTES);
	if (start->ebpf_program)
		add_shared(j, "ebpf_program", start->ebpf_program, PROGRAM_BYTES, &room);
	add_choice(j, "transport", transport_names, XDPTAIL_TRANSPORT_MAX, start->transport);
	if (start->capture)
		add_shared(j, "capture", start->capture, CAPTURE_BYTES, &room);
	else
		add_u64(j, "ring_bytes", start->ring_bytes);
	add_true(j, "prog_run", start->capture && start->prog_run);
	add_choice(j, "sample_mode", sample_mode_names, XDPTAIL_SAMPLE_MODE_MAX,
		   start->sample_mode);
	add_u64(j, "sample_rate", start->sample_rate);
	add_u64(j, "interval_s", start->interval_s);
	add_true(j, "decap", start->decap);
	if (!start->capture)
		add_maps(j, start);
	add_list(j, "capabilities", start->capabilities, CAPABILITIES_BYTES);
	add_true(j, KEY_REPEATED, start->repeated);
	add_true(j, "joined", start->joined);
}

/* The line is written twice: the first pass finds out how much room is left for the texts that can
 * be long. The text that record_repeat() appends to the longest line has to fit as well.
 */
int record_start(struct record_writer *w, uint64_t now_ns, const struct record_start *start,
		 struct record *ret)
{
	const size_t most = RECORD_MAX_BYTES - sizeof("}\n") + 1 - REPEAT_BYTES;
	bool numbered = start->repeated || start->same;
	struct json j;
	size_t len;
	int err;

	if (numbered)
		w->seq[RECORD_START]--;
	put_start(&j, w, now_ns, start, 0);
	len = (size_t)(j.pos - w->text);
	put_start(&j, w, now_ns, start, len < most ? most - len : 0);
	err = end_line(&j, w, RECORD_START, ret);
	if (err && numbered)
		w->seq[RECORD_START]++;
	return err;
}

int record_repeat(const char *start, size_t len, uint64_t now_ns, uint64_t file,
		  char ret[RECORD_MAX_BYTES], size_t *ret_len)
{
	static const char again[] = ",\"" KEY_REPEATED "\":";
	char date[JSON_DATE_BYTES];
	char text[RECORD_MAX_BYTES + JSON_SLACK];
	/* bytes of start that were copied; 'Z' is next */
	size_t done = HEAD_BYTES + JSON_DATE_BYTES;
	struct json j;
	const char *repeated;
	size_t n;
	bool nine;

	if (len < done + JSON_FRACTION_BYTES + 3 || len > RECORD_MAX_BYTES ||
	    memcmp(start, HEAD, HEAD_BYTES) != 0 || memcmp(start + len - 2, "}\n", 2) != 0)
		return -EINVAL;
	nine = start[done + 6] != 'Z';
	done += nine ? 9 : 6;
	len -= 2;
	repeated = memmem(start, len, again,
			  sizeof(again) - 1); /* inside a string the quotes would be escaped */
	if (repeated)
		len = (size_t)(repeated - start);
	json_format_date(date, now_ns / NS_PER_S);
	json_begin(&j, text, sizeof(text));
	json_text(&j, HEAD, HEAD_BYTES);
	json_text(&j, date, sizeof(date));
	json_fraction(&j, (uint32_t)(now_ns % NS_PER_S), nine);
	json_text(&j, start + done, len - done);
	TEXT(&j, REPEAT_TAIL);
	json_u64(&j, file);
	json_text(&j, "}\n", 2);
	n = (size_t)(j.pos - text);
	if (j.overflow || n > RECORD_MAX_BYTES)
		return -EMSGSIZE;
	memcpy(ret, text, n);
	*ret_len = n;
	return 0;
}

int record_interface(struct record_writer *w, uint64_t now_ns,
		     const struct xdptail_interface *event, struct record *ret)
{
	bool generic = event->mode == XDPTAIL_MODE_GENERIC;
	struct json j;

	begin_line(&j, w, RECORD_INTERFACE, now_ns);
	add_text(&j, "interface", event->interface, NAME_BYTES);
	add_nonzero(&j, "ifindex", event->ifindex);
	add_choice(&j, "state", state_names, XDPTAIL_STATE_MAX, event->state);
	if (event->mode != XDPTAIL_MODE_AUTO) {
		add_name(&j, "hook", "xdp");
		add_choice(&j, "mode", mode_names, XDPTAIL_MODE_MAX, event->mode);
		add_name(&j, "counts", generic ? "aggregates" : "frames");
	}
	if (event->reason)
		add_text(&j, "reason", event->reason, TEXT_BYTES);
	return end_line(&j, w, RECORD_INTERFACE, ret);
}

int record_stats(struct record_writer *w, uint64_t now_ns, const struct record_stats *stats,
		 struct record *ret)
{
	struct json j;

	begin_line(&j, w, RECORD_STATS, now_ns);
	add_true(&j, KEY_TOTAL, stats->total);
	add_u64(&j, "sampled", stats->sampled);
	add_u64(&j, "delivered", stats->delivered);
	add_u64(&j, "lost_ring_full", stats->lost_ring_full);
	if (stats->perf) {
		add_u64(&j, "lost_no_buffer", stats->lost_no_buffer);
		add_u64(&j, "lost_other", stats->lost_other);
	}
	add_u64(&j, "lost_undecodable", stats->lost_undecodable);
	add_u64(&j, "discarded", stats->discarded);
	add_u64(&j, "cpu_ms", stats->cpu_ms);
	add_u64(&j, "rss_kb", stats->rss_kb);
	add_u64(&j, "ring_high_water", stats->ring_high_water);
	add_u64(&j, "longest_wait_ms", stats->longest_wait_ms);
	return end_line(&j, w, RECORD_STATS, ret);
}

int record_sink(struct record_writer *w, uint64_t now_ns, const struct record_sink *sink,
		struct record *ret)
{
	struct json j;

	begin_line(&j, w, RECORD_SINK, now_ns);
	add_true(&j, KEY_TOTAL, sink->total);
	add_text(&j, "sink", sink->sink, TEXT_BYTES);
	add_u64(&j, "made", sink->made);
	add_u64(&j, "written", sink->written);
	add_u64(&j, "bytes", sink->bytes);
	add_u64(&j, "filtered", sink->filtered);
	add_u64(&j, "dropped_queue_full", sink->dropped_queue_full);
	add_u64(&j, "dropped_error", sink->dropped_error);
	add_u64(&j, "queued", sink->queued);
	add_nonzero(&j, "disconnects", sink->disconnects);
	return end_line(&j, w, RECORD_SINK, ret);
}

int record_stop(struct record_writer *w, uint64_t now_ns, const char *reason, int exit_code,
		uint64_t dropped_error, struct record *ret)
{
	struct json j;

	begin_line(&j, w, RECORD_STOP, now_ns);
	add_text(&j, "reason", reason, TEXT_BYTES);
	add_i64(&j, "exit", exit_code);
	add_nonzero(&j, "dropped_error", dropped_error);
	return end_line(&j, w, RECORD_STOP, ret);
}

int record_snapshot(struct record_writer *w, uint64_t now_ns,
		    const struct record_snapshot *snapshot, struct record *ret)
{
	const struct xdptail_counts *c = snapshot->counts;
	struct json j;

	begin_line(&j, w, RECORD_SNAPSHOT, now_ns);
	add_true(&j, KEY_TOTAL, snapshot->total);
	add_u64(&j, "snapshot", snapshot->snapshot);
	add_time(&j, "interval_start", c->interval_start_ns, w->ns);
	add_time(&j, "interval_end", c->interval_end_ns, w->ns);
	add_name(&j, "counts", snapshot->aggregates ? "aggregates" : "frames");
	if (!snapshot->total)
		add_u64(&j, "sources", c->n_sources);
	add_u64(&j, "listed", snapshot->listed);
	add_u64(&j, "seen", c->seen);
	add_u64(&j, "not_ip", c->not_ip);
	add_u64(&j, "no_source", c->no_source);
	add_u64(&j, "undetermined", c->undetermined);
	add_u64(&j, "not_selected", c->not_selected);
	add_u64(&j, "counted", c->counted);
	add_u64(&j, "counted_bytes", c->counted_bytes);
	add_u64(&j, "unlisted_packets", snapshot->unlisted_packets);
	add_u64(&j, "unlisted_bytes", snapshot->unlisted_bytes);
	add_u64(&j, "unattributed_packets", c->unattributed_packets);
	add_u64(&j, "unattributed_bytes", c->unattributed_bytes);
	add_nonzero(&j, "unattributed_full", c->unattributed_full);
	add_nonzero(&j, "unattributed_busy", c->unattributed_busy);
	add_nonzero(&j, "unattributed_no_memory", c->unattributed_no_memory);
	add_nonzero(&j, "unattributed_other", c->unattributed_other);
	return end_line(&j, w, RECORD_SNAPSHOT, ret);
}

int record_loss(struct record_writer *w, uint64_t now_ns, const struct record_loss *loss,
		struct record *ret)
{
	struct json j;

	begin_line(&j, w, RECORD_LOSS, now_ns);
	add_text(&j, "where", loss->where, TEXT_BYTES);
	add_name(&j, "cause", loss->cause);
	add_u64(&j, "records", loss->records);
	add_time(&j, "first", loss->first_ns, w->ns);
	add_time(&j, "last", loss->last_ns, w->ns);
	return end_line(&j, w, RECORD_LOSS, ret);
}

int record_clock(struct record_writer *w, uint64_t now_ns, int64_t step_ns, struct record *ret)
{
	struct json j;

	begin_line(&j, w, RECORD_CLOCK, now_ns);
	add_i64(&j, "step_ns", step_ns);
	return end_line(&j, w, RECORD_CLOCK, ret);
}
