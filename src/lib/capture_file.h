/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture file as a source of frames: pcap (read by libpcap) and pcapng (pcapng.c) of either byte
 * order, plain or compressed with gzip or zstd. Whatever link a capture was made on, what comes out
 * is an Ethernet frame as the parser wants it: for links without Ethernet a header is put in front
 * that has nothing but the EtherType. A frame of pcapng, which may have several links, comes
 * without a byte where its link is not read: it is no IP to anybody.
 */
#ifndef LIB_CAPTURE_FILE_H
#define LIB_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/* More than the parser can reach: an Ethernet header, tags, an IPv6 header, and extension headers
 * of 2048 bytes each.
 */
#define CAPTURE_FRAME_MAX 16384

struct capture_frame {
	const uint8_t *
		data; /* lent until the next frame; what is behind its Ethernet header is aligned */
	size_t len; /* bytes in reach: what was captured, at most CAPTURE_FRAME_MAX */
	/* bytes at its front that the capture does not have: its Ethernet header, or none */
	size_t made_up;
	/* bytes that the frame had on the wire, without its check sequence: as the capture says,
	 * but never less than it has
	 */
	uint32_t wire_len;
	uint64_t timestamp_ns; /* Unix time */
};

struct capture_file;

/* Called before a read that may take long, as unpack.h has it. Not 0: read no more. */
typedef int (*capture_wait_fn)(void *arg, int fd);

/* Called before the first frame of each link type that is not read; name: libpcap's, or NULL. */
typedef void (*capture_link_fn)(void *arg, uint32_t link_type, const char *name);

/* path: "-" is stdin. wait_fn may be NULL. 0, or -errno with the reason set: -EPROTONOSUPPORT for a
 * link type that is not read, -EINVAL for what is no capture, -EINTR when wait_fn said so.
 */
int capture_file_open(struct capture_file **ret, const char *path, capture_wait_fn wait_fn,
		      void *arg, struct reason *r);

/* Open a capture from a duplicate of fd; path is then only its name. -1: open path. */
int capture_file_open_fd(struct capture_file **ret, int fd, const char *path,
			 capture_wait_fn wait_fn, void *arg, struct reason *r);
void capture_file_close(struct capture_file *c); /* NULL is fine */

/* From the next frame on. */
void capture_file_set_link_fn(struct capture_file *c, capture_link_fn fn, void *arg);

/* 1 and a frame; 0 at the end; or, with the reason set, -EBADMSG: the file is cut or broken here,
 * -EINTR: wait_fn said so.
 */
int capture_file_next(struct capture_file *c, struct capture_frame *ret, struct reason *r);

#endif
