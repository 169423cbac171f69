/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's messages about interfaces, rtnetlink(7). It keeps no state. */
#ifndef LIB_MONITOR_H
#define LIB_MONITOR_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message about one interface. */
struct monitor_link {
	char name[IF_NAMESIZE]; /* "": not in the message */
	uint32_t ifindex;
	uint32_t mtu; /* 0: not in the message */
	/* index in the other namespace; 0: not in the message, and unchanged */
	uint32_t new_ifindex;
	bool removed; /* deleted, or moved */
	bool moved; /* moved to another network namespace */
	bool up; /* set up by an administrator */
	bool carrier;
};

typedef void (*monitor_fn)(void *arg, const struct monitor_link *link);

/* Returns a socket that is readable after changes to interfaces of this network namespace, or
 * -errno. No privilege is needed. The caller owns it: close().
 */
int monitor_open(void);

/* Queries the state of one interface. The answer is read like any other message; if no interface
 * has this index, it is one with left set. Returns 0 or -errno.
 */
int monitor_ask(int fd, uint32_t ifindex);

enum monitor_result {
	MONITOR_LOST = 1 << 0, /* messages were lost: the caller has to query the state */
	MONITOR_MORE = 1 << 1, /* there may be more to read */
};

/* Reads pending messages, with a limit for each call, so that a flood of them does not block the
 * caller. Returns MONITOR_*, or-ed; or -errno: the socket is unusable.
 */
int monitor_read(int fd, monitor_fn fn, void *arg);

/* Parses the messages in a buffer. Returns 0; -EAGAIN: a query was refused, although the interface
 * may exist; or -EBADMSG: lengths contradict each other, and the rest is not read.
 */
int monitor_parse(const void *data, size_t len, monitor_fn fn, void *arg);

#endif
