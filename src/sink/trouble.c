// SPDX-License-Identifier: BSD-2-Clause
#include "sink/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* False: it is another's. */
static bool say_in(struct trouble_slot *slot, const char *text)
{
	if (atomic_exchange(&slot->taken, true))
		return false;
	(void)snprintf(slot->text, sizeof(slot->text), "%s", text); /* as long as text is */
	/* release: who sees it sees the text */
	atomic_store_explicit(&slot->said, slot->text, memory_order_release);
	return true;
}

void trouble_say(struct trouble *t, const char *fmt, ...)
{
	char text[TROUBLE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* a sentence may be cut */
	va_end(ap);
	for (unsigned int n = 0; n < TROUBLE_MAX; n++) {
		const char *said = trouble_said(t, n);

		if (said ? !strcmp(said, text) : say_in(&t->slots[n], text))
			return;
	}
}

const char *trouble_said(const struct trouble *t, unsigned int n)
{
	if (n >= TROUBLE_MAX)
		return NULL;
	return atomic_load_explicit(&t->slots[n].said, memory_order_acquire);
}
