/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of an audit: the runs read from files in any order, and the findings that belong to no
 * run.
 */
#ifndef APP_AUDIT_STATE_H
#define APP_AUDIT_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "app/audit_fast.h"
#include "app/audit_findings.h"
#include "app/audit_runs.h"
#include "json/tree.h"

struct audit_state {
	struct audit_fast *fast; /* owned */
	struct json_tree tree; /* owned; of the last line that was read by it */
	struct audit_runs runs;
	uint64_t files;
	uint64_t unread; /* files that could not be read to their end */
	uint64_t records;
	uint64_t others; /* lines of a log that are not ours */
	struct audit_findings findings;
};

int audit_state_init(struct audit_state *state); /* 0 or -ENOMEM */
void audit_state_free(struct audit_state *state);

/* Read a file; "-" is stdin. 0, or -errno when it could not be read to its end: then that is among
 * the findings, and what was read counts. -ENOMEM: give up.
 */
int audit_state_read(struct audit_state *state, const char *path);

/* The text for an error of audit_state_read(). */
const char *audit_state_reason(int err);

/* Check all runs; call it once, after the last file. Returns the worst verdict of all findings. */
enum audit_verdict audit_state_check(struct audit_state *state);

#endif
