/* SPDX-License-Identifier: BSD-2-Clause */
/* Stdout, or a file that is appended to. Neither can be written without the risk of waiting, so each
 * has a thread of its own, the writer, and that thread alone writes.
 *
 * A reader that went away (EPIPE) ends the output. A full disk does not: what cannot be written is
 * dropped, and the writer tries again once a second. The remainder of a half-written line is kept,
 * and written first.
 */
#ifndef SINK_FILE_H
#define SINK_FILE_H

#include <stddef.h>

#include "sink/output.h"
#include "sink/queue.h"

/* path: NULL for stdout. queue is borrowed, and must outlive the output. failed_fd: an eventfd that
 * is written to when the output fails for good; duplicated. 0, or -errno with a sentence in err.
 */
int file_open(struct output *ret, const char *path, struct queue *queue, int failed_fd, char *err,
	      size_t err_cap);

#endif
