/* SPDX-License-Identifier: BSD-2-Clause */
/* Records to lines: one JSON object each, as xdptail-stream(7) describes the stream. line.c is the
 * only file that knows field names. Pure but for its own buffer and counters: times are passed in,
 * nothing is written anywhere.
 *
 * Every line is written by json.h, which allocates nothing: json-c leaves bytes out in silence when
 * memory runs out. A line ends in '\n', has no other, and is at most RECORD_MAX_BYTES long.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

#define RECORD_MAX_BYTES  1000 /* with the newline: readers' limits begin at 1024 */
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

/* What a sink sees. text is borrowed from the writer, until its next line. */
struct record {
	const char *text;
	size_t len; /* bytes, the newline included */
	enum record_type type;
	uint64_t record_seq;
};

struct record_writer; /* one run's numbering and its buffer */

/* run: the run's sixteen hex digits. ns: nine fraction digits in timestamps, else six.
 * *ret is owned by the caller: record_writer_free(). 0 or -ENOMEM.
 */
int record_writer_new(struct record_writer **ret, uint64_t run, bool ns);
void record_writer_free(struct record_writer *w); /* NULL is fine */

/* "packet" … "stop"; never NULL. */
const char *record_type_name(enum record_type type);

/* The value of the timestamp that begins the line, and its length; NULL: it is no line of ours. */
const char *record_timestamp(const char *text, size_t len, size_t *ret_len);

/* Each makes one line, and numbers it. 0; or -EMSGSIZE when it would be longer than
 * RECORD_MAX_BYTES (strings from outside are bounded, so that is a bug). On failure *ret is
 * untouched and no number is used up. now_ns: Unix time in nanoseconds.
 */
int record_packet(struct record_writer *w, const struct xdptail_packet *packet, struct record *ret);

/* One source of one interval. */
struct record_count {
	uint64_t snapshot; /* its number in the run, from 1 */
	const struct xdptail_source *source; /* borrowed */
};
int record_count(struct record_writer *w, uint64_t now_ns, const struct record_count *count,
		 struct record *ret);

/* Closes the count lines of its number. In lines of packets and bytes
 *   seen = not_ip + no_source + undetermined + not_selected + counted                       (L1)
 *   counted = those of the count lines + unlisted + unattributed                            (L2)
 */
struct record_snapshot {
	bool total; /* the sums of the run; then there are no sources */
	bool aggregates; /* what was counted were packets that the host had merged */
	uint64_t snapshot;
	uint64_t listed; /* count lines */
	uint64_t unlisted_packets; /* of sources beyond them */
	uint64_t unlisted_bytes;
	const struct xdptail_counts *counts; /* borrowed */
};
int record_snapshot(struct record_writer *w, uint64_t now_ns,
		    const struct record_snapshot *snapshot, struct record *ret);

struct record_loss {
	const char *where; /* "ring", "decode", "record", or a sink as the user named it */
	const char *cause;
	uint64_t records;
	uint64_t first_ns; /* Unix time: nothing was lost before, in this interval */
	uint64_t last_ns; /* Unix time: none was lost after */
};
int record_loss(struct record_writer *w, uint64_t now_ns, const struct record_loss *loss,
		struct record *ret);

/* Wall time has stepped by step_ns, forward or back. */
int record_clock(struct record_writer *w, uint64_t now_ns, int64_t step_ns, struct record *ret);

struct record_start {
	const char *sink; /* the output that it is for, as the user named it */
	bool same; /* the one before was for another output: has the number of that */
	bool repeated; /* not the first: keeps the first one's number */
	bool joined; /* for an output that has come to the run only now; with repeated */
	const char *version;
	const char *hostname;
	const char *kernel;
	const char *function_name;
	const char *ebpf_program; /* the file that has it; NULL: it is ours */
	const char *capture; /* the file that is read; NULL: an interface */
	bool prog_run; /* its frames go through the program in the kernel */
	enum xdptail_transport transport; /* RINGBUF, PERF or CAPTURE */
	uint32_t ring_bytes; /* of a transport from the kernel, like all about maps */
	enum xdptail_sample_mode sample_mode;
	uint32_t sample_rate;
	uint32_t interval_s;
	bool decap; /* packets are those inside tunnels */
	uint32_t max_sources;
	bool shared_counts; /* one counter a source for all CPUs, else one for each */
	uint64_t map_bytes;
	const char *const *capabilities; /* names such as "CAP_BPF"; NULL ends the list */
};
int record_start(struct record_writer *w, uint64_t now_ns, const struct record_start *start,
		 struct record *ret);

/* A start line, or one that is repeated, once more, for the head of another file: the same record,
 * not numbered again, with a time of its own and the number of the file, by which each first line
 * is unlike all others. start is as record_start() has made it; len with its newline. 0; -EINVAL
 * when it is not; or -EMSGSIZE.
 */
int record_repeat(const char *start, size_t len, uint64_t now_ns, uint64_t file,
		  char ret[RECORD_MAX_BYTES], size_t *ret_len);

int record_interface(struct record_writer *w, uint64_t now_ns,
		     const struct xdptail_interface *event, struct record *ret);

/* The figures of one interval, or of the whole run: sampled = delivered + lost_* + discarded (L3).
 */
struct record_stats {
	bool total; /* the sums of the run */
	bool perf; /* lost_no_buffer and lost_other exist only there */
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
	uint64_t longest_wait_ms; /* of a sample, in the ring */
};
int record_stats(struct record_writer *w, uint64_t now_ns, const struct record_stats *stats,
		 struct record *ret);

/* queued before + made = written + filtered + dropped_* + queued (L4). Lines, but for bytes. */
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
	uint64_t disconnects; /* its reader was lost; left out when 0 */
};
int record_sink(struct record_writer *w, uint64_t now_ns, const struct record_sink *sink,
		struct record *ret);

/* dropped_error: lines that outputs did not get for an error; left out when 0. */
int record_stop(struct record_writer *w, uint64_t now_ns, const char *reason, int exit_code,
		uint64_t dropped_error, struct record *ret);

#endif
