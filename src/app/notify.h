/* SPDX-License-Identifier: BSD-2-Clause */
/* What systemd is told, by its datagrams (sd_notify(3), without its library), and the watchdog that
 * it keeps. Nothing of it ever waits: a state that finds no room is sent later, a figure is left
 * out.
 */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NOTIFY_BYTES 512

/* How far things are. Of each: 0 when there is nothing to do, else a number that changes when it
 * gets on.
 */
struct notify_progress {
	uint64_t handle; /* xdptail_progress() */
	uint64_t snapshot; /* its number and how many lines of it are written */
};

struct notify {
	int fd; /* owned; -1: nobody is to be told */
	struct sockaddr_un to;
	socklen_t to_len;
	/* owned; a timer, readable at half the watchdog's time; -1: there is none */
	int watchdog_fd;
	struct notify_progress before; /* when the watchdog was last looked after */
	char unsent[NOTIFY_BYTES]; /* the last state, if it found no room */
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment. 0, also when there is
 * nobody to be told; or -errno: -EINVAL when one of them can't be what systemd has set. *ret is
 * good for all calls then, too.
 */
int notify_open(struct notify *ret);
void notify_close(struct notify *n);

/* Assignments as sd_notify(3) has them, with \n between them. A state is sent later if it has to
 * be: by notify_retry(), unless another one came after it.
 */
__attribute__((format(printf, 2, 3))) void notify_state(struct notify *n, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void notify_figure(struct notify *n, const char *fmt, ...);
void notify_retry(struct notify *n);

/* The timer has run out. Feed the watchdog, unless something that was under way at the last time
 * has not moved since. Has it been fed?
 */
bool notify_watchdog(struct notify *n, const struct notify_progress *now);

/* Is nothing stuck? */
bool notify_has_progressed(const struct notify_progress *before, const struct notify_progress *now);

#endif
