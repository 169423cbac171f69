// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output/setting.h"
#include "output/spec.h"

#define BIT(type) (1ULL << (type))
#define ENDS	  (BIT(RECORD_START) | BIT(RECORD_STOP))
#define ALL	  (BIT(RECORD_TYPE_MAX) - 1)

Test(spec, understood)
{
	static const struct {
		const char *text;
		const char *name;
		const char *target; /* NULL: none */
		uint64_t queue_bytes;
		uint64_t events;
		uint64_t when_full;
	} cases[] = {
		{ "stdout", "stdout", NULL, 8 << 20, ALL, OUTPUT_DROP_OR_BLOCK },
		{ "-", "stdout", NULL, 8 << 20, ALL, OUTPUT_DROP_OR_BLOCK },
		{ "-,queue=64K", "stdout", NULL, 64 << 10, ALL, OUTPUT_DROP_OR_BLOCK },
		{ "file:a", "file:a", "a", 8 << 20, ALL, OUTPUT_DROP_OR_BLOCK },
		{ "file:/a b/c:d", "file:/a b/c:d", "/a b/c:d", 8 << 20, ALL,
		  OUTPUT_DROP_OR_BLOCK },
		{ "file:/a\\,b\\\\c\\d", "file:/a,b\\c\\d", "/a,b\\c\\d", 8 << 20, ALL,
		  OUTPUT_DROP_OR_BLOCK },
		{ "file:a,queue=1G,when_full=drop", "file:a", "a", 1 << 30, ALL, OUTPUT_DROP },
		{ "file:a,when_full=block,queue=1048577", "file:a", "a", 1048577, ALL,
		  OUTPUT_BLOCK },
		{ "file:a,events=packet", "file:a", "a", 8 << 20, BIT(RECORD_PACKET) | ENDS,
		  OUTPUT_DROP_OR_BLOCK },
		{ "file:a,events=count,snapshot,loss,queue=1M", "file:a", "a", 1 << 20,
		  BIT(RECORD_COUNT) | BIT(RECORD_SNAPSHOT) | BIT(RECORD_LOSS) | ENDS,
		  OUTPUT_DROP_OR_BLOCK },
		{ "file:a,keep=7,compress=gzip,rotate_size=64K", "file:a", "a", 8 << 20, ALL,
		  OUTPUT_DROP_OR_BLOCK },
		{ "file:a,rotate_interval=1d,keep=0,fsync=snapshot,compress=none", "file:a", "a",
		  8 << 20, ALL, OUTPUT_DROP_OR_BLOCK },
		{ "file:a,events=start,stop", "file:a", "a", 8 << 20, ENDS, OUTPUT_DROP_OR_BLOCK },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct output_spec spec = { 0 };
		struct reason why = { 0 };
		int got = output_spec_parse(cases[i].text, &spec, &why);

		cr_assert_eq(got, 0, "%s: %d, %s", cases[i].text, got, why.text);
		cr_expect_str_eq(spec.name, cases[i].name, "%s: name %s", cases[i].text, spec.name);
		cr_expect(cases[i].target ? !strcmp(spec.target, cases[i].target) : !spec.target,
			  "%s: target %s", cases[i].text, spec.target);
		cr_expect_eq(spec.queue_bytes, cases[i].queue_bytes, "%s: queue %lu", cases[i].text,
			     spec.queue_bytes);
		cr_expect_eq(spec.events, cases[i].events, "%s: events %lx", cases[i].text,
			     spec.events);
		cr_expect_eq(spec.when_full, cases[i].when_full, "%s: when_full %lu", cases[i].text,
			     spec.when_full);
		output_spec_free(&spec);
		output_spec_free(&spec);
	}
}

Test(spec, refused)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{ "file:", "missing target for \"file\": use file:PATH" },
		{ "file", "missing target for \"file\": use file:PATH" },
		{ "/var/log/x", "use file:/var/log/x" },
		{ "./x", "use file:./x" },
		{ "printer", "\"printer\" is not an output; the outputs are stdout" },
		{ "stdout:", "\"stdout\" takes no target, but got \"\"" },
		{ "Stdout", "is not an output; the outputs are stdout" },
		{ "", "\"\" is not an output" },
		{ ",queue=1M", "\"\" is not an output" },
		{ "file:/a,b",
		  "\"b\" in the settings of \"file:/a\" is not of the form key=value; write a "
		  "comma that belongs to a name as \\," },
		{ "file:/a,", "\"\" in the settings of" },
		{ "file:/a,queue", "\"queue\" in the settings of \"file:/a\" is not of the form" },
		{ "file:/a,que=1",
		  "unknown setting que: the settings of file are queue, events, when_full" },
		{ "file:/a,rotate_size=63K",
		  "rotate_size: \"63K\" is not a number of bytes from 64K to" },
		{ "file:/a,rotate_interval=0", "rotate_interval: \"0\" is not a time from 1 to" },
		{ "file:/a,keep=3", "keep requires rotate_size or rotate_interval" },
		{ "file:/a,compress=gzip", "compress requires rotate_size" },
		{ "file:/a,compress=xz", "compress: \"xz\" is not one of none, gzip" },
		{ "file:/a,fsync=always", "fsync: \"always\" is not one of never, snapshot" },
		{ "stdout,rotate_size=1M", "unknown setting rotate_size: the settings of stdout" },
		{ "file:/a,queue=", "queue: \"\" is not a number of bytes from 64K to 1G" },
		{ "file:/a,queue=1M,queue=1M", "queue is given twice" },
		{ "file:/a,rotate_size=1M,keep=1,keep=2", "keep is given twice" },
		{ "file:/a,queue=63K", "queue: \"63K\" is not a number of bytes from 64K to" },
		{ "file:/a,queue=2G", "queue: \"2G\" is not a number of bytes from" },
		{ "file:/a,queue=1T", "queue: \"1T\" is not a number of bytes from" },
		{ "file:/a,queue=1MM", "queue: \"1MM\" is not a number of bytes from" },
		{ "file:/a,queue=-1M", "queue: \"-1M\" is not a number of bytes from" },
		{ "file:/a,queue= 1M", "queue: \" 1M\" is not a number of bytes from" },
		{ "file:/a,queue=99999999999999999999", "is not a number of" },
		{ "file:/a,queue=18014398509481985K", "is not a number of" },
		{ "file:/a,when_full=wait", "when_full: \"wait\" is not one of drop, block" },
		{ "file:/a,events=", "events: \"\" is not one of packet, count, snapshot" },
		{ "file:/a,events=packet,counts",
		  "events: \"counts\" is not one of packet, count" },
		{ "file:/a,events=packet,,count", "events: \"\" is not one of packet" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct output_spec spec = { .target = "untouched" };
		struct reason why = { 0 };
		int got = output_spec_parse(cases[i].text, &spec, &why);

		cr_expect_eq(got, -EINVAL, "%s: %d", cases[i].text, got);
		cr_expect(strstr(why.text, cases[i].says), "%s: got \"%s\", want \"%s\"",
			  cases[i].text, why.text, cases[i].says);
		cr_expect_str_eq(spec.target, "untouched", "%s", cases[i].text);
	}
}
