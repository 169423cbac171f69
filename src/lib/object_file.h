/* SPDX-License-Identifier: BSD-2-Clause */
/* A BPF object of the user's: code for the kernel, so it is read only from a file that nobody but
 * the caller and root can have made or changed.
 */
#ifndef LIB_OBJECT_FILE_H
#define LIB_OBJECT_FILE_H

#include <stddef.h>

#include "base/reason.h"

#define OBJECT_FILE_BYTES_MAX (16U << 20)

/* The file is opened once, and read whole. It must be regular, no symbolic link, owned by root or
 * the caller and not writable by others, and so must its directory be, which may be sticky instead
 * (nobody can replace there what is another's). Directories above are not looked at. *ret is owned
 * by the caller: free(). 0, or with the reason set: -ENOENT, -EPERM (may not be read), -EINVAL (no
 * such file), or -errno of a machine in warning.
 */
int object_file_read(const char *path, void **ret, size_t *ret_size, struct reason *r);

#endif
