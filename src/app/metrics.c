// SPDX-License-Identifier: BSD-2-Clause
#include "app/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/time.h"

#define LABEL_BYTES 24576 /* a path, every byte of it escaped at worst */
#define PREFIX	    "xdptail_"

enum unit {
	UNIT_ONE,
	UNIT_KB, /* told in bytes */
	UNIT_MS, /* told in seconds, like the next */
	UNIT_NS,
	UNIT_SWITCH, /* bool: 0 or 1 */
	UNIT_U32,
};

enum absent { /* when there is nothing to tell */
	NEVER,
	WHEN_ZERO,
	/* there is no ring, and so no map: a capture that this process parses itself */
	WITHOUT_RING,
	WHEN_GONE, /* an output */
};

/* One value of a metric. Rows of one metric stand together; the first has its help, the others
 * none. Those that end in _total are counters, all others gauges.
 */
struct metric_row {
	const char *name;
	const char *help;
	const char *label; /* NULL: it has none of its own */
	const char *value;
	size_t field;
	enum unit unit;
	enum absent absent;
};

/* What the fields of a table's rows are in, flat. */
struct run {
	struct metrics m;
	struct xdptail_stats handle;
	struct xdptail_counts counts;
	struct record_stats stats;
	struct record_stats last;
};

#define OF(type, f) offsetof(struct type, f)
#define RUN(f)	    OF(run, m.f)
#define COUNT(f)    OF(run, counts.f)
#define STAT(f)	    OF(run, stats.f)

/* clang-format off */
static const struct metric_row run_rows[] = {
	{ "up", "Whether xdptail runs (1) or has ended in order (0); killed, it stays 1 and the file gets old.",
	  NULL, NULL, RUN(up), UNIT_SWITCH, NEVER },
	{ "start_time_seconds", "When the run began, Unix time.", NULL, NULL, RUN(start_ns), UNIT_NS, NEVER },
	{ "end_time_seconds", "When the run ended, Unix time; absent while it lasts.",
	  NULL, NULL, RUN(end_ns), UNIT_NS, WHEN_ZERO },
	{ "last_snapshot_time_seconds", "When the last snapshot was written, Unix time; absent before the first.",
	  NULL, NULL, RUN(snapshot_ns), UNIT_NS, WHEN_ZERO },
	{ "snapshots_total", "Snapshots written.", NULL, NULL, RUN(snapshots), UNIT_ONE, NEVER },
	{ "interval_seconds", "Time between two snapshots; 0: only one, at the end.",
	  NULL, NULL, RUN(interval_s), UNIT_U32, NEVER },
	{ "sample_rate", "N of one sample in N packets.", NULL, NULL, RUN(sample_rate), UNIT_U32, NEVER },
	{ "attached_interfaces", "Interfaces that are attached now.", NULL, NULL, RUN(attached), UNIT_U32, NEVER },

	{ "seen_packets_total", "Packets that came in: the sum of xdptail_packets_total.",
	  NULL, NULL, COUNT(seen), UNIT_ONE, NEVER },
	{ "packets_total", "Packets that came in, by what became of them.",
	  "class", "counted", COUNT(counted), UNIT_ONE, NEVER },
	{ "packets_total", NULL, "class", "not_selected", COUNT(not_selected), UNIT_ONE, NEVER },
	{ "packets_total", NULL, "class", "not_ip", COUNT(not_ip), UNIT_ONE, NEVER },
	{ "packets_total", NULL, "class", "no_source", COUNT(no_source), UNIT_ONE, NEVER },
	{ "packets_total", NULL, "class", "undetermined", COUNT(undetermined), UNIT_ONE, NEVER },
	{ "counted_bytes_total", "Bytes of counted packets, on the wire.",
	  NULL, NULL, COUNT(counted_bytes), UNIT_ONE, NEVER },
	{ "unattributed_packets_total", "Counted packets that were counted to no source, by cause.",
	  "cause", "full", COUNT(unattributed_full), UNIT_ONE, NEVER },
	{ "unattributed_packets_total", NULL, "cause", "busy", COUNT(unattributed_busy), UNIT_ONE, NEVER },
	{ "unattributed_packets_total", NULL, "cause", "no_memory", COUNT(unattributed_no_memory), UNIT_ONE, NEVER },
	{ "unattributed_packets_total", NULL, "cause", "other", COUNT(unattributed_other), UNIT_ONE, NEVER },
	{ "unattributed_bytes_total", "Bytes of packets that were counted to no source.",
	  NULL, NULL, COUNT(unattributed_bytes), UNIT_ONE, NEVER },
	{ "sources", "Source addresses in the last snapshot, all interfaces.",
	  NULL, NULL, RUN(sources), UNIT_ONE, NEVER },
	{ "max_sources", "Source addresses that the kernel's table has room for.",
	  NULL, NULL, OF(run, handle.max_sources), UNIT_U32, WITHOUT_RING },
	{ "early_flips_total", "How often the table of sources ran full, and was taken before its time.",
	  NULL, NULL, OF(run, handle.early_flips), UNIT_ONE, WITHOUT_RING },

	{ "samples_total", "Samples taken: the sum of delivered, lost and discarded ones.",
	  NULL, NULL, STAT(sampled), UNIT_ONE, NEVER },
	{ "samples_delivered_total", "Samples that became packet records.",
	  NULL, NULL, STAT(delivered), UNIT_ONE, NEVER },
	{ "samples_lost_total", "Samples lost on the way from the kernel, by cause.",
	  "cause", "ring_full", STAT(lost_ring_full), UNIT_ONE, NEVER },
	{ "samples_lost_total", NULL, "cause", "no_buffer", STAT(lost_no_buffer), UNIT_ONE, NEVER },
	{ "samples_lost_total", NULL, "cause", "other", STAT(lost_other), UNIT_ONE, NEVER },
	{ "samples_lost_total", NULL, "cause", "undecodable", STAT(lost_undecodable), UNIT_ONE, NEVER },
	{ "samples_discarded_total", "Samples left over after the number of --count, or too late for their interval.",
	  NULL, NULL, STAT(discarded), UNIT_ONE, NEVER },
	{ "ring_bytes", "Room for samples that wait.", NULL, NULL, OF(run, handle.ring_bytes), UNIT_U32, WITHOUT_RING },
	{ "ring_high_water_bytes", "Most bytes of samples seen waiting in the last interval.",
	  NULL, NULL, OF(run, last.ring_high_water), UNIT_ONE, WITHOUT_RING },
	{ "longest_wait_seconds", "Longest that a sample waited to be taken in the last interval.",
	  NULL, NULL, OF(run, last.longest_wait_ms), UNIT_MS, WITHOUT_RING },

	{ "cpu_seconds_total", "Processor time of xdptail, user and system.", NULL, NULL, STAT(cpu_ms), UNIT_MS, NEVER },
	{ "resident_memory_bytes", "Resident memory of xdptail.", NULL, NULL, OF(run, last.rss_kb), UNIT_KB, NEVER },
	{ "config_reloads_total", "Readings of the config file on SIGHUP, by result.",
	  "result", "done", RUN(reloads), UNIT_ONE, NEVER },
	{ "config_reloads_total", NULL, "result", "refused", RUN(reloads_refused), UNIT_ONE, NEVER },
	{ "metrics_files_total", "Times that this file was due, before this one, by what became of it.",
	  "result", "written", RUN(files_written), UNIT_ONE, NEVER },
	{ "metrics_files_total", NULL, "result", "skipped", RUN(files_skipped), UNIT_ONE, NEVER },
	{ "metrics_files_total", NULL, "result", "failed", RUN(files_failed), UNIT_ONE, NEVER },
};

static const struct metric_row interface_rows[] = {
	{ "interface_packets_total", "Packets counted to a source, by interface.",
	  NULL, NULL, OF(interface_sum, packets), UNIT_ONE, NEVER },
	{ "interface_bytes_total", "Bytes of these packets, on the wire.",
	  NULL, NULL, OF(interface_sum, bytes), UNIT_ONE, NEVER },
};

static const struct metric_row output_rows[] = {
	{ "output_up", "Whether the output takes lines.", NULL, NULL, OF(metrics_output, up), UNIT_SWITCH, WHEN_GONE },
	{ "output_lines_total", "Lines made for the output: the sum of written, filtered, dropped and queued ones.",
	  NULL, NULL, OF(metrics_output, counts.made), UNIT_ONE, NEVER },
	{ "output_written_lines_total", "Lines written.", NULL, NULL, OF(metrics_output, counts.written), UNIT_ONE, NEVER },
	{ "output_written_bytes_total", "Bytes of written lines.", NULL, NULL, OF(metrics_output, counts.bytes), UNIT_ONE, NEVER },
	{ "output_filtered_lines_total", "Lines of types that the output does not take.",
	  NULL, NULL, OF(metrics_output, counts.filtered), UNIT_ONE, NEVER },
	{ "output_dropped_lines_total", "Lines that the output did not get, by cause.",
	  "cause", "queue_full", OF(metrics_output, counts.dropped_queue_full), UNIT_ONE, NEVER },
	{ "output_dropped_lines_total", NULL, "cause", "error", OF(metrics_output, counts.dropped_error), UNIT_ONE, NEVER },
	{ "output_queued_lines", "Lines that wait to be written.", NULL, NULL, OF(metrics_output, queued), UNIT_ONE, NEVER },
	{ "output_disconnects_total", "How often the output's reader was lost.",
	  NULL, NULL, OF(metrics_output, counts.disconnects), UNIT_ONE, NEVER },
};
/* clang-format on */

/* --- labels --- */

/* What one character becomes: its bytes, or an escape. *ret_in: bytes of text that it stands for.
 */
static size_t escape(char ret[8], const char *text, size_t *ret_in)
{
	static const char specials[][2] = { { '\\', '\\' }, { '"', '"' }, { '\n', 'n' } };
	int bytes = text_utf8_bytes(text, text + TEXT_UTF8_BYTES_MAX); /* a NUL ends it, too */
	size_t n = bytes > 0 ? (size_t)bytes : 0;

	*ret_in = n ? n : 1;
	if (!n)
		return (size_t)snprintf(ret, 8, "\\\\x%02x", (unsigned char)*text);
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		if (*text == specials[i][0]) {
			ret[0] = '\\';
			ret[1] = specials[i][1];
			return 2;
		}
	}
	memcpy(ret, text, n);
	return n;
}

size_t metrics_label(char *ret, size_t cap, const char *text)
{
	size_t len = 0, in;
	char one[8];

	if (!cap)
		return 0;
	for (; *text; text += in) {
		size_t n = escape(one, text, &in);

		if (len + n >= cap)
			break;
		memcpy(ret + len, one, n);
		len += n;
	}
	ret[len] = '\0';
	return len;
}

/* A label of a sample: KEY="VALUE", with a comma before it. */
static void put_label(FILE *f, const char *key, const char *value)
{
	char text[LABEL_BYTES];

	(void)metrics_label(text, sizeof(text), value); /* its end is marked */
	(void)fprintf(f, ",%s=\"%s\"", key, text);
}

/* --- samples --- */

/* What makes up the labels of a sample. */
struct labels {
	const char *name; /* of the run */
	const char *key; /* of the thing that it is of; NULL: the run */
	const char *value;
};

static void put_labels(FILE *f, const struct labels *l)
{
	char text[LABEL_BYTES];

	(void)metrics_label(text, sizeof(text), l->name); /* its end is marked */
	(void)fprintf(f, "{name=\"%s\"", text);
	if (l->key)
		put_label(f, l->key, l->value);
}

static uint64_t value_of(const struct metric_row *row, const void *thing)
{
	const void *field = (const char *)thing + row->field;

	switch (row->unit) {
	case UNIT_SWITCH:
		return *(const bool *)field;
	case UNIT_U32:
		return *(const uint32_t *)field;
	case UNIT_KB:
		return *(const uint64_t *)field * 1024;
	case UNIT_ONE:
	case UNIT_MS:
	case UNIT_NS:
		break;
	}
	return *(const uint64_t *)field;
}

/* In decimals of its own, so that no digit is lost on the way. */
static void put_value(FILE *f, const struct metric_row *row, uint64_t value)
{
	if (row->unit == UNIT_MS)
		(void)fprintf(f, "%" PRIu64 ".%03u", value / 1000, (unsigned int)(value % 1000));
	else if (row->unit == UNIT_NS)
		(void)fprintf(f, "%" PRIu64 ".%03u", value / NS_PER_S,
			      (unsigned int)(value % NS_PER_S / NS_PER_MS));
	else
		(void)fprintf(f, "%" PRIu64, value);
}

static void put_sample(FILE *f, const struct metric_row *row, const struct labels *l,
		       const void *thing)
{
	(void)fprintf(f, PREFIX "%s", row->name);
	put_labels(f, l);
	if (row->label)
		put_label(f, row->label, row->value);
	(void)fputs("} ", f);
	put_value(f, row, value_of(row, thing));
	(void)putc('\n', f);
}

static bool is_counter(const char *name)
{
	static const char end[] = "_total";
	size_t len = strlen(name);

	return len >= sizeof(end) && !strcmp(name + len - (sizeof(end) - 1), end);
}

static void put_head(FILE *f, const char *name, const char *help)
{
	(void)fprintf(f, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
		      is_counter(name) ? "counter" : "gauge");
}

/* --- tables --- */

static bool is_left_out(const struct metric_row *row, const struct run *run)
{
	switch (row->absent) {
	case WHEN_ZERO:
		return !value_of(row, run);
	case WITHOUT_RING:
		return !run->handle.ring_bytes;
	case WHEN_GONE:
	case NEVER:
		break;
	}
	return false;
}

static void put_run(FILE *f, const struct metrics *m)
{
	const struct run run = { *m, *m->handle, *m->counts, *m->stats, *m->last };
	const struct labels l = { .name = m->name };

	for (size_t i = 0; i < ARRAY_SIZE(run_rows); i++) {
		const struct metric_row *row = &run_rows[i];

		if (is_left_out(row, &run))
			continue;
		if (row->help)
			put_head(f, row->name, row->help);
		put_sample(f, row, &l, &run);
	}
}

static void put_interfaces(FILE *f, const struct metrics *m)
{
	for (size_t i = 0; m->n_interfaces && i < ARRAY_SIZE(interface_rows); i++) {
		const struct metric_row *row = &interface_rows[i];

		if (row->help)
			put_head(f, row->name, row->help);
		for (size_t j = 0; j < m->n_interfaces; j++) {
			const struct interface_sum *sum = &m->interfaces[j];
			const struct labels l = { m->name, "interface", sum->name };

			put_sample(f, row, &l, sum);
		}
	}
}

static void put_outputs(FILE *f, const struct metrics *m)
{
	for (size_t i = 0; m->n_outputs && i < ARRAY_SIZE(output_rows); i++) {
		const struct metric_row *row = &output_rows[i];

		if (row->help)
			put_head(f, row->name, row->help);
		for (size_t j = 0; j < m->n_outputs; j++) {
			const struct metrics_output *output = &m->outputs[j];
			const struct labels l = { m->name, "output", output->name };

			if (row->absent != WHEN_GONE || !output->gone)
				put_sample(f, row, &l, output);
		}
	}
}

/* --- what is all labels --- */

static void put_build(FILE *f, const struct metrics *m)
{
	static const char *const transports[XDPTAIL_TRANSPORT_MAX] = {
		[XDPTAIL_TRANSPORT_AUTO] = "auto",
		[XDPTAIL_TRANSPORT_RINGBUF] = "ringbuf",
		[XDPTAIL_TRANSPORT_PERF] = "perf",
		[XDPTAIL_TRANSPORT_CAPTURE] = "capture",
	};
	const struct labels l = { .name = m->name };

	put_head(f, "build_info", "What runs: its version, the BPF program, how samples come.");
	(void)fputs(PREFIX "build_info", f);
	put_labels(f, &l);
	put_label(f, "version", XDPTAIL_VERSION);
	put_label(f, "function_name", m->handle->function_name);
	put_label(f, "transport", transports[m->handle->transport]);
	(void)fputs("} 1\n", f);
}

static void put_modes(FILE *f, const struct metrics *m)
{
	bool headed = false;

	for (size_t i = 0; i < m->n_interfaces; i++) {
		const struct interface_sum *sum = &m->interfaces[i];
		const struct labels l = { m->name, "interface", sum->name };

		if (sum->mode == XDPTAIL_MODE_AUTO)
			continue;
		if (!headed)
			put_head(f, "interface_info", "Interfaces that are attached now, and how.");
		headed = true;
		(void)fputs(PREFIX "interface_info", f);
		put_labels(f, &l);
		put_label(f, "mode", sum->mode == XDPTAIL_MODE_NATIVE ? "native" : "generic");
		(void)fputs("} 1\n", f);
	}
}

int metrics_text(const struct metrics *m, char **ret, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int failed;

	if (!f)
		return -ENOMEM;
	put_build(f, m);
	put_run(f, m);
	put_modes(f, m);
	put_interfaces(f, m);
	put_outputs(f, m);
	failed = ferror(f);
	if (fclose(f) || failed || !text) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}
