/* SPDX-License-Identifier: BSD-2-Clause */
/* What every layer has to know of bytes that may be no text: UTF-8, and control characters. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_UTF8_BYTES_MAX 4 /* of a character */

/* Bytes of the UTF-8 character that begins at text, which goes on to end (Unicode 15,
 * table 3-7). -EILSEQ: none begins there; -ENODATA: it would go on at end. Nothing is read behind
 * the first byte that does not fit, such as a NUL.
 */
int text_utf8_bytes(const char *text, const char *end);

bool text_is_utf8(const char *text, size_t len);

/* Write the character of this number, below 0x110000, and return the place behind it. */
char *text_put_utf8(char *to, uint32_t c);

/* Put '?' in place of each byte that is part of a control character, of ASCII or of Unicode (U+0080
 * to U+009F), or of no UTF-8 character at all. What came from outside must neither break a line of
 * the log nor command a terminal.
 */
void text_mask(char *text, size_t len);

#endif
