/* SPDX-License-Identifier: BSD-2-Clause */
#include "line/line.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line/json.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S      UINT64_C(1000000000)

/* Bytes of escaped text that strings from outside may take, so that every line can be made. */
#define NAME_BYTES 96 /* fifteen bytes of an interface name, six each at worst; host names */
#define TEXT_BYTES 255 /* sentences, paths */
/* Of a start record, so that the longest can be repeated: line_repeat() makes it longer. */
#define CAPABILITIES_BYTES 120
#define CAPTURE_BYTES	   228
#define CAPTURE_OWN_BYTES  120 /* beside the name of an object that is not ours */
#define PROGRAM_BYTES	   96
#define KERNEL_BYTES	   64 /* as long as uname() has it */
#define VERSION_BYTES	   32 /* ours */

#define KEY_TIMESTAMP "timestamp"
#define KEY_TYPE      "event_type"
#define KEY_RUN	      "run"
#define KEY_SEQ	      "record_seq"
#define KEY_TOTAL     "total"
#define KEY_REPEATED  "repeated"
#define KEY_FILE      "file"

/* Packet and count lines begin with head, a date, a fraction, a neck of their own and a number. */
#define HEAD	     "{\"" KEY_TIMESTAMP "\":\""
#define HEAD_BYTES   (sizeof(HEAD) - 1)
#define NECK_TO_TYPE "Z\",\"" KEY_TYPE "\":\""
#define NECK_TO_RUN  "\",\"" KEY_RUN "\":\""
#define NECK_TO_SEQ  "\",\"" KEY_SEQ "\":"
#define NECK_TYPE    6 /* bytes of the longest name, "packet" */
#define NECK_BYTES                                                                          \
	(sizeof(NECK_TO_TYPE) - 1 + NECK_TYPE + sizeof(NECK_TO_RUN) - 1 + LINE_RUN_DIGITS + \
	 sizeof(NECK_TO_SEQ) - 1)

#define TIMESTAMP_BYTES (JSON_DATE_BYTES + JSON_FRACTION_BYTES + 1)
#define KEY_BYTES	12 /* of a packet's keys; with punctuation they are at most JSON_SHORT_BYTES */
#define NAMES		16 /* interfaces whose names are kept escaped; a power of two */

static const char *const type_names[] = {
	[LINE_PACKET] = "packet",	[LINE_COUNT] = "count", [LINE_SNAPSHOT] = "snapshot",
	[LINE_STATS] = "stats",		[LINE_SINK] = "sink",	[LINE_START] = "start",
	[LINE_INTERFACE] = "interface", [LINE_LOSS] = "loss",	[LINE_CLOCK] = "clock",
	[LINE_STOP] = "stop",
};
_Static_assert(ARRAY_SIZE(type_names) == LINE_TYPE_MAX, "a name for each");

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

/* A key of packet lines, and where its value comes from. */
struct field {
	char key[KEY_BYTES]; /* no NUL when it fills this */
	enum field_type type;
	size_t offset; /* in struct xdptail_packet */
	uint32_t has; /* enum xdptail_has that it takes; 0: always there */
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

/* A field, laid out for the writer. */
struct slot {
	char key[JSON_SHORT_BYTES]; /* with the comma, the quotes and the colon */
	uint8_t key_len;
	uint8_t type; /* enum field_type */
	uint16_t offset;
	uint32_t has;
};

/* An interface's name as it was last seen, and as it is written. */
struct name {
	char raw[32]; /* "" when the name is not kept: it has none, or is longer than any of Linux */
	char text[NAME_BYTES + 3]; /* in quotes */
	uint8_t len; /* of text */
};

/* What stands between the time and the number. */
struct neck {
	char text[NECK_BYTES];
	size_t len;
};

struct line_writer {
	uint64_t run;
	uint64_t seq[LINE_TYPE_MAX]; /* number of the last record of each type */
	uint64_t second; /* that head ends in */
	bool ns;
	char head[HEAD_BYTES + JSON_DATE_BYTES];
	struct neck packet_neck;
	struct neck count_neck;
	size_t n_slots;
	struct slot slots[ARRAY_SIZE(packet_fields)];
	struct name names[NAMES];
	char text[LINE_MAX_BYTES + JSON_SLACK];
};

static void put_run(char ret[LINE_RUN_DIGITS], uint64_t run)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = LINE_RUN_DIGITS - 1; i >= 0; i--) {
		ret[i] = hex[run & 0xf];
		run >>= 4;
	}
}

static void set_second(struct line_writer *w, uint64_t second)
{
	json_format_date(w->head + HEAD_BYTES, second);
	w->second = second;
}

static void lay_out_neck(struct neck *ret, const char *type, uint64_t run)
{
	char digits[LINE_RUN_DIGITS];
	struct json j;

	put_run(digits, run);
	json_begin(&j, ret->text, sizeof(ret->text));
	json_text(&j, NECK_TO_TYPE, sizeof(NECK_TO_TYPE) - 1);
	json_text(&j, type, strlen(type));
	json_text(&j, NECK_TO_RUN, sizeof(NECK_TO_RUN) - 1);
	json_text(&j, digits, sizeof(digits));
	json_text(&j, NECK_TO_SEQ, sizeof(NECK_TO_SEQ) - 1);
	ret->len = (size_t)(j.pos - ret->text);
}

static void lay_out_slot(struct slot *ret, const struct field *field)
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

int line_writer_new(struct line_writer **ret, uint64_t run, bool ns)
{
	struct line_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->run = run;
	w->ns = ns;
	memcpy(w->head, HEAD, HEAD_BYTES);
	set_second(w, 0);
	lay_out_neck(&w->packet_neck, type_names[LINE_PACKET], run);
	lay_out_neck(&w->count_neck, type_names[LINE_COUNT], run);
	for (size_t i = 0; i < ARRAY_SIZE(packet_fields); i++)
		lay_out_slot(&w->slots[w->n_slots++], &packet_fields[i]);
	*ret = w;
	return 0;
}

void line_writer_free(struct line_writer *w)
{
	free(w);
}

static const char *name_of(const char *const *names, unsigned int max, unsigned int val)
{
	return val < max ? names[val] : "unknown";
}

const char *line_type_name(enum line_type type)
{
	return name_of(type_names, LINE_TYPE_MAX, type);
}

const char *line_timestamp(const char *text, size_t len, size_t *ret_len)
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

/* The line in w->text, len bytes with its newline, becomes the next record of its type. */
static int finish(struct line_writer *w, enum line_type type, size_t len, struct line *ret)
{
	if (len > LINE_MAX_BYTES)
		return -EMSGSIZE;
	w->seq[type]++;
	*ret = (struct line){
		.text = w->text,
		.len = len,
		.type = type,
		.record_seq = w->seq[type],
	};
	return 0;
}

static void keep_name(struct name *name, const char *interface)
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

/* Names change, and the memory of one may hold another's next time: so the text is compared. */
static const struct name *find_name(struct line_writer *w, const char *interface, uint32_t ifindex)
{
	struct name *name = &w->names[ifindex % NAMES];

	if (!name->raw[0] || strcmp(name->raw, interface) != 0)
		keep_name(name, interface);
	return name;
}

static inline void put_interface(struct json *j, const struct name *name)
{
	if (name->len <= JSON_SHORT_BYTES)
		json_short(j, name->text, name->len);
	else
		json_text(j, name->text, name->len);
}

/* The letters of the bits that are set: writes each, and steps on if it is to stay. */
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

/* One of our own words: nothing to escape. */
static inline void put_word(struct json *j, const char *word)
{
	json_text(j, "\"", 1);
	json_text(j, word, strlen(word));
	json_text(j, "\"", 1);
}

static inline void put_field(struct json *j, struct line_writer *w, const struct slot *slot,
			     const struct xdptail_packet *packet)
{
	const uint8_t *from = (const uint8_t *)packet + slot->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	json_short(j, slot->key, slot->key_len);
	switch ((enum field_type)slot->type) {
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

/* The four keys that every record begins with. */
static inline void begin_line(struct json *j, struct line_writer *w, uint64_t ns,
			      const struct neck *neck, uint64_t seq)
{
	uint64_t second = ns / NS_PER_S;

	if (second != w->second)
		set_second(w, second);
	json_begin(j, w->text, sizeof(w->text));
	json_text(j, w->head, sizeof(w->head));
	json_fraction(j, (uint32_t)(ns - second * NS_PER_S), w->ns);
	json_text(j, neck->text, neck->len);
	json_u64(j, seq);
}

static inline int end_line(struct json *j, struct line_writer *w, enum line_type type,
			   struct line *ret)
{
	json_text(j, "}\n", 2);
	if (j->overflow)
		return -EMSGSIZE;
	return finish(w, type, (size_t)(j->pos - w->text), ret);
}

int line_packet(struct line_writer *w, const struct xdptail_packet *packet, struct line *ret)
{
	struct json j;

	begin_line(&j, w, packet->timestamp_ns, &w->packet_neck, w->seq[LINE_PACKET] + 1);
	for (size_t i = 0; i < w->n_slots; i++) {
		const struct slot *slot = &w->slots[i];

		if (!(slot->has & ~packet->has))
			put_field(&j, w, slot, packet);
	}
	return end_line(&j, w, LINE_PACKET, ret);
}

static bool is_mapped(const uint8_t addr[16])
{
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

#define TEXT(j, literal) json_text(j, literal, sizeof(literal) - 1)

/* There may be a million of these, so they do not go through json-c either. */
int line_count(struct line_writer *w, uint64_t now_ns, const struct line_count *count,
	       struct line *ret)
{
	const struct xdptail_source *source = count->source;
	struct json j;

	begin_line(&j, w, now_ns, &w->count_neck, w->seq[LINE_COUNT] + 1);
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
	return end_line(&j, w, LINE_COUNT, ret);
}

/* A record that json-c builds. err is sticky: looked at once, at the end. */
struct record {
	struct json_object *obj; /* owned */
	int err;
};

/* Keys are literals, and each is added once. Takes value over; NULL: there was no memory for it. */
static void add(struct record *r, const char *key, struct json_object *value)
{
	const unsigned int opts = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	if (value && !r->err && !json_object_object_add_ex(r->obj, key, value, opts))
		return;
	json_object_put(value);
	r->err = -ENOMEM;
}

static void add_u64(struct record *r, const char *key, uint64_t val)
{
	char text[JSON_U64_BYTES];
	char *end;

	if (val < JSON_NUMBER_LIMIT) {
		add(r, key, json_object_new_uint64(val));
		return;
	}
	end = json_format_u64(text, val);
	add(r, key, json_object_new_string_len(text + 1, (int)(end - text) - 2)); /* no quotes */
}

static void add_nonzero(struct record *r, const char *key, uint64_t val)
{
	if (val)
		add_u64(r, key, val);
}

/* A string of our own. */
static void add_name(struct record *r, const char *key, const char *name)
{
	add(r, key, json_object_new_string(name));
}

/* A string from outside, of at most max bytes when escaped. */
static void add_text(struct record *r, const char *key, const char *text, size_t max)
{
	char clean[TEXT_BYTES + 1];

	(void)json_clean(clean, max, text); /* its length is not needed */
	add(r, key, json_object_new_string(clean));
}

static void add_choice(struct record *r, const char *key, const char *const *names,
		       unsigned int max, unsigned int val)
{
	add_name(r, key, name_of(names, max, val));
}

static void add_total(struct record *r, bool total)
{
	if (total)
		add(r, KEY_TOTAL, json_object_new_boolean(1));
}

static void add_time(struct record *r, const char *key, uint64_t now_ns, bool nine)
{
	char text[TIMESTAMP_BYTES];
	char *pos = text + JSON_DATE_BYTES;

	json_format_date(text, now_ns / NS_PER_S);
	pos = json_format_fraction(pos, (uint32_t)(now_ns % NS_PER_S), nine);
	*pos++ = 'Z';
	add(r, key, json_object_new_string_len(text, (int)(pos - text)));
}

/* As begin_line(). */
static void begin_record(struct record *r, const struct line_writer *w, enum line_type type,
			 uint64_t now_ns)
{
	char run[LINE_RUN_DIGITS];

	put_run(run, w->run);
	*r = (struct record){ .obj = json_object_new_object() };
	if (!r->obj)
		r->err = -ENOMEM;
	add_time(r, KEY_TIMESTAMP, now_ns, w->ns);
	add_name(r, KEY_TYPE, type_names[type]);
	add(r, KEY_RUN, json_object_new_string_len(run, sizeof(run)));
	add_u64(r, KEY_SEQ, w->seq[type] + 1);
}

static int end_record(struct record *r, struct line_writer *w, enum line_type type,
		      struct line *ret)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = NULL;
	size_t len = 0;
	int err = r->err;

	if (err)
		goto out;
	text = json_object_to_json_string_length(r->obj, flags, &len);
	if (!text) {
		err = -ENOMEM;
		goto out;
	}
	if (len >= LINE_MAX_BYTES) {
		err = -EMSGSIZE;
		goto out;
	}
	memcpy(w->text, text, len);
	w->text[len] = '\n';
	err = finish(w, type, len + 1, ret);

out:
	json_object_put(r->obj);
	return err;
}

/* As many names as there is room for; "…" stands for the rest. */
static struct json_object *new_list(const char *const *names, size_t room)
{
	struct json_object *list = json_object_new_array();
	struct json_object *value;

	for (size_t i = 0; list && names[i]; i++) {
		size_t len = strlen(names[i]) + 3; /* two quotes and a comma */
		bool fits = len <= room;

		value = json_object_new_string(fits ? names[i] : JSON_ELLIPSIS);
		if (!value || json_object_array_add(list, value)) {
			json_object_put(value);
			json_object_put(list);
			return NULL;
		}
		if (!fits)
			break;
		room -= len;
	}
	return list;
}

static void add_maps(struct record *r, const struct line_start *start)
{
	add_u64(r, "max_sources", start->max_sources);
	add_name(r, "map_type", start->shared_counts ? "hash" : "percpu_hash");
	add_u64(r, "map_bytes", start->map_bytes);
}

int line_start(struct line_writer *w, uint64_t now_ns, const struct line_start *start,
	       struct line *ret)
{
	struct record r;
	int err;

	if (start->repeated)
		w->seq[LINE_START]--;
	begin_record(&r, w, LINE_START, now_ns);
	add_text(&r, "version", start->version, VERSION_BYTES);
	add_name(&r, "schema", LINE_SCHEMA);
	add_text(&r, "hostname", start->hostname, NAME_BYTES);
	add_text(&r, "kernel", start->kernel, KERNEL_BYTES);
	add_text(&r, "function_name", start->function_name, NAME_BYTES);
	if (start->ebpf_program)
		add_text(&r, "ebpf_program", start->ebpf_program, PROGRAM_BYTES);
	add_choice(&r, "transport", transport_names, XDPTAIL_TRANSPORT_MAX, start->transport);
	if (start->capture)
		add_text(&r, "capture", start->capture,
			 start->ebpf_program ? CAPTURE_OWN_BYTES : CAPTURE_BYTES);
	else
		add_u64(&r, "ring_bytes", start->ring_bytes);
	if (start->capture && start->prog_run)
		add(&r, "prog_run", json_object_new_boolean(1));
	add_choice(&r, "sample_mode", sample_mode_names, XDPTAIL_SAMPLE_MODE_MAX,
		   start->sample_mode);
	add_u64(&r, "sample_rate", start->sample_rate);
	add_u64(&r, "interval_s", start->interval_s);
	if (start->decap)
		add(&r, "decap", json_object_new_boolean(1));
	if (!start->capture)
		add_maps(&r, start);
	add(&r, "capabilities", new_list(start->capabilities, CAPABILITIES_BYTES));
	if (start->repeated)
		add(&r, KEY_REPEATED, json_object_new_boolean(1));
	if (start->joined)
		add(&r, "joined", json_object_new_boolean(1));
	err = end_record(&r, w, LINE_START, ret);
	if (err && start->repeated)
		w->seq[LINE_START]++;
	return err;
}

int line_repeat(const char *start, size_t len, uint64_t now_ns, uint64_t file,
		char ret[LINE_MAX_BYTES], size_t *ret_len)
{
	static const char again[] = ",\"" KEY_REPEATED "\":";
	static const char tail[] = ",\"" KEY_REPEATED "\":true,\"" KEY_FILE "\":";
	char date[JSON_DATE_BYTES];
	char text[LINE_MAX_BYTES + JSON_SLACK];
	size_t done = HEAD_BYTES + JSON_DATE_BYTES; /* of start, with the 'Z' next */
	struct json j;
	const char *repeated;
	size_t n;
	bool nine;

	if (len < done + JSON_FRACTION_BYTES + 3 || len > LINE_MAX_BYTES ||
	    memcmp(start, HEAD, HEAD_BYTES) != 0 || memcmp(start + len - 2, "}\n", 2) != 0)
		return -EINVAL;
	nine = start[done + 6] != 'Z';
	done += nine ? 9 : 6;
	len -= 2;
	repeated = memmem(start, len, again,
			  sizeof(again) - 1); /* in a string its quotes would be escaped */
	if (repeated)
		len = (size_t)(repeated - start);
	json_format_date(date, now_ns / NS_PER_S);
	json_begin(&j, text, sizeof(text));
	json_text(&j, HEAD, HEAD_BYTES);
	json_text(&j, date, sizeof(date));
	json_fraction(&j, (uint32_t)(now_ns % NS_PER_S), nine);
	json_text(&j, start + done, len - done);
	json_text(&j, tail, sizeof(tail) - 1);
	json_u64(&j, file);
	json_text(&j, "}\n", 2);
	n = (size_t)(j.pos - text);
	if (j.overflow || n > LINE_MAX_BYTES)
		return -EMSGSIZE;
	memcpy(ret, text, n);
	*ret_len = n;
	return 0;
}

int line_interface(struct line_writer *w, uint64_t now_ns, const struct xdptail_interface *event,
		   struct line *ret)
{
	bool generic = event->mode == XDPTAIL_MODE_GENERIC;
	struct record r;

	begin_record(&r, w, LINE_INTERFACE, now_ns);
	add_text(&r, "interface", event->interface, NAME_BYTES);
	add_nonzero(&r, "ifindex", event->ifindex);
	add_choice(&r, "state", state_names, XDPTAIL_STATE_MAX, event->state);
	if (event->mode != XDPTAIL_MODE_AUTO) {
		add_name(&r, "hook", "xdp");
		add_choice(&r, "mode", mode_names, XDPTAIL_MODE_MAX, event->mode);
		add_name(&r, "counts", generic ? "aggregates" : "frames");
	}
	if (event->reason)
		add_text(&r, "reason", event->reason, TEXT_BYTES);
	return end_record(&r, w, LINE_INTERFACE, ret);
}

int line_stats(struct line_writer *w, uint64_t now_ns, const struct line_stats *stats,
	       struct line *ret)
{
	struct record r;

	begin_record(&r, w, LINE_STATS, now_ns);
	add_total(&r, stats->total);
	add_u64(&r, "sampled", stats->sampled);
	add_u64(&r, "delivered", stats->delivered);
	add_u64(&r, "lost_ring_full", stats->lost_ring_full);
	if (stats->perf) {
		add_u64(&r, "lost_no_buffer", stats->lost_no_buffer);
		add_u64(&r, "lost_other", stats->lost_other);
	}
	add_u64(&r, "lost_undecodable", stats->lost_undecodable);
	add_u64(&r, "discarded", stats->discarded);
	add_u64(&r, "cpu_ms", stats->cpu_ms);
	add_u64(&r, "rss_kb", stats->rss_kb);
	add_u64(&r, "ring_high_water", stats->ring_high_water);
	add_u64(&r, "longest_wait_ms", stats->longest_wait_ms);
	return end_record(&r, w, LINE_STATS, ret);
}

int line_sink(struct line_writer *w, uint64_t now_ns, const struct line_sink *sink,
	      struct line *ret)
{
	struct record r;

	begin_record(&r, w, LINE_SINK, now_ns);
	add_total(&r, sink->total);
	add_text(&r, "sink", sink->sink, TEXT_BYTES);
	add_u64(&r, "made", sink->made);
	add_u64(&r, "written", sink->written);
	add_u64(&r, "bytes", sink->bytes);
	add_u64(&r, "filtered", sink->filtered);
	add_u64(&r, "dropped_queue_full", sink->dropped_queue_full);
	add_u64(&r, "dropped_error", sink->dropped_error);
	add_u64(&r, "queued", sink->queued);
	add_nonzero(&r, "disconnects", sink->disconnects);
	return end_record(&r, w, LINE_SINK, ret);
}

int line_stop(struct line_writer *w, uint64_t now_ns, const char *reason, int exit_code,
	      struct line *ret)
{
	struct record r;

	begin_record(&r, w, LINE_STOP, now_ns);
	add_text(&r, "reason", reason, TEXT_BYTES);
	add(&r, "exit", json_object_new_int(exit_code));
	return end_record(&r, w, LINE_STOP, ret);
}

int line_snapshot(struct line_writer *w, uint64_t now_ns, const struct line_snapshot *snapshot,
		  struct line *ret)
{
	const struct xdptail_counts *c = snapshot->counts;
	struct record r;

	begin_record(&r, w, LINE_SNAPSHOT, now_ns);
	add_total(&r, snapshot->total);
	add_u64(&r, "snapshot", snapshot->snapshot);
	add_time(&r, "interval_start", c->interval_start_ns, w->ns);
	add_time(&r, "interval_end", c->interval_end_ns, w->ns);
	add_name(&r, "counts", snapshot->aggregates ? "aggregates" : "frames");
	if (!snapshot->total)
		add_u64(&r, "sources", c->n_sources);
	add_u64(&r, "listed", snapshot->listed);
	add_u64(&r, "seen", c->seen);
	add_u64(&r, "not_ip", c->not_ip);
	add_u64(&r, "no_source", c->no_source);
	add_u64(&r, "undetermined", c->undetermined);
	add_u64(&r, "not_selected", c->not_selected);
	add_u64(&r, "counted", c->counted);
	add_u64(&r, "counted_bytes", c->counted_bytes);
	add_u64(&r, "unlisted_packets", snapshot->unlisted_packets);
	add_u64(&r, "unlisted_bytes", snapshot->unlisted_bytes);
	add_u64(&r, "unattributed_packets", c->unattributed_packets);
	add_u64(&r, "unattributed_bytes", c->unattributed_bytes);
	add_nonzero(&r, "unattributed_full", c->unattributed_full);
	add_nonzero(&r, "unattributed_busy", c->unattributed_busy);
	add_nonzero(&r, "unattributed_no_memory", c->unattributed_no_memory);
	add_nonzero(&r, "unattributed_other", c->unattributed_other);
	return end_record(&r, w, LINE_SNAPSHOT, ret);
}

int line_loss(struct line_writer *w, uint64_t now_ns, const struct line_loss *loss,
	      struct line *ret)
{
	struct record r;

	begin_record(&r, w, LINE_LOSS, now_ns);
	add_text(&r, "where", loss->where, TEXT_BYTES);
	add_name(&r, "cause", loss->cause);
	add_u64(&r, "records", loss->records);
	add_time(&r, "first", loss->first_ns, w->ns);
	add_time(&r, "last", loss->last_ns, w->ns);
	return end_record(&r, w, LINE_LOSS, ret);
}

int line_clock(struct line_writer *w, uint64_t now_ns, int64_t step_ns, struct line *ret)
{
	struct record r;

	begin_record(&r, w, LINE_CLOCK, now_ns);
	if (step_ns < (int64_t)JSON_NUMBER_LIMIT && step_ns > -(int64_t)JSON_NUMBER_LIMIT) {
		add(&r, "step_ns", json_object_new_int64(step_ns));
	} else { /* a hundred days or more: as a string, like every number of that size */
		char text[JSON_U64_BYTES];

		(void)snprintf(text, sizeof(text), "%" PRId64, step_ns);
		add(&r, "step_ns", json_object_new_string(text));
	}
	return end_record(&r, w, LINE_CLOCK, ret);
}
