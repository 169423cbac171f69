// SPDX-License-Identifier: BSD-2-Clause
/* Names of a run, an interface and an output: whatever they are, each line of the metrics file is a
 * comment or one sample, as the text format 0.0.4 has it, and its labels say those names.
 */
#include <stdbool.h>

#include "base/text.h"
#include "app/metrics.h"
#include "fuzz.h"

#define NAME_BYTES 128

static char run[NAME_BYTES], interface[NAME_BYTES], output[NAME_BYTES];

/* Behind the closing quote; what stands before it, without escapes, into value. */
static const char *take_value(const char *pos, char *value)
{
	while (*pos != '"') {
		FUZZ_CHECK(*pos && *pos != '\n', "a value without an end");
		if (*pos != '\\') {
			*value++ = *pos++;
			continue;
		}
		FUZZ_CHECK(pos[1] == '\\' || pos[1] == '"' || pos[1] == 'n', "escaped: 0x%02x",
			   (unsigned int)(unsigned char)pos[1]);
		*value = pos[1];
		if (*value == 'n')
			*value = '\n';
		value++;
		pos += 2;
	}
	*value = '\0';
	return pos + 1;
}

static void check_value(const char *key, size_t key_len, const char *value)
{
	static const struct {
		const char *key, *text;
	} names[] = { { "name", run }, { "interface", interface }, { "output", output } };

	FUZZ_CHECK(text_is_utf8(value, strlen(value)), "%s is not UTF-8", value);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = names[i].text;

		if (strlen(names[i].key) == key_len && !memcmp(names[i].key, key, key_len))
			FUZZ_CHECK(!text_is_utf8(text, strlen(text)) || !strcmp(value, text),
				   "%s, not %s", value, text);
	}
}

/* Behind the line. */
static const char *check_sample(const char *pos)
{
	char value[NAME_BYTES * 8];
	char delimiter = '{';

	FUZZ_CHECK(!strncmp(pos, "xdptail_", 8), "%.40s", pos);
	pos += strspn(pos, "abcdefghijklmnopqrstuvwxyz_");
	do {
		const char *end;
		size_t len;

		FUZZ_CHECK(*pos == delimiter, "%.40s", pos);
		pos++;
		len = strspn(pos, "abcdefghijklmnopqrstuvwxyz_");
		FUZZ_CHECK(len && pos[len] == '=' && pos[len + 1] == '"', "%.40s", pos);
		end = take_value(pos + len + 2, value);
		check_value(pos, len, value);
		pos = end;
		delimiter = ',';
	} while (*pos != '}');
	FUZZ_CHECK(pos[1] == ' ', "%.40s", pos);
	pos += 2;
	FUZZ_CHECK(strspn(pos, "0123456789."), "%.40s", pos);
	pos += strspn(pos, "0123456789.");
	FUZZ_CHECK(*pos == '\n', "%.40s", pos);
	return pos + 1;
}

static unsigned int check_text(const char *pos)
{
	unsigned int samples = 0;

	while (*pos) {
		if (*pos == '#') {
			pos = strchr(pos, '\n');
			FUZZ_CHECK(pos, "a comment without an end");
			pos++;
			continue;
		}
		pos = check_sample(pos);
		samples++;
	}
	return samples;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xdptail_counts counts = { 0 };
	static const struct record_stats stats = { 0 };
	static unsigned int samples;
	struct fuzz_input in = { data, data + size };
	const struct xdptail_stats handle = {
		.function_name = "count_packets",
		.transport = XDPTAIL_TRANSPORT_PERF,
	};
	const struct interface_sum sum = {
		.name = fuzz_text(&in, interface, sizeof(interface)),
		.mode = XDPTAIL_MODE_NATIVE,
	};
	const struct metrics_output one = { .name = fuzz_text(&in, output, sizeof(output)) };
	const struct metrics m = {
		.name = fuzz_text(&in, run, sizeof(run)),
		.handle = &handle,
		.counts = &counts,
		.stats = &stats,
		.last = &stats,
		.interfaces = &sum,
		.n_interfaces = 1,
		.outputs = &one,
		.n_outputs = 1,
	};
	unsigned int n;
	size_t len;
	char *text;

	FUZZ_CHECK(!metrics_text(&m, &text, &len), "no memory");
	FUZZ_CHECK(strlen(text) == len, "%zu", len);
	n = check_text(text);
	FUZZ_CHECK(!samples || n == samples, "%u samples, not %u", n, samples);
	samples = n;
	free(text);
	return 0;
}
