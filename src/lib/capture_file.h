/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture file as a source of frames: pcap (read by libpcap) and pcapng (pcapng.c) of either byte
 * order, plain or compressed with gzip or zstd. Every frame comes out as an Ethernet frame for the
 * parser: links without Ethernet get a header of which only the EtherType is set. pcapng may have
 * several links; a frame of a link type that is not read comes with no bytes, and counts as not IP.
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
	const uint8_t *data; /* borrowed until the next frame; aligned behind its Ethernet header */
	size_t len; /* bytes at data: what was captured, at most CAPTURE_FRAME_MAX */
	/* bytes of a generated Ethernet header at the front; 0: the header was captured */
	size_t made_up;
	/* bytes of the frame on the wire, without its check sequence, as the file states; never
	 * less than was captured
	 */
	uint32_t wire_len;
	uint64_t timestamp_ns; /* Unix time */
};

struct capture_file;

/* Called before a read that may take long, as in unpack.h. A result other than 0 ends the reading.
 */
typedef int (*capture_wait_fn)(void *arg, int fd);

/* Called before the first frame of each link type that is not read. name: libpcap's, or NULL. */
typedef void (*capture_link_fn)(void *arg, uint32_t link_type, const char *name);

/* path: "-" is stdin. wait_fn may be NULL. Returns 0, or -errno with the reason set:
 * -EPROTONOSUPPORT for a link type that is not read, -EINVAL for a file that is not a capture,
 * -EINTR when wait_fn ended the reading.
 */
int capture_file_open(struct capture_file **ret, const char *path, capture_wait_fn wait_fn,
		      void *arg, struct reason *r);

/* Opens a capture from a duplicate of fd; path is then only its name. With fd -1 it opens path. */
int capture_file_open_fd(struct capture_file **ret, int fd, const char *path,
			 capture_wait_fn wait_fn, void *arg, struct reason *r);
void capture_file_close(struct capture_file *c); /* NULL is fine */

/* Takes effect from the next frame on. */
void capture_file_set_link_fn(struct capture_file *c, capture_link_fn fn, void *arg);

/* Returns 1 and a frame; 0 at the end; or, with the reason set, -EBADMSG: the file is cut or broken
 * here, or -EINTR: wait_fn ended the reading.
 */
int capture_file_next(struct capture_file *c, struct capture_frame *ret, struct reason *r);

#endif
