/* SPDX-License-Identifier: BSD-2-Clause */
/* A line to a typed record. Lines in exactly the form in which we write them go a fast way, which
 * takes only what it understood to the last byte; anything else (other white space, keys in another
 * order, keys that a pipeline has added) is read as any JSON is.
 */
#ifndef APP_AUDIT_RECORD_H
#define APP_AUDIT_RECORD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/audit_fields.h"
#include "line/line.h"

#define AUDIT_TIME_BYTES 32 /* of a time, with its NUL */
#define AUDIT_NAME_BYTES 320 /* of outputs and hosts; longer than any that line.c writes */

struct audit_record {
	enum line_type type;
	bool total;
	bool repeated;
	bool joined;
	bool capture; /* a start's: it is what the run reads */
	uint64_t run;
	uint64_t record_seq; /* not 0 */
	uint64_t values[AUDIT_KEY_MAX]; /* 0 for those that are absent */
	char name[AUDIT_NAME_BYTES]; /* a start's hostname, a sink's name, or "" */
	char time[AUDIT_TIME_BYTES];
	char interval_start[AUDIT_TIME_BYTES]; /* a snapshot's, or "" */
	char interval_end[AUDIT_TIME_BYTES];
	char sink[AUDIT_NAME_BYTES]; /* a start's: the output that it was made for, or "" */
};

/* The fast way, for packet and count records. False: not understood, and *ret is spoilt. */
bool audit_record_fast(const char *text, size_t len, struct audit_record *ret);

/* The other way. 0; -ENODATA: the text ends inside of the object; -EBADMSG: it is no record, and
 * why is in err; -ENOMEM.
 */
int audit_record_json(struct json_tokener *tok, const char *text, size_t len,
		      struct audit_record *ret, char *err, size_t err_cap);

#endif
