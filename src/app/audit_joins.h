/* SPDX-License-Identifier: BSD-2-Clause */
/* Which gaps in a copy are there because its output was not part of the run at the time: a reload
 * adds outputs, and takes them away, and brings them back. Such a gap ends where a start record
 * with "joined" says that the output came; of each type it ends with the first record behind that.
 * If that is not in the same file, it is the first of its type in one of the files that come later.
 */
#ifndef APP_AUDIT_JOINS_H
#define APP_AUDIT_JOINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/audit_ranges.h"
#include "app/audit_record.h"

/* The number of a record before which a gap may be of that kind. */
struct audit_mark {
	uint64_t number;
	enum record_type type;
	bool joined; /* behind a joined start in its file; else it is only its type's first there */
};

struct audit_joins {
	struct audit_mark *marks; /* owned; in order once they are settled */
	size_t n;
	size_t cap;
	uint64_t file; /* that is being read */
	uint32_t first; /* types of which no record has come in it, a bit each */
	uint32_t joining; /* types without a record since the joined start, a bit each */
	bool any; /* a joined start was read */
	uint64_t open[RECORD_TYPE_MAX]; /* joined starts behind which none of the type has come */
};

void audit_joins_free(struct audit_joins *j);

/* A record that was not read before, or a start that is repeated, as it stands in a file (a number,
 * from 1). 0 or -ENOMEM.
 */
int audit_joins_take(struct audit_joins *j, const struct audit_record *record, uint64_t file);

/* When everything was read, once. */
void audit_joins_settle(struct audit_joins *j);

/* Is a gap before a record of this type, or with 0 behind the last one, because of a join? Each gap
 * is to be asked for once, for each explains one that is open; *open is j->open[type] before the
 * first.
 */
bool audit_joins_explain(const struct audit_joins *j, enum record_type type, uint64_t number,
			 uint64_t *open);

#endif
