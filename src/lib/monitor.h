/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says of interfaces: messages of rtnetlink(7), and nothing remembered of them. */
#ifndef LIB_MONITOR_H
#define LIB_MONITOR_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One message of one interface. */
struct monitor_link {
	char name[IF_NAMESIZE]; /* "": it does not say */
	uint32_t ifindex;
	uint32_t mtu; /* 0: it does not say */
	uint32_t new_ifindex; /* moved: the index there; 0: it does not say, and it is the same */
	bool left; /* deleted, or moved */
	bool moved; /* to another network namespace */
	bool up; /* somebody has set it up */
	bool carrier;
};

typedef void (*monitor_fn)(void *arg, const struct monitor_link *link);

/* A socket that is readable when something has happened to an interface of this network namespace;
 * or -errno. No privilege is needed. It is the caller's: close().
 */
int monitor_open(void);

/* Ask for the state of one interface; the answer is read like any other message, and says that it
 * has left when there is none of this index. 0 or -errno.
 */
int monitor_ask(int fd, uint32_t ifindex);

enum monitor_result {
	MONITOR_LOST = 1 << 0, /* messages: whoever relies on them has to ask */
	MONITOR_MORE = 1 << 1, /* is there, perhaps */
};

/* Read what waits, but no more than some messages, so that a flood of them holds nothing up.
 * Results or-ed; or -errno: the socket is of no use any more.
 */
int monitor_read(int fd, monitor_fn fn, void *arg);

/* The messages in a buffer. 0; -EAGAIN: a question was refused, and not because there is no such
 * interface; or -EBADMSG: a length contradicts another, and what is behind it is not read.
 */
int monitor_parse(const void *data, size_t len, monitor_fn fn, void *arg);

#endif
