// SPDX-License-Identifier: BSD-2-Clause
/* The handle: what the public calls do, in terms of the rooms beside this one. */
#include "xdptail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "abi.h"
#include "lib/attach.h"
#include "lib/clock.h"
#include "lib/counts.h"
#include "lib/decode.h"
#include "lib/object.h"
#include "lib/reason.h"
#include "lib/transport.h"

#define EXPORT	       __attribute__((visibility("default")))
#define INTERFACES_MAX 64
#define POLL_MAX       4096 /* records a call, when the caller does not say */
#define STEP_MAX       4096 /* sources a step, likewise */

/* What became of samples, by the generation that they are counted in. */
struct tally {
	uint64_t delivered[ABI_GENERATIONS];
	uint64_t discarded[ABI_GENERATIONS];
	uint64_t undecodable[ABI_GENERATIONS];
};

struct xdptail {
	struct xdptail_options options; /* strings: function_name below */
	char function_name[64];
	struct reason reason;
	struct object object;
	struct counts *counts; /* owned; NULL until open */
	struct transport *transport; /* owned; NULL until open */
	struct clock clock;
	struct attachment interfaces[INTERFACES_MAX]; /* past ones too: their names are in use */
	unsigned int n_interfaces;
	struct tally tally;
	struct tally sums; /* of the run, in [0] */
	bool counting; /* between xdptail_counts_begin() and its last step */
	uint64_t interval_start_ns;
	uint64_t interval_end_ns;
	xdptail_packet_fn fn; /* of the xdptail_poll() under way */
	void *arg;
};

EXPORT void xdptail_options_init(struct xdptail_options *o, size_t size)
{
	const struct xdptail_options defaults = {
		.size = size,
		.transport = XDPTAIL_TRANSPORT_AUTO,
		.sample_mode = XDPTAIL_SAMPLE_EVERY,
		.sample_rate = 10,
		.ring_bytes = 16U << 20,
		.max_sources = 65536,
		.batch_ms = 20,
	};

	memset(o, 0, size);
	memcpy(o, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

/* A caller compiled against another version: members it does not know keep their defaults, those
 * that we do not know must be unset.
 */
static int copy_options(struct xdptail *x, const struct xdptail_options *o)
{
	static const struct xdptail_options none = { 0 };
	const char *tail = (const char *)o + sizeof(x->options);

	xdptail_options_init(&x->options, sizeof(x->options));
	if (!o)
		return 0;
	if (o->size < sizeof(none.size))
		return reason_set(&x->reason, -EINVAL,
				  "options without a size: call "
				  "xdptail_options_init() first");
	for (size_t i = sizeof(x->options); i < o->size; i++) {
		if (*tail++)
			return reason_set(&x->reason, -EINVAL,
					  "an option is set that this version does not know");
	}
	memcpy(&x->options, o, o->size < sizeof(x->options) ? o->size : sizeof(x->options));
	return 0;
}

static int check_range(struct xdptail *x, const char *name, uint64_t value, uint64_t min,
		       uint64_t max)
{
	if (value >= min && value <= max)
		return 0;
	return reason_set(&x->reason, -EINVAL, "%s: %llu is not from %llu to %llu", name,
			  (unsigned long long)value, (unsigned long long)min,
			  (unsigned long long)max);
}

static int check_options(struct xdptail *x)
{
	const struct xdptail_options *o = &x->options;
	const char *name = o->function_name ? o->function_name : "count_tcp_packets";
	int err;

	if (strlen(name) >= sizeof(x->function_name))
		return reason_set(&x->reason, -EINVAL, "function_name is longer than %zu bytes",
				  sizeof(x->function_name) - 1);
	memcpy(x->function_name, name, strlen(name) + 1);
	err = check_range(x, "sample_rate", o->sample_rate, 0, XDPTAIL_SAMPLE_RATE_MAX);
	if (!err)
		err = check_range(x, "sample_mode", o->sample_mode, 0, XDPTAIL_SAMPLE_MODE_MAX - 1);
	if (!err)
		err = check_range(x, "transport", o->transport, 0, XDPTAIL_TRANSPORT_MAX - 1);
	if (!err)
		err = check_range(x, "ring_bytes", o->ring_bytes, XDPTAIL_RING_BYTES_MIN,
				  XDPTAIL_RING_BYTES_MAX);
	if (!err)
		err = check_range(x, "max_sources", o->max_sources, 1, XDPTAIL_MAX_SOURCES_MAX);
	if (!err)
		err = check_range(x, "batch_ms", o->batch_ms, 0, XDPTAIL_BATCH_MS_MAX);
	return err;
}

static const char *interface_name(const struct xdptail *x, uint32_t ifindex)
{
	for (unsigned int i = x->n_interfaces; i > 0; i--) {
		if (x->interfaces[i - 1].ifindex == ifindex)
			return x->interfaces[i - 1].interface;
	}
	return "?"; /* a program attached by someone else writes to our maps */
}

/* One record from the ring: transport_fn. */
static int on_record(void *arg, const void *data, size_t size)
{
	struct xdptail *x = arg;
	struct xdptail_packet packet;
	unsigned int gen;

	if (decode_record(data, size, &packet, &gen)) {
		/* whose it was is unknown; while an interval is being closed, likely that one's */
		x->tally.undecodable[counts_generation(x->counts) ^ x->counting]++;
		return 0;
	}
	if (!x->fn) {
		x->tally.discarded[gen]++;
		return 0;
	}
	packet.timestamp_ns = clock_wall_ns(&x->clock, packet.timestamp_ns);
	packet.interface = interface_name(x, packet.ifindex);
	x->tally.delivered[gen]++;
	return x->fn(x->arg, &packet);
}

/* Every CPU begins at another place of its first N packets, or samples of CPUs and runs would
 * march in step with periodic traffic (TRAPS A44).
 */
static int write_phases(struct xdptail *x)
{
	int cpus = libbpf_num_possible_cpus();
	struct sample_counter *counters = calloc((size_t)cpus, sizeof(*counters));
	const __u32 zero = 0;
	int err = -ENOMEM;

	for (int cpu = 0; counters && cpu < cpus; cpu++) {
		uint32_t drawn = 0;

		if (getrandom(&drawn, sizeof(drawn), 0) == sizeof(drawn) && x->options.sample_rate)
			counters[cpu].since = drawn % x->options.sample_rate;
	}
	if (counters)
		err = bpf_map_update_elem(x->object.sample_counter_fd, &zero, counters, BPF_ANY);
	free(counters);
	if (err)
		return reason_set(&x->reason, err, "cannot write the map \"sample_counter\": %s",
				  strerror(-err));
	return 0;
}

static int open_all(struct xdptail *x)
{
	const struct xdptail_options *o = &x->options;
	const struct object_spec object = {
		.function_name = x->function_name,
		.transport = o->transport,
		.ring_bytes = o->ring_bytes,
		.max_sources = o->max_sources,
		.trace = o->trace != 0,
	};
	const struct settings settings = {
		.sample_rate = o->sample_rate,
		.sample_mode = o->sample_mode,
	};
	struct transport_spec transport = {
		.ring_bytes = o->ring_bytes,
		.batch_ms = o->batch_ms,
		.fn = on_record,
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
	if (!err)
		err = write_phases(x);
	if (!err)
		err = transport_open(&x->transport, &transport, &x->reason);
	x->interval_start_ns = clock_now_ns();
	return err;
}

EXPORT int xdptail_open(struct xdptail **ret, const struct xdptail_options *o)
{
	struct xdptail *x = calloc(1, sizeof(*x));
	int err;

	*ret = x;
	if (!x)
		return -ENOMEM;
	err = copy_options(x, o);
	if (!err)
		err = check_options(x);
	if (!err)
		err = open_all(x);
	return err;
}

static void report(struct xdptail *x, const struct attachment *a, enum xdptail_state state,
		   const char *reason)
{
	const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = a->interface,
		.ifindex = a->ifindex,
		.state = state,
		.mode = a->mode,
		.reason = reason,
	};

	if (x->options.interface_fn)
		x->options.interface_fn(x->options.interface_arg, &event);
}

static struct attachment *find_attached(struct xdptail *x, const char *interface)
{
	for (unsigned int i = 0; i < x->n_interfaces; i++) {
		struct attachment *a = &x->interfaces[i];

		if (a->attached && strcmp(a->interface, interface) == 0)
			return a;
	}
	return NULL;
}

EXPORT int xdptail_attach(struct xdptail *x, const char *interface, enum xdptail_mode mode)
{
	struct attachment *a = &x->interfaces[x->n_interfaces];
	int err;

	if (x->n_interfaces == INTERFACES_MAX)
		return reason_set(&x->reason, -ENOSPC, "no more than %d interfaces",
				  INTERFACES_MAX);
	if (find_attached(x, interface))
		return reason_set(&x->reason, -EBUSY, "\"%s\" is attached already", interface);
	err = attach_open(a, x->object.program_fd, interface, mode, &x->reason);
	if (err)
		return err;
	x->n_interfaces++;
	report(x, a, XDPTAIL_STATE_ATTACHED, x->reason.text[0] ? x->reason.text : NULL);
	reason_clear(&x->reason);
	return 0;
}

EXPORT int xdptail_detach(struct xdptail *x, const char *interface)
{
	struct attachment *a = find_attached(x, interface);

	if (!a)
		return reason_set(&x->reason, -ENODEV, "\"%s\" is not attached", interface);
	attach_close(a);
	report(x, a, XDPTAIL_STATE_DETACHED, NULL);
	reason_clear(&x->reason);
	return counts_wait(x->counts, &x->reason);
}

EXPORT int xdptail_fd(const struct xdptail *x)
{
	return transport_fd(x->transport);
}

static void check_interfaces(struct xdptail *x)
{
	for (unsigned int i = 0; i < x->n_interfaces; i++) {
		struct attachment *a = &x->interfaces[i];

		if (!attach_is_gone(a))
			continue;
		attach_close(a);
		report(x, a, XDPTAIL_STATE_GONE, "the interface was deleted");
	}
}

static int tick(struct xdptail *x)
{
	(void)clock_measure(&x->clock);
	check_interfaces(x);
	return transport_tick(x->transport, &x->reason);
}

static int64_t monotonic_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until samples are due. 1, 0 when the time is over, or -errno. */
static int wait_due(struct xdptail *x, int timeout_ms)
{
	int64_t deadline = monotonic_ms() + timeout_ms;
	int left = timeout_ms;

	for (;;) {
		int events = transport_wait(x->transport, left);
		int err = events > 0 && events & TRANSPORT_TICK ? tick(x) : 0;

		if (events < 0)
			return reason_set(&x->reason, events, "cannot wait for samples: %s",
					  strerror(-events));
		if (err)
			return err;
		if (events & TRANSPORT_DUE)
			return 1;
		if (timeout_ms >= 0)
			left = (int)(deadline - monotonic_ms());
		if (timeout_ms >= 0 && left <= 0)
			return 0;
	}
}

static bool is_attached(const struct xdptail *x)
{
	for (unsigned int i = 0; i < x->n_interfaces; i++) {
		if (x->interfaces[i].attached)
			return true;
	}
	return false;
}

EXPORT int xdptail_poll(struct xdptail *x, int timeout_ms, unsigned int max, xdptail_packet_fn fn,
			void *arg)
{
	int due;

	if (!is_attached(x)) /* no more will come: there is no batch to wait for */
		transport_hurry(x->transport);
	due = wait_due(x, timeout_ms);
	if (due <= 0)
		return due;
	reason_clear(&x->reason);
	x->fn = fn;
	x->arg = arg;
	return (int)transport_drain(x->transport, max ? max : POLL_MAX);
}

EXPORT int xdptail_counts_begin(struct xdptail *x)
{
	int err;

	if (x->counting)
		return reason_set(&x->reason, -EBUSY, "counts are being taken already");
	err = counts_flip(x->counts, &x->reason);
	if (err)
		return err;
	transport_mark(x->transport);
	x->interval_end_ns = clock_now_ns();
	x->counting = true;
	return 0;
}

struct fill {
	const struct xdptail *x;
	struct xdptail_source *next;
};

static void fill_source(void *arg, const struct count_key *key, const struct count_value *value)
{
	struct fill *fill = arg;

	memcpy(fill->next->src_ip, key->addr, sizeof(fill->next->src_ip));
	fill->next->interface = interface_name(fill->x, key->ifindex);
	fill->next->packets = value->packets;
	fill->next->bytes = value->bytes;
	fill->next++;
}

static void fill_totals(struct xdptail_counts *c, const struct packet_totals *t)
{
	c->seen = t->seen;
	c->not_ip = t->not_ip;
	c->no_source = t->no_source;
	c->undetermined = t->undetermined;
	c->not_selected = t->not_selected;
	c->counted = t->counted;
	c->counted_bytes = t->counted_bytes;
	for (int cause = 0; cause < ABI_UNATTRIBUTED_MAX; cause++) {
		c->unattributed_packets += t->unattributed_packets[cause];
		c->unattributed_bytes += t->unattributed_bytes[cause];
	}
	c->sampled = t->sampled;
	c->lost_ring_full = t->lost[ABI_LOST_RING_FULL];
	c->lost_no_buffer = t->lost[ABI_LOST_NO_BUFFER];
	c->lost_other = t->lost[ABI_LOST_OTHER];
}

/* What became of the samples of one generation; the sums take it over. */
static void fill_tally(struct xdptail *x, struct xdptail_counts *c, unsigned int gen)
{
	c->delivered = x->tally.delivered[gen];
	c->discarded = x->tally.discarded[gen];
	c->lost_undecodable = x->tally.undecodable[gen];
	x->sums.delivered[0] += c->delivered;
	x->sums.discarded[0] += c->discarded;
	x->sums.undecodable[0] += c->lost_undecodable;
	x->tally.delivered[gen] = 0;
	x->tally.discarded[gen] = 0;
	x->tally.undecodable[gen] = 0;
	c->pending = c->sampled - c->lost_ring_full - c->lost_no_buffer - c->lost_other -
		     c->lost_undecodable - c->delivered - c->discarded;
}

static int finish_counts(struct xdptail *x, struct xdptail_counts **ret)
{
	size_t n = sources_number(counts_sources(x->counts));
	struct xdptail_counts *c = calloc(1, sizeof(*c) + n * sizeof(struct xdptail_source));
	struct xdptail_source *sources = (struct xdptail_source *)(c + 1);
	struct fill fill = { .x = x, .next = sources };

	if (!c)
		return reason_set(&x->reason, -ENOMEM, "out of memory");
	c->interval_start_ns = x->interval_start_ns;
	c->interval_end_ns = x->interval_end_ns;
	fill_totals(c, counts_totals(x->counts));
	fill_tally(x, c, counts_generation(x->counts) ^ 1);
	c->n_sources = n;
	c->sources = sources;
	sources_each(counts_sources(x->counts), fill_source, &fill);

	counts_clear(x->counts);
	x->interval_start_ns = x->interval_end_ns;
	x->counting = false;
	*ret = c;
	return 1;
}

EXPORT int xdptail_counts_step(struct xdptail *x, unsigned int max, struct xdptail_counts **ret)
{
	int done;

	if (!x->counting)
		return reason_set(&x->reason, -EINVAL, "xdptail_counts_begin() comes first");
	done = counts_drain(x->counts, max ? max : STEP_MAX, &x->reason);
	if (done < 0)
		return done;
	if (!done || !transport_passed(x->transport))
		return 0;
	return finish_counts(x, ret);
}

EXPORT int xdptail_take_counts(struct xdptail *x, struct xdptail_counts **ret)
{
	int err = xdptail_counts_begin(x);
	int done = 0;

	if (err)
		return err;
	while (!done)
		done = counts_drain(x->counts, STEP_MAX, &x->reason);
	if (done > 0)
		done = finish_counts(x, ret);
	return done < 0 ? done : 0;
}

EXPORT void xdptail_counts_free(struct xdptail_counts *c)
{
	free(c);
}

EXPORT int xdptail_get_packet_count(struct xdptail *x, uint64_t *ret)
{
	struct xdptail_counts *counts = NULL;
	int err = xdptail_take_counts(x, &counts);

	if (err || !counts)
		return err;
	*ret = counts->counted;
	xdptail_counts_free(counts);
	return 0;
}

EXPORT int xdptail_stats(struct xdptail *x, struct xdptail_stats *ret)
{
	const struct tally *t = &x->tally;
	struct xdptail_stats stats = {
		.size = ret->size,
		.function_name = x->function_name,
		.transport = x->object.transport,
		.ring_bytes = x->object.ring_bytes,
		.max_sources = x->options.max_sources,
		.sample_rate = x->options.sample_rate,
		.sample_mode = x->options.sample_mode,
		.map_bytes = x->object.map_bytes,
		.ring_high_water = transport_high_water(x->transport),
		.delivered = x->sums.delivered[0] + t->delivered[0] + t->delivered[1],
		.discarded = x->sums.discarded[0] + t->discarded[0] + t->discarded[1],
		.lost_undecodable = x->sums.undecodable[0] + t->undecodable[0] + t->undecodable[1],
	};

	if (ret->size < sizeof(ret->size))
		return reason_set(&x->reason, -EINVAL, "the size of the struct is not set");
	memcpy(ret, &stats, ret->size < sizeof(stats) ? ret->size : sizeof(stats));
	return 0;
}

EXPORT const char *xdptail_reason(const struct xdptail *x)
{
	return x ? x->reason.text : "out of memory";
}

EXPORT void xdptail_close(struct xdptail *x)
{
	if (!x)
		return;
	for (unsigned int i = 0; i < x->n_interfaces; i++)
		attach_close(&x->interfaces[i]);
	transport_close(x->transport);
	counts_close(x->counts);
	object_close(&x->object);
	free(x);
}
