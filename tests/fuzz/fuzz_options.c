// SPDX-License-Identifier: BSD-2-Clause
/* Arguments, each ending in a NUL: whatever they are, there is a result, or one line that says why
 * not. The first byte is how much room the line has.
 */
#include <ctype.h>

#include "app/options.h"
#include "fuzz.h"

#define ARGS_MAX 40

/* argv of the input, each argument in memory of its own, so that a sanitizer sees where it ends. */
static int make_argv(char *argv[ARGS_MAX + 2], const uint8_t *data, size_t size)
{
	int argc = 0;

	argv[argc++] = strdup("xdptail");
	while (size && argc <= ARGS_MAX) {
		const uint8_t *nul = memchr(data, 0, size);
		size_t len = nul ? (size_t)(nul - data) : size;

		argv[argc++] = strndup((const char *)data, len);
		data += nul ? len + 1 : len;
		size -= nul ? len + 1 : len;
	}
	argv[argc] = NULL;
	for (int i = 0; i < argc; i++)
		FUZZ_CHECK(argv[i], "no memory");
	return argc;
}

static void check_refusal(const char *why)
{
	FUZZ_CHECK(*why, "refused without a word");
	for (const char *c = why; *c; c++)
		FUZZ_CHECK(!iscntrl((unsigned char)*c), "\"%s\" has 0x%02x", why,
			   (unsigned)(unsigned char)*c);
}

static void check_output(const struct output_spec *spec, bool capture)
{
	FUZZ_CHECK(spec->kind && spec->name && strlen(spec->name), "no name");
	FUZZ_CHECK(!spec->target == !spec->kind->target, "a target where there is none");
	FUZZ_CHECK(spec->queue_bytes >= SPEC_QUEUE_MIN && spec->queue_bytes <= SPEC_QUEUE_MAX,
		   "%llu", (unsigned long long)spec->queue_bytes);
	FUZZ_CHECK(spec->events & 1U << RECORD_START && spec->events >> RECORD_TYPE_MAX == 0,
		   "%llx", (unsigned long long)spec->events);
	FUZZ_CHECK(capture || spec->when_full != OUTPUT_BLOCK, "packets can't wait");
}

static void check_options(const struct options *o)
{
	FUZZ_CHECK(o->action <= OPTIONS_LIST_INTERFACES, "%u", o->action);
	if (o->action != OPTIONS_RUN)
		return;
	FUZZ_CHECK(!o->n_interfaces != !o->read && o->function_name, "not named");
	FUZZ_CHECK(!o->prog_run || o->read, "no capture");
	FUZZ_CHECK(o->sample_rate <= XDPTAIL_SAMPLE_RATE_MAX, "%u", o->sample_rate);
	FUZZ_CHECK(o->sample_mode < XDPTAIL_SAMPLE_MODE_MAX, "%u", o->sample_mode);
	FUZZ_CHECK(o->mode < XDPTAIL_MODE_MAX, "%u", o->mode);
	FUZZ_CHECK(o->transport < XDPTAIL_TRANSPORT_MAX, "%u", o->transport);
	FUZZ_CHECK(o->ring_bytes >= XDPTAIL_RING_BYTES_MIN &&
			   o->ring_bytes <= XDPTAIL_RING_BYTES_MAX,
		   "%u", o->ring_bytes);
	FUZZ_CHECK(o->max_sources >= 1 && o->max_sources <= XDPTAIL_MAX_SOURCES_MAX, "%u",
		   o->max_sources);
	FUZZ_CHECK(o->batch_ms <= XDPTAIL_BATCH_MS_MAX, "%u", o->batch_ms);
	FUZZ_CHECK(o->n_outputs >= 1 && o->n_outputs <= OUTPUTS_MAX, "%u", o->n_outputs);
	for (unsigned int i = 0; i < o->n_outputs; i++)
		check_output(&o->outputs[i], o->read != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGS_MAX + 2];
	struct options options;
	struct reason why = { 0 };
	int argc = make_argv(argv, data, size);
	int result = options_parse(&options, argc, argv, &why);

	FUZZ_CHECK(result <= 0, "%d", result); /* a config file that is named may fail in any way */
	if (result)
		check_refusal(why.text);
	else
		check_options(&options);
	if (!result)
		options_free(&options);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return 0;
}
