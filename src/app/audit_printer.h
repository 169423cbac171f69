/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict on everything that was read, for people and for machines. */
#ifndef APP_AUDIT_PRINTER_H
#define APP_AUDIT_PRINTER_H

#include <stdio.h>

#include "app/audit_state.h"

/* A line for each run, and one for each finding. 0, or -errno when it could not be written. */
int audit_printer_text(const struct audit_state *state, FILE *out);

/* An object for each run, and one for all, a line each. 0, -ENOMEM or -errno. */
int audit_printer_json(const struct audit_state *state, FILE *out);

#endif
