/* SPDX-License-Identifier: BSD-2-Clause */
/* The framing of a line for its reader: the line alone, or with a syslog header before it. Pure
 * functions: the time is passed in.
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
	FRAME_LINE, /* the line unchanged */
	FRAME_LOCAL, /* as syslog(3) writes it: <PRI>Mmm dd hh:mm:ss TAG[PID]: LINE */
	FRAME_RFC5424, /* <PRI>1 TIMESTAMP HOSTNAME TAG PID TYPE - LINE */
};

/* How a reader finds the end of a frame. */
enum frame_end {
	FRAME_DATAGRAM,
	FRAME_NEWLINE,
	FRAME_OCTETS, /* the length precedes the frame: RFC 6587, 3.4.1 */
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

/* A constant part of the header, ready to be copied. */
struct frame_part {
	char text[FRAME_PART_BYTES];
	size_t len;
};

struct encoder {
	enum frame_form form;
	struct frame_part before[RECORD_TYPE_MAX]; /* precedes the timestamp */
	struct frame_part after[RECORD_TYPE_MAX];
	time_t second; /* the second that local stands for */
	char local[16]; /* "Mmm dd hh:mm:ss" */
};

/* Strings are borrowed during the call. A host name that the RFCs do not allow is replaced by "-".
 */
void encoder_init(struct encoder *ret, const struct frame_settings *settings);

/* Set the time of the following headers of FRAME_LOCAL. Cheap if the second has not changed. */
void encoder_set_time(struct encoder *e, time_t now);

/* Write the header of the line to ret, which has FRAME_HEADER_BYTES bytes. Returns its length. */
size_t encoder_header(const struct encoder *e, const struct queue_line *line, enum frame_end end,
		      char *ret);

/* The number of bytes of the line that follow the header: with its newline, or without it. */
size_t encoder_text_len(const struct queue_line *line, enum frame_end end);

#endif
