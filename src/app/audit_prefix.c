// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_prefix.h"

#include <stdbool.h>
#include <string.h>

#include "base/array.h"

/* How lines with a prefix begin. In a pattern 9 is a digit, _ a digit or a blank, A and a are
 * letters, and anything else is itself.
 */
static const char *const patterns[] = {
	"Aaa _9 99:99:99 ", /* RFC 3164; journalctl -o short */
	"<9>", /* RFC 3164 and 5424, with what is cut off in most files: facility and severity */
	"<99>",
	"<999>",
	"9999-99-99T99:99:99", /* rsyslog's default today; journalctl -o short-iso */
	"9 9999-99-99T99:99:99", /* RFC 5424 without its first field */
	"Aaa 9999-99-99 99:99:99 ", /* journalctl -o short-full */
	"[____9.999999] ", /* journalctl -o short-monotonic; it grows to the left */
	"[_____9.999999] ",
	"[______9.999999] ",
	"[_______9.999999] ",
	"[________9.999999] ",
	"9999999999.999999 ", /* journalctl -o short-unix */
	"-- ", /* what journalctl says itself */
	"@cee:", /* a message of syslog's alone, marked as JSON */
};

static bool fits(char want, char byte)
{
	switch (want) {
	case '9':
		return byte >= '0' && byte <= '9';
	case '_':
		return byte == ' ' || (byte >= '0' && byte <= '9');
	case 'A':
		return byte >= 'A' && byte <= 'Z';
	case 'a':
		return byte >= 'a' && byte <= 'z';
	default:
		return byte == want;
	}
}

static bool begins_like(const char *text, size_t len, const char *pattern)
{
	for (; *pattern; pattern++, text++, len--) {
		if (!len || !fits(*pattern, *text))
			return false;
	}
	return true;
}

static bool has(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what)) != NULL;
}

/* Loggers do not alter a record, and no other program writes all of these keys. */
static bool is_ours(const char *text, size_t len)
{
	return has(text, len, ",\"event_type\":\"") && has(text, len, ",\"run\":\"");
}

enum audit_prefix audit_prefix_find(const char *text, size_t len, size_t *ret_bytes)
{
	static const char head[] = "{\"timestamp\":\"";
	const char *message;
	size_t i = 0;
	char before;

	while (i < ARRAY_SIZE(patterns) && !begins_like(text, len, patterns[i]))
		i++;
	if (i == ARRAY_SIZE(patterns))
		return AUDIT_PREFIX_NONE;
	message = memmem(text, len, head, sizeof(head) - 1);
	if (!message || !is_ours(message, (size_t)(text + len - message)))
		return AUDIT_PREFIX_OTHERS;
	before = message[-1]; /* there is one: patterns begin with something else */
	if (before != ' ' && before != ':' && before != '\xbf') /* the end of a byte order mark */
		return AUDIT_PREFIX_OTHERS;
	*ret_bytes = (size_t)(message - text);
	return AUDIT_PREFIX_OURS;
}
