// SPDX-License-Identifier: BSD-2-Clause
#include "lib/retry.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "lib/clock.h"

/* The longest time of failures in a row: a shortage that the OOM killer ends is over by then. */
#define MOST_MS 5000
/* The number of failures that are tolerated in any case, however long the process was held up. */
#define MOST_TIMES 3
#define NAP_NS	   1000000

bool retry_is_worth_it(int err)
{
	switch (err) {
	case -EAGAIN:
	case -EBUSY:
	case -EINTR:
	case -EMFILE:
	case -ENFILE:
	case -ENOBUFS:
	case -ENOMEM:
		return true;
	default:
		return false;
	}
}

static void add_time(struct reason *r, const struct retry *p, int64_t ms)
{
	size_t len = strlen(r->text);

	(void)snprintf(r->text + len, sizeof(r->text) - len, " (%u times in %.1f s)", p->times,
		       (double)ms / 1000);
}

int retry_or_fail(struct retry *p, int err, struct reason *r)
{
	int64_t now;

	if (!retry_is_worth_it(err)) {
		p->failing = false;
		return err;
	}
	now = time_monotonic_ms();
	if (!p->failing)
		*p = (struct retry){ .failing = true, .since_ms = now };
	p->times++;
	if (p->times <= MOST_TIMES || now - p->since_ms < MOST_MS)
		return 0;
	add_time(r, p, now - p->since_ms);
	p->failing = false;
	return err;
}

void retry_pause(void)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	/* a signal may end it early, which only makes the next try earlier */
	(void)nanosleep(&nap, NULL);
}
