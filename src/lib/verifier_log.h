/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the one line of the verifier's log that says why a program was rejected. It has no state.
 */
#ifndef LIB_VERIFIER_LOG_H
#define LIB_VERIFIER_LOG_H

#include <stddef.h>

#define VERIFIER_LINE_BYTES 160

/* The last line that is neither a figure of the walk nor a dump of instructions or registers: that
 * is where the walk ended. It is cut to fit, and printable ASCII; "" if no such line exists,
 * because the verifier did not reject anything.
 */
void verifier_log_verdict(const char *log, char ret[VERIFIER_LINE_BYTES]);

#endif
