/* SPDX-License-Identifier: BSD-2-Clause */
/* A run's figures for Prometheus, in its text format 0.0.4. metrics.c is the only file that knows
 * the metrics' names. Pure: what there is to say is passed in. No source address is ever part of
 * it.
 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"
#include "app/interface_sums.h"
#include "record/record.h"
#include "output/outputs.h"

struct metrics_output {
	const char *name; /* as the user named it */
	bool up; /* it takes lines */
	bool gone; /* it is closed, and not wanted any more: "up" is left out */
	struct output_counts counts;
	uint64_t queued; /* lines */
};

/* Borrowed, all that is pointed to. Sums are of the run so far; a time that is 0 is left out. */
struct metrics {
	const char *name; /* a label of every metric, to tell several processes of a host apart */
	bool up;
	uint64_t start_ns; /* Unix time */
	uint64_t end_ns;
	uint64_t snapshot_ns; /* when the last one was written */
	uint64_t snapshots;
	uint32_t interval_s;
	uint32_t sample_rate;
	uint32_t attached; /* interfaces, now */
	uint64_t sources; /* of the last interval */
	const struct xdptail_stats *handle; /* ring_bytes 0: there is no program in the kernel */
	const struct xdptail_counts *counts; /* sums */
	const struct record_stats *stats; /* sums */
	const struct record_stats *last; /* of the last interval */
	const struct interface_sum *interfaces;
	size_t n_interfaces;
	const struct metrics_output *outputs;
	size_t n_outputs;
	uint64_t reloads; /* of the config file, that took effect */
	uint64_t reloads_refused;
	uint64_t files_written; /* of these very files, before this one */
	uint64_t files_skipped;
	uint64_t files_failed;
};

/* *ret, with a NUL behind its last newline, is owned by the caller: free(). 0 or -ENOMEM. */
int metrics_text(const struct metrics *m, char **ret, size_t *ret_len);

/* A label's value, as it stands between the quotes; what is not UTF-8 becomes \xHH. Cut to what cap
 * has room for, never within a character or an escape. Returns its length.
 */
size_t metrics_label(char *ret, size_t cap, const char *text);

#endif
