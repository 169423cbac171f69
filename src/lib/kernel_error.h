/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel answers to calls of BPF: which -errno that is to a caller, and in words. */
#ifndef LIB_KERNEL_ERROR_H
#define LIB_KERNEL_ERROR_H

/* Of the kernel's own include/linux/errno.h: not meant for user space, which gets it all the same. */
#define KERNEL_ENOTSUPP 524

/* The -errno of a refusal as our callers know it. What may pass, and what is too large, stays as it is; -EPERM, for
 * -EACCES too; anything else, such as -EINVAL, would look like a wrong option or a file that can't be
 * read: -EOPNOTSUPP. 0 stays 0.
 */
int kernel_error(int err);

/* As strerror(), but of the -errno, and it knows KERNEL_ENOTSUPP. */
const char *kernel_error_text(int err);

#endif
