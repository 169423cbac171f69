/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is appended to. A full disk does not end it: what cannot be written is dropped, and it is
 * tried again once a second. The remainder of a half-written line is kept, and written first.
 */
#ifndef SINK_FILE_H
#define SINK_FILE_H

#include "sink/channel.h"

extern const struct channel_kind file_kind;

#endif
