/* SPDX-License-Identifier: BSD-2-Clause */
/* What is put before a line on its way to a reader, and behind it: nothing, or a header of
 * syslog's. Pure: the time is passed in.
 */
#ifndef OUTPUT_ENCODER_H
#define OUTPUT_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "output/queue.h"

#define FRAME_HEADER_BYTES 192
#define FRAME_BYTES	   (FRAME_HEADER_BYTES + QUEUE_LINE_MAX)
#define FRAME_TAG_MAX	   32 /* RFC 3164, 4.1.3 */

enum frame_form {
	FRAME_LINE, /* the line as it is */
	FRAME_LOCAL, /* as syslog(3) writes it: <PRI>Mmm dd hh:mm:ss TAG[PID]: LINE */
	FRAME_RFC5424, /* <PRI>1 TIMESTAMP HOSTNAME TAG PID TYPE - LINE */
};

/* How a reader knows where a frame ends. */
enum frame_end {
	FRAME_DATAGRAM,
	FRAME_NEWLINE,
	FRAME_OCTETS, /* its length comes first: RFC 6587, 3.4.1 */
};

struct frame_settings {
	enum frame_form form;
	unsigned int facility; /* 1 … 23: RFC 5424, table 1 */
	const char *tag;
	const char *hostname;
	unsigned int pid;
	bool cee; /* "@cee: " before the JSON */
};

#define FRAME_PART_BYTES 144

/* What never changes, ready to be copied. */
struct frame_part {
	char text[FRAME_PART_BYTES];
	size_t len;
};

struct encoder {
	enum frame_form form;
	struct frame_part before[RECORD_TYPE_MAX]; /* the time */
	struct frame_part after[RECORD_TYPE_MAX];
	time_t second; /* that local has */
	char local[16]; /* "Mmm dd hh:mm:ss" */
};

/* Strings are borrowed during the call. What the RFCs do not allow in a host name is not sent: "-".
 */
void encoder_init(struct encoder *ret, const struct frame_settings *settings);

/* The time of what follows, for FRAME_LOCAL; cheap when the second is the same. */
void encoder_set_time(struct encoder *e, time_t now);

/* What comes before the line, into ret of FRAME_HEAD_BYTES; returns its length. */
size_t encoder_header(const struct encoder *e, const struct queue_line *line, enum frame_end end,
		      char *ret);

/* So many bytes of the line follow: with its newline, or without. */
size_t encoder_text_len(const struct queue_line *line, enum frame_end end);

#endif
