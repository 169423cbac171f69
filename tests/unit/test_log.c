// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "app/log.h"

#define LIMIT	      1000
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

typedef void (*log_fn)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static const log_fn functions[] = {
	[LOG_LEVEL_ERROR] = log_error,
	[LOG_LEVEL_WARNING] = log_warning,
	[LOG_LEVEL_NOTICE] = log_notice,
	[LOG_LEVEL_DEBUG] = log_debug,
};

/* What log(text) writes to stderr, as a string. In packet mode a read of the pipe returns what one
 * write put there, so a message in two pieces shows as a message that is cut. Returns its length.
 */
static size_t capture(log_fn log, const char *text, char *ret, size_t cap)
{
	const int saved = dup(STDERR_FILENO);
	ssize_t n, more;
	char rest[8];
	int ends[2];

	cr_assert_eq(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log("%s", text);
	cr_assert_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	n = read(ends[0], ret, cap - 1);
	more = read(ends[0], rest, sizeof(rest));
	cr_expect(more < 0, "got a second write of %zd bytes, want one write", more);
	ret[n > 0 ? n : 0] = '\0';
	close(saved);
	close(ends[0]);
	close(ends[1]);
	return n > 0 ? (size_t)n : 0;
}

Test(log, level_decides)
{
	static const char *const want[] = {
		[LOG_LEVEL_ERROR] = "xdptail: error: disk \"a\" is full\n",
		[LOG_LEVEL_WARNING] = "xdptail: warning: disk \"a\" is full\n",
		[LOG_LEVEL_NOTICE] = "xdptail: disk \"a\" is full\n",
		[LOG_LEVEL_DEBUG] = "xdptail: debug: disk \"a\" is full\n",
	};

	for (size_t set = 0; set < ARRAY_SIZE(functions); set++) {
		for (size_t level = 0; level < ARRAY_SIZE(functions); level++) {
			const char *line = level <= set ? want[level] : "";
			char got[2 * LIMIT];

			log_set_level((enum log_level)set);
			(void)capture(functions[level], "disk \"a\" is full", got, sizeof(got));
			cr_expect(strcmp(got, line) == 0,
				  "level %zu of %zu: got \"%s\", want \"%s\"", level, set, got,
				  line);
		}
	}
}

Test(log, notices_by_default)
{
	char got[LIMIT];

	(void)capture(log_notice, "a", got, sizeof(got));
	cr_expect_str_eq(got, "xdptail: a\n");
	(void)capture(log_debug, "a", got, sizeof(got));
	cr_expect_str_eq(got, "");
}

Test(log, nothing_can_be_forged)
{
	static const struct {
		const char *name;
		const char *text;
		const char *want;
	} cases[] = {
		{ "empty", "", "xdptail: \n" },
		{ "newline", "a\nxdptail: error: b", "xdptail: a?xdptail: error: b\n" },
		{ "priority", "\n<0>panic", "xdptail: ?<0>panic\n" },
		{ "at the end", "a\n", "xdptail: a?\n" },
		{ "return", "a\rb", "xdptail: a?b\n" },
		{ "tab", "a\tb", "xdptail: a?b\n" },
		{ "escape", "a\033[2Jb", "xdptail: a?[2Jb\n" },
		{ "delete", "a\177b", "xdptail: a?b\n" },
		{ "C1 in UTF-8", "a\302\233b\302\205", "xdptail: a??b??\n" },
		{ "UTF-8 is kept", "\302\240\303\251\342\202\254",
		  "xdptail: \302\240\303\251\342\202\254\n" },
		{ "half a character", "a\302", "xdptail: a?\n" },
		{ "conversions are text", "%s%n%d", "xdptail: %s%n%d\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[LIMIT];

		(void)capture(log_notice, cases[i].text, got, sizeof(got));
		cr_expect(strcmp(got, cases[i].want) == 0, "%s: got \"%s\", want \"%s\"",
			  cases[i].name, got, cases[i].want);
	}
}

Test(log, every_length)
{
	const size_t prefix = strlen("xdptail: ");
	char text[LIMIT + 100], got[2 * LIMIT];

	for (size_t len = LIMIT - 50; len < sizeof(text); len++) {
		const size_t whole = prefix + len + 1;
		const size_t want = whole < LIMIT ? whole : LIMIT;
		size_t n;

		memset(text, 'x', len);
		text[len] = '\0';
		n = capture(log_notice, text, got, sizeof(got));
		cr_expect_eq(n, want, "length %zu: got %zu bytes, want %zu", len, n, want);
		cr_expect_eq(got[n - 1], '\n', "length %zu: no newline at the end", len);
		cr_expect_eq(strcmp(got + n - 5, "x...\n") == 0, whole > LIMIT,
			     "length %zu: got an end \"%s\"", len, got + n - 5);
	}
}

/* Whatever its place, a character of three bytes is kept whole or left out. */
Test(log, a_cut_keeps_characters_whole)
{
	static const char character[] = { '\342', '\202', '\254' };
	char text[LIMIT + 100] = "", got[2 * LIMIT];

	for (size_t shift = 0; shift < sizeof(character); shift++) {
		size_t n, at = shift;

		memset(text, 'x', shift);
		for (; at + sizeof(character) < sizeof(text); at += sizeof(character))
			memcpy(text + at, character, sizeof(character));
		text[at] = '\0';
		n = capture(log_notice, text, got, sizeof(got));
		cr_expect(n <= LIMIT && n > LIMIT - 4, "shift %zu: got %zu bytes", shift, n);
		cr_expect_eq(memcmp(got + n - 7, "\342\202\254...\n", 7), 0,
			     "shift %zu: got an end \"%s\"", shift, got + n - 7);
	}
}

Test(log, errno_is_kept)
{
	char got[LIMIT];

	errno = ENOSPC;
	log_debug("not shown");
	cr_expect_eq(errno, ENOSPC, "not shown: got %d, want %d", errno, ENOSPC);

	errno = ENOENT;
	(void)capture(log_error, "shown", got, sizeof(got));
	cr_expect_str_eq(got, "xdptail: error: shown\n");

	close(STDERR_FILENO);
	errno = ENOENT;
	log_error("no stderr");
	cr_expect_eq(errno, ENOENT, "no stderr: got %d, want %d", errno, ENOENT);
}

Test(log, errno_is_still_there_to_be_named)
{
	char got[LIMIT] = "";
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	errno = ENOENT;
	log_error("open: %m");
	cr_expect_eq(errno, ENOENT, "got %d, want %d", errno, ENOENT);
	cr_assert(read(ends[0], got, sizeof(got) - 1) > 0);
	cr_expect_str_eq(got, "xdptail: error: open: No such file or directory\n");
}

/* A reader that went away, or one that does not read, costs the message and nothing else. */
Test(log, a_stuck_stderr_does_not_hold_us_up, .timeout = 30)
{
	static const char filler[4096];
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	while (write(ends[1], filler, sizeof(filler)) > 0)
		;
	cr_assert_eq(fcntl(ends[1], F_SETFL, 0), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	errno = ENOENT;
	log_error("nobody reads");
	cr_expect_eq(errno, ENOENT, "full: got %d, want %d", errno, ENOENT);

	close(ends[0]);
	log_error("nobody is there");
	cr_expect_eq(errno, ENOENT, "gone: got %d, want %d", errno, ENOENT);
}
