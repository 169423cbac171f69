// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sink/sink.h"

#define PATIENCE_MS 20000 /* no test takes so long unless it has failed */

static char dir[64];

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_sink.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void teardown(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_expect_eq(system(command), 0); // NOLINT(cert-env33-c)
}

TestSuite(sink, .init = setup, .fini = teardown, .timeout = 120);

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static uint64_t queued(const struct sink_counts *c)
{
	return c->made - c->written - c->filtered - c->dropped_queue_full - c->dropped_error;
}

/* Counts once they satisfy a condition; L4 must hold in all that are seen on the way. */
static struct sink_counts counts_when(struct sinks *s, bool (*done)(const struct sink_counts *),
				      const char *name)
{
	int64_t end = now_ms() + PATIENCE_MS;
	struct sink_counts c;

	do {
		sched_yield();
		sinks_counts(s, 0, &c);
		cr_assert_leq(queued(&c), c.made, "%s: more is accounted for than was made", name);
	} while (!done(&c) && now_ms() < end);
	cr_assert(done(&c), "%s: made %lu, written %lu, full %lu, error %lu", name, c.made,
		  c.written, c.dropped_queue_full, c.dropped_error);
	return c;
}

static bool all_written(const struct sink_counts *c)
{
	return c->written == c->made;
}

static bool nothing_queued(const struct sink_counts *c)
{
	return queued(c) == 0;
}

static bool some_error(const struct sink_counts *c)
{
	return c->dropped_error > 0;
}

static bool few_queued(const struct sink_counts *c)
{
	return queued(c) < 2000;
}

static void put(struct sinks *s, enum line_type type, const char *text, size_t len)
{
	struct line line = { .text = text, .len = len, .type = type };

	sinks_put(s, &line);
}

/* Line n: its number, and padding to a length that differs. */
static size_t numbered(char *text, uint64_t n)
{
	int len = snprintf(text, LINE_MAX_BYTES, "%lu %.*s\n", n, (int)(n * 37 % 400),
			   "......................................................................"
			   "......................................................................"
			   "......................................................................"
			   "......................................................................"
			   "......................................................................"
			   "..................................................................");

	return (size_t)len;
}

static void put_numbered(struct sinks *s, uint64_t from, uint64_t to)
{
	char text[LINE_MAX_BYTES];

	for (uint64_t n = from; n < to; n++)
		put(s, LINE_COUNT, text, numbered(text, n));
}

/* Lives as long as the test, which is a process of its own. */
static struct sink_spec *spec_of(const char *text)
{
	struct sink_spec *spec = malloc(sizeof(*spec));
	char err[512] = "";

	cr_assert_not_null(spec);
	cr_assert_eq(sink_spec_parse(text, spec, err, sizeof(err)), 0, "%s: %s", text, err);
	return spec;
}

static struct sinks *open_sink(const char *text)
{
	struct sinks *s = NULL;
	char err[512] = "";

	cr_assert_eq(sinks_new(&s), 0);
	cr_assert_eq(sinks_add(s, spec_of(text), err, sizeof(err)), 0, "%s: %s", text, err);
	cr_assert_eq(sinks_number(s), 1);
	cr_assert_eq(sinks_start(s), 0);
	return s;
}

/* A pipe of that size with its write end at stdout. Returns the read end. */
static int pipe_stdout(int size)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_geq(fcntl(fds[1], F_SETPIPE_SZ, size), size);
	cr_assert_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	close(fds[1]);
	return fds[0];
}

/* Close the write end, but let no other file become stdout. */
static void leave_stdout(void)
{
	cr_assert_eq(dup2(STDERR_FILENO, STDOUT_FILENO), STDOUT_FILENO);
}

/* What is in a file, NUL behind it. Owned by the caller. */
static char *contents(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s: %s", path, strerror(errno));
	text = calloc(1, (size_t)st.st_size + 1);
	cr_assert_not_null(text);
	cr_assert_eq(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return text;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void expect_refused(struct sinks *s, const char *text, int want, const char *says)
{
	unsigned int before = sinks_number(s);
	char err[512] = "";
	int got = sinks_add(s, spec_of(text), err, sizeof(err));

	cr_expect_eq(got, want, "%s: %d, want %d (%s)", text, got, want, err);
	cr_expect(strstr(err, says), "%s: got \"%s\", want \"%s\"", text, err, says);
	cr_expect_eq(sinks_number(s), before, "%s: %u outputs", text, sinks_number(s));
}

Test(sink, open_refusals)
{
	static const struct {
		const char *text;
		int want;
		const char *says;
	} cases[] = {
		{ "file:link", -EINVAL, "\"link\": it is a symbolic link; links are not followed" },
		{ "file:dangling", -EINVAL, "it is a symbolic link" },
		{ "file:fifo", -EINVAL, "\"fifo\": it is a FIFO; write to it by way of stdout" },
		{ "file:.", -EINVAL, "\".\": it is a directory; name a file in it" },
		{ "file:new/", -EISDIR, "\"new/\": it is a directory; name a file in it" },
		{ "file:socket", -EINVAL, "\"socket\": it is a socket; a file is needed" },
		{ "file:no/such/x", -ENOENT, "the directory \"no\" does not exist; create it" },
		{ "file:./no/x", -ENOENT, "the directory \"./no\" does not exist; create it" },
		{ "file:plain/x", -ENOTDIR, "a directory in this path is in truth a file" },
		{ "file:/dev/full", -EINVAL, "it is a device; of the devices only /dev/null" },
		{ "file:long", -ENAMETOOLONG, "the name is too long" },
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	char long_name[300] = "file:";
	struct sinks *s = NULL;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(long_name + 5, 'x', sizeof(long_name) - 6);
	cr_assert_eq(chdir(dir), 0);
	write_file("plain", "");
	cr_assert(!symlink("plain", "link") && !symlink("nowhere", "dangling") &&
		  !mkfifo("fifo", 0600) && !bind(fd, (struct sockaddr *)&address, sizeof(address)));

	cr_assert_eq(sinks_new(&s), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_long = cases[i].want == -ENAMETOOLONG;

		expect_refused(s, is_long ? long_name : cases[i].text, cases[i].want,
			       cases[i].says);
	}
	close(fd);
	sinks_free(s);
}

Test(sink, one_output_twice)
{
	struct sinks *s;

	cr_assert_eq(chdir(dir), 0);
	s = open_sink("file:a");
	expect_refused(s, "file:a", -EEXIST, "the output \"file:a\" is named twice");
	expect_refused(s, "file:./a", -EBUSY, "\"./a\": another process writes to it");
	sinks_free(s);
	s = open_sink("file:./a"); /* the lock is gone with its holder */
	sinks_free(s);
}

Test(sink, too_many_outputs)
{
	struct sinks *s = NULL;
	char names[SINK_MAX + 1][16];
	char err[256] = "";

	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(sinks_new(&s), 0);
	for (unsigned int i = 0; i < SINK_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "file:%u", i);
		cr_assert_eq(sinks_add(s, spec_of(names[i]), err, sizeof(err)), 0, "%s: %s",
			     names[i], err);
	}
	expect_refused(s, "file:more", -E2BIG, "one output too many: 16 is the limit");
	cr_assert_eq(sinks_start(s), 0);
	put_numbered(s, 0, 100);
	cr_expect_eq(sinks_finish(s, PATIENCE_MS), 0);
	cr_expect_eq(sinks_alive(s), SINK_MAX);
	for (unsigned int i = 0; i < SINK_MAX; i++) {
		struct sink_counts c;

		sinks_counts(s, i, &c);
		cr_expect_eq(c.written, 100, "%s: %lu lines", sinks_name(s, i), c.written);
		cr_expect_str_eq(sinks_name(s, i), names[i]);
	}
	sinks_free(s);
}

Test(sink, nothing_to_do)
{
	struct sinks *s = NULL;

	sinks_free(NULL);
	cr_assert_eq(sinks_new(&s), 0);
	sinks_flush(s);
	cr_expect_eq(sinks_alive(s), 0);
	cr_expect_eq(sinks_finish(s, 0), 0);
	sinks_free(s);
	s = open_sink("file:/dev/null");
	sinks_free(s); /* without sinks_finish() */
}

Test(sink, torn_last_line)
{
	static const struct {
		const char *name;
		const char *before;
		const char *line;
		const char *want;
	} cases[] = {
		{ "new", NULL, "x\n", "x\n" },
		{ "empty", "", "x\n", "x\n" },
		{ "whole", "a\nb\n", "x\n", "a\nb\nx\n" },
		{ "torn", "a\nb", "x\n", "a\nb\nx\n" },
		{ "torn, nothing to write", "a\nb", NULL, "a\nb" },
	};

	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sinks *s;
		size_t len;
		char *got;

		(void)unlink("x");
		if (cases[i].before)
			write_file("x", cases[i].before);
		s = open_sink("file:x");
		if (cases[i].line)
			put(s, LINE_START, cases[i].line, strlen(cases[i].line));
		cr_expect_eq(sinks_finish(s, PATIENCE_MS), 0, "%s", cases[i].name);
		sinks_free(s);
		got = contents("x", &len);
		cr_expect_str_eq(got, cases[i].want, "%s: got \"%s\", want \"%s\"", cases[i].name,
				 got, cases[i].want);
		free(got);
	}
}

/* Somebody copies the file and empties it: what follows begins at its start, without a hole. */
Test(sink, truncated_by_others)
{
	struct sinks *s;
	struct stat st;
	size_t len;
	char *got;

	cr_assert_eq(chdir(dir), 0);
	umask(027);
	s = open_sink("file:x");
	put_numbered(s, 0, 100);
	sinks_flush(s);
	(void)counts_when(s, all_written, "before");
	cr_assert_eq(truncate("x", 0), 0);
	put(s, LINE_STOP, "after\n", 6);
	cr_expect_eq(sinks_finish(s, PATIENCE_MS), 0);
	sinks_free(s);
	got = contents("x", &len);
	cr_expect(len == 6 && !memcmp(got, "after\n", 6), "%zu bytes: \"%s\"", len, got);
	free(got);
	cr_expect(stat("x", &st) == 0 && (st.st_mode & 07777) == 0640, "mode %o", st.st_mode);
}

struct reader {
	int fd;
	size_t chunk; /* reads are of 1 … chunk bytes */
	uint64_t lines;
	uint64_t bad; /* not the line that comes next */
};

static void *read_numbered(void *arg)
{
	struct reader *r = arg;
	char want[LINE_MAX_BYTES], got[LINE_MAX_BYTES], chunk[8192];
	size_t have = 0;
	ssize_t n;

	for (size_t round = 0;; round++) {
		n = read(r->fd, chunk, 1 + round * 7919 % r->chunk);
		if (n <= 0)
			return NULL;
		for (ssize_t i = 0; i < n; i++) {
			got[have++] = chunk[i];
			if (chunk[i] != '\n' && have < sizeof(got))
				continue;
			r->bad += numbered(want, r->lines) != have || memcmp(want, got, have) != 0;
			r->lines++;
			have = 0;
		}
	}
}

static void put_slowly(struct sinks *s, uint64_t lines, const char *name)
{
	for (uint64_t n = 0; n < lines; n += 500) {
		put_numbered(s, n, n + 500);
		sinks_flush(s);
		(void)counts_when(s, few_queued, name);
	}
}

/* Through every kind of thing that stdout can be, to a reader who takes odd pieces. */
Test(sink, order_and_completeness)
{
	static const struct {
		const char *name;
		bool socket;
		uint64_t lines;
		size_t chunk;
	} cases[] = {
		{ "pipe of one page", false, 100000, 4999 },
		{ "pipe of one page, tiny reads", false, 2000, 97 },
		{ "socket", true, 100000, 8192 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader r = { .chunk = cases[i].chunk };
		struct sink_counts c;
		struct sinks *s;
		pthread_t thread;
		int fds[2];

		if (cases[i].socket) {
			cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
			dup2(fds[1], STDOUT_FILENO);
			close(fds[1]);
			r.fd = fds[0];
		} else {
			r.fd = pipe_stdout(4096);
		}
		s = open_sink("stdout");
		cr_expect_eq(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0, "%s", cases[i].name);
		cr_assert_eq(pthread_create(&thread, NULL, read_numbered, &r), 0);
		put_slowly(s, cases[i].lines, cases[i].name);
		cr_expect_eq(sinks_finish(s, PATIENCE_MS), 0, "%s", cases[i].name);
		sinks_counts(s, 0, &c);
		sinks_free(s);
		leave_stdout();
		cr_assert_eq(pthread_join(thread, NULL), 0);
		close(r.fd);
		cr_expect(c.made == cases[i].lines && c.written == c.made && r.lines == c.made,
			  "%s: made %lu, written %lu, read %lu; want %lu", cases[i].name, c.made,
			  c.written, r.lines, cases[i].lines);
		cr_expect_eq(r.bad, 0, "%s: %lu lines were not the next", cases[i].name, r.bad);
	}
}

static void expect_gone(struct sinks *s, const char *name)
{
	struct pollfd fd = { .fd = sinks_fd(s), .events = POLLIN };
	struct sink_counts c;

	cr_assert_eq(poll(&fd, 1, PATIENCE_MS), 1, "%s: sinks_fd", name);
	cr_expect_eq(sinks_error(s, 0), -EPIPE, "%s: %d", name, sinks_error(s, 0));
	cr_expect_eq(sinks_alive(s), 0, "%s", name);
	cr_expect_eq(poll(&fd, 1, 0), 0, "%s: sinks_fd is still readable", name);
	put_numbered(s, 0, 10);
	sinks_flush(s);
	put_numbered(s, 0, 10);
	sinks_counts(s, 0, &c);
	cr_expect(queued(&c) == 0 && c.dropped_error >= 20 && c.dropped_queue_full == 0,
		  "%s: made %lu, written %lu, full %lu, error %lu", name, c.made, c.written,
		  c.dropped_queue_full, c.dropped_error);
	cr_expect_eq(sinks_finish(s, 1000), 0, "%s", name);
}

Test(sink, reader_goes_away)
{
	static const struct {
		const char *name;
		unsigned int lines;
	} cases[] = {
		{ "idle", 0 },
		{ "with lines queued", 5000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = pipe_stdout(4096);
		struct sinks *s = open_sink("stdout");
		struct pollfd readable = { .fd = fd, .events = POLLIN };

		put_numbered(s, 0, cases[i].lines);
		sinks_flush(s);
		cr_expect_eq(sinks_error(s, 0), 0, "%s", cases[i].name);
		cr_expect_eq(sinks_alive(s), 1, "%s", cases[i].name);
		if (cases[i].lines)
			cr_assert_eq(poll(&readable, 1, PATIENCE_MS), 1, "%s", cases[i].name);
		close(fd);
		expect_gone(s, cases[i].name);
		sinks_free(s);
	}
}

Test(sink, reader_was_never_there)
{
	struct sinks *s;

	close(pipe_stdout(4096));
	s = open_sink("stdout");
	expect_gone(s, "no reader");
	sinks_free(s);
}

Test(sink, stdout_is_closed)
{
	struct sinks *s = NULL;

	cr_assert_eq(sinks_new(&s), 0);
	close(STDOUT_FILENO); /* after that, or its eventfd would be stdout */
	expect_refused(s, "stdout", -EBADF, "cannot write to stdout: it is closed");
	sinks_free(s);
}

static void fill_queue(struct sinks *s, struct sink_counts *ret)
{
	static const char text[] =
		"{\"event_type\":\"packet\",\"padding\":\"........................"
		"....................................................\"}\n";
	unsigned int i;

	for (i = 0; i < 120000; i++)
		put(s, LINE_PACKET, text, sizeof(text) - 1);
	sinks_counts(s, 0, ret);
	cr_assert_gt(ret->dropped_queue_full, 0, "the queue never was full");
	for (i = 0; i < 100; i++)
		put(s, LINE_COUNT, text, sizeof(text) - 1);
}

/* Whole lines in a pipe whose write end is closed. */
static uint64_t lines_left(int fd)
{
	char buf[4096];
	uint64_t lines = 0;
	ssize_t n = read(fd, buf, sizeof(buf));

	for (; n > 0; n = read(fd, buf, sizeof(buf))) {
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
	}
	return lines;
}

Test(sink, stuck_pipe)
{
	int fd = pipe_stdout(4096);
	struct sinks *s = open_sink("stdout");
	int64_t start = now_ms(), took;
	struct sink_counts full, c;
	uint64_t unwritten;

	fill_queue(s, &full);
	sinks_counts(s, 0, &c);
	cr_expect_eq(c.dropped_queue_full, full.dropped_queue_full,
		     "the reserve took %lu of 100 lines that are no packets",
		     100 - (c.dropped_queue_full - full.dropped_queue_full));
	took = now_ms() - start;
	cr_expect_lt(took, 5000, "putting took %ld ms", took);

	start = now_ms();
	unwritten = sinks_finish(s, 200);
	took = now_ms() - start;
	cr_expect_lt(took, 400, "finishing took %ld ms", took);
	sinks_counts(s, 0, &c);
	cr_expect_eq(unwritten, queued(&c), "unwritten %lu, queued %lu", unwritten, queued(&c));
	cr_expect_eq(c.dropped_error, 0, "%lu dropped", c.dropped_error);
	sinks_free(s);
	leave_stdout();
	cr_expect_eq(lines_left(fd), c.written, "the reader did not get %lu lines", c.written);
	close(fd);
}

/* A terminal that nobody reads from holds the writer inside write(2): we go on without it. */
Test(sink, stuck_in_the_kernel)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct sink_counts c;
	struct sinks *s;
	uint64_t unwritten;
	int64_t start, took;
	int slave;

	cr_assert(master >= 0 && !grantpt(master) && !unlockpt(master));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(slave, 0);
	dup2(slave, STDOUT_FILENO);
	s = open_sink("stdout");
	fill_queue(s, &c);
	start = now_ms();
	unwritten = sinks_finish(s, 200);
	sinks_counts(s, 0, &c);
	cr_expect_eq(unwritten, queued(&c), "unwritten %lu, queued %lu", unwritten, queued(&c));
	sinks_free(s);
	took = now_ms() - start;
	cr_expect_lt(took, 600, "finish and free took %ld ms", took);
}

/* Lines of a file must be whole, and in order; some may be missing. Returns how many there are. */
static uint64_t check_file(const char *path, const char *name)
{
	char want[LINE_MAX_BYTES];
	uint64_t lines = 0, next = 0, number;
	size_t len, want_len;
	char *text = contents(path, &len);
	char *at, *end;

	for (at = text; at < text + len; at = end + 1) {
		end = strchr(at, '\n');
		cr_assert_not_null(end, "%s: the last line is torn: \"%.40s\"", name, at);
		number = strtoull(at, NULL, 10);
		want_len = numbered(want, number);
		cr_assert((size_t)(end + 1 - at) == want_len && !memcmp(at, want, want_len),
			  "%s: line %lu is \"%.*s\"", name, lines, (int)(end - at), at);
		cr_assert_geq(number, next, "%s: %lu is out of order", name, number);
		next = number + 1;
		lines++;
	}
	free(text);
	return lines;
}

/* Fill it up, be told of it by the counts, make room, and go on. */
static void full_and_back(const char *name, void (*make_room)(void))
{
	struct sinks *s = open_sink("file:x");
	struct sink_counts c;
	size_t len;
	char *text;
	uint64_t lines;

	put_numbered(s, 0, 1000); /* one batch: more would wait for the next attempt */
	sinks_flush(s);
	c = counts_when(s, some_error, name);
	cr_expect_eq(sinks_error(s, 0), 0, "%s: error %d", name, sinks_error(s, 0));
	text = contents("x", &len);
	cr_expect_neq(text[len - 1], '\n', "%s: no line is half written, so this tests less", name);
	free(text);
	cr_expect_eq(queued(&c), 1, "%s: queued %lu, want the half-written line", name, queued(&c));

	put_numbered(s, 1000, 1100);
	sinks_flush(s);
	make_room();
	cr_expect_eq(sinks_finish(s, PATIENCE_MS), 0, "%s: not all was written", name);
	sinks_counts(s, 0, &c);
	sinks_free(s);
	lines = check_file("x", name);
	cr_expect_eq(lines, c.written, "%s: %lu lines, counted %lu", name, lines, c.written);
	cr_expect(c.written + c.dropped_error == 1100 && c.dropped_error > 0,
		  "%s: written %lu, dropped %lu, want 1100 together", name, c.written,
		  c.dropped_error);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void no_limit(void)
{
	limit_file_size(RLIM_INFINITY);
}

Test(sink, file_size_limit)
{
	cr_assert_eq(chdir(dir), 0);
	limit_file_size(100001);
	full_and_back("RLIMIT_FSIZE", no_limit);
}

static void grow_disk(void)
{
	cr_assert_eq(mount(NULL, ".", NULL, MS_REMOUNT, "size=4m"), 0);
}

Test(sink, disk_full)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, "size=128k"))
		cr_skip_test("cannot mount a tmpfs of its own: %s", strerror(errno));
	cr_assert_eq(chdir(dir), 0);
	full_and_back("tmpfs", grow_disk);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(umount(dir), 0);
}

/* Without being told to finish: the writer tries again by itself. */
Test(sink, recovers_by_itself)
{
	struct sinks *s;
	struct sink_counts c;

	cr_assert_eq(chdir(dir), 0);
	limit_file_size(100001);
	s = open_sink("file:x");
	put_numbered(s, 0, 5000);
	sinks_flush(s);
	(void)counts_when(s, some_error, "full");
	no_limit();
	c = counts_when(s, nothing_queued, "half a line");
	put_numbered(s, 5000, 5001);
	cr_expect_eq(sinks_finish(s, PATIENCE_MS), 0);
	sinks_free(s);
	cr_expect_eq(check_file("x", "recovered"), c.written + 1);
}

/* Nothing can ever be written: no spin, no death, and every line is accounted for. */
Test(sink, full_device)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct sinks *s;
	struct sink_counts c;
	uint64_t unwritten;

	cr_assert_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	s = open_sink("stdout");
	put_numbered(s, 0, 1000);
	sinks_flush(s);
	c = counts_when(s, nothing_queued, "full");
	cr_expect(c.dropped_error == 1000 && c.written == 0, "error %lu, written %lu",
		  c.dropped_error, c.written);
	cr_expect_eq(sinks_alive(s), 1);
	put_numbered(s, 1000, 1010);
	unwritten = sinks_finish(s, PATIENCE_MS);
	cr_expect_eq(unwritten, 10, "%lu unwritten, want 10", unwritten);
	sinks_free(s);
}
