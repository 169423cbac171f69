/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities of this process (capabilities(7)) that matter to BPF. */
#ifndef LIB_CAPABILITIES_H
#define LIB_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of linux/capability.h, because older headers lack some of them. */
#define CAP_NET_ADMIN_BIT 12
#define CAP_IPC_LOCK_BIT  14
#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT	  38
#define CAP_BPF_BIT	  39

/* Needed to open and map the perf buffer of a CPU that has come up. */
#define CAPABILITIES_PERF (UINT64_C(1) << CAP_PERFMON_BIT | UINT64_C(1) << CAP_IPC_LOCK_BIT)

/* Needed to attach and detach by netlink. */
#define CAPABILITIES_NETLINK (UINT64_C(1) << CAP_NET_ADMIN_BIT)

/* Writes into ret the names of the missing capabilities that a BPF program which reads packets
 * needs. Returns their number. CAP_SYS_ADMIN stands for all of them, as it did before Linux 5.8.
 */
unsigned int capabilities_missing(char *ret, size_t size);

/* May this process open perf events for BPF? */
bool capabilities_perfmon(void);

#endif
