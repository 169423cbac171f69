/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process has as stdout: a pipe, a file, a terminal, a socket. A reader that went away
 * ends the output.
 */
#ifndef OUTPUT_STDOUT_H
#define OUTPUT_STDOUT_H

#include "output/driver.h"

extern const struct output_kind stdout_kind;

#endif
