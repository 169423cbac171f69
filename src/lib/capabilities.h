/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process may do (capabilities(7)), as far as BPF asks for it. */
#ifndef LIB_CAPABILITIES_H
#define LIB_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* linux/capability.h; not all of them are in all of those headers. */
#define CAP_NET_ADMIN_BIT 12
#define CAP_IPC_LOCK_BIT  14
#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT	  38
#define CAP_BPF_BIT	  39

/* To open and map the perf buffer of a CPU that has come up. */
#define CAPABILITIES_PERF (UINT64_C(1) << CAP_PERFMON_BIT | UINT64_C(1) << CAP_IPC_LOCK_BIT)

/* To attach and detach by netlink. */
#define CAPABILITIES_NETLINK (UINT64_C(1) << CAP_NET_ADMIN_BIT)

/* The names of those that a BPF program which reads packets needs and that are missing, into ret.
 * How many. CAP_SYS_ADMIN stands for all, as it did before Linux 5.8.
 */
unsigned int capabilities_missing(char *ret, size_t size);

/* May it open perf events for BPF? */
bool capabilities_perfmon(void);

#endif
