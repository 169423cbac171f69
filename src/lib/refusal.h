/* SPDX-License-Identifier: BSD-2-Clause */
/* Explains why nothing can be attached to an interface. Each function sets the reason and returns
 * -errno.
 */
#ifndef LIB_REFUSAL_H
#define LIB_REFUSAL_H

#include <stdint.h>

#include "xdptail.h"
#include "base/reason.h"

/* Returns -ENODEV, and names similar interfaces. */
int refusal_no_interface(struct reason *r, const char *interface);

/* Returns err, and names the attached program. */
int refusal_occupied(struct reason *r, int err, const char *interface, uint32_t ifindex);

/* Returns err, or -EPERM for -EACCES, and names the usual cause. mode: NATIVE or GENERIC. */
int refusal_by_driver(struct reason *r, int err, const char *interface, enum xdptail_mode mode);

#endif
