/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as people write them: decimal digits, and behind them a unit where the kind of number has
 * any. Options, settings of outputs and the config file all read them here, so that a unit which
 * holds in one place holds in the others.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_RANGE_BYTES 128 /* what number_range() needs at most, with its NUL */

enum number_kind {
	NUMBER_PLAIN, /* has no units */
	NUMBER_BYTES, /* K, M and G: 2^10, 2^20 and 2^30 */
	NUMBER_SECONDS, /* s, m, h and d; a day is 24 hours, wherever it begins */
};

/* A kind of number, and which of them are allowed. */
struct number {
	enum number_kind kind;
	uint64_t min, max; /* bytes, seconds, or whatever is counted */
};

/* The text as a whole: nothing before the digits, between them and the unit, or behind. false:
 * it is no such number, or not from min to max, and *ret is as it was.
 */
bool number_read(const struct number *n, const char *text, uint64_t *ret);

/* Digits at the head of text, of which *ret_end is behind the last. 0, -EINVAL (there are none) or
 * -ERANGE (more than 64 bits hold).
 */
int number_read_digits(const char *text, uint64_t *ret, const char **ret_end);

/* What number_read() takes, for a sentence that ends with "is not …". */
void number_range(const struct number *n, char ret[NUMBER_RANGE_BYTES]);

#endif
