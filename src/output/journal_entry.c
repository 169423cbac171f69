// SPDX-License-Identifier: BSD-2-Clause
#include "output/journal_entry.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/array.h"
#include "record/record_values.h"
#include "output/setting.h"
#include "output/severity.h"

#define PREFIX	      "XDPTAIL_"
#define PREFIX_BYTES  (sizeof(PREFIX) - 1)
#define NAME_BYTES    64 /* journald silently drops longer names */
#define MESSAGE	      "MESSAGE="
#define MESSAGE_BYTES (sizeof(MESSAGE) - 1)
#define FIXED \
	"PRIORITY=%u\nSYSLOG_FACILITY=%u\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%d\nMESSAGE_ID=%s\n"
#define ID_BYTES 32

/* MESSAGE_ID identifies the kind of message to all programs, forever: each was drawn at random
 * once, and never changes (sd_id128_randomize(3)).
 */
static const char message_ids[][ID_BYTES + 1] = {
	[RECORD_PACKET] = "db1ce3fc07a0411697c334d3647f4f13",
	[RECORD_COUNT] = "63db5400fd7d488380a902aeb7626918",
	[RECORD_SNAPSHOT] = "668f308744ef4ca5af642709a3d68a46",
	[RECORD_STATS] = "b40f6a17cdb34fe1ade331d97b771382",
	[RECORD_SINK] = "de64ae9b3ca8479ba00b3cfc37193e36",
	[RECORD_START] = "7473877aca954886be015f0b05e6cab9",
	[RECORD_INTERFACE] = "02917e250aa841ce81485c24be0399b1",
	[RECORD_LOSS] = "1bbaf06bb1184e37be72654a87c4381b",
	[RECORD_CLOCK] = "08fd561b1ed14da9a31ef877ea20ca65",
	[RECORD_STOP] = "fe2ed093ec3b4c69b204ed0a8728468e",
};
_Static_assert(ARRAY_SIZE(message_ids) == RECORD_TYPE_MAX, "one each");
_Static_assert(sizeof(FIXED) + SETTING_TEXT_BYTES + ID_BYTES + 11 <= JOURNAL_FIXED_BYTES,
	       "it fits");

void journal_form_init(struct journal_form *ret, const char *tag, int pid,
		       enum journal_fields fields)
{
	ret->fields = fields;
	for (unsigned int type = 0; type < RECORD_TYPE_MAX; type++) {
		int len = snprintf(ret->fixed[type].text, JOURNAL_FIXED_BYTES, FIXED,
				   severity_of(type), (unsigned int)LOG_FAC(LOG_DAEMON), tag, pid,
				   message_ids[type]);

		ret->fixed[type].len = (size_t)len;
	}
}

static char *put_bytes(char *to, const void *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

/* Append PREFIX and the key in capitals. NULL: journald would not accept that name. */
static char *put_name(char *to, const struct record_value *value)
{
	to = put_bytes(to, PREFIX, PREFIX_BYTES);
	if (value->key_len == 0 || value->key_len > NAME_BYTES - PREFIX_BYTES)
		return NULL;
	for (size_t i = 0; i < value->key_len; i++) {
		char c = value->key[i];

		if (c >= 'a' && c <= 'z')
			*to++ = (char)(c - 'a' + 'A');
		else if (c == '_' || (c >= '0' && c <= '9'))
			*to++ = c;
		else
			return NULL;
	}
	return to;
}

/* Append the value after its name. A value with a newline is preceded by its length, so the bytes
 * are first unescaped further on, where they do not overlap the length.
 */
static char *put_value(char *to, const struct record_value *value)
{
	const size_t before = 1 + sizeof(uint64_t);
	uint64_t len = value->len;
	uint64_t len_le;

	if (value->type == RECORD_VALUE_STRING && value->escaped) {
		len = record_value_text(value, to + before);
		if (memchr(to + before, '\n', len)) {
			len_le = htole64(len);
			*to = '\n';
			memcpy(to + 1, &len_le, sizeof(len_le));
			to += before + len;
			*to++ = '\n';
			return to;
		}
		memmove(to + 1, to + before, len);
	} else {
		memcpy(to + 1, value->text, len);
	}
	*to = '=';
	to += 1 + len;
	*to++ = '\n';
	return to;
}

static bool is_selected(const struct journal_form *form, const struct record_value *value)
{
	if (value->type == RECORD_VALUE_LIST)
		return false;
	return form->fields == JOURNAL_FIELDS_ALL || record_value_is_index(value);
}

static char *put_fields(const struct journal_form *form, const struct queue_line *line, char *to,
			const char *end)
{
	struct record_values values;
	struct record_value value;
	char *field;

	record_values_begin(&values, line->text, line->len);
	while (record_values_next(&values, &value)) {
		size_t most = NAME_BYTES + 1 + sizeof(uint64_t) + value.len + 1;

		if (!is_selected(form, &value) || most > (size_t)(end - to))
			continue;
		field = put_name(to, &value);
		if (field)
			to = put_value(field, &value);
	}
	return to;
}

size_t journal_header(const struct journal_form *form, const struct queue_line *line,
		      char ret[JOURNAL_HEADER_BYTES])
{
	const char *end = ret + JOURNAL_HEADER_BYTES - MESSAGE_BYTES;
	char *to = put_bytes(ret, form->fixed[line->type].text, form->fixed[line->type].len);

	if (form->fields != JOURNAL_FIELDS_NONE)
		to = put_fields(form, line, to, end);
	to = put_bytes(to, MESSAGE, MESSAGE_BYTES);
	return (size_t)(to - ret);
}
