// SPDX-License-Identifier: BSD-2-Clause
#include "output/encoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "output/severity.h"

#define HOSTNAME_MAX	64 /* the longest that Linux allows; RFC 5424 would allow 255 */
#define TIMESTAMP_BYTES 27 /* RFC 5424 allows at most six fraction digits */
#define COOKIE		"@cee: "

static bool is_hostname(const char *text)
{
	size_t len = strlen(text);

	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			return false;
	}
	return len > 0 && len <= HOSTNAME_MAX;
}

__attribute__((format(printf, 2, 3))) static void set_part(struct frame_part *ret, const char *fmt,
							   ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(ret->text, sizeof(ret->text), fmt, ap);
	va_end(ap);
	ret->len = (size_t)len < sizeof(ret->text) ? (size_t)len : sizeof(ret->text) - 1;
}

static void set_parts(struct encoder *e, const struct frame_settings *s, enum record_type type)
{
	unsigned int pri = s->facility * 8 + severity_of(type);
	const char *cookie = s->cee ? COOKIE : "";

	if (s->form == FRAME_LOCAL) {
		set_part(&e->before[type], "<%u>", pri);
		set_part(&e->after[type], " %.*s[%u]: %s", FRAME_TAG_MAX, s->tag, s->pid, cookie);
	} else {
		set_part(&e->before[type], "<%u>1 ", pri);
		set_part(&e->after[type], " %s %.*s %u %s - %s",
			 is_hostname(s->hostname) ? s->hostname : "-", FRAME_TAG_MAX, s->tag,
			 s->pid, record_type_name(type), cookie);
	}
}

void encoder_init(struct encoder *ret, const struct frame_settings *settings)
{
	*ret = (struct encoder){ .form = settings->form, .second = -1 };
	for (int type = 0; ret->form != FRAME_LINE && type < RECORD_TYPE_MAX; type++)
		set_parts(ret, settings, (enum record_type)type);
}

void encoder_set_time(struct encoder *e, time_t now)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm = { 0 };

	if (e->form != FRAME_LOCAL || now == e->second)
		return;
	e->second = now;
	(void)localtime_r(&now, &tm); /* fails if int cannot hold the year: January 1st then */
	(void)snprintf(e->local, sizeof(e->local), "%s %2u %02u:%02u:%02u", months[tm.tm_mon],
		       (unsigned int)tm.tm_mday % 100, (unsigned int)tm.tm_hour % 100,
		       (unsigned int)tm.tm_min % 100, (unsigned int)tm.tm_sec % 100);
}

size_t encoder_text_len(const struct queue_line *line, enum frame_end end)
{
	return end == FRAME_NEWLINE ? line->len : line->len - 1;
}

static char *put_text(char *pos, const void *text, size_t len)
{
	memcpy(pos, text, len);
	return pos + len;
}

/* The timestamp is the line's own, since that is when the record was made. RFC 5424 allows six
 * fraction digits, so a longer one is truncated.
 */
static char *put_timestamp(char *pos, const struct queue_line *line)
{
	size_t len = 0;
	const char *timestamp = record_timestamp(line->text, line->len, &len);

	if (!timestamp)
		return put_text(pos, "-", 1);
	if (len <= TIMESTAMP_BYTES)
		return put_text(pos, timestamp, len);
	pos = put_text(pos, timestamp, TIMESTAMP_BYTES - 1);
	return put_text(pos, "Z", 1);
}

/* Append the octet count in decimal, and a blank. */
static char *put_octets(char *pos, size_t octets)
{
	char digits[24]; /* enough for any size_t; least significant digit first */
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + octets % 10);
		octets /= 10;
	} while (octets > 0);
	while (n > 0)
		*pos++ = digits[--n];
	*pos++ = ' ';
	return pos;
}

size_t encoder_header(const struct encoder *e, const struct queue_line *line, enum frame_end end,
		      char *ret)
{
	char header[FRAME_HEADER_BYTES];
	char *pos = header;
	char *out = ret;
	size_t len;

	if (e->form == FRAME_LINE)
		return 0;
	pos = put_text(pos, e->before[line->type].text, e->before[line->type].len);
	if (e->form == FRAME_LOCAL)
		pos = put_text(pos, e->local, strlen(e->local));
	else
		pos = put_timestamp(pos, line);
	pos = put_text(pos, e->after[line->type].text, e->after[line->type].len);
	len = (size_t)(pos - header);
	if (end == FRAME_OCTETS)
		out = put_octets(out, len + encoder_text_len(line, end));
	return (size_t)(put_text(out, header, len) - ret);
}
