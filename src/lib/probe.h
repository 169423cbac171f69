/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of xdptail_probe(): probe.c probes the kernel, probe_interface.c an interface. */
#ifndef LIB_PROBE_H
#define LIB_PROBE_H

#include <stddef.h>

#include "xdptail.h"
#include "lib/object.h"

/* Fills in the members about the interface. object: what was loaded, or NULL if nothing was; then
 * all programs are assumed to exist.
 */
void probe_interface(struct xdptail_probe *p, const char *interface, const struct object *object);

/* Copies the word in brackets of /sys/kernel/security/lockdown, or "". */
void probe_parse_lockdown(const char *text, char *ret, size_t size);

#endif
