// SPDX-License-Identifier: BSD-2-Clause
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct unit {
	char letter; /* 0: end of the table */
	uint64_t factor;
};

/* The units ascend, so that the last one that divides a bound is the one to print it in. */
static const struct unit byte_units[] = {
	{ 'K', UINT64_C(1) << 10 },
	{ 'M', UINT64_C(1) << 20 },
	{ 'G', UINT64_C(1) << 30 },
	{ 0, 0 },
};

static const struct unit second_units[] = {
	{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 0, 0 },
};

static const struct unit no_units[] = { { 0, 0 } };

static const struct unit *units_of(enum number_kind kind)
{
	if (kind == NUMBER_BYTES)
		return byte_units;
	return kind == NUMBER_SECONDS ? second_units : no_units;
}

/* The first digit is checked here because strtoull() alone accepts " 1" and "-1". */
int number_read_digits(const char *text, uint64_t *ret, const char **ret_end)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -errno;
	*ret = value;
	*ret_end = end;
	return 0;
}

/* Returns 0 if the suffix is not a unit of this kind. */
static uint64_t factor_of(enum number_kind kind, const char *suffix)
{
	if (!*suffix)
		return 1;
	for (const struct unit *unit = units_of(kind); unit->letter; unit++) {
		if (unit->letter == suffix[0] && !suffix[1])
			return unit->factor;
	}
	return 0;
}

bool number_read(const struct number *n, const char *text, uint64_t *ret)
{
	uint64_t value = 0, factor = 0;
	const char *suffix = "";

	if (!number_read_digits(text, &value, &suffix))
		factor = factor_of(n->kind, suffix);
	if (!factor || value > n->max / factor || value * factor < n->min)
		return false;
	*ret = value * factor;
	return true;
}

/* Prints a number of bytes in the largest unit that divides it. */
static void print_bytes(uint64_t value, char *ret, size_t cap)
{
	const struct unit *best = NULL;

	for (const struct unit *unit = byte_units; unit->letter; unit++) {
		if (value && value % unit->factor == 0)
			best = unit;
	}
	(void)snprintf(ret, cap, "%" PRIu64 "%.1s", best ? value / best->factor : value,
		       best ? &best->letter : "");
}

void number_range(const struct number *n, char ret[NUMBER_RANGE_BYTES])
{
	char min[24], max[24];

	switch (n->kind) {
	case NUMBER_PLAIN:
		(void)snprintf(ret, NUMBER_RANGE_BYTES, "a number from %" PRIu64 " to %" PRIu64,
			       n->min, n->max);
		break;
	case NUMBER_BYTES:
		print_bytes(n->min, min, sizeof(min));
		print_bytes(n->max, max, sizeof(max));
		(void)snprintf(ret, NUMBER_RANGE_BYTES,
			       "a number of bytes from %s to %s (units: K, M, G)", min, max);
		break;
	case NUMBER_SECONDS:
		(void)snprintf(ret, NUMBER_RANGE_BYTES,
			       "a time from %" PRIu64 " to %" PRIu64
			       " seconds (units: s, m, h, d, which is 24 hours)",
			       n->min, n->max);
		break;
	}
}
