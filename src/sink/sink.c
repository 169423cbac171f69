// SPDX-License-Identifier: BSD-2-Clause
#include "sink/sink.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sink/queue.h"
#include "sink/writer.h"

#define NS_PER_MS   1000000LL
#define NS_PER_S    1000000000LL
#define FREE_MS	    100 /* for writers that have been told to end and only have to wake up */
#define FLUSH_BYTES (256U << 10) /* no more is put without a flush, lest a queue fill unseen … */
#define FLUSH_PART  4 /* … nor more than one part in so many of the smallest queue */

struct sink {
	const struct sink_spec *spec; /* borrowed */
	struct writer *writer; /* owned */
	struct queue *queue; /* owned */
	uint64_t made;
	uint64_t filtered;
	uint64_t dropped_queue_full;
	uint64_t dropped_failing; /* the queue was full because the output could not write */
	uint64_t dropped_seen; /* all that was dropped, at the last flush */
	uint64_t flushed_ns; /* time of that flush */
	uint64_t drop_first_ns; /* 0: none since sinks_forget_drops() */
	uint64_t drop_last_ns;
	bool dead; /* its error was seen */
	bool ended;
};

struct sinks {
	struct sink list[SINK_MAX];
	unsigned int n;
	size_t unflushed; /* bytes */
	size_t flush_bytes; /* of them, at most */
	int failed_fd; /* owned; eventfd */
	sinks_clock_fn clock_fn;
	const void *clock_arg; /* borrowed */
};

static uint64_t wall_ns(const void *arg)
{
	struct timespec ts;

	(void)arg;
	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
	return (uint64_t)(ts.tv_sec * NS_PER_S + ts.tv_nsec);
}

void sinks_set_clock(struct sinks *s, sinks_clock_fn fn, const void *arg)
{
	s->clock_fn = fn;
	s->clock_arg = arg;
}

int sinks_new(struct sinks **ret)
{
	struct sinks *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->flush_bytes = FLUSH_BYTES;
	s->clock_fn = wall_ns;
	s->failed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->failed_fd < 0) {
		err = -errno;
		free(s);
		return err;
	}
	*ret = s;
	return 0;
}

static int check_spec(const struct sinks *s, const struct sink_spec *spec, char *err,
		      size_t err_cap)
{
	unsigned int i;

	if (s->n == SINK_MAX) {
		(void)snprintf(err, err_cap, "\"%s\" is one output too many: %d is the limit",
			       spec->name, SINK_MAX);
		return -E2BIG;
	}
	for (i = 0; i < s->n; i++) {
		if (!strcmp(s->list[i].spec->name, spec->name)) {
			(void)snprintf(err, err_cap, "the output \"%s\" is named twice",
				       spec->name);
			return -EEXIST;
		}
	}
	return 0;
}

int sinks_add(struct sinks *s, const struct sink_spec *spec, char *err, size_t err_cap)
{
	struct sink sink = { .spec = spec };
	struct channel channel;
	int ret = check_spec(s, spec, err, err_cap);

	if (ret)
		return ret;
	ret = spec->kind->open(&channel, spec->target, spec->settings, err, err_cap);
	if (ret)
		return ret;
	ret = queue_new(&sink.queue, spec->queue_bytes);
	if (ret)
		channel.ops->close(channel.ctx);
	else
		ret = writer_new(&sink.writer, &channel, sink.queue, s->failed_fd);
	if (ret) {
		(void)snprintf(err, err_cap, "cannot set up the output \"%s\": %s", spec->name,
			       strerror(-ret));
		queue_free(sink.queue);
		return ret;
	}
	if (spec->queue_bytes / FLUSH_PART < s->flush_bytes)
		s->flush_bytes = spec->queue_bytes / FLUSH_PART;
	s->list[s->n++] = sink;
	return 0;
}

int sinks_start(struct sinks *s)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < s->n; i++)
		ret = writer_start(s->list[i].writer);
	return ret;
}

void sinks_reopen(struct sinks *s)
{
	for (unsigned int i = 0; i < s->n; i++)
		writer_reopen(s->list[i].writer);
}

unsigned int sinks_number(const struct sinks *s)
{
	return s->n;
}

const char *sinks_name(const struct sinks *s, unsigned int i)
{
	return s->list[i].spec->name;
}

static int sink_error(const struct sink *k)
{
	return writer_error(k->writer);
}

static void sink_put(struct sink *k, const struct line *line)
{
	k->made++;
	if (!(k->spec->events >> line->type & 1)) {
		k->filtered++;
		return;
	}
	if (k->dead || queue_put(k->queue, line->text, line->len, line->type))
		return;
	if (writer_failing(k->writer))
		k->dropped_failing++;
	else if (!sink_error(k))
		k->dropped_queue_full++;
}

void sinks_put(struct sinks *s, const struct line *line)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		sink_put(&s->list[i], line);
	s->unflushed += line->len;
	if (s->unflushed >= s->flush_bytes)
		sinks_flush(s);
}

/* Drops happen in either thread; when is known to within two flushes. */
static void note_drops(struct sink *k, uint64_t now)
{
	uint64_t dropped;
	struct queue_counts q;

	queue_counts(k->queue, &q);
	dropped = k->dropped_queue_full + k->dropped_failing + q.dropped;
	if (k->dead)
		dropped = k->made - k->filtered -
			  q.written; /* what is put to it now is dropped, too */
	if (dropped != k->dropped_seen) {
		if (!k->drop_first_ns)
			k->drop_first_ns = k->flushed_ns ? k->flushed_ns : now;
		k->drop_last_ns = now;
	}
	k->dropped_seen = dropped;
	k->flushed_ns = now;
}

void sinks_flush(struct sinks *s)
{
	uint64_t now = s->clock_fn(s->clock_arg);
	struct sink *k;
	unsigned int i;

	s->unflushed = 0;
	for (i = 0; i < s->n; i++) {
		k = &s->list[i];
		k->dead = sink_error(k) != 0;
		if (!k->dead && queue_publish(k->queue))
			writer_wake(k->writer);
		note_drops(k, now);
	}
}

int sinks_fd(const struct sinks *s)
{
	return s->failed_fd;
}

unsigned int sinks_alive(struct sinks *s)
{
	unsigned int alive = 0;
	unsigned int i;
	uint64_t failures;
	/* Before the look at the errors: one that comes after it makes the fd readable again. */
	ssize_t n = read(s->failed_fd, &failures, sizeof(failures));

	(void)n; /* non-blocking, and only read to be cleared */
	for (i = 0; i < s->n; i++)
		alive += sink_error(&s->list[i]) == 0;
	return alive;
}

int sinks_error(const struct sinks *s, unsigned int i)
{
	return sink_error(&s->list[i]);
}

/* L4 holds at any moment, while the writer runs. made and dropped_queue_full belong to the thread
 * that calls this, so they do not move. The writer's numbers only grow, each line is in one of
 * them, and only after we put it: read one after the other, they are at most what was put.
 *
 * Of a dead output the queue is nobody's any more: what was made and is not accounted for
 * otherwise was lost with it, be it queued, half written, or put since. The error is read first,
 * because with it the count of what was written is final.
 */
void sinks_counts(const struct sinks *s, unsigned int i, struct sink_counts *ret)
{
	const struct sink *k = &s->list[i];
	int error = sink_error(k);
	struct queue_counts q;

	queue_counts(k->queue, &q);
	*ret = (struct sink_counts){
		.made = k->made,
		.written = q.written,
		.bytes = q.bytes,
		.filtered = k->filtered,
		.dropped_queue_full = k->dropped_queue_full,
		.dropped_error = q.dropped + k->dropped_failing,
		.drop_first_ns = k->drop_first_ns,
		.drop_last_ns = k->drop_last_ns,
		.disconnects = writer_disconnects(k->writer),
	};
	if (error)
		ret->dropped_error = k->made - k->filtered - q.written - k->dropped_queue_full;
}

void sinks_forget_drops(struct sinks *s, unsigned int i)
{
	s->list[i].drop_first_ns = 0;
	s->list[i].drop_last_ns = 0;
}

int sinks_failing(const struct sinks *s, unsigned int i)
{
	const struct sink *k = &s->list[i];

	return sink_error(k) ? 0 : writer_failing(k->writer);
}

const char *sinks_warning(const struct sinks *s, unsigned int i)
{
	return writer_warning(s->list[i].writer);
}

static size_t least_room(const struct sinks *s, bool unless_drop, bool empty)
{
	size_t room = SIZE_MAX;

	for (unsigned int i = 0; i < s->n; i++) {
		const struct sink *k = &s->list[i];
		size_t one;

		if (k->dead || (unless_drop && k->spec->when_full == SINK_DROP))
			continue;
		one = empty ? queue_room_max(k->queue) : queue_room(k->queue);
		if (one < room)
			room = one;
	}
	return room;
}

size_t sinks_room(const struct sinks *s, bool unless_drop)
{
	return least_room(s, unless_drop, false);
}

size_t sinks_room_max(const struct sinks *s, bool unless_drop)
{
	return least_room(s, unless_drop, true);
}

static uint64_t queued(const struct sink_counts *c)
{
	return c->made - c->written - c->filtered - c->dropped_queue_full - c->dropped_error;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void stop(struct sinks *s, enum writer_stop how)
{
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		if (!s->list[i].ended)
			writer_stop(s->list[i].writer, how);
	}
}

/* Fill in one entry per sink; a sink that has ended has fd −1, which poll ignores. Returns how many
 * have not.
 */
static unsigned int not_ended(const struct sinks *s, struct pollfd *fds)
{
	unsigned int running = 0;
	const struct sink *k;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		k = &s->list[i];
		fds[i].fd = k->ended ? -1 : writer_ended_fd(k->writer);
		fds[i].events = POLLIN;
		running += !k->ended;
	}
	return running;
}

/* Until all have ended, or the deadline, on the monotonic clock. */
static void wait_ended(struct sinks *s, int64_t deadline_ns)
{
	struct pollfd fds[SINK_MAX] = { 0 };
	struct timespec timeout;
	int64_t left_ns;
	unsigned int i;
	int ready;

	while (not_ended(s, fds)) {
		left_ns = deadline_ns - now_ns();
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

/* The last eighth of the time is for writers that wait for their reader: told to give up, they end
 * at once, and then what they have written is known exactly.
 */
uint64_t sinks_finish(struct sinks *s, int timeout_ms)
{
	int64_t timeout_ns = timeout_ms * NS_PER_MS;
	int64_t deadline_ns = now_ns() + timeout_ns;
	struct sink_counts c;
	uint64_t unwritten = 0;
	unsigned int i;

	sinks_flush(s);
	for (i = 0; i < s->n; i++) {
		sinks_counts(s, i, &c);
		unwritten += queued(&c) + c.written;
	}
	stop(s, WRITER_FINISH);
	wait_ended(s, deadline_ns - timeout_ns / 8);
	stop(s, WRITER_GIVE_UP);
	wait_ended(s, deadline_ns);

	for (i = 0; i < s->n; i++) {
		sinks_counts(s, i, &c);
		unwritten -= c.written;
	}
	return unwritten;
}

static void sink_close(struct sink *k)
{
	/* A writer that is stuck goes on using its queue, until the process ends. */
	if (!writer_free(k->writer))
		queue_free(k->queue);
}

void sinks_free(struct sinks *s)
{
	unsigned int i;

	if (!s)
		return;
	stop(s, WRITER_GIVE_UP);
	wait_ended(s, now_ns() + FREE_MS * NS_PER_MS);
	for (i = 0; i < s->n; i++)
		sink_close(&s->list[i]);
	close(s->failed_fd);
	free(s);
}
