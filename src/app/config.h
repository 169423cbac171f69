/* SPDX-License-Identifier: BSD-2-Clause */
/* The config file: JSON with comments, in which every long option is a key. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/options_table.h"

#define CONFIG_BYTES_MAX (1U << 20)

/* Take all of p->file. 0; -EINVAL for what is in it, or whatever kept it from being read, with p's
 * message set; p->line then has where each option stands.
 */
int config_read(struct parser *p);

#endif
