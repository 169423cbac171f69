// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/rotated.h"
#include "outputs.h"

TestSuite(rotated, .init = setup, .fini = teardown, .timeout = 60);

static int open_dir(void)
{
	int fd;

	cr_assert_eq(chdir(dir), 0);
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	return fd;
}

Test(rotated, times)
{
	static const struct {
		uint64_t us;
		const char *want;
	} cases[] = {
		{ 0, "19700101T000000.000000Z" },
		{ 1, "19700101T000000.000001Z" },
		{ UINT64_C(1795318900704885), "20261122T034140.704885Z" },
		{ UINT64_C(253402300799999999), "99991231T235959.999999Z" },
	};
	char got[ROTATED_TIME_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rotated_time(got, cases[i].us);
		cr_expect_str_eq(got, cases[i].want, "%lu: got %s, want %s", cases[i].us, got,
				 cases[i].want);
	}
	rotated_time(got, UINT64_MAX); /* beyond what gmtime_r() supports */
}

#define T1 "20261122T034140.704885Z"
#define T2 "20261122T034140.704886Z"
#define T3 "20261123T000000.000000Z"

/* Only names of rotated files are found: other files must not be deleted. */
Test(rotated, names)
{
	static const char *const others[] = {
		"x",
		"x.gz",
		"x.1",
		"x-" T1,
		"x." T1 ".xz",
		"x." T1 ".gz.tmp",
		"x." T1 "x",
		"xx." T1,
		"x..." T1,
		".x." T1,
		".x." T1 ".gz2",
		"..x." T1 ".gz",
		"x.20261122T034140.704885",
		"x.20261122T034140,704885Z",
		"x.20261122T03414a.704885Z",
		"x.2026112T034140.7048855Z",
		"y." T1,
		"." T1,
	};
	int fd = open_dir();
	struct rotated *list = NULL;
	size_t n = 7;

	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	cr_expect_eq(n, 0);
	free(list);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		write_file(others[i], "");
	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	cr_expect_eq(n, 0, "%s", n ? list[0].time : "");
	free(list);

	write_file("x." T3, "");
	write_file("x." T1 ".gz", "");
	write_file("x." T1, "");
	write_file(".x." T2 ".gz", "");
	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	cr_assert_eq(n, 3);
	cr_expect(!strcmp(list[0].time, T1) && list[0].plain && list[0].gz && !list[0].gz_part);
	cr_expect(!strcmp(list[1].time, T2) && !list[1].plain && !list[1].gz && list[1].gz_part);
	cr_expect(!strcmp(list[2].time, T3) && list[2].plain && !list[2].gz && !list[2].gz_part);
	free(list);
	close(fd);
}

Test(rotated, a_thousand_names)
{
	int fd = open_dir();
	struct rotated *list = NULL;
	uint64_t us = 0, before = 0;
	size_t n = 0;

	for (int i = 0; i < 1000; i++) {
		write_file("x", "");
		cr_assert_eq(rotated_rename(fd, "x", &us), 0);
		cr_assert_gt(us, before);
		before = us;
	}
	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	cr_expect_eq(n, 1000);
	free(list);
	cr_expect_eq(rotated_rename(fd, "x", &us), -ENOENT);
	close(fd);
}

/* A clock that was set back does not change the order, and no other file is replaced. */
Test(rotated, time_does_not_go_back)
{
	const uint64_t future = UINT64_C(4000000000000000);
	char time[ROTATED_TIME_BYTES], name[ROTATED_NAME_BYTES];
	uint64_t us = future;
	int fd = open_dir();
	struct rotated *list = NULL;
	size_t n = 0, len;
	char *text;

	rotated_time(time, future + 1);
	rotated_name(name, "x", time, ROTATED_PLAIN);
	write_file(name, "not ours");
	write_file("x", "ours");
	cr_assert_eq(rotated_rename(fd, "x", &us), 0);
	cr_assert_eq(rotated_list(fd, "x", &list, &n), 0);
	cr_assert_eq(n, 2);
	cr_expect_str_eq(list[0].time, time);
	text = contents(name, &len);
	cr_expect_str_eq(text, "not ours");
	free(text);
	free(list);
	close(fd);
}
