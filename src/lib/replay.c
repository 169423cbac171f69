// SPDX-License-Identifier: BSD-2-Clause
#include "lib/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/counts.h"
#include "parse.h"
#include "parse_tunnel.h"
#define SAMPLE_RANDOM() ((__u32)random())
#include "sample.h"

#define LATE_MIN_NS 1000000000U /* a smaller delay is never a step of the clock */

#define IFINDEX 1 /* the one interface of a capture */

/* The place of the next frame, relative to the present interval. */
enum next_frame {
	NEXT_WITHIN, /* within it, or late: it is counted here */
	NEXT_AHEAD, /* it belongs to a later interval */
	NEXT_BACK, /* the clock has gone back */
};

struct replay {
	struct capture_file *file; /* owned */
	struct capture_frame frame; /* the next frame */
	int have; /* 1: frame is valid; 0: the end; or the -errno that ended it */
	struct replay_spec spec; /* without its path */
	char name[64];
	uint64_t start_ns; /* nominal start of the interval, where the last one ended */
	uint64_t first_ns; /* time of the earliest frame; before start_ns if some came late */
	uint64_t now_ns; /* latest time of the frames so far, since the clock last went back */
	enum next_frame next; /* place of the next frame, if there is one */
	int64_t step_ns; /* the step of a clock that has gone back, not yet reported; or 0 */
	struct sample_counter counter;
	struct packet_totals totals;
	struct sources *sources; /* owned */
	struct reason reason; /* cause of a negative have */
};

/* Captures of several interfaces are not written in order, and small corrections of a clock are
 * harmless. But a frame that is late by more than an interval would be counted with unrelated ones.
 */
static uint64_t late_max_ns(const struct replay *p)
{
	return p->spec.interval_ns > LATE_MIN_NS ? p->spec.interval_ns : LATE_MIN_NS;
}

static enum next_frame place_of(const struct replay *p, uint64_t ns)
{
	if (!p->spec.interval_ns)
		return NEXT_WITHIN;
	if (ns < p->now_ns && p->now_ns - ns > late_max_ns(p))
		return NEXT_BACK;
	return ns >= p->start_ns && ns - p->start_ns >= p->spec.interval_ns ? NEXT_AHEAD :
									      NEXT_WITHIN;
}

static void read_ahead(struct replay *p)
{
	p->have = capture_file_next(p->file, &p->frame, &p->reason);
	p->next = p->have == 1 ? place_of(p, p->frame.timestamp_ns) : NEXT_WITHIN;
}

/* Starts an interval and its clock at ns. */
static void begin_at(struct replay *p, uint64_t ns)
{
	p->start_ns = ns;
	p->first_ns = ns;
	p->now_ns = ns;
	p->next = NEXT_WITHIN;
}

int replay_open(struct replay **ret, const struct replay_spec *spec, struct reason *r)
{
	struct replay *p = calloc(1, sizeof(*p));
	const char *slash = strrchr(spec->path, '/');
	int err;

	if (!p || sources_new(&p->sources)) {
		free(p);
		return reason_set(r, -ENOMEM, "out of memory");
	}
	p->spec = *spec;
	(void)snprintf(p->name, sizeof(p->name), "%s",
		       !strcmp(spec->path, "-") ? "stdin" :
		       slash			? slash + 1 :
						  spec->path);
	err = capture_file_open_fd(&p->file, spec->fd, spec->path, spec->wait_fn, spec->wait_arg,
				   r);
	if (err) {
		replay_close(p);
		return err;
	}
	capture_file_set_link_fn(p->file, spec->link_fn, spec->link_arg);
	read_ahead(p);
	begin_at(p, p->have == 1 ? p->frame.timestamp_ns : 0);
	*ret = p;
	return 0;
}

void replay_close(struct replay *p)
{
	if (!p)
		return;
	capture_file_close(p->file);
	sources_free(p->sources);
	free(p);
}

void replay_set_sampling(struct replay *p, uint32_t sample_rate, enum xdptail_sample_mode mode)
{
	p->spec.sample_rate = sample_rate;
	p->spec.sample_mode = mode;
}

const char *replay_name(const struct replay *p)
{
	return p->name;
}

struct sample_counter *replay_counter(struct replay *p)
{
	return &p->counter;
}

enum xdptail_capture_state replay_state(const struct replay *p)
{
	if (p->have <= 0)
		return XDPTAIL_CAPTURE_END;
	return p->next == NEXT_WITHIN ? XDPTAIL_CAPTURE_MORE : XDPTAIL_CAPTURE_INTERVAL;
}

uint64_t replay_time_ns(const struct replay *p)
{
	return p->now_ns;
}

int64_t replay_stepped_ns(struct replay *p)
{
	int64_t step = p->step_ns;

	p->step_ns = 0;
	return step;
}

int replay_next(struct replay *p, struct capture_frame *ret, struct reason *r)
{
	if (p->have < 0)
		return reason_set(r, p->have, "%s", p->reason.text);
	if (!p->have || p->next != NEXT_WITHIN)
		return 0;
	*ret = p->frame;
	return 1;
}

static void count_source(struct replay *p, const struct parse_walk *walk, uint32_t bytes)
{
	const struct count_value one = { .packets = 1, .bytes = bytes };
	struct count_key key = { .ifindex = IFINDEX };

	parse_source_address(walk, key.addr);
	counts_add_source(p->sources, &key, &one, &p->totals);
}

static void parse_sample(const struct replay *p, struct parse_walk *walk, struct tunnel_info *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (p->spec.decap)
		parse_fill_inner(walk, ret, p->spec.tcp_only);
	else
		parse_fill(walk, &ret->packet, p->spec.tcp_only);
}

static int take_sample(struct replay *p, struct parse_walk *walk, const struct capture_frame *frame,
		       replay_fn fn, void *arg)
{
	struct tunnel_info info;

	p->totals.sampled++;
	parse_sample(p, walk, &info);
	info.packet.timestamp_ns = frame->timestamp_ns;
	info.packet.cpu_seq = p->counter.seq;
	info.packet.packet_len = frame->wire_len;
	info.packet.ifindex = IFINDEX;
	info.packet.sample_rate = p->spec.sample_rate;
	return fn(arg, &info);
}

/* Classifies a frame by its first len bytes. A link header that was made up in place of a shorter
 * one is not in wire_len.
 */
static enum parse_class classify(const struct replay *p, const struct capture_frame *frame,
				 size_t len, struct parse_walk *walk)
{
	const struct parse_frame bytes = {
		.data = frame->data,
		.end = frame->data + len,
		.wire_len = frame->wire_len > frame->len ? frame->wire_len : (uint32_t)frame->len,
		.ports = &p->spec.tunnel_ports,
	};

	if (p->spec.decap)
		return parse_classify_inner(walk, &bytes, PARSE_LINK_ETHERNET, p->spec.tcp_only);
	return parse_classify(walk, &bytes, PARSE_LINK_ETHERNET, p->spec.tcp_only);
}

/* Must do what observe() in bpf/xdptail.bpf.c does. */
int replay_observe(struct replay *p, const struct capture_frame *frame, replay_fn fn, void *arg)
{
	struct parse_walk walk;

	p->totals.seen++;
	switch (classify(p, frame, frame->len, &walk)) {
	case PARSE_COUNTED:
		p->totals.counted++;
		p->totals.counted_bytes += frame->wire_len;
		count_source(p, &walk, frame->wire_len);
		if (sample_take(&p->counter, p->spec.sample_rate, p->spec.sample_mode))
			return take_sample(p, &walk, frame, fn, arg);
		break;
	case PARSE_NOT_SELECTED:
		p->totals.not_selected++;
		break;
	case PARSE_UNDETERMINED:
		p->totals.undetermined++;
		break;
	case PARSE_NO_SOURCE:
		p->totals.no_source++;
		break;
	case PARSE_NOT_IP:
	case PARSE_CLASS_MAX:
		p->totals.not_ip++;
		break;
	}
	return 0;
}

static enum parse_class parse_prefix(const struct replay *p, const struct capture_frame *frame,
				     size_t len, struct tunnel_info *ret)
{
	struct parse_walk walk;
	enum parse_class class = classify(p, frame, len, &walk);

	if (class == PARSE_COUNTED)
		parse_sample(p, &walk, ret);
	else
		memset(ret, 0, sizeof(*ret));
	return class;
}

bool replay_is_determined_by(const struct replay *p, const struct capture_frame *frame, size_t len)
{
	struct tunnel_info part, whole;

	return frame->len <= len ||
	       (parse_prefix(p, frame, len, &part) == parse_prefix(p, frame, frame->len, &whole) &&
		!memcmp(&part, &whole, sizeof(part)));
}

void replay_step(struct replay *p)
{
	if (p->frame.timestamp_ns > p->now_ns)
		p->now_ns = p->frame.timestamp_ns;
	if (p->frame.timestamp_ns < p->first_ns)
		p->first_ns = p->frame.timestamp_ns;
	read_ahead(p);
}

/* Returns the end of the interval: its nominal end, or the time of its last frame if something else
 * ends it.
 */
static uint64_t end_of(const struct replay *p)
{
	const uint64_t step = p->spec.interval_ns;

	if (p->next == NEXT_AHEAD)
		return p->start_ns > UINT64_MAX - step ? UINT64_MAX : p->start_ns + step;
	return p->now_ns > p->start_ns ? p->now_ns : p->start_ns;
}

/* Starts the interval of the next frame. Intervals without frames are skipped. */
static void begin_next(struct replay *p, uint64_t end_ns)
{
	const uint64_t step = p->spec.interval_ns;
	uint64_t back;

	switch (p->next) {
	case NEXT_WITHIN:
		p->start_ns = end_ns;
		break;
	case NEXT_AHEAD:
		p->start_ns += (p->frame.timestamp_ns - p->start_ns) / step * step;
		break;
	case NEXT_BACK:
		back = p->now_ns - p->frame.timestamp_ns;
		p->step_ns = back > INT64_MAX ? INT64_MIN : -(int64_t)back;
		begin_at(p, p->frame.timestamp_ns);
		break;
	}
	p->first_ns = p->start_ns;
	p->next = NEXT_WITHIN;
}

int replay_take(struct replay *p, struct packet_totals *ret_totals, struct sources **ret_sources,
		uint64_t *ret_start_ns, uint64_t *ret_end_ns)
{
	struct sources *fresh;
	int err = sources_new(&fresh);

	if (err)
		return err;
	*ret_sources = p->sources;
	*ret_totals = p->totals;
	*ret_start_ns = p->first_ns;
	*ret_end_ns = end_of(p);
	begin_next(p, *ret_end_ns);
	p->sources = fresh;
	memset(&p->totals, 0, sizeof(p->totals));
	return 0;
}
