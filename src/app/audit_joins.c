// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_joins.h"

#include <errno.h>
#include <stdlib.h>

#define ALL_TYPES ((UINT32_C(1) << RECORD_TYPE_MAX) - 1)
#define MARKS_MIN 8
_Static_assert(RECORD_TYPE_MAX < 32, "a bit each");

void audit_joins_free(struct audit_joins *j)
{
	free(j->marks);
	*j = (struct audit_joins){ 0 };
}

static int add_mark(struct audit_joins *j, const struct audit_mark *mark)
{
	size_t cap = j->cap ? j->cap * 2 : MARKS_MIN;
	struct audit_mark *marks = j->marks;

	if (j->n == j->cap) {
		marks = reallocarray(marks, cap, sizeof(*marks));
		if (!marks)
			return -ENOMEM;
		j->marks = marks;
		j->cap = cap;
	}
	marks[j->n++] = *mark;
	return 0;
}

static void close_join(struct audit_joins *j)
{
	for (int type = 0; type < RECORD_TYPE_MAX; type++)
		j->open[type] += j->joining >> type & 1;
	j->joining = 0;
}

/* Files that were joined into one begin where a start record has the number of a file. */
static void begin_file(struct audit_joins *j, uint64_t file)
{
	close_join(j);
	j->file = file;
	j->first = ALL_TYPES;
}

int audit_joins_take(struct audit_joins *j, const struct audit_record *record, uint64_t file)
{
	uint32_t bit = UINT32_C(1) << record->type;
	struct audit_mark mark = { .number = record->record_seq, .type = record->type };

	if (j->file != file || record->values[AUDIT_FILE])
		begin_file(j, file);
	if (record->values[AUDIT_JOINED]) {
		close_join(j);
		j->joining = ALL_TYPES & ~bit;
		j->any = true;
	}
	if (record->values[AUDIT_REPEATED] || !((j->first | j->joining) & bit))
		return 0;
	mark.joined = j->joining & bit;
	j->first &= ~bit;
	j->joining &= ~bit;
	return record->record_seq > 1 ? add_mark(j, &mark) : 0; /* nothing was before the first */
}

static int compare_joins(const void *a, const void *b)
{
	const struct audit_mark *left = a;
	const struct audit_mark *right = b;

	if (left->type != right->type)
		return left->type < right->type ? -1 : 1;
	return (left->number > right->number) - (left->number < right->number);
}

void audit_joins_settle(struct audit_joins *j)
{
	close_join(j);
	if (j->n)
		qsort(j->marks, j->n, sizeof(*j->marks), compare_joins);
}

bool audit_joins_explain(const struct audit_joins *j, enum record_type type, uint64_t number,
			 uint64_t *open)
{
	const struct audit_mark key = { .number = number, .type = type };
	const struct audit_mark *mark = NULL;

	if (number && j->n)
		mark = bsearch(&key, j->marks, j->n, sizeof(key), compare_joins);
	if (mark && mark->joined)
		return true;
	if ((number && !mark) || !*open)
		return false;
	--*open;
	return true;
}
