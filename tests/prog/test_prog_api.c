// SPDX-License-Identifier: BSD-2-Clause
/* The shortest way to use the library: attach, xdptail_get_packet_count(), close. On the loopback
 * interface of a network namespace of its own, with datagrams to a socket that takes them, so that
 * nothing answers.
 */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xdptail.h"

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &ifr), 0, "lo: %s", strerror(errno));
	close(fd);
}

static int open_receiver(struct sockaddr_in *ret)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	return fd;
}

/* One after the other, each received before the next is sent: then each has been counted. */
static void send_datagrams(int fd, const struct sockaddr_in *to, int n)
{
	char byte = 'x';

	for (int i = 0; i < n; i++) {
		cr_assert_eq(sendto(fd, &byte, 1, 0, (const struct sockaddr *)to, sizeof(*to)), 1);
		cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	}
}

struct events {
	char text[256];
	size_t len;
	struct xdptail *x; /* once it is open */
};

/* xdptail_interface_fn: state, name and how many are attached then, which it may ask for */
static void on_interface(void *arg, const struct xdptail_interface *event)
{
	static const char *const states[XDPTAIL_STATE_MAX] = {
		[XDPTAIL_STATE_ATTACHED] = "attached",
		[XDPTAIL_STATE_DETACHED] = "detached",
		[XDPTAIL_STATE_GONE] = "gone",
	};
	struct events *e = arg;

	if (states[event->state])
		e->len += (size_t)snprintf(e->text + e->len, sizeof(e->text) - e->len, "%s %s %u, ",
					   states[event->state], event->interface,
					   xdptail_attached(e->x));
}

static int open_counting(struct xdptail **ret, struct events *e, bool wait)
{
	struct xdptail_options options;
	int err;

	xdptail_options_init(&options, sizeof(options));
	options.function_name = "count_packets";
	options.interface_fn = on_interface;
	options.interface_arg = e;
	options.wait_interface = wait;
	err = xdptail_open(ret, &options);
	e->x = *ret;
	return err;
}

static int ignore(void *arg, const struct xdptail_packet *packet)
{
	(void)arg;
	(void)packet;
	return 0;
}

/* What is refused, what is waited for, and what becomes of both. */
Test(prog_api, interfaces_are_told)
{
	struct events e = { .len = 0 };
	struct xdptail *x;
	char name[8];
	int err;

	if (unshare(CLONE_NEWNET))
		cr_skip("not permitted to make a network namespace: needs CAP_SYS_ADMIN");
	loopback_up();
	err = open_counting(&x, &e, true);
	if (err == -EPERM)
		cr_skip("%s", xdptail_reason(x));
	cr_assert_eq(err, 0, "open: %s", xdptail_reason(x));
	cr_expect_eq(xdptail_detach(x, NULL), 0, "there is none");
	cr_expect_eq(xdptail_attach(x, "absent", XDPTAIL_MODE_AUTO), 1);
	cr_expect_eq(xdptail_attach(x, "absent", XDPTAIL_MODE_AUTO), -EBUSY);
	cr_expect_eq(xdptail_attached(x), 0);
	cr_expect_eq(xdptail_attach(x, "lo", XDPTAIL_MODE_GENERIC), 0, "%s", xdptail_reason(x));
	cr_expect_eq(xdptail_attach(x, "lo", XDPTAIL_MODE_GENERIC), -EBUSY);
	cr_expect_eq(xdptail_attach(x, "a-name-of-seventeen", XDPTAIL_MODE_AUTO), -ENODEV);
	for (int i = 2; i < XDPTAIL_INTERFACES_MAX; i++) {
		snprintf(name, sizeof(name), "none%d", i);
		e.len = sizeof(e.text) - 1; /* these are not looked at */
		cr_assert_eq(xdptail_attach(x, name, XDPTAIL_MODE_AUTO), 1, "%s", name);
	}
	cr_expect_eq(xdptail_attach(x, "many", XDPTAIL_MODE_AUTO), -ENOSPC);
	cr_expect_eq(xdptail_poll(x, 0, 0, ignore, NULL), 0, "%s", xdptail_reason(x));
	e.len = strlen("gone absent 0, attached lo 1, ");
	cr_expect_eq(xdptail_detach(x, "absent"), 0);
	cr_expect_eq(xdptail_detach(x, "absent"), -ENODEV);
	cr_expect_eq(xdptail_detach(x, NULL), 0);
	cr_expect_str_eq(e.text, "gone absent 0, attached lo 1, detached lo 0, ");
	xdptail_close(x);
}

Test(prog_api, without_waiting_an_absent_interface_is_refused)
{
	struct events e = { .len = 0 };
	struct xdptail *x;
	int err;

	if (unshare(CLONE_NEWNET))
		cr_skip("not permitted to make a network namespace: needs CAP_SYS_ADMIN");
	err = open_counting(&x, &e, false);
	if (err == -EPERM)
		cr_skip("%s", xdptail_reason(x));
	cr_assert_eq(err, 0, "open: %s", xdptail_reason(x));
	cr_expect_eq(xdptail_attach(x, "absent", XDPTAIL_MODE_AUTO), -ENODEV);
	cr_expect(strstr(xdptail_reason(x), "\"absent\""), "%s", xdptail_reason(x));
	cr_expect_eq(xdptail_detach(x, "absent"), -ENODEV);
	cr_expect_str_eq(e.text, "");
	xdptail_close(x);
}

Test(prog_api, get_packet_count_sums_and_clears)
{
	static const int rounds[] = { 100, 0, 50, 1 };
	struct xdptail_options options;
	struct sockaddr_in to;
	struct xdptail *x;
	int fd, err;

	if (unshare(CLONE_NEWNET))
		cr_skip("not permitted to make a network namespace: needs CAP_SYS_ADMIN");
	loopback_up();
	fd = open_receiver(&to);
	xdptail_options_init(&options, sizeof(options));
	options.function_name = "count_packets";
	err = xdptail_open(&x, &options);
	if (err == -EPERM)
		cr_skip("%s", xdptail_reason(x));
	cr_assert_eq(err, 0, "open: %s", xdptail_reason(x));
	err = xdptail_attach(x, "lo", XDPTAIL_MODE_GENERIC);
	cr_assert_eq(err, 0, "attach: %s", xdptail_reason(x));
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		uint64_t got = 0;

		send_datagrams(fd, &to, rounds[i]);
		err = xdptail_get_packet_count(x, &got);
		cr_assert_eq(err, 0, "round %zu: %s", i, xdptail_reason(x));
		cr_expect_eq(got, (uint64_t)rounds[i], "round %zu: got %llu, want %d", i,
			     (unsigned long long)got, rounds[i]);
	}
	cr_expect_eq(xdptail_detach(x, "lo"), 0);
	cr_expect_eq(xdptail_detach(x, "lo"), -ENODEV, "detached twice");
	xdptail_close(x);
	close(fd);
}

/* On lo, generic mode; NULL after cr_skip() without the rights. *ret_fd receives what is sent to
 * *ret_to.
 */
static struct xdptail *open_on_lo(uint32_t sample_rate, struct sockaddr_in *ret_to, int *ret_fd)
{
	struct xdptail_options options;
	struct xdptail *x;
	int err;

	if (unshare(CLONE_NEWNET))
		cr_skip("not permitted to make a network namespace: needs CAP_SYS_ADMIN");
	loopback_up();
	*ret_fd = open_receiver(ret_to);
	xdptail_options_init(&options, sizeof(options));
	options.function_name = "count_packets";
	options.sample_rate = sample_rate;
	options.batch_ms = 0;
	err = xdptail_open(&x, &options);
	if (err == -EPERM)
		cr_skip("%s", xdptail_reason(x));
	cr_assert_eq(err, 0, "open: %s", xdptail_reason(x));
	err = xdptail_attach(x, "lo", XDPTAIL_MODE_GENERIC);
	cr_assert_eq(err, 0, "attach: %s", xdptail_reason(x));
	return x;
}

static uint64_t finish_counts(struct xdptail *x)
{
	struct xdptail_counts *counts = NULL;
	uint64_t counted;
	int done = 0;

	while (!done) {
		cr_assert_geq(xdptail_poll(x, 0, 0, NULL, NULL), 0, "%s", xdptail_reason(x));
		done = xdptail_counts_step(x, 0, &counts);
	}
	cr_assert_eq(done, 1, "%s", xdptail_reason(x));
	counted = counts->counted;
	xdptail_counts_free(counts);
	return counted;
}

/* It asks for nothing to be done, so nothing is: also between the beginning of an interval's end
 * and its last step.
 */
Test(prog_api, a_check_of_rights_changes_no_count)
{
	struct sockaddr_in to;
	int fd;
	struct xdptail *x = open_on_lo(0, &to, &fd);

	cr_expect_eq(xdptail_capabilities(x), 0);
	send_datagrams(fd, &to, 100);
	cr_expect_eq(xdptail_check_rights(x), 0, "%s", xdptail_reason(x));
	send_datagrams(fd, &to, 50);
	cr_assert_eq(xdptail_counts_begin(x), 0);
	cr_expect_eq(xdptail_check_rights(x), 0, "%s", xdptail_reason(x));
	cr_expect_eq(finish_counts(x), 150);
	send_datagrams(fd, &to, 7);
	cr_expect_eq(xdptail_check_rights(x), 0, "%s", xdptail_reason(x));
	cr_assert_eq(xdptail_counts_begin(x), 0);
	cr_expect_eq(finish_counts(x), 7);
	xdptail_close(x);
	close(fd);
}

Test(prog_api, progress_stands_still_while_samples_wait)
{
	struct sockaddr_in to;
	uint64_t waits, later;
	int fd;
	struct xdptail *x = open_on_lo(1, &to, &fd);

	cr_expect_eq(xdptail_progress(x), 0, "there is nothing to do yet");
	send_datagrams(fd, &to, 10);
	waits = xdptail_progress(x);
	cr_expect_gt(waits, 0);
	send_datagrams(fd, &to, 10);
	cr_expect_eq(xdptail_progress(x), waits, "nobody has taken a sample");
	cr_assert_eq(xdptail_poll(x, 1000, 5, NULL, NULL), 5);
	later = xdptail_progress(x);
	cr_expect_gt(later, waits);
	while (xdptail_poll(x, 0, 0, NULL, NULL) > 0)
		;
	cr_expect_eq(xdptail_progress(x), 0, "all are taken");
	cr_assert_eq(xdptail_counts_begin(x), 0);
	waits = xdptail_progress(x);
	cr_expect_gt(waits, 0, "an interval is to be closed");
	cr_expect_eq(xdptail_progress(x), waits, "nobody has taken a step");
	(void)finish_counts(x);
	cr_expect_eq(xdptail_progress(x), 0, "it is closed");
	xdptail_close(x);
	close(fd);
}
