/* SPDX-License-Identifier: BSD-2-Clause */
/* The specification of an output, KIND[:TARGET][,key=value…], as the user wrote it and parsed. A
 * comma in the target is written \, and a backslash \\.
 */
#ifndef OUTPUT_SPEC_H
#define OUTPUT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "record/record.h"
#include "output/driver.h"

#define SPEC_QUEUE_DEFAULT "8M"
#define SPEC_QUEUE_MIN	   (UINT64_C(64) << 10)
#define SPEC_QUEUE_MAX	   (UINT64_C(1) << 30)
#define SPEC_TEXT_BYTES	   4352 /* the longest path, and settings */
#define SPEC_KIND_BYTES	   256 /* of the settings of a type, at most */

enum output_when_full {
	OUTPUT_DROP_OR_BLOCK, /* depends on the source: a capture waits, an interface cannot */
	OUTPUT_DROP,
	OUTPUT_BLOCK, /* captures only */
};

struct output_spec {
	const struct output_kind *kind;
	const char *name; /* KIND[:TARGET], as in records; points into text */
	const char *target; /* points into text; NULL: the type has none */
	char *text; /* owned */
	uint64_t queue_bytes;
	uint64_t events; /* a bit (1 << type) for each type of record that it takes */
	uint64_t when_full; /* enum output_when_full */
	uint64_t given; /* a bit for each setting that the user set */
	_Alignas(uint64_t) unsigned char settings[SPEC_KIND_BYTES]; /* the type's own settings */
};

/* Parse a specification. 0, -ENOMEM, or -EINVAL with a message in err. The caller frees *ret with
 * output_spec_free().
 */
int output_spec_parse(const char *text, struct output_spec *ret, struct reason *why);

/* Build a specification step by step: from a type and its target (NULL: not given), with all
 * defaults; then set one setting after the other, lists as words separated by commas. 0, -ENOMEM,
 * or -EINVAL with a message in err.
 */
int output_spec_init(struct output_spec *ret, const char *kind, const char *target,
		     struct reason *why);
int output_spec_set(struct output_spec *spec, const char *key, const char *value,
		    struct reason *why);

/* Check that the settings of the type are compatible. 0, or -EINVAL with a message in err. */
int output_spec_check(const struct output_spec *spec, struct reason *why);

/* Call fn with each setting and its value, in the form that output_spec_set() parses. number: the
 * value is a number.
 */
void output_spec_visit(const struct output_spec *spec,
		       void (*fn)(void *arg, const char *key, const char *value, bool number),
		       void *arg);

/* Returns whether both specify the same output with the same settings. */
bool output_spec_equal(const struct output_spec *a, const struct output_spec *b);
void output_spec_free(struct output_spec *spec); /* one that is all zero is fine */

/* The types of outputs, NULL after the last; and the settings that all of them have, which a row
 * with a NULL name ends.
 */
const struct output_kind *output_spec_kind(size_t i);
const struct setting *output_spec_settings(void);

#endif
