/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a BPF object of the user's. It is code for the kernel, so it is read only from a file that
 * nobody but the caller and root can have made or changed.
 */
#ifndef LIB_OBJECT_FILE_H
#define LIB_OBJECT_FILE_H

#include <stddef.h>

#include "base/reason.h"

#define OBJECT_FILE_BYTES_MAX (16U << 20)

/* Opens the file once, and reads it whole. It must be regular, not a symbolic link, owned by root
 * or the caller and not writable by others. Its directory must be likewise, or sticky (where nobody
 * can replace another user's file). Directories above are not checked. *ret is owned by the caller:
 * free(). Returns 0, or with the reason set: -ENOENT, -EPERM (no permission to read), -EINVAL (the
 * file breaks a rule above), or the -errno of a temporary shortage or an I/O error.
 */
int object_file_read(const char *path, void **ret, size_t *ret_size, struct reason *r);

#endif
