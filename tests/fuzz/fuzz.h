/* SPDX-License-Identifier: BSD-2-Clause */
/* What fuzzers share: the input as a row of values, and how to say what is wrong with it. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls this. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: libFuzzer keeps the input. */
#define FUZZ_CHECK(holds, ...)                                                      \
	do {                                                                        \
		if (!(holds)) {                                                     \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #holds); \
			fprintf(stderr, __VA_ARGS__);                               \
			fputc('\n', stderr);                                        \
			abort();                                                    \
		}                                                                   \
	} while (0)

struct fuzz_input {
	const uint8_t *pos;
	const uint8_t *end;
};

/* The next size bytes; zeros where there are no more. */
static inline void fuzz_take(struct fuzz_input *in, void *ret, size_t size)
{
	size_t left = (size_t)(in->end - in->pos);
	size_t n = size < left ? size : left;

	memset(ret, 0, size);
	if (n)
		memcpy(ret, in->pos, n);
	in->pos += n;
}

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t byte;

	fuzz_take(in, &byte, sizeof(byte));
	return byte;
}

/* A byte that says how long it is, then a text; it ends early where it has a NUL. cap > 0. */
static inline const char *fuzz_text(struct fuzz_input *in, char *ret, size_t cap)
{
	size_t len = fuzz_byte(in);

	if (len > cap - 1)
		len = cap - 1;
	fuzz_take(in, ret, len);
	ret[len] = '\0';
	return ret;
}

#endif
