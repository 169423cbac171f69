// SPDX-License-Identifier: BSD-2-Clause
#include "lib/capture_file.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <zlib.h>

#define READ_BYTES (256U << 10)
#define ALIGN	   2 /* before a frame, so that its IP header is 4-byte aligned, as in the kernel */

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

/* Where the payload of a link begins, and its EtherType; false: too short to tell. */
typedef bool (*link_fn)(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type);

struct capture_file {
	pcap_t *pcap; /* owned; NULL until opened; owns the file below it */
	link_fn link; /* NULL: Ethernet */
	uint8_t buffer[ALIGN + ETHER_HDR_LEN + CAPTURE_FRAME_MAX] __attribute__((aligned(8)));
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Frames that begin at IP: the version is all that tells (LINKTYPE_RAW, _IPV4, _IPV6). */
static bool link_raw(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type)
{
	if (len < 1)
		return false;
	*ret_header = 0;
	*ret_type = data[0] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
	return true;
}

/* Linux cooked: 16 bytes, the last two of which are the protocol (LINKTYPE_LINUX_SLL). */
static bool link_sll(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type)
{
	if (len < 16)
		return false;
	*ret_header = 16;
	*ret_type = get16(data + 14);
	return true;
}

/* Version 2: 20 bytes, the first two of which are the protocol (LINKTYPE_LINUX_SLL2). */
static bool link_sll2(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type)
{
	if (len < 20)
		return false;
	*ret_header = 20;
	*ret_type = get16(data);
	return true;
}

/* Loopback: the address family in four bytes, of the byte order of the machine that captured
 * (LINKTYPE_NULL) or of the network (LINKTYPE_LOOP). 2 is IPv4 everywhere; IPv6 is 10 on Linux, 24 on
 * NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS.
 */
static bool link_loop(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type)
{
	unsigned int family;

	if (len < 4)
		return false;
	family = data[0] ? data[0] : data[3];
	*ret_header = 4;
	*ret_type = family == 2							 ? ETHERTYPE_IP :
		    family == 10 || family == 24 || family == 28 || family == 30 ? ETHERTYPE_IPV6 :
										   0;
	return true;
}

static const struct {
	int link_type; /* libpcap's DLT_ */
	link_fn link;
} links[] = {
	{ DLT_EN10MB, NULL },	 { DLT_RAW, link_raw },	      { DLT_IPV4, link_raw },
	{ DLT_IPV6, link_raw },	 { DLT_LINUX_SLL, link_sll }, { DLT_LINUX_SLL2, link_sll2 },
	{ DLT_NULL, link_loop }, { DLT_LOOP, link_loop },
};

static int choose_link(struct capture_file *c, const char *path, struct reason *r)
{
	int link_type = pcap_datalink(c->pcap);
	const char *name = pcap_datalink_val_to_name(link_type);

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].link_type == link_type) {
			c->link = links[i].link;
			return 0;
		}
	}
	return reason_set(
		r, -EPROTONOSUPPORT,
		"\"%s\" was captured on a link of type %d (%s), which is not read; there are "
		"Ethernet, raw IP, Linux cooked and loopback",
		path, link_type, name ? name : "no name");
}

static ssize_t gz_read(void *cookie, char *buf, size_t size)
{
	return gzread(cookie, buf, (unsigned int)size);
}

static int gz_close(void *cookie)
{
	return gzclose(cookie) == Z_OK ? 0 : -1;
}

/* zlib passes on what is not compressed as it is. */
static FILE *open_stream(const char *path)
{
	static const cookie_io_functions_t functions = { .read = gz_read, .close = gz_close };
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file;
	gzFile gz;
	int fd = is_stdin ? dup(STDIN_FILENO) : -1;

	if (is_stdin && fd < 0)
		return NULL;
	gz = is_stdin ? gzdopen(fd, "rb") : gzopen(path, "rbe");
	if (!gz) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	(void)gzbuffer(gz, READ_BYTES);
	file = fopencookie(gz, "rb", functions);
	if (!file)
		gzclose(gz);
	return file;
}

int capture_file_open(struct capture_file **ret, const char *path, struct reason *r)
{
	struct capture_file *c = calloc(1, sizeof(*c));
	char why[PCAP_ERRBUF_SIZE] = "";
	FILE *file;
	int err;

	if (!c)
		return reason_set(r, -ENOMEM, "out of memory");
	errno = 0;
	file = open_stream(path);
	if (!file) {
		err = errno ? -errno : -ENOMEM;
		err = reason_set(r, err, "cannot open \"%s\": %s", path, strerror(-err));
		goto fail;
	}
	c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!c->pcap) {
		fclose(file);
		err = reason_set(r, -EINVAL, "\"%s\" is no capture that can be read: %s", path,
				 why);
		goto fail;
	}
	err = choose_link(c, path, r);
	if (err)
		goto fail;
	*ret = c;
	return 0;

fail:
	capture_file_close(c);
	return err;
}

void capture_file_close(struct capture_file *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap);
	free(c);
}

/* Copy what the parser can reach to where it is aligned. A link header that is cut leaves a frame of
 * no bytes, which parses as what it is: not IP.
 */
static void copy_frame(struct capture_file *c, const uint8_t *data, size_t len,
		       struct capture_frame *ret)
{
	uint8_t *to = c->buffer + ALIGN;
	size_t front = 0;
	size_t header = 0;
	uint16_t type;

	ret->data = to;
	ret->len = 0;
	if (c->link) {
		if (!c->link(data, len, &header, &type))
			return;
		memset(to, 0, ETHER_HDR_LEN - 2);
		to[ETHER_HDR_LEN - 2] = (uint8_t)(type >> 8);
		to[ETHER_HDR_LEN - 1] = (uint8_t)type;
		front = ETHER_HDR_LEN;
	}
	len -= header;
	if (len > CAPTURE_FRAME_MAX)
		len = CAPTURE_FRAME_MAX;
	memcpy(to + front, data + header, len);
	ret->len = front + len;
}

int capture_file_next(struct capture_file *c, struct capture_frame *ret, struct reason *r)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int n = pcap_next_ex(c->pcap, &header, &data);

	if (n == PCAP_ERROR_BREAK)
		return 0;
	if (n != 1)
		return reason_set(r, -EBADMSG, "the capture is cut or broken here: %s",
				  pcap_geterr(c->pcap));
	copy_frame(c, data, header->caplen, ret);
	ret->wire_len = header->len;
	/* read with nanosecond precision, so tv_usec holds nanoseconds */
	ret->timestamp_ns =
		(uint64_t)header->ts.tv_sec * 1000000000U + (uint64_t)header->ts.tv_usec;
	return 1;
}
