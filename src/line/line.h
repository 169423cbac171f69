/* SPDX-License-Identifier: BSD-2-Clause */
/* Records to lines: one JSON object each, as xdptail-stream(7) describes the stream. line.c is the
 * only file that knows field names. Pure but for its own buffer and counters: times are passed in,
 * nothing is written anywhere.
 *
 * Every line is written by json.h, which allocates nothing: json-c leaves bytes out in silence when
 * memory runs out. A line ends in '\n', has no other, and is at most LINE_MAX_BYTES long.
 */
#ifndef LINE_LINE_H
#define LINE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

#define LINE_MAX_BYTES	1000 /* with the newline: readers' limits begin at 1024 */
#define LINE_RUN_DIGITS 16
#define LINE_SCHEMA	"xdptail/1"

enum line_type {
	LINE_PACKET,
	LINE_COUNT,
	LINE_SNAPSHOT,
	LINE_STATS,
	LINE_SINK,
	LINE_START,
	LINE_INTERFACE,
	LINE_LOSS,
	LINE_CLOCK,
	LINE_STOP,
	LINE_TYPE_MAX
};

/* What a sink sees. text is borrowed from the writer, until its next line. */
struct line {
	const char *text;
	size_t len; /* bytes, the newline included */
	enum line_type type;
	uint64_t record_seq;
};

struct line_writer; /* one run's numbering and its buffer */

/* run: the run's sixteen hex digits. ns: nine fraction digits in timestamps, else six.
 * *ret is owned by the caller: line_writer_free(). 0 or -ENOMEM.
 */
int line_writer_new(struct line_writer **ret, uint64_t run, bool ns);
void line_writer_free(struct line_writer *w); /* NULL is fine */

/* "packet" … "stop"; never NULL. */
const char *line_type_name(enum line_type type);

/* The value of the timestamp that begins the line, and its length; NULL: it is no line of ours. */
const char *line_timestamp(const char *text, size_t len, size_t *ret_len);

/* Each makes one line, and numbers it. 0; or -EMSGSIZE when it would be longer than LINE_MAX_BYTES
 * (strings from outside are bounded, so that is a bug). On failure *ret is untouched and no number
 * is used up. now_ns: Unix time in nanoseconds.
 */
int line_packet(struct line_writer *w, const struct xdptail_packet *packet, struct line *ret);

/* One source of one interval. */
struct line_count {
	uint64_t snapshot; /* its number in the run, from 1 */
	const struct xdptail_source *source; /* borrowed */
};
int line_count(struct line_writer *w, uint64_t now_ns, const struct line_count *count,
	       struct line *ret);

/* Closes the count lines of its number. In lines of packets and bytes
 *   seen = not_ip + no_source + undetermined + not_selected + counted                       (L1)
 *   counted = those of the count lines + unlisted + unattributed                            (L2)
 */
struct line_snapshot {
	bool total; /* the sums of the run; then there are no sources */
	bool aggregates; /* what was counted were packets that the host had merged */
	uint64_t snapshot;
	uint64_t listed; /* count lines */
	uint64_t unlisted_packets; /* of sources beyond them */
	uint64_t unlisted_bytes;
	const struct xdptail_counts *counts; /* borrowed */
};
int line_snapshot(struct line_writer *w, uint64_t now_ns, const struct line_snapshot *snapshot,
		  struct line *ret);

struct line_loss {
	const char *where; /* "ring", "decode", "record", or a sink as the user named it */
	const char *cause;
	uint64_t records;
	uint64_t first_ns; /* Unix time: nothing was lost before, in this interval */
	uint64_t last_ns; /* nor after */
};
int line_loss(struct line_writer *w, uint64_t now_ns, const struct line_loss *loss,
	      struct line *ret);

/* Wall time has stepped by step_ns, forward or back. */
int line_clock(struct line_writer *w, uint64_t now_ns, int64_t step_ns, struct line *ret);

struct line_start {
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
int line_start(struct line_writer *w, uint64_t now_ns, const struct line_start *start,
	       struct line *ret);

/* A start line, or one that is repeated, once more, for the head of another file: the same record,
 * not numbered again, with a time of its own and the number of the file, by which each first line
 * is unlike all others. start is as line_start() has made it; len with its newline. 0; -EINVAL when
 * it is not; or -EMSGSIZE.
 */
int line_repeat(const char *start, size_t len, uint64_t now_ns, uint64_t file,
		char ret[LINE_MAX_BYTES], size_t *ret_len);

int line_interface(struct line_writer *w, uint64_t now_ns, const struct xdptail_interface *event,
		   struct line *ret);

/* Of one interval, or of the whole run: sampled = delivered + lost_* + discarded (L3). */
struct line_stats {
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
int line_stats(struct line_writer *w, uint64_t now_ns, const struct line_stats *stats,
	       struct line *ret);

/* queued before + made = written + filtered + dropped_* + queued (L4). Lines, but for bytes. */
struct line_sink {
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
int line_sink(struct line_writer *w, uint64_t now_ns, const struct line_sink *sink,
	      struct line *ret);

/* dropped_error: lines that outputs did not get for an error; left out when 0. */
int line_stop(struct line_writer *w, uint64_t now_ns, const char *reason, int exit_code,
	      uint64_t dropped_error, struct line *ret);

#endif
