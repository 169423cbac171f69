// SPDX-License-Identifier: BSD-2-Clause
#include "output/setting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define QUOTED "\"%.64s\""

const struct setting *setting_find(const struct setting *table, const char *name, size_t len)
{
	for (; table && table->name; table++) {
		if (strlen(table->name) == len && !memcmp(table->name, name, len))
			return table;
	}
	return NULL;
}

static void store_number(const struct setting *row, void *base, uint64_t value)
{
	memcpy((char *)base + row->offset, &value, sizeof(value));
}

static struct number number_of(const struct setting *row)
{
	static const enum number_kind kinds[] = {
		[SETTING_BYTES] = NUMBER_BYTES,
		[SETTING_SECONDS] = NUMBER_SECONDS,
		[SETTING_NUMBER] = NUMBER_PLAIN,
	};

	return (struct number){ kinds[row->type], row->min, row->max };
}

static int parse_number(const struct setting *row, const char *text, void *base, struct reason *why)
{
	const struct number number = number_of(row);
	char range[NUMBER_RANGE_BYTES];
	uint64_t value;

	if (!number_read(&number, text, &value)) {
		number_range(&number, range);
		return reason_set(why, -EINVAL, "%s: " QUOTED " is not %s", row->name, text, range);
	}
	store_number(row, base, value);
	return 0;
}

static const struct setting_choice *find_choice(const struct setting *row, const char *name,
						size_t len)
{
	const struct setting_choice *c;

	for (c = row->choices; c->name; c++) {
		if (strlen(c->name) == len && !memcmp(c->name, name, len))
			return c;
	}
	return NULL;
}

static int refuse_choice(const struct setting *row, const char *found, size_t len,
			 struct reason *why)
{
	const struct setting_choice *c;

	(void)reason_set(why, -EINVAL, "%s: \"%.*s\" is not one of", row->name, (int)len, found);
	for (c = row->choices; c->name; c++)
		reason_add(why, "%s %s", c == row->choices ? "" : ",", c->name);
	return -EINVAL;
}

static int parse_choice(const struct setting *row, const char *text, void *base, struct reason *why)
{
	const struct setting_choice *c = find_choice(row, text, strlen(text));

	if (!c)
		return refuse_choice(row, text, strnlen(text, 64), why);
	store_number(row, base, c->value);
	return 0;
}

static int parse_list(const struct setting *row, const char *text, void *base, struct reason *why)
{
	const struct setting_choice *c;
	uint64_t set = 0;
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		c = find_choice(row, text, len);
		if (!c)
			return refuse_choice(row, text, len < 64 ? len : 64, why);
		set |= UINT64_C(1) << c->value;
		if (!text[len])
			break;
	}
	store_number(row, base, set);
	return 0;
}

static int parse_text(const struct setting *row, const char *text, void *base, struct reason *why)
{
	size_t len = strlen(text);
	bool fits = len >= row->min && len <= row->max;

	for (const char *c = text; *c; c++)
		fits = fits && *c > ' ' && *c < 0x7f;
	if (!fits) {
		return reason_set(why, -EINVAL,
				  "%s: " QUOTED " is not %" PRIu64 " to %" PRIu64
				  " printable ASCII characters without blanks",
				  row->name, text, row->min, row->max);
	}
	memcpy((char *)base + row->offset, text, len + 1);
	return 0;
}

int setting_take(const struct setting *row, const char *value, void *base, struct reason *why)
{
	switch (row->type) {
	case SETTING_BYTES:
	case SETTING_SECONDS:
	case SETTING_NUMBER:
		break;
	case SETTING_CHOICE:
		return parse_choice(row, value, base, why);
	case SETTING_LIST:
		return parse_list(row, value, base, why);
	case SETTING_TEXT:
		return parse_text(row, value, base, why);
	}
	return parse_number(row, value, base, why);
}

bool setting_is_number(const struct setting *row)
{
	return row->type == SETTING_BYTES || row->type == SETTING_SECONDS ||
	       row->type == SETTING_NUMBER;
}

static void print_choices(const struct setting *row, uint64_t value, char *ret, size_t cap)
{
	bool list = row->type == SETTING_LIST;
	size_t used = 0;

	for (const struct setting_choice *c = row->choices; c->name && used < cap; c++) {
		if (list ? value >> c->value & 1 : value == c->value)
			used += (size_t)snprintf(ret + used, cap - used, "%s%s", used ? "," : "",
						 c->name);
	}
}

void setting_print(const struct setting *row, const void *base, char *ret, size_t cap)
{
	uint64_t value;

	*ret = '\0';
	if (row->type == SETTING_TEXT) {
		(void)snprintf(ret, cap, "%s", (const char *)base + row->offset);
		return;
	}
	memcpy(&value, (const char *)base + row->offset, sizeof(value));
	if (setting_is_number(row) && value < row->min) /* not set */
		return;
	if (setting_is_number(row))
		(void)snprintf(ret, cap, "%" PRIu64, value);
	else
		print_choices(row, value, ret, cap);
}

void setting_defaults(const struct setting *table, void *base)
{
	struct reason why = { 0 };

	for (; table && table->name; table++) {
		if (table->def) /* always valid: a unit test checks all tables */
			(void)setting_take(table, table->def, base, &why);
	}
}
