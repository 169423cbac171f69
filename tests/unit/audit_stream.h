/* SPDX-License-Identifier: BSD-2-Clause */
/* A small run that adds up, written by the real line writer: two CPUs, two outputs, three
 * intervals, two samples lost on the way, a clock that was set. And what an audit says of its
 * lines.
 */
#ifndef TESTS_UNIT_AUDIT_STREAM_H
#define TESTS_UNIT_AUDIT_STREAM_H

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/audit_state.h"
#include "app/audit_printer.h"
#include "record/record.h"

#define STREAM_RUN	  UINT64_C(0x5f0c9a1e77b0d2c4)
#define STREAM_OTHER_RUN  UINT64_C(0x00000000deadbeef)
#define STREAM_MAX	  256
#define STREAM_INTERVALS  3
#define STREAM_SINKS	  2
#define STREAM_PACKETS	  11 /* an interval */
#define STREAM_COUNTS	  3 /* listed, an interval */
#define STREAM_NOW	  UINT64_C(1795318900704885554)
#define STREAM_LOST_IN	  1 /* the interval in which samples are lost */
#define STREAM_LOST	  2
#define STREAM_DROPPED_IN 1
#define STREAM_FILES_MAX  4

struct stream_line {
	char *text; /* owned; with its newline */
	enum record_type type;
	uint64_t seq;
};

struct stream {
	struct stream_line lines[STREAM_MAX];
	size_t n;
};

struct stream_sim {
	struct stream *stream;
	struct record_writer *writer;
	uint64_t made; /* records */
	uint64_t now;
	uint64_t drops; /* packets that the first output drops in one interval */
	uint64_t cpu_seq[2];
	uint64_t queued[STREAM_SINKS];
	struct record_sink sink_sums[STREAM_SINKS];
	struct record_stats stats_sums;
	struct record_snapshot snapshot_sums;
	struct xdptail_counts counts_sums;
};

static inline void stream_add(struct stream *s, const char *text, enum record_type type,
			      uint64_t seq)
{
	cr_assert_lt(s->n, STREAM_MAX);
	s->lines[s->n] = (struct stream_line){ .text = strdup(text), .type = type, .seq = seq };
	cr_assert_not_null(s->lines[s->n].text);
	s->n++;
}

static inline void stream_put(struct stream_sim *sim, int err, const struct record *line)
{
	char text[RECORD_MAX_BYTES + 1];

	cr_assert_eq(err, 0, "cannot make a line: %d", err);
	memcpy(text, line->text, line->len);
	text[line->len] = '\0';
	stream_add(sim->stream, text, line->type, line->record_seq);
	sim->made++;
	sim->now += 1000;
}

static inline void stream_start(struct stream_sim *sim)
{
	static const char *const capabilities[] = { "CAP_BPF", NULL };
	const struct record_start start = {
		.sink = "stdout",
		.version = "0.1.0",
		.hostname = "web1",
		.kernel = "6.18.0",
		.function_name = "count_tcp_packets",
		.transport = XDPTAIL_TRANSPORT_RINGBUF,
		.ring_bytes = 1U << 24,
		.sample_rate = 10,
		.interval_s = 10,
		.max_sources = 65536,
		.map_bytes = 1U << 22,
		.capabilities = capabilities,
	};
	struct record line;
	int err = record_start(sim->writer, sim->now, &start, &line);

	stream_put(sim, err, &line);
}

static inline void stream_interface(struct stream_sim *sim, enum xdptail_state state)
{
	const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = "eth0",
		.ifindex = 2,
		.state = state,
		.mode = XDPTAIL_MODE_NATIVE,
	};
	struct record line;
	int err = record_interface(sim->writer, sim->now, &event, &line);

	stream_put(sim, err, &line);
}

static inline void stream_packet(struct stream_sim *sim, unsigned int i)
{
	unsigned int cpu = i % 2;
	const struct xdptail_packet packet = {
		.timestamp_ns = sim->now,
		.cpu_seq = ++sim->cpu_seq[cpu],
		.interface = "eth0",
		.src_ip = { [10] = 0xff, 0xff, 192, 0, 2, (uint8_t)i },
		.dst_ip = { [10] = 0xff, 0xff, 198, 51, 100, 8 },
		.seq_num = 3172658035U + i,
		.packet_len = 1272,
		.ifindex = 2,
		.sample_rate = 10,
		.cpu = cpu,
		.has = XDPTAIL_HAS_PORTS | XDPTAIL_HAS_TCP | XDPTAIL_HAS_PROTOCOL,
		.src_port = 443,
		.dst_port = 48577,
		.ip_version = 4,
		.protocol = 6,
		.tcp_flags = 24,
		.ttl = 57,
	};
	struct record line;
	int err = record_packet(sim->writer, &packet, &line);

	stream_put(sim, err, &line);
}

static inline void stream_counts(struct stream_sim *sim, unsigned int interval)
{
	for (unsigned int i = 0; i < STREAM_COUNTS; i++) {
		const struct xdptail_source source = {
			.src_ip = { [10] = 0xff, 0xff, 192, 0, 2, (uint8_t)i },
			.interface = "eth0",
			.packets = 100 - i,
			.bytes = 15000 + i,
		};
		const struct record_count count = { .snapshot = interval + 1, .source = &source };
		struct record line;
		int err = record_count(sim->writer, sim->now, &count, &line);

		stream_put(sim, err, &line);
	}
}

static inline void stream_snapshot(struct stream_sim *sim, unsigned int interval)
{
	const struct xdptail_counts counts = {
		.interval_start_ns = sim->now,
		.interval_end_ns = sim->now + 1,
		.seen = 336 + interval,
		.not_ip = 2 + interval,
		.no_source = 3,
		.undetermined = 4,
		.not_selected = 5,
		.counted = 100 + 99 + 98 + 11 + 14,
		.counted_bytes = 15000 + 15001 + 15002 + 1100 + 1400,
		.unattributed_packets = 14,
		.unattributed_full = 13,
		.unattributed_busy = 1,
		.unattributed_bytes = 1400,
		.n_sources = STREAM_COUNTS + 1,
	};
	const struct record_snapshot snapshot = {
		.snapshot = interval + 1,
		.listed = STREAM_COUNTS,
		.unlisted_packets = 11,
		.unlisted_bytes = 1100,
		.counts = &counts,
	};
	struct xdptail_counts *sum = &sim->counts_sums;
	struct record line;
	int err = record_snapshot(sim->writer, sim->now, &snapshot, &line);

	stream_put(sim, err, &line);
	sim->snapshot_sums.snapshot = snapshot.snapshot;
	sim->snapshot_sums.listed += snapshot.listed;
	sim->snapshot_sums.unlisted_packets += snapshot.unlisted_packets;
	sim->snapshot_sums.unlisted_bytes += snapshot.unlisted_bytes;
	sum->seen += counts.seen;
	sum->not_ip += counts.not_ip;
	sum->no_source += counts.no_source;
	sum->undetermined += counts.undetermined;
	sum->not_selected += counts.not_selected;
	sum->counted += counts.counted;
	sum->counted_bytes += counts.counted_bytes;
	sum->unattributed_packets += counts.unattributed_packets;
	sum->unattributed_full += counts.unattributed_full;
	sum->unattributed_busy += counts.unattributed_busy;
	sum->unattributed_bytes += counts.unattributed_bytes;
}

static inline void stream_stats(struct stream_sim *sim, unsigned int interval)
{
	uint64_t lost = interval == STREAM_LOST_IN ? STREAM_LOST : 0;
	const struct record_stats stats = {
		.sampled = STREAM_PACKETS + lost,
		.delivered = STREAM_PACKETS,
		.lost_ring_full = lost,
		.cpu_ms = 12,
		.rss_kb = 5120,
		.ring_high_water = 4096,
	};
	struct record line;
	int err = record_stats(sim->writer, sim->now, &stats, &line);

	stream_put(sim, err, &line);
	sim->stats_sums.sampled += stats.sampled;
	sim->stats_sums.delivered += stats.delivered;
	sim->stats_sums.lost_ring_full += lost;
	sim->stats_sums.cpu_ms += stats.cpu_ms;
	if (lost) {
		const struct record_loss loss = {
			.where = "ring",
			.cause = "ring_full",
			.records = lost,
			.first_ns = sim->now,
			.last_ns = sim->now,
		};

		err = record_loss(sim->writer, sim->now, &loss, &line);
		stream_put(sim, err, &line);
	}
}

static const char *const stream_sink_names[STREAM_SINKS] = { "stdout", "file:/var/log/x.jsonl" };

static inline void stream_sink(struct stream_sim *sim, unsigned int i, unsigned int interval)
{
	struct record_sink *sum = &sim->sink_sums[i];
	uint64_t queued = (interval + i) % 2 ? 4 : 0;
	struct record_sink sink = {
		.sink = stream_sink_names[i],
		.made = sim->made - sum->made,
		.bytes = 5000,
		.dropped_queue_full = interval == STREAM_DROPPED_IN && !i ? sim->drops : 0,
		.queued = queued,
	};
	struct record line;
	int err;

	sink.written = sim->queued[i] + sink.made - sink.dropped_queue_full - queued;
	err = record_sink(sim->writer, sim->now, &sink, &line);
	stream_put(sim, err, &line);
	sim->queued[i] = queued;
	sum->made += sink.made;
	sum->written += sink.written;
	sum->bytes += sink.bytes;
	sum->dropped_queue_full += sink.dropped_queue_full;
}

static inline void stream_totals(struct stream_sim *sim)
{
	struct record line;
	int err;

	sim->counts_sums.interval_start_ns = STREAM_NOW;
	sim->counts_sums.interval_end_ns = sim->now;
	sim->snapshot_sums.total = true;
	sim->snapshot_sums.counts = &sim->counts_sums;
	err = record_snapshot(sim->writer, sim->now, &sim->snapshot_sums, &line);
	stream_put(sim, err, &line);
	sim->stats_sums.total = true;
	err = record_stats(sim->writer, sim->now, &sim->stats_sums, &line);
	stream_put(sim, err, &line);
	for (unsigned int i = 0; i < STREAM_SINKS; i++) {
		struct record_sink *sum = &sim->sink_sums[i];

		sum->total = true;
		sum->sink = stream_sink_names[i];
		sum->made = sim->made;
		sum->queued = 3;
		sum->written = sum->made - sum->dropped_queue_full - sum->queued;
		err = record_sink(sim->writer, sim->now, sum, &line);
		stream_put(sim, err, &line);
	}
}

static inline void stream_interval(struct stream_sim *sim, unsigned int interval)
{
	for (unsigned int i = 0; i < STREAM_PACKETS; i++) {
		if (interval == STREAM_LOST_IN && i == 5)
			sim->cpu_seq[0] += STREAM_LOST;
		stream_packet(sim, i);
	}
	stream_counts(sim, interval);
	stream_snapshot(sim, interval);
	stream_stats(sim, interval);
	for (unsigned int i = 0; i < STREAM_SINKS; i++)
		stream_sink(sim, i, interval);
}

/* drops: what the first output says that it dropped; the lines are there all the same. */
static inline void stream_make(struct stream *ret, uint64_t run, uint64_t drops)
{
	struct stream_sim sim = { .stream = ret, .now = STREAM_NOW, .drops = drops };
	struct record line;
	int err;

	*ret = (struct stream){ 0 };
	cr_assert_eq(record_writer_new(&sim.writer, run, false), 0);
	stream_start(&sim);
	stream_interface(&sim, XDPTAIL_STATE_ATTACHED);
	for (unsigned int interval = 0; interval < STREAM_INTERVALS; interval++) {
		if (interval == 2) {
			err = record_clock(sim.writer, sim.now, -5, &line);
			stream_put(&sim, err, &line);
		}
		stream_interval(&sim, interval);
	}
	stream_interface(&sim, XDPTAIL_STATE_DETACHED);
	stream_totals(&sim);
	err = record_stop(sim.writer, sim.now, "SIGTERM", 0, 0, &line);
	stream_put(&sim, err, &line);
	record_writer_free(sim.writer);
}

static inline void stream_free(struct stream *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->lines[i].text);
	s->n = 0;
}

/* Some lines of it, in a file without a name; returns its descriptor. */
static inline int stream_file(const char *text, size_t len)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	return fd;
}

static inline char *stream_text(const struct stream *s, size_t from, size_t to)
{
	size_t len = 0;
	char *text;
	FILE *out = open_memstream(&text, &len);

	cr_assert_not_null(out);
	for (size_t i = from; i < to; i++)
		(void)fputs(s->lines[i].text, out);
	cr_assert_eq(fclose(out), 0);
	return text;
}

struct stream_files {
	int fds[STREAM_FILES_MAX]; /* owned */
	size_t n;
};

static inline void stream_put_file(struct stream_files *f, const char *text, size_t len)
{
	cr_assert_lt(f->n, STREAM_FILES_MAX);
	f->fds[f->n++] = stream_file(text, len);
}

static inline void stream_put_lines(struct stream_files *f, const struct stream *s, size_t from,
				    size_t to)
{
	char *text = stream_text(s, from, to);

	stream_put_file(f, text, strlen(text));
	free(text);
}

/* What an audit of these files says; they are closed. *ret_text is owned by the caller. */
static inline enum audit_verdict stream_audit(struct stream_files *f, bool json, char **ret_text)
{
	struct audit_state state;
	enum audit_verdict verdict;
	size_t len = 0;
	FILE *out = open_memstream(ret_text, &len);

	cr_assert_not_null(out);
	cr_assert_eq(audit_state_init(&state), 0);
	for (size_t i = 0; i < f->n; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fds[i]);
		(void)audit_state_read(&state, path); /* a failure is a finding */
		close(f->fds[i]);
	}
	f->n = 0;
	verdict = audit_state_check(&state);
	cr_assert_eq(json ? audit_printer_json(&state, out) : audit_printer_text(&state, out), 0);
	cr_assert_eq(fclose(out), 0);
	audit_state_free(&state);
	return verdict;
}

static inline size_t stream_find(const struct stream *s, enum record_type type, uint64_t seq)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->lines[i].type == type && s->lines[i].seq == seq)
			return i;
	}
	cr_assert_fail("there is no %s %" PRIu64, record_type_name(type), seq);
	return 0;
}

static inline void stream_delete(struct stream *s, size_t i)
{
	free(s->lines[i].text);
	memmove(s->lines + i, s->lines + i + 1, (s->n - i - 1) * sizeof(s->lines[0]));
	s->n--;
}

/* Replace the first occurrence of old in a line. */
static inline void stream_edit(struct stream *s, enum record_type type, uint64_t seq,
			       const char *old, const char *new)
{
	struct stream_line *line = &s->lines[stream_find(s, type, seq)];
	char *at = strstr(line->text, old);
	char *text = NULL;

	cr_assert_not_null(at, "no %s in %s", old, line->text);
	cr_assert_geq(asprintf(&text, "%.*s%s%s", (int)(at - line->text), line->text, new,
			       at + strlen(old)),
		      0);
	free(line->text);
	line->text = text;
}

/* With the two samples that are lost put back, so that nothing at all is missing. */
static inline void stream_make_whole(struct stream *s)
{
	static const char before[] = "\"cpu\":0,\"cpu_seq\":";

	stream_make(s, STREAM_RUN, 0);
	stream_edit(s, RECORD_STATS, 2, "\"sampled\":13", "\"sampled\":11");
	stream_edit(s, RECORD_STATS, 2, "\"lost_ring_full\":2", "\"lost_ring_full\":0");
	stream_edit(s, RECORD_STATS, 4, "\"sampled\":35", "\"sampled\":33");
	stream_edit(s, RECORD_STATS, 4, "\"lost_ring_full\":2", "\"lost_ring_full\":0");
	for (size_t i = 0; i < s->n; i++) {
		char *at = strstr(s->lines[i].text, before);
		uint64_t seq = at ? strtoull(at + strlen(before), NULL, 10) : 0;

		if (s->lines[i].type == RECORD_PACKET && seq > 9)
			(void)sprintf(at + strlen(before), "%" PRIu64 "}\n", seq - STREAM_LOST);
	}
}

/* The start record of a stream as it is repeated: with these keys behind the others. */
static inline void stream_add_start(struct stream *to, const struct stream *s, const char *keys)
{
	const char *start = s->lines[0].text;
	char *text = NULL;

	cr_assert_geq(
		asprintf(&text, "%.*s,\"repeated\":true%s}\n", (int)strlen(start) - 2, start, keys),
		0);
	stream_add(to, text, RECORD_START, 1);
	free(text);
}

#endif
