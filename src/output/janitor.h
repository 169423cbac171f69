/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes care of rotated files in a thread of its own, which is started when there is something to
 * do. The thread makes files durable and closes them; compresses all but the newest, which a reader
 * may still follow; and deletes the oldest. It keeps no state: each pass lists the directory, so
 * that work which a crash interrupted is done later. A locked file is still written to, so it is
 * left alone.
 *
 * One thread calls all functions, except janitor_warning(). Only janitor_finish() blocks.
 */
#ifndef OUTPUT_JANITOR_H
#define OUTPUT_JANITOR_H

#include <stdbool.h>
#include <stdint.h>

struct janitor;

struct janitor_plan {
	int dir_fd; /* duplicated */
	const char *base; /* copied; the name of the files before rotation */
	uint64_t keep; /* number of files to keep; 0: all */
	bool gzip;
};

int janitor_new(struct janitor **ret, const struct janitor_plan *plan); /* 0 or -errno */

/* Report that there are rotated files, and start the thread if needed. */
void janitor_wake(struct janitor *j);

/* Pass a file to the thread, which syncs and closes it. False: too many are waiting, and the caller
 * still owns fd.
 */
bool janitor_close_file(struct janitor *j, int fd);

/* A sentence for the user on what the janitor could not do, or NULL; n as in warning_get(). */
const char *janitor_warning(const struct janitor *j, unsigned int n);

/* Wait until all files passed to the thread are synced and no more than keep are left; what is not
 * compressed by then stays uncompressed. 0, or the -errno of the first failed sync.
 */
int janitor_finish(struct janitor *j);

/* Free the janitor. A running thread completes its current step, and then frees everything itself.
 * NULL is fine.
 */
void janitor_free(struct janitor *j);

#endif
