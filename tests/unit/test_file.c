// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "output/rotated.h"
#include "output/outputs.h"
#include "outputs.h"

#define START                                                                      \
	"{\"timestamp\":\"2026-11-22T03:41:40.704885Z\",\"event_type\":\"start\"," \
	"\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":1"
#define FILES_MAX 200

TestSuite(file, .init = setup, .fini = teardown, .timeout = 120);

Test(file, open_refusals)
{
	static const struct {
		const char *text;
		int want;
		const char *says;
	} cases[] = {
		{ "file:link", -EINVAL, "\"link\": it is a symbolic link; links are not followed" },
		{ "file:dangling", -EINVAL, "it is a symbolic link" },
		{ "file:fifo", -EINVAL, "\"fifo\": it is a FIFO; redirect stdout to it" },
		{ "file:.", -EINVAL, "\".\": it is a directory; name a file in it" },
		{ "file:new/", -EISDIR, "\"new/\": it is a directory; name a file in it" },
		{ "file:socket", -EINVAL,
		  "\"socket\": it is a socket; to write to a stream socket, use unix:PATH" },
		{ "file:no/such/x", -ENOENT, "the directory \"no\" does not exist; create it" },
		{ "file:./no/x", -ENOENT, "the directory \"./no\" does not exist; create it" },
		{ "file:plain/x", -ENOTDIR, "part of the path is a file, not a directory" },
		{ "file:/dev/full", -EINVAL,
		  "it is a device; the only device allowed is /dev/null" },
		{ "file:long", -ENAMETOOLONG, "the name is too long" },
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	char long_name[300] = "file:";
	struct outputs *s = NULL;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(long_name + 5, 'x', sizeof(long_name) - 6);
	cr_assert_eq(chdir(dir), 0);
	write_file("plain", "");
	cr_assert(!symlink("plain", "link") && !symlink("nowhere", "dangling") &&
		  !mkfifo("fifo", 0600) && !bind(fd, (struct sockaddr *)&address, sizeof(address)));

	cr_assert_eq(outputs_new(&s), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_long = cases[i].want == -ENAMETOOLONG;

		expect_refused(s, is_long ? long_name : cases[i].text, cases[i].want,
			       cases[i].says);
	}
	close(fd);
	outputs_free(s);
}

Test(file, partial_last_line)
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
		{ "partial", "a\nb", "x\n", "a\nb\nx\n" },
		{ "partial, nothing to write", "a\nb", NULL, "a\nb" },
	};

	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outputs *s;
		size_t len;
		char *got;

		(void)unlink("x");
		if (cases[i].before)
			write_file("x", cases[i].before);
		s = open_output("file:x");
		if (cases[i].line)
			put(s, RECORD_START, cases[i].line, strlen(cases[i].line));
		cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0, "%s", cases[i].name);
		outputs_free(s);
		got = contents("x", &len);
		cr_expect_str_eq(got, cases[i].want, "%s: got \"%s\", want \"%s\"", cases[i].name,
				 got, cases[i].want);
		free(got);
	}
}

/* Processes that may only read the file can hold read locks. The file is written all the same, with
 * a warning; while the lock lasts, a second writer is not detected.
 */
Test(file, readers_locks)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	struct outputs *s;
	const char *warning;
	int fd;

	cr_assert_eq(chdir(dir), 0);
	write_file("x", "");
	fd = open("x", O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && !flock(fd, LOCK_EX));
	s = open_output("file:x");
	cr_expect_null(outputs_warning(s, 0, &(unsigned int){ 0 }), "%s",
		       outputs_warning(s, 0, &(unsigned int){ 0 }));
	expect_refused(s, "file:./x", -EBUSY, "another process writes to it");
	outputs_free(s);

	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	s = open_output("file:x");
	warning = outputs_warning(s, 0, &(unsigned int){ 0 });
	cr_expect(warning && strstr(warning,
				    "cannot lock \"x\": a process that reads it has locked it"),
		  "%s", warning);
	close(fd);
	put_numbered(s, 0, 10);
	outputs_flush(s);
	(void)counts_when(s, all_written, "without the lock");
	expect_refused(s, "file:./x", -EBUSY, "another process writes to it");
	outputs_free(s);
}

/* Another process copies the file and truncates it: what follows is written at its start, without a
 * hole.
 */
Test(file, truncated_by_others)
{
	struct outputs *s;
	struct stat st;
	size_t len;
	char *got;

	cr_assert_eq(chdir(dir), 0);
	umask(027);
	s = open_output("file:x");
	put_numbered(s, 0, 100);
	outputs_flush(s);
	(void)counts_when(s, all_written, "before");
	cr_assert_eq(truncate("x", 0), 0);
	put(s, RECORD_STOP, "after\n", 6);
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	outputs_free(s);
	got = contents("x", &len);
	cr_expect(len == 6 && !memcmp(got, "after\n", 6), "%zu bytes: \"%s\"", len, got);
	free(got);
	cr_expect(stat("x", &st) == 0 && (st.st_mode & 07777) == 0640, "mode %o", st.st_mode);
}

/* Check that the lines of a file are whole and in order; some may be missing. Returns how many
 * there are.
 */
static uint64_t check_file(const char *path, const char *name)
{
	char want[RECORD_MAX_BYTES];
	uint64_t lines = 0, next = 0, number;
	size_t len, want_len;
	char *text = contents(path, &len);
	char *at, *end;

	for (at = text; at < text + len; at = end + 1) {
		end = strchr(at, '\n');
		cr_assert_not_null(end, "%s: the last line is partial: \"%.40s\"", name, at);
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

/* Fill the disk, see the drops in the counts, make room, and go on writing. */
static void fill_and_recover(const char *name, void (*make_room)(void))
{
	struct outputs *s = open_output("file:x");
	struct output_counts c;
	size_t len;
	char *text;
	uint64_t lines;

	put_numbered(s, 0, 1000); /* one batch: more would wait for the next attempt */
	outputs_flush(s);
	c = counts_when(s, some_error, name);
	cr_expect_eq(outputs_error(s, 0), 0, "%s: error %d", name, outputs_error(s, 0));
	text = contents("x", &len);
	cr_expect_neq(text[len - 1], '\n', "%s: no line is half written, so this tests less", name);
	free(text);
	cr_expect_eq(queued(&c), 1, "%s: queued %lu, want the half-written line", name, queued(&c));

	put_numbered(s, 1000, 1100);
	outputs_flush(s);
	make_room();
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0, "%s: not all was written", name);
	outputs_counts(s, 0, &c);
	outputs_free(s);
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

Test(file, file_size_limit)
{
	cr_assert_eq(chdir(dir), 0);
	limit_file_size(100001);
	fill_and_recover("RLIMIT_FSIZE", no_limit);
}

static void grow_disk(void)
{
	cr_assert_eq(mount(NULL, ".", NULL, MS_REMOUNT, "size=4m"), 0);
}

Test(file, disk_full)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, "size=128k"))
		cr_skip_test("cannot mount a tmpfs of its own: %s", strerror(errno));
	cr_assert_eq(chdir(dir), 0);
	fill_and_recover("tmpfs", grow_disk);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(umount(dir), 0);
}

/* The writer retries by itself, without outputs_finish(). */
Test(file, recovers_by_itself)
{
	struct outputs *s;
	struct output_counts c;

	cr_assert_eq(chdir(dir), 0);
	limit_file_size(100001);
	s = open_output("file:x");
	put_numbered(s, 0, 5000);
	outputs_flush(s);
	(void)counts_when(s, some_error, "full");
	no_limit();
	c = counts_when(s, nothing_queued, "half a line");
	put_numbered(s, 5000, 5001);
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	outputs_free(s);
	cr_expect_eq(check_file("x", "recovered"), c.written + 1);
}

/* --- several files --- */

struct files {
	char names[FILES_MAX]
		  [ROTATED_NAME_BYTES]; /* in order; the last is the one without a time */
	size_t n;
};

static void list_files(struct files *ret)
{
	struct rotated *list = NULL;
	size_t n = 0;
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	cr_assert_lt(n, FILES_MAX);
	close(fd);
	for (size_t i = 0; i < n; i++)
		rotated_name(ret->names[i], "x", list[i].time,
			     list[i].plain ? ROTATED_PLAIN : ROTATED_GZ);
	free(list);
	(void)snprintf(ret->names[n], ROTATED_NAME_BYTES, "x");
	ret->n = n + 1;
}

static bool is_start(const char *line)
{
	return strstr(line, "\"event_type\":\"start\"") != NULL;
}

/* Check that a file begins with a unique start line and has no other, and that its other lines have
 * the expected numbers in order. Returns the number after the last.
 */
static uint64_t check_one_file(const char *path, uint64_t next, char *header, size_t header_cap)
{
	char want[RECORD_MAX_BYTES];
	size_t len, want_len;
	char *text = contents(path, &len);
	char *at = text, *end;

	cr_assert(len > 0 && text[len - 1] == '\n', "%s does not end in a newline", path);
	for (; at < text + len; at = end + 1) {
		end = strchr(at, '\n');
		*end = '\0';
		cr_assert_eq(is_start(at), at == text, "%s: \"%s\"", path, at);
		if (at == text) {
			(void)snprintf(header, header_cap, "%s", at);
			continue;
		}
		want_len = numbered(want, next);
		cr_assert((size_t)(end - at) + 1 == want_len && !memcmp(at, want, want_len - 1),
			  "%s: got \"%.40s\", want %lu", path, at, next);
		next++;
	}
	free(text);
	return next;
}

/* Check that every line is there once, in order, in well-formed files. Returns the number of files.
 */
static size_t check_set(uint64_t lines, const char *name)
{
	static char heads[FILES_MAX][RECORD_MAX_BYTES];
	static struct files files;
	uint64_t next = 0;

	list_files(&files);
	for (size_t i = 0; i < files.n; i++) {
		next = check_one_file(files.names[i], next, heads[i], sizeof(heads[i]));
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(heads[i], heads[j], "%s: %s and %s begin alike", name,
					  files.names[i], files.names[j]);
	}
	cr_expect_eq(next, lines, "%s: %lu lines, want %lu", name, next, lines);
	return files.n;
}

static void put_start(struct outputs *s)
{
	put(s, RECORD_START, START "}\n", sizeof(START "}\n") - 1);
}

static void put_packets(struct outputs *s, uint64_t from, uint64_t to)
{
	char text[RECORD_MAX_BYTES];

	for (uint64_t n = from; n < to; n++)
		put(s, RECORD_PACKET, text, numbered(text, n));
	outputs_flush(s);
}

static struct outputs *open_with_start(const char *text)
{
	struct outputs *s = open_output(text);

	put_start(s);
	outputs_flush(s);
	return s;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void wait_until_there(const char *path)
{
	int64_t end = now_ms() + PATIENCE_MS;

	while (!is_there(path) && now_ms() < end)
		sched_yield();
	cr_assert(is_there(path), "\"%s\" is not there", path);
}

static void finish(struct outputs *s, uint64_t lines, const char *name)
{
	struct output_counts c;

	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0, "%s", name);
	outputs_counts(s, 0, &c);
	cr_expect(c.written == lines && c.made == lines, "%s: made %lu, written %lu, want %lu",
		  name, c.made, c.written, lines);
	cr_expect_eq(outputs_error(s, 0), 0, "%s: %d", name, outputs_error(s, 0));
	outputs_free(s);
}

Test(file, rotate_size)
{
	static struct files files;
	struct outputs *s;
	struct stat st;
	size_t n;

	cr_assert_eq(chdir(dir), 0);
	write_file("x", "");
	cr_assert_eq(chmod("x", 0604), 0);
	s = open_with_start("file:x,rotate_size=64K");
	for (uint64_t from = 0; from < 20000; from += 500) {
		put_packets(s, from, from + 500);
		(void)counts_when(s, few_queued, "rotate");
	}
	cr_expect_null(outputs_warning(s, 0, &(unsigned int){ 0 }), "%s",
		       outputs_warning(s, 0, &(unsigned int){ 0 }));
	finish(s, 20001, "rotate");
	n = check_set(20000, "rotate");
	cr_expect_gt(n, 60, "%zu files", n);
	list_files(&files);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(stat(files.names[i], &st), 0);
		cr_expect(st.st_size <= 65536 && (st.st_size > 64000 || i + 1 == n),
			  "%s: %ld bytes", files.names[i], st.st_size);
		cr_expect_eq(st.st_mode & 07777, 0604, "%s: mode %o", files.names[i], st.st_mode);
	}
}

/* A file of an earlier run that is too large already is rotated first. */
Test(file, rotate_what_was_there)
{
	static struct files files;
	struct outputs *s;
	size_t len;
	char *text;

	cr_assert_eq(chdir(dir), 0);
	text = calloc(1, 70001);
	memset(text, 'x', 70000);
	write_file("x", text);
	free(text);
	s = open_with_start("file:x,rotate_size=64K");
	put_packets(s, 0, 10);
	finish(s, 11, "old");
	list_files(&files);
	cr_assert_eq(files.n, 2);
	text = contents(files.names[0], &len);
	cr_expect(len == 70001 && text[len - 1] == '\n', "%zu bytes", len);
	free(text);
	cr_assert_eq(unlink(files.names[0]), 0);
	(void)check_set(10, "old");
}

/* A snapshot is not split between two files, unless it is as large as one. */
Test(file, rotate_after_a_snapshot)
{
	static const struct {
		const char *name;
		uint64_t packets; /* nearly fills a file */
		uint64_t counts;
		bool whole;
	} cases[] = {
		{ "small", 230, 200, true },
		{ "larger than a file", 230, 1000, false },
	};

	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t n = cases[i].packets + cases[i].counts;
		static struct files files;
		char text[RECORD_MAX_BYTES], header[RECORD_MAX_BYTES];
		struct outputs *s = open_with_start("file:x,rotate_size=64K");

		put_packets(s, 0, cases[i].packets);
		put_numbered(s, cases[i].packets, n);
		put(s, RECORD_SNAPSHOT, text, numbered(text, n));
		put_packets(s, n + 1, n + 100);
		finish(s, n + 101, cases[i].name);
		list_files(&files);
		if (cases[i].whole)
			cr_expect_eq(check_one_file(files.names[0], 0, header, sizeof(header)),
				     n + 1, "%s", cases[i].name);
		cr_expect_geq(check_set(n + 100, cases[i].name), cases[i].whole ? 2 : 3, "%s",
			      cases[i].name);
		for (size_t j = 0; j < files.n; j++)
			cr_assert_eq(unlink(files.names[j]), 0);
	}
}

Test(file, rotate_interval)
{
	static struct files files;
	struct outputs *s;
	uint64_t n = 0;

	cr_assert_eq(chdir(dir), 0);
	s = open_with_start("file:x,rotate_interval=1s");
	for (files.n = 1; files.n < 3; list_files(&files)) {
		put_packets(s, n, n + 1);
		n++;
		(void)counts_when(s, all_written, "interval");
	}
	finish(s, n + 1, "interval");
	cr_expect_leq(check_set(n, "interval"), 4);
}

static size_t rotated(const char *base)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rotated *list = NULL;
	size_t n = 0;

	cr_assert_eq(rotated_list(fd, base, &list, &n), 0);
	close(fd);
	free(list);
	return n;
}

/* A file without new lines is not rotated. Another output, opened after it, has lines and shows
 * that the intervals have passed.
 */
Test(file, an_empty_file_is_not_rotated)
{
	struct outputs *s, *other;
	struct stat st;
	uint64_t n = 0;

	cr_assert_eq(chdir(dir), 0);
	s = open_output("file:x,rotate_interval=1");
	other = open_with_start("file:y,rotate_interval=1");
	while (rotated("y") < 2) {
		put_packets(other, n, n + 1);
		n++;
		(void)counts_when(other, all_written, "other");
	}
	cr_expect_eq(rotated("x"), 0);
	cr_expect(stat("x", &st) == 0 && st.st_size == 0);
	put_start(s);
	finish(s, 1, "empty");
	finish(other, n + 1, "other");
	cr_expect_leq(check_set(0, "empty"), 2); /* an interval may just have ended */
	cr_expect(stat("x", &st) == 0 && st.st_size > 0);
}

Test(file, reopened)
{
	struct outputs *s;

	cr_assert_eq(chdir(dir), 0);
	s = open_with_start("file:x");
	put_packets(s, 0, 100);
	(void)counts_when(s, all_written, "before");
	outputs_reopen(s); /* the file has not been renamed */
	put_packets(s, 100, 200);
	(void)counts_when(s, all_written, "the same");
	cr_assert_eq(rename("x", "x.20000101T000000.000000Z"), 0);
	put_packets(s, 200, 300);
	(void)counts_when(s, all_written, "under another name");
	outputs_reopen(s);
	wait_until_there("x");
	put_packets(s, 300, 400);
	finish(s, 401, "reopened");
	cr_expect_eq(check_set(400, "reopened"), 2);
}

/* Anything may take the place of the file: the output goes on writing to the old file until the
 * name stands for a file again.
 */
Test(file, reopened_in_vain)
{
	struct outputs *s;
	int64_t end = now_ms() + PATIENCE_MS;

	cr_assert_eq(chdir(dir), 0);
	s = open_with_start("file:x");
	put_packets(s, 0, 100);
	(void)counts_when(s, all_written, "before");
	cr_assert_eq(rename("x", "x.20000101T000000.000000Z"), 0);
	cr_assert_eq(symlink("y", "x"), 0);
	outputs_reopen(s);
	while (!outputs_warning(s, 0, &(unsigned int){ 0 }) && now_ms() < end)
		sched_yield();
	cr_assert_not_null(outputs_warning(s, 0, &(unsigned int){ 0 }));
	cr_expect(strstr(outputs_warning(s, 0, &(unsigned int){ 0 }), "it is a symbolic link"),
		  "%s", outputs_warning(s, 0, &(unsigned int){ 0 }));
	put_packets(s, 100, 200);
	(void)counts_when(s, all_written, "meanwhile");
	cr_assert_eq(unlink("x"), 0);
	wait_until_there("x");
	put_packets(s, 200, 300);
	finish(s, 301, "in the end");
	cr_expect_eq(check_set(300, "reopened"), 2);
	cr_expect(!is_there("y"));
}

/* A deleted file takes no more lines: the output creates a new one by itself. */
Test(file, deleted)
{
	static const char *const deletions[] = { "rm d/x", "rm -r d" };

	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < 2; i++) {
		char header[RECORD_MAX_BYTES];
		struct outputs *s;

		cr_assert_eq(mkdir("d", 0700), 0);
		s = open_with_start("file:d/x");
		put_packets(s, 0, 100);
		(void)counts_when(s, all_written, deletions[i]);
		cr_assert_eq(system(deletions[i]), 0); // NOLINT(cert-env33-c)
		if (i)
			cr_assert_eq(mkdir("d", 0700), 0);
		put_packets(s, 100, 200);
		finish(s, 201, deletions[i]);
		cr_expect_eq(check_one_file("d/x", 100, header, sizeof(header)), 200, "%s",
			     deletions[i]);
		cr_expect(strstr(header, "\"repeated\":true,\"file\":2}"), "%s: %s", deletions[i],
			  header);
		cr_assert_eq(system("rm -r d"), 0); // NOLINT(cert-env33-c)
	}
}

/* The directory is deleted, too: lines are dropped and counted meanwhile. */
Test(file, nowhere_to_write)
{
	struct output_counts c;
	char header[RECORD_MAX_BYTES];
	struct outputs *s;

	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(mkdir("d", 0700), 0);
	s = open_with_start("file:d/x");
	(void)counts_when(s, all_written, "before");
	cr_assert(!unlink("d/x") && !rmdir("d"));
	put_packets(s, 0, 100);
	c = counts_when(s, some_error, "deleted");
	cr_expect(c.dropped_error == 100 && outputs_failing(s, 0) == -ENOENT,
		  "dropped %lu, error %d", c.dropped_error, outputs_failing(s, 0));
	cr_assert_eq(mkdir("d", 0700), 0);
	put_packets(s, 100, 200);
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	outputs_free(s);
	cr_expect_eq(check_one_file("d/x", 100, header, sizeof(header)), 200);
}

Test(file, emptied_by_others)
{
	char header[RECORD_MAX_BYTES];
	struct outputs *s;

	cr_assert_eq(chdir(dir), 0);
	s = open_with_start("file:x,rotate_size=64K");
	for (uint64_t i = 0; i < 10; i++) {
		put_packets(s, i * 200, i * 200 + 200);
		(void)counts_when(s, all_written, "before");
		cr_assert_eq(truncate("x", 0), 0);
	}
	put_packets(s, 2000, 2200);
	finish(s, 2201, "emptied");
	cr_expect_eq(check_one_file("x", 2000, header, sizeof(header)), 2200);
	cr_expect(strstr(header, "\"repeated\":true,\"file\":11}"), "%s", header);
}

/* While rotation fails the file keeps growing, and nothing is lost; when it becomes possible, it
 * happens.
 */
Test(file, rotation_fails)
{
	struct outputs *s;
	char dir_name[80];

	(void)snprintf(dir_name, sizeof(dir_name), "%s/d", dir);
	cr_assert(!mkdir(dir_name, 0700) && !chdir(dir_name));
	s = open_with_start("file:x,rotate_size=64K");
	cr_assert_eq(chmod(dir_name, 0555), 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	for (uint64_t from = 0; from < 2000; from += 500) {
		put_packets(s, from, from + 500);
		(void)counts_when(s, all_written, "grows");
	}
	cr_assert_not_null(outputs_warning(s, 0, &(unsigned int){ 0 }));
	cr_expect(strstr(outputs_warning(s, 0, &(unsigned int){ 0 }),
			 "cannot rename \"x\" to rotate it: Permission denied"),
		  "%s", outputs_warning(s, 0, &(unsigned int){ 0 }));
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(check_set(2000, "not rotated"), 1);
	cr_assert_eq(chmod(dir_name, 0700), 0);
	for (uint64_t n = 2000; !outputs_failing(s, 0) && n < 1000000; n++) {
		static struct files files;

		put_packets(s, n, n + 1);
		(void)counts_when(s, all_written, "again");
		list_files(&files);
		if (files.n > 1) {
			finish(s, n + 2, "again");
			cr_expect_eq(check_set(n + 1, "again"), files.n);
			return;
		}
	}
	cr_assert_fail("it was never rotated");
}

/* A file that is a mount point, as in containers, cannot be renamed. */
Test(file, rotation_of_a_mount_point)
{
	struct outputs *s;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		cr_skip_test("cannot mount: %s", strerror(errno));
	cr_assert_eq(chdir(dir), 0);
	write_file("x", "");
	write_file("y", "");
	cr_assert_eq(mount("y", "x", NULL, MS_BIND, NULL), 0);
	s = open_with_start("file:x,rotate_size=64K");
	put_packets(s, 0, 1000);
	(void)counts_when(s, all_written, "mounted");
	cr_expect_not_null(outputs_warning(s, 0, &(unsigned int){ 0 }));
	finish(s, 1001, "mounted");
	cr_expect_eq(check_set(1000, "mounted"), 1);
	cr_assert_eq(umount("x"), 0);
}

/* --- full disks --- */

/* Half of the header of a new file could be written: it is completed before anything else is
 * written.
 */
Test(file, half_a_header)
{
	static struct files files;
	struct output_counts c;
	struct outputs *s;
	char *text;
	size_t len;

	cr_assert_eq(chdir(dir), 0);
	s = open_with_start("file:x");
	put_packets(s, 0, 10);
	(void)counts_when(s, all_written, "before");
	cr_assert_eq(rename("x", "x.20000101T000000.000000Z"), 0);
	limit_file_size(50);
	outputs_reopen(s);
	wait_until_there("x");
	put_packets(s, 10, 20);
	c = counts_when(s, some_error, "half a head");
	cr_expect(c.dropped_error == 10 && queued(&c) == 0, "dropped %lu, queued %lu",
		  c.dropped_error, queued(&c));
	text = contents("x", &len);
	cr_expect(len == 50 && text[0] == '{', "%zu bytes", len);
	free(text);
	no_limit();
	put_packets(s, 20, 30);
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	outputs_free(s);
	list_files(&files);
	text = contents("x", &len);
	cr_expect_eq(check_one_file("x", 20, text, len), 30);
	free(text);
}

/* The start record of the run could not be written, so what follows is preceded by its repetition.
 */
Test(file, no_room_for_the_start)
{
	char header[RECORD_MAX_BYTES];
	struct outputs *s;

	cr_assert_eq(chdir(dir), 0);
	limit_file_size(0);
	s = open_with_start("file:x");
	(void)counts_when(s, some_error, "the start");
	no_limit();
	put_packets(s, 0, 10);
	cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0);
	outputs_free(s);
	cr_expect_eq(check_one_file("x", 0, header, sizeof(header)), 10);
	cr_expect(strstr(header, "\"repeated\":true,\"file\":1}"), "%s", header);
}

/* The disk is full after half a line, and the file is deleted or renamed: the rest of that line,
 * which would corrupt the new file, is dropped and counted.
 */
Test(file, reopened_with_a_partial_line)
{
	static const struct {
		const char *name;
		bool deleted;
	} cases[] = { { "deleted", true }, { "renamed", false } };

	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < 2; i++) {
		struct output_counts before, c;
		char header[RECORD_MAX_BYTES];
		struct outputs *s;

		limit_file_size(50001);
		s = open_with_start("file:x");
		put_packets(s, 0, 1000);
		before = counts_when(s, some_error, cases[i].name);
		cr_assert_eq(queued(&before), 1, "%s: %lu queued, want the half-written line",
			     cases[i].name, queued(&before));
		cr_assert_eq(cases[i].deleted ? unlink("x") : rename("x", "old"), 0);
		if (!cases[i].deleted)
			outputs_reopen(s);
		wait_until_there("x");
		put_packets(s, 1000, 1010);
		cr_expect_eq(outputs_finish(s, PATIENCE_MS), 0, "%s", cases[i].name);
		outputs_counts(s, 0, &c);
		outputs_free(s);
		no_limit();
		cr_expect(c.dropped_error == before.dropped_error + 1 && queued(&c) == 0,
			  "%s: dropped %lu, then %lu", cases[i].name, before.dropped_error,
			  c.dropped_error);
		cr_expect_eq(check_one_file("x", 1000, header, sizeof(header)), 1010, "%s",
			     cases[i].name);
		cr_assert_eq(unlink("x"), 0);
	}
}
