// SPDX-License-Identifier: BSD-2-Clause
/* The ancestor's way of using it: attach, get_packet_count(), clean up. On the loopback interface of a
 * network namespace of its own, with datagrams to a socket that takes them, so that nothing answers.
 */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
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
