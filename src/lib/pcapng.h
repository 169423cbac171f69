/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture in pcapng: its packets, of whatever interface, each with its own link type, resolution
 * of time and snapshot length. libpcap reads no file in which these differ, nor one of two byte
 * orders.
 *
 * Format: draft-ietf-opsawg-pcapng. Blocks that have no packet and describe no interface are
 * stepped over, however long they are, and so are options but those of time and of the frame check
 * sequence.
 */
#ifndef LIB_PCAPNG_H
#define LIB_PCAPNG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* of a section: a file of a few bytes each must not take memory */
#define PCAPNG_INTERFACES_MAX 65536

#define PCAPNG_MAGIC 0x0a0d0d0aU /* a file begins with it, in either byte order */

struct pcapng_packet {
	const uint8_t *data; /* lent until the next one */
	size_t reach; /* bytes of it: what was captured, or the first quarter of a MiB */
	size_t len; /* bytes captured */
	uint32_t wire_len; /* as the file says */
	uint32_t fcs_len; /* bytes of these at the end of the frame that are its check sequence */
	uint16_t link_type; /* LINKTYPE_ of its interface */
	/* Unix time, UINT64_MAX beyond 2554; that of the packet before it where a packet has none,
	 * or 0
	 */
	uint64_t timestamp_ns;
};

struct pcapng;

/* Reads as far as the first interface. file: closed by pcapng_close(), and by no failure. 0,
 * -ENOMEM, or -EBADMSG with *ret_why the reason in words.
 */
int pcapng_open(struct pcapng **ret, FILE *file, const char **ret_why);
void pcapng_close(struct pcapng *p); /* NULL is fine */

/* 1 and a packet; 0 at the end; or -EBADMSG: the file cannot be read, or is broken, here. */
int pcapng_next(struct pcapng *p, struct pcapng_packet *ret);

const char *pcapng_why(const struct pcapng *p); /* in words, what that was */

#endif
