/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a record line back: keys and values in order, for outputs that need some of them by name.
 * Nothing is copied until a text without escapes is asked for.
 *
 * A line is one flat object. For any other text the values end early.
 */
#ifndef RECORD_RECORD_VALUES_H
#define RECORD_RECORD_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "json/reader.h"

enum record_value_type {
	RECORD_VALUE_STRING,
	RECORD_VALUE_PLAIN, /* a number, true, false or null */
	RECORD_VALUE_LIST
};

/* The pointers of a value point into the line. */
struct record_value {
	const char *key;
	size_t key_len;
	const char *text; /* as in the line; for a string: the bytes between its quotes */
	size_t len;
	enum record_value_type type;
	bool escaped; /* text has escapes; record_value_text() decodes them */
};

struct record_values {
	struct json_reader reader;
	bool whole; /* the line was read to its end, and is one object */
};

/* text, of len bytes, with or without its newline, is borrowed until the last call of
 * record_values_next().
 */
void record_values_begin(struct record_values *ret, const char *text, size_t len);

/* Reads the next value; the first of every line is its timestamp. Returns false when there is none.
 */
bool record_values_next(struct record_values *v, struct record_value *ret);

/* Decodes the escapes of a value into UTF-8, without a NUL; an escape that stands for no character
 * becomes U+FFFD. ret holds value->len bytes, which is always enough. Returns the length.
 */
size_t record_value_text(const struct record_value *value, char *ret);

/* Is this one of the keys by which records are looked up, such as addresses, ports, types and
 * causes? Keys with another value in each record, such as numbers, sums and times, are not.
 */
bool record_value_is_index(const struct record_value *value);

#endif
