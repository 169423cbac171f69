// SPDX-License-Identifier: BSD-2-Clause
/* SIGHUP: the config file once more, and what of a run it can change. The program stays attached as
 * it is: to attach anew would lose packets, and on some cards the link.
 */
#include <errno.h>
#include <string.h>

#include "app/log.h"
#include "app/loop_internal.h"

/* The number of an output, or outputs_number(). */
static unsigned int find_output(const struct loop *l, const char *name)
{
	unsigned int i = 0;

	while (i < outputs_number(l->outputs) && strcmp(outputs_name(l->outputs, i), name) != 0)
		i++;
	return i;
}

/* What a reload needs, all of it there before anything changes: then nothing can fail. */
struct reload {
	struct options *fresh; /* borrowed; what is taken of it is left empty */
	struct pending_output
		*spares[OUTPUTS_MAX]; /* owned; outputs that are new, or have other settings */
	unsigned int n_spares;
	struct metrics_file *metrics; /* owned; NULL: as it was, or none */
	bool wanted[OUTPUT_NAMES_MAX]; /* outputs that stay as they are */
	bool named[OUTPUT_NAMES_MAX]; /* these, and those that have other settings */
	/* of the spares that an earlier reload has left, those that still hold */
	bool waits[OUTPUTS_MAX];
};

/* Is there a spare of an earlier reload that is the same? Then it stays. */
static bool keep_pending(const struct loop *l, struct reload *r, const struct output_spec *spec)
{
	for (unsigned int i = 0; i < l->n_pending; i++) {
		if (output_spec_equal(pending_output_spec(l->pending[i]), spec)) {
			r->waits[i] = true;
			return true;
		}
	}
	return false;
}

/* 0, or -errno after a message. */
static int prepare_output(const struct loop *l, struct reload *r, struct output_spec *spec)
{
	const unsigned int number = find_output(l, spec->name);
	const bool is_known = number < outputs_number(l->outputs);
	struct reason why = { 0 };
	int err;

	if (is_known)
		r->named[number] = true;
	if (is_known && outputs_state(l->outputs, number) == OUTPUT_OPEN &&
	    output_spec_equal(outputs_spec(l->outputs, number), spec)) {
		r->wanted[number] = true;
		return 0;
	}
	if (keep_pending(l, r, spec))
		return 0;
	err = outputs_prepare(l->outputs, spec, &r->spares[r->n_spares], &why);
	if (err)
		log_error("SIGHUP: %s", why.text);
	else
		r->n_spares++;
	return err;
}

/* All of it, or nothing: 0, or -errno after a message. */
static int prepare(struct loop *l, struct reload *r)
{
	struct options *fresh = r->fresh;
	int err = loop_prepare_metrics(l, fresh, &r->metrics);

	for (unsigned int i = 0; !err && i < fresh->n_outputs; i++)
		err = prepare_output(l, r, &fresh->outputs[i]);
	if (err)
		return err;
	err = xdptail_set_sampling(l->handle, fresh->sample_rate, fresh->sample_mode);
	if (err)
		log_error("SIGHUP: cannot change the sampling: %s", xdptail_reason(l->handle));
	return err;
}

static void give_back(struct reload *r)
{
	while (r->n_spares)
		pending_output_free(r->spares[--r->n_spares]);
	metrics_file_free(r->metrics);
}

/* Outputs whose settings have changed wait until the instances they replace are closed. */
static void change_outputs(struct loop *l, struct reload *r)
{
	const unsigned int n = outputs_number(l->outputs);
	unsigned int waiting = 0;

	for (unsigned int i = 0; i < n; i++) {
		/* or it was to return, and is not any more */
		if (!r->wanted[i] && (outputs_state(l->outputs, i) == OUTPUT_OPEN || !r->named[i]))
			outputs_close(l->outputs, i, r->named[i]);
	}
	for (unsigned int i = 0; i < l->n_pending; i++) {
		if (r->waits[i])
			l->pending[waiting++] = l->pending[i];
		else
			pending_output_free(l->pending[i]);
	}
	for (unsigned int i = 0; i < r->n_spares; i++)
		l->pending[waiting++] = r->spares[i];
	l->n_pending = waiting;
	(void)loop_change_outputs(l);
}

/* Its first record says what run it has come to. */
static void place(struct loop *l, struct pending_output *spare)
{
	const char *name = pending_output_spec(spare)->name;
	unsigned int i;

	outputs_add_pending(l->outputs, spare);
	i = find_output(l, name);
	l->ended[i] = false;
	l->failing[i] = 0;
	loop_check(l, report_start_again(&l->report, l->options, i), "cannot write a start record");
}

bool loop_change_outputs(struct loop *l)
{
	bool leaving = outputs_finish_closing(l->outputs);

	for (unsigned int i = 0; i < l->n_pending;) {
		struct pending_output *spare = l->pending[i];

		if (!outputs_is_free(l->outputs, pending_output_spec(spare)->name)) {
			i++;
			continue;
		}
		l->pending[i] = l->pending[--l->n_pending];
		place(l, spare);
	}
	return leaving || l->n_pending;
}

void loop_drop_pending(struct loop *l)
{
	while (l->n_pending)
		pending_output_free(l->pending[--l->n_pending]);
}

/* fn of options_compare() */
static void tell(void *arg, const char *name, bool live)
{
	(void)arg;
	if (!live)
		log_warning("SIGHUP: \"%s\" changed; it takes effect after a restart", name);
}

static void apply(struct loop *l, const struct options *fresh)
{
	struct options *o = l->options;

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

static void commit(struct loop *l, struct reload *r)
{
	change_outputs(l, r);
	loop_change_metrics(l, r->fresh, r->metrics);
	options_compare(l->options, r->fresh, tell, NULL);
	apply(l, r->fresh);
	loop_check_ended(l); /* one that had ended may be all that is left */
	loop_check(l, report_start_again(&l->report, l->options, REPORT_ALL_OUTPUTS),
		   "cannot write a start record");
	l->reloads++;
	loop_write_metrics(l);
	log_notice("SIGHUP: reloaded \"%s\"", l->options->config);
}

void loop_reload(struct loop *l)
{
	struct reason why = { 0 };
	struct options fresh;
	struct reload r = { .fresh = &fresh };

	if (options_parse(&fresh, l->line->argc, l->line->argv, &why)) {
		log_error("SIGHUP: reload failed, the configuration is unchanged: %s", why.text);
		l->reloads_refused++;
		return;
	}
	if (!prepare(l, &r)) {
		commit(l, &r);
	} else {
		give_back(&r);
		l->reloads_refused++;
		log_error("SIGHUP: reload failed, the configuration is unchanged");
	}
	options_free(&fresh);
}
