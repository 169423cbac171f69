/* SPDX-License-Identifier: BSD-2-Clause */
/* The sources of one interval, merged: after an early flip the same source may be counted again in
 * the next generation (uthash over entries that never move).
 */
#ifndef LIB_SOURCES_H
#define LIB_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define SOURCES_MAX (1U << 20) /* per interval; packets of further sources are unattributed */

struct sources;

int sources_new(struct sources **ret); /* 0 or -ENOMEM */
void sources_free(struct sources *s); /* NULL is fine */

/* Adds to a source. Returns 0; -ENOSPC or -ENOMEM if it is new and has no room. */
int sources_add(struct sources *s, const struct count_key *key, const struct count_value *value);

size_t sources_number(const struct sources *s);

/* Returns the i-th source, from 0, in order of insertion. Borrowed. */
const struct count_key *sources_at(const struct sources *s, size_t i,
				   const struct count_value **ret_value);

#endif
