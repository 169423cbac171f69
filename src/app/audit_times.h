/* SPDX-License-Identifier: BSD-2-Clause */
/* In a run that reads a capture, are the packets of each interval between its start and its end?
 * That is known where all of them were read in order, between one snapshot and the next.
 */
#ifndef APP_AUDIT_TIMES_H
#define APP_AUDIT_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "app/audit_findings.h"
#include "app/audit_record.h"

struct audit_times {
	bool capture; /* is what the run reads */
	/* since the last snapshot, a number of packets: others may be of other intervals */
	bool skipped;
	uint64_t snapshot; /* number of the last one */
	uint64_t packet; /* number of the last one */
	char from[AUDIT_TIME_BYTES]; /* the earliest since the last snapshot; "": there was none */
	char to[AUDIT_TIME_BYTES]; /* the latest */
};

/* A record of the run, each once; repeated starts may be among them. */
void audit_times_take(struct audit_times *t, const struct audit_record *record,
		      struct audit_findings *f);

#endif
