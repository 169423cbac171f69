/* SPDX-License-Identifier: BSD-2-Clause */
/* RLIMIT_MEMLOCK, against which kernels before 5.11 count the memory of maps and programs. */
#ifndef LIB_MEMLOCK_H
#define LIB_MEMLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes; UINT64_MAX: no limit. */
uint64_t memlock_limit(void);

/* Raises the limit as much as this process may, if the kernel uses it. */
void memlock_raise(void);

/* BPF was refused with -EPERM: is this limit the only cause? */
bool memlock_refuses(void);

#endif
