// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_BYTES     (1U << 20)

static char dir[64];
static char path[96];

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test_config.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/c", dir);
}

static void teardown(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

TestSuite(config, .init = setup, .fini = teardown, .timeout = 60);

static void write_bytes(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* The command line that names the file, and has args behind that, split at blanks. */
static int parse(const char *text, const char *args, struct options *ret, struct reason *why)
{
	char program[] = "xdptail", f[] = "-f";
	char *argv[16] = { program, f, path };
	char copy[256];
	int argc = 3;

	write_bytes(text, strlen(text));
	(void)snprintf(copy, sizeof(copy), "%s", args);
	for (char *rest = copy, *arg; (arg = strsep(&rest, " ")) != NULL;) {
		if (*arg)
			argv[argc++] = strdup(arg); /* lives as long as the test */
	}
	return options_parse(ret, argc, argv, why);
}

Test(config, every_key)
{
	static const char text[] =
		"{ // all of them\n"
		"  \"interface\": [\"eth7\", \"eth8\"], \"wait_interface\": true, # a comment with \"quotes\" and { in it\n"
		"  \"function_name\": \"count_packets\", \"sample\": 0, \"sample_mode\": \"random\",\n"
		"  /* \"mode\": \"native\",\n"
		"   */ \"mode\": \"skb\", \"transport\": \"perf\", \"ring_size\": \"1M\",\n"
		"  \"interval\": \"3s\", \"max_sources\": 7, \"max_map_memory\": \"1G\", \"top\": 5,\n"
		"  \"count\": 9, \"duration\": 8, \"timestamps\": \"ns\", \"batch\": 1,\n"
		"  \"trace\": true, \"flush\": false, \"quiet\": false, \"verbose\": 2,\n"
		"  \"output\": [\"stdout\", {\"type\": \"file\", \"target\": \"/a,b # no comment\",\n"
		"    \"queue\": \"128K\", \"events\": [\"packet\", \"loss\"]},\n"
		"    {\"type\": \"file\", \"target\": \"c\", \"queue\": 99999, \"events\": \"count\"}]\n"
		"}\n";
	struct options o;
	struct reason why = { 0 };

	cr_assert_eq(parse(text, "", &o, &why), 0, "%s", why.text);
	cr_assert_eq(o.n_interfaces, 2);
	cr_expect_str_eq(o.interfaces[0], "eth7");
	cr_expect_str_eq(o.interfaces[1], "eth8");
	cr_expect(o.wait_interface);
	cr_expect_str_eq(o.function_name, "count_packets");
	cr_expect_eq(o.sample_rate, 0);
	cr_expect_eq(o.sample_mode, XDPTAIL_SAMPLE_RANDOM);
	cr_expect_eq(o.mode, XDPTAIL_MODE_GENERIC);
	cr_expect_eq(o.transport, XDPTAIL_TRANSPORT_PERF);
	cr_expect_eq(o.ring_bytes, 1 << 20);
	cr_expect_eq(o.interval_s, 3);
	cr_expect_eq(o.max_sources, 7);
	cr_expect_eq(o.max_map_bytes, 1 << 30);
	cr_expect_eq(o.top, 5);
	cr_expect_eq(o.count, 9);
	cr_expect_eq(o.duration_s, 8);
	cr_expect(o.timestamps_ns);
	cr_expect_eq(o.batch_ms, 1);
	cr_expect(o.trace);
	cr_expect_not(o.flush);
	cr_expect_eq(o.verbose, 2);
	cr_assert_eq(o.n_outputs, 3);
	cr_expect_str_eq(o.outputs[0].name, "stdout");
	cr_expect_str_eq(o.outputs[1].target, "/a,b # no comment");
	cr_expect_eq(o.outputs[1].queue_bytes, 128 << 10);
	cr_expect_eq(o.outputs[1].events,
		     1 << RECORD_PACKET | 1 << RECORD_LOSS | 1 << RECORD_START | 1 << RECORD_STOP);
	cr_expect_eq(o.outputs[2].queue_bytes, 99999);
	cr_expect_eq(o.outputs[2].events, 1 << RECORD_COUNT | 1 << RECORD_START | 1 << RECORD_STOP);
	options_free(&o);
}

/* What --print-config writes means the same, and is written the same again. */
static void check_round_trip(const char *text, const char *args)
{
	struct options o, again;
	char *printed, *printed_again;
	struct reason why = { 0 };

	cr_assert_eq(parse(text, args, &o, &why), 0, "%s", why.text);
	printed = options_print_config(&o);
	cr_assert_not_null(printed);
	cr_assert_eq(parse(printed, "", &again, &why), 0, "%s: %s", printed, why.text);
	printed_again = options_print_config(&again);
	cr_assert_not_null(printed_again);
	cr_expect_str_eq(printed, printed_again);
	free(printed);
	free(printed_again);
	options_free(&o);
	options_free(&again);
}

Test(config, print_and_read)
{
	check_round_trip("{}", "-i lo");
	check_round_trip("{\"interface\": [\"lo\", \"eth1\"], \"wait_interface\": true}", "");
	check_round_trip("{}", "-r x --prog-run -q -q -o -");
	check_round_trip("{\"all\": true}", "-i lo -l -v -c 5 --duration 5 --sample-mode random");
	check_round_trip("{\"interface\": \"lo\", \"output\": {\"type\": \"file\", \"target\": "
			 "\"a\\\"b\\\\,\", \"events\": \"loss\"}}",
			 "");
}

/* Of an option on the command line the file says nothing, nor of one that it excludes. */
Test(config, argv_wins)
{
	static const struct {
		const char *text;
		const char *args;
		const char *want; /* in what is printed */
	} cases[] = {
		{ "{\"interface\": \"lo\"}", "-i eth1", "\"interface\": \"eth1\"" },
		{ "{\"interface\": [\"lo\", \"eth0\"]}", "-i eth1", "\"interface\": \"eth1\"" },
		{ "{\"interface\": [\"lo\", \"eth0\"]}", "-N 7", "[\n    \"lo\",\n    \"eth0\"\n" },
		{ "{\"interface\": \"lo\"}", "-r cap", "\"read\": \"cap\"" },
		{ "{\"read\": \"x\"}", "-i eth1", "\"interface\": \"eth1\"" },
		{ "{\"interface\": \"lo\", \"sample\": 3}", "-N 7", "\"sample\": 7" },
		{ "{\"interface\": \"lo\", \"sample\": 3}", "", "\"sample\": 3" },
		{ "{\"interface\": \"lo\", \"all\": true}", "--function-name x",
		  "\"function_name\": \"x\"" },
		{ "{\"interface\": \"lo\", \"function_name\": \"x\"}", "-a",
		  "\"function_name\": \"count_packets\"" },
		{ "{\"interface\": \"lo\", \"quiet\": true}", "-v", "\"verbose\": 1" },
		{ "{\"interface\": \"lo\", \"verbose\": 3}", "-q", "\"quiet\": 1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options o;
		struct reason why = { 0 };
		char *printed;

		cr_assert_eq(parse(cases[i].text, cases[i].args, &o, &why), 0, "%s: %s",
			     cases[i].text, why.text);
		printed = options_print_config(&o);
		cr_expect(strstr(printed, cases[i].want), "%s %s: got %s", cases[i].text,
			  cases[i].args, printed);
		cr_expect(!o.read || !strstr(printed, "\"interface\":"), "%s %s: got %s",
			  cases[i].text, cases[i].args, printed);
		free(printed);
		options_free(&o);
	}
}

Test(config, outputs_of_argv_replace_those_of_the_file)
{
	struct options o;
	struct reason why = { 0 };

	cr_assert_eq(parse("{\"interface\": \"lo\", \"output\": [\"file:a\", \"file:b\"]}",
			   "-o file:c", &o, &why),
		     0, "%s", why.text);
	cr_assert_eq(o.n_outputs, 1);
	cr_expect_str_eq(o.outputs[0].name, "file:c");
	options_free(&o);
}

Test(config, characters_beyond_ascii)
{
	struct options o;
	struct reason why = { 0 };

	cr_assert_eq(parse("{\"interface\": \"lo\", \"output\": \"file:é…😀\"} # ü", "", &o, &why),
		     0, "%s", why.text);
	cr_expect_str_eq(o.outputs[0].name, "file:é…😀");
	options_free(&o);
}

Test(config, refused)
{
	static const struct {
		const char *text;
		const char *says; /* behind the file's name */
	} cases[] = {
		{ "", ":1: the file ends before its object does" },
		{ "\n\n{\"sample\": 1\n\n", ":5: the file ends before its object does" },
		{ "[]", ":1: top level must be an object" },
		{ "\"lo\"", ":1: top level must be an object" },
		{ "{}\n{}", ":2: trailing data after the object" },
		{ "{\n\"sample\": 1,\n}", ":3: unexpected character (missing or extra comma?)" },
		{ "{\n\"sample\": 1\n\"top\": 2}", ":3: " },
		{ "{\"sample\": 01}", ":1: " },
		{ "{\n'sample': 1}", ":2: strings are in double quotes" },
		{ "{\n\"sample: 1}\n", ":2: a string begins here and does not end in its line" },
		{ "{\n\n/* x", ":3: a comment begins here and does not end" },
		{ "{/*/}", ":1: a comment begins here and does not end" },
		{ "{\"sample\": NaN}", ":1: \"NaN\" is no word of JSON" },
		{ "{\"trace\": True}", ":1: \"True\" is no word of JSON" },
		{ "{\"sample\": 1,\n\"top\": 1,\n\"sample\": 2}",
		  ":3: sample: is given twice, and first in line 1" },
		{ "{\"output\": {\"type\": \"stdout\",\n\"queue\": 1,\n\"queue\": 2}}",
		  ":3: queue: is given twice, and first in line 2" },
		{ "{\"sam\\u0070le\": -1}", ":1: sample: \"-1\" is not a number" },
		{ "{\"user\": \"\\ud800\"}", ":1: user: has half of a character in it" },
		{ "{\"output\": {\"type\": \"syslog\", \"tag\": \"a\\u0000\"}}",
		  ":1: output: \"tag\" has a NUL byte in it" },
		{ "{\n\n\"sampel\": 1}", ":3: sampel: no such key; did you mean \"sample\"?" },
		{ "{\"max-sources\": 1}",
		  ":1: max-sources: no such key; did you mean \"max_sources\"?" },
		{ "{\"ebpf\": 1}", ":1: ebpf: no such key" },
		{ "{\"help\": true}", ":1: help: no such key: it is for the command line only" },
		{ "{\"config\": \"x\"}",
		  ":1: config: no such key: it is for the command line only" },
		{ "{\"print_config\": true}",
		  ":1: print_config: no such key: it is for the command line only" },
		{ "{\"sample\":\n\"1\"}", ":1: sample: expected a number" },
		{ "{\"sample\": 1.0}",
		  ":1: sample: expected a number, got a number with a fraction" },
		{ "{\"sample\": 1e3}",
		  ":1: sample: expected a number, got a number with a fraction" },
		{ "{\"sample\": true}", ":1: sample: expected a number" },
		{ "{\"sample\": null}", ":1: sample: expected a number" },
		{ "{\"sample\": [1]}", ":1: sample: expected a number" },
		{ "{\"sample\": {}}", ":1: sample: expected a number" },
		{ "{\"sample\": -1}", ":1: sample: \"-1\" is not a number from 0 to 1073741824" },
		{ "{\"sample\": 1073741825}", ":1: sample: \"1073741825\" is not a number from 0" },
		{ "{\"sample\": 99999999999999999999}", ":1: sample: is a number with too many" },
		{ "{\"sample\": -99999999999999999999}", ":1: sample: is a number with too many" },
		{ "{\"ring_size\": \"1T\"}",
		  ":1: ring_size: \"1T\" is not a number of bytes from" },
		{ "{\"ring_size\": true}", ":1: ring_size: expected a number, or" },
		{ "{\"mode\": \"fast\"}",
		  ":1: mode: \"fast\" is not one of auto, native, generic" },
		{ "{\"mode\": 1}", ":1: mode: expected a string" },
		{ "{\"all\": 1}", ":1: all: expected true or false" },
		{ "{\"verbose\": \"yes\"}", ":1: verbose: expected true, false, or" },
		{ "{\"verbose\": 10}", ":1: verbose: 10 is not a number from 0 to 9" },
		{ "{\"interface\": \"a/b\"}", ":1: interface: \"a/b\" cannot be the name of an" },
		{ "{\"interface\": 1}", ":1: interface: expected a string, or" },
		{ "{\"interface\": []}", ":1: interface: the list is empty" },
		{ "{\"interface\": [\"lo\", [\"eth0\"]]}", ":1: interface: expected a string, or" },
		{ "{\"interface\": [\"lo\",\n\"eth0\", \"lo\"]}",
		  ":1: interface: \"lo\" is given twice" },
		{ "{\"interface\": \"\"}", ":1: interface: \"\" cannot be the name" },
		{ "{\"interface\": \"a\\u0000b\"}", ":1: interface: has a NUL byte in it" },
		{ "{\"function_name\": \"\"}", ":1: function_name: the value is empty" },
		{ "{\"output\": 1}", ":1: output: expected an output" },
		{ "{\"output\": []}", ":1: output: the list is empty" },
		{ "{\"output\": [[\"stdout\"]]}", ":1: output: expected an output" },
		{ "{\"output\": \"printer\"}",
		  ":1: output: \"printer\" is not an output; the outputs are" },
		{ "{\"output\": {}}", ":1: output: an output without \"type\"" },
		{ "{\"output\": {\"type\": 1}}", ":1: output: \"type\": expected a" },
		{ "{\"output\": {\"type\": \"file\"}}", ":1: output: missing target for \"file\"" },
		{ "{\"output\": {\"type\": \"file\",\n\"target\": \"a\\u0000\"}}",
		  ":1: output: \"target\" has a NUL byte in it" },
		{ "{\"output\": {\"type\": \"file\",\n\"target\": \"a\",\n\n\"queu\": 1}}",
		  ":4: output: unknown setting queu: the settings of file are queue, events" },
		{ "{\"output\": [\"stdout\",\n{\"type\": \"file\", \"target\": \"a\",\n\"queue\": 1}]}",
		  ":3: output: queue: \"1\" is not a number of bytes from 64K" },
		{ "{\"output\": {\"type\": \"stdout\", \"queue\": 1.5}}",
		  ":1: output: \"queue\": expected a string" },
		{ "{\"output\": {\"type\": \"stdout\", \"events\": [1]}}",
		  ":1: output: expected a string in this list" },
		{ "{\"output\": {\"type\": \"stdout\", \"events\": [\"packets\"]}}",
		  ":1: output: events: \"packets\" is not one of packet" },
		{ "{\"output\": [\"stdout\", \"-\"]}", ":1: output: \"stdout\" is given twice" },
		{ "{\"all\": true, \"function_name\": \"x\"}", ":1: all: is the same as" },
		{ "{\"interface\": \"lo\",\n\"read\": \"x\"}",
		  ":2: read: there is --interface too" },
		{ "{\"read\": \"x\",\n\"trace\": true}",
		  ":2: trace: does not apply to a capture file" },
		{ "{\"interface\": \"lo\",\n\"output\": \"stdout,when_full=block\"}",
		  ":2: output: when_full=block of \"stdout\" is for capture files" },
		{ "{\"a\":[[[[[[[[1]]]]]]]]}",
		  ":1: more than 8 objects and arrays inside each other" },
		{ "{\n\"interface\": \"\xff\"}", ":2: a character is not UTF-8" },
		{ "{\"sample\":\n“1”}", ":2: unexpected character (missing" },
		{ "{\"function_name\":\n\"a\tb\"}", ":2: a string has a control character" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char want[256];
		struct reason why = { 0 };
		struct options o;
		int got = parse(cases[i].text, "", &o, &why);

		(void)snprintf(want, sizeof(want), "%s%s", path, cases[i].says);
		cr_expect_eq(got, -EINVAL, "%s: %d", cases[i].text, got);
		cr_expect(!strncmp(why.text, want, strlen(want)), "%s: got \"%s\", want \"%s\"",
			  cases[i].text, why.text, want);
		cr_expect_null(strpbrk(why.text, "\n\r"), "%s", why.text);
		cr_expect_eq(options_check_config(path, &why), -EINVAL, "%s", cases[i].text);
	}
}

Test(config, files_that_are_none)
{
	struct reason why = { 0 };
	char *big = malloc(MAX_BYTES + 1);

	cr_assert_not_null(big);
	cr_expect_eq(options_check_config(path, &why), -ENOENT);
	cr_expect(strstr(why.text, "/c\": No such file or directory"), "%s", why.text);
	cr_expect_eq(options_check_config(dir, &why), -EINVAL);
	cr_expect(strstr(why.text, "it is no regular file"), "%s", why.text);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(options_check_config(path, &why), -EINVAL);
	cr_expect(strstr(why.text, "it is no regular file"), "%s", why.text);
	cr_assert_eq(unlink(path), 0);

	memset(big, ' ', MAX_BYTES + 1);
	memcpy(big, "{}", 2);
	write_bytes(big, MAX_BYTES);
	cr_expect_eq(options_check_config(path, &why), 0, "%s", why.text);
	write_bytes(big, MAX_BYTES + 1);
	cr_expect_eq(options_check_config(path, &why), -EINVAL);
	cr_expect(strstr(why.text, "it is larger than 1 MiB"), "%s", why.text);
	big[9] = '\0';
	write_bytes(big, 100);
	cr_expect_eq(options_check_config(path, &why), -EINVAL);
	cr_expect(strstr(why.text, "a NUL byte"), "%s", why.text);
	free(big);
}
