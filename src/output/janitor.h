/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with files once they were rotated, by a thread of its own, which is started when
 * there is something to do: they are made durable and closed; all but the newest are compressed,
 * because the newest may still be read by somebody who follows it; and the oldest are deleted. It
 * keeps no books: each time it looks at what is there, so that what a crash left undone is done
 * later. A file that is locked is still written to, and left alone.
 *
 * All is called by one thread, but for janitor_warning(). Nothing blocks but janitor_finish().
 */
#ifndef OUTPUT_JANITOR_H
#define OUTPUT_JANITOR_H

#include <stdbool.h>
#include <stdint.h>

struct janitor;

struct janitor_plan {
	int dir_fd; /* duplicated */
	const char *base; /* copied; the name that files had before they were rotated */
	uint64_t keep; /* that many; 0: all */
	bool gzip;
};

int janitor_new(struct janitor **ret, const struct janitor_plan *plan); /* 0 or -errno */

/* Files are there that were rotated. */
void janitor_wake(struct janitor *j);

/* Make a file durable and close it. False: too many are waiting, and fd is the caller's as before.
 */
bool janitor_close_file(struct janitor *j, int fd);

/* NULL, or a sentence on what it could not do. */
const char *janitor_warning(const struct janitor *j, unsigned int n);

/* Wait until what was retired is durable, and so many are kept; what is not compressed is left. 0,
 * or the -errno of the first that is not.
 */
int janitor_finish(struct janitor *j);

/* What the thread has begun it ends by itself, with what belongs to it. NULL is fine. */
void janitor_free(struct janitor *j);

#endif
