/* SPDX-License-Identifier: BSD-2-Clause */
/* The severity of a record, in the numbers of syslog (RFC 5424, 6.2.1), for outputs that transmit
 * it.
 */
#ifndef OUTPUT_SEVERITY_H
#define OUTPUT_SEVERITY_H

#include "record/record.h"

/* LOG_WARNING, LOG_NOTICE or LOG_INFO. */
unsigned int severity_of(enum record_type type);

#endif
