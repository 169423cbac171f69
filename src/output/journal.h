/* SPDX-License-Identifier: BSD-2-Clause */
/* The systemd journal, by its native protocol, on a socket of our own: libsystemd's call blocks
 * behind a journald that has stopped. One that is not there, or goes away, is waited for.
 */
#ifndef OUTPUT_JOURNAL_H
#define OUTPUT_JOURNAL_H

#include "output/driver.h"

extern const struct output_kind journal_kind;

#endif
