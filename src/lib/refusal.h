/* SPDX-License-Identifier: BSD-2-Clause */
/* Why nothing can be attached to an interface, in words. Each sets the reason and returns -errno.
 */
#ifndef LIB_REFUSAL_H
#define LIB_REFUSAL_H

#include <stdint.h>

#include "xdptail.h"
#include "base/reason.h"

/* -ENODEV, and the nearest names of those that there are. */
int refusal_no_interface(struct reason *r, const char *interface);

/* err, and the program that is there. */
int refusal_occupied(struct reason *r, int err, const char *interface, uint32_t ifindex);

/* err, and what usually stands behind it; -EPERM for -EACCES, too. mode: NATIVE or GENERIC. */
int refusal_by_driver(struct reason *r, int err, const char *interface, enum xdptail_mode mode);

#endif
