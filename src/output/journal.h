/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to the systemd journal, by its native protocol, on a socket of its own: the call of
 * libsystemd blocks if journald has stopped reading. The output waits for a journald that is absent
 * or goes away.
 */
#ifndef OUTPUT_JOURNAL_H
#define OUTPUT_JOURNAL_H

#include "output/driver.h"

extern const struct output_kind journal_kind;

#endif
