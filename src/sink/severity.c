// SPDX-License-Identifier: BSD-2-Clause
#include "sink/severity.h"

#include <syslog.h>

/* A warning is what we would warn of ourselves; what happens once in a while is a notice. */
static const unsigned char severities[] = {
	[LINE_PACKET] = LOG_INFO,   [LINE_COUNT] = LOG_INFO,	   [LINE_SNAPSHOT] = LOG_INFO,
	[LINE_STATS] = LOG_INFO,    [LINE_SINK] = LOG_INFO,	   [LINE_START] = LOG_NOTICE,
	[LINE_STOP] = LOG_NOTICE,   [LINE_INTERFACE] = LOG_NOTICE, [LINE_LOSS] = LOG_WARNING,
	[LINE_CLOCK] = LOG_WARNING,
};
_Static_assert(sizeof(severities) == LINE_TYPE_MAX, "one each");

unsigned int severity_of(enum line_type type)
{
	return severities[type];
}
