// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/metrics.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

Test(metrics, labels)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "eth0", "eth0" },
		{ "file:/var/log/a b,c", "file:/var/log/a b,c" },
		{ "a\"b", "a\\\"b" },
		{ "a\\b", "a\\\\b" },
		{ "a\nb", "a\\nb" },
		{ "\t\x7f", "\t\x7f" },
		{ "\"} 1\nxdptail_up 2", "\\\"} 1\\nxdptail_up 2" },
		{ "b\xc3\xbcro", "b\xc3\xbcro" },
		{ "\xe2\x82\xac\xf0\x9f\x90\x8b", "\xe2\x82\xac\xf0\x9f\x90\x8b" },
		{ "\xff", "\\\\xff" },
		{ "a\x80"
		  "b",
		  "a\\\\x80b" },
		{ "\xc3", "\\\\xc3" }, /* cut */
		{ "\xe2\x82", "\\\\xe2\\\\x82" },
		{ "\xc0\xaf", "\\\\xc0\\\\xaf" }, /* longer than it needs to be */
		{ "\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80" }, /* half of a pair */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[64];
		size_t len = metrics_label(got, sizeof(got), cases[i].text);

		cr_expect_str_eq(got, cases[i].want, "%s: got %s, want %s", cases[i].text, got,
				 cases[i].want);
		cr_expect_eq(len, strlen(got), "%s: %zu", cases[i].text, len);
	}
}

Test(metrics, a_label_is_cut_between_characters)
{
	static const char text[] = "a\"\xe2\x82\xac\n\xff";
	static const char whole[] = "a\\\"\xe2\x82\xac\\n\\\\xff";
	static const size_t ends[] = { 0, 1, 3, 6, 8, 13 };

	for (size_t cap = 1; cap <= sizeof(whole); cap++) {
		char got[32];
		size_t want = 0;

		for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
			want = ends[i] < cap ? ends[i] : want;
		cr_expect_eq(metrics_label(got, cap, text), want, "%zu bytes", cap);
		cr_expect(strlen(got) == want && !memcmp(got, whole, want), "%zu bytes: %s", cap,
			  got);
	}
	cr_expect_eq(metrics_label(NULL, 0, text), 0);
}

/* Every figure another one, so that none can stand for its neighbour. */
static char *text_of(struct metrics *m)
{
	static const struct xdptail_counts counts = {
		.seen = 1001,
		.not_ip = 1002,
		.no_source = 1003,
		.undetermined = 1004,
		.not_selected = 1005,
		.counted = 1006,
		.counted_bytes = 1007,
		.unattributed_full = 1008,
		.unattributed_busy = 1009,
		.unattributed_no_memory = 1010,
		.unattributed_other = 1011,
		.unattributed_bytes = 1012,
	};
	static const struct record_stats stats = {
		.sampled = 2001,
		.delivered = 2002,
		.lost_ring_full = 2003,
		.lost_no_buffer = 2004,
		.lost_other = 2005,
		.lost_undecodable = UINT64_MAX,
		.discarded = 2007,
		.cpu_ms = 12034,
	};
	static const struct record_stats last = {
		.ring_high_water = 3001,
		.longest_wait_ms = 7,
		.rss_kb = 3,
	};
	char *text = NULL;
	size_t len = 0;

	m->counts = &counts;
	m->stats = &stats;
	m->last = &last;
	cr_assert_eq(metrics_text(m, &text, &len), 0);
	cr_expect_eq(strlen(text), len);
	cr_expect_eq(text[len - 1], '\n', "no newline at the end");
	return text;
}

/* A line of it. */
static void expect_in(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	size_t len = strlen(line);

	cr_expect(at && (at == text || at[-1] == '\n') && at[len] == '\n', "no line \"%s\" in\n%s",
		  line, text);
}

static void expect_not_in(const char *text, const char *word)
{
	cr_expect_null(strstr(text, word), "\"%s\" is in\n%s", word, text);
}

Test(metrics, every_figure_in_its_place)
{
	static const char build_info[] =
		"xdptail_build_info{name=\"n\",version=\"" XDPTAIL_VERSION
		"\",function_name=\"count_packets\",transport=\"ringbuf\"} 1";
	static const char *const lines[] = {
		"# TYPE xdptail_build_info gauge",
		build_info,
		"xdptail_up{name=\"n\"} 1",
		"xdptail_start_time_seconds{name=\"n\"} 1795318900.123",
		"xdptail_last_snapshot_time_seconds{name=\"n\"} 1795318910.001",
		"# TYPE xdptail_snapshots_total counter",
		"xdptail_snapshots_total{name=\"n\"} 4001",
		"xdptail_interval_seconds{name=\"n\"} 4002",
		"xdptail_sample_rate{name=\"n\"} 4003",
		"xdptail_attached_interfaces{name=\"n\"} 4004",
		"xdptail_seen_packets_total{name=\"n\"} 1001",
		"xdptail_packets_total{name=\"n\",class=\"counted\"} 1006",
		"xdptail_packets_total{name=\"n\",class=\"not_selected\"} 1005",
		"xdptail_packets_total{name=\"n\",class=\"not_ip\"} 1002",
		"xdptail_packets_total{name=\"n\",class=\"no_source\"} 1003",
		"xdptail_packets_total{name=\"n\",class=\"undetermined\"} 1004",
		"xdptail_counted_bytes_total{name=\"n\"} 1007",
		"xdptail_unattributed_packets_total{name=\"n\",cause=\"full\"} 1008",
		"xdptail_unattributed_packets_total{name=\"n\",cause=\"busy\"} 1009",
		"xdptail_unattributed_packets_total{name=\"n\",cause=\"no_memory\"} 1010",
		"xdptail_unattributed_packets_total{name=\"n\",cause=\"other\"} 1011",
		"xdptail_unattributed_bytes_total{name=\"n\"} 1012",
		"xdptail_sources{name=\"n\"} 4005",
		"xdptail_max_sources{name=\"n\"} 5001",
		"xdptail_early_flips_total{name=\"n\"} 5002",
		"xdptail_samples_total{name=\"n\"} 2001",
		"xdptail_samples_delivered_total{name=\"n\"} 2002",
		"xdptail_samples_lost_total{name=\"n\",cause=\"ring_full\"} 2003",
		"xdptail_samples_lost_total{name=\"n\",cause=\"no_buffer\"} 2004",
		"xdptail_samples_lost_total{name=\"n\",cause=\"other\"} 2005",
		"xdptail_samples_lost_total{name=\"n\",cause=\"undecodable\"} 18446744073709551615",
		"xdptail_samples_discarded_total{name=\"n\"} 2007",
		"xdptail_ring_bytes{name=\"n\"} 5003",
		"xdptail_ring_high_water_bytes{name=\"n\"} 3001",
		"xdptail_longest_wait_seconds{name=\"n\"} 0.007",
		"xdptail_cpu_seconds_total{name=\"n\"} 12.034",
		"xdptail_resident_memory_bytes{name=\"n\"} 3072",
		"xdptail_config_reloads_total{name=\"n\",result=\"done\"} 4006",
		"xdptail_config_reloads_total{name=\"n\",result=\"refused\"} 4007",
		"xdptail_metrics_files_total{name=\"n\",result=\"written\"} 4008",
		"xdptail_metrics_files_total{name=\"n\",result=\"skipped\"} 4009",
		"xdptail_metrics_files_total{name=\"n\",result=\"failed\"} 4010",
		"xdptail_interface_info{name=\"n\",interface=\"eth0\",mode=\"native\"} 1",
		"xdptail_interface_info{name=\"n\",interface=\"e\\\"1\",mode=\"generic\"} 1",
		"xdptail_interface_packets_total{name=\"n\",interface=\"eth0\"} 6001",
		"xdptail_interface_bytes_total{name=\"n\",interface=\"eth0\"} 6002",
		"xdptail_interface_packets_total{name=\"n\",interface=\"gone\"} 6003",
		"xdptail_interface_packets_total{name=\"n\",interface=\"e\\\"1\"} 0",
		"xdptail_output_up{name=\"n\",output=\"a\"} 1",
		"xdptail_output_up{name=\"n\",output=\"b\"} 0",
		"xdptail_output_lines_total{name=\"n\",output=\"a\"} 7001",
		"xdptail_output_written_lines_total{name=\"n\",output=\"a\"} 7002",
		"xdptail_output_written_bytes_total{name=\"n\",output=\"a\"} 7003",
		"xdptail_output_filtered_lines_total{name=\"n\",output=\"a\"} 7004",
		"xdptail_output_dropped_lines_total{name=\"n\",output=\"a\",cause=\"queue_full\"} 7005",
		"xdptail_output_dropped_lines_total{name=\"n\",output=\"a\",cause=\"error\"} 7006",
		"xdptail_output_queued_lines{name=\"n\",output=\"a\"} 7007",
		"xdptail_output_disconnects_total{name=\"n\",output=\"a\"} 7008",
		"xdptail_output_lines_total{name=\"n\",output=\"b\"} 0",
		"xdptail_output_lines_total{name=\"n\",output=\"c\"} 0",
	};
	static const struct interface_sum interfaces[] = {
		{ "eth0", 6001, 6002, 1, XDPTAIL_MODE_NATIVE },
		{ "gone", 6003, 6004, 2, XDPTAIL_MODE_AUTO },
		{ "e\"1", 0, 0, 3, XDPTAIL_MODE_GENERIC },
	};
	static const struct metrics_output outputs[] = {
		{ "a", true, false, { 7001, 7002, 7003, 7004, 7005, 7006, 0, 0, 7008 }, 7007 },
		{ "b", false, false, { 0 }, 0 },
		{ "c", false, true, { 0 }, 0 },
	};
	static const struct xdptail_stats handle = {
		.function_name = "count_packets",
		.transport = XDPTAIL_TRANSPORT_RINGBUF,
		.max_sources = 5001,
		.early_flips = 5002,
		.ring_bytes = 5003,
	};
	struct metrics m = {
		.name = "n",
		.up = true,
		.start_ns = 1795318900123456789U,
		.snapshot_ns = 1795318910001999999U,
		.snapshots = 4001,
		.interval_s = 4002,
		.sample_rate = 4003,
		.attached = 4004,
		.sources = 4005,
		.reloads = 4006,
		.reloads_refused = 4007,
		.files_written = 4008,
		.files_skipped = 4009,
		.files_failed = 4010,
		.handle = &handle,
		.interfaces = interfaces,
		.n_interfaces = ARRAY_SIZE(interfaces),
		.outputs = outputs,
		.n_outputs = ARRAY_SIZE(outputs),
	};
	char *text = text_of(&m);

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		expect_in(text, lines[i]);
	expect_not_in(text, "end_time");
	expect_not_in(text, "xdptail_output_up{name=\"n\",output=\"c\"}");
	expect_not_in(text, "interface=\"gone\",mode");
	free(text);
}

Test(metrics, what_does_not_apply_is_left_out)
{
	static const struct xdptail_stats handle = {
		.function_name = "count_packets",
		.transport = XDPTAIL_TRANSPORT_CAPTURE,
		.max_sources = 65536,
	};
	struct metrics m = { .name = "a\"b", .end_ns = 5000000000U, .handle = &handle };
	char *text = text_of(&m);

	expect_in(text, "xdptail_up{name=\"a\\\"b\"} 0");
	expect_in(text, "xdptail_end_time_seconds{name=\"a\\\"b\"} 5.000");
	expect_in(text, "xdptail_start_time_seconds{name=\"a\\\"b\"} 0.000");
	expect_not_in(text, "last_snapshot");
	expect_not_in(text, "ring_bytes");
	expect_not_in(text, "high_water");
	expect_not_in(text, "max_sources");
	expect_not_in(text, "xdptail_interface_");
	expect_not_in(text, "xdptail_output");
	free(text);
}

static void add(struct interface_sums *s, const char *name, uint64_t packets)
{
	struct xdptail_source source = { .interface = name,
					 .packets = packets,
					 .bytes = packets * 9 };

	interface_sums_add(s, &source);
}

static void event(struct interface_sums *s, const char *name, uint32_t ifindex,
		  enum xdptail_state state, enum xdptail_mode mode)
{
	struct xdptail_interface e = {
		.interface = name,
		.ifindex = ifindex,
		.state = state,
		.mode = mode,
	};

	interface_sums_event(s, &e);
}

Test(interface_sums, by_name)
{
	char again[] = "eth1"; /* the same name elsewhere */
	struct interface_sums s = { 0 };

	add(&s, "eth0", 1);
	add(&s, "eth1", 10);
	add(&s, again, 100);
	add(&s, "eth0", 1000);
	cr_assert_eq(s.n, 2);
	cr_expect_eq(s.list[0].packets, 1001);
	cr_expect_eq(s.list[0].bytes, 9009);
	cr_expect_eq(s.list[1].packets, 110);
	cr_expect_eq(s.list[0].mode, XDPTAIL_MODE_AUTO);
}

Test(interface_sums, more_names_than_there_is_room_for)
{
	static char names[INTERFACE_SUMS_MAX + 10][16];
	struct interface_sums s = { 0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(names[i], sizeof(names[i]), "veth%zu", i);
		add(&s, names[i], i);
		add(&s, names[0], 0);
	}
	cr_assert_eq(s.n, INTERFACE_SUMS_MAX);
	for (size_t i = 0; i < s.n; i++)
		sum += s.list[i].packets;
	cr_expect_eq(sum, ARRAY_SIZE(names) * (ARRAY_SIZE(names) - 1) / 2);
	cr_expect_str_eq(s.list[s.n - 1].name, INTERFACE_SUMS_OTHERS);
	cr_expect_str_eq(s.list[s.n - 2].name, "veth254");
}

Test(interface_sums, how_they_are_attached)
{
	struct interface_sums s = { 0 };

	event(&s, "a", 1, XDPTAIL_STATE_ATTACHED, XDPTAIL_MODE_NATIVE);
	event(&s, "b", 2, XDPTAIL_STATE_ATTACHED, XDPTAIL_MODE_GENERIC);
	cr_expect_eq(s.list[0].mode, XDPTAIL_MODE_NATIVE);
	cr_expect_eq(s.list[1].mode, XDPTAIL_MODE_GENERIC);
	event(&s, "a", 1, XDPTAIL_STATE_DOWN, XDPTAIL_MODE_NATIVE);
	cr_expect_eq(s.list[0].mode, XDPTAIL_MODE_NATIVE);
	event(&s, "c", 1, XDPTAIL_STATE_RENAMED, XDPTAIL_MODE_NATIVE);
	cr_expect_eq(s.list[0].mode, XDPTAIL_MODE_AUTO, "the old name is still attached");
	cr_expect_eq(s.list[2].mode, XDPTAIL_MODE_NATIVE);
	event(&s, "b", 2, XDPTAIL_STATE_GONE, XDPTAIL_MODE_GENERIC);
	cr_expect_eq(s.list[1].mode, XDPTAIL_MODE_AUTO);
	event(&s, "b", 0, XDPTAIL_STATE_GONE, XDPTAIL_MODE_AUTO);
	event(&s, "b", 5, XDPTAIL_STATE_BACK, XDPTAIL_MODE_NATIVE);
	cr_expect_eq(s.list[1].mode, XDPTAIL_MODE_NATIVE);
	event(&s, "c", 1, XDPTAIL_STATE_DETACHED, XDPTAIL_MODE_NATIVE);
	cr_expect_eq(s.list[2].mode, XDPTAIL_MODE_AUTO);
	cr_expect_eq(s.n, 3);
}
