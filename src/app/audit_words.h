/* SPDX-License-Identifier: BSD-2-Clause */
/* The verdict on everything that was read, for people and for machines. */
#ifndef APP_AUDIT_WORDS_H
#define APP_AUDIT_WORDS_H

#include <stdio.h>

#include "app/audit_book.h"

/* A line for each run, and one for each finding. 0, or -errno when it could not be written. */
int audit_words_print(const struct audit_book *book, FILE *out);

/* An object for each run, and one for all, a line each. 0, -ENOMEM or -errno. */
int audit_words_print_json(const struct audit_book *book, FILE *out);

#endif
