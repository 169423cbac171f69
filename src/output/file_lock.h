/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock that marks the process that writes a file, and that only a writer can take. With flock(2)
 * any process that may read the file could take the same lock, and keep us from writing for as long
 * as it likes. So it is a record lock for writing, which the kernel grants only to a process that
 * has the file open for writing; a read lock, which readers can still take, is distinguished from
 * it. The lock belongs to the open file description (F_OFD_SETLK), and goes with it.
 */
#ifndef OUTPUT_FILE_LOCK_H
#define OUTPUT_FILE_LOCK_H

#include <stdbool.h>

/* Take the lock; fd is open for writing. 0: locked, or this file system has no locks; -EBUSY:
 * another process writes the file; -EAGAIN: a process that reads the file has locked it, so that no
 * writer can take the lock.
 */
int file_lock_take(int fd);

/* Returns whether another process holds the lock. fd need only be open for reading. */
bool file_lock_is_taken(int fd);

#endif
