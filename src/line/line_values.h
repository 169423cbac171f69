/* SPDX-License-Identifier: BSD-2-Clause */
/* The other way round: keys and values of a line of our own, in order, for outputs that want some
 * of them by name beside the line. Pure; copies nothing until asked for a text without escapes.
 *
 * It reads what line.c writes, one flat object, and makes no more of other texts than to end early;
 * it never reads beyond them.
 */
#ifndef LINE_LINE_VALUES_H
#define LINE_LINE_VALUES_H

#include <stdbool.h>
#include <stddef.h>

enum line_value_type {
	LINE_VALUE_STRING,
	LINE_VALUE_PLAIN, /* a number, true, false or null */
	LINE_VALUE_LIST
};

/* Everything points into the line. */
struct line_value {
	const char *key;
	size_t key_len;
	const char *text; /* as it stands there; of a string: between its quotes */
	size_t len;
	enum line_value_type type;
	bool escaped; /* text has escapes: line_value_text() undoes them */
};

struct line_values {
	const char *pos; /* behind what was read */
	const char *end; /* behind the brace that closes the object */
};

/* text, of len bytes, with or without its newline, is borrowed until the last line_values_next().
 */
void line_values_begin(struct line_values *ret, const char *text, size_t len);

/* The next value: the first of every line is its timestamp. False when there is none, and then pos
 * is at end, if the whole line was read.
 */
bool line_values_next(struct line_values *v, struct line_value *ret);

/* The text without escapes, in UTF-8, and no NUL behind it; an escape that stands for no character
 * becomes U+FFFD. ret holds value->len bytes, which is always enough. Returns the length.
 */
size_t line_value_text(const struct line_value *value, char *ret);

/* Is this one of the keys by which records are looked up: addresses, ports, types, causes; but not
 * what is another in each record, as numbers, sums and times are?
 */
bool line_value_is_index(const struct line_value *value);

#endif
