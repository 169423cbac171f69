/* SPDX-License-Identifier: BSD-2-Clause */
/* Where and how we are hooked, and what a refusal means. */
#ifndef LIB_ATTACH_H
#define LIB_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "lib/link.h"
#include "lib/reason.h"

struct attachment {
	uint32_t ifindex; /* that packets carry */
	enum xdptail_mode mode; /* NATIVE or GENERIC */
	bool attached;
	int link_fd; /* owned; -1: attached by netlink, before 5.9, or not at all */
	int program_fd; /* borrowed */
};

/* Hook the program that reads this interface's frames to it. Native mode first, unless GENERIC is asked for; with AUTO
 * a driver's refusal leads to generic mode, and r then says why.
 * 0, or -errno with the reason set; *ret is set on success only.
 */
int attach_open(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		enum xdptail_mode mode, struct reason *r);

/* Unhook. Packets may still be in the program for a grace period. */
void attach_close(struct attachment *a);

/* The index that the interface has now, in whatever network namespace it is, or 0: it was deleted, and
 * the kernel keeps our link, bound to nothing. Without a link only this namespace can be asked.
 */
uint32_t attach_index(const struct attachment *a);

/* Whether this is what runs on the interface of its index here: the index alone may be another's, of
 * another network namespace.
 */
bool attach_is_here(const struct attachment *a);

#endif
