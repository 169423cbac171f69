// SPDX-License-Identifier: BSD-2-Clause
/* What becomes of a run's outputs, as it is told to who runs it, and what it means for the run. */
#include <errno.h>
#include <string.h>

#include "app/log.h"
#include "app/loop_internal.h"

static void say_ended(const struct loop *l, unsigned int i, int err)
{
	const char *name = outputs_name(l->outputs, i);

	if (outputs_gave_up(l->outputs, i))
		log_error("output \"%s\": write failed for %u s, giving up: %s", name,
			  l->options->output_timeout_s, strerror(-err));
	else
		log_warning("output \"%s\" failed permanently: %s", name, strerror(-err));
}

/* Nobody wants any more of it, or all that is left would be lost. */
static enum exit_code code_of_end(const struct loop *l)
{
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		if (outputs_gave_up(l->outputs, i))
			return EXIT_CODE_FAILED;
	}
	return EXIT_CODE_OUTPUT;
}

/* A reader that went away is quiet. */
void loop_check_ended(struct loop *l)
{
	unsigned int alive = outputs_take_ends(l->outputs);

	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		int err = outputs_error(l->outputs, i);

		if (err && !l->ended[i] && (err != -EPIPE || alive) &&
		    outputs_state(l->outputs, i) == OUTPUT_OPEN)
			say_ended(l, i, err);
		l->ended[i] = err != 0;
	}
	if (alive || l->n_pending)
		return;
	loop_stop(l, "output gone", code_of_end(l));
	if (l->exit_code == EXIT_CODE_DONE) /* while the end of a capture was being written */
		l->exit_code = code_of_end(l);
}

/* A run that was to come to its end and get everything out, and did not, has failed. One that a
 * signal ends had no such end; its outputs fail and recover, and the stream tells of it. A capture
 * is all there, so it can be read again.
 */
void loop_check_lost(struct loop *l)
{
	if (l->exit_code == EXIT_CODE_DONE && (l->options->read || !l->signalled) &&
	    outputs_lost(l->outputs))
		l->exit_code = EXIT_CODE_FAILED;
}

static void say_failing(const struct loop *l, unsigned int i, int err)
{
	const char *name = outputs_name(l->outputs, i);

	if (!l->options->read || outputs_spec(l->outputs, i)->when_full == OUTPUT_DROP)
		log_warning(
			"output \"%s\": write failed: %s; retrying, lines that do not fit the queue are dropped and counted",
			name, strerror(-err));
	else if (l->options->output_timeout_s)
		log_warning(
			"output \"%s\": write failed: %s; retrying, the capture waits, at most %u s (--output-timeout)",
			name, strerror(-err), l->options->output_timeout_s);
	else
		log_warning("output \"%s\": write failed: %s; retrying, the capture waits", name,
			    strerror(-err));
}

void loop_check_warnings(struct loop *l)
{
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		const char *warning = outputs_warning(l->outputs, i, &l->warned[i]);

		for (; warning; warning = outputs_warning(l->outputs, i, &l->warned[i]))
			log_warning("output \"%s\": %s", outputs_name(l->outputs, i), warning);
	}
}

void loop_check_outputs(struct loop *l)
{
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		int err = outputs_failing(l->outputs, i);

		if (err && !l->failing[i])
			say_failing(l, i, err);
		if (!err && l->failing[i] && !outputs_error(l->outputs, i) &&
		    outputs_state(l->outputs, i) == OUTPUT_OPEN)
			log_notice("output \"%s\" recovered", outputs_name(l->outputs, i));
		l->failing[i] = err;
	}
	loop_check_warnings(l);
}

void loop_check_ends(struct loop *l)
{
	for (unsigned int i = 0; i < outputs_number(l->outputs); i++) {
		int err = outputs_error(l->outputs, i);

		if (!err || l->ended[i] || err == -EPIPE)
			continue;
		log_error("output \"%s\": written lines may be lost: %s",
			  outputs_name(l->outputs, i), strerror(-err));
		if (l->exit_code == EXIT_CODE_DONE)
			l->exit_code = EXIT_CODE_FAILED;
	}
}
