/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to the world: the outputs, each behind a bounded queue of its own, and the fan-out over
 * them. Putting a line never blocks: what a queue cannot take is dropped and counted, packet lines
 * first. A output delivers bytes; it never formats, and never logs.
 */
#ifndef OUTPUT_OUTPUTS_H
#define OUTPUT_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "output/spec.h"

#define OUTPUTS_MAX	 16 /* outputs at a time */
#define OUTPUT_NAMES_MAX 64 /* in a run, those that are gone included */

/* Since the output was opened. Lines, but for bytes. What is queued now is
 * made − written − filtered − dropped_queue_full − dropped_error (L4).
 */
struct output_counts {
	uint64_t made; /* lines put to this output */
	uint64_t written;
	uint64_t bytes; /* written */
	uint64_t filtered; /* of types that it does not take */
	uint64_t dropped_queue_full;
	uint64_t dropped_error;
	uint64_t drop_first_ns; /* Unix time: none was dropped before, since outputs_reset_drops()
				 */
	uint64_t drop_last_ns; /* nor after */
	uint64_t disconnects; /* how often its reader was lost; for what has one */
};

struct outputs; /* all outputs of a run */

/* The time that drops are told in, Unix time in nanoseconds. */
typedef uint64_t (*outputs_clock_fn)(const void *arg);

int outputs_new(struct outputs **ret); /* 0 or -errno */

/* Another clock than that of the wall: a capture has its own. arg is borrowed. */
void outputs_set_clock(struct outputs *s, outputs_clock_fn fn, const void *arg);

/* For the outputs that are added after this: who puts lines can wait, and makes sure of room
 * (outputs_room()). So an output that fails keeps what waits, unless it is to drop (OUTPUT_DROP);
 * after patience_ms it is given up, and ends with its error. 0: never.
 */
void outputs_set_patience(struct outputs *s, int64_t patience_ms);

/* Open an output. *spec becomes s's, and is left empty. 0, or -errno with a sentence in err;
 * nothing changes then. One that has left comes back under its name and its number.
 */
int outputs_add(struct outputs *s, struct output_spec *spec, char *err, size_t err_cap);

/* Start the writers of all that were added since: lines wait in their queues until then. Threads
 * begin with the rights of the one that calls this. 0 or -errno.
 */
int outputs_start(struct outputs *s);

/* The same for an output whose place may not be free yet: one of its name is there, and is to
 * leave. It is open and has its thread, so that nothing can fail when it takes its place; until
 * then it does nothing. *ret is owned by the caller: outputs_add_pending(), when the name is free,
 * or pending_output_free().
 */
struct pending_output;
int outputs_prepare(struct outputs *s, struct output_spec *spec, struct pending_output **ret,
		    char *err, size_t err_cap);
const struct output_spec *pending_output_spec(const struct pending_output *pending);
bool outputs_is_free(const struct outputs *s, const char *name);
void outputs_add_pending(struct outputs *s, struct pending_output *pending);
void pending_output_free(struct pending_output *pending); /* NULL is fine */

/* Output i takes no more lines, and ends when it has written those it has, or after a few seconds
 * without them. Its numbers stay. returns: it will be added again, and what is put to it meanwhile
 * is counted as dropped.
 */
void outputs_close(struct outputs *s, unsigned int i, bool will_return);

/* Look after those that are leaving. Are there any that have not left yet? */
bool outputs_finish_closing(struct outputs *s);

enum output_state {
	OUTPUT_OPEN,
	OUTPUT_CLOSING,
	OUTPUT_CLOSED,
};
enum output_state outputs_state(const struct outputs *s, unsigned int i);

/* Of one that is here. */
const struct output_spec *outputs_spec(const struct outputs *s, unsigned int i);

/* Open anew what has a name: it may stand for another file by now. */
void outputs_reopen(struct outputs *s);

/* All that were added, whatever became of them. */
unsigned int outputs_number(const struct outputs *s);
const char *outputs_name(const struct outputs *s, unsigned int i);

/* A line to every output that still lives. Copies it. Writers see it after outputs_flush(), which
 * happens by itself only when a good many bytes have been put without one.
 */
void outputs_put(struct outputs *s, const struct record *line);

/* The same to output i alone: of a line that each output is given a text of its own of. */
void outputs_put_to(struct outputs *s, unsigned int i, const struct record *line);

/* A line to output i alone, which nothing counts: a start record that is repeated. */
void outputs_put_uncounted(struct outputs *s, unsigned int i, const struct record *line);

/* Wake the writers that have something to do. */
void outputs_flush(struct outputs *s);

/* Readable when an output has failed for good since the last outputs_take_ends(). */
int outputs_fd(const struct outputs *s);

/* How many outputs are still alive. Resets outputs_fd(). */
unsigned int outputs_take_ends(struct outputs *s);

/* 0 while output i lives, else the -errno that ended it: -EPIPE when its reader went away. */
int outputs_error(const struct outputs *s, unsigned int i);

/* Did it end because it had failed for as long as it may? */
bool outputs_gave_up(const struct outputs *s, unsigned int i);

/* 0, or the -errno for which output i cannot write at present; it tries again. */
int outputs_failing(const struct outputs *s, unsigned int i);

/* A sentence on what output i can't do, constant, or NULL: there is none that is not in *told,
 * which has a bit for each, and now also for this one.
 */
const char *outputs_warning(const struct outputs *s, unsigned int i, unsigned int *warned);

void outputs_counts(const struct outputs *s, unsigned int i, struct output_counts *ret);

/* Lines that outputs did not get for an error, but for those that are to drop (OUTPUT_DROP). */
uint64_t outputs_lost(const struct outputs *s);

/* Begin anew with drop_first_ns and drop_last_ns of output i. */
void outputs_reset_drops(struct outputs *s, unsigned int i);

/* Bytes of packet lines that every living output has room for; and the most that this can be. What
 * drops when it is full (OUTPUT_DROP) is not asked, if unless_drop is set.
 */
size_t outputs_room(const struct outputs *s, bool unless_drop);
size_t outputs_room_max(const struct outputs *s, bool unless_drop);

/* Write out what is queued, at most timeout_ms long for all together; then give up on the rest.
 * Returns how many of these lines were left unwritten, for whatever cause. To be called once;
 * nothing can be put afterwards. outputs_error() then also tells of a file that could not be
 * synced.
 */
uint64_t outputs_finish(struct outputs *s, int timeout_ms);

/* So long outputs_free() waits for writers that only have to wake up to end, and did not in
 * outputs_finish(): each has what it needs to hold a file, and a machine may be slow to give it the
 * CPU.
 */
#define OUTPUT_FREE_MS 500

/* Free. A writer that is stuck in the kernel is left to end with the process, and with it what
 * it owns. NULL is fine.
 */
void outputs_free(struct outputs *s);

#endif
