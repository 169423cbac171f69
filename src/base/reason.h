/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a call failed, in words, for every layer. A function that takes a struct reason fills it when
 * it fails, and returns -errno; the caller decides whether to report it.
 */
#ifndef BASE_REASON_H
#define BASE_REASON_H

struct reason {
	char text[1024];
};

void reason_clear(struct reason *r);

/* Set the sentence; a longer one is cut. Returns err, so that a caller can fail in one line. */
int reason_set(struct reason *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Add to the sentence. */
void reason_add(struct reason *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
