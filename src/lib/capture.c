// SPDX-License-Identifier: BSD-2-Clause
#include "lib/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "lib/decode.h"
#include "lib/prog_run.h"
#include "lib/interval_result.h"

static const char *capture_name(const void *arg, uint32_t ifindex)
{
	const struct xdptail *x = arg;

	(void)ifindex; /* a capture has only one interface */
	return replay_name(x->replay);
}

static int open_replay(struct xdptail *x, const char *path, uint64_t interval_ns)
{
	static const char *const names[] = { "count_tcp_packets", "count_packets" };
	const char *name = x->options.function_name;
	struct replay_spec spec = {
		.path = path,
		.fd = x->options.o.capture_fd,
		.wait_fn = x->options.o.wait_fn,
		.wait_arg = x->options.o.wait_arg,
		.link_fn = x->options.o.link_fn,
		.link_arg = x->options.o.link_arg,
		.tcp_only = !strcmp(name, names[0]),
		.sample_rate = x->options.o.sample_rate,
		.sample_mode = x->options.o.sample_mode,
		.interval_ns = interval_ns,
		.decap = x->options.o.decap != 0,
		.tunnel_ports = x->options.tunnel_ports,
	};

	if (options_own_object(&x->options) && !x->options.o.prog_run)
		return reason_set(
			&x->reason, -EINVAL,
			"ebpf_program is for the kernel: a capture needs prog_run with it");
	if (!options_own_object(&x->options) && !spec.tcp_only && strcmp(name, names[1]) != 0)
		return reason_set(
			&x->reason, -ENOENT,
			"there is no program \"%s\" for captures; there are \"%s\", \"%s\"", name,
			names[0], names[1]);
	return replay_open(&x->replay, &spec, &x->reason);
}

static int open_program(struct xdptail *x)
{
	int err = handle_open_program(x, capture_record);

	return err ? err : prog_run_open(&x->prog_run, &x->object, &x->reason);
}

int xdptail_open_capture(struct xdptail **ret, const char *path, const struct xdptail_options *o,
			 uint64_t interval_ns)
{
	struct xdptail *x = calloc(1, sizeof(*x));
	int err;

	*ret = x;
	if (!x)
		return -ENOMEM;
	err = options_copy(&x->options, o, &x->reason);
	if (!err)
		err = open_replay(x, path, interval_ns);
	if (!err && x->options.o.prog_run)
		err = open_program(x);
	return err;
}

enum xdptail_capture_state xdptail_capture_state(const struct xdptail *x)
{
	return x->replay ? replay_state(x->replay) : XDPTAIL_CAPTURE_MORE;
}

uint64_t xdptail_time(const struct xdptail *x)
{
	return x->replay ? replay_time_ns(x->replay) : time_wall_ns();
}

/* The record's time is replaced by the capture's, because the program has the kernel's clock. */
int capture_record(void *arg, const void *data, size_t size)
{
	struct xdptail *x = arg;
	struct xdptail_packet packet;
	unsigned int gen;
	enum outcome outcome = x->fn ? OUTCOME_DELIVERED : OUTCOME_DISCARDED;

	if (decode_record(data, size, &packet, &gen))
		outcome = OUTCOME_UNDECODABLE;
	x->replay_outcomes[outcome]++;
	x->sums[outcome]++;
	if (outcome != OUTCOME_DELIVERED)
		return 0;
	packet.interface = replay_name(x->replay);
	packet.timestamp_ns = x->frame.timestamp_ns;
	packet.cpu = x->prog_run ? prog_run_cpu(x->prog_run) : 0;
	x->ended_by_callback = x->fn(x->arg, &packet) != 0;
	return x->ended_by_callback;
}

/* replay_fn: passes one sample on. */
static int on_sample(void *arg, const struct tunnel_info *sample)
{
	return capture_record(arg, sample, sizeof(*sample));
}

/* Parses a frame here that the program cannot be given, with the program's own sample counter. */
static int observe_for_program(struct xdptail *x)
{
	struct sample_counter *counter = replay_counter(x->replay);
	int err;

	if (options_own_object(&x->options))
		return reason_set(
			&x->reason, -EOPNOTSUPP,
			"a frame of %u bytes can't be given to the kernel's program, and only "
			"\"%s\" knows what it would count",
			x->frame.wire_len, x->options.function_name);
	err = prog_run_get_counter(x->prog_run, counter, &x->reason);
	if (err)
		return err;
	x->parsed_here++;
	(void)replay_observe(x->replay, &x->frame, on_sample, x);
	return prog_run_set_counter(x->prog_run, counter, &x->reason);
}

/* Observes one frame, here or in the kernel. Returns 0 or -errno. */
static int observe(struct xdptail *x)
{
	int done = 0;

	if (!x->prog_run) {
		(void)replay_observe(x->replay, &x->frame, on_sample, x);
		return 0;
	}
	if (replay_is_determined_by(x->replay, &x->frame, PROG_RUN_REACH))
		done = prog_run_frame(x->prog_run, &x->frame, &x->reason);
	if (!done)
		return observe_for_program(x);
	if (done > 0)
		(void)transport_drain(x->transport, HANDLE_POLL_MAX);
	return done < 0 ? done : 0;
}

/* Reads max frames at most, so that a call takes about as long whatever N is. Returns 0 or -errno.
 */
static int observe_frames(struct xdptail *x, unsigned int max)
{
	x->ended_by_callback = false;
	for (unsigned int i = 0; i < max && !x->ended_by_callback; i++) {
		int more = replay_next(x->replay, &x->frame, &x->reason);
		int err = more > 0 ? observe(x) : more;

		if (more <= 0 || err)
			return err;
		replay_step(x->replay);
	}
	return 0;
}

/* Ensures first that each of the frames finds room for its source: frames of a capture can wait. */
static int observe_in_kernel(struct xdptail *x, unsigned int max)
{
	uint32_t room;
	int err = interval_make_room(&x->interval, &room, &x->reason);

	if (!err)
		err = prog_run_begin(x->prog_run, &x->reason);
	if (err)
		return err;
	err = observe_frames(x, max < room ? max : room);
	prog_run_end(x->prog_run);
	return err;
}

/* A step of the clock ends an interval, so the callback comes between the counts of that interval
 * and the frames behind it.
 */
static void report_step(struct xdptail *x)
{
	int64_t step = replay_stepped_ns(x->replay);

	if (step && x->options.o.clock_fn)
		x->options.o.clock_fn(x->options.o.clock_arg, step);
}

int capture_poll(struct xdptail *x, unsigned int max, xdptail_packet_fn fn, void *arg)
{
	uint64_t before = x->sums[OUTCOME_DELIVERED] + x->sums[OUTCOME_DISCARDED];
	int err;

	x->fn = fn;
	x->arg = arg;
	report_step(x);
	err = x->prog_run ? observe_in_kernel(x, max) : observe_frames(x, max);
	if (err)
		return err;
	return (int)(x->sums[OUTCOME_DELIVERED] + x->sums[OUTCOME_DISCARDED] - before);
}

/* Adds the counts of the program. Sources that do not fit the table stay in the totals. */
static int add_program(struct xdptail *x, struct interval_result *result)
{
	struct packet_totals totals;
	struct sources *sources;
	int err = interval_close_now(&x->interval, &x->reason);

	if (!err && counts_take(x->counts, &totals, &sources))
		err = reason_set(&x->reason, -ENOMEM, "out of memory");
	if (err)
		return err;
	interval_next(&x->interval, &totals);
	counts_add_totals(&result->totals, &totals);
	for (size_t i = 0; i < sources_number(sources); i++) {
		const struct count_value *value;
		const struct count_key *key = sources_at(sources, i, &value);

		counts_add_source(result->sources, key, value, &result->totals);
	}
	sources_free(sources);
	return 0;
}

/* An interval of a capture ends when the caller takes its counts. */
int capture_take(struct xdptail *x, struct xdptail_counts **ret)
{
	struct interval_result result = {
		.delivered = x->replay_outcomes[OUTCOME_DELIVERED],
		.discarded = x->replay_outcomes[OUTCOME_DISCARDED],
		.undecodable = x->replay_outcomes[OUTCOME_UNDECODABLE],
		.name = capture_name,
		.arg = x,
	};
	struct xdptail_counts *counts;
	int err = interval_result_new(&counts);

	if (err)
		return reason_set(&x->reason, err, "out of memory");
	err = replay_take(x->replay, &result.totals, &result.sources, &result.start_ns,
			  &result.end_ns);
	if (err) {
		(void)reason_set(&x->reason, err, "out of memory");
		goto fail;
	}
	memset(x->replay_outcomes, 0, sizeof(x->replay_outcomes));
	err = x->prog_run ? add_program(x, &result) : 0;
	if (err)
		goto fail;
	interval_result_to_counts(&result, counts);
	*ret = counts;
	return 0;

fail:
	sources_free(result.sources);
	xdptail_counts_free(counts);
	return err;
}
