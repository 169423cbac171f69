// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <sys/file.h>

#include "app/metrics_file.h"
#include "output/file_lock.h"
#include "outputs.h"

TestSuite(metrics_file, .init = setup, .fini = teardown, .timeout = 60);

static char path[96];

static struct metrics_file *begin(void)
{
	struct metrics_file *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/x.prom", dir);
	cr_assert_eq(metrics_file_new(&f, path), 0);
	cr_expect_str_eq(metrics_file_path(f), path);
	return f;
}

static void put_text(struct metrics_file *f, const char *text)
{
	metrics_file_put(f, strdup(text), strlen(text));
}

static struct metrics_file_state when_done(struct metrics_file *f)
{
	int64_t end = now_ms() + PATIENCE_MS;
	struct metrics_file_state s;

	do {
		sched_yield();
		metrics_file_state(f, &s);
	} while (s.busy && now_ms() < end);
	cr_assert_not(s.busy);
	return s;
}

static int finish(struct metrics_file *f, const char *text)
{
	int err = metrics_file_finish(f, strdup(text), strlen(text), PATIENCE_MS);

	metrics_file_free(f);
	return err;
}

static void expect_text(const char *want)
{
	size_t len;
	char *got = contents(path, &len);

	cr_expect_str_eq(got, want, "got \"%s\", want \"%s\"", got, want);
	free(got);
}

/* Names in the directory. */
static unsigned int files(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	cr_assert_not_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

Test(metrics_file, is_replaced_as_a_whole)
{
	mode_t mask = umask(0077);
	struct metrics_file *f = begin();
	struct metrics_file_state s;
	struct stat before, after;

	put_text(f, "one\n");
	s = when_done(f);
	cr_expect(s.written == 1 && !s.skipped && !s.failed && !s.error);
	expect_text("one\n");
	cr_expect_eq(stat(path, &before), 0);
	cr_expect_eq(before.st_mode & 0777, 0644, "mode %o", before.st_mode);
	put_text(f, "2\n");
	(void)when_done(f);
	expect_text("2\n");
	cr_expect_eq(stat(path, &after), 0);
	cr_expect_neq(before.st_ino, after.st_ino, "it was written in its place");
	cr_expect_eq(finish(f, "three\n"), 0);
	expect_text("three\n");
	cr_expect_eq(files(), 1);
	umask(mask);
}

Test(metrics_file, the_last_text_wins_and_ends_it)
{
	struct metrics_file *f = begin();

	put_text(f, "first\n");
	cr_expect_eq(finish(f, "last\n"), 0);
	expect_text("last\n");
	cr_expect_eq(files(), 1);
}

Test(metrics_file, removed_it_is_gone)
{
	int64_t end = now_ms() + PATIENCE_MS;
	struct metrics_file *f = begin();

	put_text(f, "one\n");
	metrics_file_remove(f);
	while (files() && now_ms() < end)
		sched_yield();
	cr_expect_eq(files(), 0);
	metrics_file_remove(NULL);
	metrics_file_free(NULL);
}

Test(metrics_file, a_directory_that_vanishes_and_comes_back)
{
	struct metrics_file *f;
	struct metrics_file_state s;
	struct reason why = { 0 };

	f = begin();
	put_text(f, "one\n");
	(void)when_done(f);
	teardown();
	put_text(f, "two\n");
	s = when_done(f);
	cr_expect_eq(s.error, -ENOENT);
	cr_expect_eq(s.failed, 1);
	cr_expect_eq(metrics_file_check(path, &why), -ENOENT);
	cr_expect(strstr(why.text, "its directory does not exist; create it first"), "%s",
		  why.text);
	cr_assert_eq(mkdir(dir, 0755), 0);
	put_text(f, "three\n");
	s = when_done(f);
	cr_expect(!s.error && s.written == 2 && s.failed == 1);
	expect_text("three\n");
	cr_expect_eq(finish(f, "four\n"), 0);
}

Test(metrics_file, what_a_crash_has_left_is_taken_away)
{
	struct metrics_file *f = begin();
	char part[128];

	(void)snprintf(part, sizeof(part), "%s/.x.prom.tmp", dir);
	write_file(part, "half of a li");
	cr_expect_eq(finish(f, "one\n"), 0);
	expect_text("one\n");
	cr_expect_eq(files(), 1);
}

Test(metrics_file, check_leaves_nothing_behind)
{
	struct reason why = { 0 };

	(void)snprintf(path, sizeof(path), "%s/x.prom", dir);
	cr_expect_eq(metrics_file_check(path, &why), 0, "%s", why.text);
	cr_expect_eq(files(), 0);
	write_file(path, "of an earlier run\n");
	cr_expect_eq(metrics_file_check(path, &why), 0, "%s", why.text);
	expect_text("of an earlier run\n");
	cr_expect_eq(files(), 1);
}

static void expect_check(const char *name, int want, const char *says)
{
	char at[512];
	struct reason why = { 0 };
	int got;

	(void)snprintf(at, sizeof(at), "%s/%s", dir, name);
	got = metrics_file_check(at, &why);
	cr_expect_eq(got, want, "%s: got %d, want %d", name, got, want);
	cr_expect(strstr(why.text, says), "%s: got \"%s\"", name, why.text);
}

Test(metrics_file, what_cannot_be_replaced_is_refused)
{
	char at[128], name[300];

	(void)snprintf(at, sizeof(at), "%s/link.prom", dir);
	cr_assert_eq(symlink("/dev/null", at), 0);
	expect_check("link.prom", -EEXIST, "what is there is no regular file");
	(void)snprintf(at, sizeof(at), "%s/fifo.prom", dir);
	cr_assert_eq(mkfifo(at, 0600), 0);
	expect_check("fifo.prom", -EEXIST, "what is there is no regular file");
	(void)snprintf(at, sizeof(at), "%s/dir.prom", dir);
	cr_assert_eq(mkdir(at, 0700), 0);
	expect_check("dir.prom", -EEXIST, "what is there is no regular file");
	expect_check("fifo.prom/x.prom", -ENOTDIR, "Not a directory");
	(void)snprintf(name, sizeof(name), "%0250d.prom", 0);
	expect_check(name, -ENAMETOOLONG, "File name too long");
}

Test(metrics_file, one_process_writes_it)
{
	struct metrics_file *f = begin();

	put_text(f, "one\n");
	(void)when_done(f);
	expect_check("x.prom", -EBUSY, "another process writes it; name another file");
	cr_expect_eq(finish(f, "two\n"), 0);
	expect_text("two\n");
	expect_check("x.prom", 0, "");
}

/* Whoever may read it can have such locks. */
Test(metrics_file, readers_locks)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	struct metrics_file *f = begin();
	int fd;

	cr_expect_eq(finish(f, "before\n"), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && !flock(fd, LOCK_EX) && !fcntl(fd, F_OFD_SETLK, &lock));
	expect_check("x.prom", 0, "");
	cr_expect_eq(finish(begin(), "one\n"), 0);
	expect_text("one\n");
	close(fd);
}

/* A file that is half written by another process is not taken for one that a crash has left. */
Test(metrics_file, anothers_half_is_left_alone)
{
	struct metrics_file *f = begin();
	struct metrics_file_state s;
	char part[128];
	int fd;

	(void)snprintf(part, sizeof(part), "%s/.x.prom.tmp", dir);
	fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && !file_lock_take(fd));
	put_text(f, "one\n");
	s = when_done(f);
	cr_expect_eq(s.error, -EBUSY);
	cr_expect_eq(files(), 1);
	close(fd);
	cr_expect_eq(finish(f, "two\n"), 0);
	expect_text("two\n");
}

/* With a pipe in place of a disk that hangs: opening it to look for a lock would be waiting, and is
 * not.
 */
Test(metrics_file, a_pipe_in_the_place_of_its_half)
{
	struct metrics_file *f = begin();
	char part[128];

	(void)snprintf(part, sizeof(part), "%s/.x.prom.tmp", dir);
	cr_assert_eq(mkfifo(part, 0600), 0);
	cr_expect_eq(finish(f, "one\n"), 0);
	expect_text("one\n");
	cr_expect_eq(files(), 1);
}
