// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "output/outputs.h"
#include "outputs.h"

TestSuite(output, .init = setup, .fini = teardown, .timeout = 120);

/* Make stdout the write end of a pipe of that size. Returns the read end. */
static int pipe_stdout(int size)
{
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_geq(fcntl(fds[1], F_SETPIPE_SZ, size), size);
	cr_assert_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	close(fds[1]);
	return fds[0];
}

/* Close the write end without freeing descriptor 1 for another file. */
static void close_stdout(void)
{
	cr_assert_eq(dup2(STDERR_FILENO, STDOUT_FILENO), STDOUT_FILENO);
}

#define FINISH_MS 1600 /* the last eighth is for writers stopped with WRITER_GIVE_UP */

/* the outputs that sched_yield() waits for; NULL: it does not wait */
static struct outputs *yield_outputs;
static unsigned int n_yields; /* calls of sched_yield() */
static bool in_yield; /* writes to files wait for it while yield_outputs is set */
/* guards in_yield and yield_outputs */
static pthread_mutex_t yield_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t yield_changed = PTHREAD_COND_INITIALIZER;
static int64_t yield_ns; /* time spent in sched_yield() with yield_outputs */

/* Replaces the C library's function. Time spent in sched_yield() with yield_outputs is subtracted,
 * so that tests do not depend on how fast the machine schedules a writer.
 */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int err = (int)syscall(SYS_clock_gettime, id, ret);
	int64_t ns = ret->tv_sec * 1000000000LL + ret->tv_nsec;

	if (err || id != CLOCK_MONOTONIC)
		return err;
	ns -= yield_ns;
	ret->tv_sec = ns / 1000000000;
	ret->tv_nsec = ns % 1000000000;
	return 0;
}

static int64_t monotonic_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void set_yield(struct outputs *s, bool yielding)
{
	(void)pthread_mutex_lock(&yield_lock);
	yield_outputs = s;
	in_yield = yielding;
	(void)pthread_cond_broadcast(&yield_changed);
	(void)pthread_mutex_unlock(&yield_lock);
}

static void wait_for_yield(void)
{
	(void)pthread_mutex_lock(&yield_lock);
	while (yield_outputs && !in_yield)
		(void)pthread_cond_wait(&yield_changed, &yield_lock);
	(void)pthread_mutex_unlock(&yield_lock);
}

/* Replaces the C library's function. With yield_outputs it returns when the writer has nothing more
 * to do, as an ideal scheduler would.
 */
int sched_yield(void)
{
	struct outputs *s = in_yield ? NULL : yield_outputs; /* counts_when() yields as well */
	int64_t from = monotonic_ns();

	n_yields += !in_yield;
	if (s) {
		set_yield(s, true);
		(void)counts_when(s, nothing_queued, "yielding");
		set_yield(s, false);
		yield_ns += monotonic_ns() - from;
	}
	return (int)syscall(SYS_sched_yield);
}

static atomic_int slow_ms; /* duration of each write to a file; 0: not delayed */
static atomic_int slow_writes; /* slow writes begun */

/* Replaces the C library's function. */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
ssize_t write(int fd, const void *text, size_t len)
{
	struct stat st;

	if (len > sizeof(uint64_t) && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
		wait_for_yield();
		slow_writes += slow_ms > 0;
		(void)poll(NULL, 0, slow_ms);
	}
	return syscall(SYS_write, fd, text, len);
}

Test(output, one_output_twice)
{
	struct outputs *s;

	cr_assert_eq(chdir(dir), 0);
	s = open_output("file:a");
	expect_refused(s, "file:a", -EEXIST, "the output \"file:a\" is given twice");
	expect_refused(s, "file:./a", -EBUSY, "\"./a\": another process writes to it");
	outputs_free(s);
	s = open_output("file:./a"); /* the lock was released with its holder */
	outputs_free(s);
}

/* outputs_free() releases the file even if a write is slow, because of the disk or of a busy
 * machine.
 */
Test(output, freed_while_a_write_is_slow)
{
	struct outputs *s;

	cr_assert_eq(chdir(dir), 0);
	s = open_output("file:a");
	slow_ms = 400;
	put_numbered(s, 0, 10);
	outputs_flush(s);
	while (!slow_writes)
		sched_yield();
	outputs_free(s);
	s = open_output("file:a");
	outputs_free(s);
}

Test(output, too_many_outputs)
{
	struct outputs *s = NULL;
	char names[OUTPUTS_MAX + 1][16];
	struct reason why = { 0 };

	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(outputs_new(&s), 0);
	for (unsigned int i = 0; i < OUTPUTS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "file:%u", i);
		cr_assert_eq(outputs_add(s, spec_of(names[i]), &why), 0, "%s: %s", names[i],
			     why.text);
	}
	expect_refused(s, "file:more", -E2BIG,
		       "too many outputs: \"file:more\" exceeds the limit of 16");
	cr_assert_eq(outputs_start(s), 0);
	put_numbered(s, 0, 100);
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	cr_expect_eq(outputs_take_ends(s), OUTPUTS_MAX);
	for (unsigned int i = 0; i < OUTPUTS_MAX; i++) {
		struct output_counts c;

		outputs_counts(s, i, &c);
		cr_expect_eq(c.written, 100, "%s: %lu lines", outputs_name(s, i), c.written);
		cr_expect_str_eq(outputs_name(s, i), names[i]);
	}
	outputs_free(s);
}

Test(output, nothing_to_do)
{
	struct outputs *s = NULL;

	outputs_free(NULL);
	cr_assert_eq(outputs_new(&s), 0);
	outputs_flush(s);
	cr_expect_eq(outputs_take_ends(s), 0);
	cr_expect_eq(outputs_finish(s, 0), 0);
	outputs_free(s);
	s = open_output("file:/dev/null");
	outputs_free(s); /* without outputs_finish() */
}

struct reader {
	int fd;
	size_t chunk; /* each read takes 1 … chunk bytes */
	uint64_t lines;
	uint64_t bad; /* lines that were not the expected ones */
};

static void *read_numbered(void *arg)
{
	struct reader *r = arg;
	char want[RECORD_MAX_BYTES], got[RECORD_MAX_BYTES], chunk[8192];
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

static void put_slowly(struct outputs *s, uint64_t lines, const char *name)
{
	for (uint64_t n = 0; n < lines; n += 500) {
		put_numbered(s, n, n + 500);
		outputs_flush(s);
		(void)counts_when(s, few_queued, name);
	}
}

/* All lines arrive in order through every type of file that stdout can be, for a reader that reads
 * pieces of varying size.
 */
Test(output, order_and_completeness)
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
		struct output_counts c;
		struct outputs *s;
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
		s = open_output("stdout");
		cr_expect_eq(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0, "%s", cases[i].name);
		cr_assert_eq(pthread_create(&thread, NULL, read_numbered, &r), 0);
		put_slowly(s, cases[i].lines, cases[i].name);
		cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0, "%s", cases[i].name);
		outputs_counts(s, 0, &c);
		outputs_free(s);
		close_stdout();
		cr_assert_eq(pthread_join(thread, NULL), 0);
		close(r.fd);
		cr_expect(c.made == cases[i].lines && c.written == c.made && r.lines == c.made,
			  "%s: made %lu, written %lu, read %lu; want %lu", cases[i].name, c.made,
			  c.written, r.lines, cases[i].lines);
		cr_expect_eq(r.bad, 0, "%s: %lu lines were not the next", cases[i].name, r.bad);
	}
}

/* The pipe is enlarged to hold a large write, unless its size is not the default. */
Test(output, how_much_a_pipe_holds)
{
	static const int sizes[][2] = { { 4096, 4096 }, { 65536, 262144 }, { 131072, 131072 } };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd = pipe_stdout(sizes[i][0]);
		struct outputs *s = open_output("stdout");
		int got = fcntl(fd, F_GETPIPE_SZ);

		cr_expect_eq(got, sizes[i][1], "a pipe of %d holds %d, want %d", sizes[i][0], got,
			     sizes[i][1]);
		cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
		outputs_free(s);
		close_stdout();
		close(fd);
	}
}

static void expect_closed(struct outputs *s, const char *name)
{
	struct pollfd fd = { .fd = outputs_fd(s), .events = POLLIN };
	struct output_counts c;

	cr_assert_eq(poll(&fd, 1, PATIENCE_MS), 1, "%s: sinks_fd", name);
	cr_expect_eq(outputs_error(s, 0), -EPIPE, "%s: %d", name, outputs_error(s, 0));
	cr_expect_eq(outputs_take_ends(s), 0, "%s", name);
	cr_expect_eq(poll(&fd, 1, 0), 0, "%s: sinks_fd is still readable", name);
	put_numbered(s, 0, 10);
	outputs_flush(s);
	put_numbered(s, 0, 10);
	outputs_counts(s, 0, &c);
	cr_expect(queued(&c) == 0 && c.dropped_error >= 20 && c.dropped_queue_full == 0,
		  "%s: made %lu, written %lu, full %lu, error %lu", name, c.made, c.written,
		  c.dropped_queue_full, c.dropped_error);
	cr_expect_eq(outputs_finish(s, 1000), 0, "%s", name);
}

Test(output, reader_goes_away)
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
		struct outputs *s = open_output("stdout");
		struct pollfd readable = { .fd = fd, .events = POLLIN };

		put_numbered(s, 0, cases[i].lines);
		outputs_flush(s);
		cr_expect_eq(outputs_error(s, 0), 0, "%s", cases[i].name);
		cr_expect_eq(outputs_take_ends(s), 1, "%s", cases[i].name);
		if (cases[i].lines)
			cr_assert_eq(poll(&readable, 1, PATIENCE_MS), 1, "%s", cases[i].name);
		close(fd);
		expect_closed(s, cases[i].name);
		outputs_free(s);
	}
}

Test(output, reader_was_never_there)
{
	struct outputs *s;

	close(pipe_stdout(4096));
	s = open_output("stdout");
	expect_closed(s, "no reader");
	outputs_free(s);
}

Test(output, stdout_is_closed)
{
	struct outputs *s = NULL;

	cr_assert_eq(outputs_new(&s), 0);
	close(STDOUT_FILENO); /* close it after outputs_new(), whose eventfd would become stdout */
	expect_refused(s, "stdout", -EBADF, "cannot write to stdout: it is closed");
	outputs_free(s);
}

static void fill_queue(struct outputs *s, struct output_counts *ret)
{
	static const char text[] =
		"{\"event_type\":\"packet\",\"padding\":\"........................"
		"....................................................\"}\n";
	unsigned int i;

	for (i = 0; i < 120000; i++)
		put(s, RECORD_PACKET, text, sizeof(text) - 1);
	outputs_counts(s, 0, ret);
	cr_assert_gt(ret->dropped_queue_full, 0, "the queue never was full");
	for (i = 0; i < 100; i++)
		put(s, RECORD_COUNT, text, sizeof(text) - 1);
}

/* Count the whole lines in a pipe whose write end is closed. */
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

Test(output, stuck_pipe)
{
	int fd = pipe_stdout(4096);
	struct outputs *s = open_output("stdout");
	int64_t start = now_ms(), took;
	struct output_counts full, c;
	uint64_t unwritten;

	fill_queue(s, &full);
	outputs_counts(s, 0, &c);
	cr_expect_eq(c.dropped_queue_full, full.dropped_queue_full,
		     "the reserve took %lu of 100 lines that are no packets",
		     100 - (c.dropped_queue_full - full.dropped_queue_full));
	took = now_ms() - start;
	cr_expect_lt(took, 5000, "putting took %ld ms", took);

	start = now_ms();
	unwritten = outputs_finish(s, FINISH_MS);
	took = now_ms() - start;
	cr_expect_lt(took, PATIENCE_MS, "finishing took %ld ms", took);
	outputs_counts(s, 0, &c);
	cr_expect_eq(unwritten, queued(&c), "unwritten %lu, queued %lu", unwritten, queued(&c));
	cr_expect_eq(c.dropped_error, 0, "%lu dropped", c.dropped_error);
	outputs_free(s);
	close_stdout();
	cr_expect_eq(lines_left(fd), c.written, "the reader did not get %lu lines", c.written);
	close(fd);
}

/* Six times as many lines as the queue holds, and the writer runs only when the caller yields. */
Test(output, burst_beyond_the_queue)
{
	const uint64_t lines = 200000;
	char spec[96];
	struct output_counts c;
	struct outputs *s;

	(void)snprintf(spec, sizeof(spec), "file:%s/lines", dir);
	s = open_output(spec);
	n_yields = 0;
	set_yield(s, false);
	put_numbered(s, 0, lines);
	set_yield(NULL, false);
	cr_expect_gt(n_yields, 0, "the caller never yielded");
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	outputs_counts(s, 0, &c);
	cr_expect(c.written == lines && c.dropped_queue_full == 0, "written %lu, full %lu",
		  c.written, c.dropped_queue_full);
	outputs_free(s);
}

/* An output that writes nothing is yielded to a few times, and then no more, however long that
 * lasts.
 */
Test(output, yields_end_for_a_stuck_output)
{
	int fd = pipe_stdout(4096);
	struct outputs *s = open_output("stdout");
	struct output_counts c;
	unsigned int first;

	n_yields = 0;
	fill_queue(s, &c);
	first = n_yields;
	cr_expect(first > 0 && first <= 24, "%u turns", first);
	fill_queue(s, &c);
	cr_expect_eq(n_yields, first, "%u more turns", n_yields - first);
	(void)outputs_finish(s, 0);
	outputs_free(s);
	close(fd);
}

/* A terminal that nobody reads blocks the writer inside write(2): outputs_free() does not wait for
 * it.
 */
Test(output, stuck_in_the_kernel)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct output_counts c;
	struct outputs *s;
	uint64_t unwritten;
	int64_t start, took;
	int slave;

	cr_assert(master >= 0 && !grantpt(master) && !unlockpt(master));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(slave, 0);
	dup2(slave, STDOUT_FILENO);
	s = open_output("stdout");
	fill_queue(s, &c);
	start = now_ms();
	unwritten = outputs_finish(s, FINISH_MS);
	outputs_counts(s, 0, &c);
	cr_expect_eq(unwritten, queued(&c), "unwritten %lu, queued %lu", unwritten, queued(&c));
	outputs_free(s);
	took = now_ms() - start;
	cr_expect_lt(took, PATIENCE_MS, "finish and free took %ld ms", took);
}

/* Nothing can ever be written: the writer does not spin, the output does not end, and every line is
 * accounted for.
 */
Test(output, full_device)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct outputs *s;
	struct output_counts c;
	uint64_t unwritten;

	cr_assert_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	s = open_output("stdout");
	put_numbered(s, 0, 1000);
	outputs_flush(s);
	c = counts_when(s, nothing_queued, "full");
	cr_expect(c.dropped_error == 1000 && c.written == 0, "error %lu, written %lu",
		  c.dropped_error, c.written);
	cr_expect_eq(outputs_take_ends(s), 1);
	put_numbered(s, 1000, 1010);
	unwritten = outputs_finish(s, PATIENCE_MS);
	cr_expect_eq(unwritten, 10, "%lu unwritten, want 10", unwritten);
	outputs_free(s);
}

Test(output, the_time_of_a_drop_does_not_wait_for_a_flush)
{
	int fd = pipe_stdout(4096);
	struct outputs *s = open_output("stdout,queue=64K");
	struct output_counts c;

	do {
		put_numbered(s, 0, 1);
		outputs_counts(s, 0, &c);
	} while (!c.dropped_queue_full);
	cr_expect_gt(c.drop_first_ns, 0);
	cr_expect_geq(c.drop_last_ns, c.drop_first_ns);
	close(fd);
	outputs_free(s);
}
