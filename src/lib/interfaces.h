/* SPDX-License-Identifier: BSD-2-Clause */
/* The interfaces of a handle, and their changes: deleted, created again, renamed, moved to another
 * network namespace, down and up. The kernel's messages report most changes. Once a second the
 * interfaces are checked for the others, or for all of them if no messages can be received.
 */
#ifndef LIB_INTERFACES_H
#define LIB_INTERFACES_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "lib/link.h"
#include "base/reason.h"

struct interfaces;

struct interfaces_spec {
	const int *program_fd; /* LINK_MAX of them, borrowed */
	bool wait; /* wait for interfaces that do not exist */
	xdptail_interface_fn fn; /* may be NULL */
	void *arg; /* argument of fn */
};

int interfaces_new(struct interfaces **ret, const struct interfaces_spec *spec); /* 0 or -errno */
void interfaces_free(struct interfaces *i); /* detaches from all; NULL is fine */

/* An fd to wait on: readable when interfaces_check() has something to do. -1: there is none. */
int interfaces_fd(const struct interfaces *i);

/* Returns 0; 1: the interface does not exist, and is waited for; or -errno with the reason set. */
int interfaces_attach(struct interfaces *i, const char *name, enum xdptail_mode mode,
		      struct reason *r);

/* name: the requested name; NULL: all interfaces, if any. Returns how many were attached, or
 * -ENODEV with the reason set.
 */
int interfaces_detach(struct interfaces *i, const char *name, struct reason *r);

/* Handles the kernel's messages. Must not be called from fn. */
void interfaces_check(struct interfaces *i);

/* Checks all interfaces, once a second, whether there were messages or not. Must not be called from
 * fn.
 */
void interfaces_tick(struct interfaces *i);

unsigned int interfaces_attached(const struct interfaces *i); /* number of attached interfaces */

/* Is any interface attached by netlink, or would it be, because the kernel has no links (before
 * 5.9)?
 */
bool interfaces_need_netlink(const struct interfaces *i);

/* Returns the number of the name for an index that a packet carries; interfaces_text() returns its
 * text, which is valid until interfaces_free(). For an unknown index the pending messages are read
 * first.
 */
uint32_t interfaces_name(struct interfaces *i, uint32_t ifindex);
const char *interfaces_text(const struct interfaces *i, uint32_t name);

void interfaces_next(struct interfaces *i); /* an interval has ended */

#endif
