/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaches the program to an interface, and explains what a refusal means. */
#ifndef LIB_ATTACH_H
#define LIB_ATTACH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "lib/link.h"
#include "base/reason.h"

/* The largest MTU, approximately, that drivers accept in native mode when a frame must lie in one
 * buffer: a page of 4 KiB, less what XDP and the kernel keep of it.
 */
#define ATTACH_MTU_ONE_BUFFER 3498

struct attachment {
	char interface[IF_NAMESIZE]; /* its name when we attached */
	uint32_t ifindex; /* the index that packets carry */
	enum xdptail_mode mode; /* NATIVE or GENERIC */
	bool attached;
	int link_fd; /* owned; -1: attached by netlink, before 5.9, or not at all */
	int program_fd; /* borrowed */
};

/* Attaches the program for this kind of frames to the interface. Native mode comes first unless
 * GENERIC is asked for; with AUTO, a driver's refusal leads to generic mode, and r then says why.
 * Returns 0, or -errno with the reason set; *ret is set on success only.
 */
int attach_open(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		enum xdptail_mode mode, struct reason *r);

/* The steps of attach_open(), for callers that only want to know what it would do.
 *
 * Finds the interface, and the program for its kind of frames. Returns 0, or -errno with the reason
 * set.
 */
int attach_prepare(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		   struct reason *r);

/* Attaches a->program_fd to a->ifindex in a->mode, or predicts the result. Returns 0 or -errno. */
typedef int (*attach_hook_fn)(struct attachment *a, const void *arg);

/* Tries native mode, then generic mode, as mode allows; a->mode is the last one tried. The result
 * and r are those of attach_open().
 */
int attach_in_mode(struct attachment *a, enum xdptail_mode mode, attach_hook_fn fn, const void *arg,
		   struct reason *r);

/* Detaches. Packets may still be in the program for a grace period. */
void attach_close(struct attachment *a);

/* Returns the present index of the interface, in whatever network namespace it is. With a link, 0
 * means that the interface was deleted. Without a link only this namespace can be searched, and 0
 * means that the interface is not in it. If the query fails, the result is the last known index.
 */
uint32_t attach_index(const struct attachment *a);

/* Is this attachment the one on the interface with its index here? The index alone does not say so,
 * for the interface may be in another network namespace. Returns 1, 0, or -errno if that is unknown
 * for now.
 */
int attach_is_current(const struct attachment *a);

#endif
