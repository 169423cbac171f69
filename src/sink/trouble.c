// SPDX-License-Identifier: BSD-2-Clause
#include "sink/trouble.h"

#include <stdarg.h>
#include <stdio.h>

void trouble_say(struct trouble *t, const char *fmt, ...)
{
	va_list ap;

	if (atomic_exchange(&t->taken, true))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(t->text, sizeof(t->text), fmt, ap); /* a sentence may be cut */
	va_end(ap);
	/* release: who sees it sees the text */
	atomic_store_explicit(&t->said, t->text, memory_order_release);
}

const char *trouble_said(const struct trouble *t)
{
	return atomic_load_explicit(&t->said, memory_order_acquire);
}
