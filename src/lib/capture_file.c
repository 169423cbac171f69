// SPDX-License-Identifier: BSD-2-Clause
#include "lib/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "lib/gunzip.h"
#include "lib/pcapng.h"

#define NS_PER_S 1000000000U
#define ALIGN	 2 /* before a frame, so that its IP header is 4-byte aligned, as in the kernel */

#define LINKTYPE_RAW 101

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

/* Where the payload of a link begins, and its EtherType; false: too short to tell. */
typedef bool (*link_fn)(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type);

struct capture_file {
	pcap_t *pcap; /* owned; or … */
	struct pcapng *pcapng; /* owned; either owns the file below it, and that the bytes */
	struct gunzip *bytes; /* borrowed, as long as there is one of the two */
	uint8_t first[4]; /* bytes of the file, by which its format is known */
	size_t n_first; /* of them, how many there are */
	size_t given; /* of them, how many were read again */
	capture_wait_fn wait_fn;
	void *arg; /* of wait_fn */
	uint64_t frames; /* read so far */
	link_fn link; /* of pcap; NULL: Ethernet */
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

/* false: it is none of them. */
static bool find_link(int link_type, link_fn *ret)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].link_type == link_type) {
			*ret = links[i].link;
			return true;
		}
	}
	return false;
}

/* what: a file, or one of its frames. */
static int refuse_link(struct reason *r, int err, const char *what, int link_type)
{
	const char *name = pcap_datalink_val_to_name(link_type);

	return reason_set(r, err,
			  "%s was captured on a link of type %d (%s), which is not read; there are "
			  "Ethernet, raw IP, Linux cooked and loopback",
			  what, link_type, name ? name : "no name");
}

/* libpcap's number; the file's own differs for raw IP. */
static int data_link(uint16_t link_type)
{
	return link_type == LINKTYPE_RAW ? DLT_RAW : link_type;
}

static int choose_link(struct capture_file *c, const char *path, struct reason *r)
{
	int link_type = c->pcap ? pcap_datalink(c->pcap) : data_link(pcapng_link_type(c->pcapng));
	char name[256];

	if (find_link(link_type, &c->link))
		return 0;
	(void)snprintf(name, sizeof(name), "\"%s\"", path);
	return refuse_link(r, -EPROTONOSUPPORT, name, link_type);
}

/* gunzip_wait_fn. With nobody to ask, it just waits: a FIFO was opened without. */
static int wait_readable(void *arg, int fd)
{
	const struct capture_file *c = arg;
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (c->wait_fn)
		return c->wait_fn(c->arg, fd);
	(void)poll(&readable, 1, -1); /* if it fails, the read says so */
	return 0;
}

/* What could not be read now fails again when it is read. */
static void read_first(struct capture_file *c)
{
	ssize_t n;

	do {
		n = gunzip_read(c->bytes, c->first + c->n_first, sizeof(c->first) - c->n_first);
		c->n_first += n > 0 ? (size_t)n : 0;
	} while (n > 0 && c->n_first < sizeof(c->first));
}

static ssize_t read_bytes(void *cookie, char *buf, size_t size)
{
	struct capture_file *c = cookie;
	size_t left = c->n_first - c->given;
	ssize_t n;

	if (left) {
		left = left < size ? left : size;
		memcpy(buf, c->first + c->given, left);
		c->given += left;
		return (ssize_t)left;
	}
	n = gunzip_read(c->bytes, buf, size);
	if (n < 0)
		errno = (int)-n;
	return n < 0 ? -1 : n;
}

static int close_bytes(void *cookie)
{
	const struct capture_file *c = cookie;

	gunzip_close(c->bytes);
	return 0;
}

/* A FIFO opens at once, and its writer is waited for where reads are. An fd, or -errno. */
static int open_path(const char *path, int given_fd, bool *ret_waits)
{
	int same_fd = strcmp(path, "-") == 0 ? STDIN_FILENO : given_fd;
	int fd = same_fd >= 0 ? fcntl(same_fd, F_DUPFD_CLOEXEC, 0) :
				open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	if (err) {
		close(fd);
		return err;
	}
	*ret_waits = !S_ISREG(st.st_mode);
	return fd;
}

/* libpcap and pcapng.c read from a FILE, and close it. */
static int open_stream(struct capture_file *c, const char *path, int given_fd, FILE **ret)
{
	static const cookie_io_functions_t functions = { .read = read_bytes, .close = close_bytes };
	bool waits = false;
	FILE *file;
	int fd = open_path(path, given_fd, &waits);
	int err;

	if (fd < 0)
		return fd;
	err = gunzip_open(&c->bytes, fd, waits ? wait_readable : NULL, c);
	if (err) {
		close(fd);
		return err;
	}
	read_first(c);
	file = fopencookie(c, "rb", functions);
	if (!file) {
		gunzip_close(c->bytes);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

#define BROKEN_GZIP "it is compressed, and the compressed data end or break off"

/* What libpcap calls wrong may be none of the capture's doing. */
static int explain(struct capture_file *c, const char *text, struct reason *r)
{
	switch (gunzip_error(c->bytes)) {
	case 0:
		return reason_set(r, -EBADMSG,
				  "the capture is cut or broken behind frame %" PRIu64 ": %s",
				  c->frames, text);
	case -EBADMSG:
		return reason_set(r, -EBADMSG,
				  "the capture is cut or broken behind frame %" PRIu64 ": %s",
				  c->frames, BROKEN_GZIP);
	case -EINTR:
		return reason_set(r, -EINTR, "interrupted while waiting for the capture");
	default:
		return reason_set(r, -EIO, "cannot read the capture behind frame %" PRIu64 ": %s",
				  c->frames, strerror(-gunzip_error(c->bytes)));
	}
}

static bool is_pcapng(const struct capture_file *c)
{
	uint32_t magic;

	memcpy(&magic, c->first, sizeof(magic));
	return c->n_first == sizeof(magic) && magic == PCAPNG_MAGIC;
}

/* One of the two readers, on the file. 0, or -errno with the reason set. */
static int open_reader(struct capture_file *c, FILE *file, const char *path, struct reason *r)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	const char *why = text;
	int err = 0;

	if (is_pcapng(c))
		err = pcapng_open(&c->pcapng, file, &why);
	else
		c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
								   text);
	if (!err && (c->pcap || c->pcapng))
		return 0;
	err = gunzip_error(c->bytes);
	if (err == -EBADMSG)
		why = BROKEN_GZIP;
	return err && err != -EBADMSG ?
		       explain(c, why, r) :
		       reason_set(r, -EINVAL, "\"%s\" is no capture that can be read: %s", path,
				  why);
}

int capture_file_open(struct capture_file **ret, const char *path, capture_wait_fn wait_fn,
		      void *arg, struct reason *r)
{
	return capture_file_open_fd(ret, -1, path, wait_fn, arg, r);
}

int capture_file_open_fd(struct capture_file **ret, int fd, const char *path,
			 capture_wait_fn wait_fn, void *arg, struct reason *r)
{
	struct capture_file *c = calloc(1, sizeof(*c));
	FILE *file;
	int err;

	if (!c)
		return reason_set(r, -ENOMEM, "out of memory");
	c->wait_fn = wait_fn;
	c->arg = arg;
	err = open_stream(c, path, fd, &file);
	if (err) {
		err = reason_set(r, err, "cannot open \"%s\": %s", path, strerror(-err));
		goto fail;
	}
	err = open_reader(c, file, path, r);
	if (err) {
		(void)fclose(file); /* nothing was written */
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
	pcapng_close(c->pcapng);
	free(c);
}

/* Copy what the parser can reach to where it is aligned. A link header that is cut leaves a frame of
 * no bytes, which parses as what it is: not IP.
 */
static void copy_frame(struct capture_file *c, link_fn link, const uint8_t *data, size_t len,
		       struct capture_frame *ret)
{
	uint8_t *to = c->buffer + ALIGN;
	size_t front = 0;
	size_t header = 0;
	uint16_t type;

	ret->data = to;
	ret->len = 0;
	ret->made_up = 0;
	if (link) {
		if (!link(data, len, &header, &type))
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
	ret->made_up = front;
}

/* Read with nanosecond precision, so tv_usec holds nanoseconds. libpcap (1.10) takes the 32 bits of
 * pcap's seconds to be signed; they are not, until 2106. Times beyond 2554 are the latest that we have.
 */
static uint64_t time_ns(const struct timeval *ts)
{
	uint64_t ns = ts->tv_usec > 0 ? (uint64_t)ts->tv_usec : 0;
	uint64_t s = (uint64_t)ts->tv_sec;

	if (ts->tv_sec < 0 && ts->tv_sec >= INT32_MIN)
		s = (uint32_t)ts->tv_sec;
	if (s > (UINT64_MAX - ns) / NS_PER_S)
		return UINT64_MAX;
	return s * NS_PER_S + ns;
}

/* Interfaces of other links than the first one are known only when they come. */
static int next_of_pcapng(struct capture_file *c, struct capture_frame *ret, struct reason *r)
{
	struct pcapng_packet packet;
	char name[32];
	link_fn link;
	int more = pcapng_next(c->pcapng, &packet);

	if (more <= 0)
		return more ? explain(c, pcapng_why(c->pcapng), r) : 0;
	c->frames++;
	if (!find_link(data_link(packet.link_type), &link)) {
		(void)snprintf(name, sizeof(name), "frame %" PRIu64, c->frames);
		return refuse_link(r, -EBADMSG, name, data_link(packet.link_type));
	}
	copy_frame(c, link, packet.data, packet.len, ret);
	ret->wire_len = packet.wire_len;
	ret->timestamp_ns = packet.timestamp_ns;
	return 1;
}

int capture_file_next(struct capture_file *c, struct capture_frame *ret, struct reason *r)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int n;

	if (c->pcapng)
		return next_of_pcapng(c, ret, r);
	n = pcap_next_ex(c->pcap, &header, &data);
	if (n == PCAP_ERROR_BREAK)
		return 0;
	if (n != 1)
		return explain(c, pcap_geterr(c->pcap), r);
	c->frames++;
	copy_frame(c, c->link, data, header->caplen, ret);
	ret->wire_len = header->len;
	ret->timestamp_ns = time_ns(&header->ts);
	return 1;
}
