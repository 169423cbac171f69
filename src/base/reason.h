/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the last call failed, in words: kept with the handle, never printed here. */
#ifndef BASE_REASON_H
#define BASE_REASON_H

struct reason {
	char text[768];
};

void reason_clear(struct reason *r);

/* Set the sentence; a longer one is cut. Returns err, so that a caller can fail in one line. */
int reason_set(struct reason *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
