// SPDX-License-Identifier: BSD-2-Clause
#include "output/warning.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* False: it is another's. */
static bool say_in(struct warning_slot *slot, const char *text)
{
	if (atomic_exchange(&slot->taken, true))
		return false;
	(void)snprintf(slot->text, sizeof(slot->text), "%s", text); /* as long as text is */
	/* release: who sees it sees the text */
	atomic_store_explicit(&slot->said, slot->text, memory_order_release);
	return true;
}

void warning_set(struct warning *t, const char *fmt, ...)
{
	char text[WARNING_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* a sentence may be cut */
	va_end(ap);
	for (unsigned int n = 0; n < WARNING_MAX; n++) {
		const char *said = warning_get(t, n);

		if (said ? !strcmp(said, text) : say_in(&t->slots[n], text))
			return;
	}
}

const char *warning_get(const struct warning *t, unsigned int n)
{
	if (n >= WARNING_MAX)
		return NULL;
	return atomic_load_explicit(&t->slots[n].said, memory_order_acquire);
}
