/* SPDX-License-Identifier: BSD-2-Clause */
/* One key=value of an output: a row has its name, where its value is stored, and the allowed
 * values.
 */
#ifndef OUTPUT_SETTING_H
#define OUTPUT_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/* bytes of the member that a SETTING_TEXT fills, including the NUL */
#define SETTING_TEXT_BYTES 64

enum setting_type {
	SETTING_BYTES, /* uint64_t, like all numbers here: NUMBER_BYTES */
	SETTING_SECONDS, /* NUMBER_SECONDS */
	SETTING_NUMBER, /* NUMBER_PLAIN */
	SETTING_CHOICE, /* uint64_t: the value of one of choices */
	SETTING_LIST, /* uint64_t: a bit (1 << value) for each of choices that is named */
	SETTING_TEXT, /* char[SETTING_TEXT_BYTES]; printable ASCII without blanks */
};

struct setting_choice {
	const char *name; /* NULL ends a list */
	unsigned int value;
};

struct setting {
	const char *name; /* NULL ends a table */
	enum setting_type type;
	size_t offset; /* offset of the member that it fills */
	uint64_t min; /* for SETTING_TEXT: bytes */
	uint64_t max;
	const struct setting_choice *choices;
	const char *def; /* default; NULL: zero */
};

/* Find a row by its name. NULL: there is none. */
const struct setting *setting_find(const struct setting *table, const char *name, size_t len);

/* Parse a value, and store it in the struct at base. 0, or -EINVAL with a message in err that has
 * the name of the setting, the value and what is allowed.
 */
int setting_take(const struct setting *row, const char *value, void *base, struct reason *why);

/* Print a value in the form that setting_take() parses; "" if it is not set. */
void setting_print(const struct setting *row, const void *base, char *ret, size_t cap);
bool setting_is_number(const struct setting *row);

/* Store all defaults of a table. */
void setting_defaults(const struct setting *table, void *base);

#endif
