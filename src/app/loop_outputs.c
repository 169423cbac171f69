// SPDX-License-Identifier: BSD-2-Clause
/* What becomes of a run's outputs, as it is told to who runs it, and what it means for the run. */
#include <errno.h>
#include <string.h>

#include "app/log.h"
#include "app/loop_internal.h"

/* A reader that went away is quiet. */
void loop_look_at_outputs(struct loop *l)
{
	unsigned int alive = sinks_alive(l->sinks);

	for (unsigned int i = 0; i < sinks_number(l->sinks); i++) {
		int err = sinks_error(l->sinks, i);

		if (err && !l->ended[i] && (err != -EPIPE || alive) &&
		    sinks_state(l->sinks, i) == SINK_HERE)
			log_warning("output \"%s\" has ended: %s", sinks_name(l->sinks, i),
				    strerror(-err));
		l->ended[i] = err != 0;
	}
	if (alive || l->n_pending)
		return;
	loop_stop(l, "output gone", EXIT_CODE_OUTPUT);
	if (l->exit_code == EXIT_CODE_DONE) /* while the end of a capture was being written */
		l->exit_code = EXIT_CODE_OUTPUT;
}

void loop_check_warnings(struct loop *l)
{
	for (unsigned int i = 0; i < sinks_number(l->sinks); i++) {
		const char *warning = sinks_warning(l->sinks, i, &l->warned[i]);

		for (; warning; warning = sinks_warning(l->sinks, i, &l->warned[i]))
			log_warning("output \"%s\": %s", sinks_name(l->sinks, i), warning);
	}
}

void loop_check_outputs(struct loop *l)
{
	for (unsigned int i = 0; i < sinks_number(l->sinks); i++) {
		int err = sinks_failing(l->sinks, i);

		if (err && !l->failing[i])
			log_warning("output \"%s\" takes nothing: %s; it is tried again, and lines "
				    "for which there is no room are dropped and counted",
				    sinks_name(l->sinks, i), strerror(-err));
		if (!err && l->failing[i] && !sinks_error(l->sinks, i) &&
		    sinks_state(l->sinks, i) == SINK_HERE)
			log_notice("output \"%s\" takes lines again", sinks_name(l->sinks, i));
		l->failing[i] = err;
	}
	loop_check_warnings(l);
}

void loop_check_ends(struct loop *l)
{
	for (unsigned int i = 0; i < sinks_number(l->sinks); i++) {
		int err = sinks_error(l->sinks, i);

		if (!err || l->ended[i] || err == -EPIPE)
			continue;
		log_error("output \"%s\": what was written to it may be lost: %s",
			  sinks_name(l->sinks, i), strerror(-err));
		if (l->exit_code == EXIT_CODE_DONE)
			l->exit_code = EXIT_CODE_FAILED;
	}
}
