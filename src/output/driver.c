// SPDX-License-Identifier: BSD-2-Clause
#include "output/driver.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"

/* bytes per write: enough to hide its cost, and soon freed again */
#define RUN_BYTES (256U << 10)

int driver_write_run(int fd, bool socket, struct queue *queue)
{
	const char *text;
	size_t len = queue_run(queue, RUN_BYTES, &text);
	ssize_t n =
		socket ? send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, text, len);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -EIO;
	queue_written(queue, (size_t)n);
	return 0;
}

bool driver_is_transient(int error)
{
	static const int passing[] = { ENOSPC, EDQUOT, EFBIG, EIO, ENOMEM, ENOBUFS };

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		if (error == -passing[i])
			return true;
	}
	return false;
}
