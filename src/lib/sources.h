/* SPDX-License-Identifier: BSD-2-Clause */
/* The sources of one interval, merged: a generation that was retired early leaves the same source
 * to be counted again in the next (uthash over entries that never move).
 */
#ifndef LIB_SOURCES_H
#define LIB_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define SOURCES_MAX (1U << 20) /* an interval; what comes beyond is unattributed */

struct sources;

int sources_new(struct sources **ret); /* 0 or -ENOMEM */
void sources_free(struct sources *s); /* NULL is fine */

/* Add to a source. 0; -ENOSPC or -ENOMEM when it is a new one and has no room. */
int sources_add(struct sources *s, const struct count_key *key, const struct count_value *value);

size_t sources_number(const struct sources *s);

/* The i-th source, from 0, in the order in which they came. Lent. */
const struct count_key *sources_at(const struct sources *s, size_t i,
				   const struct count_value **ret_value);

#endif
