// SPDX-License-Identifier: BSD-2-Clause
#include "lib/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TICK_MS	      100 /* less than a second */
#define BATCH_RECORDS 4096 /* records of one batch: enough to hide the cost of a wake-up */

enum {
	EVENT_RECORDS,
	EVENT_BATCH,
	EVENT_TICK,
	EVENT_WATCHED,
};

enum batch {
	BATCH_ARMED, /* nothing waits; the kernel wakes the reader */
	BATCH_GATHERS, /* records wait until the timer expires */
	BATCH_DRAINS, /* the timer has expired and stays readable until all is read */
};

struct transport {
	const struct transport_ops *ops;
	void *ctx; /* owned; NULL until opened */
	int epoll_fd;
	int batch_fd; /* timerfd */
	int tick_fd; /* timerfd */
	uint32_t batch_ms; /* the longest time that a batch may gather */
	uint32_t gather_ms; /* time for the next batch, from the rate of the last */
	uint64_t taken; /* records of the present batch */
	enum batch batch;
	uint64_t high_water;
};

static int timer_open(int epoll_fd, uint64_t event, uint32_t period_ms)
{
	struct itimerspec its = { .it_value.tv_nsec = period_ms * 1000000L };
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = event };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	its.it_interval = its.it_value;
	if (timerfd_settime(fd, 0, &its, NULL) || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* ms 0: expires at once. Setting a timer also clears an earlier expiry. */
static void timer_start(int fd, uint32_t ms)
{
	struct itimerspec its = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms ? ms % 1000 * 1000000L : 1 },
	};

	(void)timerfd_settime(fd, 0, &its, NULL); /* fails only for bad arguments */
}

static void timer_stop(int fd)
{
	const struct itimerspec its = { 0 };

	(void)timerfd_settime(fd, 0, &its, NULL);
}

int transport_open(struct transport **ret, const struct transport_spec *spec, struct reason *r)
{
	struct transport *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (!t)
		return reason_set(r, err, "out of memory");
	*t = (struct transport){ .epoll_fd = -1, .batch_fd = -1, .tick_fd = -1 };
	t->batch_ms = t->gather_ms = spec->batch_ms;
	t->ops = spec->perf ? &transport_perf_ops : &transport_ring_ops;

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll_fd < 0) {
		err = reason_set(r, -errno, "cannot make an epoll instance: %s", strerror(errno));
		goto fail;
	}
	t->batch_fd = timer_open(t->epoll_fd, EVENT_BATCH, 0);
	t->tick_fd = timer_open(t->epoll_fd, EVENT_TICK, TICK_MS);
	if (t->batch_fd < 0 || t->tick_fd < 0) {
		err = t->batch_fd < 0 ? t->batch_fd : t->tick_fd;
		err = reason_set(r, err, "cannot make a timer: %s", strerror(-err));
		goto fail;
	}
	if (spec->perf)
		err = transport_perf_open(&t->ctx, spec, t->epoll_fd, r);
	else
		err = transport_ring_open(&t->ctx, spec, t->epoll_fd, r);
	if (err)
		goto fail;
	*ret = t;
	return 0;

fail:
	transport_close(t);
	return err;
}

void transport_close(struct transport *t)
{
	if (!t)
		return;
	if (t->ctx)
		t->ops->close(t->ctx);
	if (t->tick_fd >= 0)
		close(t->tick_fd);
	if (t->batch_fd >= 0)
		close(t->batch_fd);
	if (t->epoll_fd >= 0)
		close(t->epoll_fd);
	free(t);
}

int transport_fd(const struct transport *t)
{
	return t->epoll_fd;
}

int transport_watch(struct transport *t, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = EVENT_WATCHED };

	return epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

uint32_t transport_gather_ms(uint32_t gathered_ms, uint64_t records, uint32_t most_ms)
{
	uint64_t ms = records ? (uint64_t)gathered_ms * BATCH_RECORDS / records : most_ms;

	if (ms > most_ms)
		return most_ms;
	return ms || !most_ms ? (uint32_t)ms : 1;
}

static void batch_begin(struct transport *t, uint32_t ms)
{
	t->batch = ms ? BATCH_GATHERS : BATCH_DRAINS;
	t->taken = 0;
	timer_start(t->batch_fd, ms);
}

/* Another batch follows if more records are likely, which saves the kernel a wake-up. A single
 * record does not predict another, so the kernel is then asked to wake the reader, where it can.
 */
static void batch_end(struct transport *t)
{
	const bool more = t->batch_ms && t->taken > (t->ops->wakes_late ? 0 : 1);

	t->gather_ms = transport_gather_ms(t->gather_ms, t->taken, t->batch_ms);
	if (more) {
		batch_begin(t, t->gather_ms);
		return;
	}
	t->batch = BATCH_ARMED;
	timer_stop(t->batch_fd);
	(void)t->ops->arm(t->ctx); /* if it fails, the tick wakes the reader */
}

/* The state is read from the buffers themselves: behind a second epoll instance the readiness of a
 * perf fd is lost, because checking it clears it (perf_poll()).
 */
static void batch_step(struct transport *t, bool timer_ran_out)
{
	uint64_t waiting = t->ops->waiting(t->ctx);

	if (waiting > t->high_water)
		t->high_water = waiting;
	if (t->batch == BATCH_GATHERS && timer_ran_out)
		t->batch = BATCH_DRAINS;
	/* if the kernel wakes late, the batch has gathered already */
	if (t->batch == BATCH_ARMED && waiting)
		batch_begin(t, t->ops->wakes_late ? 0 : t->gather_ms);
}

int transport_wait(struct transport *t, int timeout_ms)
{
	struct epoll_event events[4];
	bool timer_ran_out = false;
	int result = 0;
	int n = epoll_wait(t->epoll_fd, events, 4, timeout_ms);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		uint64_t ticks;

		if (events[i].data.u64 == EVENT_BATCH)
			timer_ran_out = true;
		if (events[i].data.u64 == EVENT_TICK &&
		    read(t->tick_fd, &ticks, sizeof(ticks)) == sizeof(ticks))
			result |= TRANSPORT_TICK;
		if (events[i].data.u64 == EVENT_WATCHED)
			result |= TRANSPORT_WATCHED;
	}
	batch_step(t, timer_ran_out);
	if (t->batch == BATCH_DRAINS)
		result |= TRANSPORT_DUE;
	return result;
}

void transport_gather_no_more(struct transport *t)
{
	if (t->batch == BATCH_DRAINS || !t->ops->waiting(t->ctx))
		return;
	batch_begin(t, 0);
}

unsigned int transport_drain(struct transport *t, unsigned int max)
{
	unsigned int n = t->ops->drain(t->ctx, max);

	t->taken += n;
	if (n < max && t->batch == BATCH_DRAINS)
		batch_end(t);
	return n;
}

int transport_tick(struct transport *t, struct reason *r)
{
	return t->ops->tick ? t->ops->tick(t->ctx, r) : 0;
}

void transport_set_watermark(struct transport *t)
{
	t->ops->set_watermark(t->ctx);
}

bool transport_is_drained(struct transport *t)
{
	return t->ops->is_drained(t->ctx);
}

uint64_t transport_waiting(const struct transport *t)
{
	return t->ops->waiting(t->ctx);
}

uint64_t transport_high_water(struct transport *t)
{
	uint64_t high_water = t->high_water;

	t->high_water = 0;
	return high_water;
}
