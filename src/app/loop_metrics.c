// SPDX-License-Identifier: BSD-2-Clause
/* The run's figures, in a file for whoever watches it: after each snapshot, and when it begins and
 * ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/log.h"
#include "app/loop_internal.h"
#include "app/metrics.h"
#include "base/time.h"

#define NAME_BYTES 256

/* The name of the run is that of the file, without its suffix. */
static void name_run(char ret[NAME_BYTES], const char *path)
{
	const char *slash = strrchr(path, '/');
	char *suffix;

	(void)snprintf(ret, NAME_BYTES, "%s", slash ? slash + 1 : path);
	suffix = strrchr(ret, '.');
	if (suffix)
		*suffix = '\0';
}

/* Lines that wait when all is over are lost. */
static void look_at_output(const struct loop *l, unsigned int i, struct metrics_output *ret)
{
	struct output_counts *c = &ret->counts;

	ret->name = outputs_name(l->outputs, i);
	ret->gone = outputs_state(l->outputs, i) == OUTPUT_CLOSED;
	ret->up = l->metrics_up && outputs_state(l->outputs, i) == OUTPUT_OPEN &&
		  !outputs_error(l->outputs, i) && !outputs_failing(l->outputs, i);
	outputs_counts(l->outputs, i, c);
	ret->queued = c->made - c->written - c->filtered - c->dropped_queue_full - c->dropped_error;
	if (l->metrics_up)
		return;
	c->dropped_error += ret->queued;
	ret->queued = 0;
}

static int make_text(const struct loop *l, char **ret, size_t *ret_len)
{
	const struct report *r = &l->report;
	const struct options *o = l->options;
	struct metrics_output outputs[OUTPUT_NAMES_MAX];
	struct metrics_file_state file;
	char name[NAME_BYTES];
	struct metrics m = {
		.name = name,
		.up = l->metrics_up,
		.start_ns = l->started_ns,
		.end_ns = l->metrics_up ? 0 : time_wall_ns(),
		.snapshot_ns = l->snapshot_ns,
		.snapshots = r->snapshots - snapshot_is_busy(&l->snapshot),
		.interval_s = o->interval_s,
		.sample_rate = o->sample_rate,
		.attached = xdptail_attached(l->handle),
		.sources = r->last_sources,
		.handle = &r->handle_stats,
		.counts = &r->counts_sums,
		.stats = &r->stats_sums,
		.last = &r->last_stats,
		.interfaces = r->interfaces.list,
		.n_interfaces = r->interfaces.n,
		.outputs = outputs,
		.n_outputs = outputs_number(l->outputs),
		.reloads = l->reloads,
		.reloads_refused = l->reloads_refused,
	};

	name_run(name, metrics_file_path(l->metrics));
	metrics_file_state(l->metrics, &file);
	m.files_written = file.written;
	m.files_skipped = file.skipped;
	m.files_failed = file.failed;
	for (unsigned int i = 0; i < m.n_outputs; i++)
		look_at_output(l, i, &outputs[i]);
	return metrics_text(&m, ret, ret_len);
}

/* Each thing is said once, and once that it is over. */
static void check_file(struct loop *l)
{
	const char *path = metrics_file_path(l->metrics);
	struct metrics_file_state s;

	metrics_file_state(l->metrics, &s);
	if (s.busy && l->options->read) /* whose intervals may be over at once */
		return;
	if (s.busy && !l->metrics_slow)
		log_warning(
			"the metrics file \"%s\" takes longer to write than there is time; it is "
			"skipped until that is done",
			path);
	l->metrics_slow = l->metrics_slow || s.busy;
	if (s.busy)
		return;
	if (s.error && !l->metrics_failing)
		log_warning("cannot write the metrics file \"%s\": %s; it stays as it was, and is "
			    "tried again after each snapshot",
			    path, strerror(-s.error));
	if (!s.error && l->metrics_failing)
		log_notice("the metrics file \"%s\" is written again", path);
	l->metrics_failing = s.error;
}

void loop_write_metrics(struct loop *l)
{
	size_t len;
	char *text;

	if (!l->metrics)
		return;
	check_file(l);
	if (make_text(l, &text, &len))
		log_warning("there is no memory for the metrics file \"%s\"",
			    metrics_file_path(l->metrics));
	else
		metrics_file_put(l->metrics, text, len);
}

void loop_snapshot_done(struct loop *l)
{
	l->snapshot_ns = time_wall_ns();
	loop_write_metrics(l);
}

/* As who we are by now. NULL: none is wanted. */
static int open_file(struct metrics_file **ret, const char *path, struct reason *why)
{
	int err;

	*ret = NULL;
	if (!path)
		return 0;
	err = metrics_file_check(path, why);
	if (err)
		return err;
	err = metrics_file_new(ret, path);
	if (err)
		(void)reason_set(why, err, "cannot start to write \"%s\": %s", path,
				 strerror(-err));
	return err;
}

void loop_start_metrics(struct loop *l)
{
	struct reason why = { 0 };
	int err;

	l->started_ns = time_wall_ns();
	l->metrics_up = true;
	if (l->stop_reason)
		return;
	err = open_file(&l->metrics, l->options->metrics_file, &why);
	if (!err)
		return;
	log_error("%s", why.text);
	loop_stop(l, "cannot write the metrics file", exit_code_of_error(err, EXIT_CODE_USAGE));
}

static bool is_same(const struct metrics_file *f, const char *path)
{
	return f && path ? !strcmp(metrics_file_path(f), path) : !f && !path;
}

int loop_prepare_metrics(const struct loop *l, const struct options *fresh,
			 struct metrics_file **ret)
{
	struct reason why = { 0 };
	int err;

	*ret = NULL;
	if (is_same(l->metrics, fresh->metrics_file))
		return 0;
	err = open_file(ret, fresh->metrics_file, &why);
	if (err)
		log_error("SIGHUP: %s", why.text);
	return err;
}

/* What was written before would be taken for another process that has stopped to write. */
void loop_change_metrics(struct loop *l, const struct options *fresh, struct metrics_file *f)
{
	if (is_same(l->metrics, fresh->metrics_file))
		return;
	metrics_file_remove(l->metrics);
	l->metrics = f;
	l->metrics_failing = false;
	l->metrics_slow = false;
	l->options->metrics_file = f ? metrics_file_path(f) : NULL;
}

void loop_end_metrics(struct loop *l, int timeout_ms)
{
	size_t len;
	char *text;
	int err;

	if (!l->metrics)
		return;
	l->metrics_up = false;
	err = make_text(l, &text, &len);
	if (!err)
		err = metrics_file_finish(l->metrics, text, len, timeout_ms);
	if (err)
		log_warning("the metrics file \"%s\" does not say that the run has ended: %s",
			    metrics_file_path(l->metrics), strerror(-err));
}
