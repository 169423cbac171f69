// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <zlib.h>

#include "output/file_lock.h"
#include "output/janitor.h"
#include "output/rotated.h"
#include "outputs.h"

#define DAY(d) "2026112" #d "T034140.704885Z"

TestSuite(janitor, .init = setup, .fini = teardown, .timeout = 60);

static struct janitor *new_janitor(uint64_t keep, bool gzip)
{
	struct janitor_plan plan = { .base = "x", .keep = keep, .gzip = gzip };
	struct janitor *j = NULL;

	plan.dir_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(janitor_new(&j, &plan), 0);
	close(plan.dir_fd);
	return j;
}

/* Describe the files by day, as in "1 2gz 3both". */
static void describe(char *ret, size_t cap)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rotated *list = NULL;
	size_t n = 0;

	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	close(fd);
	ret[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t used = strlen(ret);

		(void)snprintf(ret + used, cap - used, "%s%c%s%s%s", i ? " " : "", list[i].time[7],
			       list[i].plain ? "" : "-", list[i].gz ? "gz" : "",
			       list[i].gz_part ? "part" : "");
	}
	free(list);
}

static void expect_state(const char *name, const char *want)
{
	int64_t end = now_ms() + PATIENCE_MS;
	char got[256];

	do {
		sched_yield();
		describe(got, sizeof(got));
	} while (strcmp(got, want) != 0 && now_ms() < end);
	cr_expect_str_eq(got, want, "%s: got \"%s\", want \"%s\"", name, got, want);
}

static void expect_gz(const char *path, const char *want)
{
	char got[4096] = "";
	gzFile file = gzopen(path, "rb");

	cr_assert(file, "%s", path);
	cr_expect_geq(gzread(file, got, sizeof(got) - 1), 0, "%s", path);
	cr_expect_str_eq(got, want, "%s: got \"%s\", want \"%s\"", path, got, want);
	cr_expect_eq(gzclose_r(file), Z_OK, "%s", path);
}

static void make_files(const char *spec)
{
	for (; *spec; spec += strcspn(spec, " "), spec += strspn(spec, " ")) {
		char text[8] = { 'd', 'a', 'y', ' ', spec[0], '\n', '\0' };
		char name[ROTATED_NAME_BYTES];
		char time[] = DAY(0);
		size_t len = strcspn(spec, " ");

		time[7] = spec[0];
		if (!memchr(spec, '-', len)) {
			rotated_name(name, "x", time, ROTATED_PLAIN);
			write_file(name, text);
		}
		if (memmem(spec, len, "gz", 2)) {
			rotated_name(name, "x", time, ROTATED_GZ);
			write_file(name, "what was there");
		}
		if (memmem(spec, len, "part", 4)) {
			rotated_name(name, "x", time, ROTATED_GZ_PART);
			write_file(name, "half of what");
		}
	}
}

/* Files by day; "-gz": only compressed, "gz": under both names, "part": partly compressed. */
Test(janitor, files_left)
{
	static const struct {
		const char *name;
		uint64_t keep;
		bool gzip;
		const char *before;
		const char *after;
	} cases[] = {
		{ "keep", 2, false, "1 2 3 4 5", "4 5" },
		{ "keep more than there are", 9, false, "1 2", "1 2" },
		{ "keep, some compressed", 2, false, "1-gz 2gz 3 4-gz 5", "4-gz 5" },
		{ "keep, a crash before", 1, false, "1part 2-part 3", "3" },
		{ "compress all but the newest", 0, true, "1 2 3", "1-gz 2-gz 3" },
		{ "compress, the newest is compressed", 0, true, "1 2 3-gz", "1-gz 2-gz 3-gz" },
		{ "compress, a crash before", 0, true, "1part 2gz 3gzpart 4", "1-gz 2-gz 3-gz 4" },
		{ "both", 3, true, "1 2gz 3part 4-gz 5", "3-gz 4-gz 5" },
		{ "nothing is there", 3, true, "", "" },
		{ "only one", 1, true, "7", "7" },
	};

	cr_assert_eq(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct janitor *j = new_janitor(cases[i].keep, cases[i].gzip);

		make_files(cases[i].before);
		write_file("x", "untouched");
		janitor_wake(j);
		expect_state(cases[i].name, cases[i].after);
		cr_expect_eq(janitor_finish(j), 0, "%s", cases[i].name);
		cr_expect_null(janitor_warning(j, 0), "%s: %s", cases[i].name,
			       janitor_warning(j, 0));
		janitor_free(j);
		expect_state(cases[i].name, cases[i].after);
		cr_assert_eq(system("rm -f x.* .x.*"), 0); // NOLINT(cert-env33-c)
		cr_expect_eq(access("x", F_OK), 0, "%s", cases[i].name);
	}
}

/* The compressed file is made again from the whole file, whatever a crash has left, and has the
 * same mode.
 */
Test(janitor, compressed_well)
{
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	struct stat st;
	struct janitor *j;

	cr_assert_eq(chdir(dir), 0);
	make_files("1 2gz 3part 4");
	cr_assert(!chmod("x." DAY(1), 0604) && !utimensat(AT_FDCWD, "x." DAY(1), times, 0));
	j = new_janitor(0, true);
	janitor_wake(j);
	expect_state("compressed", "1-gz 2-gz 3-gz 4");
	janitor_free(j);
	expect_gz("x." DAY(1) ".gz", "day 1\n");
	expect_gz("x." DAY(2) ".gz", "day 2\n");
	expect_gz("x." DAY(3) ".gz", "day 3\n");
	cr_assert_eq(stat("x." DAY(1) ".gz", &st), 0);
	cr_expect((st.st_mode & 07777) == 0604 && st.st_mtim.tv_sec == 2000, "mode %o, time %ld",
		  st.st_mode, st.st_mtim.tv_sec);
}

/* A file that is still written to, and anything that is not a regular file, are left alone. */
Test(janitor, left_alone)
{
	struct janitor *j;
	int fd;

	cr_assert_eq(chdir(dir), 0);
	make_files("1 2 3 4 5");
	cr_assert(!unlink("x." DAY(1)) && !symlink("/etc/passwd", "x." DAY(1)));
	fd = open("x." DAY(2), O_RDWR | O_CLOEXEC);
	cr_assert_eq(file_lock_take(fd), 0);
	j = new_janitor(0, true);
	janitor_wake(j);
	expect_state("locked", "1 2 3-gz 4-gz 5");
	cr_assert_eq(janitor_finish(j), 0);
	cr_expect(strstr(janitor_warning(j, 0), "cannot compress \"x." DAY(1) "\""), "%s",
		  janitor_warning(j, 0));
	janitor_free(j);
	j = new_janitor(1, false);
	janitor_wake(j);
	expect_state("locked, deletion", "2 5");
	cr_assert_eq(janitor_finish(j), 0);
	cr_expect(strstr(janitor_warning(j, 0),
			 "cannot delete \"x." DAY(2) "\": another process writes to it"),
		  "%s", janitor_warning(j, 0));
	janitor_free(j);
	close(fd);
	j = new_janitor(1, false);
	janitor_wake(j);
	expect_state("no longer locked", "5");
	janitor_free(j);
	cr_expect_eq(access("/etc/passwd", F_OK), 0);
}

/* A process that may only read a file can lock it in every way: the file is compressed all the
 * same, without a warning.
 */
Test(janitor, readers_locks)
{
	static const char *const names[] = { "x." DAY(1), "x." DAY(2), "x." DAY(3) };
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	struct janitor *j;
	int fds[3];

	cr_assert_eq(chdir(dir), 0);
	make_files("1 2 3");
	for (int i = 0; i < 3; i++) {
		fds[i] = open(names[i], O_RDONLY | O_CLOEXEC);
		cr_assert_eq(flock(fds[i], LOCK_EX), 0, "%s: %s", names[i], strerror(errno));
		cr_assert_eq(fcntl(fds[i], F_OFD_SETLK, &lock), 0);
	}
	j = new_janitor(2, true);
	janitor_wake(j);
	expect_state("locked by readers", "2-gz 3");
	cr_assert_eq(janitor_finish(j), 0);
	cr_expect_null(janitor_warning(j, 0), "%s", janitor_warning(j, 0));
	janitor_free(j);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* The plain file is kept, and compression is retried. */
Test(janitor, no_room_to_compress)
{
	struct rlimit limit;
	struct janitor *j;
	int64_t end = now_ms() + PATIENCE_MS;

	cr_assert_eq(chdir(dir), 0);
	make_files("1 2");
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 10;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	j = new_janitor(0, true);
	janitor_wake(j);
	while (!janitor_warning(j, 0) && now_ms() < end)
		sched_yield();
	cr_assert_not_null(janitor_warning(j, 0));
	cr_expect(strstr(janitor_warning(j, 0), "cannot compress \"x." DAY(1) "\": File too large"),
		  "%s", janitor_warning(j, 0));
	expect_state("no room", "1 2");
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	janitor_wake(j);
	expect_state("room", "1-gz 2");
	janitor_free(j);
	expect_gz("x." DAY(1) ".gz", "day 1\n");
}

/* Old files are deleted even if janitor_finish() is called before the first pass. */
Test(janitor, keeps_no_more_in_the_end)
{
	struct janitor *j;

	cr_assert_eq(chdir(dir), 0);
	for (int i = 0; i < 50; i++) {
		make_files("1 2 3 4 5");
		j = new_janitor(2, true);
		janitor_wake(j);
		cr_expect_eq(janitor_finish(j), 0);
		cr_expect_neq(access("x." DAY(3), F_OK), 0, "the third newest is still there");
		janitor_free(j);
		cr_assert_eq(system("rm -f x.*"), 0); // NOLINT(cert-env33-c)
	}
}

/* Compressing a file of a terabyte takes hours: janitor_finish() leaves it uncompressed. */
Test(janitor, ends_soon)
{
	struct janitor *j;
	int64_t start;

	cr_assert_eq(chdir(dir), 0);
	make_files("1 2");
	cr_assert_eq(truncate("x." DAY(1), INT64_C(1) << 40), 0);
	j = new_janitor(0, true);
	janitor_wake(j);
	expect_state("at work", "1part 2");
	start = now_ms();
	cr_expect_eq(janitor_finish(j), 0);
	cr_expect_lt(now_ms() - start, 5000, "it took %ld ms", now_ms() - start);
	expect_state("given up", "1 2");
	janitor_free(j);
}

/* The thread ends by itself after janitor_free(), even without janitor_finish(). */
Test(janitor, freed_while_running)
{
	struct janitor *j;

	cr_assert_eq(chdir(dir), 0);
	make_files("1 2");
	cr_assert_eq(truncate("x." DAY(1), INT64_C(1) << 40), 0);
	j = new_janitor(0, true);
	janitor_wake(j);
	expect_state("at work", "1part 2");
	janitor_free(j);
	expect_state("given up", "1 2");
}

Test(janitor, closes_files)
{
	struct janitor *j = NULL;
	int fds[40];
	unsigned int taken = 0;

	janitor_free(NULL);
	cr_assert_eq(chdir(dir), 0);
	j = new_janitor(0, false);
	janitor_wake(j); /* there is nothing to do */
	for (unsigned int i = 0; i < 40; i++) {
		fds[i] = open("y", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		cr_assert_eq(write(fds[i], "x", 1), 1);
	}
	for (unsigned int i = 0; i < 40; i++) {
		if (janitor_close_file(j, fds[i]))
			taken++;
		else
			close(fds[i]);
	}
	cr_expect_geq(taken, 16);
	cr_expect_eq(janitor_finish(j), 0);
	for (unsigned int i = 0; i < 40; i++)
		cr_expect_eq(fcntl(fds[i], F_GETFD), -1, "number %u is still open", i);
	janitor_free(j);
}

/* fdatasync(2) fails for a directory opened with O_PATH. */
Test(janitor, warns_of_failed_sync)
{
	struct janitor *j;
	int fd;

	cr_assert_eq(chdir(dir), 0);
	j = new_janitor(0, false);
	fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert(janitor_close_file(j, fd));
	cr_expect_eq(janitor_finish(j), -EBADF);
	cr_expect(strstr(janitor_warning(j, 0), "Bad file descriptor; lines in it may be lost"),
		  "%s", janitor_warning(j, 0));
	janitor_free(j);
}
