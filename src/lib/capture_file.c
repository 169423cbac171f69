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

#include "base/array.h"
#include "base/time.h"
#include "lib/unpack.h"
#include "lib/pcapng.h"

/* bytes before a frame, so that its IP header is 4-byte aligned, as in the kernel */
#define ALIGN 2

#define FCS_UNIT 2 /* bytes; the unit of the length of check sequences in pcap's header */

#define LINKTYPE_RAW 101

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

/* Finds where the payload of a link begins, and its EtherType. Returns false if the frame is too
 * short.
 */
typedef bool (*link_fn)(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type);

struct capture_file {
	pcap_t *pcap; /* owned; NULL for pcapng */
	/* owned; NULL for pcap. The open reader owns the file, and that owns bytes. */
	struct pcapng *pcapng;
	struct unpack *bytes; /* borrowed from the open reader */
	uint8_t first[4]; /* first bytes of the file, which show its format */
	size_t n_first; /* number of bytes in first */
	size_t n_reread; /* number of bytes of first that were read a second time */
	capture_wait_fn wait_fn;
	void *arg; /* argument of wait_fn */
	capture_link_fn unread_fn; /* called for link types that are not read; or NULL */
	void *unread_arg;
	/* a bit for each link type that unread_fn was called for */
	uint8_t reported[(UINT16_MAX + 1) / 8];
	uint64_t frames; /* number of frames read so far */
	link_fn link; /* parser of the link header for pcap; NULL: Ethernet */
	uint32_t fcs_len; /* of pcap: bytes of the check sequence at the end of each frame */
	uint8_t buffer[ALIGN + ETHER_HDR_LEN + CAPTURE_FRAME_MAX] __attribute__((aligned(8)));
};

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Frames that begin at IP show their protocol by the version only (LINKTYPE_RAW, _IPV4, _IPV6). */
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
	*ret_type = get_be16(data + 14);
	return true;
}

/* Version 2: 20 bytes, the first two of which are the protocol (LINKTYPE_LINUX_SLL2). */
static bool link_sll2(const uint8_t *data, size_t len, size_t *ret_header, uint16_t *ret_type)
{
	if (len < 20)
		return false;
	*ret_header = 20;
	*ret_type = get_be16(data);
	return true;
}

/* Loopback: the address family in four bytes, of the byte order of the machine that captured
 * (LINKTYPE_NULL) or of the network (LINKTYPE_LOOP). 2 is IPv4 everywhere; IPv6 is 10 on Linux, 24
 * on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS.
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

/* Returns false if the link type is not supported. */
static bool find_link(int link_type, link_fn *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (links[i].link_type == link_type) {
			*ret = links[i].link;
			return true;
		}
	}
	return false;
}

/* Returns libpcap's number of a link type, which differs from the file's for raw IP. */
static int dlt_of(uint16_t link_type)
{
	return link_type == LINKTYPE_RAW ? DLT_RAW : link_type;
}

/* A pcap file has only one link type, so an unsupported one is an error. */
static int choose_link(struct capture_file *c, const char *path, struct reason *r)
{
	int link_type = pcap_datalink(c->pcap);
	int more = pcap_datalink_ext(c->pcap);
	const char *name;

	if (LT_FCS_LENGTH_PRESENT(more))
		c->fcs_len = LT_FCS_LENGTH((uint32_t)more) * FCS_UNIT;
	if (find_link(link_type, &c->link))
		return 0;
	name = pcap_datalink_val_to_name(link_type);
	return reason_set(r, -EPROTONOSUPPORT,
			  "\"%s\" was captured on a link of type %d (%s), which is not read; there "
			  "are Ethernet, raw IP, Linux cooked and loopback",
			  path, link_type, name ? name : "no name");
}

void capture_file_set_link_fn(struct capture_file *c, capture_link_fn fn, void *arg)
{
	c->unread_fn = fn;
	c->unread_arg = arg;
}

/* Calls unread_fn once for each link type. */
static void report_unread(struct capture_file *c, uint16_t link_type)
{
	uint8_t bit = (uint8_t)(1U << link_type % 8);

	if (!c->unread_fn || c->reported[link_type / 8] & bit)
		return;
	c->reported[link_type / 8] |= bit;
	c->unread_fn(c->unread_arg, link_type, pcap_datalink_val_to_name(dlt_of(link_type)));
}

/* unpack_wait_fn. Without a callback of the caller's it waits here, because a FIFO is opened
 * non-blocking.
 */
static int wait_readable(void *arg, int fd)
{
	const struct capture_file *c = arg;
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (c->wait_fn)
		return c->wait_fn(c->arg, fd);
	(void)poll(&readable, 1, -1); /* if it fails, the read fails */
	return 0;
}

/* A read error is not reported here, because it occurs again at the next read. */
static void read_first(struct capture_file *c)
{
	ssize_t n;

	do {
		n = unpack_read(c->bytes, c->first + c->n_first, sizeof(c->first) - c->n_first);
		c->n_first += n > 0 ? (size_t)n : 0;
	} while (n > 0 && c->n_first < sizeof(c->first));
}

static ssize_t read_bytes(void *cookie, char *buf, size_t size)
{
	struct capture_file *c = cookie;
	size_t left = c->n_first - c->n_reread;
	ssize_t n;

	if (left) {
		left = left < size ? left : size;
		memcpy(buf, c->first + c->n_reread, left);
		c->n_reread += left;
		return (ssize_t)left;
	}
	n = unpack_read(c->bytes, buf, size);
	if (n < 0)
		errno = (int)-n;
	return n < 0 ? -1 : n;
}

static int close_bytes(void *cookie)
{
	const struct capture_file *c = cookie;

	unpack_close(c->bytes);
	return 0;
}

/* A FIFO is opened without waiting for its writer; reads wait instead. Returns an fd, or -errno. */
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
	err = unpack_open(&c->bytes, fd, waits ? wait_readable : NULL, c);
	if (err) {
		close(fd);
		return err;
	}
	read_first(c);
	file = fopencookie(c, "rb", functions);
	if (!file) {
		unpack_close(c->bytes);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

/* An error that libpcap reports may come from reading or unpacking the file rather than from its
 * format.
 */
static int explain_read(struct capture_file *c, const char *text, struct reason *r)
{
	int err = unpack_error(c->bytes);

	if (err == -EINTR)
		return reason_set(r, -EINTR, "interrupted while waiting for the capture");
	if (err && err != -EBADMSG)
		return reason_set(r, -EIO, "cannot read the capture behind frame %" PRIu64 ": %s",
				  c->frames, strerror(-err));
	return reason_set(r, -EBADMSG, "the capture is cut or broken behind frame %" PRIu64 ": %s",
			  c->frames, err ? unpack_why(c->bytes) : text);
}

/* Formats of compression that are not read: the name of each, and a command that decompresses it.
 */
static const struct {
	const char *magic;
	const char *name;
	const char *command;
} packers[] = {
	{ "\x04\x22\x4d\x18", "lz4", "lz4 -dc" },
	{ "\x02\x21\x4c\x18", "lz4", "lz4 -dc" }, /* the legacy format */
	{ "\xfd\x37\x7a\x58", "xz", "xz -dc" },
	{ "BZh", "bzip2", "bzip2 -dc" },
	{ "LZIP", "lzip", "lzip -dc" },
	{ "PK\x03\x04", "zip", "unzip -p" },
};

/* Explains why neither reader knows the file. */
static int refuse_file(const struct capture_file *c, const char *path, const char *why,
		       struct reason *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++) {
		size_t len = strlen(packers[i].magic);

		if (c->n_first >= len && !memcmp(c->first, packers[i].magic, len))
			return reason_set(r, -EINVAL,
					  "\"%s\" is compressed by %s, which is not read (gzip and "
					  "zstd are): give what \"%s\" makes of it to -r -",
					  path, packers[i].name, packers[i].command);
	}
	return reason_set(r, -EINVAL, "\"%s\" is no capture that can be read: %s", path, why);
}

static bool is_pcapng(const struct capture_file *c)
{
	uint32_t magic;

	memcpy(&magic, c->first, sizeof(magic));
	return c->n_first == sizeof(magic) && magic == PCAPNG_MAGIC;
}

/* Opens one of the two readers on the file. Returns 0, or -errno with the reason set. */
static int open_reader(struct capture_file *c, FILE *file, const char *path, struct reason *r)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	const char *why = text;
	int err = 0;

	errno = 0;
	if (is_pcapng(c))
		err = pcapng_open(&c->pcapng, file, &why);
	else
		c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
								   text);
	if (!err && (c->pcap || c->pcapng))
		return 0;
	if (err == -ENOMEM || errno == ENOMEM) /* libpcap reports it in words only */
		return reason_set(r, -ENOMEM, "\"%s\" cannot be read: %s", path, strerror(ENOMEM));
	err = unpack_error(c->bytes);
	if (err && err != -EBADMSG)
		return explain_read(c, why, r);
	return refuse_file(c, path, err ? unpack_why(c->bytes) : why, r);
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
	err = c->pcap ? choose_link(c, path, r) : 0;
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

/* Makes a frame of no bytes, which the parser counts as not IP. */
static void clear_frame(const struct capture_file *c, struct capture_frame *ret)
{
	ret->data = c->buffer + ALIGN;
	ret->len = 0;
	ret->made_up = 0;
}

/* Copies the part that the parser can reach to an aligned place. A cut link header leaves an empty
 * frame.
 */
static void copy_frame(struct capture_file *c, link_fn link, const uint8_t *data, size_t len,
		       struct capture_frame *ret)
{
	uint8_t *to = c->buffer + ALIGN;
	size_t front = 0;
	size_t header = 0;
	uint16_t type;

	clear_frame(c, ret);
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

/* The file is read with nanosecond precision, so tv_usec holds nanoseconds. libpcap (1.10) treats
 * the 32-bit seconds of pcap as signed; they are unsigned, until 2106. Times beyond 2554 become the
 * latest time that fits.
 */
static uint64_t pcap_time_ns(const struct timeval *ts)
{
	uint64_t ns = ts->tv_usec > 0 ? (uint64_t)ts->tv_usec : 0;
	uint64_t s = (uint64_t)ts->tv_sec;

	if (ts->tv_sec < 0 && ts->tv_sec >= INT32_MIN)
		s = (uint32_t)ts->tv_sec;
	if (s > (UINT64_MAX - ns) / NS_PER_S)
		return UINT64_MAX;
	return s * NS_PER_S + ns;
}

/* Returns the bytes on the wire without the check sequence. Some writers that cut or generate
 * frames state less than was captured, or 0.
 */
static uint32_t wire_len(uint32_t said, size_t captured, uint32_t fcs_len)
{
	uint32_t len = said > captured ? said : (uint32_t)captured;

	return len > fcs_len ? len - fcs_len : 0;
}

static int read_pcapng_frame(struct capture_file *c, struct capture_frame *ret, struct reason *r)
{
	struct pcapng_packet packet;
	link_fn link;
	int more = pcapng_next(c->pcapng, &packet);

	if (more <= 0)
		return more ? explain_read(c, pcapng_why(c->pcapng), r) : 0;
	c->frames++;
	ret->wire_len = wire_len(packet.wire_len, packet.len, packet.fcs_len);
	ret->timestamp_ns = packet.timestamp_ns;
	if (find_link(dlt_of(packet.link_type), &link)) {
		copy_frame(c, link, packet.data, min_size(packet.reach, ret->wire_len), ret);
	} else {
		clear_frame(c, ret);
		report_unread(c, packet.link_type);
	}
	return 1;
}

int capture_file_next(struct capture_file *c, struct capture_frame *ret, struct reason *r)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int n;

	if (c->pcapng)
		return read_pcapng_frame(c, ret, r);
	n = pcap_next_ex(c->pcap, &header, &data);
	if (n == PCAP_ERROR_BREAK)
		return 0;
	if (n != 1)
		return explain_read(c, pcap_geterr(c->pcap), r);
	c->frames++;
	ret->wire_len = wire_len(header->len, header->caplen, c->fcs_len);
	copy_frame(c, c->link, data, min_size(header->caplen, ret->wire_len), ret);
	ret->timestamp_ns = pcap_time_ns(&header->ts);
	return 1;
}
