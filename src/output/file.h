/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is appended to. A full disk does not end the output: lines that cannot be written are
 * dropped, and writing is retried once a second. The rest of a partial line is kept, and written
 * first.
 *
 * The output rotates its file when that has grown too large or too old: at the end of a line and if
 * possible of a snapshot, it renames the file and opens a new one. On request it reopens a file
 * that others have renamed. It goes on writing to the old file until the new one is open. A file
 * that was deleted is created again, and one that was truncated starts over. A file that does not
 * begin with the start record of the run begins with a copy of it, the header.
 */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include "output/driver.h"

extern const struct output_kind file_kind;

#endif
