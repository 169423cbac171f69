// SPDX-License-Identifier: BSD-2-Clause
/* libbpf's messages, for a caller who wants them: the callback is of the whole process, and not the
 * library's to set unasked.
 */
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "xdptail.h"

#define MESSAGE_BYTES 1024

static xdptail_log_fn take_fn; /* NULL: nobody wants them */
static void *take_arg;

/* libbpf_print_fn_t */
__attribute__((format(printf, 2, 0))) static int on_message(enum libbpf_print_level level,
							    const char *fmt, va_list args)
{
	char text[MESSAGE_BYTES];
	char *rest = text;

	if (level == LIBBPF_DEBUG || !take_fn)
		return 0;
	(void)vsnprintf(text, sizeof(text), fmt, args); /* cut short is good enough */
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (*line)
			take_fn(take_arg, line);
	}
	return 0;
}

void xdptail_messages_take(xdptail_log_fn fn, void *arg)
{
	take_fn = fn;
	take_arg = arg;
	(void)libbpf_set_print(on_message);
}
