/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's verifier wrote about a program: the one line of it that says why. Pure. */
#ifndef LIB_VERIFIER_LOG_H
#define LIB_VERIFIER_LOG_H

#include <stddef.h>

#define VERIFIER_LINE_BYTES 160

/* The last line that is neither a figure of the walk nor a dump of instructions or registers, which
 * is where the walk ended; cut to fit, and printable ASCII. "" where no line is left: the verifier
 * did not refuse anything.
 */
void verifier_log_verdict(const char *log, char ret[VERIFIER_LINE_BYTES]);

#endif
