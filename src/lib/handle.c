// SPDX-License-Identifier: BSD-2-Clause
/* The handle: implements the public calls in terms of the other files of this directory. */
#include "lib/handle.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/time.h"
#include "lib/capture.h"
#include "lib/decode.h"
#include "lib/kernel_error.h"
#include "lib/interval_result.h"

#define STEP_MAX       4096 /* sources a step, if the caller gives no number */
#define EARLY_STEPS    8 /* steps for an early flip in each call */
#define EARLY_MS       20 /* the most time for these steps */
#define TICKS_A_SECOND 10 /* ticks of the transport */

static void count_sample(struct xdptail *x, enum outcome outcome, unsigned int gen)
{
	interval_sample(&x->interval, outcome, gen);
	x->sums[outcome]++;
}

/* The first record of a drain has waited longest. */
static void note_wait(struct xdptail *x, uint64_t taken_ns)
{
	uint64_t now = clock_source_ns(&x->clock);

	x->first_in_drain = false;
	if (now > taken_ns && now - taken_ns > x->longest_wait_ns)
		x->longest_wait_ns = now - taken_ns;
}

/* transport_fn: takes one record from the ring. */
static int on_sample_record(void *arg, const void *data, size_t size)
{
	struct xdptail *x = arg;
	struct xdptail_packet packet;
	unsigned int gen;

	if (decode_record(data, size, &packet, &gen)) {
		count_sample(x, OUTCOME_UNDECODABLE, 0);
		return 0;
	}
	if (!x->fn) {
		count_sample(x, OUTCOME_DISCARDED, gen);
		return 0;
	}
	if (x->first_in_drain)
		note_wait(x, packet.timestamp_ns);
	packet.timestamp_ns = clock_wall_ns(&x->clock, packet.timestamp_ns);
	packet.interface =
		interfaces_text(x->interfaces, interfaces_name(x->interfaces, packet.ifindex));
	count_sample(x, OUTCOME_DELIVERED, gen);
	return x->fn(x->arg, &packet);
}

/* Every CPU starts at a different phase of its first N packets. Otherwise samples of CPUs and runs
 * would be in step with periodic traffic.
 */
static int write_phases(struct xdptail *x)
{
	int cpus = libbpf_num_possible_cpus();
	struct sample_counter *counters = calloc((size_t)cpus, sizeof(*counters));
	const __u32 zero = 0;
	int err = -ENOMEM;

	for (int cpu = 0; counters && cpu < cpus; cpu++) {
		uint32_t drawn = 0;

		if (getrandom(&drawn, sizeof(drawn), 0) == sizeof(drawn) &&
		    x->options.o.sample_rate)
			counters[cpu].since = drawn % x->options.o.sample_rate;
	}
	if (counters)
		err = bpf_map_update_elem(x->object.sample_counter_fd, &zero, counters, BPF_ANY);
	free(counters);
	if (err)
		return reason_set(&x->reason, err, "cannot write the map \"sample_counter\": %s",
				  kernel_error_text(err));
	return 0;
}

int handle_open_program(struct xdptail *x, transport_fn fn)
{
	const struct xdptail_options *o = &x->options.o;
	const struct object_spec object = {
		.ebpf_program = options_own_object(&x->options),
		.function_name = x->options.function_name,
		.transport = o->transport,
		.ring_bytes = o->ring_bytes,
		.max_sources = o->max_sources,
		.max_map_bytes = o->max_map_bytes,
		.trace = o->trace != 0,
		.decap = o->decap != 0,
		.tunnel_ports = x->options.tunnel_ports,
		.log_fn = o->log_fn,
		.log_arg = o->log_arg,
	};
	const struct settings settings = {
		.sample_rate = o->sample_rate,
		.sample_mode = o->sample_mode,
	};
	struct transport_spec transport = {
		.ring_bytes = o->ring_bytes,
		.batch_ms = o->batch_ms,
		.fn = fn,
		.arg = x,
	};
	int err = object_open(&x->object, &object, &x->reason);

	if (err)
		return err;
	x->clock.source = x->object.boot_clock ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
	(void)clock_measure(&x->clock);
	transport.perf = x->object.transport == XDPTAIL_TRANSPORT_PERF;
	transport.map_fd = x->object.events_fd;
	err = counts_open(&x->counts, &x->object, &settings, &x->reason);
	if (!err && !x->replay) /* a capture's first sample is the Nth packet */
		err = write_phases(x);
	if (err)
		return kernel_error(err);
	err = transport_open(&x->transport, &transport, &x->reason);
	if (err) /* -ENOSPC: the user's limit of epoll watches is reached, which may pass */
		return err == -ENOSPC ? err : kernel_error(err);
	interval_init(&x->interval, x->counts, x->transport, o->max_sources);
	return 0;
}

int xdptail_set_sampling(struct xdptail *x, uint32_t sample_rate, enum xdptail_sample_mode mode)
{
	int err = 0;

	reason_clear(&x->reason);
	if (sample_rate > XDPTAIL_SAMPLE_RATE_MAX || (unsigned int)mode >= XDPTAIL_SAMPLE_MODE_MAX)
		return reason_set(&x->reason, -EINVAL, "no such sampling: %u, %d", sample_rate,
				  mode);
	if (x->counts)
		err = counts_set_sampling(x->counts, sample_rate, mode, &x->reason);
	if (err)
		return err;
	if (x->replay)
		replay_set_sampling(x->replay, sample_rate, mode);
	x->options.o.sample_rate = sample_rate;
	x->options.o.sample_mode = mode;
	return 0;
}

/* counts_index_fn: replaces an index by the number of a name. */
static uint32_t number_of_name(void *arg, uint32_t ifindex)
{
	return interfaces_name(arg, ifindex);
}

static int open_interfaces(struct xdptail *x)
{
	const struct interfaces_spec spec = {
		.program_fd = x->object.program_fd,
		.wait = x->options.o.wait_interface != 0,
		.fn = x->options.o.interface_fn,
		.arg = x->options.o.interface_arg,
	};
	int err = interfaces_new(&x->interfaces, &spec);

	if (!err && interfaces_fd(x->interfaces) >= 0)
		err = transport_watch(x->transport, interfaces_fd(x->interfaces));
	if (err)
		return reason_set(&x->reason, err, "cannot watch interfaces: %s", strerror(-err));
	counts_set_index(x->counts, number_of_name, x->interfaces);
	return 0;
}

int xdptail_open(struct xdptail **ret, const struct xdptail_options *o)
{
	struct xdptail *x = calloc(1, sizeof(*x));
	int err;

	*ret = x;
	if (!x)
		return -ENOMEM;
	err = options_copy(&x->options, o, &x->reason);
	if (!err)
		err = handle_open_program(x, on_sample_record);
	return err ? err : open_interfaces(x);
}

int xdptail_attach(struct xdptail *x, const char *interface, enum xdptail_mode mode)
{
	int waits;

	if (x->replay)
		return reason_set(&x->reason, -ENOTSUP, "a capture is read, not an interface");
	waits = interfaces_attach(x->interfaces, interface, mode, &x->reason);
	if (waits >= 0)
		reason_clear(&x->reason);
	return waits;
}

/* Waits for packets that are in the program now. */
static int wait_for_packets(struct xdptail *x)
{
	struct retry retry = { 0 };
	int err = counts_wait(x->counts, &x->reason);

	while (err && !retry_or_fail(&retry, err, &x->reason)) {
		retry_pause();
		err = counts_wait(x->counts, &x->reason);
	}
	return err;
}

int xdptail_detach(struct xdptail *x, const char *interface)
{
	int detached;

	if (x->replay)
		return reason_set(&x->reason, -ENOTSUP, "a capture is read, not an interface");
	detached = interfaces_detach(x->interfaces, interface, &x->reason);
	if (detached < 0)
		return detached;
	reason_clear(&x->reason);
	return detached ? wait_for_packets(x) : 0;
}

unsigned int xdptail_attached(const struct xdptail *x)
{
	return x->interfaces ? interfaces_attached(x->interfaces) : 0;
}

int xdptail_fd(const struct xdptail *x)
{
	if (x->replay)
		return -ENOTSUP;
	return transport_fd(x->transport);
}

/* Collects part of a generation that was retired early. */
static int step_early(struct xdptail *x)
{
	const struct interval *i = &x->interval;
	const int64_t end_ms = time_monotonic_ms() + EARLY_MS;
	int err = 0;

	for (int n = 0; !err && n < EARLY_STEPS; n++) {
		if (!i->draining || i->ending || i->close_requested ||
		    (n && time_monotonic_ms() > end_ms))
			return 0;
		err = interval_step(&x->interval, STEP_MAX, &x->reason);
	}
	return err;
}

static int on_tick(struct xdptail *x)
{
	int err = interval_check(&x->interval, &x->reason);
	int64_t step;

	if (!err)
		err = step_early(x);
	if (err || ++x->ticks % TICKS_A_SECOND)
		return err;
	step = clock_measure(&x->clock);
	if (step && x->options.o.clock_fn)
		x->options.o.clock_fn(x->options.o.clock_arg, step);
	interfaces_tick(x->interfaces);
	err = transport_tick(x->transport, &x->reason);
	return retry_or_fail(&x->tick_retry, err, &x->reason);
}

/* Waits like transport_wait(). A signal is reported to the caller; other failures become 0 while
 * they may pass.
 */
static int wait_events(struct xdptail *x, int timeout_ms)
{
	int events = transport_wait(x->transport, timeout_ms);
	int result;

	if (events < 0)
		(void)reason_set(&x->reason, events, "cannot wait for samples: %s",
				 strerror(-events));
	if (events == -EINTR)
		return events;
	result = retry_or_fail(&x->wait_retry, events, &x->reason);
	if (events < 0 && !result)
		retry_pause(); /* replaces the wait that failed */
	return result;
}

/* Waits until samples are due. Returns 1, 0 when the time is over, or -errno. */
static int wait_due(struct xdptail *x, int timeout_ms)
{
	int64_t deadline = time_monotonic_ms() + timeout_ms;
	int left = timeout_ms;

	for (;;) {
		int events = wait_events(x, left);
		int err = events > 0 && events & TRANSPORT_TICK ? on_tick(x) : 0;

		if (events < 0)
			return events;
		if (err)
			return err;
		if (events & TRANSPORT_WATCHED)
			interfaces_check(x->interfaces);
		if (events & TRANSPORT_DUE)
			return 1;
		if (timeout_ms >= 0)
			left = (int)(deadline - time_monotonic_ms());
		if (timeout_ms >= 0 && left <= 0)
			return 0;
	}
}

int xdptail_poll(struct xdptail *x, int timeout_ms, unsigned int max, xdptail_packet_fn fn,
		 void *arg)
{
	int due, err, n;

	if (x->replay)
		return capture_poll(x, max ? max : HANDLE_POLL_MAX, fn, arg);
	if (x->finished)
		return 0;
	if (!interfaces_attached(
		    /* no more samples will come, so there is no batch to wait for */
		    x->interfaces))
		transport_gather_no_more(x->transport);
	due = wait_due(x, timeout_ms);
	if (due <= 0)
		return due;
	reason_clear(&x->reason);
	x->fn = fn;
	x->arg = arg;
	x->first_in_drain = true;
	n = (int)transport_drain(x->transport, max ? max : HANDLE_POLL_MAX);
	err = step_early(x);
	return err ? err : n;
}

int xdptail_counts_begin(struct xdptail *x)
{
	if (x->replay)
		return 0;
	return interval_close(&x->interval, &x->reason);
}

static const char *text_of_name(const void *arg, uint32_t number)
{
	return interfaces_text(arg, number);
}

/* Returns the figures and sources of a closed interval. A failure here changes nothing: the
 * interval stays closed, and the next call can return it.
 */
static int return_counts(struct xdptail *x, struct xdptail_counts **ret)
{
	struct interval *i = &x->interval;
	struct interval_result result = {
		.start_ns = i->start_ns,
		.end_ns = i->end_ns,
		.lost_noted = i->lost_noted,
		.lost_first_ns = i->lost_first_ns,
		.lost_last_ns = i->lost_last_ns,
		.checked_ns = i->checked_ns,
		.name = text_of_name,
		.arg = x->interfaces,
	};
	struct xdptail_counts *counts;
	int err = interval_result_new(&counts);

	if (err)
		return reason_set(&x->reason, err, "out of memory");
	err = counts_take(x->counts, &result.totals, &result.sources);
	if (err) {
		xdptail_counts_free(counts);
		return reason_set(&x->reason, err, "out of memory");
	}
	if (x->finished)
		x->sums[OUTCOME_DISCARDED] += interval_discard(i, &result.totals);
	result.delivered = i->outcomes[OUTCOME_DELIVERED];
	result.discarded = i->outcomes[OUTCOME_DISCARDED];
	result.undecodable = i->outcomes[OUTCOME_UNDECODABLE];
	interval_next(i, &result.totals);
	interfaces_next(x->interfaces);
	result.pending = i->pending;
	interval_result_to_counts(&result, counts);
	*ret = counts;
	return 0;
}

int xdptail_counts_step(struct xdptail *x, unsigned int max, struct xdptail_counts **ret)
{
	int done;

	reason_clear(&x->reason);
	if (x->replay) {
		done = capture_take(x, ret);
		return done ? done : 1;
	}
	if (!x->interval.close_requested && !x->interval.ending)
		return reason_set(&x->reason, -EINVAL, "xdptail_counts_begin() comes first");
	done = interval_step(&x->interval, max ? max : STEP_MAX, &x->reason);
	if (done <= 0)
		return done;
	done = return_counts(x, ret);
	return done ? retry_or_fail(&x->result_retry, done, &x->reason) : 1;
}

int xdptail_counts_finish(struct xdptail *x, struct xdptail_counts **ret)
{
	int err;

	if (x->replay)
		return capture_take(x, ret);
	err = xdptail_detach(x, NULL);
	if (!err)
		err = interval_finish(&x->interval, &x->reason);
	if (err)
		return err;
	x->finished = true;
	return return_counts(x, ret);
}

int xdptail_take_counts(struct xdptail *x, struct xdptail_counts **ret)
{
	int err = x->replay ? 0 : interval_close_now(&x->interval, &x->reason);

	if (x->replay)
		return capture_take(x, ret);
	return err ? err : return_counts(x, ret);
}

int xdptail_get_packet_count(struct xdptail *x, uint64_t *ret)
{
	struct xdptail_counts *counts = NULL;
	int err = xdptail_take_counts(x, &counts);

	if (err || !counts)
		return err;
	*ret = counts->counted;
	xdptail_counts_free(counts);
	return 0;
}

int xdptail_stats(struct xdptail *x, struct xdptail_stats *ret)
{
	struct xdptail_stats stats = {
		.size = ret->size,
		.function_name = x->options.function_name,
		.transport = x->replay ? XDPTAIL_TRANSPORT_CAPTURE : x->object.transport,
		.ring_bytes = x->object.ring_bytes,
		.max_sources = x->options.o.max_sources,
		.sample_rate = x->options.o.sample_rate,
		.sample_mode = x->options.o.sample_mode,
		.map_bytes = x->object.map_bytes,
		.ring_high_water = x->replay ? 0 : transport_high_water(x->transport),
		.longest_wait_ns = x->longest_wait_ns,
		.shared_counts = x->object.shared_counts,
		.decap = x->options.o.decap != 0,
		.ebpf_program = options_own_object(&x->options),
		.delivered = x->sums[OUTCOME_DELIVERED],
		.discarded = x->sums[OUTCOME_DISCARDED],
		.lost_undecodable = x->sums[OUTCOME_UNDECODABLE],
		.parsed_here = x->parsed_here,
		.early_flips = x->interval.early_flips,
	};

	if (ret->size < sizeof(ret->size))
		return reason_set(&x->reason, -EINVAL, "the size of the struct is not set");
	reason_clear(&x->reason);
	memcpy(ret, &stats, ret->size < sizeof(stats) ? ret->size : sizeof(stats));
	x->longest_wait_ns = 0;
	return 0;
}

const char *xdptail_reason(const struct xdptail *x)
{
	return x ? x->reason.text : "out of memory";
}

void xdptail_close(struct xdptail *x)
{
	if (!x)
		return;
	interfaces_free(x->interfaces);
	prog_run_close(x->prog_run);
	replay_close(x->replay);
	transport_close(x->transport);
	counts_close(x->counts);
	object_close(&x->object);
	free(x);
}
