// SPDX-License-Identifier: BSD-2-Clause
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void reason_add(struct reason *r, const char *fmt, ...)
{
	const size_t used = strlen(r->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r->text + used, sizeof(r->text) - used, fmt, ap);
	va_end(ap);
}
