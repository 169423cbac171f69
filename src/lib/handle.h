/* SPDX-License-Identifier: BSD-2-Clause */
/* The contents of a handle. handle.c owns it; capture.c implements the calls for capture files. */
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

#define HANDLE_POLL_MAX 4096 /* records per call, if the caller gives no number */

struct xdptail {
	struct handle_options options;
	struct reason reason;
	struct object object;
	struct replay *replay; /* owned; NULL: the handle is not a capture's */
	struct prog_run
		/* owned; NULL: frames of the capture are parsed here, not in the kernel */
		*prog_run;
	struct capture_frame frame; /* the frame of the capture in progress */
	uint64_t parsed_here; /* frames of the capture parsed here although prog_run is set */
	bool ended_by_callback; /* the callback has ended the poll */
	uint64_t replay_outcomes[OUTCOME_MAX]; /* samples of the capture's interval */
	struct counts *counts; /* owned; NULL until open, and for a capture without the program */
	struct transport *transport; /* owned; NULL until open */
	struct clock clock;
	struct interfaces *interfaces; /* owned; NULL until open, and for a capture */
	struct interval interval;
	bool finished; /* counting has ended, and the ring is not read any more */
	struct retry wait_retry; /* for waiting for samples */
	struct retry tick_retry; /* for ticks of the transport */
	struct retry result_retry; /* for returning a closed interval */
	uint64_t sums[OUTCOME_MAX]; /* samples taken from the ring since open, by outcome */
	unsigned int ticks; /* tenths of a second */
	xdptail_packet_fn fn; /* callback of the xdptail_poll() in progress */
	void *arg;
	bool first_in_drain; /* no record was taken in this drain yet */
	uint64_t longest_wait_ns;
};

/* Loads the program, and opens its maps; fn takes its records. Returns 0, or -errno with the reason
 * set.
 */
int handle_open_program(struct xdptail *x, transport_fn fn);

#endif
