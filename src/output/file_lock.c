// SPDX-License-Identifier: BSD-2-Clause
#include "output/file_lock.h"

#include <errno.h>
#include <fcntl.h>

#define TRIES 3 /* the holder of a lock may be gone before it can be identified */

/* A lock of the whole file, however large it grows. */
static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/* Returns whether another's lock conflicts with one of this type. */
static bool is_locked_against(int fd, short type)
{
	struct flock lock = whole_file(type);

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

bool file_lock_is_taken(int fd)
{
	return is_locked_against(fd, F_RDLCK); /* only a write lock conflicts with a read lock */
}

int file_lock_take(int fd)
{
	for (int i = 0; i < TRIES; i++) {
		struct flock lock = whole_file(F_WRLCK);

		if (!fcntl(fd, F_OFD_SETLK, &lock) || (errno != EAGAIN && errno != EACCES))
			return 0;
		if (file_lock_is_taken(fd))
			return -EBUSY;
		if (is_locked_against(fd, F_WRLCK))
			return -EAGAIN;
	}
	return -EAGAIN;
}
