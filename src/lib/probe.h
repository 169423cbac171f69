/* SPDX-License-Identifier: BSD-2-Clause */
/* What xdptail_probe() consists of: probe.c asks the kernel, probe_interface.c about an interface.
 */
#ifndef LIB_PROBE_H
#define LIB_PROBE_H

#include <stddef.h>

#include "xdptail.h"
#include "lib/object.h"

/* Fill what concerns the interface. object: what was loaded, or NULL when nothing was; then it is
 * taken that all programs would have been.
 */
void probe_interface(struct xdptail_probe *p, const char *interface, const struct object *object);

/* The word in brackets of /sys/kernel/security/lockdown, or "". */
void probe_parse_lockdown(const char *text, char *ret, size_t size);

#endif
