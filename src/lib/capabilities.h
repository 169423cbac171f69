/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process may do (capabilities(7)), as far as BPF asks for it. */
#ifndef LIB_CAPABILITIES_H
#define LIB_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

/* The names of those that a BPF program which reads packets needs and that are missing, into ret.
 * How many. CAP_SYS_ADMIN stands for all, as it did before Linux 5.8.
 */
unsigned int capabilities_missing(char *ret, size_t size);

/* May it open perf events for BPF? */
bool capabilities_perfmon(void);

#endif
