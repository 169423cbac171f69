/* SPDX-License-Identifier: BSD-2-Clause */
/* Who writes a file, told by a lock on it that only a writer can take. Of flock(2), whoever may
 * read a file can have the same lock as we, and keep us from writing for as long as they like. So
 * it is a record lock for writing, which the kernel gives only to who has the file open for
 * writing; and the lock for reading that readers can still take is known from it. It belongs to the
 * open file (F_OFD_SETLK), and goes with it.
 */
#ifndef OUTPUT_FILE_LOCK_H
#define OUTPUT_FILE_LOCK_H

#include <stdbool.h>

/* fd is open for writing. 0: it is ours, or this file system has no locks; -EBUSY: another process
 * writes it; -EAGAIN: a process that reads it has locked it, so that nobody can say that they write
 * it.
 */
int file_lock_take(int fd);

/* Does somebody else write it? Of fd it is enough that it can be read. */
bool file_lock_is_taken(int fd);

#endif
