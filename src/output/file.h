/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is appended to. A full disk does not end it: what cannot be written is dropped, and
 * it is tried again once a second. The remainder of a half-written line is kept, and written first.
 *
 * It is turned over, at the end of a line and if possible of a snapshot, when it has grown too
 * large or too old, then by renaming it; or on request, when others have renamed it. It stays where
 * it is until the new one is open. A file that was deleted, or emptied, is begun anew. Each one
 * that does not begin with the run's own start record begins with its repetition.
 */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include "output/driver.h"

extern const struct output_kind file_kind;

#endif
