/* SPDX-License-Identifier: BSD-2-Clause */
/* The other way round: keys and values of a line of our own, in order, for outputs that want some
 * of them by name beside the line. Pure; copies nothing until asked for a text without escapes.
 *
 * It reads what line.c writes, one flat object, and makes no more of other texts than to end early;
 * it never reads beyond them.
 */
#ifndef RECORD_RECORD_VALUES_H
#define RECORD_RECORD_VALUES_H

#include <stdbool.h>
#include <stddef.h>

enum record_value_type {
	RECORD_VALUE_STRING,
	RECORD_VALUE_PLAIN, /* a number, true, false or null */
	RECORD_VALUE_LIST
};

/* Everything points into the line. */
struct record_value {
	const char *key;
	size_t key_len;
	const char *text; /* as it stands there; of a string: between its quotes */
	size_t len;
	enum record_value_type type;
	bool escaped; /* text has escapes: record_value_text() undoes them */
};

struct record_values {
	const char *pos; /* behind what was read */
	const char *end; /* behind the brace that closes the object */
};

/* text, of len bytes, with or without its newline, is borrowed until the last record_values_next().
 */
void record_values_begin(struct record_values *ret, const char *text, size_t len);

/* The next value: the first of every line is its timestamp. False when there is none, and then pos
 * is at end, if the whole line was read.
 */
bool record_values_next(struct record_values *v, struct record_value *ret);

/* The text without escapes, in UTF-8, and no NUL behind it; an escape that stands for no character
 * becomes U+FFFD. ret holds value->len bytes, which is always enough. Returns the length.
 */
size_t record_value_text(const struct record_value *value, char *ret);

/* Is this one of the keys by which records are looked up: addresses, ports, types, causes; but not
 * what is another in each record, as numbers, sums and times are?
 */
bool record_value_is_index(const struct record_value *value);

#endif
