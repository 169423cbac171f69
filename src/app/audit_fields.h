/* SPDX-License-Identifier: BSD-2-Clause */
/* What the stream promises of every key: its type, and what it counts.
 *
 * The keys are listed here once more, apart from line.c, on purpose: an audit that took them from
 * the writer would take its mistakes, too.
 */
#ifndef APP_AUDIT_FIELDS_H
#define APP_AUDIT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

#define AUDIT_NUMBER_LIMIT (UINT64_C(1) << 53) /* from here on a string */

/* Numbers that matter. Those of one law stand together, in the order of its terms. */
enum audit_key {
	AUDIT_REPEATED, /* as the next three, 1 when it is true, or there */
	AUDIT_IS_CAPTURE,
	AUDIT_JOINED,
	AUDIT_IS_TOTAL,
	AUDIT_EXIT,
	AUDIT_FILE,
	AUDIT_CPU,
	AUDIT_CPU_SEQ,
	AUDIT_SNAPSHOT,
	AUDIT_PACKETS,
	AUDIT_BYTES,

	AUDIT_SEEN, /* L1 */
	AUDIT_NOT_IP,
	AUDIT_NO_SOURCE,
	AUDIT_UNDETERMINED,
	AUDIT_NOT_SELECTED,
	AUDIT_COUNTED,
	AUDIT_COUNTED_BYTES,
	AUDIT_LISTED,
	AUDIT_UNLISTED_PACKETS,
	AUDIT_UNLISTED_BYTES,
	AUDIT_UNATTRIBUTED_PACKETS,
	AUDIT_UNATTRIBUTED_BYTES,
	AUDIT_UNATTRIBUTED_FULL,
	AUDIT_UNATTRIBUTED_BUSY,
	AUDIT_UNATTRIBUTED_NO_MEMORY,
	AUDIT_UNATTRIBUTED_OTHER,

	AUDIT_SAMPLED, /* L3 */
	AUDIT_DELIVERED,
	AUDIT_LOST_RING_FULL,
	AUDIT_LOST_NO_BUFFER,
	AUDIT_LOST_OTHER,
	AUDIT_LOST_UNDECODABLE,
	AUDIT_DISCARDED,

	AUDIT_MADE, /* L4 */
	AUDIT_WRITTEN,
	AUDIT_FILTERED,
	AUDIT_DROPPED_QUEUE_FULL,
	AUDIT_DROPPED_ERROR,
	AUDIT_QUEUED,

	AUDIT_KEY_MAX
};

enum audit_field_type {
	AUDIT_FIELD_U8,
	AUDIT_FIELD_U16,
	AUDIT_FIELD_U32,
	AUDIT_FIELD_U64,
	AUDIT_FIELD_INT, /* signed; as a string where it is large */
	AUDIT_FIELD_BOOL,
	AUDIT_FIELD_IP,
	AUDIT_FIELD_FLAGS,
	AUDIT_FIELD_TIME,
	AUDIT_FIELD_TEXT,
	AUDIT_FIELD_LIST, /* of strings */
};

/* What a key of some type of record has to be. */
struct audit_field {
	const char *key;
	const char *intro; /* what stands before its value */
	size_t intro_len;
	enum audit_field_type type;
	enum audit_key to; /* AUDIT_KEY_MAX: the value is only checked */
	bool required; /* no law could be checked without it */
	uint16_t keep_at; /* where in the record the text is kept, … */
	uint16_t keep_bytes; /* how many bytes of it are kept, its NUL included; 0: none */
};

/* In the order in which line.c writes them, behind the four that every record has. */
const struct audit_field *audit_fields(enum record_type type, size_t *ret_n);

const char *audit_key_name(enum audit_key key);

/* The forms of strings. */
bool audit_is_time(const char *text, size_t len);
bool audit_is_ip(const char *text, size_t len);
bool audit_is_flags(const char *text, size_t len);
bool audit_is_run(const char *text, size_t len, uint64_t *ret);

/* The highest number of an unsigned type. */
uint64_t audit_field_max(enum audit_field_type type);

#endif
