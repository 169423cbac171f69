// SPDX-License-Identifier: BSD-2-Clause
/* make_capture [OPTION]... > FILE
 *
 * Write a capture of TCP over IPv4, from 10.0.0.0 plus 0, 1, 2 … in turn, where the sequence number
 * is the frame's own: 0, 1, 2 …; or with -t of the frames that all tests share.
 *   -f FORMAT   pcap-le (the default), pcap-be, pcap-ns-le … pcapng-ns-be
 *   -l LINK     ethernet, raw, ipv4, ipv6, sll, sll2, null, null-swapped, loop; ppp, which is not
 * read -s BYTES    keep so many of each frame -n COUNT    frames (10) -S SOURCES  addresses (1) -u
 * EVERY    each so many-th frame is UDP -b BYTES    of a frame (64) -g NS       from one frame to
 * the next (1000000) -G AT:NS    frame AT and all behind it come so much later, or earlier; may be
 * repeated The first frame's time is 2026-11-22T03:41:40.123456789Z.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "captures.h"
#include "frames.h"

#define FIRST_NS     1795318900123456789ULL
#define FIRST_SOURCE 0x0a000000U
#define FRAME_MIN    64
#define FRAME_MAX    65549
#define JUMPS_MAX    64

struct jump {
	uint64_t at;
	int64_t ns;
};

struct plan {
	struct captures_spec spec;
	bool table;
	uint64_t count;
	uint64_t sources;
	uint64_t udp_every; /* 0: none is */
	size_t bytes;
	int64_t step_ns;
	struct jump jumps[JUMPS_MAX];
	unsigned int n_jumps;
};

static uint64_t time_of(const struct plan *p, uint64_t i)
{
	uint64_t ns = FIRST_NS + i * (uint64_t)p->step_ns;

	for (unsigned int j = 0; j < p->n_jumps; j++) {
		if (i >= p->jumps[j].at)
			ns += (uint64_t)p->jumps[j].ns;
	}
	return ns;
}

/* The bytes that hex stands for; the caller's. */
static uint8_t *unhex(const char *hex, size_t *ret_len)
{
	uint8_t *bytes = malloc(frame_unhex(hex, NULL) + 1);

	if (!bytes) {
		perror("make_capture");
		exit(1);
	}
	*ret_len = frame_unhex(hex, bytes);
	return bytes;
}

static void write_table(const struct plan *p)
{
	for (size_t i = 0; i < FRAME_CASES; i++) {
		size_t len;
		uint8_t *frame = unhex(frame_cases[i].hex, &len);

		captures_frame(stdout, &p->spec, time_of(p, i), frame, len);
		free(frame);
	}
}

/* The numbers of frame i, in a frame that is otherwise always the same. */
static void number_frame(uint8_t *frame, const struct plan *p, uint64_t i)
{
	uint32_t source = htonl(FIRST_SOURCE + (uint32_t)(i % p->sources));
	uint32_t seq = htonl((uint32_t)i);

	frame[ETH_HLEN + 9] = p->udp_every && i % p->udp_every == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	memcpy(frame + ETH_HLEN + 12, &source, sizeof(source));
	memcpy(frame + ETH_HLEN + 24, &seq, sizeof(seq));
}

static void write_traffic(const struct plan *p)
{
	static uint8_t frame[FRAME_MAX];
	uint16_t total = htons((uint16_t)(p->bytes - ETH_HLEN));

	(void)frame_unhex(HEX_ETH4 HEX_IP4("45", "0028", "0000", "06") HEX_TCP("5018"), frame);
	memcpy(frame + ETH_HLEN + 2, &total, sizeof(total));
	for (uint64_t i = 0; i < p->count; i++) {
		number_frame(frame, p, i);
		captures_frame(stdout, &p->spec, time_of(p, i), frame, p->bytes);
	}
}

__attribute__((noreturn)) static void refuse(const char *text)
{
	fprintf(stderr, "make_capture: \"%s\" cannot be\n", text);
	exit(2);
}

static uint64_t number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (end == text || *end || n < min || n > max)
		refuse(text);
	return n;
}

static enum captures_format find_format(const char *name)
{
	for (unsigned int i = 0; i < CAPTURES_FORMAT_MAX; i++) {
		if (strcmp(captures_formats[i].name, name) == 0)
			return (enum captures_format)i;
	}
	refuse(name);
}

static enum captures_link find_link(const char *name)
{
	for (unsigned int i = 0; i < CAPTURES_LINK_MAX; i++) {
		if (strcmp(captures_links[i].name, name) == 0)
			return (enum captures_link)i;
	}
	refuse(name);
}

static void add_jump(struct plan *p, const char *text)
{
	struct jump *jump = &p->jumps[p->n_jumps++];
	char *end;

	if (p->n_jumps == JUMPS_MAX)
		refuse(text);
	jump->at = strtoull(text, &end, 10);
	if (*end != ':')
		refuse(text);
	jump->ns = strtoll(end + 1, &end, 10);
	if (*end)
		refuse(text);
}

static void take(struct plan *p, int c, const char *arg)
{
	switch (c) {
	case 'f':
		p->spec.format = find_format(arg);
		break;
	case 'l':
		p->spec.link = find_link(arg);
		break;
	case 's':
		p->spec.snap = (uint32_t)number(arg, 1, CAPTURES_SNAP);
		break;
	case 't':
		p->table = true;
		break;
	case 'n':
		p->count = number(arg, 0, UINT32_MAX);
		break;
	case 'S':
		p->sources = number(arg, 1, UINT32_MAX);
		break;
	case 'u':
		p->udp_every = number(arg, 1, UINT32_MAX);
		break;
	case 'b':
		p->bytes = number(arg, FRAME_MIN, FRAME_MAX);
		break;
	case 'g':
		p->step_ns = (int64_t)number(arg, 0, INT64_MAX);
		break;
	case 'G':
		add_jump(p, arg);
		break;
	default:
		exit(2);
	}
}

int main(int argc, char *argv[])
{
	struct plan plan = { .count = 10, .sources = 1, .bytes = FRAME_MIN, .step_ns = 1000000 };
	int c;

	while ((c = getopt(argc, argv, "f:l:s:tn:S:u:b:g:G:")) != -1)
		take(&plan, c, optarg);
	if (optind < argc)
		refuse(argv[optind]);
	captures_begin(stdout, &plan.spec);
	if (plan.table)
		write_table(&plan);
	else
		write_traffic(&plan);
	if (fflush(stdout) || ferror(stdout)) {
		perror("make_capture");
		return 1;
	}
	return 0;
}
