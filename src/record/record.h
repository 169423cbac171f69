/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats records as lines, one JSON object each, as xdptail-stream(7) describes the stream.
 * record.c is the only file that knows field names. It has no state but its own buffer and
 * counters: the caller passes times in, and nothing is written to any file.
 *
 * Every line is written by json.h, which allocates nothing: json-c silently leaves bytes out when
 * memory runs out. A line ends in '\n', has no other newline, and is at most
 * RECORD_MAX_BYTES long.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

#define RECORD_MAX_BYTES  1000 /* including the newline; some readers stop at 1024 */
#define RECORD_RUN_DIGITS 16
#define RECORD_SCHEMA	  "xdptail/1"

enum record_type {
	RECORD_PACKET,
	RECORD_COUNT,
	RECORD_SNAPSHOT,
	RECORD_STATS,
	RECORD_SINK,
	RECORD_START,
	RECORD_INTERFACE,
	RECORD_LOSS,
	RECORD_CLOCK,
	RECORD_STOP,
	RECORD_TYPE_MAX
};

/* A record as outputs see it. text is borrowed from the writer until its next line. */
struct record {
	const char *text;
	size_t len; /* bytes, including the newline */
	enum record_type type;
	uint64_t record_seq;
};

struct record_writer; /* the numbering and the buffer of one run */

/* run: printed as sixteen hex digits in each line. ns: timestamps have nine fraction digits, else
 * six. *ret is owned by the caller: record_writer_free(). Returns 0 or -ENOMEM.
 */
int record_writer_new(struct record_writer **ret, uint64_t run, bool ns);
void record_writer_free(struct record_writer *w); /* NULL is fine */

/* "packet" … "stop"; never NULL. */
const char *record_type_name(enum record_type type);

/* Returns the value of the timestamp that begins the line, with its length, or NULL if this is not
 * a line of ours.
 */
const char *record_timestamp(const char *text, size_t len, size_t *ret_len);

/* Each of these functions makes one line, and numbers it. They return 0, or -EMSGSIZE if the line
 * would be longer than RECORD_MAX_BYTES (strings from outside are bounded, so that is a bug). On
 * failure *ret is untouched and no number is used up. now_ns: Unix time in nanoseconds.
 */
int record_packet(struct record_writer *w, const struct xdptail_packet *packet, struct record *ret);

/* One source in one interval. */
struct record_count {
	uint64_t snapshot; /* number of the snapshot in the run, from 1 */
	const struct xdptail_source *source; /* borrowed */
};
int record_count(struct record_writer *w, uint64_t now_ns, const struct record_count *count,
		 struct record *ret);

/* A snapshot ends the count lines of its number. In lines, packets and bytes:
 *   seen = not_ip + no_source + undetermined + not_selected + counted                       (L1)
 *   counted = those of the count lines + unlisted + unattributed                            (L2)
 */
struct record_snapshot {
	bool total; /* sums of the whole run, without sources */
	bool aggregates; /* counts are of packets that the host had merged */
	uint64_t snapshot;
	uint64_t listed; /* number of count lines */
	uint64_t unlisted_packets; /* packets of sources without a count line */
	uint64_t unlisted_bytes;
	const struct xdptail_counts *counts; /* borrowed */
};
int record_snapshot(struct record_writer *w, uint64_t now_ns,
		    const struct record_snapshot *snapshot, struct record *ret);

struct record_loss {
	const char *where; /* "ring", "decode", "record", or an output as the user named it */
	const char *cause;
	uint64_t records;
	uint64_t first_ns; /* Unix time: no sample was lost before this in the interval */
	uint64_t last_ns; /* Unix time: no sample was lost after this */
};
int record_loss(struct record_writer *w, uint64_t now_ns, const struct record_loss *loss,
		struct record *ret);

/* Wall time has stepped by step_ns, which is negative if it went back. */
int record_clock(struct record_writer *w, uint64_t now_ns, int64_t step_ns, struct record *ret);

struct record_start {
	const char *sink; /* the output this line is for, as the user named it */
	bool same; /* the line before it was for another output: both share a number */
	bool repeated; /* not the first start line, whose number it keeps */
	bool joined; /* for an output that was added during the run; with repeated */
	const char *version;
	const char *hostname;
	const char *kernel;
	const char *function_name;
	const char *ebpf_program; /* the file that has the program; NULL: it is ours */
	const char *capture; /* the file that is read; NULL: none, frames come from interfaces */
	bool prog_run; /* frames of the capture go through the program in the kernel */
	enum xdptail_transport transport; /* RINGBUF, PERF or CAPTURE */
	uint32_t ring_bytes; /* for a transport from the kernel, as all members about maps */
	enum xdptail_sample_mode sample_mode;
	uint32_t sample_rate;
	uint32_t interval_s;
	bool decap; /* packets inside tunnels are recorded */
	uint32_t max_sources;
	bool shared_counts; /* one counter a source for all CPUs, else one for each */
	uint64_t map_bytes;
	const char *const *capabilities; /* names such as "CAP_BPF"; NULL ends the list */
};
int record_start(struct record_writer *w, uint64_t now_ns, const struct record_start *start,
		 struct record *ret);

/* Repeats a start line at the head of another file: the record and its number are the same, but the
 * time is new, and the number of the file makes each first line unique. start is a line that
 * record_start() has made, of len bytes with its newline. Returns 0; -EINVAL when it is not such a
 * line; or -EMSGSIZE.
 */
int record_repeat(const char *start, size_t len, uint64_t now_ns, uint64_t file,
		  char ret[RECORD_MAX_BYTES], size_t *ret_len);

int record_interface(struct record_writer *w, uint64_t now_ns,
		     const struct xdptail_interface *event, struct record *ret);

/* Numbers of one interval, or of the whole run: sampled = delivered + lost_* + discarded (L3). */
struct record_stats {
	bool total; /* sums of the whole run */
	bool perf; /* perf buffers are in use: lost_no_buffer and lost_other exist */
	uint64_t sampled;
	uint64_t delivered;
	uint64_t lost_ring_full;
	uint64_t lost_no_buffer;
	uint64_t lost_other;
	uint64_t lost_undecodable;
	uint64_t discarded;
	uint64_t cpu_ms; /* user and system time of this process */
	uint64_t rss_kb;
	uint64_t ring_high_water; /* bytes */
	uint64_t longest_wait_ms; /* of a sample in the ring */
};
int record_stats(struct record_writer *w, uint64_t now_ns, const struct record_stats *stats,
		 struct record *ret);

/* queued before + made = written + filtered + dropped_* + queued (L4). All are numbers of lines,
 * except for the bytes.
 */
struct record_sink {
	bool total;
	const char *sink; /* as the user named it */
	uint64_t made;
	uint64_t written;
	uint64_t bytes;
	uint64_t filtered;
	uint64_t dropped_queue_full;
	uint64_t dropped_error;
	uint64_t queued;
	uint64_t disconnects; /* how often the reader was lost; omitted when 0 */
};
int record_sink(struct record_writer *w, uint64_t now_ns, const struct record_sink *sink,
		struct record *ret);

/* dropped_error: lines that outputs could not take because of an error; omitted when 0. */
int record_stop(struct record_writer *w, uint64_t now_ns, const char *reason, int exit_code,
		uint64_t dropped_error, struct record *ret);

#endif
