// SPDX-License-Identifier: BSD-2-Clause
#include "output/outputs.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/outputs_internal.h"

/* bytes put without a flush, at most, so that no queue fills unseen */
#define FLUSH_BYTES (256U << 10)
#define FLUSH_PART  4 /* also at most this part of the smallest queue */

/* How often the caller yields to a writer until its queue is three quarters empty again. */
#define YIELDS_MAX 24
/* how long the caller yields in a period, at most */
#define YIELD_NS	40000000
#define YIELD_PERIOD_NS 100000000

static uint64_t wall_ns(const void *arg)
{
	(void)arg;
	return time_wall_ns();
}

void outputs_set_clock(struct outputs *s, outputs_clock_fn fn, const void *arg)
{
	s->clock_fn = fn;
	s->clock_arg = arg;
}

void outputs_set_patience(struct outputs *s, int64_t patience_ms)
{
	s->can_wait = true;
	s->patience_ms = patience_ms;
}

int outputs_new(struct outputs **ret)
{
	struct outputs *s = calloc(1, sizeof(*s));
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

/* Find the slot of the output of that name, or a free one. NULL: all slots are taken. */
static struct output *find_slot(struct outputs *s, const char *name)
{
	for (unsigned int i = 0; i < s->n; i++) {
		if (!strcmp(s->list[i].spec.name, name))
			return &s->list[i];
	}
	return s->n < OUTPUT_NAMES_MAX ? &s->list[s->n] : NULL;
}

/* Find an output by its name. NULL: the run never had one of that name. */
static const struct output *find_output(const struct outputs *s, const char *name)
{
	for (unsigned int i = 0; i < s->n; i++) {
		if (!strcmp(s->list[i].spec.name, name))
			return &s->list[i];
	}
	return NULL;
}

bool outputs_is_free(const struct outputs *s, const char *name)
{
	const struct output *o = find_output(s, name);

	return !o || o->state == OUTPUT_CLOSED;
}

static int check_spec(const struct outputs *s, const struct output_spec *spec, struct reason *why)
{
	const bool is_new = !find_output(s, spec->name);
	unsigned int n_open = s->n_new_pending;

	for (unsigned int i = 0; i < s->n; i++)
		n_open += s->list[i].state != OUTPUT_CLOSED;
	if (!is_new || (n_open < OUTPUTS_MAX && s->n + s->n_new_pending < OUTPUT_NAMES_MAX))
		return 0;
	return reason_set(why, -E2BIG, "too many outputs: \"%s\" exceeds the limit of %d",
			  spec->name, n_open < OUTPUTS_MAX ? OUTPUT_NAMES_MAX : OUTPUTS_MAX);
}

static void insert_output(struct outputs *s, const struct output *output)
{
	struct output *slot = find_slot(s, output->spec.name);
	struct output_counts absent; /* of lines put while the output was closed */

	if (output->spec.queue_bytes / FLUSH_PART < s->flush_bytes)
		s->flush_bytes = output->spec.queue_bytes / FLUSH_PART;
	if (slot == &s->list[s->n]) {
		s->n++;
		*slot = *output;
		return;
	}
	if (slot->partial_line &&
	    output->spec.kind->continues_partial) /* it fits: the queue is empty */
		(void)queue_put_uncounted(output->queue, "\n", 1, RECORD_START);
	output_current_counts(slot, &absent);
	output_add_counts(&slot->earlier, &absent);
	output_spec_free(&slot->spec);
	*slot = (struct output){
		.spec = output->spec,
		.writer = output->writer,
		.queue = output->queue,
		.started = output->started,
		.earlier = slot->earlier,
		.partial_line = slot->partial_line,
		.drop_first_ns = slot->drop_first_ns,
		.drop_last_ns = slot->drop_last_ns,
	};
}

/* replaces: another output of that name is still open. */
static int open_output(struct outputs *s, struct output_spec *spec, bool replaces,
		       struct output *ret, struct reason *why)
{
	const struct writer_plan plan = {
		.keep_on_failure = s->can_wait && spec->when_full != OUTPUT_DROP,
		.patience_ms = s->patience_ms,
	};
	struct output output = { .spec = *spec };
	struct driver driver;
	int error = check_spec(s, spec, why);

	if (error)
		return error;
	error = spec->kind->open(&driver, spec->target, spec->settings, replaces, why);
	if (error)
		return error;
	error = queue_new(&output.queue, spec->queue_bytes);
	if (error)
		driver.ops->close(driver.ctx);
	else
		error = writer_new(&output.writer, &driver, output.queue, s->failed_fd, &plan);
	if (error) {
		(void)reason_set(why, error, "cannot set up the output \"%s\": %s", spec->name,
				 strerror(-error));
		queue_free(output.queue);
		return error;
	}
	*ret = output;
	*spec = (struct output_spec){ 0 };
	return 0;
}

int outputs_add(struct outputs *s, struct output_spec *spec, struct reason *why)
{
	struct output output;
	int ret;

	if (!outputs_is_free(s, spec->name)) {
		return reason_set(why, -EEXIST, "the output \"%s\" is given twice", spec->name);
	}
	ret = open_output(s, spec, false, &output, why);
	if (!ret)
		insert_output(s, &output);
	return ret;
}

static int start_pending(struct pending_output *pending, struct reason *why)
{
	int error = writer_start(pending->output.writer, true);

	if (error)
		(void)reason_set(why, error, "cannot start the output \"%s\": %s",
				 pending->output.spec.name, strerror(-error));
	pending->output.started = !error;
	return error;
}

int outputs_prepare(struct outputs *s, struct output_spec *spec, struct pending_output **ret,
		    struct reason *why)
{
	struct pending_output *pending = calloc(1, sizeof(*pending));
	const bool is_new = !find_output(s, spec->name);
	int error;

	if (!pending) {
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	}
	error = open_output(s, spec, !outputs_is_free(s, spec->name), &pending->output, why);
	if (error) {
		free(pending);
		return error;
	}
	pending->outputs = s;
	pending->is_new = is_new;
	s->n_new_pending += is_new;
	error = start_pending(pending, why);
	if (error)
		pending_output_free(pending);
	else
		*ret = pending;
	return error;
}

const struct output_spec *pending_output_spec(const struct pending_output *pending)
{
	return &pending->output.spec;
}

void outputs_add_pending(struct outputs *s, struct pending_output *pending)
{
	struct writer *writer = pending->output.writer;

	s->n_new_pending -= pending->is_new;
	insert_output(s, &pending->output);
	writer_release(writer);
	free(pending);
}

int outputs_start(struct outputs *s)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < s->n; i++) {
		struct output *o = &s->list[i];

		if (o->started || o->state != OUTPUT_OPEN)
			continue;
		ret = writer_start(o->writer, false);
		o->started = !ret;
	}
	return ret;
}

enum output_state outputs_state(const struct outputs *s, unsigned int i)
{
	return s->list[i].state;
}

const struct output_spec *outputs_spec(const struct outputs *s, unsigned int i)
{
	return &s->list[i].spec;
}

void outputs_reopen(struct outputs *s)
{
	for (unsigned int i = 0; i < s->n; i++) {
		if (s->list[i].state == OUTPUT_OPEN)
			writer_reopen(s->list[i].writer);
	}
}

unsigned int outputs_number(const struct outputs *s)
{
	return s->n;
}

const char *outputs_name(const struct outputs *s, unsigned int i)
{
	return s->list[i].spec.name;
}

static int output_error(const struct output *o)
{
	return o->writer ? writer_error(o->writer) : 0;
}

static void output_put(struct output *o, const struct record *line)
{
	if (o->state != OUTPUT_OPEN && !o->will_return)
		return;
	o->made++;
	if (!(o->spec.events >> line->type & 1)) {
		o->filtered++;
		return;
	}
	if (o->state != OUTPUT_OPEN) {
		o->dropped_failing++;
		return;
	}
	if (o->end_seen || queue_put(o->queue, line->text, line->len, line->type))
		return;
	if (writer_failing(o->writer))
		o->dropped_failing++;
	else if (!output_error(o))
		o->dropped_queue_full++;
}

/* Count a flush of an output that has much to write. Returns whether to yield to its writer. */
static bool count_yield(struct output *o)
{
	if (o->state != OUTPUT_OPEN || o->end_seen)
		return false;
	if (queue_room(o->queue) > queue_room_max(o->queue) / 4 * 3)
		o->yields = 0;
	else
		o->yields++;
	return o->yields && o->yields <= YIELDS_MAX;
}

/* A burst of lines can be made in less time than the scheduler lets this thread run; a writer that
 * shares the CPU has to run before its queue is full. A writer that makes little progress when it
 * runs waits for something else, so it is not waited for; and the total time spent yielding is
 * limited, or the ring buffer would fill while a slow writer runs.
 */
static void yield_to_writers(struct outputs *s)
{
	bool wanted = false;
	int64_t now;

	for (unsigned int i = 0; i < s->n; i++)
		wanted |= count_yield(&s->list[i]);
	if (!wanted)
		return;
	now = time_monotonic_ns();
	if (now - s->yield_period_ns > YIELD_PERIOD_NS) {
		s->yield_period_ns = now;
		s->yield_ns = 0;
	}
	if (s->yield_ns >= YIELD_NS)
		return;
	(void)sched_yield(); /* cannot fail */
	s->yield_ns += time_monotonic_ns() - now;
}

void outputs_put(struct outputs *s, const struct record *line)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		output_put(&s->list[i], line);
	s->unflushed += line->len;
	if (s->unflushed < s->flush_bytes)
		return;
	outputs_flush(s);
	yield_to_writers(s);
}

void outputs_put_to(struct outputs *s, unsigned int i, const struct record *line)
{
	output_put(&s->list[i], line);
	s->unflushed += line->len;
}

void outputs_put_uncounted(struct outputs *s, unsigned int i, const struct record *line)
{
	struct output *o = &s->list[i];

	/* a full queue is no loss: the stream has this information anyway */
	if (o->state == OUTPUT_OPEN && !o->end_seen)
		(void)queue_put_uncounted(o->queue, line->text, line->len, line->type);
}

/* Note the time of drops. They happen in either thread, so the time is known to within two flushes.
 */
static void note_drops(struct output *o, const struct output_counts *current, uint64_t now)
{
	uint64_t dropped = current->dropped_queue_full + current->dropped_error;

	if (dropped != o->dropped_at_flush) {
		if (!o->drop_first_ns)
			o->drop_first_ns = o->flushed_ns ? o->flushed_ns : now;
		o->drop_last_ns = now;
	}
	o->dropped_at_flush = dropped;
	o->flushed_ns = now;
}

void outputs_flush(struct outputs *s)
{
	uint64_t now = s->clock_fn(s->clock_arg);
	struct output_counts current;
	struct output *o;
	unsigned int i;

	s->unflushed = 0;
	for (i = 0; i < s->n; i++) {
		o = &s->list[i];
		o->end_seen = output_error(o) != 0;
		if (o->queue && !o->end_seen && queue_publish(o->queue))
			writer_wake(o->writer);
		output_current_counts(o, &current);
		note_drops(o, &current, now);
	}
}

int outputs_fd(const struct outputs *s)
{
	return s->failed_fd;
}

unsigned int outputs_take_ends(struct outputs *s)
{
	unsigned int alive = 0;
	unsigned int i;
	uint64_t failures;
	/* Read it before the errors: a later error makes the fd readable again. */
	ssize_t n = read(s->failed_fd, &failures, sizeof(failures));

	(void)n; /* non-blocking, and only read to be cleared */
	for (i = 0; i < s->n; i++)
		alive += s->list[i].state == OUTPUT_OPEN && output_error(&s->list[i]) == 0;
	return alive;
}

int outputs_error(const struct outputs *s, unsigned int i)
{
	return output_error(&s->list[i]);
}

/* L4 holds at any moment, while the writer runs. The calling thread owns made and
 * dropped_queue_full, so they do not change. The writer's counts only grow, and each line is added
 * to one of them after it was put: read one after the other, their sum is at most the number of
 * lines put.
 *
 * Nobody owns the queue of a failed output any more: lines that were made and are not accounted for
 * otherwise were lost with it, whether queued, partly written, or put since. The error is read
 * first, because the count of written lines is final once it is set.
 */
void output_current_counts(const struct output *o, struct output_counts *ret)
{
	int error = output_error(o);
	struct queue_counts q = { 0 };

	if (o->queue)
		queue_counts(o->queue, &q);
	*ret = (struct output_counts){
		.made = o->made,
		.written = q.written,
		.bytes = q.bytes,
		.filtered = o->filtered,
		.dropped_queue_full = o->dropped_queue_full,
		.dropped_error = q.dropped + o->dropped_failing,
		.disconnects = o->writer ? writer_disconnects(o->writer) : 0,
	};
	if (error)
		ret->dropped_error = o->made - o->filtered - q.written - o->dropped_queue_full;
}

void output_add_counts(struct output_counts *sum, const struct output_counts *add)
{
	sum->made += add->made;
	sum->written += add->written;
	sum->bytes += add->bytes;
	sum->filtered += add->filtered;
	sum->dropped_queue_full += add->dropped_queue_full;
	sum->dropped_error += add->dropped_error;
	sum->disconnects += add->disconnects;
}

void outputs_counts(const struct outputs *s, unsigned int i, struct output_counts *ret)
{
	const struct output *o = &s->list[i];
	struct output seen = *o;

	output_current_counts(o, ret);
	note_drops(&seen, ret, s->clock_fn(s->clock_arg)); /* include drops since the last flush */
	output_add_counts(ret, &o->earlier);
	ret->drop_first_ns = seen.drop_first_ns;
	ret->drop_last_ns = seen.drop_last_ns;
}

void outputs_reset_drops(struct outputs *s, unsigned int i)
{
	s->list[i].drop_first_ns = 0;
	s->list[i].drop_last_ns = 0;
}

uint64_t outputs_lost(const struct outputs *s)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < s->n; i++) {
		struct output_counts c;

		outputs_counts(s, i, &c);
		if (s->list[i].spec.when_full != OUTPUT_DROP)
			lost += c.dropped_error;
	}
	return lost;
}

bool outputs_gave_up(const struct outputs *s, unsigned int i)
{
	const struct output *o = &s->list[i];

	return output_error(o) && writer_gave_up(o->writer);
}

int outputs_failing(const struct outputs *s, unsigned int i)
{
	const struct output *o = &s->list[i];

	return o->state == OUTPUT_CLOSED || output_error(o) ? 0 : writer_failing(o->writer);
}

const char *outputs_warning(const struct outputs *s, unsigned int i, unsigned int *warned)
{
	const struct output *o = &s->list[i];

	for (unsigned int n = 0; o->writer && n < DRIVER_WARNINGS; n++) {
		const char *warning = *warned & 1U << n ? NULL : writer_warning(o->writer, n);

		if (!warning)
			continue;
		*warned |= 1U << n;
		return warning;
	}
	return NULL;
}

static size_t least_room(const struct outputs *s, bool unless_drop, bool empty)
{
	size_t room = SIZE_MAX;

	for (unsigned int i = 0; i < s->n; i++) {
		const struct output *o = &s->list[i];
		size_t one;

		if (unless_drop && o->spec.when_full == OUTPUT_DROP)
			continue;
		if (o->state != OUTPUT_OPEN && o->will_return && !empty)
			return 0;
		if (o->state != OUTPUT_OPEN || o->end_seen)
			continue;
		one = empty ? queue_room_max(o->queue) : queue_room(o->queue);
		if (one < room)
			room = one;
	}
	return room;
}

size_t outputs_room(const struct outputs *s, bool unless_drop)
{
	return least_room(s, unless_drop, false);
}

size_t outputs_room_max(const struct outputs *s, bool unless_drop)
{
	return least_room(s, unless_drop, true);
}

uint64_t output_queued(const struct output_counts *c)
{
	return c->made - c->written - c->filtered - c->dropped_queue_full - c->dropped_error;
}
