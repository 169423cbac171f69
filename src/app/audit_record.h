/* SPDX-License-Identifier: BSD-2-Clause */
/* A line to a typed record, as any JSON is read, and with the reason when it is none. audit_fast.h
 * is the way that most lines go.
 */
#ifndef APP_AUDIT_RECORD_H
#define APP_AUDIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "app/audit_fields.h"
#include "json/tree.h"
#include "record/record.h"

#define AUDIT_TIME_BYTES 32 /* of a time, with its NUL */
#define AUDIT_NAME_BYTES 320 /* of what is a record's name; longer than any that line.c writes */

/* Texts are "" where they are absent. */
struct audit_record {
	enum record_type type;
	uint64_t run;
	uint64_t record_seq; /* not 0 */
	uint64_t values[AUDIT_KEY_MAX]; /* 0 for those that are absent */
	char time[AUDIT_TIME_BYTES];
	char interval_start[AUDIT_TIME_BYTES]; /* a snapshot's */
	char interval_end[AUDIT_TIME_BYTES];
	char name[AUDIT_NAME_BYTES]; /* a start's hostname, a sink's name, a stop's reason */
	char sink[AUDIT_NAME_BYTES]; /* a start's: the output that it was made for */
};

void audit_record_begin(struct audit_record *ret);

/* 0; -ENODATA: the text ends inside of the object; -EBADMSG: it is no record, and
 * why is in err; -ENOMEM. tree is the caller's, to be used for the next text, too.
 */
int audit_record_json(struct json_tree *tree, const char *text, size_t len,
		      struct audit_record *ret, struct reason *why);

#endif
