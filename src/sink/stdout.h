/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process has as stdout: a pipe, a file, a terminal, a socket. A reader that went away
 * ends the output.
 */
#ifndef SINK_STDOUT_H
#define SINK_STDOUT_H

#include "sink/channel.h"

extern const struct channel_kind stdout_kind;

#endif
