/* SPDX-License-Identifier: BSD-2-Clause */
/* Replays a capture frame by frame, in intervals of the capture's own clock, through the same
 * parser, selection and sampling as the kernel's program, on the host.
 *
 * An interval has the frames between its start and its end, both included. A late frame is counted
 * in the interval in which it comes, and moves the start back. If it is late by more than an
 * interval, and more than a second, the clock has stepped: the interval ends, and the next one
 * begins there.
 */
#ifndef LIB_REPLAY_H
#define LIB_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "abi.h"
#include "lib/capture_file.h"
#include "base/reason.h"
#include "lib/sources.h"

struct replay_spec {
	const char *path; /* "-": stdin */
	int fd; /* borrowed during the call; -1: open path */
	capture_wait_fn wait_fn; /* may be NULL */
	void *wait_arg;
	capture_link_fn link_fn; /* may be NULL */
	void *link_arg;
	bool tcp_only;
	uint32_t sample_rate;
	uint32_t sample_mode; /* enum abi_sample_mode */
	uint64_t interval_ns; /* 0: the whole capture is one interval */
	bool decap; /* look into tunnels */
	struct tunnel_ports tunnel_ports; /* ports to recognise tunnels by */
};

/* Takes one sample. A result other than 0 stops the caller. */
typedef int (*replay_fn)(void *arg, const struct tunnel_info *sample);

struct replay;

/* Opens the capture and reads its first frame. Returns 0, or -errno with the reason set. */
int replay_open(struct replay **ret, const struct replay_spec *spec, struct reason *r);
void replay_close(struct replay *p); /* NULL is fine */

/* Takes effect from the next frame on. */
void replay_set_sampling(struct replay *p, uint32_t sample_rate, enum xdptail_sample_mode mode);

const char *replay_name(const struct replay *p); /* name of the file, without its directory */

/* The counter that decides which of the counted frames is the next sample. */
struct sample_counter *replay_counter(struct replay *p);

enum xdptail_capture_state replay_state(const struct replay *p);
uint64_t replay_time_ns(const struct replay *p); /* the present time of the capture's clock */

/* Returns the step of that clock, if it went back where the interval began, and 0 from then on. */
int64_t replay_stepped_ns(struct replay *p);

/* Returns 1 and the next frame, borrowed until replay_step(); 0 when the interval or the capture is
 * over, as the state shows; or the error of capture_file_next(), with the reason set.
 */
int replay_next(struct replay *p, struct capture_frame *ret, struct reason *r);

/* Counts a frame, and passes it to fn if it is a sample. Returns the result of fn, or 0. */
int replay_observe(struct replay *p, const struct capture_frame *frame, replay_fn fn, void *arg);

/* Do the first len bytes of a frame determine everything that the parser reads from it? */
bool replay_is_determined_by(const struct replay *p, const struct capture_frame *frame, size_t len);

/* Moves behind the frame that replay_next() returned. */
void replay_step(struct replay *p);

/* Ends the interval, and returns its counts, start and end. *ret_sources is owned by the caller.
 * Returns 0 or -ENOMEM: nothing has changed.
 */
int replay_take(struct replay *p, struct packet_totals *ret_totals, struct sources **ret_sources,
		uint64_t *ret_start_ns, uint64_t *ret_end_ns);

#endif
