// SPDX-License-Identifier: BSD-2-Clause
#include "output/spec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "output/file.h"
#include "output/journal.h"
#include "output/setting.h"
#include "output/socket.h"
#include "output/stdout.h"
#include "output/syslog.h"

#define QUOTED "\"%.100s\"" /* a very long value must not displace the error message */

static const struct output_kind *const kinds[] = {
	&stdout_kind, &file_kind, &journal_kind, &syslog_kind, &unix_kind,
};
#define N_KINDS (ARRAY_SIZE(kinds))

/* Every copy of the stream needs its "start" and "stop" records, so they cannot be excluded. */
#define ALWAYS (UINT64_C(1) << RECORD_START | UINT64_C(1) << RECORD_STOP)
#define ALL    ((UINT64_C(1) << RECORD_TYPE_MAX) - 1)

static const struct setting_choice events[] = {
	{ "packet", RECORD_PACKET },
	{ "count", RECORD_COUNT },
	{ "snapshot", RECORD_SNAPSHOT },
	{ "stats", RECORD_STATS },
	{ "sink", RECORD_SINK },
	{ "start", RECORD_START },
	{ "stop", RECORD_STOP },
	{ "interface", RECORD_INTERFACE },
	{ "loss", RECORD_LOSS },
	{ "clock", RECORD_CLOCK },
	{ NULL, 0 },
};
_Static_assert(ARRAY_SIZE(events) == RECORD_TYPE_MAX + 1, "each type can be chosen");

static const struct setting_choice when_full[] = {
	{ "drop", OUTPUT_DROP },
	{ "block", OUTPUT_BLOCK },
	{ NULL, 0 },
};

/* The settings that all types of outputs have. */
static const struct setting common[] = {
	{ "queue", SETTING_BYTES, offsetof(struct output_spec, queue_bytes), SPEC_QUEUE_MIN,
	  SPEC_QUEUE_MAX, NULL, SPEC_QUEUE_DEFAULT },
	{ "events", SETTING_LIST, offsetof(struct output_spec, events), 0, 0, events, NULL },
	{ "when_full", SETTING_CHOICE, offsetof(struct output_spec, when_full), 0, 0, when_full,
	  NULL },
	{ NULL, SETTING_NUMBER, 0, 0, 0, NULL, NULL },
};
#define N_COMMON (ARRAY_SIZE(common))

/* Split the next piece off *rest: it ends at an unescaped comma, which becomes a NUL. Escapes are
 * removed. NULL: there are no more pieces.
 */
static char *take_piece(char **rest)
{
	char *piece = *rest;
	char *from = piece;
	char *to = piece;

	if (!piece)
		return NULL;
	while (*from && *from != ',') {
		if (*from == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return piece;
}

static void list_kinds(struct reason *why)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		const struct output_kind *kind = kinds[i];
		const char *last = i + 1 == N_KINDS ? " and" : ",";

		reason_add(why, "%s %s%s%s%s%s", i ? last : "", kind->name,
			   kind->default_target ? "[" : "", kind->target ? ":" : "",
			   kind->target ? kind->target : "", kind->default_target ? "]" : "");
	}
}

static int refuse_kind(const char *text, struct reason *why)
{
	if (strchr(text, '/') && !strchr(text, ':'))
		return reason_set(
			why, -EINVAL,
			QUOTED
			" is not an output; to write to a file of that name, use file:%.100s",
			text, text);
	(void)reason_set(why, -EINVAL, QUOTED " is not an output; the outputs are", text);
	list_kinds(why);
	return -EINVAL;
}

static const struct output_kind *find_kind(const char *name, size_t len)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (strlen(kinds[i]->name) == len && !memcmp(kinds[i]->name, name, len))
			return kinds[i];
	}
	return NULL;
}

static int init_text(struct output_spec *spec, const char *target)
{
	const char *kind = spec->kind->name;
	size_t size = strlen(kind) + 1 + (target ? strlen(target) + 1 : 0);

	spec->text = malloc(size);
	if (!spec->text)
		return -ENOMEM;
	(void)snprintf(spec->text, size, "%s%s%s", kind, target ? ":" : "", target ? target : "");
	spec->name = spec->text;
	spec->target = target ? spec->text + strlen(kind) + 1 : NULL;
	return 0;
}

/* A default target becomes part of the name, so that records have the real destination. */
static int init_spec(struct output_spec *ret, const struct output_kind *kind, const char *target,
		     struct reason *why)
{
	struct output_spec spec = { .kind = kind, .events = ALL };

	if (!kind->target && target)
		return reason_set(why, -EINVAL, "\"%s\" takes no target, but got " QUOTED,
				  kind->name, target);
	if (kind->target && !target)
		target = kind->default_target;
	if (kind->target && (!target || !*target))
		return reason_set(why, -EINVAL, "missing target for \"%s\": use %s:%s", kind->name,
				  kind->name, kind->target);
	if (kind->check && kind->check(target, why))
		return -EINVAL;
	setting_defaults(common, &spec);
	setting_defaults(kind->settings, spec.settings);
	if (init_text(&spec, target)) {
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	}
	*ret = spec;
	return 0;
}

int output_spec_init(struct output_spec *ret, const char *kind, const char *target,
		     struct reason *why)
{
	const struct output_kind *found = find_kind(kind, strlen(kind));

	return found ? init_spec(ret, found, target, why) : refuse_kind(kind, why);
}

/* Parse KIND[:TARGET]. */
static int parse_kind(struct output_spec *ret, const char *piece, struct reason *why)
{
	const char *colon = strchr(piece, ':');
	size_t len = colon ? (size_t)(colon - piece) : strlen(piece);
	const struct output_kind *kind =
		strcmp(piece, "-") != 0 ? find_kind(piece, len) : &stdout_kind;

	return kind ? init_spec(ret, kind, colon ? colon + 1 : NULL, why) : refuse_kind(piece, why);
}

static void list_settings(const struct setting *table, const char *before, struct reason *why)
{
	for (; table && table->name; table++) {
		reason_add(why, "%s %s", before, table->name);
		before = ",";
	}
}

static int refuse_setting(const struct output_spec *spec, const char *key, struct reason *why)
{
	(void)reason_set(why, -EINVAL, "unknown setting %.64s: the settings of %s are", key,
			 spec->kind->name);
	list_settings(common, "", why);
	list_settings(spec->kind->settings, ",", why);
	return -EINVAL;
}

/* Record that a setting was set. Returns whether it was set before. The rows of the common table
 * have the low bits; both tables are short.
 */
static bool mark_given(struct output_spec *spec, const struct setting *row)
{
	const bool is_common = row >= common && row < common + N_COMMON;
	const size_t i = is_common ? (size_t)(row - common) :
				     (size_t)(row - spec->kind->settings) + N_COMMON;
	const bool given = spec->given >> i & 1;

	spec->given |= UINT64_C(1) << i;
	return given;
}

int output_spec_set(struct output_spec *spec, const char *key, const char *value,
		    struct reason *why)
{
	const struct setting *row = setting_find(common, key, strlen(key));
	void *base = spec;
	int error;

	if (!row) {
		row = setting_find(spec->kind->settings, key, strlen(key));
		base = spec->settings;
	}
	if (!row)
		return refuse_setting(spec, key, why);
	if (mark_given(spec, row))
		return reason_set(why, -EINVAL, "%s is given twice", row->name);
	error = setting_take(row, value, base, why);
	spec->events |= ALWAYS;
	return error;
}

/* Parse key=value. */
static int parse_setting(struct output_spec *spec, char *piece, struct reason *why)
{
	char *equals = strchr(piece, '=');

	if (!equals)
		return reason_set(
			why, -EINVAL,
			QUOTED
			" in the settings of \"%.100s\" is not of the form key=value; write a "
			"comma that belongs to a name as \\,",
			piece, spec->name);
	*equals = '\0';
	return output_spec_set(spec, piece, equals + 1, why);
}

static bool begins_list(const struct output_spec *spec, const char *piece)
{
	size_t len = strcspn(piece, "=");
	const struct setting *row = setting_find(common, piece, len);

	if (!row)
		row = setting_find(spec->kind->settings, piece, len);
	return row && row->type == SETTING_LIST;
}

/* Join the pieces that follow a list and have no "=": they belong to it, as in events=packet,count.
 */
static void join_list(char *piece, char **rest)
{
	while (*rest && !memchr(*rest, '=', strcspn(*rest, ","))) {
		char *next = take_piece(rest);
		size_t len = strlen(piece);

		piece[len] = ',';
		memmove(piece + len + 1, next, strlen(next) + 1);
	}
}

int output_spec_check(const struct output_spec *spec, struct reason *why)
{
	const struct output_kind *kind = spec->kind;

	return kind->check_settings ? kind->check_settings(spec->settings, why) : 0;
}

static int parse_spec(struct output_spec *spec, char *text, struct reason *why)
{
	char *rest = text;
	char *piece = take_piece(&rest);
	int ret = parse_kind(spec, piece, why);

	while (!ret && (piece = take_piece(&rest)) != NULL) {
		if (begins_list(spec, piece))
			join_list(piece, &rest);
		ret = parse_setting(spec, piece, why);
	}
	return ret ? ret : output_spec_check(spec, why);
}

int output_spec_parse(const char *text, struct output_spec *ret, struct reason *why)
{
	struct output_spec spec = { .kind = &stdout_kind };
	char *copy;
	int error;

	if (strlen(text) >= SPEC_TEXT_BYTES)
		return reason_set(why, -EINVAL, QUOTED "… is too long: the limit is %d bytes", text,
				  SPEC_TEXT_BYTES - 1);
	copy = strdup(text);
	if (!copy) {
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	}
	error = parse_spec(&spec, copy, why);
	free(copy);
	if (error)
		output_spec_free(&spec);
	else
		*ret = spec;
	return error;
}

void output_spec_free(struct output_spec *spec)
{
	free(spec->text);
	*spec = (struct output_spec){ 0 };
}

static void visit_table(const struct setting *table, const void *base,
			void (*fn)(void *arg, const char *key, const char *value, bool number),
			void *arg)
{
	char text[512];

	for (; table && table->name; table++) {
		setting_print(table, base, text, sizeof(text));
		if (*text)
			fn(arg, table->name, text, setting_is_number(table));
	}
}

void output_spec_visit(const struct output_spec *spec,
		       void (*fn)(void *arg, const char *key, const char *value, bool number),
		       void *arg)
{
	visit_table(common, spec, fn, arg);
	visit_table(spec->kind->settings, spec->settings, fn, arg);
}

bool output_spec_equal(const struct output_spec *a, const struct output_spec *b)
{
	return !strcmp(a->name, b->name) && a->queue_bytes == b->queue_bytes &&
	       a->events == b->events && a->when_full == b->when_full &&
	       !memcmp(a->settings, b->settings, sizeof(a->settings));
}

const struct output_kind *output_spec_kind(size_t i)
{
	return i < N_KINDS ? kinds[i] : NULL;
}

const struct setting *output_spec_settings(void)
{
	return common;
}
