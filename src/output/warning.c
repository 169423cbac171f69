// SPDX-License-Identifier: BSD-2-Clause
#include "output/warning.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Store the text in a slot. False: another thread has claimed the slot. */
static bool claim_slot(struct warning_slot *slot, const char *text)
{
	if (atomic_exchange(&slot->claimed, true))
		return false;
	(void)snprintf(slot->text, sizeof(slot->text), "%s", text); /* same size as text */
	/* release: a thread that sees the pointer sees the text */
	atomic_store_explicit(&slot->published, slot->text, memory_order_release);
	return true;
}

void warning_set(struct warning *w, const char *fmt, ...)
{
	char text[WARNING_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* a long message is truncated */
	va_end(ap);
	for (unsigned int n = 0; n < WARNING_MAX; n++) {
		const char *published = warning_get(w, n);

		if (published ? !strcmp(published, text) : claim_slot(&w->slots[n], text))
			return;
	}
}

const char *warning_get(const struct warning *w, unsigned int n)
{
	if (n >= WARNING_MAX)
		return NULL;
	return atomic_load_explicit(&w->slots[n].published, memory_order_acquire);
}
