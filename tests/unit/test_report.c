/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run says of records that it could not make. The linker puts the functions here in the
 * place of some of the writer's and the library's (--wrap), because no record is too long by
 * itself.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "app/report.h"
#include "outputs.h"

#define RUN	 UINT64_C(0x5f0c9a1e77b0d2c4)
#define FIRST_NS UINT64_C(1795318900704885554)

static bool too_long;
static uint64_t now_ns;

int __real_record_packet(struct record_writer *w, const struct xdptail_packet *packet,
			 struct record *ret);
int __wrap_record_packet(struct record_writer *w, const struct xdptail_packet *packet,
			 struct record *ret);
int __real_record_count(struct record_writer *w, uint64_t now, const struct record_count *count,
			struct record *ret);
int __wrap_record_count(struct record_writer *w, uint64_t now, const struct record_count *count,
			struct record *ret);
int __real_record_clock(struct record_writer *w, uint64_t now, int64_t step_ns, struct record *ret);
int __wrap_record_clock(struct record_writer *w, uint64_t now, int64_t step_ns, struct record *ret);
uint64_t __wrap_xdptail_time(const struct xdptail *x);
int __wrap_xdptail_stats(struct xdptail *x, struct xdptail_stats *ret);

int __wrap_record_packet(struct record_writer *w, const struct xdptail_packet *packet,
			 struct record *ret)
{
	return too_long ? -EMSGSIZE : __real_record_packet(w, packet, ret);
}

int __wrap_record_count(struct record_writer *w, uint64_t now, const struct record_count *count,
			struct record *ret)
{
	return too_long ? -EMSGSIZE : __real_record_count(w, now, count, ret);
}

int __wrap_record_clock(struct record_writer *w, uint64_t now, int64_t step_ns, struct record *ret)
{
	return too_long ? -EMSGSIZE : __real_record_clock(w, now, step_ns, ret);
}

uint64_t __wrap_xdptail_time(const struct xdptail *x)
{
	(void)x;
	return now_ns;
}

int __wrap_xdptail_stats(struct xdptail *x, struct xdptail_stats *ret)
{
	(void)x;
	*ret = (struct xdptail_stats){ .size = sizeof(*ret), .function_name = "count_packets" };
	return 0;
}

/* A run whose only output is a file. */
struct fixture {
	char path[80];
	struct outputs *outputs;
	struct record_writer *writer;
	struct report report;
	char *text; /* of the file, in the end */
};

static void begin(struct fixture *f)
{
	static const struct options options = { 0 };
	char target[96];
	struct output_spec spec;
	struct reason why = { 0 };

	now_ns = FIRST_NS;
	too_long = false;
	(void)snprintf(f->path, sizeof(f->path), "%s/out", dir); /* fits */
	(void)snprintf(target, sizeof(target), "file:%s", f->path); /* fits */
	cr_assert_eq(outputs_new(&f->outputs), 0);
	cr_assert_eq(output_spec_parse(target, &spec, &why), 0, "%s", why.text);
	cr_assert_eq(outputs_add(f->outputs, &spec, &why), 0, "%s", why.text);
	cr_assert_eq(outputs_start(f->outputs), 0);
	cr_assert_eq(record_writer_new(&f->writer, RUN, false), 0);
	report_init(&f->report, f->writer, f->outputs, NULL);
	cr_assert_eq(report_start(&f->report, &options), 0);
}

static void end(struct fixture *f)
{
	size_t cap = 65536;
	FILE *file;

	cr_assert_eq(outputs_finish(f->outputs, PATIENCE_MS), 0);
	outputs_free(f->outputs);
	record_writer_free(f->writer);
	f->text = calloc(1, cap);
	file = fopen(f->path, "re");
	cr_assert(f->text && file);
	cr_assert_gt(fread(f->text, 1, cap - 1, file), 0);
	fclose(file);
}

static void close_interval(struct fixture *f, uint64_t samples)
{
	const struct xdptail_counts counts = {
		.interval_start_ns = FIRST_NS,
		.interval_end_ns = now_ns,
		.sampled = samples,
		.delivered = samples,
	};
	const struct record_snapshot snapshot = { .snapshot = 1, .counts = &counts };

	cr_assert_eq(report_interval(&f->report, &snapshot), 0);
}

static void expect_line(const struct fixture *f, const char *want)
{
	cr_expect(strstr(f->text, want), "want %s, got:\n%s", want, f->text);
}

TestSuite(report, .init = setup, .fini = teardown);

Test(report, a_packet_that_becomes_no_record_is_a_lost_sample)
{
	const struct xdptail_packet packet = { .interface = "eth0" };
	struct fixture f;

	begin(&f);
	cr_expect_eq(report_packet(&f.report, &packet), 0);
	too_long = true;
	cr_expect_eq(report_packet(&f.report, &packet), 0);
	cr_expect_eq(report_packet(&f.report, &packet), 0);
	too_long = false;
	cr_expect_eq(report_packet(&f.report, &packet), 0);
	close_interval(&f, 3); /* the last is of the next one, and told there */
	close_interval(&f, 1);
	cr_expect_eq(report_lost(&f.report), 2);
	end(&f);
	expect_line(&f, "\"event_type\":\"packet\",\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":2,");
	expect_line(&f,
		    "\"sampled\":3,\"delivered\":1,\"lost_ring_full\":0,\"lost_undecodable\":2,");
	expect_line(&f, "\"where\":\"decode\",\"cause\":\"undecodable\",\"records\":2,");
	expect_line(&f,
		    "\"sampled\":1,\"delivered\":1,\"lost_ring_full\":0,\"lost_undecodable\":0,");
	cr_expect_null(strstr(f.text, "\"where\":\"record\""), "got:\n%s", f.text);
	free(f.text);
}

Test(report, other_records_that_are_not_made_are_counted)
{
	static const struct xdptail_source source = { .interface = "eth0" };
	struct fixture f;

	begin(&f);
	too_long = true;
	now_ns = FIRST_NS + 1000000;
	cr_expect_eq(report_count(&f.report, 1, &source), 1, "it is not listed");
	now_ns = FIRST_NS + 2000000;
	cr_expect_eq(report_clock(&f.report, 1), 0);
	too_long = false;
	cr_expect_eq(report_count(&f.report, 1, &source), 0);
	close_interval(&f, 0);
	close_interval(&f, 0);
	end(&f);
	expect_line(&f, "\"event_type\":\"loss\",\"run\":\"5f0c9a1e77b0d2c4\",\"record_seq\":1,"
			"\"where\":\"record\",\"cause\":\"too_long\",\"records\":2,"
			"\"first\":\"2026-11-22T03:41:40.705885Z\","
			"\"last\":\"2026-11-22T03:41:40.706885Z\"}");
	cr_expect_null(strstr(f.text, "\"event_type\":\"loss\",\"run\":\"5f0c9a1e77b0d2c4\","
				      "\"record_seq\":2"),
		       "it is said once; got:\n%s", f.text);
	free(f.text);
}
