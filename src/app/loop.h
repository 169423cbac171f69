/* SPDX-License-Identifier: BSD-2-Clause */
/* A run, from attach to stop: one epoll over the ring, timers, signals, and failing outputs. */
#ifndef APP_LOOP_H
#define APP_LOOP_H

#include "xdptail.h"
#include "app/exit_code.h"
#include "app/options.h"
#include "app/privileges.h"
#include "record/record.h"
#include "output/outputs.h"

struct loop; /* one run */

/* Block the signals that end a run, so that a signalfd can take them. Before any thread starts. */
void loop_block_signals(void);

/* o and line are borrowed; what SIGHUP changes, it changes in *o, too. 0 or -errno. */
int loop_new(struct loop **ret, struct options *o, const struct command_line *line);
void loop_free(struct loop *l); /* NULL is fine */

/* What the library calls when something happens to an interface or the clock; arg is the loop. */
void loop_on_interface(void *arg, const struct xdptail_interface *event);
void loop_on_clock(void *arg, int64_t step_ns);

/* What it calls when a capture has frames of a link that is not read; arg is not used. */
void loop_on_link(void *arg, uint32_t link_type, const char *name);

/* What it calls before it reads a capture that may have to be waited for; arg is the loop. */
int loop_on_wait(void *arg, int fd);

/* Attach, become the user and give up privileges, run until something ends it, and close the
 * stream. All pointers are borrowed. Returns the exit code; what was wrong has been logged.
 */
int loop_run(struct loop *l, struct xdptail *handle, struct record_writer *writer,
	     struct outputs *outputs, const struct privileges_user *user);

#endif
