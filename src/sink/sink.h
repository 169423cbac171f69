/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to the world: the outputs, each behind a bounded queue of its own, and the fan-out over
 * them. Putting a line never blocks: what a queue cannot take is dropped and counted, packet lines
 * first. A sink delivers bytes; it never formats, and never logs.
 */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "line/line.h"

#define SINK_QUEUE_BYTES \
	(8U << 20) /* default; an eighth of it is kept for lines that are no packets */
#define SINK_MAX 16

enum sink_kind {
	SINK_STDOUT,
	SINK_FILE,
	SINK_KIND_MAX
};

struct sink_spec {
	enum sink_kind kind;
	const char *target; /* path; borrowed from the text that was parsed; NULL for stdout */
	const char *text; /* as the user wrote it: the sink's name in records; borrowed */
};

/* "stdout", its alias "-" (whose text is "stdout"), or "file:PATH". 0, or -EINVAL with a sentence in err. */
int sink_spec_parse(const char *text, struct sink_spec *ret, char *err, size_t err_cap);

/* Since the sink was opened. Lines, but for bytes. What is queued now is
 * made − written − filtered − dropped_queue_full − dropped_error (L4).
 */
struct sink_counts {
	uint64_t made; /* lines put to this sink */
	uint64_t written;
	uint64_t bytes; /* written */
	uint64_t filtered;
	uint64_t dropped_queue_full;
	uint64_t dropped_error;
	uint64_t drop_first_ns; /* Unix time: none was dropped before, since sinks_forget_drops() */
	uint64_t drop_last_ns; /* nor after */
};

struct sinks; /* all outputs of a run */

int sinks_new(struct sinks **ret); /* 0 or -errno */

/* Open an output and start its writer. The strings of spec must live as long as s. 0, or -errno with
 * a sentence in err; nothing changes then.
 */
int sinks_add(struct sinks *s, const struct sink_spec *spec, char *err, size_t err_cap);

unsigned int sinks_number(const struct sinks *s);
const char *sinks_name(const struct sinks *s, unsigned int i);

/* A line to every output that still lives. Copies it. Writers see it after sinks_flush(), which
 * happens by itself only when a good many bytes have been put without one.
 */
void sinks_put(struct sinks *s, const struct line *line);

/* Wake the writers that have something to do. */
void sinks_flush(struct sinks *s);

/* Readable when an output has failed for good since the last sinks_alive(). */
int sinks_fd(const struct sinks *s);

/* How many outputs are still alive. Resets sinks_fd(). */
unsigned int sinks_alive(struct sinks *s);

/* 0 while output i lives, else the -errno that ended it: -EPIPE when its reader went away. */
int sinks_error(const struct sinks *s, unsigned int i);

/* 0, or the -errno for which output i cannot write at present; it tries again each second. */
int sinks_failing(const struct sinks *s, unsigned int i);

void sinks_counts(const struct sinks *s, unsigned int i, struct sink_counts *ret);

/* Begin anew with drop_first_ns and drop_last_ns of output i. */
void sinks_forget_drops(struct sinks *s, unsigned int i);

/* Bytes that every living output has room for, beyond what is kept for other lines than packets. */
size_t sinks_room(const struct sinks *s);

/* Write out what is queued, at most timeout_ms long for all together; then give up on the rest.
 * Returns how many of these lines were left unwritten, for whatever cause. To be called once;
 * nothing can be put afterwards. sinks_error() then also tells of a file that could not be synced.
 */
uint64_t sinks_finish(struct sinks *s, int timeout_ms);

/* Free. A writer that is stuck in the kernel is left to end with the process, and with it what
 * it owns. NULL is fine.
 */
void sinks_free(struct sinks *s);

#endif
