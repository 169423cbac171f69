/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to stdout: a pipe, a file, a terminal, or a socket. The output ends when its reader goes
 * away.
 */
#ifndef OUTPUT_STDOUT_H
#define OUTPUT_STDOUT_H

#include "output/driver.h"

extern const struct output_kind stdout_kind;

#endif
