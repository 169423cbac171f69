/* SPDX-License-Identifier: BSD-2-Clause */
/* What a handle consists of. handle.c owns it; capture.c has the half of it that reads files. */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "xdptail.h"
#include "abi.h"
#include "lib/clock.h"
#include "lib/counts.h"
#include "lib/interfaces.h"
#include "lib/interval.h"
#include "lib/object.h"
#include "lib/options.h"
#include "lib/retry.h"
#include "lib/prog_run.h"
#include "base/reason.h"
#include "lib/replay.h"
#include "lib/transport.h"

#define HANDLE_POLL_MAX 4096 /* records a call, when the caller does not say */

struct xdptail {
	struct handle_options options;
	struct reason reason;
	struct object object;
	struct replay *replay; /* owned; NULL: not a capture */
	struct prog_run
		*prog_run; /* owned; NULL: its frames are observed here, not in the kernel */
	struct capture_frame frame; /* of it, under way */
	uint64_t parsed_here; /* of its frames */
	bool enough; /* the callback has said so */
	uint64_t replay_outcomes[OUTCOME_MAX]; /* of its interval */
	struct counts *counts; /* owned; NULL until open, and for a capture without the program */
	struct transport *transport; /* owned; NULL until open */
	struct clock clock;
	struct interfaces *interfaces; /* owned; NULL until open, and for a capture */
	struct interval interval;
	bool finished; /* nothing is counted any more, and nothing read from the ring */
	struct retry waiting; /* for samples */
	struct retry ticking; /* of the transport */
	struct retry handing_over; /* a closed interval */
	uint64_t sums[OUTCOME_MAX]; /* of samples taken from the ring since open */
	unsigned int ticks; /* tenths of a second */
	xdptail_packet_fn fn; /* of the xdptail_poll() under way */
	void *arg;
	bool first; /* no record was taken in it yet */
	uint64_t longest_wait_ns;
};

/* Load the program, and open its maps; fn takes its records. 0 or -errno with the reason set. */
int handle_open_program(struct xdptail *x, transport_fn fn);

#endif
