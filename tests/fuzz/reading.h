/* SPDX-License-Identifier: BSD-2-Clause */
/* A line as another reader understands it: json-c, with values asked for key by key. Whatever is
 * not as it should be is a finding.
 */
#ifndef TESTS_FUZZ_READING_H
#define TESTS_FUZZ_READING_H

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <time.h>

#include "fuzz.h"
#include "record/record.h"
#include "values.h"

#define RUN	     UINT64_C(0x5f0c9a1e77b0d2c4)
#define RUN_TEXT     "5f0c9a1e77b0d2c4"
#define NUMBER_LIMIT (UINT64_C(1) << 53) /* from here on, numbers are strings */
#define NS_PER_S     UINT64_C(1000000000)

/* A line that was parsed, and how many of its keys were asked for. */
struct reading {
	struct json_object *obj; /* owned */
	int keys;
	bool ns;
};

static inline struct json_object *value_of(struct reading *r, const char *key, enum json_type type)
{
	struct json_object *value = NULL;

	FUZZ_CHECK(json_object_object_get_ex(r->obj, key, &value), "no key \"%s\"", key);
	FUZZ_CHECK(json_object_is_type(value, type), "\"%s\" is a %s", key,
		   json_type_to_name(json_object_get_type(value)));
	r->keys++;
	return value;
}

static inline void has_word(struct reading *r, const char *key, const char *want)
{
	const char *got = json_object_get_string(value_of(r, key, json_type_string));

	FUZZ_CHECK(!strcmp(got, want), "\"%s\": got \"%s\", want \"%s\"", key, got, want);
}

static inline void has_u64(struct reading *r, const char *key, uint64_t want)
{
	char text[32];
	uint64_t got;

	if (want >= NUMBER_LIMIT) {
		(void)snprintf(text, sizeof(text), "%" PRIu64, want);
		has_word(r, key, text);
		return;
	}
	got = json_object_get_uint64(value_of(r, key, json_type_int));
	FUZZ_CHECK(got == want, "\"%s\": got %" PRIu64 ", want %" PRIu64, key, got, want);
}

static inline bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

/* Text from outside: as it is when it is plain and short, and else whatever was made of it. */
static inline void has_text(struct reading *r, const char *key, const char *want, size_t max)
{
	if (is_plain(want) && strlen(want) <= max)
		has_word(r, key, want);
	else
		(void)value_of(r, key, json_type_string);
}

static inline void has_time(struct reading *r, const char *key, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	uint64_t fraction = ns % NS_PER_S;
	char text[64];
	struct tm tm;
	size_t len;

	FUZZ_CHECK(gmtime_r(&seconds, &tm), "%" PRIu64, ns);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + len, sizeof(text) - len, ".%0*" PRIu64 "Z", r->ns ? 9 : 6,
		       r->ns ? fraction : fraction / 1000);
	has_word(r, key, text);
}

static inline bool is_mapped(const uint8_t addr[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, prefix, sizeof(prefix));
}

static inline void has_ip(struct reading *r, const char *key, const uint8_t addr[16], bool is_ip4)
{
	char text[INET6_ADDRSTRLEN];
	const char *made = is_ip4 ? inet_ntop(AF_INET, addr + 12, text, sizeof(text)) :
				    inet_ntop(AF_INET6, addr, text, sizeof(text));

	FUZZ_CHECK(made, "inet_ntop");
	has_word(r, key, text);
}

static inline void has_flags(struct reading *r, uint8_t flags)
{
	char text[9] = "";
	size_t n = 0;

	for (int i = 0; i < 8; i++) {
		if (flags >> i & 1)
			text[n++] = "FSRPAUEC"[i];
	}
	has_word(r, "flags", text);
}

/* Form, and the four keys that every line begins with. */
static inline void read_line(struct reading *r, const struct record *line, enum record_type type,
			     uint64_t now_ns, bool ns)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_tokener *tok = json_tokener_new();
	const char *again, *key = NULL;

	FUZZ_CHECK(tok, "no memory");
	FUZZ_CHECK(line->len >= 3 && line->len <= RECORD_MAX_BYTES, "%zu bytes", line->len);
	FUZZ_CHECK(memchr(line->text, '\n', line->len) == line->text + line->len - 1,
		   "a newline within, or none at the end");
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	*r = (struct reading){ .obj = json_tokener_parse_ex(tok, line->text, (int)line->len),
			       .ns = ns };
	FUZZ_CHECK(json_object_is_type(r->obj, json_type_object), "%.*s", (int)line->len,
		   line->text);
	json_tokener_free(tok);
	again = json_object_to_json_string_ext(r->obj, flags);
	FUZZ_CHECK(strlen(again) + 1 == line->len && !memcmp(again, line->text, line->len - 1),
		   "json-c prints %s", again);
	FUZZ_CHECK(values_agree(line->text, line->len, r->obj, &key), "values part at \"%s\"", key);
	FUZZ_CHECK(line->type == type && line->record_seq == 1, "type %u, number %" PRIu64,
		   line->type, line->record_seq);
	has_time(r, "timestamp", now_ns);
	has_word(r, "event_type", record_type_name(type));
	has_word(r, "run", RUN_TEXT);
	has_u64(r, "record_seq", 1);
}

static inline void close_reading(struct reading *r)
{
	FUZZ_CHECK(json_object_object_length(r->obj) == r->keys, "%d keys, %d are known",
		   json_object_object_length(r->obj), r->keys);
	json_object_put(r->obj);
}

#endif
