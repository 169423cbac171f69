// SPDX-License-Identifier: BSD-2-Clause
#include "output/file_lock.h"

#include <errno.h>
#include <fcntl.h>

#define TRIES 3 /* who was in our way may be gone before we see who it is */

/* The whole file, however it grows. */
static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/* Is there a lock that keeps one of this type from us? */
static bool is_locked_against(int fd, short type)
{
	struct flock lock = whole_file(type);

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

bool file_lock_is_taken(int fd)
{
	return is_locked_against(fd, F_RDLCK); /* no other reader is */
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
