// SPDX-License-Identifier: BSD-2-Clause
#include "app/interface_sums.h"

#include <string.h>

/* The last of them stands for all that come when the others are taken. */
static struct interface_sum *find_sum(struct interface_sums *s, const char *name)
{
	size_t i = s->last;

	if (i < s->n && s->list[i].name == name) /* sources come one interface after the other */
		return &s->list[i];
	for (i = 0; i < s->n && strcmp(s->list[i].name, name) != 0; i++)
		;
	if (i == INTERFACE_SUMS_MAX)
		i--;
	if (i == s->n) {
		s->list[i].name = i == INTERFACE_SUMS_MAX - 1 ? INTERFACE_SUMS_OTHERS : name;
		s->n++;
	}
	s->last = i;
	return &s->list[i];
}

void interface_sums_add(struct interface_sums *s, const struct xdptail_source *source)
{
	struct interface_sum *sum = find_sum(s, source->interface);

	sum->packets += source->packets;
	sum->bytes += source->bytes;
}

static enum xdptail_mode mode_after(const struct xdptail_interface *event)
{
	switch (event->state) {
	case XDPTAIL_STATE_DETACHED:
	case XDPTAIL_STATE_GONE:
		return XDPTAIL_MODE_AUTO;
	case XDPTAIL_STATE_ATTACHED:
	case XDPTAIL_STATE_BACK:
	case XDPTAIL_STATE_RENAMED:
	case XDPTAIL_STATE_MOVED:
	case XDPTAIL_STATE_DOWN:
	case XDPTAIL_STATE_UP:
	case XDPTAIL_STATE_MAX:
		break;
	}
	return event->mode;
}

void interface_sums_event(struct interface_sums *s, const struct xdptail_interface *event)
{
	struct interface_sum *sum = find_sum(s, event->interface);

	for (size_t i = 0; event->ifindex && i < s->n; i++) {
		if (s->list[i].ifindex == event->ifindex) /* what it was called before */
			s->list[i].mode = XDPTAIL_MODE_AUTO;
	}
	sum->ifindex = event->ifindex;
	sum->mode = mode_after(event);
}
