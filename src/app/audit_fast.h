/* SPDX-License-Identifier: BSD-2-Clause */
/* The way that most lines go to a record: their bytes are looked at once, and nothing is built.
 * Keys may stand in any order, and others among them, as pipelines leave them; what is learned from
 * a line is the order, so that the next one's keys are where they are expected.
 */
#ifndef APP_AUDIT_FAST_H
#define APP_AUDIT_FAST_H

#include <stdbool.h>
#include <stddef.h>

#include "app/audit_record.h"

struct audit_fast;

int audit_fast_new(struct audit_fast **ret); /* 0 or -ENOMEM */
void audit_fast_free(struct audit_fast *f); /* NULL is fine */

/* What this takes, audit_record_json() takes, too, as the same record. False: it is not understood,
 * which says nothing about it; *ret is spoilt.
 */
bool audit_fast_read(struct audit_fast *f, const char *text, size_t len, struct audit_record *ret);

#endif
