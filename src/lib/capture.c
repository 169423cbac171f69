// SPDX-License-Identifier: BSD-2-Clause
#include "lib/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decode.h"
#include "lib/taken.h"

static const char *capture_name(const void *arg, uint32_t ifindex)
{
	const struct xdptail *x = arg;

	(void)ifindex; /* there is only one */
	return replay_name(x->replay);
}

static int open_replay(struct xdptail *x, const char *path, uint64_t interval_ns)
{
	static const char *const names[] = { "count_tcp_packets", "count_packets" };
	const char *name = x->options.function_name;
	struct replay_spec spec = {
		.path = path,
		.wait_fn = x->options.o.wait_fn,
		.wait_arg = x->options.o.wait_arg,
		.tcp_only = !strcmp(name, names[0]),
		.sample_rate = x->options.o.sample_rate,
		.sample_mode = x->options.o.sample_mode,
		.interval_ns = interval_ns,
	};

	if (!spec.tcp_only && strcmp(name, names[1]) != 0)
		return reason_set(
			&x->reason, -ENOENT,
			"there is no program \"%s\" for captures; there are \"%s\", \"%s\"", name,
			names[0], names[1]);
	x->object.transport = XDPTAIL_TRANSPORT_CAPTURE;
	return replay_open(&x->replay, &spec, &x->reason);
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
	return err;
}

enum xdptail_capture_state xdptail_capture_state(const struct xdptail *x)
{
	return x->replay ? replay_state(x->replay) : XDPTAIL_CAPTURE_MORE;
}

uint64_t xdptail_time(const struct xdptail *x)
{
	return x->replay ? replay_time_ns(x->replay) : clock_now_ns();
}

/* replay_fn */
static int on_capture(void *arg, const struct packet_info *sample)
{
	struct xdptail *x = arg;
	struct xdptail_packet packet;
	unsigned int gen;
	enum fate fate = x->fn ? FATE_DELIVERED : FATE_DISCARDED;

	if (decode_record(sample, sizeof(*sample), &packet, &gen))
		fate = FATE_UNDECODABLE;
	x->replay_fates[fate]++;
	x->sums[fate]++;
	if (fate != FATE_DELIVERED)
		return 0;
	packet.interface = replay_name(x->replay);
	return x->fn(x->arg, &packet);
}

/* As many frames as samples are asked for: a call takes about as long, whatever N is. */
int capture_poll(struct xdptail *x, unsigned int max, xdptail_packet_fn fn, void *arg)
{
	uint64_t before = x->sums[FATE_DELIVERED] + x->sums[FATE_DISCARDED];
	struct capture_frame frame;
	int more = 1;
	int stop = 0;

	x->fn = fn;
	x->arg = arg;
	for (unsigned int i = 0; i < max && !stop; i++) {
		more = replay_next(x->replay, &frame, &x->reason);
		if (more <= 0)
			break;
		stop = replay_observe(x->replay, &frame, on_capture, x);
		replay_step(x->replay);
	}
	if (more < 0)
		return more;
	return (int)(x->sums[FATE_DELIVERED] + x->sums[FATE_DISCARDED] - before);
}

/* A capture's interval is over when its caller says so. */
int capture_take(struct xdptail *x, struct xdptail_counts **ret)
{
	struct taken taken = {
		.delivered = x->replay_fates[FATE_DELIVERED],
		.discarded = x->replay_fates[FATE_DISCARDED],
		.undecodable = x->replay_fates[FATE_UNDECODABLE],
		.name = capture_name,
		.arg = x,
	};

	if (replay_take(x->replay, &taken.totals, &taken.sources, &taken.start_ns, &taken.end_ns))
		return reason_set(&x->reason, -ENOMEM, "out of memory");
	memset(x->replay_fates, 0, sizeof(x->replay_fates));
	if (taken_hand_over(&taken, ret))
		return reason_set(&x->reason, -ENOMEM, "out of memory");
	return 0;
}
