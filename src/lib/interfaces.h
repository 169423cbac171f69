/* SPDX-License-Identifier: BSD-2-Clause */
/* The interfaces of a handle, and what becomes of them: deleted, there again, renamed, moved to
 * another network namespace, down and up. The kernel's messages say what happens; once a second is
 * looked at what they do not say, or did not where they cannot be had.
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
	bool wait; /* for those that are not there */
	xdptail_interface_fn fn; /* may be NULL */
	void *arg; /* of fn */
};

int interfaces_new(struct interfaces **ret, const struct interfaces_spec *spec); /* 0 or -errno */
void interfaces_free(struct interfaces *i); /* detaches from all; NULL is fine */

/* To wait on: readable when interfaces_check() has something to do. -1: there is none. */
int interfaces_fd(const struct interfaces *i);

/* 0; 1: it is not there, and waited for; or -errno with the reason set. */
int interfaces_attach(struct interfaces *i, const char *name, enum xdptail_mode mode,
		      struct reason *r);

/* By the name that it was asked for by; NULL: all of them, of which there may be none. How many
 * were attached, or -ENODEV with the reason set.
 */
int interfaces_detach(struct interfaces *i, const char *name, struct reason *r);

/* Do what messages ask for. Not from within fn. */
void interfaces_check(struct interfaces *i);

/* Once a second: look, whether there were messages or not. Not from within fn. */
void interfaces_tick(struct interfaces *i);

unsigned int interfaces_attached(const struct interfaces *i); /* how many */

/* Is any attached by netlink, or to be attached where the kernel has nothing else (before 5.9)? */
bool interfaces_need_netlink(const struct interfaces *i);

/* The number of the name of an index that a packet carries, and the text of it, which stays until
 * interfaces_free(). Of an index that is not known messages may tell, which are read first.
 */
uint32_t interfaces_name(struct interfaces *i, uint32_t ifindex);
const char *interfaces_text(const struct interfaces *i, uint32_t name);

void interfaces_next(struct interfaces *i); /* an interval has ended */

#endif
