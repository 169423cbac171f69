// SPDX-License-Identifier: BSD-2-Clause
/* A capture can wait, so nothing of it is dropped: the outputs decide how fast it is read. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "app/loop_internal.h"
#include "app/log.h"

#define OUTPUTS_MS 20 /* between two looks at how far they are */

static bool is_written(const struct loop *l)
{
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		struct output_counts c;

		outputs_counts(l->outputs, i, &c);
		if (c.made != c.written + c.filtered + c.dropped_queue_full + c.dropped_error)
			return false;
	}
	return true;
}

/* The lines of a turn fit half of what the smallest queue takes, so that its other half can be
 * written meanwhile.
 */
static unsigned int frames_a_turn(const struct loop *l)
{
	size_t frames = outputs_room_max(l->outputs, true) / RECORD_MAX_BYTES / 2;

	return frames < LOOP_FRAMES_A_TURN ? (unsigned int)frames : LOOP_FRAMES_A_TURN;
}

unsigned int loop_wait_for_room(struct loop *l)
{
	unsigned int frames;

	loop_poll_once(l, 0);
	for (;;) {
		frames = frames_a_turn(l); /* outputs come and go */
		if (l->deadline_ms != LOOP_NO_DEADLINE ||
		    outputs_room(l->outputs, true) >= (size_t)frames * RECORD_MAX_BYTES)
			return frames;
		loop_poll_once(l, LOOP_STEP_MS);
	}
}

void loop_wait_for_outputs(struct loop *l)
{
	loop_poll_once(l, 0);
	while (l->deadline_ms == LOOP_NO_DEADLINE && !is_written(l))
		loop_poll_once(l, OUTPUTS_MS);
	loop_poll_once(l, 0); /* the last of them may just have failed */
}

/* One that its clock has ended, or that a signal asked for. */
static void write_interval(struct loop *l)
{
	while (loop_is_counting(l) && !l->stop_reason) {
		(void)loop_wait_for_room(l); /* a slice of a snapshot is no larger than a turn */
		loop_step_snapshot(l, false);
	}
}

static void read_frames(struct loop *l, unsigned int frames)
{
	int n = loop_poll_packets(l, frames);

	if (n < 0 || l->stop_reason)
		return;
	switch (xdptail_capture_state(l->handle)) {
	case XDPTAIL_CAPTURE_MORE:
		break;
	case XDPTAIL_CAPTURE_INTERVAL:
		loop_begin_counts(l);
		break;
	case XDPTAIL_CAPTURE_END:
		/* once more: is it the end of the file, or a place where it is broken? */
		if (loop_poll_packets(l, frames) >= 0)
			loop_stop(l, "end of capture", EXIT_CODE_DONE);
		break;
	}
}

void loop_run_capture(struct loop *l)
{
	while (!l->stop_reason) {
		unsigned int frames = loop_wait_for_room(l);

		write_interval(l);
		if (!l->stop_reason)
			read_frames(l, frames);
	}
}

void loop_on_link(void *arg, uint32_t link_type, const char *name)
{
	(void)arg;
	log_warning("the capture has frames of a link of type %" PRIu32 " (%s), which is not read: "
		    "they are counted as not_ip",
		    link_type, name ? name : "no name");
}

/* Lines of the frames that were read are not held up by those that did not come. */
int loop_on_wait(void *arg, int fd)
{
	struct loop *l = arg;
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = l->epoll_fd, .events = POLLIN },
	};

	while (!l->stop_reason) {
		bool changing;
		int n;

		loop_poll_once(l, 0);
		write_interval(l);
		if (l->stop_reason)
			break;
		changing = l->outputs && loop_change_outputs(l);
		if (l->outputs)
			outputs_flush(l->outputs);
		n = poll(fds, 2, changing ? LOOP_LEAVE_MS : -1);
		loop_check_wait(l, n < 0 ? -errno : 0, "cannot wait for the capture");
		if (n > 0 && fds[0].revents && !l->n_pending)
			return 0;
	}
	return 1;
}
