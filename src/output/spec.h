/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user wrote of an output, KIND[:TARGET][,key=value…], and what it means. A comma in the
 * target is written \, and a backslash \\.
 */
#ifndef OUTPUT_SPEC_H
#define OUTPUT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"
#include "output/driver.h"

#define SPEC_QUEUE_DEFAULT "8M"
#define SPEC_QUEUE_MIN	   (UINT64_C(64) << 10)
#define SPEC_QUEUE_MAX	   (UINT64_C(1) << 30)
#define SPEC_TEXT_BYTES	   4352 /* a path of the longest, and settings */
#define SPEC_KIND_BYTES	   256 /* of the settings of a kind, at most */

enum output_when_full {
	OUTPUT_DROP_OR_BLOCK, /* as the source can: a capture waits, an interface can't */
	OUTPUT_DROP,
	OUTPUT_BLOCK, /* captures only */
};

struct output_spec {
	const struct output_kind *kind;
	const char *name; /* KIND[:TARGET], as it stands in records; points into the next member */
	const char *target; /* likewise; NULL where the kind has none */
	char *text; /* owned */
	uint64_t queue_bytes;
	uint64_t events; /* a bit (1 << type) for each type of line that it takes */
	uint64_t when_full; /* enum output_when_full */
	uint64_t given; /* a bit for each setting that was */
	_Alignas(uint64_t) unsigned char settings[SPEC_KIND_BYTES]; /* of the kind */
};

/* 0, -ENOMEM, or -EINVAL with a sentence in err. *ret is owned by the caller: output_spec_free().
 */
int output_spec_parse(const char *text, struct output_spec *ret, char *err, size_t err_cap);

/* The same in steps: a kind and its target (NULL: none is given), with the defaults of every
 * setting; then one setting after the other, lists as words with commas between. 0, -ENOMEM, or
 * -EINVAL.
 */
int output_spec_init(struct output_spec *ret, const char *kind, const char *target, char *err,
		     size_t err_cap);
int output_spec_set(struct output_spec *spec, const char *key, const char *value, char *err,
		    size_t err_cap);

/* Do the settings of its kind go together? 0, or -EINVAL with a sentence in err. */
int output_spec_check(const struct output_spec *spec, char *err, size_t err_cap);

/* Call fn with each setting and its value, as output_spec_set() would take it; number: it is one.
 */
void output_spec_visit(const struct output_spec *spec,
		       void (*fn)(void *arg, const char *key, const char *value, bool number),
		       void *arg);

/* Do they say the same? */
bool output_spec_equal(const struct output_spec *a, const struct output_spec *b);
void output_spec_free(struct output_spec *spec); /* one that is all zero is fine */

/* What there is to choose from: kinds of outputs, NULL behind the last; and the settings that all
 * of them have, which end with a row without a name.
 */
const struct output_kind *output_spec_kind(size_t i);
const struct setting *output_spec_settings(void);

#endif
