// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/log.h"
#include "base/text.h"

#define MESSAGE_BYTES 1000 /* with the newline: below PIPE_BUF, so a pipe takes it in one piece */
#define PATIENCE_MS   50 /* for a stderr that nobody reads; the ring is not drained meanwhile */

static enum log_level threshold = LOG_LEVEL_NOTICE;

static const char *const prefixes[] = {
	[LOG_LEVEL_ERROR] = "xdptail: error: ",
	[LOG_LEVEL_WARNING] = "xdptail: warning: ",
	[LOG_LEVEL_NOTICE] = "xdptail: ",
	[LOG_LEVEL_DEBUG] = "xdptail: debug: ",
};

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_set_verbosity(int verbose)
{
	if (verbose < 0)
		log_set_level(LOG_LEVEL_ERROR);
	else
		log_set_level(verbose > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE);
}

/* A text that was cut at len bytes is to show it, and not to end within a character. */
static size_t mark_cut(char *text, size_t len)
{
	static const char mark[] = { '.', '.', '.' };

	len -= sizeof(mark);
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	memcpy(text + len, mark, sizeof(mark));
	return len + sizeof(mark);
}

static void write_out(const char *text, size_t len)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	if (poll(&out, 1, PATIENCE_MS) != 1)
		return;
	do {
		n = write(STDERR_FILENO, text, len);
	} while (n < 0 && errno == EINTR);
}

__attribute__((format(printf, 2, 0))) static void put(enum log_level level, const char *fmt,
						      va_list args)
{
	const size_t prefix = strlen(prefixes[level]);
	const int saved = errno;
	char message[MESSAGE_BYTES];
	char *text = message + prefix;
	size_t room = sizeof(message) - prefix, len;
	int n;

	if (level > threshold)
		return;
	memcpy(message, prefixes[level], prefix);
	n = vsnprintf(text, room, fmt, args);
	len = n < 0 ? 0 : (size_t)n;
	if (len >= room)
		len = mark_cut(text, room - 1);
	text_mask(text, len); /* names and paths come from outside */
	text[len] = '\n'; /* over the NUL */
	write_out(message, prefix + len + 1);
	errno = saved;
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_ERROR, fmt, args);
	va_end(args);
}

void log_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_WARNING, fmt, args);
	va_end(args);
}

void log_notice(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_NOTICE, fmt, args);
	va_end(args);
}

void log_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(LOG_LEVEL_DEBUG, fmt, args);
	va_end(args);
}
