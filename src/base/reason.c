// SPDX-License-Identifier: BSD-2-Clause
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>

void reason_clear(struct reason *r)
{
	r->text[0] = '\0';
}

int reason_set(struct reason *r, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return err;
}
