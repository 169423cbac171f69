/* SPDX-License-Identifier: BSD-2-Clause */
/* How urgent a record is, in syslog's numbers (RFC 5424, 6.2.1), for outputs that say so. */
#ifndef SINK_SEVERITY_H
#define SINK_SEVERITY_H

#include "line/line.h"

/* LOG_WARNING, LOG_NOTICE or LOG_INFO. */
unsigned int severity_of(enum line_type type);

#endif
