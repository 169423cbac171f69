// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/notify.h"

Test(notify, the_watchdog_is_fed_only_if_nothing_is_stuck)
{
	static const struct {
		const char *name;
		struct notify_progress before, now;
		bool want;
	} cases[] = {
		{ "nothing to do", { 0, 0 }, { 0, 0 }, true },
		{ "samples came", { 0, 0 }, { 5, 0 }, true },
		{ "samples are taken", { 5, 0 }, { 6, 0 }, true },
		{ "all were taken", { 5, 0 }, { 0, 0 }, true },
		{ "samples wait, and none is taken", { 5, 0 }, { 5, 0 }, false },
		{ "a snapshot began", { 0, 0 }, { 0, 7 }, true },
		{ "a snapshot goes on", { 0, 7 }, { 0, 8 }, true },
		{ "a snapshot stands still", { 0, 7 }, { 0, 7 }, false },
		{ "samples are taken, but a snapshot stands still", { 5, 7 }, { 9, 7 }, false },
		{ "a snapshot goes on, but samples wait", { 5, 7 }, { 5, 9 }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool got = notify_has_progressed(&cases[i].before, &cases[i].now);

		cr_expect_eq(got, cases[i].want, "%s: got %d, want %d", cases[i].name, got,
			     cases[i].want);
	}
}

/* A socket in an abstract name of this process, which NOTIFY_SOCKET says. */
static int listen_here(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int len = snprintf(at.sun_path, sizeof(at.sun_path), "@xdptail-test-%d", (int)getpid());

	cr_assert_eq(setenv("NOTIFY_SOCKET", at.sun_path, 1), 0);
	at.sun_path[0] = '\0';
	cr_assert_eq(bind(fd, (const struct sockaddr *)&at,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
		     0);
	return fd;
}

static void expect_heard(int fd, const char *want)
{
	char got[NOTIFY_BYTES] = "";

	if (recv(fd, got, sizeof(got) - 1, 0) < 0)
		got[0] = '\0';
	cr_expect_str_eq(got, want, "heard \"%s\", want \"%s\"", got, want);
}

Test(notify, a_stuck_loop_starves_the_watchdog_until_it_gets_on)
{
	const struct notify_progress stuck = { .handle = 9 }, on = { .handle = 10 };
	int fd = listen_here();
	struct notify n;

	cr_assert_eq(notify_open(&n), 0);
	cr_expect(notify_watchdog(&n, &stuck), "it has only begun");
	expect_heard(fd, "WATCHDOG=1");
	for (int i = 0; i < 3; i++) {
		cr_expect(!notify_watchdog(&n, &stuck));
		expect_heard(fd, "");
	}
	cr_expect(notify_watchdog(&n, &on));
	expect_heard(fd, "WATCHDOG=1");
	notify_close(&n);
	close(fd);
}

Test(notify, a_state_that_found_no_room_is_sent_later)
{
	int fd = listen_here();
	struct notify n;
	char text[NOTIFY_BYTES];
	int queued = 0;

	cr_assert_eq(notify_open(&n), 0);
	while (sendto(n.fd, "X=1", 3, MSG_DONTWAIT, (const struct sockaddr *)&n.to, n.to_len) == 3)
		queued++;
	cr_assert_eq(errno, EAGAIN);
	notify_state(&n, "RELOADING=1");
	notify_state(&n, "READY=1");
	notify_figure(&n, "STATUS=lost");
	while (queued--)
		cr_assert_eq(recv(fd, text, sizeof(text), 0), 3);
	expect_heard(fd, "");
	notify_retry(&n);
	expect_heard(fd, "READY=1");
	notify_retry(&n);
	expect_heard(fd, "");
	notify_close(&n);
	close(fd);
}

static void set(const char *name, const char *value)
{
	if (value)
		cr_assert_eq(setenv(name, value, 1), 0);
	else
		cr_assert_eq(unsetenv(name), 0);
}

Test(notify, the_environment_is_checked_and_taken)
{
	static const char long_path[] =
		"/0123456789012345678901234567890123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567890";
	static const struct {
		const char *to, *usec, *pid;
		int want;
		bool told, watched;
	} cases[] = {
		{ NULL, NULL, NULL, 0, false, false },
		{ NULL, "1000000", NULL, 0, false, false },
		{ "/run/x", NULL, NULL, 0, true, false },
		{ "@x", "1000000", NULL, 0, true, true },
		{ "@x", "1000000", "1", 0, true, false },
		{ "@x", "0", NULL, 0, true, false },
		{ "@x", "1", NULL, 0, true, false },
		{ "@x", "", NULL, -EINVAL, true, false },
		{ "@x", "-1", NULL, -EINVAL, true, false },
		{ "@x", "1s", NULL, -EINVAL, true, false },
		{ "@x", "99999999999999999999", NULL, -EINVAL, true, false },
		{ "@x", "1000000", "x", -EINVAL, true, false },
		{ "", NULL, NULL, -EINVAL, false, false },
		{ "@", NULL, NULL, -EINVAL, false, false },
		{ "run/x", NULL, NULL, -EINVAL, false, false },
		{ long_path, NULL, NULL, -EINVAL, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct notify n;
		int err;

		set("NOTIFY_SOCKET", cases[i].to);
		set("WATCHDOG_USEC", cases[i].usec);
		set("WATCHDOG_PID", cases[i].pid);
		err = notify_open(&n);
		cr_expect_eq(err, cases[i].want, "case %zu: got %d", i, err);
		cr_expect_eq(n.fd >= 0, cases[i].told, "case %zu: fd %d", i, n.fd);
		cr_expect_eq(n.watchdog_fd >= 0, cases[i].watched, "case %zu: watchdog %d", i,
			     n.watchdog_fd);
		cr_expect(!getenv("NOTIFY_SOCKET") && !getenv("WATCHDOG_USEC") &&
				  !getenv("WATCHDOG_PID"),
			  "case %zu: the environment is as it was", i);
		notify_close(&n);
	}
}

Test(notify, the_timer_runs_out_at_half_the_time)
{
	struct pollfd p = { .events = POLLIN };
	struct notify n;

	set("NOTIFY_SOCKET", "@x");
	set("WATCHDOG_USEC", "2000");
	cr_assert_eq(notify_open(&n), 0);
	p.fd = n.watchdog_fd;
	cr_expect_eq(poll(&p, 1, 20000), 1, "it did not run out");
	notify_close(&n);
}
