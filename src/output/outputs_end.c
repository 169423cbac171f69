// SPDX-License-Identifier: BSD-2-Clause
/* How outputs end: one of them while the others go on, or all. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/outputs_internal.h"

#define UNTOLD_MS 5000 /* for writers that outputs_free() is the first to tell to end */
#define LEAVE_MS  5000 /* for one that leaves to write what it has */

static bool is_over(const struct output *k)
{
	return !k->writer || k->ended;
}

static void stop(struct outputs *s, enum writer_stop how)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		if (!is_over(&s->list[i]))
			writer_stop(s->list[i].writer, how);
	}
}

/* Fill in one entry per output; a output that has ended has fd −1, which poll ignores. Returns how
 * many have not.
 */
static unsigned int not_ended(const struct outputs *s, struct pollfd *fds)
{
	unsigned int running = 0;
	const struct output *k;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		k = &s->list[i];
		fds[i].fd = is_over(k) ? -1 : writer_ended_fd(k->writer);
		fds[i].events = POLLIN;
		running += !is_over(k);
	}
	return running;
}

/* Until all have ended, or the deadline, on the monotonic clock. */
static void wait_ended(struct outputs *s, int64_t deadline_ns)
{
	struct pollfd fds[OUTPUT_NAMES_MAX] = { 0 };
	struct timespec timeout;
	int64_t left_ns;
	unsigned int i;
	int ready;

	while (not_ended(s, fds)) {
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

void outputs_close(struct outputs *s, unsigned int i, bool returns)
{
	struct output *k = &s->list[i];

	if (k->state != OUTPUT_OPEN) {
		k->returns = k->returns && returns;
		return;
	}
	outputs_flush(s);
	k->state = OUTPUT_CLOSING;
	k->returns = returns;
	k->leave_ms = time_monotonic_ms() + LEAVE_MS;
	writer_stop(k->writer, WRITER_FINISH);
}

/* What it has not written is lost; its numbers stay, for its total and for its return. */
static void part_with(struct outputs *s, struct output *k)
{
	struct output_counts life;

	outputs_flush(s); /* looks when lines were dropped */
	output_current_counts(k, &life);
	if (output_queued(&life)) {
		k->drop_last_ns = s->clock_fn(s->clock_arg);
		k->drop_first_ns = k->drop_first_ns ? k->drop_first_ns : k->drop_last_ns;
	}
	life.dropped_error += output_queued(&life);
	output_add_counts(&k->past, &life);
	(void)writer_free(k->writer); /* it has ended */
	k->torn = queue_has_partial(k->queue) || (k->torn && !life.bytes);
	queue_free(k->queue);
	*k = (struct output){
		.state = OUTPUT_CLOSED,
		.spec = k->spec,
		.past = k->past,
		.returns = k->returns,
		.torn = k->torn,
		.drop_first_ns = k->drop_first_ns,
		.drop_last_ns = k->drop_last_ns,
	};
}

static bool has_ended(const struct output *k)
{
	struct pollfd ended = { .fd = writer_ended_fd(k->writer), .events = POLLIN };

	return poll(&ended, 1, 0) == 1;
}

bool outputs_finish_closing(struct outputs *s)
{
	bool leaving = false;

	for (unsigned int i = 0; i < s->n; i++) {
		struct output *k = &s->list[i];

		if (k->state != OUTPUT_CLOSING)
			continue;
		if (has_ended(k)) {
			part_with(s, k);
			continue;
		}
		leaving = true;
		if (time_monotonic_ms() >= k->leave_ms)
			writer_stop(k->writer, WRITER_GIVE_UP);
	}
	return leaving;
}

/* The last eighth of the time is for writers that wait for their reader: told to give up, they end
 * at once, and then what they have written is known exactly.
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
	stop(s, WRITER_FINISH);
	wait_ended(s, deadline_ns - timeout_ns / 8);
	stop(s, WRITER_GIVE_UP);
	wait_ended(s, deadline_ns);

	for (i = 0; i < s->n; i++) {
		outputs_counts(s, i, &c);
		unwritten -= c.written;
	}
	return unwritten;
}

/* A writer that is stuck goes on using its queue, until the process ends. */
static void close_output(struct output *k)
{
	if (k->writer && !writer_free(k->writer))
		queue_free(k->queue);
	output_spec_free(&k->spec);
}

void pending_output_free(struct pending_output *spare)
{
	struct pollfd ended;

	if (!spare)
		return;
	writer_stop(spare->output.writer, WRITER_GIVE_UP);
	ended = (struct pollfd){ .fd = writer_ended_fd(spare->output.writer), .events = POLLIN };
	while (poll(&ended, 1, -1) != 1)
		; /* it waits for nothing but us */
	spare->outputs->n_new_pending -= spare->is_new;
	close_output(&spare->output);
	free(spare);
}

void outputs_free(struct outputs *s)
{
	unsigned int i;

	if (!s)
		return;
	stop(s, WRITER_GIVE_UP);
	wait_ended(s, time_monotonic_ns() + (s->finished ? OUTPUT_FREE_MS : UNTOLD_MS) * NS_PER_MS);
	for (i = 0; i < s->n; i++)
		close_output(&s->list[i]);
	close(s->failed_fd);
	free(s);
}
