/* SPDX-License-Identifier: BSD-2-Clause */
/* Encodes a line as an entry of the systemd journal, in its native protocol: a datagram of fields,
 * each NAME=value and a newline, or NAME, a newline, 64 bits of length in little-endian order, the
 * value and a newline (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). Pure functions.
 *
 * MESSAGE is the line itself, and comes last: the newline that ends the line ends the datagram, so
 * only the header, all that precedes the line, has to be made.
 */
#ifndef OUTPUT_JOURNAL_ENTRY_H
#define OUTPUT_JOURNAL_ENTRY_H

#include <stddef.h>

#include "record/record.h"
#include "output/queue.h"

#define JOURNAL_FIXED_BYTES 256 /* bytes of a header that all lines of a type share */
/* In the worst case all values are numbers of one digit or strings of one newline, and a field has
 * less than three times the bytes that it has in the line. A field that would not fit is left out.
 */
#define JOURNAL_HEADER_BYTES (JOURNAL_FIXED_BYTES + 3 * RECORD_MAX_BYTES)

enum journal_fields {
	JOURNAL_FIELDS_INDEX, /* the fields by which records are looked up */
	JOURNAL_FIELDS_ALL, /* takes space in the journal, most of all for each new value */
	JOURNAL_FIELDS_NONE /* only those of syslog, and MESSAGE_ID */
};

struct journal_form {
	enum journal_fields fields;
	struct {
		char text[JOURNAL_FIXED_BYTES];
		size_t len;
	} fixed[RECORD_TYPE_MAX];
};

/* Prepare the constant fields. tag: SYSLOG_IDENTIFIER, shorter than SETTING_TEXT_BYTES. pid:
 * SYSLOG_PID.
 */
void journal_form_init(struct journal_form *ret, const char *tag, int pid,
		       enum journal_fields fields);

/* Write the header of an entry, all that precedes the line. Returns its length. */
size_t journal_header(const struct journal_form *form, const struct queue_line *line,
		      char ret[JOURNAL_HEADER_BYTES]);

#endif
