// SPDX-License-Identifier: BSD-2-Clause
/* What is said of a run's set-up, and of what its outputs did not get. */
#include <inttypes.h>

#include "app/log.h"
#include "app/loop_internal.h"

/* What the kernel made of what was asked for. */
static void log_program(const struct loop *l)
{
	static const char *const transports[XDPTAIL_TRANSPORT_MAX] = {
		[XDPTAIL_TRANSPORT_AUTO] = "buffers",
		[XDPTAIL_TRANSPORT_RINGBUF] = "ring buffer",
		[XDPTAIL_TRANSPORT_PERF] = "perf buffers",
		[XDPTAIL_TRANSPORT_CAPTURE] = "buffers",
	};
	struct xdptail_stats s = { .size = sizeof(s) };

	if (xdptail_stats(l->handle, &s))
		return;
	log_debug("program %s, %s of %" PRIu32 " KiB, %" PRIu32 " sources %s in %" PRIu64
		  " KiB of maps",
		  s.function_name, transports[s.transport], s.ring_bytes >> 10, s.max_sources,
		  s.shared_counts ? "shared by all CPUs" : "counted on each CPU",
		  s.map_bytes >> 10);
}

void loop_log_setup(const struct loop *l)
{
	if (!l->options->read || l->options->prog_run)
		log_program(l);
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++)
		log_debug("output \"%s\"", outputs_name(l->outputs, i));
}

void loop_log_drops(const struct loop *l)
{
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		struct output_counts c;

		outputs_counts(l->outputs, i, &c);
		if (c.dropped_queue_full || c.dropped_error)
			log_warning("output \"%s\" did not get %" PRIu64 " lines: %" PRIu64
				    " found its queue full, %" PRIu64 " could not be written",
				    outputs_name(l->outputs, i),
				    c.dropped_queue_full + c.dropped_error, c.dropped_queue_full,
				    c.dropped_error);
	}
}
