/* SPDX-License-Identifier: BSD-2-Clause */
/* Where and how we are hooked, and what a refusal means. */
#ifndef LIB_ATTACH_H
#define LIB_ATTACH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "lib/link.h"
#include "base/reason.h"

/* About the largest MTU that drivers take in native mode when a frame must lie in one buffer: a
 * page of 4 KiB, less what XDP and the kernel keep of it.
 */
#define ATTACH_MTU_ONE_BUFFER 3498

struct attachment {
	char interface[IF_NAMESIZE]; /* its name when we attached */
	uint32_t ifindex; /* that packets carry */
	enum xdptail_mode mode; /* NATIVE or GENERIC */
	bool attached;
	int link_fd; /* owned; -1: attached by netlink, before 5.9, or not at all */
	int program_fd; /* borrowed */
};

/* Hook the program that reads this interface's frames to it. Native mode first, unless GENERIC is
 * asked for; with AUTO a driver's refusal leads to generic mode, and r then says why. 0, or -errno
 * with the reason set; *ret is set on success only.
 */
int attach_open(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		enum xdptail_mode mode, struct reason *r);

/* What attach_open() consists of, for those who only want to know what it would do.
 *
 * Find the interface, and the program that reads its frames. 0, or -errno with the reason set.
 */
int attach_prepare(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		   struct reason *r);

/* Hook a->program_fd to a->ifindex in a->mode, or say what that would give: 0 or -errno. */
typedef int (*attach_hook_fn)(struct attachment *a, const void *arg);

/* Try native mode, then generic, as far as mode allows; a->mode is the last one tried. r is as
 * after attach_open(), and so is what is returned.
 */
int attach_in_mode(struct attachment *a, enum xdptail_mode mode, attach_hook_fn fn, const void *arg,
		   struct reason *r);

/* Unhook. Packets may still be in the program for a grace period. */
void attach_close(struct attachment *a);

/* The index that the interface has now, in whatever network namespace it is, or 0: it was deleted,
 * and the kernel keeps our link, bound to nothing. Without a link only this namespace can be asked,
 * and 0 says that it is not here. Where the question fails, it is the index that it had.
 */
uint32_t attach_index(const struct attachment *a);

/* Whether this is what runs on the interface of its index here: the index alone may be another's,
 * of another network namespace. 1, 0, or -errno: it could not be found out, and perhaps can at the
 * next try.
 */
int attach_is_current(const struct attachment *a);

#endif
