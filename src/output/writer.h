/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread behind an output: takes lines from a queue and has a driver write them. Whatever that
 * has to wait for, a disk, a reader, a name server, holds up this thread and nobody else.
 *
 * Everything here is called by the thread that puts the lines, and nothing here blocks.
 */
#ifndef OUTPUT_WRITER_H
#define OUTPUT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "output/driver.h"
#include "output/queue.h"

enum writer_stop {
	WRITER_RUN, /* until told otherwise */
	WRITER_FINISH, /* write what is published, make it durable, end */
	WRITER_GIVE_UP /* end as soon as possible */
};

/* What a writer does while its output fails, but may yet go on. */
struct writer_plan {
	bool keep_on_failure; /* what waits is never dropped: who puts lines waits as well */
	/* so long; then the output is given up, and ends with its error. 0: for ever */
	int64_t patience_ms;
};

struct writer;

/* queue is borrowed, and must outlive the writer. failed_fd: an eventfd that is written to when the
 * output fails for good; duplicated. Takes the driver over, also when it fails: 0 or -errno.
 */
int writer_new(struct writer **ret, const struct driver *driver, struct queue *queue, int failed_fd,
	       const struct writer_plan *plan);

/* Start the thread. 0 or -errno; nothing is written before. held: nor before writer_release(),
 * which is when what the driver is to take over has been left.
 */
int writer_start(struct writer *w, bool held);
void writer_release(struct writer *w);

/* Lines were published. */
void writer_wake(struct writer *w);

/* 0, else the -errno that ended it; then what it has written changes no more. */
int writer_error(const struct writer *w);

/* Did it end because its retry was over? */
bool writer_gave_up(const struct writer *w);

/* 0, else the -errno for which it cannot write at present; it tries again. */
int writer_failing(const struct writer *w);

/* As of the driver. */
void writer_reopen(struct writer *w);
const char *writer_warning(const struct writer *w, unsigned int n);
uint64_t writer_disconnects(const struct writer *w);

void writer_stop(struct writer *w, enum writer_stop how);

/* Readable, and stays so, once it has ended: stopped, or failed for good. */
int writer_ended_fd(const struct writer *w);

/* Free it. -EBUSY when it has not ended: it then stays, and goes on using queue and driver. */
int writer_free(struct writer *w);

#endif
