// SPDX-License-Identifier: BSD-2-Clause
/* What becomes of interfaces, and of a run whose interfaces go. */
#include "app/exit_code.h"
#include "app/log.h"
#include "app/loop_internal.h"

static const char *mode_name(enum xdptail_mode mode)
{
	return mode == XDPTAIL_MODE_GENERIC ? "generic" : "native";
}

static void on_attached(struct loop *l, const struct xdptail_interface *event)
{
	l->attached = true;
	if (event->reason && event->mode == XDPTAIL_MODE_GENERIC)
		log_warning("%s; attached in generic mode instead, which is slower and sees merged "
			    "packets",
			    event->reason);
	log_notice("listening on %s, %s mode", event->interface, mode_name(event->mode));
}

/* The last one ends the run, unless it may come back. */
static void on_gone(struct loop *l, const struct xdptail_interface *event)
{
	if (!event->ifindex) {
		log_notice("waiting for %s: there is no interface of this name yet",
			   event->interface);
	} else if (l->options->wait_interface) {
		log_warning("the interface %s was deleted; waiting for it", event->interface);
	} else if (xdptail_attached(l->handle)) {
		log_warning("the interface %s was deleted; going on with the others",
			    event->interface);
	} else {
		log_error("the interface %s was deleted; ending", event->interface);
		loop_stop(l, "interface gone", EXIT_CODE_FAILED);
	}
}

/* By whom: if not by us, there is a reason. */
static void on_detached(struct loop *l, const struct xdptail_interface *event)
{
	if (!event->reason)
		return;
	if (event->mode == XDPTAIL_MODE_AUTO)
		log_warning("cannot attach to %s (will retry): %s", event->interface,
			    event->reason);
	else
		log_warning("detached from %s: %s", event->interface, event->reason);
	if (!l->options->wait_interface && !xdptail_attached(l->handle))
		loop_stop(l, "interface detached", EXIT_CODE_FAILED);
}

void loop_on_interface(void *arg, const struct xdptail_interface *event)
{
	struct loop *l = arg;

	loop_check(l, report_interface(&l->report, event), "cannot write an interface record");
	switch (event->state) {
	case XDPTAIL_STATE_ATTACHED:
	case XDPTAIL_STATE_BACK:
		on_attached(l, event);
		break;
	case XDPTAIL_STATE_DETACHED:
		on_detached(l, event);
		break;
	case XDPTAIL_STATE_GONE:
		on_gone(l, event);
		break;
	case XDPTAIL_STATE_RENAMED:
		log_notice("an interface is called %s now; %s", event->interface, event->reason);
		break;
	case XDPTAIL_STATE_MOVED:
		log_warning("the interface %s was moved: %s", event->interface, event->reason);
		break;
	case XDPTAIL_STATE_DOWN:
		log_warning("the interface %s is down: %s", event->interface, event->reason);
		break;
	case XDPTAIL_STATE_UP:
		log_notice("the interface %s is up", event->interface);
		break;
	case XDPTAIL_STATE_MAX:
		break;
	}
}

void loop_attach(struct loop *l)
{
	const struct options *o = l->options;
	int err = 0;

	for (unsigned int i = 0; err >= 0 && i < o->n_interfaces; i++)
		err = xdptail_attach(l->handle, o->interfaces[i], o->mode);
	if (err >= 0)
		return;
	log_error("%s", xdptail_reason(l->handle));
	loop_stop(l, "cannot attach", exit_code_of_attach(err));
}
