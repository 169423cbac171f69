/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of one file, gzip or not, or of stdin, as lines. Memory is bounded whatever the file
 * holds.
 */
#ifndef APP_AUDIT_READER_H
#define APP_AUDIT_READER_H

#include <stddef.h>
#include <stdint.h>

#define AUDIT_LINE_BYTES 65536 /* longer ones are not read */

enum audit_line_form {
	AUDIT_LINE_WHOLE,
	AUDIT_LINE_CUT, /* the file ends without a newline */
	AUDIT_LINE_LONG, /* more than AUDIT_LINE_BYTES: it has no text */
};

struct audit_line {
	const char *text; /* borrowed, until the next line; no newline, no NUL behind it */
	size_t len;
	uint64_t number; /* in the file, from 1 */
	uint64_t nuls; /* NUL bytes before the text; they are not part of it */
	enum audit_line_form form;
};

struct audit_reader;

/* path "-" is stdin. 0 or -errno. */
int audit_reader_open(struct audit_reader **ret, const char *path);

/* 1: a line; 0: the end; -EBADMSG: compressed data is damaged; -ENODATA: it ends early; -errno. */
int audit_reader_next(struct audit_reader *r, struct audit_line *ret);

void audit_reader_close(struct audit_reader *r); /* NULL is fine */

#endif
