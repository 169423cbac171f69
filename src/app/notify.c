// SPDX-License-Identifier: BSD-2-Clause
#include "app/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/number.h"

#define WATCHDOG_USEC_MAX (UINT64_C(1) << 50)

/* A path, or a name in the abstract namespace, which begins with @. */
static int take_address(struct notify *n, const char *text)
{
	const size_t len = strlen(text);

	if ((*text != '/' && *text != '@') || len < 2 || len >= sizeof(n->to.sun_path))
		return -EINVAL;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, text, len);
	if (*text == '@')
		n->to.sun_path[0] = '\0';
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*text == '/'));
	return 0;
}

static int start_watchdog(struct notify *n, const char *usec, const char *pid)
{
	static const struct number pids = { NUMBER_PLAIN, 0, INT32_MAX };
	static const struct number usecs = { NUMBER_PLAIN, 0, WATCHDOG_USEC_MAX };
	uint64_t us = 0, for_pid = (uint64_t)getpid();
	struct itimerspec its = { 0 };

	if ((pid && !number_read(&pids, pid, &for_pid)) || !number_read(&usecs, usec, &us))
		return -EINVAL;
	if (us < 2 || for_pid != (uint64_t)getpid())
		return 0;
	us /= 2;
	its.it_value.tv_sec = (time_t)(us / 1000000);
	its.it_value.tv_nsec = (long)(us % 1000000) * 1000;
	its.it_interval = its.it_value;
	n->watchdog_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (n->watchdog_fd < 0 || timerfd_settime(n->watchdog_fd, 0, &its, NULL))
		return -errno;
	return 0;
}

static int open_as_told(struct notify *n, const char *to, const char *usec, const char *pid)
{
	int err = take_address(n, to);

	if (err)
		return err;
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0)
		return -errno;
	/* Now, while we may: rights to its place can go. If it fails, each datagram tries it again.
	 */
	(void)connect(n->fd, (const struct sockaddr *)&n->to, n->to_len);
	return usec ? start_watchdog(n, usec, pid) : 0;
}

int notify_open(struct notify *ret)
{
	const char *to = getenv("NOTIFY_SOCKET");
	int err = 0;

	*ret = (struct notify){ .fd = -1, .watchdog_fd = -1 };
	if (to)
		err = open_as_told(ret, to, getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	(void)unsetenv("NOTIFY_SOCKET"); /* fail on bad names only */
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return err;
}

void notify_close(struct notify *n)
{
	if (n->watchdog_fd >= 0)
		close(n->watchdog_fd);
	if (n->fd >= 0)
		close(n->fd);
	n->fd = n->watchdog_fd = -1;
}

/* To whom we are connected; or, when that one is gone, to who is there now. 0 or -errno. */
static int send_text(const struct notify *n, const char *text)
{
	if (n->fd < 0 || send(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN)
		return -errno;
	return sendto(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&n->to, n->to_len) < 0 ?
		       -errno :
		       0;
}

void notify_state(struct notify *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(n->unsent, sizeof(n->unsent), fmt, args); /* ours, and shorter */
	va_end(args);
	notify_retry(n);
}

/* What fails otherwise than for lack of room (systemd is being replaced) may work next time, too.
 */
void notify_retry(struct notify *n)
{
	if (n->unsent[0] && !send_text(n, n->unsent))
		n->unsent[0] = '\0';
}

void notify_figure(struct notify *n, const char *fmt, ...)
{
	char text[NOTIFY_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)send_text(n, text); /* the next one says more */
}

static bool is_stuck(uint64_t before, uint64_t now)
{
	return before && now == before;
}

bool notify_has_progressed(const struct notify_progress *before, const struct notify_progress *now)
{
	return !is_stuck(before->handle, now->handle) && !is_stuck(before->snapshot, now->snapshot);
}

bool notify_watchdog(struct notify *n, const struct notify_progress *now)
{
	const bool fed = notify_has_progressed(&n->before, now);

	n->before = *now;
	if (fed)
		notify_figure(n, "WATCHDOG=1");
	return fed;
}
