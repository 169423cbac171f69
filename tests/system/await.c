// SPDX-License-Identifier: BSD-2-Clause
/* await line FILE PATTERN TIMES PID SECONDS: until TIMES lines of FILE match PATTERN, a basic
 * regular expression. FILE need not be there yet, and is followed by its name.
 *
 * await end PID SECONDS: until the process has ended.
 *
 * Exits with 0, or with 1 when the SECONDS are over; for a line also when the process has ended and
 * there is none. One process for what takes a shell four, and a test waits dozens of times.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	PAUSE_MS = 10
};

struct watched {
	const char *path;
	regex_t pattern;
	long wanted; /* lines that are to match yet */
	FILE *file;
	char *line;
	size_t size, len; /* what there is of a line that has not ended */
};

static void die(const char *what)
{
	fprintf(stderr, "await: %s: %s\n", what, strerror(errno));
	exit(2);
}

static long number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1) {
		errno = EINVAL;
		die(text);
	}
	return n;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A process that has ended and was waited for has no descriptor: -1, which poll() passes over. */
static int open_process(const char *pid)
{
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)number(pid), 0);

	if (fd < 0 && errno != ESRCH)
		die("pidfd_open");
	return fd;
}

static bool has_ended(int process, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = process, .events = POLLIN };

	return process < 0 || poll(&poll_fd, 1, timeout_ms) > 0;
}

static void count_line(struct watched *w)
{
	w->line[w->len] = '\0';
	if (regexec(&w->pattern, w->line, 0, NULL, 0) == 0)
		w->wanted--;
	w->len = 0;
}

static void read_lines(struct watched *w)
{
	int c;

	clearerr(w->file);
	while (w->wanted > 0 && (c = getc_unlocked(w->file)) != EOF) {
		if (w->len + 1 >= w->size) {
			w->size = w->size ? 2 * w->size : 1024;
			w->line = realloc(w->line, w->size);
			if (!w->line)
				die("memory");
		}
		w->line[w->len++] = (char)c;
		if (c == '\n') {
			w->len--;
			count_line(w);
		}
	}
}

/* Is another file of that name there now, or none yet? */
static bool is_replaced(const struct watched *w)
{
	struct stat by_name, by_fd;

	if (stat(w->path, &by_name) < 0)
		return false;
	return !w->file || fstat(fileno(w->file), &by_fd) < 0 || by_fd.st_ino != by_name.st_ino ||
	       by_fd.st_dev != by_name.st_dev;
}

static void look(struct watched *w)
{
	if (w->file)
		read_lines(w);
	if (!is_replaced(w))
		return;
	if (w->file)
		fclose(w->file);
	w->len = 0;
	w->file = fopen(w->path, "re");
	if (w->file)
		read_lines(w);
}

/* What the process wrote last is looked for once more after its end. */
static bool comes(struct watched *w, int process, long end_ms)
{
	bool ended = false;

	for (;;) {
		look(w);
		if (w->wanted <= 0)
			return true;
		if (ended || now_ms() >= end_ms)
			return false;
		ended = has_ended(process, PAUSE_MS);
	}
}

/* All is given back, for LeakSanitizer sees this program, too. */
static int await_line(char *argv[])
{
	struct watched w = { .path = argv[0], .wanted = number(argv[2]) };
	int process = open_process(argv[3]);
	long end_ms = now_ms() + number(argv[4]) * 1000;
	bool came;

	if (regcomp(&w.pattern, argv[1], REG_NOSUB)) {
		errno = EINVAL;
		die(argv[1]);
	}
	came = comes(&w, process, end_ms);
	regfree(&w.pattern);
	free(w.line);
	if (w.file)
		fclose(w.file);
	return !came;
}

static int await_end(char *argv[])
{
	return !has_ended(open_process(argv[0]), (int)number(argv[1]) * 1000);
}

int main(int argc, char *argv[])
{
	if (argc == 7 && !strcmp(argv[1], "line"))
		return await_line(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "end"))
		return await_end(argv + 2);
	fputs("await: line FILE PATTERN TIMES PID SECONDS, or: end PID SECONDS\n", stderr);
	return 2;
}
