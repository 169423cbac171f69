/* SPDX-License-Identifier: BSD-2-Clause */
/* What benchmarks in C have in common: time, fixed input, and one line of JSON for each figure,
 * with the value of every round: medians and ratios are micro.py's.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* CPU time of this thread, the kernel's on its behalf included: other processes' is not in it. */
static inline double bench_cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* cannot fail */
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The end of an object that has been begun: its list of rounds. */
static inline void bench_print_rounds(const char *unit, const double *rounds, size_t n)
{
	printf("\"%s\":[", unit);
	for (size_t i = 0; i < n; i++)
		printf("%s%.2f", i ? "," : "", rounds[i]);
	printf("]}\n");
}

/* The same numbers in every run, evenly spread over 32 bits (Numerical Recipes' constants). */
static inline uint32_t bench_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state;
}

/* A positive number from the command line, or the default without one. */
static inline unsigned int bench_argument(int argc, char *const argv[], int i, unsigned int usual)
{
	unsigned long value = i < argc ? strtoul(argv[i], NULL, 10) : usual;

	if (value > 0 && value <= UINT32_MAX)
		return (unsigned int)value;
	fprintf(stderr, "%s: \"%s\" is no positive number\n", argv[0], argv[i]);
	exit(2);
}

#endif
