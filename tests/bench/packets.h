/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets as they reach record.c, the same ones in every run: what differs from one to the next in
 * real traffic (addresses, ports, numbers, times) differs here too, so that no branch is learnt by
 * heart.
 */
#ifndef TESTS_BENCH_PACKETS_H
#define TESTS_BENCH_PACKETS_H

#include <string.h>

#include "xdptail.h"
#include "bench.h"

#define PACKETS_FIRST_NS 1795318900123456789ULL /* 2026-11-22T03:41:40.123456789Z */
#define PACKETS_STEP_NS	 1234567

static inline void packets_set_ip(uint8_t ip[16], uint8_t version, uint32_t *state)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t documentation[4] = { 0x20, 0x01, 0x0d, 0xb8 }; /* RFC 3849 */
	uint32_t host = bench_random(state);

	memset(ip, 0, 16);
	if (version == 4) {
		memcpy(ip, mapped, sizeof(mapped));
	} else {
		memcpy(ip, documentation, sizeof(documentation));
		memcpy(ip + 8, &host, sizeof(host));
		host = bench_random(state);
	}
	memcpy(ip + 12, &host, sizeof(host));
}

/* The i-th TCP packet over IPv4 or IPv6. */
static inline void packets_make(struct xdptail_packet *ret, size_t i, uint8_t version,
				uint32_t *state)
{
	*ret = (struct xdptail_packet){
		.timestamp_ns = PACKETS_FIRST_NS + i * PACKETS_STEP_NS,
		.cpu_seq = 4711 + i,
		.interface = "eth0",
		.ifindex = 2,
		.sample_rate = 10,
		.cpu = (uint32_t)i & 3,
		.has = XDPTAIL_HAS_PORTS | XDPTAIL_HAS_TCP | XDPTAIL_HAS_PROTOCOL,
		.ip_version = version,
		.protocol = 6,
		.packet_type = XDPTAIL_TYPE_TCP,
	};
	packets_set_ip(ret->src_ip, version, state);
	packets_set_ip(ret->dst_ip, version, state);
	ret->seq_num = bench_random(state);
	ret->ack_num = bench_random(state);
	ret->packet_len = 64 + (bench_random(state) >> 16) % 1437;
	ret->src_port = 443;
	ret->dst_port = (uint16_t)(32768 | bench_random(state) >> 17);
	ret->tcp_flags = bench_random(state) >> 31 ? 0x18 : 0x10; /* PSH and ACK, or ACK */
	ret->ttl = (uint8_t)(64 - (bench_random(state) >> 28));
}

#endif
