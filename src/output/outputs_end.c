// SPDX-License-Identifier: BSD-2-Clause
/* Closing of outputs: one while the others go on, or all. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/outputs_internal.h"

#define STOP_MS	 5000 /* for writers if outputs_finish() was not called */
#define CLOSE_MS 5000 /* for a closing output to write its queue */

static bool is_ended(const struct output *o)
{
	return !o->writer || o->ended;
}

static void stop_writers(struct outputs *s, enum writer_stop how)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		if (!is_ended(&s->list[i]))
			writer_stop(s->list[i].writer, how);
	}
}

/* Fill in one entry per output; fd is -1, which poll() ignores, if it has ended. Returns the number
 * of outputs that have not ended.
 */
static unsigned int fill_pollfds(const struct outputs *s, struct pollfd *fds)
{
	unsigned int running = 0;
	const struct output *o;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		o = &s->list[i];
		fds[i].fd = is_ended(o) ? -1 : writer_ended_fd(o->writer);
		fds[i].events = POLLIN;
		running += !is_ended(o);
	}
	return running;
}

/* Wait until all writers have ended, or until the deadline on the monotonic clock. */
static void wait_ended(struct outputs *s, int64_t deadline_ns)
{
	struct pollfd fds[OUTPUT_NAMES_MAX] = { 0 };
	struct timespec timeout;
	int64_t left_ns;
	unsigned int i;
	int ready;

	while (fill_pollfds(s, fds)) {
		left_ns = deadline_ns - time_monotonic_ns();
		if (left_ns < 0)
			left_ns = 0;
		timeout.tv_sec = left_ns / NS_PER_S;
		timeout.tv_nsec = left_ns % NS_PER_S;
		ready = ppoll(fds, s->n, &timeout, NULL);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return;
		for (i = 0; i < s->n; i++)
			s->list[i].ended = s->list[i].ended || fds[i].revents;
	}
}

void outputs_close(struct outputs *s, unsigned int i, bool will_return)
{
	struct output *o = &s->list[i];

	if (o->state != OUTPUT_OPEN) {
		o->will_return = o->will_return && will_return;
		return;
	}
	outputs_flush(s);
	o->state = OUTPUT_CLOSING;
	o->will_return = will_return;
	o->close_deadline_ms = time_monotonic_ms() + CLOSE_MS;
	writer_stop(o->writer, WRITER_FINISH);
}

/* Free a closed output. Unwritten lines are lost; its counts are kept, for its totals and for when
 * it is added again.
 */
static void free_closed(struct outputs *s, struct output *o)
{
	struct output_counts current;

	outputs_flush(s); /* notes the time of drops */
	output_current_counts(o, &current);
	if (output_queued(&current)) {
		o->drop_last_ns = s->clock_fn(s->clock_arg);
		o->drop_first_ns = o->drop_first_ns ? o->drop_first_ns : o->drop_last_ns;
	}
	current.dropped_error += output_queued(&current);
	output_add_counts(&o->earlier, &current);
	(void)writer_free(o->writer); /* cannot fail: it has ended */
	o->partial_line = queue_has_partial(o->queue) || (o->partial_line && !current.bytes);
	queue_free(o->queue);
	*o = (struct output){
		.state = OUTPUT_CLOSED,
		.spec = o->spec,
		.earlier = o->earlier,
		.will_return = o->will_return,
		.partial_line = o->partial_line,
		.drop_first_ns = o->drop_first_ns,
		.drop_last_ns = o->drop_last_ns,
	};
}

static bool has_ended(const struct output *o)
{
	struct pollfd ended = { .fd = writer_ended_fd(o->writer), .events = POLLIN };

	return poll(&ended, 1, 0) == 1;
}

bool outputs_finish_closing(struct outputs *s)
{
	bool any_closing = false;

	for (unsigned int i = 0; i < s->n; i++) {
		struct output *o = &s->list[i];

		if (o->state != OUTPUT_CLOSING)
			continue;
		if (has_ended(o)) {
			free_closed(s, o);
			continue;
		}
		any_closing = true;
		if (time_monotonic_ms() >= o->close_deadline_ms)
			writer_stop(o->writer, WRITER_GIVE_UP);
	}
	return any_closing;
}

/* The last eighth of the time is for writers that wait for their reader: when stopped with
 * WRITER_GIVE_UP they end at once, and then the number of written lines is known exactly.
 */
uint64_t outputs_finish(struct outputs *s, int timeout_ms)
{
	int64_t timeout_ns = timeout_ms * NS_PER_MS;
	int64_t deadline_ns = time_monotonic_ns() + timeout_ns;
	struct output_counts c;
	uint64_t unwritten = 0;
	unsigned int i;

	s->finished = true;
	outputs_flush(s);
	for (i = 0; i < s->n; i++) {
		outputs_counts(s, i, &c);
		unwritten += output_queued(&c) + c.written;
	}
	stop_writers(s, WRITER_FINISH);
	wait_ended(s, deadline_ns - timeout_ns / 8);
	stop_writers(s, WRITER_GIVE_UP);
	wait_ended(s, deadline_ns);

	for (i = 0; i < s->n; i++) {
		outputs_counts(s, i, &c);
		unwritten -= c.written;
	}
	return unwritten;
}

/* A stuck writer goes on using its queue until the process ends, so the queue is not freed. */
static void free_output(struct output *o)
{
	if (o->writer && !writer_free(o->writer))
		queue_free(o->queue);
	output_spec_free(&o->spec);
}

void pending_output_free(struct pending_output *pending)
{
	struct pollfd ended;

	if (!pending)
		return;
	writer_stop(pending->output.writer, WRITER_GIVE_UP);
	ended = (struct pollfd){ .fd = writer_ended_fd(pending->output.writer), .events = POLLIN };
	while (poll(&ended, 1, -1) != 1)
		; /* it ends soon: it waits only for writer_release() or writer_stop() */
	pending->outputs->n_new_pending -= pending->is_new;
	free_output(&pending->output);
	free(pending);
}

void outputs_free(struct outputs *s)
{
	unsigned int i;

	if (!s)
		return;
	stop_writers(s, WRITER_GIVE_UP);
	wait_ended(s, time_monotonic_ns() + (s->finished ? OUTPUT_FREE_MS : STOP_MS) * NS_PER_MS);
	for (i = 0; i < s->n; i++)
		free_output(&s->list[i]);
	close(s->failed_fd);
	free(s);
}
