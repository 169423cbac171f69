/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture, played: frame by frame, in intervals of the capture's own clock, through the same
 * parser, the same selection and the same sampling as the kernel's program, on the host.
 *
 * An interval has the frames between its start and its end, both included. One that is late is
 * counted where it comes, and the interval starts with it; later than by an interval, or a second
 * where that is longer, and the clock has stepped: the interval is over, and the next one begins
 * there.
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
	uint64_t interval_ns; /* 0: none but the end */
	bool decap; /* look into tunnels */
	struct tunnel_ports tunnel_ports; /* by which they are known */
};

/* One sample. Not 0: enough. */
typedef int (*replay_fn)(void *arg, const struct tunnel_info *sample);

struct replay;

/* Opens the capture and reads its first frame. 0 or -errno with the reason set. */
int replay_open(struct replay **ret, const struct replay_spec *spec, struct reason *r);
void replay_close(struct replay *p); /* NULL is fine */

/* From the next frame on. */
void replay_set_sampling(struct replay *p, uint32_t sample_rate, enum xdptail_sample_mode mode);

const char *replay_name(const struct replay *p); /* the file's, without its directory */

/* Which of the frames that are counted is the next sample. */
struct sample_counter *replay_counter(struct replay *p);

enum xdptail_capture_state replay_state(const struct replay *p);
uint64_t replay_time_ns(const struct replay *p); /* of the capture's clock */

/* By how much that clock went back where the interval began; once, and then 0. */
int64_t replay_stepped_ns(struct replay *p);

/* The next frame, lent until replay_step(). 1; 0 when the interval or the capture is over: the
 * state says which; or what ended it, as capture_file_next() says, with the reason set.
 */
int replay_next(struct replay *p, struct capture_frame *ret, struct reason *r);

/* Count a frame, and sample it perhaps. What fn said, or 0. */
int replay_observe(struct replay *p, const struct capture_frame *frame, replay_fn fn, void *arg);

/* Is all that the parser makes of a frame in its first len bytes? */
bool replay_is_determined_by(const struct replay *p, const struct capture_frame *frame, size_t len);

/* Step over the frame that replay_next() gave. */
void replay_step(struct replay *p);

/* End the interval: what was counted in it, when it began and ended. *ret_sources is the caller's.
 * 0 or -ENOMEM: nothing has changed.
 */
int replay_take(struct replay *p, struct packet_totals *ret_totals, struct sources **ret_sources,
		uint64_t *ret_start_ns, uint64_t *ret_end_ns);

#endif
