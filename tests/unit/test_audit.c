/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <zlib.h>

#include "audit_stream.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The whole run in one file. */
static void put_all(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 0, s->n);
}

static void delete_where(struct stream *s, unsigned int types)
{
	for (size_t i = s->n; i-- > 0;) {
		if (types >> s->lines[i].type & 1)
			stream_delete(s, i);
	}
}

static void whole(struct stream *s, struct stream_files *f)
{
	put_all(s, f);
}

static void without_loss(struct stream *s, struct stream_files *f)
{
	/* the same with nothing lost: what was lost was never sampled */
	stream_edit(s, RECORD_STATS, 2, "\"sampled\":13", "\"sampled\":11");
	stream_edit(s, RECORD_STATS, 2, "\"lost_ring_full\":2", "\"lost_ring_full\":0");
	stream_edit(s, RECORD_STATS, 4, "\"sampled\":35", "\"sampled\":33");
	stream_edit(s, RECORD_STATS, 4, "\"lost_ring_full\":2", "\"lost_ring_full\":0");
	put_all(s, f);
}

static void newest_first(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 50, s->n);
	stream_put_lines(f, s, 20, 50);
	stream_put_lines(f, s, 0, 20);
}

static void backwards(struct stream *s, struct stream_files *f)
{
	for (size_t i = 0; i < s->n / 2; i++) {
		struct stream_line line = s->lines[i];

		s->lines[i] = s->lines[s->n - 1 - i];
		s->lines[s->n - 1 - i] = line;
	}
	put_all(s, f);
}

static void two_runs(struct stream *s, struct stream_files *f)
{
	struct stream other;
	size_t n = s->n;

	stream_make(&other, STREAM_OTHER_RUN, 0);
	for (size_t i = 0; i < n; i++)
		stream_add(s, other.lines[i].text, other.lines[i].type, other.lines[i].seq);
	backwards(s, f);
	stream_free(&other);
}

static void two_runs_one_damaged(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_PACKET, 17));
	two_runs(s, f);
}

/* As of a capture, whose intervals have their packets between their start and their end. */
static void make_capture(struct stream *s)
{
	static const char start[] = "\"interval_start\":\"";

	stream_edit(s, RECORD_START, 1, "\"ring_bytes\":16777216", "\"capture\":\"x.pcap\"");
	for (uint64_t seq = 1; seq <= STREAM_INTERVALS; seq++) {
		char *at = strstr(s->lines[stream_find(s, RECORD_SNAPSHOT, seq)].text, start);

		cr_assert_not_null(at);
		// NOLINTNEXTLINE(bugprone-not-null-terminated-result): the line goes on behind it
		memcpy(at + strlen(start), "2026-11-22T03:40:00", 19);
	}
}

static void capture(struct stream *s, struct stream_files *f)
{
	make_capture(s);
	put_all(s, f);
}

static void capture_backwards(struct stream *s, struct stream_files *f)
{
	make_capture(s);
	backwards(s, f);
}

static void capture_packet_early(struct stream *s, struct stream_files *f)
{
	make_capture(s);
	stream_edit(s, RECORD_PACKET, 20, "2026-11-22T03:41", "2026-11-22T03:39");
	put_all(s, f);
}

static void capture_packet_late(struct stream *s, struct stream_files *f)
{
	make_capture(s);
	stream_edit(s, RECORD_PACKET, 1, "2026-11-22T03:41", "2026-11-22T03:42");
	put_all(s, f);
}

/* Whether it is of that interval is not known then. */
static void capture_packet_late_and_gap(struct stream *s, struct stream_files *f)
{
	make_capture(s);
	stream_edit(s, RECORD_PACKET, 1, "2026-11-22T03:41", "2026-11-22T03:42");
	stream_delete(s, stream_find(s, RECORD_PACKET, 7));
	put_all(s, f);
}

static void capture_turned(struct stream *s, struct stream_files *f)
{
	make_capture(s);
	stream_edit(s, RECORD_SNAPSHOT, 2, "\"interval_end\":\"2026", "\"interval_end\":\"2025");
	put_all(s, f);
}

static void packet_deleted(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_PACKET, 17));
	put_all(s, f);
}

static void last_packet_deleted(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_PACKET, 33));
	put_all(s, f);
}

static void last_interface_deleted(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_INTERFACE, 2));
	put_all(s, f);
}

static void last_sink_deleted(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_SINK, 8));
	put_all(s, f);
}

static void total_deleted(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_SNAPSHOT, 4));
	put_all(s, f);
}

static void count_twice(struct stream *s, struct stream_files *f)
{
	size_t i = stream_find(s, RECORD_COUNT, 5);

	stream_add(s, s->lines[i].text, RECORD_COUNT, 5);
	put_all(s, f);
}

static void file_twice(struct stream *s, struct stream_files *f)
{
	put_all(s, f);
	put_all(s, f);
}

static void count_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_COUNT, 5, "\"packets\":99", "\"packets\":98");
	put_all(s, f);
}

static void bytes_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_COUNT, 5, "\"bytes\":15001", "\"bytes\":15000");
	put_all(s, f);
}

static void count_moved(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_COUNT, 5, "\"snapshot\":2", "\"snapshot\":3");
	put_all(s, f);
}

static void count_of_no_snapshot(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_COUNT, 5, "\"snapshot\":2", "\"snapshot\":7");
	put_all(s, f);
}

static void seen_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SNAPSHOT, 2, "\"seen\":337", "\"seen\":338");
	put_all(s, f);
}

static void snapshot_and_total_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SNAPSHOT, 2, "\"seen\":337", "\"seen\":338");
	stream_edit(s, RECORD_SNAPSHOT, 2, "\"not_ip\":3", "\"not_ip\":4");
	put_all(s, f);
}

static void cause_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SNAPSHOT, 2, "\"unattributed_full\":13", "\"unattributed_full\":12");
	put_all(s, f);
}

static void sampled_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_STATS, 2, "\"sampled\":13", "\"sampled\":12");
	put_all(s, f);
}

static void delivered_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_STATS, 4, "\"delivered\":33", "\"delivered\":32");
	stream_edit(s, RECORD_STATS, 4, "\"sampled\":35", "\"sampled\":34");
	put_all(s, f);
}

static void loss_hidden(struct stream *s, struct stream_files *f)
{
	without_loss(s, f); /* but cpu_seq tells */
}

static void written_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SINK, 3, "\"queued\":4", "\"queued\":5");
	put_all(s, f);
}

static void sink_total_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SINK, 7, "\"queued\":3", "\"queued\":2");
	put_all(s, f);
}

static void sink_total_too_low(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SINK, 1, "\"filtered\":0", "\"filtered\":1");
	put_all(s, f);
}

static void cpu_seq_edited(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_PACKET, 3, "\"cpu_seq\":2", "\"cpu_seq\":3");
	put_all(s, f);
}

static void drops_reported(struct stream *s, struct stream_files *f)
{
	for (uint64_t seq = 13; seq < 16; seq++)
		stream_delete(s, stream_find(s, RECORD_PACKET, seq));
	put_all(s, f);
}

static void more_than_drops(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_COUNT, 2));
	drops_reported(s, f);
}

static void truncated(struct stream *s, struct stream_files *f)
{
	char *text = stream_text(s, 0, s->n);

	stream_put_file(f, text, strlen(text) - 20);
	free(text);
}

static void no_last_newline(struct stream *s, struct stream_files *f)
{
	char *text = stream_text(s, 0, s->n);

	stream_put_file(f, text, strlen(text) - 1);
	free(text);
}

static void torn_between_files(struct stream *s, struct stream_files *f)
{
	char *text = stream_text(s, 0, 20);

	stream_put_file(f, text, strlen(text) - 20);
	stream_put_lines(f, s, 20, s->n);
	free(text);
}

static void cut_line(struct stream_line *line)
{
	char *end = line->text + strlen(line->text) - 20;

	end[0] = '\n';
	end[1] = '\0';
}

static void torn_then_new_run(struct stream *s, struct stream_files *f)
{
	struct stream other;

	cut_line(&s->lines[s->n - 1]);
	stream_make(&other, STREAM_OTHER_RUN, 0);
	for (size_t i = 0; i < other.n; i++)
		stream_add(s, other.lines[i].text, other.lines[i].type, other.lines[i].seq);
	stream_free(&other);
	put_all(s, f);
}

static void stump_in_the_middle(struct stream *s, struct stream_files *f)
{
	cut_line(&s->lines[20]);
	put_all(s, f);
}

static void file_missing(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 0, 5);
	stream_put_lines(f, s, 9, s->n);
}

static void first_file_missing(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 9, s->n);
}

static void no_stop(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 0, 40);
}

static void no_stop_gap(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_PACKET, 5));
	stream_put_lines(f, s, 0, 40);
}

static void no_stop_late_gap(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_PACKET, 25));
	stream_put_lines(f, s, 0, stream_find(s, RECORD_PACKET, 30));
}

static void no_packets(struct stream *s, struct stream_files *f)
{
	delete_where(s, 1U << RECORD_PACKET);
	put_all(s, f);
}

/* Lines that a sink record says were written, as ones that were filtered. */
static void filter(struct stream *s, uint64_t seq, uint64_t n)
{
	const char *text = s->lines[stream_find(s, RECORD_SINK, seq)].text;
	uint64_t written = strtoull(strstr(text, "\"written\":") + 10, NULL, 10);
	char old[64];
	char new[64];

	(void)snprintf(old, sizeof(old), "\"written\":%" PRIu64, written);
	(void)snprintf(new, sizeof(new), "\"written\":%" PRIu64, written - n);
	stream_edit(s, RECORD_SINK, seq, old, new);
	(void)snprintf(new, sizeof(new), "\"filtered\":%" PRIu64, n);
	stream_edit(s, RECORD_SINK, seq, "\"filtered\":0", new);
}

static void packets_filtered(struct stream *s, struct stream_files *f)
{
	filter(s, 1, STREAM_PACKETS);
	filter(s, 3, STREAM_PACKETS);
	filter(s, 5, STREAM_PACKETS);
	filter(s, 7, (uint64_t)STREAM_PACKETS * STREAM_INTERVALS);
	no_packets(s, f);
}

static void packets_filtered_count_deleted(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_COUNT, 2));
	packets_filtered(s, f);
}

static void no_counts(struct stream *s, struct stream_files *f)
{
	delete_where(s, 1U << RECORD_COUNT);
	put_all(s, f);
}

static void no_stats_nor_sinks(struct stream *s, struct stream_files *f)
{
	delete_where(s, 1U << RECORD_STATS | 1U << RECORD_SINK);
	put_all(s, f);
}

static void only_packets(struct stream *s, struct stream_files *f)
{
	delete_where(s, ~(1U << RECORD_PACKET));
	put_all(s, f);
}

static void only_packets_gap(struct stream *s, struct stream_files *f)
{
	delete_where(s, ~(1U << RECORD_PACKET));
	stream_delete(s, 4);
	put_all(s, f);
}

static void only_snapshots(struct stream *s, struct stream_files *f)
{
	delete_where(s, ~(1U << RECORD_SNAPSHOT | 1U << RECORD_STATS | 1U << RECORD_STOP));
	put_all(s, f);
}

static void no_interfaces(struct stream *s, struct stream_files *f)
{
	delete_where(s, 1U << RECORD_INTERFACE);
	put_all(s, f);
}

static void not_json(struct stream *s, struct stream_files *f)
{
	free(s->lines[20].text);
	s->lines[20].text = strdup("{\"packets\":'x'}\n");
	put_all(s, f);
}

static void not_ours(struct stream *s, struct stream_files *f)
{
	stream_add(s, "{\"message\":\"hello\"}\n", RECORD_STOP, 0);
	put_all(s, f);
}

static void repeated_start(struct stream *s, struct stream_files *f)
{
	stream_add_start(s, s, ",\"file\":2");
	put_all(s, f);
}

/* A new run comes to a file with a torn line when it has begun elsewhere. */
static void torn_then_repeated(struct stream *s, struct stream_files *f)
{
	struct stream other;

	cut_line(&s->lines[s->n - 1]);
	stream_make(&other, STREAM_OTHER_RUN, 0);
	stream_put_lines(f, &other, 0, 1);
	stream_add_start(s, &other, ",\"file\":2");
	for (size_t i = 1; i < other.n; i++)
		stream_add(s, other.lines[i].text, other.lines[i].type, other.lines[i].seq);
	stream_free(&other);
	put_all(s, f);
}

static void blank_lines(struct stream *s, struct stream_files *f)
{
	stream_add(s, "\n\r\n", RECORD_STOP, 0);
	put_all(s, f);
}

static void nothing(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 0, 0);
}

static void hole(struct stream *s, struct stream_files *f)
{
	static const char nuls[200000];
	char *text = stream_text(s, 20, s->n);

	stream_put_lines(f, s, 0, 20);
	stream_put_file(f, nuls, sizeof(nuls));
	cr_assert_eq(write(f->fds[1], text, strlen(text)), (ssize_t)strlen(text));
	free(text);
}

static void zeros_at_end(struct stream *s, struct stream_files *f)
{
	char *text = stream_text(s, 0, 20);

	memset(text + strlen(text) - 20, 0, 20);
	stream_put_file(f, text, strlen(text) + 20);
	stream_put_lines(f, s, 20, s->n);
	free(text);
}

static void long_line(struct stream *s, struct stream_files *f)
{
	char *text = calloc(1, 300000);

	cr_assert_not_null(text);
	memset(text, 'x', 299998);
	text[299998] = '\n';
	stream_add(s, text, RECORD_STOP, 0);
	free(text);
	put_all(s, f);
}

static void put_gzip(struct stream_files *f, const struct stream *s, size_t from, size_t to)
{
	char *text = stream_text(s, from, to);
	int fd = stream_file("", 0);
	gzFile gz = gzdopen(dup(fd), "wb");

	cr_assert_not_null(gz);
	cr_assert_eq(gzwrite(gz, text, (unsigned int)strlen(text)), (int)strlen(text));
	cr_assert_eq(gzclose(gz), Z_OK);
	free(text);
	cr_assert_lt(f->n, STREAM_FILES_MAX);
	f->fds[f->n++] = fd;
}

static void compressed(struct stream *s, struct stream_files *f)
{
	stream_put_lines(f, s, 40, s->n);
	put_gzip(f, s, 0, 40);
}

/* gzip files one after the other in one file are one, as logs that are appended to are. */
static void compressed_members(struct stream *s, struct stream_files *f)
{
	char buf[65536];
	ssize_t n;

	put_gzip(f, s, 0, 30);
	put_gzip(f, s, 30, s->n);
	n = pread(f->fds[1], buf, sizeof(buf), 0);
	cr_assert_gt(n, 0);
	cr_assert_eq(write(f->fds[0], buf, (size_t)n), n);
	close(f->fds[1]);
	f->n = 1;
}

static void compressed_cut(struct stream *s, struct stream_files *f)
{
	put_gzip(f, s, 0, s->n);
	cr_assert_eq(ftruncate(f->fds[0], 500), 0);
}

static void compressed_damaged(struct stream *s, struct stream_files *f)
{
	put_gzip(f, s, 0, s->n);
	cr_assert_eq(pwrite(f->fds[0], "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 300), 8);
}

static void directory(struct stream *s, struct stream_files *f)
{
	put_all(s, f);
	f->fds[f->n++] = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void unreadable(struct stream *s, struct stream_files *f)
{
	stream_delete(s, stream_find(s, RECORD_PACKET, 17));
	directory(s, f);
}

static void edited_unreadable(struct stream *s, struct stream_files *f)
{
	stream_edit(s, RECORD_SNAPSHOT, 2, "\"seen\":337", "\"seen\":338");
	directory(s, f);
}

static void nothing_readable(struct stream *s, struct stream_files *f)
{
	directory(s, f);
	close(f->fds[0]);
	f->fds[0] = f->fds[1];
	f->n = 1;
}

#define LOST "lost_ring_full 2"

static const struct {
	const char *name;
	void (*damage)(struct stream *s, struct stream_files *f);
	uint64_t drops; /* that the first output reports */
	enum audit_verdict want;
	const char *want_text;
} damages[] = {
	{ "whole but for lost samples", whole, 0, AUDIT_INCOMPLETE, LOST },
	{ "newest file first", newest_first, 0, AUDIT_INCOMPLETE, LOST },
	{ "backwards, line by line", backwards, 0, AUDIT_INCOMPLETE, LOST },
	{ "two runs mixed", two_runs, 0, AUDIT_INCOMPLETE, "2 runs, 128 records in 1 file" },
	{ "two runs, one damaged", two_runs_one_damaged, 0, AUDIT_BROKEN,
	  "run 00000000deadbeef on host web1: 33 packet records, 3 snapshots, incomplete" },
	{ "a packet deleted", packet_deleted, 0, AUDIT_BROKEN,
	  "record 17 of packet is missing, and no sink reported a drop" },
	{ "the last packet deleted", last_packet_deleted, 0, AUDIT_BROKEN,
	  "record 33 of packet is missing, and no sink reported a drop" },
	{ "the last interface record deleted", last_interface_deleted, 0, AUDIT_BROKEN,
	  "records of interface, loss or clock that are missing, the last of their type: 1" },
	{ "the last sink record deleted", last_sink_deleted, 0, AUDIT_BROKEN,
	  "record 8 of sink is missing" },
	{ "the snapshot with totals deleted", total_deleted, 0, AUDIT_BROKEN,
	  "record 4 of snapshot is missing" },
	{ "a count line twice", count_twice, 0, AUDIT_BROKEN, "record 5 of count is there twice" },
	{ "a file twice", file_twice, 0, AUDIT_BROKEN,
	  "records 1 to 33 of packet are there twice" },
	{ "packets of a count edited", count_edited, 0, AUDIT_BROKEN,
	  "snapshot 2: its 3 count records have 296 packets" },
	{ "bytes of a count edited", bytes_edited, 0, AUDIT_BROKEN,
	  "snapshot 2: its 3 count records have 45002 bytes" },
	{ "a count in another snapshot", count_moved, 0, AUDIT_BROKEN,
	  "snapshot 2 lists 3 count records, but there are 2" },
	{ "a count of no snapshot", count_of_no_snapshot, 0, AUDIT_BROKEN,
	  "count records of snapshot 7, of which there is no record: 1" },
	{ "seen edited", seen_edited, 0, AUDIT_BROKEN, "snapshot 2: seen is 338" },
	{ "seen and a term edited", snapshot_and_total_edited, 0, AUDIT_BROKEN,
	  "the snapshot record with the totals: not_ip is 9, but the intervals add up to 10" },
	{ "a cause edited", cause_edited, 0, AUDIT_BROKEN, "the causes add up to 13" },
	{ "sampled edited", sampled_edited, 0, AUDIT_BROKEN, "stats 2: sampled is 12" },
	{ "delivered edited", delivered_edited, 0, AUDIT_BROKEN,
	  "packet records go up to number 33, but according to the totals 32 were made" },
	{ "lost samples hidden", loss_hidden, 0, AUDIT_BROKEN,
	  "of cpu 0 are missing; in all 2 samples are, but only 0 are known to be" },
	{ "queued edited", written_edited, 0, AUDIT_BROKEN, "sink 3 (\"stdout\")" },
	{ "a sink's total edited", sink_total_edited, 0, AUDIT_BROKEN,
	  "the totals of sink \"stdout\": made is" },
	{ "more filtered than in total", sink_total_too_low, 0, AUDIT_BROKEN,
	  "the totals of sink \"stdout\": filtered is 0, but the intervals add up to 1" },
	{ "cpu_seq edited", cpu_seq_edited, 0, AUDIT_BROKEN,
	  "two packet records of cpu 0 have the same cpu_seq, 3" },
	{ "of a capture", capture, 0, AUDIT_INCOMPLETE, LOST },
	{ "of a capture, last line first", capture_backwards, 0, AUDIT_INCOMPLETE, LOST },
	{ "of a capture, a packet before its interval", capture_packet_early, 0, AUDIT_BROKEN,
	  "snapshot 2 is of 2026-11-22T03:40:00.704" },
	{ "of a capture, a packet behind its interval", capture_packet_late, 0, AUDIT_BROKEN,
	  "Z, but its packets are of 2026-11-22T03:41:40.704" },
	{ "of a capture, a packet behind its interval, and one missing",
	  capture_packet_late_and_gap, 0, AUDIT_BROKEN, "record 7 of packet is missing" },
	{ "of a capture, an interval turned", capture_turned, 0, AUDIT_BROKEN,
	  "ends before it starts" },
	{ "packets dropped, and reported", drops_reported, 3, AUDIT_INCOMPLETE,
	  "records missing in all: 3, accounted for: truncated lines 0, left out by a sink 3" },
	{ "packets dropped, fewer reported", drops_reported, 2, AUDIT_BROKEN,
	  "records 13 to 15 of packet are missing, and sinks reported only 2 drops" },
	{ "more missing than dropped", more_than_drops, 3, AUDIT_BROKEN,
	  "record 2 of count is missing, and sinks reported only 3 drops" },
	{ "dropped by an output, but all there", whole, 3, AUDIT_INCOMPLETE,
	  "sink \"stdout\" left out 3 (dropped_queue_full 3, dropped_error 0, filtered 0), but "
	  "not in this copy" },
	{ "last line truncated", truncated, 0, AUDIT_INCOMPLETE, "line 64: it is truncated" },
	{ "no newline at the end", no_last_newline, 0, AUDIT_INCOMPLETE, LOST },
	{ "last line of an older file truncated", torn_between_files, 0, AUDIT_INCOMPLETE,
	  "records missing in all: 1, accounted for: truncated lines 1" },
	{ "torn line, then a new run", torn_then_new_run, 0, AUDIT_INCOMPLETE,
	  "line 64: it is truncated" },
	{ "torn line, then a run that began elsewhere", torn_then_repeated, 0, AUDIT_INCOMPLETE,
	  "line 64: it is truncated" },
	{ "torn line in the middle", stump_in_the_middle, 0, AUDIT_BROKEN,
	  "line 21: it is not JSON: it is truncated" },
	{ "a file missing", file_missing, 0, AUDIT_BROKEN,
	  "records 4 to 7 of packet are missing, and no sink reported a drop: a file" },
	{ "the first file missing", first_file_missing, 0, AUDIT_BROKEN,
	  "records 1 to 7 of packet are missing, and no sink reported a drop: a file" },
	{ "no stop", no_stop, 0, AUDIT_INCOMPLETE, "there is no stop record" },
	{ "no stop, and a gap", no_stop_gap, 0, AUDIT_BROKEN,
	  "record 5 of packet is missing, and" },
	{ "no stop, a gap after the last sink record", no_stop_late_gap, 0, AUDIT_INCOMPLETE,
	  "no sink has reported yet" },
	{ "no packets", no_packets, 0, AUDIT_INCOMPLETE,
	  "no packet records are in this copy, though 33 were made" },
	{ "packets filtered", packets_filtered, 0, AUDIT_INCOMPLETE,
	  "no packet records are in this copy, though 33 were made" },
	{ "packets filtered, a count deleted", packets_filtered_count_deleted, 0, AUDIT_BROKEN,
	  "record 2 of count is missing, and no sink reported a drop" },
	{ "no counts", no_counts, 0, AUDIT_INCOMPLETE,
	  "no count records are in this copy, though 9 were made" },
	{ "no stats and no sinks", no_stats_nor_sinks, 0, AUDIT_INCOMPLETE,
	  "no stats record is in this copy" },
	{ "only packets", only_packets, 0, AUDIT_INCOMPLETE,
	  "whether more was made cannot be known" },
	{ "only packets, one deleted", only_packets_gap, 0, AUDIT_BROKEN,
	  "record 5 of packet is missing, and nothing that is here accounts for it" },
	{ "only snapshots, stats and stop", only_snapshots, 0, AUDIT_INCOMPLETE,
	  "no packet records are in this copy, though 33 were made" },
	{ "no interface records", no_interfaces, 0, AUDIT_INCOMPLETE,
	  "interface, loss or clock records that are not in this copy: 2" },
	{ "not JSON", not_json, 0, AUDIT_BROKEN, "line 21: it is not JSON" },
	{ "not ours", not_ours, 0, AUDIT_BROKEN, "line 65: \"timestamp\" is not a time" },
	{ "a start record repeated", repeated_start, 0, AUDIT_INCOMPLETE, LOST },
	{ "blank lines", blank_lines, 0, AUDIT_INCOMPLETE, LOST },
	{ "nothing at all", nothing, 0, AUDIT_INCOMPLETE, "no record was found" },
	{ "a hole of NUL bytes", hole, 0, AUDIT_INCOMPLETE,
	  "line 1: 200000 NUL bytes come before it" },
	{ "a torn line filled up with zeros", zeros_at_end, 0, AUDIT_INCOMPLETE,
	  "line 20: it is truncated" },
	{ "a long line", long_line, 0, AUDIT_BROKEN,
	  "line 65: it is longer than 65536 bytes, and was skipped" },
	{ "a file compressed", compressed, 0, AUDIT_INCOMPLETE, LOST },
	{ "two compressed files in one", compressed_members, 0, AUDIT_INCOMPLETE, LOST },
	{ "compressed file cut", compressed_cut, 0, AUDIT_INCOMPLETE,
	  "compressed data is truncated" },
	{ "compressed file damaged", compressed_damaged, 0, AUDIT_BROKEN,
	  "compressed data is damaged" },
	{ "a directory", directory, 0, AUDIT_INCOMPLETE, "Is a directory" },
	{ "a packet may be in a file that can't be read", unreadable, 0, AUDIT_INCOMPLETE,
	  "record 17 of packet is missing, and a file could not be read" },
	{ "a contradiction beside a file that can't be read", edited_unreadable, 0, AUDIT_BROKEN,
	  "snapshot 2: seen is 338" },
	{ "nothing can be read", nothing_readable, 0, AUDIT_INCOMPLETE,
	  "0 runs, 0 records in 1 file: no verdict, because nothing could be read" },
};

Test(audit, damages)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct stream_files files = { 0 };
		enum audit_verdict got;
		struct stream s;
		char *text;

		stream_make(&s, STREAM_RUN, damages[i].drops);
		damages[i].damage(&s, &files);
		got = stream_audit(&files, false, &text);
		cr_expect_eq(got, damages[i].want, "%s: got %d, want %d:\n%s", damages[i].name, got,
			     damages[i].want, text);
		cr_expect(strstr(text, damages[i].want_text), "%s: got:\n%swant: %s",
			  damages[i].name, text, damages[i].want_text);
		free(text);
		stream_free(&s);
	}
}

static enum audit_verdict audit_all(struct stream *s, char **ret_text)
{
	struct stream_files files = { 0 };

	put_all(s, &files);
	return stream_audit(&files, false, ret_text);
}

Test(audit, whole)
{
	struct stream s;
	char *text;

	stream_make_whole(&s);
	cr_expect_eq(audit_all(&s, &text), AUDIT_WHOLE, "got:\n%s", text);
	cr_expect_str_eq(text, "run 5f0c9a1e77b0d2c4 on host web1: 33 packet records, 3 snapshots, "
			       "whole\n1 run, 64 records in 1 file: whole\n");
	free(text);
	stream_free(&s);
}

/* One record, given to each output under its name. */
static enum audit_verdict with_another_start(const char *name, char **ret_text)
{
	enum audit_verdict got;
	struct stream s;
	size_t i;

	stream_make_whole(&s);
	i = stream_find(&s, RECORD_START, 1);
	stream_add(&s, s.lines[i].text, RECORD_START, 2);
	stream_edit(&s, RECORD_START, 2, "\"sink\":\"stdout\"", name);
	got = audit_all(&s, ret_text);
	stream_free(&s);
	return got;
}

Test(audit, the_start_of_each_output)
{
	static const char same[] = "\"sink\":\"stdout\"";
	static const char other[] = "\"sink\":\"file:/a\"";
	char *text;

	cr_expect_eq(with_another_start(other, &text), AUDIT_WHOLE, "got:\n%s", text);
	free(text);
	cr_expect_eq(with_another_start(same, &text), AUDIT_BROKEN, "got:\n%s", text);
	cr_expect(strstr(text, "record 1 of start is there twice"), "got:\n%s", text);
	free(text);
}

/* Types of which the whole run has but one record: its copy then looks as one that was made without
 * them, or for the stop record, as a run that is not over.
 */
static bool is_only_one(enum record_type type)
{
	return type == RECORD_START || type == RECORD_STOP;
}

Test(audit, every_line_deleted)
{
	struct stream whole;
	size_t n;

	stream_make_whole(&whole);
	n = whole.n;
	stream_free(&whole);
	for (size_t i = 0; i < n; i++) {
		enum audit_verdict want;
		enum audit_verdict got;
		struct stream s;
		char *text;

		stream_make_whole(&s);
		want = is_only_one(s.lines[i].type) ? AUDIT_INCOMPLETE : AUDIT_BROKEN;
		stream_delete(&s, i);
		got = audit_all(&s, &text);
		cr_expect_eq(got, want, "line %zu deleted: got %d, want %d:\n%s", i + 1, got, want,
			     text);
		free(text);
		stream_free(&s);
	}
}

Test(audit, every_line_twice)
{
	struct stream s;
	size_t n;

	stream_make_whole(&s);
	n = s.n;
	for (size_t i = 0; i < n; i++) {
		enum audit_verdict got;
		char want[64];
		char *text;

		(void)snprintf(want, sizeof(want), "record %" PRIu64 " of %s is there twice",
			       s.lines[i].seq, record_type_name(s.lines[i].type));
		stream_add(&s, s.lines[i].text, s.lines[i].type, s.lines[i].seq);
		got = audit_all(&s, &text);
		cr_expect_eq(got, AUDIT_BROKEN, "line %zu: got %d, want 2", i + 1, got);
		cr_expect(strstr(text, want), "line %zu: got:\n%swant: %s", i + 1, text, want);
		free(text);
		stream_delete(&s, s.n - 1);
	}
	stream_free(&s);
}

/* Numbers that no law covers, and those that a law bounds only from one side. */
static const char *const free_keys[] = {
	"sources",	   "cpu_ms", "rss_kb", "ring_high_water",
	"longest_wait_ms", "bytes", /* of sink records; those of count records are in L2 */
};

static bool is_free(const struct stream_line *line, const char *key, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(free_keys); i++) {
		if (strlen(free_keys[i]) == len && memcmp(free_keys[i], key, len) == 0)
			return line->type != RECORD_COUNT;
	}
	return false;
}

/* Is this the digit of a number that is a value? And whose is it? */
static bool is_covered(const struct stream_line *line, size_t at)
{
	const char *text = line->text;
	size_t colon = at;
	size_t key;

	if (!isdigit((unsigned char)text[at]))
		return false;
	while (colon && isdigit((unsigned char)text[colon - 1]))
		colon--;
	if (!colon || text[colon - 1] != ':' || text[colon - 2] != '"')
		return false;
	for (key = colon - 2; text[key - 1] != '"'; key--)
		;
	return !is_free(line, text + key, colon - 2 - key);
}

static void change_digit(struct stream *s, size_t i, size_t at)
{
	char *digit = &s->lines[i].text[at];
	const char was = *digit;
	enum audit_verdict got;
	char *text;

	*digit = "1234567891"[was - '0'];
	got = audit_all(s, &text);
	cr_expect_neq(got, AUDIT_WHOLE, "line %zu, byte %zu, %c for %c: got %d, want 1 or 2: %s",
		      i + 1, at + 1, *digit, was, got, s->lines[i].text);
	*digit = was;
	free(text);
}

Test(audit, every_digit_changed)
{
	static const unsigned int types =
		1U << RECORD_COUNT | 1U << RECORD_SNAPSHOT | 1U << RECORD_STATS | 1U << RECORD_SINK;
	size_t changed = 0;
	struct stream s;

	stream_make_whole(&s);
	for (size_t i = 0; i < s.n; i++) {
		for (size_t at = 0; types >> s.lines[i].type & 1 && s.lines[i].text[at]; at++) {
			if (!is_covered(&s.lines[i], at))
				continue;
			change_digit(&s, i, at);
			changed++;
		}
	}
	cr_expect_gt(changed, 300, "only %zu digits were changed", changed);
	stream_free(&s);
}

/* record_seq, cpu and cpu_seq of packets. */
Test(audit, every_number_of_packets_changed)
{
	static const char *const keys[] = { "\"record_seq\":", "\"cpu\":", "\"cpu_seq\":" };
	struct stream s;

	stream_make_whole(&s);
	for (size_t i = 0; i < s.n; i++) {
		for (size_t k = 0; s.lines[i].type == RECORD_PACKET && k < ARRAY_SIZE(keys); k++) {
			const char *at = strstr(s.lines[i].text, keys[k]) + strlen(keys[k]);

			change_digit(&s, i, (size_t)(at - s.lines[i].text));
		}
	}
	stream_free(&s);
}

Test(audit, findings_are_bounded)
{
	struct stream_files files = { 0 };
	struct stream s = { 0 };
	char *text;

	for (int i = 0; i < 30; i++)
		stream_add(&s, "nonsense\n", RECORD_STOP, 0);
	put_all(&s, &files);
	cr_expect_eq(stream_audit(&files, false, &text), AUDIT_BROKEN);
	cr_expect(strstr(text, "line 20: it is not JSON"), "got:\n%s", text);
	cr_expect_null(strstr(text, "line 21: it is not JSON"), "got:\n%s", text);
	cr_expect(strstr(text, "and 10 more of the kind \"line\""), "got:\n%s", text);
	free(text);
	stream_free(&s);
}

Test(audit, for_machines)
{
	static const char *const wants[] = {
		"{\"run\":\"5f0c9a1e77b0d2c4\",\"hostname\":\"web1\",\"verdict\":\"broken\",\"exit\":2,"
		"\"records\":{\"packet\":32,\"count\":9,\"snapshot\":4,\"stats\":4,\"sink\":8,",
		"{\"kind\":\"missing\",\"verdict\":\"broken\",\"exit\":2,\"text\":\"record 17 of packet",
		"\n{\"verdict\":\"broken\",\"exit\":2,\"files\":1,\"records\":63,\"runs\":1,"
		"\"findings\":[],\"more\":{}}\n",
	};
	struct stream_files files = { 0 };
	struct stream s;
	char *text;

	stream_make_whole(&s);
	packet_deleted(&s, &files);
	cr_expect_eq(stream_audit(&files, true, &text), AUDIT_BROKEN);
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++)
		cr_expect(strstr(text, wants[i]), "got:\n%swant: %s", text, wants[i]);
	free(text);
	stream_free(&s);
}
