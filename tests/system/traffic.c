// SPDX-License-Identifier: BSD-2-Clause
/* traffic [-t | -s] [-p PORT] [-v VLAN]... [-e TUNNEL] INTERFACE COUNT [RATE [SOURCES [BYTES]]]
 *
 * Send COUNT frames of BYTES (64) over a packet socket: RATE a second, 0 as fast as it goes, from
 * SOURCES addresses in turn: 10.0.0.0 plus 0, 1, 2 …. UDP from PORT (4000) to port 9, or with -t
 * TCP, where the sequence number is the frame's own: 0, 1, 2 …, and -s sets SYN in place of ACK.
 * Each -v adds a VLAN tag inside the last. -e puts it all, behind the tags, into a tunnel from
 * 172.16.0.1 to 172.16.0.2: vxlan, geneve, gre, ipip or gtpu; BYTES are then those of the frame
 * without the tunnel. Prints how many the interface took: exactly those reach the other end of a
 * veth pair, because a frame that finds its queue full is sent again. Only for interfaces whose
 * other end is in a test's own network namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	     64
#define VLANS_MAX    3
#define TAG_BYTES    4
#define FRAME_MIN    64
#define FRAME_MAX    9000
#define TUNNEL_MAX   38 /* bytes behind the outer IP header */
#define OUTER_FROM   0xac100001U
#define OUTER_TO     0xac100002U
#define UDP_LEN_AT   4 /* in UDP's header */
#define GTP_LEN_AT   10 /* in UDP's and GTP's */
#define FIRST_SOURCE 0x0a000000U
#define DESTINATION  0xc6336407U /* 198.51.100.7, for documentation (RFC 5737) */

/* What is between the outer IP header and the one inside, but for lengths. */
struct tunnel {
	const char *name;
	size_t len;
	uint8_t protocol;
	uint8_t header[TUNNEL_MAX];
};

#define UDP_TO(high, low) 0xc0, 0x00, high, low, 0, 0, 0, 0
#define ETHERNET_IP	  2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3, 0x08, 0x00

static const struct tunnel tunnels[] = {
	{ "vxlan", 30, IPPROTO_UDP, { UDP_TO(0x12, 0xb5), 8, 0, 0, 0, 0, 0, 42, 0, ETHERNET_IP } },
	{ "geneve",
	  34,
	  IPPROTO_UDP,
	  { UDP_TO(0x17, 0xc1), 1, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 1, 0, ETHERNET_IP } },
	{ "gre", 8, IPPROTO_GRE, { 0x20, 0, 0x08, 0x00, 0, 0, 42, 0 } },
	{ "ipip", 0, IPPROTO_IPIP, { 0 } },
	{ "gtpu", 16, IPPROTO_UDP, { UDP_TO(0x08, 0x68), 0x30, 255, 0, 0, 0, 0, 0, 42 } },
};

struct plan {
	const struct tunnel *tunnel; /* NULL: none */
	const char *interface;
	uint64_t count;
	uint64_t rate; /* a second; 0: no limit */
	uint64_t sources;
	size_t bytes; /* tags not counted */
	uint16_t port;
	uint16_t vlans[VLANS_MAX];
	unsigned int n_vlans;
	bool tcp;
	bool syn; /* in place of ACK */
};

struct frame {
	char bytes[FRAME_MAX + VLANS_MAX * TAG_BYTES + sizeof(struct iphdr) + TUNNEL_MAX];
	size_t len;
	size_t ip; /* where its header begins */
	size_t transport;
};

static struct frame frames[BATCH];
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];

static void append(struct frame *f, const void *bytes, size_t len)
{
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
}

/* Ethernet and tags; the outermost of several is a service tag (IEEE 802.1ad). */
static void append_link(struct frame *f, const struct plan *p)
{
	static const uint8_t addresses[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0 };
	uint16_t ethertype;

	append(f, addresses, sizeof(addresses));
	for (unsigned int i = 0; i < p->n_vlans; i++) {
		uint16_t tag = htons(p->vlans[i]);

		ethertype = htons(i == 0 && p->n_vlans > 1 ? 0x88a8 : ETHERTYPE_VLAN);
		append(f, &ethertype, sizeof(ethertype));
		append(f, &tag, sizeof(tag));
	}
	ethertype = htons(ETHERTYPE_IP);
	append(f, &ethertype, sizeof(ethertype));
}

static void put_length(struct frame *f, size_t at, size_t len)
{
	uint16_t field = htons((uint16_t)len);

	memcpy(f->bytes + at, &field, sizeof(field));
}

static void append_tunnel(struct frame *f, const struct plan *p)
{
	const struct tunnel *t = p->tunnel;
	const size_t inner = p->bytes - sizeof(struct ether_header);
	const struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = t->protocol,
		.tot_len = htons((uint16_t)(sizeof(ip) + t->len + inner)),
		.saddr = htonl(OUTER_FROM),
		.daddr = htonl(OUTER_TO),
	};
	size_t at;

	append(f, &ip, sizeof(ip));
	at = f->len;
	append(f, t->header, t->len);
	if (t->protocol == IPPROTO_UDP)
		put_length(f, at + UDP_LEN_AT, t->len + inner);
	if (strcmp(t->name, "gtpu") == 0)
		put_length(f, at + GTP_LEN_AT, inner);
}

/* Checksums are left out: the receiving host drops the packet, and nothing answers it. */
static void append_ip(struct frame *f, const struct plan *p)
{
	const size_t total = p->bytes - sizeof(struct ether_header);
	const struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = p->tcp ? IPPROTO_TCP : IPPROTO_UDP,
		.tot_len = htons((uint16_t)total),
		.daddr = htonl(DESTINATION),
	};
	const struct tcphdr tcp = {
		.source = htons(p->port),
		.dest = htons(9),
		.doff = 5,
		.syn = p->syn,
		.ack = !p->syn,
	};
	const struct udphdr udp = {
		.source = htons(p->port),
		.dest = htons(9),
		.len = htons((uint16_t)(total - sizeof(ip))),
	};

	f->ip = f->len;
	append(f, &ip, sizeof(ip));
	f->transport = f->len;
	if (p->tcp)
		append(f, &tcp, sizeof(tcp));
	else
		append(f, &udp, sizeof(udp));
	f->len = f->ip + total;
}

static void make_frames(const struct plan *p)
{
	for (int i = 0; i < BATCH; i++) {
		append_link(&frames[i], p);
		if (p->tunnel)
			append_tunnel(&frames[i], p);
		append_ip(&frames[i], p);
		vectors[i] =
			(struct iovec){ .iov_base = frames[i].bytes, .iov_len = frames[i].len };
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* What differs between frames: the number of this one is ordinal. */
static void number_frame(struct frame *f, const struct plan *p, uint64_t ordinal)
{
	uint32_t source = htonl(FIRST_SOURCE + (uint32_t)(ordinal % p->sources));
	uint32_t seq = htonl((uint32_t)ordinal);

	memcpy(f->bytes + f->ip + offsetof(struct iphdr, saddr), &source, sizeof(source));
	if (p->tcp)
		memcpy(f->bytes + f->transport + offsetof(struct tcphdr, seq), &seq, sizeof(seq));
}

/* Without a queue in between, the driver's "full" comes back from sendmmsg(). */
static int open_socket(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int one = 1;

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one))) {
		perror(interface);
		exit(1);
	}
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

static uint64_t send_all(int fd, const struct plan *p)
{
	uint64_t start = now_ns();
	uint64_t sent = 0;

	while (sent < p->count) {
		unsigned int n = p->count - sent < BATCH ? (unsigned int)(p->count - sent) : BATCH;
		int done;

		for (unsigned int i = 0; i < n; i++)
			number_frame(&frames[i], p, sent + i);
		done = sendmmsg(fd, messages, n, 0);
		if (done < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
			perror("sendmmsg");
			break;
		}
		sent += done > 0 ? (uint64_t)done : 0;
		if (p->rate)
			pace(start, sent, p->rate);
	}
	return sent;
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n < min || n > max) {
		fprintf(stderr, "traffic: \"%s\" is not a number from %" PRIu64 " to %" PRIu64 "\n",
			text, min, max);
		exit(2);
	}
	return n;
}

static void add_vlan(struct plan *p, const char *text)
{
	uint16_t vlan = (uint16_t)number(text, 0, 0xffff);

	if (p->n_vlans == VLANS_MAX) {
		fprintf(stderr, "traffic: no more than %d tags\n", VLANS_MAX);
		exit(2);
	}
	p->vlans[p->n_vlans++] = vlan;
}

static const struct tunnel *find_tunnel(const char *name)
{
	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
		if (strcmp(tunnels[i].name, name) == 0)
			return &tunnels[i];
	}
	fprintf(stderr, "traffic: \"%s\" is no tunnel\n", name);
	exit(2);
}

static void usage(void)
{
	fputs("usage: traffic [-t | -s] [-p PORT] [-v VLAN]... [-e TUNNEL] "
	      "INTERFACE COUNT [RATE [SOURCES [BYTES]]]\n",
	      stderr);
	exit(2);
}

static void parse_args(struct plan *p, int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "+tsp:v:e:")) != -1) {
		if (c == 't')
			p->tcp = true;
		else if (c == 's')
			p->tcp = p->syn = true;
		else if (c == 'p')
			p->port = (uint16_t)number(optarg, 0, UINT16_MAX);
		else if (c == 'v')
			add_vlan(p, optarg);
		else if (c == 'e')
			p->tunnel = find_tunnel(optarg);
		else
			usage();
	}
	argc -= optind;
	argv += optind;
	if (argc < 2 || argc > 5)
		usage();
	p->interface = argv[0];
	p->count = number(argv[1], 1, UINT32_MAX);
	if (argc > 2)
		p->rate = number(argv[2], 0, UINT32_MAX);
	if (argc > 3)
		p->sources = number(argv[3], 1, UINT32_MAX);
	if (argc > 4)
		p->bytes = number(argv[4], FRAME_MIN, FRAME_MAX);
}

int main(int argc, char *argv[])
{
	struct plan plan = { .sources = 1, .bytes = FRAME_MIN, .port = 4000 };
	uint64_t sent;
	int fd;

	parse_args(&plan, argc, argv);
	make_frames(&plan);
	fd = open_socket(plan.interface);
	sent = send_all(fd, &plan);
	close(fd);
	printf("%" PRIu64 "\n", sent);
	return sent == plan.count ? 0 : 1;
}
