// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_fast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "json/skip.h"

#define WORD_BYTES    sizeof(uint64_t)
#define KEY_WORDS     8
#define KEY_MAX	      (KEY_WORDS * WORD_BYTES) /* of a key, with its quotes and the colon */
#define ENTRIES	      128
#define SLOTS	      512 /* a power of two, so many that few keys meet */
#define NUMBER_DIGITS 16 /* that a number below the limit has at most */
#define DEPTH_MAX     15 /* of others' values: they are in an object already */
#define SECOND_BYTES  19 /* 2026-11-22T03:41:40 */

enum take {
	TAKE_TIMESTAMP,
	TAKE_TYPE,
	TAKE_RUN,
	TAKE_SEQ,
	TAKE_FIELD,
	TAKE_NOTHING, /* the key is none of ours */
};

/* A key that lines of a type have. */
struct known_key {
	uint64_t words[KEY_WORDS]; /* its bytes, quotes and colon with them, and zeros */
	uint64_t last_mask; /* of the bytes that the last word has */
	size_t len;
	size_t last; /* word */
	struct known_key *next; /* the one that came behind it the last time */
	size_t place; /* in sets of entries, … */
	uint64_t bit; /* its bit in that word of the set */
	enum take take;
	uint64_t max; /* with TAKE_FIELD, of a number */
	struct audit_field field; /* with TAKE_FIELD */
};

/* All that are known of a type, ours first. */
struct layout {
	struct known_key list[ENTRIES];
	size_t n;
	size_t n_ours;
	uint64_t required[ENTRIES / 64]; /* a bit for each entry */
	struct known_key *first; /* the one that the last line began with */
	uint8_t slots[SLOTS]; /* a hash table with linear probing: numbers of entries, and 1 more */
};

struct audit_fast {
	struct layout layouts[RECORD_TYPE_MAX];
	enum record_type type; /* of the last line */
	uint64_t run;
	char run_text[RECORD_RUN_DIGITS]; /* of the last line that had another */
	char second[SECOND_BYTES]; /* of the last line that had another; it is well-formed */
};

struct cursor {
	const char *pos;
	const char *end;
};

static uint64_t load(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

/* The bytes of the text alone; those behind it are zeros. */
static uint64_t load_part(const char *text, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, text, len);
	return word;
}

static size_t hash_key(const char *key, size_t len)
{
	uint64_t sum = len;

	for (; len > WORD_BYTES; len -= WORD_BYTES, key += WORD_BYTES)
		sum = (sum ^ load(key)) * UINT64_C(0x9e3779b97f4a7c15);
	sum = (sum ^ load_part(key, len)) * UINT64_C(0x9e3779b97f4a7c15);
	return sum >> 55; /* 9 bits */
}
_Static_assert(SLOTS == 1 << 9, "as many as home() tells apart");

static bool is_entry(const struct known_key *e, const char *key, size_t len)
{
	return e->len == len && memcmp(e->words, key, len) == 0;
}

/* Where its number is, or the free slot where it would be. */
static uint8_t *find_slot(struct layout *l, const char *key, size_t len)
{
	size_t i = hash_key(key, len);

	while (l->slots[i] && !is_entry(&l->list[l->slots[i] - 1], key, len))
		i = (i + 1) % SLOTS;
	return &l->slots[i];
}

static struct known_key *add_entry(struct layout *l, const char *key, size_t len, enum take take)
{
	struct known_key *e = &l->list[l->n];

	*e = (struct known_key){
		.len = len,
		.last = (len - 1) / WORD_BYTES,
		.next = l->list,
		.place = l->n / 64,
		.bit = UINT64_C(1) << l->n % 64,
		.take = take,
	};
	memcpy(e->words, key, len);
	memset(&e->last_mask, 0xff, len - e->last * WORD_BYTES);
	*find_slot(l, key, len) = (uint8_t)++l->n;
	return e;
}

static void begin_layout(struct layout *l, enum record_type type)
{
	static const char *const common[] = {
		[TAKE_TIMESTAMP] = "\"timestamp\":",
		[TAKE_TYPE] = "\"event_type\":",
		[TAKE_RUN] = "\"run\":",
		[TAKE_SEQ] = "\"record_seq\":",
	};
	const struct audit_field *fields;
	struct known_key *e;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(common); i++) {
		e = add_entry(l, common[i], strlen(common[i]), (enum take)i);
		l->required[e->place] |= e->bit;
	}
	fields = audit_fields(type, &n);
	for (size_t i = 0; i < n; i++) {
		e = add_entry(l, fields[i].intro, fields[i].intro_len, TAKE_FIELD);
		e->field = fields[i];
		e->max = audit_field_max(fields[i].type);
		l->required[e->place] |= fields[i].required ? e->bit : 0;
	}
	l->n_ours = l->n;
	l->first = l->list;
}

int audit_fast_new(struct audit_fast **ret)
{
	struct audit_fast *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	for (int type = 0; type < RECORD_TYPE_MAX; type++)
		begin_layout(&f->layouts[type], (enum record_type)type);
	*ret = f;
	return 0;
}

void audit_fast_free(struct audit_fast *f)
{
	free(f);
}

/* There have been so many keys of others that there is no room for one more. */
static void forget_others(struct layout *l)
{
	l->n = l->n_ours;
	l->first = l->list;
	memset(l->slots, 0, sizeof(l->slots));
	for (size_t i = 0; i < l->n; i++) {
		l->list[i].next = l->list;
		*find_slot(l, (const char *)l->list[i].words, l->list[i].len) = (uint8_t)(i + 1);
	}
}

/* Bytes of the key that begins here, with its quotes and the colon; 0: it is not so plain. */
static size_t measure_key(const struct cursor *c)
{
	size_t left = (size_t)(c->end - c->pos);
	size_t max = left < KEY_MAX ? left : KEY_MAX;

	if (!max || c->pos[0] != '"')
		return 0;
	for (size_t i = 1; i + 1 < max; i++) {
		unsigned char byte = (unsigned char)c->pos[i];

		if (byte == '"')
			return c->pos[i + 1] == ':' ? i + 2 : 0;
		if (byte < 0x20 || byte > 0x7e || byte == '\\')
			return 0;
	}
	return 0;
}

/* The entry of the key that begins here, which is a new one if need be; NULL: it can't have any. */
static struct known_key *find_entry(struct layout *l, const struct cursor *c)
{
	size_t len = measure_key(c);
	uint8_t *slot;

	if (!len)
		return NULL;
	slot = find_slot(l, c->pos, len);
	if (*slot)
		return &l->list[*slot - 1];
	if (l->n < ENTRIES)
		return add_entry(l, c->pos, len, TAKE_NOTHING);
	forget_others(l);
	return NULL;
}

static inline bool is_expected(const struct known_key *e, const struct cursor *c)
{
	if ((size_t)(c->end - c->pos) < (e->last + 1) * WORD_BYTES)
		return (size_t)(c->end - c->pos) >= e->len && memcmp(c->pos, e->words, e->len) == 0;
	for (size_t i = 0; i < e->last; i++) {
		if (load(c->pos + i * WORD_BYTES) != e->words[i])
			return false;
	}
	return (load(c->pos + e->last * WORD_BYTES) & e->last_mask) == e->words[e->last];
}

static inline void skip_space(struct cursor *c)
{
	while (c->pos < c->end && *c->pos <= ' ' &&
	       (*c->pos == ' ' || *c->pos == '\t' || *c->pos == '\r'))
		c->pos++;
}

static inline bool skip(struct cursor *c, char byte)
{
	if (c->pos == c->end || *c->pos != byte)
		return false;
	c->pos++;
	return true;
}

static bool skip_text(struct cursor *c, const char *text, size_t len)
{
	if ((size_t)(c->end - c->pos) < len || memcmp(c->pos, text, len) != 0)
		return false;
	c->pos += len;
	return true;
}

/* A number below the limit. A larger one is a string. */
static inline bool scan_number(struct cursor *c, uint64_t max, uint64_t *ret)
{
	const char *end = c->end - c->pos > NUMBER_DIGITS ? c->pos + NUMBER_DIGITS : c->end;
	const char *pos;
	uint64_t val = 0;

	for (pos = c->pos; pos < end; pos++) {
		unsigned int digit = (unsigned char)*pos - (unsigned int)'0';

		if (digit > 9)
			break;
		val = val * 10 + digit;
	}
	if (pos == c->pos || (*c->pos == '0' && pos - c->pos > 1))
		return false;
	c->pos = pos;
	*ret = val;
	return val < AUDIT_NUMBER_LIMIT && val <= max;
}

/* Printable ASCII without escapes: text and len are of what is between the quotes. False: c is as
 * it was.
 */
static inline bool scan_string(struct cursor *c, const char **text, size_t *len)
{
	const char *pos = c->pos + 1;

	if (c->pos == c->end || *c->pos != '"')
		return false;
	while (pos < c->end && *pos >= 0x20 && *pos <= 0x7e && *pos != '"' && *pos != '\\')
		pos++;
	if (pos == c->end || *pos != '"')
		return false;
	*text = c->pos + 1;
	*len = (size_t)(pos - *text);
	c->pos = pos + 1;
	return true;
}

static bool is_date(struct audit_fast *f, const char *text, size_t len)
{
	if (memcmp(text, f->second, SECOND_BYTES) == 0) {
		for (size_t i = SECOND_BYTES + 1; i < len - 1; i++) {
			if (text[i] < '0' || text[i] > '9')
				return false;
		}
		return text[SECOND_BYTES] == '.' && text[len - 1] == 'Z';
	}
	if (!audit_is_time(text, len))
		return false;
	memcpy(f->second, text, SECOND_BYTES);
	return true;
}

/* keep: AUDIT_TIME_BYTES for it, or NULL. */
static inline bool scan_time(struct audit_fast *f, struct cursor *c, char *keep)
{
	size_t left = (size_t)(c->end - c->pos);
	size_t len = left > 28 && c->pos[28] == '"' ? 27 : 30;

	if (left < len + 2 || c->pos[0] != '"' || c->pos[len + 1] != '"' ||
	    !is_date(f, c->pos + 1, len))
		return false;
	if (keep) {
		memcpy(keep, c->pos + 1, len);
		keep[len] = '\0';
	}
	c->pos += len + 2;
	return true;
}

static inline bool scan_run(struct audit_fast *f, struct cursor *c, uint64_t *ret)
{
	const char *digits = c->pos + 1;

	if (c->end - c->pos < RECORD_RUN_DIGITS + 2 || c->pos[0] != '"' ||
	    digits[RECORD_RUN_DIGITS] != '"')
		return false;
	if (memcmp(digits, f->run_text, RECORD_RUN_DIGITS) != 0) {
		if (!audit_is_run(digits, RECORD_RUN_DIGITS, &f->run))
			return false;
		memcpy(f->run_text, digits, RECORD_RUN_DIGITS);
	}
	*ret = f->run;
	c->pos += RECORD_RUN_DIGITS + 2;
	return true;
}

static bool scan_type(struct cursor *c, enum record_type *ret)
{
	const char *text;
	size_t len;

	if (!scan_string(c, &text, &len))
		return false;
	for (int type = 0; type < RECORD_TYPE_MAX; type++) {
		const char *name = record_type_name(type);

		if (strlen(name) == len && memcmp(name, text, len) == 0) {
			*ret = (enum record_type)type;
			return true;
		}
	}
	return false;
}

/* One of four numbers; false: it is none, or not in the way that inet_ntop() writes it. */
static inline bool scan_octet(struct cursor *c)
{
	uint64_t ignored;
	const char *start = c->pos;

	return scan_number(c, UINT8_MAX, &ignored) && c->pos - start <= 3;
}

static bool scan_ip(struct cursor *c)
{
	struct cursor four = { .pos = c->pos + 1, .end = c->end };
	const char *text;
	size_t len;

	if (c->pos == c->end || *c->pos != '"')
		return false;
	if (scan_octet(&four) && skip(&four, '.') && scan_octet(&four) && skip(&four, '.') &&
	    scan_octet(&four) && skip(&four, '.') && scan_octet(&four) && skip(&four, '"')) {
		*c = four;
		return true;
	}
	return scan_string(c, &text, &len) && audit_is_ip(text, len);
}

static bool scan_bool(struct cursor *c, uint64_t *ret)
{
	*ret = skip_text(c, "true", 4);
	return *ret || skip_text(c, "false", 5);
}

/* Any text, with escapes, too, but where it has to be kept. keep: room for so many bytes, or NULL.
 */
static bool scan_text(struct cursor *c, char *keep, size_t keep_bytes)
{
	const char *text;
	size_t len;

	if (!scan_string(c, &text, &len))
		return !keep && c->pos < c->end && *c->pos == '"' &&
		       json_skip(&c->pos, c->end, DEPTH_MAX);
	if (!keep)
		return true;
	if (len >= keep_bytes)
		return false;
	memcpy(keep, text, len);
	keep[len] = '\0';
	return true;
}

static bool scan_list(struct cursor *c)
{
	if (!skip(c, '['))
		return false;
	if (skip(c, ']'))
		return true;
	do {
		skip_space(c);
		if (!scan_text(c, NULL, 0))
			return false;
		skip_space(c);
	} while (skip(c, ','));
	return skip(c, ']');
}

static inline bool scan_field(struct audit_fast *f, struct cursor *c, const struct known_key *e,
			      struct audit_record *ret)
{
	const struct audit_field *field = &e->field;
	char *keep = field->keep_bytes ? (char *)ret + field->keep_at : NULL;
	uint64_t number = 0;
	const char *text;
	bool good = false;
	size_t len;

	switch (field->type) {
	case AUDIT_FIELD_U8:
	case AUDIT_FIELD_U16:
	case AUDIT_FIELD_U32:
	case AUDIT_FIELD_U64:
		good = scan_number(c, e->max, &number);
		break;
	case AUDIT_FIELD_BOOL:
		good = scan_bool(c, &number);
		break;
	case AUDIT_FIELD_IP:
		good = scan_ip(c);
		break;
	case AUDIT_FIELD_FLAGS:
		good = scan_string(c, &text, &len) && audit_is_flags(text, len);
		break;
	case AUDIT_FIELD_TIME:
		good = scan_time(f, c, keep);
		break;
	case AUDIT_FIELD_TEXT:
		good = scan_text(c, keep, field->keep_bytes);
		number = good; /* it is there */
		break;
	case AUDIT_FIELD_LIST:
		good = scan_list(c);
		break;
	case AUDIT_FIELD_INT:
		break;
	}
	if (field->to < AUDIT_KEY_MAX)
		ret->values[field->to] = number;
	return good;
}

static inline bool scan_value(struct audit_fast *f, struct cursor *c, const struct known_key *e,
			      struct audit_record *ret)
{
	switch (e->take) {
	case TAKE_TIMESTAMP:
		return scan_time(f, c, ret->time);
	case TAKE_TYPE:
		return scan_type(c, &ret->type);
	case TAKE_RUN:
		return scan_run(f, c, &ret->run);
	case TAKE_SEQ:
		return scan_number(c, UINT64_MAX, &ret->record_seq) && ret->record_seq;
	case TAKE_FIELD:
		return scan_field(f, c, e, ret);
	case TAKE_NOTHING:
		break;
	}
	return scan_text(c, NULL, 0) || json_skip(&c->pos, c->end, DEPTH_MAX);
}

static bool has_required(const struct layout *l, const uint64_t *seen)
{
	for (size_t i = 0; i < ARRAY_SIZE(l->required); i++) {
		if (~seen[i] & l->required[i])
			return false;
	}
	return true;
}

/* As a line of this type. 1: it is one; 0: not understood; -EAGAIN: it says that it is of another,
 * and that is ret->type.
 */
static int read_as(struct audit_fast *f, enum record_type type, struct cursor c,
		   struct audit_record *ret)
{
	struct layout *l = &f->layouts[type];
	uint64_t seen[ENTRIES / 64] = { 0 };
	struct known_key **link = &l->first;

	audit_record_begin(ret);
	ret->type = type;
	if (!skip(&c, '{'))
		return 0;
	do {
		struct known_key *e = *link;

		skip_space(&c);
		if (!is_expected(e, &c))
			e = find_entry(l, &c);
		if (!e || seen[e->place] & e->bit)
			return 0;
		seen[e->place] |= e->bit;
		*link = e;
		link = &e->next;
		c.pos += e->len;
		skip_space(&c);
		if (!scan_value(f, &c, e, ret))
			return 0;
		if (ret->type != type)
			return -EAGAIN;
		skip_space(&c);
	} while (skip(&c, ','));
	if (!skip(&c, '}'))
		return 0;
	skip_space(&c);
	return c.pos == c.end && has_required(l, seen);
}

bool audit_fast_read(struct audit_fast *f, const char *text, size_t len, struct audit_record *ret)
{
	const struct cursor c = { .pos = text, .end = text + len };
	int taken = read_as(f, f->type, c, ret);

	if (taken == -EAGAIN) {
		f->type = ret->type;
		taken = read_as(f, f->type, c, ret);
	}
	return taken == 1;
}
