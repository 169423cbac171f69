// SPDX-License-Identifier: BSD-2-Clause
/* traffic INTERFACE COUNT [RATE [SOURCES [BYTES]]]
 *
 * Send COUNT UDP frames of BYTES (64) over a packet socket: RATE a second, 0 as fast as it goes,
 * from SOURCES addresses in turn: 10.0.0.0 plus 0, 1, 2 …. Prints how many the kernel took.
 * Only for interfaces whose other end is in a test's own network namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	     64
#define FRAME_MAX    1514
#define FIRST_SOURCE 0x0a000000U

struct frame {
	struct ether_header eth;
	struct iphdr ip;
	struct udphdr udp;
	char payload[FRAME_MAX - sizeof(struct ether_header) - sizeof(struct iphdr) -
		     sizeof(struct udphdr)];
} __attribute__((packed));

static struct frame frames[BATCH];
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];

static void make_frames(size_t bytes)
{
	for (int i = 0; i < BATCH; i++) {
		struct frame *f = &frames[i];

		memset(f->eth.ether_dhost, 0xff, sizeof(f->eth.ether_dhost));
		f->eth.ether_shost[0] = 2;
		f->eth.ether_type = htons(ETHERTYPE_IP);
		f->ip.version = 4;
		f->ip.ihl = 5;
		f->ip.ttl = 64;
		f->ip.protocol = IPPROTO_UDP;
		f->ip.tot_len = htons((uint16_t)(bytes - sizeof(f->eth)));
		f->ip.daddr = htonl(0xc6336407); /* 198.51.100.7, for documentation (RFC 5737) */
		f->udp.source = htons(4000);
		f->udp.dest = htons(9);
		f->udp.len = htons((uint16_t)(bytes - sizeof(f->eth) - sizeof(f->ip)));
		vectors[i] = (struct iovec){ .iov_base = f, .iov_len = bytes };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int one = 1;

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror(interface);
		exit(1);
	}
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return fd;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

/* Until the time at which sent frames are due at this rate. */
static void pace(uint64_t start, uint64_t sent, uint64_t rate)
{
	uint64_t due = start + sent * 1000000000U / rate;
	struct timespec ts = { .tv_sec = (time_t)(due / 1000000000U),
			       .tv_nsec = (long)(due % 1000000000U) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static uint64_t send_all(int fd, uint64_t count, uint64_t rate, uint64_t sources)
{
	uint64_t start = now_ns();
	uint64_t sent = 0;

	while (sent < count) {
		unsigned int n = count - sent < BATCH ? (unsigned int)(count - sent) : BATCH;
		int done;

		for (unsigned int i = 0; i < n; i++)
			frames[i].ip.saddr = htonl(FIRST_SOURCE + (uint32_t)((sent + i) % sources));
		done = sendmmsg(fd, messages, n, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
			perror("sendmmsg");
			break;
		}
		sent += done > 0 ? (uint64_t)done : 0;
		if (rate)
			pace(start, sent, rate);
	}
	return sent;
}

int main(int argc, char *argv[])
{
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t rate = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	uint64_t sources = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
	size_t bytes = argc > 5 ? strtoull(argv[5], NULL, 10) : 64;
	uint64_t sent;
	int fd;

	if (!count || !sources || bytes < 64 || bytes > FRAME_MAX) {
		fprintf(stderr, "usage: %s INTERFACE COUNT [RATE [SOURCES [BYTES]]]\n", argv[0]);
		return 2;
	}
	make_frames(bytes);
	fd = open_socket(argv[1]);
	sent = send_all(fd, count, rate, sources);
	close(fd);
	printf("%llu\n", (unsigned long long)sent);
	return sent == count ? 0 : 1;
}
