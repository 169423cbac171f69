// SPDX-License-Identifier: BSD-2-Clause
#include "output/severity.h"

#include <syslog.h>

/* Records that report a problem are warnings; rare events are notices. */
static const unsigned char severities[] = {
	[RECORD_PACKET] = LOG_INFO,   [RECORD_COUNT] = LOG_INFO,       [RECORD_SNAPSHOT] = LOG_INFO,
	[RECORD_STATS] = LOG_INFO,    [RECORD_SINK] = LOG_INFO,	       [RECORD_START] = LOG_NOTICE,
	[RECORD_STOP] = LOG_NOTICE,   [RECORD_INTERFACE] = LOG_NOTICE, [RECORD_LOSS] = LOG_WARNING,
	[RECORD_CLOCK] = LOG_WARNING,
};
_Static_assert(sizeof(severities) == RECORD_TYPE_MAX, "one each");

unsigned int severity_of(enum record_type type)
{
	return severities[type];
}
