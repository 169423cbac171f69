/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to the world: the outputs, each behind a bounded queue of its own, and the fan-out over
 * them. Putting a line never blocks: what a queue cannot take is dropped and counted, packet lines
 * first. A sink delivers bytes; it never formats, and never logs.
 */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line/line.h"
#include "sink/spec.h"

#define SINK_MAX       16 /* outputs at a time */
#define SINK_NAMES_MAX 64 /* in a run, those that are gone included */

/* Since the sink was opened. Lines, but for bytes. What is queued now is
 * made − written − filtered − dropped_queue_full − dropped_error (L4).
 */
struct sink_counts {
	uint64_t made; /* lines put to this sink */
	uint64_t written;
	uint64_t bytes; /* written */
	uint64_t filtered; /* of types that it does not take */
	uint64_t dropped_queue_full;
	uint64_t dropped_error;
	uint64_t drop_first_ns; /* Unix time: none was dropped before, since sinks_forget_drops() */
	uint64_t drop_last_ns; /* nor after */
	uint64_t disconnects; /* how often its reader was lost; for what has one */
};

struct sinks; /* all outputs of a run */

/* The time that drops are told in, Unix time in nanoseconds. */
typedef uint64_t (*sinks_clock_fn)(const void *arg);

int sinks_new(struct sinks **ret); /* 0 or -errno */

/* Another clock than that of the wall: a capture has its own. arg is borrowed. */
void sinks_set_clock(struct sinks *s, sinks_clock_fn fn, const void *arg);

/* For the outputs that are added after this: who puts lines can wait, and makes sure of room
 * (sinks_room()). So an output that fails keeps what waits, unless it is to drop (SINK_DROP); after
 * patience_ms it is given up, and ends with its error. 0: never.
 */
void sinks_let_wait(struct sinks *s, int64_t patience_ms);

/* Open an output. *spec becomes s's, and is left empty. 0, or -errno with a sentence in err;
 * nothing changes then. One that has left comes back under its name and its number.
 */
int sinks_add(struct sinks *s, struct sink_spec *spec, char *err, size_t err_cap);

/* Start the writers of all that were added since: lines wait in their queues until then. Threads
 * begin with the rights of the one that calls this. 0 or -errno.
 */
int sinks_start(struct sinks *s);

/* The same for an output whose place may not be free yet: one of its name is there, and is to
 * leave. It is open and has its thread, so that nothing can fail when it takes its place; until
 * then it does nothing. *ret is owned by the caller: sinks_place(), when the name is free, or
 * sink_spare_free().
 */
struct sink_spare;
int sinks_prepare(struct sinks *s, struct sink_spec *spec, struct sink_spare **ret, char *err,
		  size_t err_cap);
const struct sink_spec *sink_spare_spec(const struct sink_spare *spare);
bool sinks_is_free(const struct sinks *s, const char *name);
void sinks_place(struct sinks *s, struct sink_spare *spare);
void sink_spare_free(struct sink_spare *spare); /* NULL is fine */

/* Output i takes no more lines, and ends when it has written those it has, or after a few seconds
 * without them. Its numbers stay. returns: it will be added again, and what is put to it meanwhile
 * is counted as dropped.
 */
void sinks_leave(struct sinks *s, unsigned int i, bool returns);

/* Look after those that are leaving. Are there any that have not left yet? */
bool sinks_leaving(struct sinks *s);

enum sink_state {
	SINK_HERE,
	SINK_LEAVING,
	SINK_GONE,
};
enum sink_state sinks_state(const struct sinks *s, unsigned int i);

/* Of one that is here. */
const struct sink_spec *sinks_spec(const struct sinks *s, unsigned int i);

/* Open anew what has a name: it may stand for another file by now. */
void sinks_reopen(struct sinks *s);

/* All that were added, whatever became of them. */
unsigned int sinks_number(const struct sinks *s);
const char *sinks_name(const struct sinks *s, unsigned int i);

/* A line to every output that still lives. Copies it. Writers see it after sinks_flush(), which
 * happens by itself only when a good many bytes have been put without one.
 */
void sinks_put(struct sinks *s, const struct line *line);

/* The same to output i alone: of a line that each output is given a text of its own of. */
void sinks_put_to(struct sinks *s, unsigned int i, const struct line *line);

/* A line to output i alone, which nothing counts: a start record that is repeated. */
void sinks_put_uncounted(struct sinks *s, unsigned int i, const struct line *line);

/* Wake the writers that have something to do. */
void sinks_flush(struct sinks *s);

/* Readable when an output has failed for good since the last sinks_alive(). */
int sinks_fd(const struct sinks *s);

/* How many outputs are still alive. Resets sinks_fd(). */
unsigned int sinks_alive(struct sinks *s);

/* 0 while output i lives, else the -errno that ended it: -EPIPE when its reader went away. */
int sinks_error(const struct sinks *s, unsigned int i);

/* Did it end because it had failed for as long as it may? */
bool sinks_gave_up(const struct sinks *s, unsigned int i);

/* 0, or the -errno for which output i cannot write at present; it tries again. */
int sinks_failing(const struct sinks *s, unsigned int i);

/* A sentence on what output i can't do, constant, or NULL: there is none that is not in *told,
 * which has a bit for each, and now also for this one.
 */
const char *sinks_warning(const struct sinks *s, unsigned int i, unsigned int *told);

void sinks_counts(const struct sinks *s, unsigned int i, struct sink_counts *ret);

/* Lines that outputs did not get for an error, but for those that are to drop (SINK_DROP). */
uint64_t sinks_lost(const struct sinks *s);

/* Begin anew with drop_first_ns and drop_last_ns of output i. */
void sinks_forget_drops(struct sinks *s, unsigned int i);

/* Bytes of packet lines that every living output has room for; and the most that this can be. What
 * drops when it is full (SINK_DROP) is not asked, if unless_drop is set.
 */
size_t sinks_room(const struct sinks *s, bool unless_drop);
size_t sinks_room_max(const struct sinks *s, bool unless_drop);

/* Write out what is queued, at most timeout_ms long for all together; then give up on the rest.
 * Returns how many of these lines were left unwritten, for whatever cause. To be called once;
 * nothing can be put afterwards. sinks_error() then also tells of a file that could not be synced.
 */
uint64_t sinks_finish(struct sinks *s, int timeout_ms);

/* So long sinks_free() waits for writers that only have to wake up to end, and did not in
 * sinks_finish(): each has what it needs to hold a file, and a machine may be slow to give it the
 * CPU.
 */
#define SINK_FREE_MS 500

/* Free. A writer that is stuck in the kernel is left to end with the process, and with it what
 * it owns. NULL is fine.
 */
void sinks_free(struct sinks *s);

#endif
