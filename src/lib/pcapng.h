/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture in pcapng: the packets of all its interfaces, each with its own link type, resolution
 * of time and snapshot length. libpcap cannot read files in which these differ, nor files with both
 * byte orders.
 *
 * Format: draft-ietf-opsawg-pcapng. Blocks without a packet or an interface description are
 * skipped, however long they are, and so are options other than those of time and of the frame
 * check sequence.
 */
#ifndef LIB_PCAPNG_H
#define LIB_PCAPNG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* per section: many small blocks must not use up memory */
#define PCAPNG_INTERFACES_MAX 65536

#define PCAPNG_MAGIC 0x0a0d0d0aU /* begins every file, in either byte order */

struct pcapng_packet {
	const uint8_t *data; /* borrowed until the next packet */
	size_t reach; /* bytes at data: what was captured, or the first 256 KiB of it */
	size_t len; /* bytes captured */
	uint32_t wire_len; /* as the file states */
	uint32_t fcs_len; /* bytes of these that are a check sequence at the end of the frame */
	uint16_t link_type; /* LINKTYPE_ of its interface */
	/* Unix time, UINT64_MAX beyond 2554; a packet without a time has that of the packet before
	 * it, or 0
	 */
	uint64_t timestamp_ns;
};

struct pcapng;

/* Reads up to the first interface. file is closed by pcapng_close(), and not closed on failure.
 * Returns 0, -ENOMEM, or -EBADMSG with *ret_why the reason in words.
 */
int pcapng_open(struct pcapng **ret, FILE *file, const char **ret_why);
void pcapng_close(struct pcapng *p); /* NULL is fine */

/* Returns 1 and a packet; 0 at the end; or -EBADMSG: the file cannot be read, or is broken, here.
 */
int pcapng_next(struct pcapng *p, struct pcapng_packet *ret);

const char *pcapng_why(const struct pcapng *p); /* in words, the cause of -EBADMSG */

#endif
