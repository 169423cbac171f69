/* SPDX-License-Identifier: BSD-2-Clause */
/* The outputs of a run, each with a bounded queue of its own, and the distribution of lines to
 * them. Putting a line never blocks: a line that does not fit a queue is dropped and counted,
 * packet lines first. An output delivers bytes; it never formats, and never logs.
 */
#ifndef OUTPUT_OUTPUTS_H
#define OUTPUT_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "record/record.h"
#include "output/spec.h"

#define OUTPUTS_MAX	 16 /* open at the same time */
#define OUTPUT_NAMES_MAX 64 /* per run, closed ones included */

/* Counts of an output since it was first opened: of lines, except bytes. The number of lines that
 * are queued now is made - written - filtered - dropped_queue_full - dropped_error (L4).
 */
struct output_counts {
	uint64_t made; /* lines put to this output */
	uint64_t written;
	uint64_t bytes; /* of written lines */
	uint64_t filtered; /* of types that the output does not take */
	uint64_t dropped_queue_full;
	uint64_t dropped_error;
	/* Unix time after which the first line was dropped since outputs_reset_drops() */
	uint64_t drop_first_ns;
	uint64_t drop_last_ns; /* Unix time before which the last line was dropped */
	uint64_t disconnects; /* number of lost connections, of outputs that have any */
};

struct outputs; /* all outputs of a run */

/* The current time for drop_first_ns and drop_last_ns: Unix time in nanoseconds. */
typedef uint64_t (*outputs_clock_fn)(const void *arg);

int outputs_new(struct outputs **ret); /* 0 or -errno */

/* Replace the wall clock: a capture has a clock of its own. arg is borrowed. */
void outputs_set_clock(struct outputs *s, outputs_clock_fn fn, const void *arg);

/* Declare, for the outputs added afterwards, that the caller can wait, and checks outputs_room()
 * before it puts lines. So an output that fails keeps its queued lines, unless its policy is
 * OUTPUT_DROP; after patience_ms without success it ends with its error. 0: no limit.
 */
void outputs_set_patience(struct outputs *s, int64_t patience_ms);

/* Open an output. *spec is moved to s, and is left empty. 0, or -errno with a message in err;
 * nothing changes then. A closed output of that name is opened again under its number.
 */
int outputs_add(struct outputs *s, struct output_spec *spec, struct reason *why);

/* Start the writers of all outputs added since the last call: lines wait in the queues until then.
 * Threads begin with the privileges of the calling thread. 0 or -errno.
 */
int outputs_start(struct outputs *s);

/* Open an output in advance, while another one of its name is still open and is to be closed. It is
 * open and has its thread, so that nothing can fail when it replaces the other; until then it does
 * nothing. The caller owns *ret, and calls outputs_add_pending() when the name is free, or
 * pending_output_free().
 */
struct pending_output;
int outputs_prepare(struct outputs *s, struct output_spec *spec, struct pending_output **ret,
		    struct reason *why);
const struct output_spec *pending_output_spec(const struct pending_output *pending);
/* Returns whether no open or closing output has that name. */
bool outputs_is_free(const struct outputs *s, const char *name);
void outputs_add_pending(struct outputs *s, struct pending_output *pending);
void pending_output_free(struct pending_output *pending); /* NULL is fine */

/* Close output i: it takes no more lines, and ends when it has written its queue, or after a few
 * seconds. Its counts are kept. will_return: the output will be added again, and lines put to it
 * meanwhile are counted as dropped.
 */
void outputs_close(struct outputs *s, unsigned int i, bool will_return);

/* Free the closing outputs whose writers have ended. Returns whether any are still closing. */
bool outputs_finish_closing(struct outputs *s);

enum output_state {
	OUTPUT_OPEN,
	OUTPUT_CLOSING,
	OUTPUT_CLOSED,
};
enum output_state outputs_state(const struct outputs *s, unsigned int i);

/* The specification of output i, which is not closed. */
const struct output_spec *outputs_spec(const struct outputs *s, unsigned int i);

/* Reopen outputs by their names, which may stand for other files by now. */
void outputs_reopen(struct outputs *s);

/* The number of outputs that were ever added, closed ones included. */
unsigned int outputs_number(const struct outputs *s);
const char *outputs_name(const struct outputs *s, unsigned int i);

/* Put a copy of the line to every output that has not ended. Writers see it after outputs_flush(),
 * which is called implicitly only when many bytes have been put without it.
 */
void outputs_put(struct outputs *s, const struct record *line);

/* Put a line to output i only: for a line whose text differs from output to output. */
void outputs_put_to(struct outputs *s, unsigned int i, const struct record *line);

/* Put a line to output i only, which no count includes: a repeated start record. */
void outputs_put_uncounted(struct outputs *s, unsigned int i, const struct record *line);

/* Publish what was put, and wake the writers that have something to do. */
void outputs_flush(struct outputs *s);

/* A descriptor that is readable if an output has failed permanently since the last
 * outputs_take_ends().
 */
int outputs_fd(const struct outputs *s);

/* Clear outputs_fd(), and return the number of open outputs that have not failed. */
unsigned int outputs_take_ends(struct outputs *s);

/* 0 until output i ends with an error, then its -errno: -EPIPE if its reader went away. */
int outputs_error(const struct outputs *s, unsigned int i);

/* Returns whether output i ended because it had failed for as long as its patience allows. */
bool outputs_gave_up(const struct outputs *s, unsigned int i);

/* 0, or the -errno for which output i cannot write at present; it retries. */
int outputs_failing(const struct outputs *s, unsigned int i);

/* A constant sentence for the user on what output i cannot do, or NULL. *warned has a bit for each
 * sentence that was returned before; they are not returned again.
 */
const char *outputs_warning(const struct outputs *s, unsigned int i, unsigned int *warned);

void outputs_counts(const struct outputs *s, unsigned int i, struct output_counts *ret);

/* The number of lines that outputs lost for an error, except those whose policy is OUTPUT_DROP. */
uint64_t outputs_lost(const struct outputs *s);

/* Reset drop_first_ns and drop_last_ns of output i. */
void outputs_reset_drops(struct outputs *s, unsigned int i);

/* The bytes of packet lines that fit every running output now, and with empty queues. unless_drop:
 * ignore outputs whose policy is OUTPUT_DROP.
 */
size_t outputs_room(const struct outputs *s, bool unless_drop);
size_t outputs_room_max(const struct outputs *s, bool unless_drop);

/* Write all queued lines, for at most timeout_ms in total; then give up on the rest. Returns the
 * number of lines left unwritten, for any reason. To be called once, and nothing may be put
 * afterwards. outputs_error() then also reports a file that could not be synced.
 */
uint64_t outputs_finish(struct outputs *s, int timeout_ms);

/* How long outputs_free() waits for writers that did not end in outputs_finish() but only have to
 * wake up: each may hold a file open, and a busy machine may be slow to run it.
 */
#define OUTPUT_FREE_MS 500

/* Free all outputs. A writer that is stuck in the kernel is left running until the process ends,
 * with all that it owns. NULL is fine.
 */
void outputs_free(struct outputs *s);

#endif
