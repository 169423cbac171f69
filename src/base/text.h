/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 and control characters, for bytes that may not be text. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_UTF8_BYTES_MAX 4 /* bytes of one character */

/* Returns the number of bytes of the UTF-8 character that begins at text, in a buffer that ends at
 * end (Unicode 15, table 3-7). -EILSEQ: no character begins there; -ENODATA: it would continue
 * beyond end. Nothing is read behind the first byte that does not fit, such as a NUL.
 */
int text_utf8_bytes(const char *text, const char *end);

bool text_is_utf8(const char *text, size_t len);

/* Writes the character with this code point, below 0x110000, and returns the position behind it. */
char *text_put_utf8(char *to, uint32_t c);

/* Replaces by '?' each byte of a control character, of ASCII or of Unicode (U+0080 to U+009F), and
 * each byte that is not part of a UTF-8 character. Text from outside must not break a line of the
 * log or control a terminal.
 */
void text_mask(char *text, size_t len);

#endif
