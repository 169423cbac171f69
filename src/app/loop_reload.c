// SPDX-License-Identifier: BSD-2-Clause
/* SIGHUP: the config file once more, and what of a run it can change. The program stays attached as it is:
 * to attach anew would lose packets, and on some cards the link (TRAPS A32).
 */
#include <errno.h>
#include <string.h>

#include "app/log.h"
#include "app/loop_internal.h"

#define ERR_BYTES 1024

/* The number of an output, or sinks_number(). */
static unsigned int find_output(const struct loop *l, const char *name)
{
	unsigned int i = 0;

	while (i < sinks_number(l->sinks) && strcmp(sinks_name(l->sinks, i), name) != 0)
		i++;
	return i;
}

static bool is_free(const struct loop *l, const char *name)
{
	unsigned int i = find_output(l, name);

	return i == sinks_number(l->sinks) || sinks_state(l->sinks, i) == SINK_GONE;
}

/* Open an output; its first record says what run it has come to. 0, or -errno after a message: *spec
 * is the caller's then.
 */
static int open_output(struct loop *l, struct sink_spec *spec)
{
	const char *name = spec->name; /* goes with it */
	char err_text[ERR_BYTES] = "";
	unsigned int i;
	int err = sinks_add(l->sinks, spec, err_text, sizeof(err_text));

	if (err) {
		log_error("SIGHUP: %s", err_text);
		return err;
	}
	i = find_output(l, name);
	l->ended[i] = false;
	l->failing[i] = 0;
	loop_check(l, sinks_start(l->sinks), "cannot start an output");
	loop_check(l, report_start_again(&l->report, l->options, i), "cannot write a start record");
	return 0;
}

/* All that are new, or none. */
static int open_new(struct loop *l, struct options *fresh)
{
	const char *opened[SINK_MAX];
	unsigned int n = 0;
	int err = 0;

	for (unsigned int i = 0; !err && i < fresh->n_outputs; i++) {
		struct sink_spec *spec = &fresh->outputs[i];
		const char *name = spec->name;

		if (!is_free(l, name))
			continue;
		err = open_output(l, spec);
		if (!err)
			opened[n++] = name;
	}
	while (err && n)
		sinks_leave(l->sinks, find_output(l, opened[--n]), false);
	return err;
}

static bool is_wanted(const struct options *fresh, const struct sink_spec *spec)
{
	for (unsigned int i = 0; i < fresh->n_outputs; i++) {
		if (sink_spec_equal(&fresh->outputs[i], spec))
			return true;
	}
	return false;
}

static bool is_named(const struct options *fresh, const char *name)
{
	for (unsigned int i = 0; i < fresh->n_outputs; i++) {
		const struct sink_spec *spec = &fresh->outputs[i];

		if (spec->name && !strcmp(spec->name, name))
			return true;
	}
	return false;
}

/* Those that have other settings now wait until what they were is gone. */
static void queue_changed(struct loop *l, struct options *fresh)
{
	while (l->n_pending)
		sink_spec_free(&l->pending[--l->n_pending]);
	for (unsigned int i = 0; i < fresh->n_outputs; i++) {
		struct sink_spec *spec = &fresh->outputs[i];
		unsigned int number = spec->name ? find_output(l, spec->name) : 0;

		if (!spec->name || sinks_state(l->sinks, number) != SINK_LEAVING)
			continue;
		l->pending[l->n_pending++] = *spec;
		*spec = (struct sink_spec){ 0 };
	}
}

/* New ones first: if they can't be opened, the old ones stay as they are. */
static int change_outputs(struct loop *l, struct options *fresh)
{
	bool leaves[SINK_NAMES_MAX] = { false };
	bool named[SINK_NAMES_MAX] = { false };
	unsigned int n = sinks_number(l->sinks);
	int err;

	for (unsigned int i = 0; i < n; i++) {
		leaves[i] = sinks_state(l->sinks, i) == SINK_HERE &&
			    !is_wanted(fresh, sinks_spec(l->sinks, i));
		named[i] = is_named(fresh, sinks_name(l->sinks, i)); /* opening takes names over */
	}
	err = open_new(l, fresh);
	if (err)
		return err;
	for (unsigned int i = 0; i < n; i++) {
		if (leaves[i] || !named[i]) /* or it was to return, and is not any more */
			sinks_leave(l->sinks, i, named[i]);
	}
	queue_changed(l, fresh);
	return 0;
}

/* What can fail, all of it or nothing. */
static int change_all(struct loop *l, struct options *fresh)
{
	struct metrics_file *metrics;
	int err = loop_prepare_metrics(l, fresh, &metrics);

	if (!err)
		err = change_outputs(l, fresh);
	if (err)
		metrics_file_free(metrics);
	else
		loop_change_metrics(l, fresh, metrics);
	return err;
}

bool loop_change_outputs(struct loop *l)
{
	bool leaving = sinks_leaving(l->sinks);
	bool failed = false;

	for (unsigned int i = 0; i < l->n_pending;) {
		struct sink_spec *spec = &l->pending[i];

		if (!is_free(l, spec->name)) {
			i++;
			continue;
		}
		if (open_output(l, spec)) {
			sinks_leave(l->sinks, find_output(l, spec->name), false);
			sink_spec_free(spec);
			failed = true;
		}
		*spec = l->pending[--l->n_pending];
		l->pending[l->n_pending] = (struct sink_spec){ 0 };
	}
	if (failed)
		loop_look_at_outputs(l);
	return leaving || l->n_pending;
}

/* fn of options_compare() */
static void tell(void *arg, const char *name, bool live)
{
	(void)arg;
	if (!live)
		log_warning(
			"SIGHUP: \"%s\" has changed, but a run can't change it: it will hold from the "
			"next start on",
			name);
}

static void apply(struct loop *l, const struct options *fresh)
{
	struct options *o = l->options;

	loop_check(l, xdptail_set_sampling(l->handle, fresh->sample_rate, fresh->sample_mode),
		   "cannot change the sampling");
	o->sample_rate = fresh->sample_rate;
	o->sample_mode = fresh->sample_mode;
	o->top = fresh->top;
	o->verbose = fresh->verbose;
	log_set_verbosity(o->verbose);
	if (o->interval_s != fresh->interval_s) {
		o->interval_s = fresh->interval_s;
		loop_check(l, loop_set_interval(l), "cannot change the interval");
	}
}

void loop_reload(struct loop *l)
{
	char err_text[ERR_BYTES];
	struct options fresh;

	if (options_parse(&fresh, l->line->argc, l->line->argv, err_text, sizeof(err_text))) {
		log_error("SIGHUP: nothing is changed: %s", err_text);
		l->reloads_refused++;
		return;
	}
	if (!change_all(l, &fresh)) {
		options_compare(l->options, &fresh, tell, NULL);
		apply(l, &fresh);
		loop_look_at_outputs(l); /* one that had ended may be all that is left */
		loop_check(l, report_start_again(&l->report, l->options, REPORT_ALL_OUTPUTS),
			   "cannot write a start record");
		l->reloads++;
		loop_write_metrics(l);
		log_notice("SIGHUP: \"%s\" is in effect", l->options->config);
	} else {
		l->reloads_refused++;
		log_error("SIGHUP: nothing is changed");
	}
	options_free(&fresh);
}
