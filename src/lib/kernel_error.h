/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel answers to calls of BPF: which -errno that is to a caller, and in words. */
#ifndef LIB_KERNEL_ERROR_H
#define LIB_KERNEL_ERROR_H

/* Defined in the kernel's include/linux/errno.h: not meant for user space, which gets it all the
 * same.
 */
#define KERNEL_ENOTSUPP 524

/* The -errno of a refusal as our callers know it. 0, what may pass, and what is too large (-E2BIG)
 * stay as they are. -EACCES becomes -EPERM. Anything else, such as -EINVAL, would look like a wrong
 * option or a file that can't be read, and becomes -EOPNOTSUPP.
 */
int kernel_error(int err);

/* What strerror() says of this -errno; it knows KERNEL_ENOTSUPP, too. */
const char *kernel_error_text(int err);

#endif
