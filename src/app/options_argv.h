/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: argv to values of the table, by getopt_long(). */
#ifndef APP_OPTIONS_ARGV_H
#define APP_OPTIONS_ARGV_H

#include "app/options_table.h"

/* To the end of argv, or to the first option that asks for something else than a run. 0 or -EINVAL.
 */
int options_take_argv(struct parser *p, int argc, char *const argv[]);

#endif
