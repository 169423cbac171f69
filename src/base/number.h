/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as people write them: decimal digits, followed by a unit where the kind of number has
 * units. Options, settings of outputs and the config file all read them here, so that every unit is
 * accepted everywhere.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_RANGE_BYTES 128 /* the most that number_range() writes, including the NUL */

enum number_kind {
	NUMBER_PLAIN, /* has no units */
	NUMBER_BYTES, /* K, M and G: 2^10, 2^20 and 2^30 */
	NUMBER_SECONDS, /* s, m, h and d; a day is 24 hours, not a calendar day */
};

/* A kind of number and its range. */
struct number {
	enum number_kind kind;
	uint64_t min, max; /* in bytes, in seconds, or plain */
};

/* Reads the whole text: nothing may stand before the digits, between them and the unit, or behind
 * the unit. Returns false and leaves *ret unchanged if the text is not such a number, or is not
 * from min to max.
 */
bool number_read(const struct number *n, const char *text, uint64_t *ret);

/* Reads the digits at the start of text; *ret_end points behind the last one. Returns 0, -EINVAL
 * (there are no digits) or -ERANGE (the number needs more than 64 bits).
 */
int number_read_digits(const char *text, uint64_t *ret, const char **ret_end);

/* Describes what number_read() accepts, for a sentence that ends with "is not …". */
void number_range(const struct number *n, char ret[NUMBER_RANGE_BYTES]);

#endif
