// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.h"

#include <errno.h>

int text_utf8_bytes(const char *text, const char *end)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	int bytes = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return -EILSEQ;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (int i = 1; i < bytes; i++) {
		if (text + i == end)
			return -ENODATA;
		if (s[i] < low || s[i] > high)
			return -EILSEQ;
		low = 0x80;
		high = 0xbf;
	}
	return bytes;
}

bool text_is_utf8(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		int bytes = text_utf8_bytes(text, end);

		if (bytes < 0)
			return false;
		text += bytes;
	}
	return true;
}

char *text_put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

static bool is_control(const char *s, int bytes)
{
	if (bytes == 1)
		return (unsigned char)*s < 0x20 || *s == 0x7f;
	return bytes == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] <= 0x9f;
}

void text_mask(char *text, size_t len)
{
	char *end = text + len;

	while (text < end) {
		int bytes = text_utf8_bytes(text, end);

		if (bytes < 0)
			bytes = 1;
		else if (!is_control(text, bytes)) {
			text += bytes;
			continue;
		}
		while (bytes--)
			*text++ = '?';
	}
}
