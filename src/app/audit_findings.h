/* SPDX-License-Identifier: BSD-2-Clause */
/* What an audit found, in sentences: the first few of each kind, and how many more there were. */
#ifndef APP_AUDIT_FINDINGS_H
#define APP_AUDIT_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#define AUDIT_FINDINGS_MAX 20 /* of a kind */

/* The verdicts are also the exit codes. */
enum audit_verdict {
	AUDIT_WHOLE,
	AUDIT_INCOMPLETE, /* something is missing, and either accounted for or not to be known */
	AUDIT_BROKEN, /* the records contradict each other */
	AUDIT_VERDICT_MAX
};

enum audit_kind {
	AUDIT_KIND_FILE, /* it could not be read */
	AUDIT_KIND_LINE, /* that is no record */
	AUDIT_KIND_OTHERS, /* lines that other programs have written to a log */
	AUDIT_KIND_TORN,
	AUDIT_KIND_NULS,
	AUDIT_KIND_EMPTY,
	AUDIT_KIND_UNFINISHED,
	AUDIT_KIND_FAILED, /* the run itself says that it did */
	AUDIT_KIND_COPY, /* types of records that are not in it */
	AUDIT_KIND_LOST, /* samples that never became records */
	AUDIT_KIND_DROPPED, /* records that an output did not write */
	AUDIT_KIND_MISSING,
	AUDIT_KIND_TWICE,
	AUDIT_KIND_L1,
	AUDIT_KIND_L2,
	AUDIT_KIND_L3,
	AUDIT_KIND_L4,
	AUDIT_KIND_CPU_SEQ,
	AUDIT_KIND_TOTAL,
	AUDIT_KIND_TIME, /* of a capture's packets and intervals */
	AUDIT_KIND_MAX
};

struct audit_finding {
	enum audit_kind kind;
	enum audit_verdict verdict;
	char *text; /* owned; UTF-8 without control characters */
};

struct audit_findings {
	struct audit_finding *list; /* owned */
	size_t n;
	size_t cap;
	uint64_t found[AUDIT_KIND_MAX]; /* of each kind, listed or not */
	enum audit_verdict worst;
	int err; /* -ENOMEM: not all could be kept */
};

const char *audit_kind_name(enum audit_kind kind);

/* Control characters and bytes that are not UTF-8 are replaced by '?'. */
void audit_find(struct audit_findings *f, enum audit_kind kind, enum audit_verdict verdict,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* How many of this kind were found and are not listed. */
uint64_t audit_findings_more(const struct audit_findings *f, enum audit_kind kind);

void audit_findings_free(struct audit_findings *f);

#endif
