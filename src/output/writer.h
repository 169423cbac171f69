/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread of an output: takes lines from a queue and has a driver write them. Whatever the
 * driver waits for, a disk, a reader, a name server, delays this thread only.
 *
 * The thread that puts lines calls all functions, and none of them blocks.
 */
#ifndef OUTPUT_WRITER_H
#define OUTPUT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "output/driver.h"
#include "output/queue.h"

enum writer_stop {
	WRITER_RUN, /* run until stopped */
	WRITER_FINISH, /* write all published lines, make them durable, end */
	WRITER_GIVE_UP /* end as soon as possible */
};

/* What a writer does while its output fails temporarily. */
struct writer_plan {
	bool keep_on_failure; /* never drop queued lines: the producer waits */
	/* how long, until the output ends with its error; 0: no limit */
	int64_t patience_ms;
};

struct writer;

/* Create a writer. queue is borrowed, and must outlive the writer. failed_fd: an eventfd that is
 * written to when the output fails permanently; duplicated. Takes ownership of the driver, even on
 * failure: 0 or -errno.
 */
int writer_new(struct writer **ret, const struct driver *driver, struct queue *queue, int failed_fd,
	       const struct writer_plan *plan);

/* Start the thread; nothing is written before. held: nothing is written before writer_release()
 * either, which is called once the previous output has closed the target. 0 or -errno.
 */
int writer_start(struct writer *w, bool held);
void writer_release(struct writer *w);

/* Wake the thread after lines were published. */
void writer_wake(struct writer *w);

/* 0, or the -errno that ended the writer; its counts are final then. */
int writer_error(const struct writer *w);

/* Returns whether the writer ended because its patience was exhausted. */
bool writer_gave_up(const struct writer *w);

/* 0, or the -errno for which it cannot write at present; it retries. */
int writer_failing(const struct writer *w);

/* Pass a request to the driver (driver_ops). */
void writer_reopen(struct writer *w);
const char *writer_warning(const struct writer *w, unsigned int n);
uint64_t writer_disconnects(const struct writer *w);

void writer_stop(struct writer *w, enum writer_stop how);

/* A descriptor that becomes readable, and stays so, when the writer has ended: stopped, or failed
 * permanently.
 */
int writer_ended_fd(const struct writer *w);

/* Free the writer. -EBUSY: it has not ended, is not freed, and goes on using queue and driver. */
int writer_free(struct writer *w);

#endif
