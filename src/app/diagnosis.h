/* SPDX-License-Identifier: BSD-2-Clause */
/* What a probe means for a user: findings, each with what to do about it. Pure. */
#ifndef APP_DIAGNOSIS_H
#define APP_DIAGNOSIS_H

#include <stddef.h>

#include "xdptail.h"

#define DIAGNOSIS_FINDINGS_MAX 32

enum diagnosis_result {
	DIAGNOSIS_OK,
	DIAGNOSIS_WARNING, /* counting works, but not as well as it might, or not all is known */
	DIAGNOSIS_PROBLEM, /* it does not */
	DIAGNOSIS_RESULT_MAX
};

struct finding {
	const char *check; /* static: "ring_buffer" */
	enum diagnosis_result result;
	char text[600]; /* printable ASCII */
	char advice[256]; /* what to do; "": nothing, or text says it */
};

struct diagnosis {
	struct finding list[DIAGNOSIS_FINDINGS_MAX];
	size_t n;
};

const char *diagnosis_result_name(enum diagnosis_result result);

/* In the order in which they depend on each other. There is a problem if, and only if, an err of
 * the probe is not 0.
 */
void diagnose(const struct xdptail_probe *p, struct diagnosis *ret);

#endif
