/* SPDX-License-Identifier: BSD-2-Clause */
/* Diagnostics: sentences on stderr, "xdptail: …", never a line that begins with '<' (journald
 * would read a priority), never on stdout. Only src/app/ logs, and each thing once. errno is kept.
 */
#ifndef APP_LOG_H
#define APP_LOG_H

enum log_level {
	LOG_LEVEL_ERROR, /* -q shows nothing else */
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE, /* the default: where we listen, and the last line */
	LOG_LEVEL_DEBUG, /* -v */
};

void log_set_level(enum log_level level);

/* The level that so many -v (or, below 0, -q) ask for. */
void log_set_verbosity(int verbose);

/* One write of one line. What comes from outside cannot forge another: control characters become
 * '?'. A stderr that takes nothing is given up on, for this message, after 50 ms.
 */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
