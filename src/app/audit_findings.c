// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

static const char *const kind_names[] = {
	[AUDIT_KIND_FILE] = "file",
	[AUDIT_KIND_LINE] = "line",
	[AUDIT_KIND_OTHERS] = "others",
	[AUDIT_KIND_TORN] = "torn",
	[AUDIT_KIND_NULS] = "nuls",
	[AUDIT_KIND_EMPTY] = "empty",
	[AUDIT_KIND_UNFINISHED] = "unfinished",
	[AUDIT_KIND_FAILED] = "failed",
	[AUDIT_KIND_COPY] = "copy",
	[AUDIT_KIND_LOST] = "lost",
	[AUDIT_KIND_DROPPED] = "dropped",
	[AUDIT_KIND_MISSING] = "missing",
	[AUDIT_KIND_TWICE] = "twice",
	[AUDIT_KIND_L1] = "L1",
	[AUDIT_KIND_L2] = "L2",
	[AUDIT_KIND_L3] = "L3",
	[AUDIT_KIND_L4] = "L4",
	[AUDIT_KIND_CPU_SEQ] = "cpu_seq",
	[AUDIT_KIND_TOTAL] = "total",
	[AUDIT_KIND_TIME] = "time",
};
_Static_assert(ARRAY_SIZE(kind_names) == AUDIT_KIND_MAX, "a name for each");

const char *audit_kind_name(enum audit_kind kind)
{
	return kind_names[kind];
}

static int append_finding(struct audit_findings *f, const struct audit_finding *finding)
{
	size_t cap = f->cap ? f->cap * 2 : 4;
	struct audit_finding *list = f->list;

	if (f->n == f->cap) {
		list = reallocarray(list, cap, sizeof(*list));
		if (!list)
			return -ENOMEM;
		f->list = list;
		f->cap = cap;
	}
	list[f->n++] = *finding;
	return 0;
}

void audit_find(struct audit_findings *f, enum audit_kind kind, enum audit_verdict verdict,
		const char *fmt, ...)
{
	struct audit_finding finding = { .kind = kind, .verdict = verdict };
	va_list args;
	int len;

	if (verdict > f->worst)
		f->worst = verdict;
	if (f->found[kind]++ >= AUDIT_FINDINGS_MAX)
		return;
	va_start(args, fmt);
	len = vasprintf(&finding.text, fmt, args);
	va_end(args);
	if (len < 0) {
		f->err = -ENOMEM;
		return;
	}
	text_mask(finding.text, strlen(finding.text)); /* names of files are any bytes */
	if (append_finding(f, &finding)) {
		free(finding.text);
		f->err = -ENOMEM;
	}
}

uint64_t audit_findings_more(const struct audit_findings *f, enum audit_kind kind)
{
	return f->found[kind] > AUDIT_FINDINGS_MAX ? f->found[kind] - AUDIT_FINDINGS_MAX : 0;
}

void audit_findings_free(struct audit_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].text);
	free(f->list);
	*f = (struct audit_findings){ 0 };
}
