/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors of BPF system calls: the -errno for our callers, and a text. */
#ifndef LIB_KERNEL_ERROR_H
#define LIB_KERNEL_ERROR_H

/* From the kernel's include/linux/errno.h: it is internal to the kernel, but reaches user space. */
#define KERNEL_ENOTSUPP 524

/* Returns the -errno of a refusal for our callers. 0, temporary errors, and "too large" (-E2BIG)
 * stay unchanged. -EACCES becomes -EPERM. Anything else, such as -EINVAL, would look like a wrong
 * option or an unreadable file, and becomes -EOPNOTSUPP.
 */
int kernel_error(int err);

/* Like strerror(), but takes the -errno, and knows KERNEL_ENOTSUPP. */
const char *kernel_error_text(int err);

#endif
