// SPDX-License-Identifier: BSD-2-Clause
/* libbpf's messages, for a caller that asks for them. The callback is one for the whole process, so
 * the library does not set it by itself.
 */
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "xdptail.h"

#define MESSAGE_BYTES 1024

static xdptail_log_fn message_fn; /* NULL: messages are dropped */
static void *message_arg;

/* libbpf_print_fn_t: passes one message on. */
__attribute__((format(printf, 2, 0))) static int on_message(enum libbpf_print_level level,
							    const char *fmt, va_list args)
{
	char text[MESSAGE_BYTES];
	char *rest = text;

	if (level == LIBBPF_DEBUG || !message_fn)
		return 0;
	(void)vsnprintf(text, sizeof(text), fmt, args); /* a message may be cut */
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (*line)
			message_fn(message_arg, line);
	}
	return 0;
}

void xdptail_messages_take(xdptail_log_fn fn, void *arg)
{
	message_fn = fn;
	message_arg = arg;
	(void)libbpf_set_print(on_message);
}
