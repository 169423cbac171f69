/* SPDX-License-Identifier: BSD-2-Clause */
/* How urgent a record is, in syslog's numbers (RFC 5424, 6.2.1), for outputs that say so. */
#ifndef OUTPUT_SEVERITY_H
#define OUTPUT_SEVERITY_H

#include "record/record.h"

/* LOG_WARNING, LOG_NOTICE or LOG_INFO. */
unsigned int severity_of(enum record_type type);

#endif
