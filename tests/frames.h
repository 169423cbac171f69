/* SPDX-License-Identifier: BSD-2-Clause */
/* One table of frames and what they parse to. Whatever reads frames is tested with it: the parser
 * on the host, the program in the kernel, the fuzzers' seeds, the reader of capture files.
 */
#ifndef TESTS_FRAMES_H
#define TESTS_FRAMES_H

#include "abi.h"
#include "frame.h"
#include "parse.h"

/* clang-format off */
#define HEX_MACS   "020000000002 020000000001 "
#define HEX_ETH4   HEX_MACS "0800 "
#define HEX_ETH6   HEX_MACS "86dd "
#define HEX_SNAP   "aaaa03 000000 "
#define HEX_PPPOE(len, protocol) "1100 0001 " len " " protocol " "
#define HEX_LABEL  "000640ff "
#define HEX_LABEL7 HEX_LABEL HEX_LABEL HEX_LABEL HEX_LABEL HEX_LABEL HEX_LABEL HEX_LABEL
#define HEX_BOTTOM "000641ff "
#define HEX_ADDR4  "c0000207 c6336408 " /* 192.0.2.7 to 198.51.100.8 */
#define HEX_DST6   "20010db8 00000000 00000000 00000008 "
#define HEX_ADDR6  "20010db8 00000000 00000000 00000007 " HEX_DST6
#define HEX_IP4(first, len, frag, protocol) \
	first " 00 " len " 0000 " frag " 40 " protocol " 0000 " HEX_ADDR4
#define HEX_IP6(len, next) "60000000 " len " " next " 40 " HEX_ADDR6

#define HEX_PORTS  "01bb bdc1 " /* 443 to 48577 */
#define HEX_TCP(doff_flags) HEX_PORTS "01020304 0a0b0c0d " doff_flags " ffff 0000 0000 "
#define HEX_TCP4   HEX_IP4("45", "0028", "0000", "06") HEX_TCP("5018")
#define HEX_TCP4_SUM "45 00 0028 0000 0000 40 06 8e8d " HEX_ADDR4 HEX_TCP("5018")
#define HEX_TCP6   HEX_IP6("0014", "06") HEX_TCP("5018")
#define HEX_UDP    HEX_PORTS "000c 0000 61616161 "
#define HEX_PING   "08 00 0000 0001 0001 "
#define HEX_PING6  "80 00 0000 0001 0001 "

/* IPv6 extension headers of eight bytes: next header, length, six bytes. */
#define HEX_EXT(next)     next " 00 0104 00000000 "
#define HEX_FRAG(next, off) next " 00 " off " 00000001 "
#define HEX_AH(next)      next " 04 0000 00000001 00000001 aaaaaaaa bbbbbbbb cccccccc "
#define HEX_EXT2(next)    HEX_EXT("3c") HEX_EXT(next)
#define HEX_EXT4(next)    HEX_EXT2("3c") HEX_EXT2(next)

#define COUNTED        .all = PARSE_COUNTED, .tcp = PARSE_COUNTED
#define NOT_TCP        .all = PARSE_COUNTED, .tcp = PARSE_NOT_SELECTED
#define UNDETERMINED   .all = PARSE_COUNTED, .tcp = PARSE_UNDETERMINED
#define NO_SOURCE      .all = PARSE_NO_SOURCE, .tcp = PARSE_NO_SOURCE
#define NOT_IP         .all = PARSE_NOT_IP, .tcp = PARSE_NOT_IP

#define WANT_MAPPED(a, b, c, d) { [10] = 0xff, 0xff, a, b, c, d }
#define WANT4 \
	.version = ABI_VERSION, .ip_version = 4, .ttl = 64, \
	.src_ip = WANT_MAPPED(192, 0, 2, 7), .dst_ip = WANT_MAPPED(198, 51, 100, 8)
#define WANT_DST6 \
	.version = ABI_VERSION, .ip_version = 6, .ttl = 64, \
	.dst_ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 8 }
#define WANT6 WANT_DST6, .src_ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 }

/* "more" is whatever else the record has. */
#define WANT_PROTOCOL(number, type, more) \
	.protocol = (number), .packet_type = (type), .has = ABI_HAS_PROTOCOL | (more)
#define WANT_PORTS(number, type, more) \
	WANT_PROTOCOL(number, type, ABI_HAS_PORTS | (more)), \
	.src_port = bpf_htons(443), .dst_port = bpf_htons(48577)
#define WANT_TCP(flags, more) \
	WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, ABI_HAS_TCP | (more)), .tcp_flags = (flags), \
	.seq_num = bpf_htonl(0x01020304), .ack_num = bpf_htonl(0x0a0b0c0d)
#define WANT_UDP(more) WANT_PORTS(IPPROTO_UDP, ABI_TYPE_UDP, more)
#define WANT_ICMP(number, type, t, c) \
	WANT_PROTOCOL(number, type, ABI_HAS_ICMP), .icmp_type = (t), .icmp_code = (c)
#define WANT_PING  WANT_ICMP(IPPROTO_ICMP, ABI_TYPE_ICMP, 8, 0)
#define WANT_PING6 WANT_ICMP(IPPROTO_ICMPV6, ABI_TYPE_ICMPV6, 128, 0)
#define WANT_NO_PROTOCOL .packet_type = ABI_TYPE_OTHER
#define WANT_TCP4  WANT4, WANT_TCP(0x18, 0)
#define WANT_TCP6  WANT6, WANT_TCP(0x18, 0)
#define WANT_VLAN(tci) .vlan = bpf_htons(tci)
#define WANT_VLANS(outer, inner) .vlan = bpf_htons(outer), .vlan_inner = bpf_htons(inner)

#define FIRST     .fragment = ABI_FRAGMENT_FIRST
#define LATER     .fragment = ABI_FRAGMENT_LATER
#define TRUNCATED .parse = ABI_PARSE_TRUNCATED
#define MALFORMED .parse = ABI_PARSE_MALFORMED
#define TOO_DEEP  .parse = ABI_PARSE_TOO_DEEP

#define FRAME(title, bytes, classes, ...) \
	{ .name = (title), .hex = bytes, classes, .want = { __VA_ARGS__ } }
#define IP_FRAME(title, bytes, classes, ...) \
	{ .name = (title), .hex = bytes, .link = PARSE_LINK_IP, classes, .want = { __VA_ARGS__ } }
#define RUNT(len) FRAME("runt of " #len, "02*" #len, NOT_IP, 0)
#define TCP4_FLAGS(title, doff_flags, flags) \
	FRAME("IPv4 TCP " title, HEX_ETH4 HEX_IP4("45", "0028", "0000", "06") \
	      HEX_TCP(doff_flags), COUNTED, WANT4, WANT_TCP(flags, 0))
#define TCP4_DOFF(doff) \
	FRAME("TCP data offset " #doff, HEX_ETH4 HEX_IP4("45", "0028", "0000", "06") \
	      HEX_TCP(#doff "018"), COUNTED, WANT4, WANT_TCP(0x18, 0), MALFORMED)
#define WHOLE     .parse = ABI_PARSE_OK
#define UDP4_LENGTH(len, how) \
	FRAME("UDP length " len, HEX_ETH4 HEX_IP4("45", "0020", "0000", "11") \
	      HEX_PORTS len " 0000 61616161", NOT_TCP, WANT4, WANT_UDP(0), how)
#define UDPLITE4_COVERAGE(len, how) \
	FRAME("UDP-Lite coverage " len, HEX_ETH4 HEX_IP4("45", "0020", "0000", "88") \
	      HEX_PORTS len " 0000 61616161", NOT_TCP, WANT4, \
	      WANT_PORTS(PARSE_UDPLITE, ABI_TYPE_OTHER, 0), how)
#define DCCP4_OFFSET(offset, how) \
	FRAME("DCCP data offset " offset, HEX_ETH4 HEX_IP4("45", "0024", "0000", "21") \
	      HEX_PORTS offset "000000 00*8", NOT_TCP, WANT4, \
	      WANT_PORTS(IPPROTO_DCCP, ABI_TYPE_OTHER, 0), how)
#define TCP4_OPTIONS(first, len, options) \
	FRAME("IPv4 options, first byte " first, HEX_ETH4 HEX_IP4(first, len, "0000", "06") \
	      options " " HEX_TCP("5018"), COUNTED, WANT4, WANT_TCP(0x18, 0))
#define BAD_IHL(first) \
	FRAME("IPv4 header length too small, first byte " first, \
	      HEX_ETH4 HEX_IP4(first, "0028", "0000", "06") HEX_TCP("5018"), NO_SOURCE, 0)
#define TCP6_CHAIN(title, len, next, chain) \
	FRAME("IPv6 " title, HEX_ETH6 HEX_IP6(len, next) chain " " HEX_TCP("5018"), COUNTED, \
	      WANT6, WANT_TCP(0x18, 0))

static const struct frame_case frame_cases[] = {
	/* what has no IP header */
	FRAME("runt of 0", "", NOT_IP, 0),
	RUNT(1), RUNT(2), RUNT(3), RUNT(4), RUNT(5), RUNT(6), RUNT(7),
	RUNT(8), RUNT(9), RUNT(10), RUNT(11), RUNT(12), RUNT(13),
	FRAME("ARP", "ffffffffffff 020000000001 0806 0001 0800 0604 0001"
	      "020000000001 c0000207 000000000000 c6336408 00*18", NOT_IP, 0),
	FRAME("802.3 length, LLC", "0180c2000000 020000000001 0026 424203 00*35 00*8", NOT_IP, 0),
	FRAME("LLDP", "0180c200000e 020000000001 88cc 0207 04 020000000001"
	      "0407 03 020000000001 0602 0078 0000", NOT_IP, 0),
	FRAME("EtherType 0", HEX_MACS "0000" HEX_IP4("45", "0028", "0000", "06")
	      HEX_TCP("5018"), NOT_IP, 0),

	/* IPv4, every flag of TCP */
	TCP4_FLAGS("no flags", "5000", 0x00), TCP4_FLAGS("FIN", "5001", 0x01),
	TCP4_FLAGS("SYN", "5002", 0x02), TCP4_FLAGS("RST", "5004", 0x04),
	TCP4_FLAGS("PSH", "5008", 0x08), TCP4_FLAGS("ACK", "5010", 0x10),
	TCP4_FLAGS("URG", "5020", 0x20), TCP4_FLAGS("ECE", "5040", 0x40),
	TCP4_FLAGS("CWR", "5080", 0x80), TCP4_FLAGS("all flags", "50ff", 0xff),
	TCP4_FLAGS("reserved bits set", "5f18", 0x18),

	/* IPv4, other protocols */
	FRAME("IPv4 UDP", HEX_ETH4 HEX_IP4("45", "0020", "0000", "11") HEX_UDP, NOT_TCP,
	      WANT4, WANT_UDP(0)),
	FRAME("IPv4 ICMP echo", HEX_ETH4 HEX_IP4("45", "001c", "0000", "01") HEX_PING, NOT_TCP,
	      WANT4, WANT_PING),
	FRAME("IPv4 ICMP port unreachable", HEX_ETH4 HEX_IP4("45", "0038", "0000", "01")
	      "03 03 0000 00000000" HEX_IP4("45", "0020", "0000", "11") HEX_PORTS "000c 0000",
	      NOT_TCP, WANT4, WANT_ICMP(IPPROTO_ICMP, ABI_TYPE_ICMP, 3, 3)),
	FRAME("IPv4 ICMPv6", HEX_ETH4 HEX_IP4("45", "001c", "0000", "3a") HEX_PING6, NOT_TCP,
	      WANT4, WANT_PING6),
	FRAME("IPv4 IGMP", HEX_ETH4 HEX_IP4("45", "001c", "0000", "02") "16 00 0000 e0000001",
	      NOT_TCP, WANT4, WANT_PROTOCOL(IPPROTO_IGMP, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 SCTP", HEX_ETH4 HEX_IP4("45", "0020", "0000", "84") HEX_PORTS
	      "00000001 00000000", NOT_TCP, WANT4, WANT_PORTS(IPPROTO_SCTP, ABI_TYPE_SCTP, 0)),
	FRAME("IPv4 DCCP", HEX_ETH4 HEX_IP4("45", "0024", "0000", "21") HEX_PORTS
	      "04 00 0000 01 000000 00000000", NOT_TCP,
	      WANT4, WANT_PORTS(IPPROTO_DCCP, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 UDP-Lite", HEX_ETH4 HEX_IP4("45", "001c", "0000", "88") HEX_PORTS "0008 0000",
	      NOT_TCP, WANT4, WANT_PORTS(PARSE_UDPLITE, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 GRE", HEX_ETH4 HEX_IP4("45", "0018", "0000", "2f") "0000 0800",
	      NOT_TCP, WANT4, WANT_PROTOCOL(IPPROTO_GRE, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 ESP", HEX_ETH4 HEX_IP4("45", "0020", "0000", "32") "00000001 00000001 00000000",
	      NOT_TCP, WANT4, WANT_PROTOCOL(IPPROTO_ESP, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 AH is not stepped over", HEX_ETH4 HEX_IP4("45", "0040", "0000", "33")
	      HEX_AH("06") HEX_TCP("5018"), NOT_TCP,
	      WANT4, WANT_PROTOCOL(IPPROTO_AH, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 protocol 0 is no extension header",
	      HEX_ETH4 HEX_IP4("45", "001c", "0000", "00") HEX_EXT("06"), NOT_TCP,
	      WANT4, WANT_PROTOCOL(0, ABI_TYPE_OTHER, 0)),
	FRAME("IPv4 protocol 255, nothing behind it", HEX_ETH4 HEX_IP4("45", "0014", "0000", "ff"),
	      NOT_TCP, WANT4, WANT_PROTOCOL(255, ABI_TYPE_OTHER, 0)),

	/* IPv4 header length */
	BAD_IHL("40"), BAD_IHL("41"), BAD_IHL("42"), BAD_IHL("43"), BAD_IHL("44"),
	TCP4_OPTIONS("46", "002c", "01*4"), TCP4_OPTIONS("47", "0030", "01*8"),
	TCP4_OPTIONS("48", "0034", "01*12"), TCP4_OPTIONS("49", "0038", "01*16"),
	TCP4_OPTIONS("4a", "003c", "01*20"), TCP4_OPTIONS("4b", "0040", "01*24"),
	TCP4_OPTIONS("4c", "0044", "01*28"), TCP4_OPTIONS("4d", "0048", "01*32"),
	TCP4_OPTIONS("4e", "004c", "01*36"), TCP4_OPTIONS("4f", "0050", "01*40"),
	FRAME("IPv4 options cut short", HEX_ETH4 HEX_IP4("4f", "0050", "0000", "06") "01*39",
	      COUNTED, WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), TRUNCATED),
	FRAME("IPv4 options longer than the packet", HEX_ETH4 HEX_IP4("48", "001c", "0000", "11")
	      "01*12 " HEX_UDP, NOT_TCP,
	      WANT4, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), MALFORMED),

	/* version against EtherType */
	FRAME("version 5 under 0800", HEX_ETH4 HEX_IP4("55", "0028", "0000", "06")
	      HEX_TCP("5018"), NO_SOURCE, 0),
	FRAME("version 6 under 0800", HEX_ETH4 HEX_IP6("0014", "06") HEX_TCP("5018"),
	      NO_SOURCE, 0),
	FRAME("version 4 under 86dd", HEX_ETH6 HEX_IP4("45", "0028", "0000", "06")
	      HEX_TCP("5018"), NO_SOURCE, 0),

	/* IPv4 total length */
	FRAME("IPv4 total length 0, as offloads leave it",
	      HEX_ETH4 HEX_IP4("45", "0000", "0000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_TCP(0x18, 0)),
	FRAME("IPv4 total length 1", HEX_ETH4 HEX_IP4("45", "0001", "0000", "06")
	      HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv4 total length one under its header",
	      HEX_ETH4 HEX_IP4("45", "0013", "0000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv4 total length is its header's", HEX_ETH4 HEX_IP4("45", "0014", "0000", "06")
	      HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv4 total length ends in the ports",
	      HEX_ETH4 HEX_IP4("45", "0017", "0000", "11") HEX_UDP, NOT_TCP,
	      WANT4, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), MALFORMED),
	FRAME("IPv4 total length ends behind the ports",
	      HEX_ETH4 HEX_IP4("45", "0018", "0000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv4 total length one under the TCP header",
	      HEX_ETH4 HEX_IP4("45", "0027", "0000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv4 total length ends in ICMP", HEX_ETH4 HEX_IP4("45", "0015", "0000", "01")
	      HEX_PING, NOT_TCP, WANT4, WANT_PROTOCOL(IPPROTO_ICMP, ABI_TYPE_ICMP, 0), MALFORMED),
	FRAME("IPv4 total length longer than the frame",
	      HEX_ETH4 HEX_IP4("45", "ffff", "0000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_TCP(0x18, 0)),
	FRAME("IPv4 behind it, Ethernet padding", HEX_ETH4 HEX_IP4("45", "0028", "0000", "06")
	      HEX_TCP("5018") "00*6", COUNTED, WANT4, WANT_TCP(0x18, 0)),
	FRAME("IPv4 padding is not a transport header",
	      HEX_ETH4 HEX_IP4("45", "0016", "0000", "06") "01bb 00*24", COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("9000 bytes", HEX_ETH4 HEX_IP4("45", "231a", "4000", "06") HEX_TCP("5018")
	      "61*8946", COUNTED, WANT4, WANT_TCP(0x18, 0)),

	/* lengths of transport headers, and those that they name */
	TCP4_DOFF(6), TCP4_DOFF(f),
	FRAME("TCP data offset 6, with options", HEX_ETH4 HEX_IP4("45", "002c", "0000", "06")
	      HEX_TCP("6018") "01*4", COUNTED, WANT4, WANT_TCP(0x18, 0)),
	FRAME("TCP data offset 6, options cut short", HEX_ETH4 HEX_IP4("45", "002c", "0000", "06")
	      HEX_TCP("6018") "01", COUNTED, WANT4, WANT_TCP(0x18, 0)),
	FRAME("TCP data offset 6, IPv4 total length 0", HEX_ETH4 HEX_IP4("45", "0000", "0000", "06")
	      HEX_TCP("6018"), COUNTED, WANT4, WANT_TCP(0x18, 0)),
	UDP4_LENGTH("0000", MALFORMED), UDP4_LENGTH("0007", MALFORMED), UDP4_LENGTH("000d", MALFORMED),
	UDP4_LENGTH("2328", MALFORMED), UDP4_LENGTH("ffff", MALFORMED),
	UDP4_LENGTH("0008", WHOLE), UDP4_LENGTH("000b", WHOLE),
	FRAME("UDP length 0, IPv4 total length 0", HEX_ETH4 HEX_IP4("45", "0000", "0000", "11")
	      HEX_PORTS "0000 0000", NOT_TCP, WANT4, WANT_UDP(0)),
	FRAME("UDP length 0, jumbogram", HEX_ETH6 HEX_IP6("0000", "00") "11 00 c204 00011170"
	      HEX_PORTS "0000 0000", NOT_TCP, WANT6, WANT_UDP(0)),
	FRAME("UDP header longer than the packet", HEX_ETH4 HEX_IP4("45", "001b", "0000", "11")
	      HEX_PORTS "0008 00", NOT_TCP, WANT4, WANT_UDP(0), MALFORMED),
	FRAME("UDP length cut short", HEX_ETH4 HEX_IP4("45", "0020", "0000", "11") HEX_PORTS "00",
	      NOT_TCP, WANT4, WANT_UDP(0), TRUNCATED),
	FRAME("UDP length 7, IPv6", HEX_ETH6 HEX_IP6("000c", "11") HEX_PORTS "0007 0000 61616161",
	      NOT_TCP, WANT6, WANT_UDP(0), MALFORMED),
	UDPLITE4_COVERAGE("0000", WHOLE), UDPLITE4_COVERAGE("0008", WHOLE),
	UDPLITE4_COVERAGE("000c", WHOLE), UDPLITE4_COVERAGE("0007", MALFORMED),
	UDPLITE4_COVERAGE("000d", MALFORMED),
	DCCP4_OFFSET("03", WHOLE), DCCP4_OFFSET("04", WHOLE), DCCP4_OFFSET("02", MALFORMED),
	DCCP4_OFFSET("05", MALFORMED),
	FRAME("SCTP header longer than the packet", HEX_ETH4 HEX_IP4("45", "001f", "0000", "84")
	      HEX_PORTS "00*8", NOT_TCP, WANT4, WANT_PORTS(132, ABI_TYPE_SCTP, 0), MALFORMED),
	FRAME("ICMP header longer than the packet", HEX_ETH4 HEX_IP4("45", "001b", "0000", "01")
	      HEX_PING, NOT_TCP, WANT4, WANT_PING, MALFORMED),
	FRAME("ICMPv6 header longer than the packet", HEX_ETH6 HEX_IP6("0003", "3a") HEX_PING6,
	      NOT_TCP, WANT6, WANT_PING6, MALFORMED),

	/* IPv4 fragments */
	FRAME("IPv4 UDP first fragment of what is longer", HEX_ETH4
	      HEX_IP4("45", "0020", "2000", "11") HEX_PORTS "2328 0000 61616161", NOT_TCP,
	      WANT4, WANT_UDP(0), FIRST),
	FRAME("IPv4 UDP first fragment, UDP length 7", HEX_ETH4
	      HEX_IP4("45", "0020", "2000", "11") HEX_PORTS "0007 0000 61616161", NOT_TCP,
	      WANT4, WANT_UDP(0), FIRST, MALFORMED),
	FRAME("IPv6 UDP first fragment of what is longer", HEX_ETH6 HEX_IP6("0014", "2c")
	      HEX_FRAG("11", "0001") HEX_PORTS "2328 0000 61616161", NOT_TCP,
	      WANT6, WANT_UDP(0), FIRST),
	FRAME("IPv4 don't fragment", HEX_ETH4 HEX_IP4("45", "0028", "4000", "06")
	      HEX_TCP("5018"), COUNTED, WANT4, WANT_TCP(0x18, 0)),
	FRAME("IPv4 reserved fragment bit", HEX_ETH4 HEX_IP4("45", "0028", "8000", "06")
	      HEX_TCP("5018"), COUNTED, WANT4, WANT_TCP(0x18, 0)),
	FRAME("IPv4 TCP first fragment", HEX_ETH4 HEX_IP4("45", "0028", "2000", "06")
	      HEX_TCP("5018"), COUNTED, WANT4, WANT_TCP(0x18, 0), FIRST),
	FRAME("IPv4 TCP first fragment, tiny", HEX_ETH4 HEX_IP4("45", "001c", "2000", "06")
	      HEX_PORTS "01020304", COUNTED,
	      WANT4, WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, 0), FIRST, MALFORMED),
	FRAME("IPv4 UDP first fragment", HEX_ETH4 HEX_IP4("45", "0020", "2000", "11") HEX_UDP,
	      NOT_TCP, WANT4, WANT_UDP(0), FIRST),
	FRAME("IPv4 TCP later fragment, more", HEX_ETH4 HEX_IP4("45", "0028", "2001", "06")
	      HEX_TCP("5018"), COUNTED, WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), LATER),
	FRAME("IPv4 TCP last fragment, highest offset",
	      HEX_ETH4 HEX_IP4("45", "0028", "1fff", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), LATER),
	FRAME("IPv4 last fragment, highest bit of the offset alone",
	      HEX_ETH4 HEX_IP4("45", "0028", "1000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), LATER),
	FRAME("IPv4 UDP last fragment", HEX_ETH4 HEX_IP4("45", "0020", "00b9", "11") HEX_UDP,
	      NOT_TCP, WANT4, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), LATER),
	FRAME("IPv4 ICMP last fragment", HEX_ETH4 HEX_IP4("45", "001c", "00b9", "01") HEX_PING,
	      NOT_TCP, WANT4, WANT_PROTOCOL(IPPROTO_ICMP, ABI_TYPE_ICMP, 0), LATER),
	FRAME("IPv4 last fragment, options cut short",
	      HEX_ETH4 HEX_IP4("46", "002c", "00b9", "11") "0101", NOT_TCP,
	      WANT4, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), LATER, TRUNCATED),

	/* TCP data offset */
	TCP4_DOFF(0), TCP4_DOFF(1), TCP4_DOFF(2), TCP4_DOFF(3), TCP4_DOFF(4),
	FRAME("TCP data offset 15", HEX_ETH4 HEX_IP4("45", "0050", "0000", "06")
	      HEX_TCP("f018") "01*40", COUNTED, WANT4, WANT_TCP(0x18, 0)),
	FRAME("TCP data offset 15, options cut short",
	      HEX_ETH4 HEX_IP4("45", "0050", "0000", "06") HEX_TCP("f018") "01*39", COUNTED,
	      WANT4, WANT_TCP(0x18, 0)),

	/* VLAN */
	FRAME("802.1Q", HEX_MACS "8100 0007 0800" HEX_IP4("45", "0028", "0000", "06")
	      HEX_TCP("5018"), COUNTED, WANT4, WANT_TCP(0x18, ABI_HAS_VLAN), WANT_VLAN(7)),
	FRAME("802.1Q, identifier 0", HEX_MACS "8100 0000 0800"
	      HEX_IP4("45", "0020", "0000", "11") HEX_UDP, NOT_TCP,
	      WANT4, WANT_UDP(ABI_HAS_VLAN)),
	FRAME("802.1Q, priority and DEI", HEX_MACS "8100 ffff 0800"
	      HEX_IP4("45", "0020", "0000", "11") HEX_UDP, NOT_TCP,
	      WANT4, WANT_UDP(ABI_HAS_VLAN), WANT_VLAN(0xffff)),
	FRAME("802.1Q IPv6", HEX_MACS "8100 6007 86dd" HEX_IP6("000c", "11") HEX_UDP, NOT_TCP,
	      WANT6, WANT_UDP(ABI_HAS_VLAN), WANT_VLAN(0x6007)),
	FRAME("802.1ad", HEX_MACS "88a8 0064 0800" HEX_IP4("45", "0028", "0000", "06")
	      HEX_TCP("5018"), COUNTED, WANT4, WANT_TCP(0x18, ABI_HAS_VLAN), WANT_VLAN(100)),
	FRAME("802.1ad and 802.1Q", HEX_MACS "88a8 0064 8100 a007 0800"
	      HEX_IP4("45", "0028", "0000", "06") HEX_TCP("5018"), COUNTED,
	      WANT4, WANT_TCP(0x18, ABI_HAS_VLAN | ABI_HAS_VLAN_INNER), WANT_VLANS(100, 0xa007)),
	FRAME("802.1Q twice, IPv6", HEX_MACS "8100 0001 8100 0002 86dd" HEX_IP6("0014", "06")
	      HEX_TCP("5018"), COUNTED,
	      WANT6, WANT_TCP(0x18, ABI_HAS_VLAN | ABI_HAS_VLAN_INNER), WANT_VLANS(1, 2)),
	FRAME("802.1Q under its old EtherType", HEX_MACS "9100 0007 0800" HEX_TCP4, COUNTED,
	      WANT4, WANT_TCP(0x18, ABI_HAS_VLAN), WANT_VLAN(7)),
	FRAME("an EtherType of some switches is no tag", HEX_MACS "9200 0007 0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("three tags", HEX_MACS "8100 0001 8100 0002 8100 0003 0800" HEX_TCP4, COUNTED,
	      WANT4, WANT_TCP(0x18, ABI_HAS_VLAN | ABI_HAS_VLAN_INNER), WANT_VLANS(1, 2)),
	FRAME("four tags of each kind, IPv6", HEX_MACS "88a8 0001 9100 0002 8100 0003 8100 0004"
	      "86dd" HEX_TCP6, COUNTED,
	      WANT6, WANT_TCP(0x18, ABI_HAS_VLAN | ABI_HAS_VLAN_INNER), WANT_VLANS(1, 2)),
	FRAME("five tags", HEX_MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800"
	      HEX_TCP4, NOT_IP, 0),
	FRAME("fourth tag cut short", HEX_MACS "8100 0001 8100 0002 8100 0003 8100 0004", NOT_IP, 0),
	FRAME("802.1Q ARP", HEX_MACS "8100 0007 0806 00*28", NOT_IP, 0),
	FRAME("802.1Q without its tag", HEX_MACS "8100", NOT_IP, 0),
	FRAME("802.1Q cut short", HEX_MACS "8100 0007 08", NOT_IP, 0),
	FRAME("inner 802.1Q cut short", HEX_MACS "88a8 0064 8100 0007", NOT_IP, 0),

	/* 802.3 length and LLC */
	FRAME("SNAP with IPv4", HEX_MACS "0030" HEX_SNAP "0800" HEX_TCP4, COUNTED, WANT_TCP4),
	FRAME("SNAP with IPv6", HEX_MACS "0044" HEX_SNAP "86dd" HEX_TCP6, COUNTED, WANT_TCP6),
	FRAME("SNAP with ARP", HEX_MACS "0024" HEX_SNAP "0806 00*28", NOT_IP, 0),
	FRAME("SNAP, length 1", HEX_MACS "0001" HEX_SNAP "0800" HEX_TCP4, COUNTED, WANT_TCP4),
	FRAME("SNAP, the greatest length", HEX_MACS "05dc" HEX_SNAP "0800" HEX_TCP4, COUNTED,
	      WANT_TCP4),
	FRAME("SNAP, length 0", HEX_MACS "0000" HEX_SNAP "0800" HEX_TCP4, NOT_IP, 0),
	FRAME("SNAP, neither length nor EtherType", HEX_MACS "05dd" HEX_SNAP "0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("SNAP, length in the other byte order", HEX_MACS "3000" HEX_SNAP "0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("SNAP of another organisation", HEX_MACS "0030 aaaa03 0000f8 0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("SNAP of an organisation that is alike but for a byte",
	      HEX_MACS "0030 aaaa03 010000 0800" HEX_TCP4, NOT_IP, 0),
	FRAME("SNAP in frames that are numbered", HEX_MACS "0030 aaaa00 000000 0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("LLC, one service access point of SNAP", HEX_MACS "0030 aa0003 000000 0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("LLC, service access points of IP", HEX_MACS "002b 060603" HEX_TCP4, NOT_IP, 0),
	FRAME("SNAP with a tag is not followed", HEX_MACS "0034" HEX_SNAP "8100 0007 0800" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("SNAP in SNAP is not followed", HEX_MACS "0038" HEX_SNAP "0030" HEX_SNAP "0800"
	      HEX_TCP4, NOT_IP, 0),
	FRAME("802.1Q, then SNAP", HEX_MACS "8100 0007 0030" HEX_SNAP "0800" HEX_TCP4, COUNTED,
	      WANT4, WANT_TCP(0x18, ABI_HAS_VLAN), WANT_VLAN(7)),
	FRAME("SNAP cut short", HEX_MACS "0030" HEX_SNAP "08", NOT_IP, 0),
	FRAME("SNAP, IPv4 cut short", HEX_MACS "0030" HEX_SNAP "0800 4500", NO_SOURCE, 0),

	/* PPPoE */
	FRAME("PPPoE with IPv4", HEX_MACS "8864" HEX_PPPOE("002a", "0021") HEX_TCP4, COUNTED,
	      WANT_TCP4),
	FRAME("PPPoE with IPv6", HEX_MACS "8864" HEX_PPPOE("003e", "0057") HEX_TCP6, COUNTED,
	      WANT_TCP6),
	FRAME("PPPoE, Ethernet padding", HEX_MACS "8864" HEX_PPPOE("002a", "0021") HEX_TCP4 "00*8",
	      COUNTED, WANT_TCP4),
	FRAME("PPPoE, its length too short for IP", HEX_MACS "8864" HEX_PPPOE("0002", "0021")
	      HEX_TCP4, COUNTED, WANT_TCP4),
	FRAME("PPPoE, its length too short for TCP", HEX_MACS "8864" HEX_PPPOE("0016", "0021")
	      HEX_TCP4, COUNTED, WANT_TCP4),
	FRAME("PPPoE, its length 0", HEX_MACS "8864" HEX_PPPOE("0000", "0021") HEX_TCP4, COUNTED,
	      WANT_TCP4),
	FRAME("PPPoE, its length beyond the frame", HEX_MACS "8864" HEX_PPPOE("ffff", "0021")
	      HEX_TCP4, COUNTED, WANT_TCP4),
	FRAME("PPPoE, LCP", HEX_MACS "8864" HEX_PPPOE("000a", "c021") "09 01 0008 00000000",
	      NOT_IP, 0),
	FRAME("PPPoE, a protocol compressed to one byte is not followed",
	      HEX_MACS "8864 1100 0001 0029 21" HEX_TCP4, NOT_IP, 0),
	FRAME("PPPoE, a protocol of IPv6 compressed to one byte is not followed",
	      HEX_MACS "8864 1100 0001 003d 57" HEX_TCP6, NOT_IP, 0),
	FRAME("PPPoE, version 2", HEX_MACS "8864 2100 0001 002a 0021" HEX_TCP4, NOT_IP, 0),
	FRAME("PPPoE, type 2", HEX_MACS "8864 1200 0001 002a 0021" HEX_TCP4, NOT_IP, 0),
	FRAME("PPPoE, a code of discovery", HEX_MACS "8864 11a7 0001 002a 0021" HEX_TCP4,
	      NOT_IP, 0),
	FRAME("PPPoE discovery", HEX_MACS "8863 1109 0000 0004 0101 0000 00*36", NOT_IP, 0),
	FRAME("PPPoE with IPv4, of version 6", HEX_MACS "8864" HEX_PPPOE("003e", "0021") HEX_TCP6,
	      NO_SOURCE, 0),
	FRAME("PPPoE with MPLS is not followed", HEX_MACS "8864" HEX_PPPOE("002e", "0281")
	      HEX_BOTTOM HEX_TCP4, NOT_IP, 0),
	FRAME("802.1Q, then PPPoE with IPv6", HEX_MACS "8100 0007 8864" HEX_PPPOE("003e", "0057")
	      HEX_TCP6, COUNTED, WANT6, WANT_TCP(0x18, ABI_HAS_VLAN), WANT_VLAN(7)),
	FRAME("four tags, SNAP, then PPPoE", HEX_MACS "8100 0001 8100 0002 8100 0003 8100 0004 0038"
	      HEX_SNAP "8864" HEX_PPPOE("0028", "0021") HEX_IP4("45", "0020", "0000", "11") HEX_UDP,
	      NOT_TCP, WANT4, WANT_UDP(ABI_HAS_VLAN | ABI_HAS_VLAN_INNER), WANT_VLANS(1, 2)),
	FRAME("PPPoE, extension headers of IPv6", HEX_MACS "8864" HEX_PPPOE("004e", "0057")
	      HEX_IP6("0024", "00") HEX_EXT2("06") HEX_TCP("5018"), COUNTED, WANT_TCP6),
	FRAME("PPPoE cut short", HEX_MACS "8864 1100 0001 002a 00", NOT_IP, 0),
	FRAME("PPPoE, IPv4 cut short", HEX_MACS "8864" HEX_PPPOE("002a", "0021") "4500",
	      NO_SOURCE, 0),

	/* MPLS */
	FRAME("MPLS with IPv4", HEX_MACS "8847" HEX_BOTTOM HEX_TCP4_SUM, COUNTED, WANT_TCP4),
	FRAME("MPLS with IPv6", HEX_MACS "8847" HEX_BOTTOM HEX_TCP6, COUNTED, WANT_TCP6),
	FRAME("MPLS multicast", HEX_MACS "8848" HEX_BOTTOM HEX_TCP4_SUM, COUNTED, WANT_TCP4),
	FRAME("MPLS, two labels", HEX_MACS "8847" HEX_LABEL HEX_BOTTOM HEX_TCP4_SUM, COUNTED,
	      WANT_TCP4),
	FRAME("MPLS, eight labels", HEX_MACS "8847 " HEX_LABEL7 HEX_BOTTOM HEX_TCP4_SUM, COUNTED,
	      WANT_TCP4),
	FRAME("MPLS, nine labels", HEX_MACS "8847 " HEX_LABEL7 HEX_LABEL HEX_BOTTOM HEX_TCP4_SUM, NOT_IP, 0),
	FRAME("MPLS without a bottom", HEX_MACS "8847 00*200", NOT_IP, 0),
	FRAME("MPLS, explicit null of IPv4", HEX_MACS "8847 000001ff" HEX_TCP4_SUM, COUNTED, WANT_TCP4),
	FRAME("MPLS, explicit null of IPv6", HEX_MACS "8847 000021ff" HEX_TCP6, COUNTED, WANT_TCP6),
	FRAME("MPLS, explicit null of IPv4 before IPv6", HEX_MACS "8847 000001ff" HEX_TCP6, COUNTED,
	      WANT_TCP6),
	FRAME("MPLS, explicit null above the bottom", HEX_MACS "8847 000000ff" HEX_BOTTOM HEX_TCP4_SUM,
	      COUNTED, WANT_TCP4),
	FRAME("MPLS, entropy label", HEX_MACS "8847" HEX_LABEL "000070ff 123451ff" HEX_TCP4_SUM, COUNTED,
	      WANT_TCP4),
	FRAME("MPLS, every bit of a label but the bottom's", HEX_MACS "8847 fffffeff" HEX_BOTTOM
	      HEX_TCP4_SUM, COUNTED, WANT_TCP4),
	FRAME("MPLS, associated channel", HEX_MACS "8847 0000d1ff 1000 0007 00*40", NOT_IP, 0),
	FRAME("MPLS, Ethernet behind a control word", HEX_MACS "8847" HEX_BOTTOM "00000000" HEX_ETH4
	      HEX_TCP4, NOT_IP, 0),
	FRAME("MPLS, Ethernet", HEX_MACS "8847" HEX_BOTTOM HEX_ETH4 HEX_TCP4, NOT_IP, 0),
	FRAME("MPLS, version 5", HEX_MACS "8847" HEX_BOTTOM "5500 00*38", NOT_IP, 0),
	FRAME("MPLS, header length of IPv4 too small", HEX_MACS "8847" HEX_BOTTOM
	      HEX_IP4("44", "0028", "0000", "06") HEX_TCP("5018"), NOT_IP, 0),
	FRAME("802.1Q, then MPLS", HEX_MACS "8100 0007 8847" HEX_LABEL HEX_BOTTOM
	      "45 00 0020 0000 0000 40 11 8e8a " HEX_ADDR4 HEX_UDP, NOT_TCP,
	      WANT4, WANT_UDP(ABI_HAS_VLAN), WANT_VLAN(7)),
	FRAME("four tags, SNAP, then eight labels, IPv6", HEX_MACS
	      "8100 0001 8100 0002 8100 0003 8100 0004 0064" HEX_SNAP "8847 " HEX_LABEL7 HEX_BOTTOM
	      HEX_IP6("0014", "3c") HEX_EXT("11") HEX_UDP, NOT_TCP,
	      WANT6, WANT_UDP(ABI_HAS_VLAN | ABI_HAS_VLAN_INNER), WANT_VLANS(1, 2)),
	FRAME("MPLS with a tag is not followed", HEX_MACS "8847" HEX_BOTTOM "8100 0007 0800"
	      HEX_TCP4_SUM, NOT_IP, 0),
	FRAME("MPLS without its label", HEX_MACS "8847", NOT_IP, 0),
	FRAME("MPLS label cut short", HEX_MACS "8847 000641", NOT_IP, 0),
	FRAME("MPLS second label cut short", HEX_MACS "8847" HEX_LABEL "000641", NOT_IP, 0),
	FRAME("MPLS, nothing behind the bottom", HEX_MACS "8847" HEX_BOTTOM, NOT_IP, 0),
	FRAME("MPLS, IPv4 cut short", HEX_MACS "8847" HEX_BOTTOM "4500", NOT_IP, 0),
	FRAME("MPLS, IPv6 cut short", HEX_MACS "8847" HEX_BOTTOM "6000", NOT_IP, 0),
	FRAME("MPLS, IPv4 with options", HEX_MACS "8847" HEX_BOTTOM
	      "46 00 002c 0000 0000 40 06 8b87 " HEX_ADDR4 "01010101" HEX_TCP("5018"), COUNTED,
	      WANT_TCP4),
	FRAME("MPLS, IPv4 with all options", HEX_MACS "8847" HEX_BOTTOM
	      "4f 00 0050 0000 0000 40 06 7051 " HEX_ADDR4 "01*40 " HEX_TCP("5018"), COUNTED,
	      WANT_TCP4),
	FRAME("MPLS, options of IPv4 cut short", HEX_MACS "8847" HEX_BOTTOM
	      "46 00 002c 0000 0000 40 06 8b87 " HEX_ADDR4 "0101", NOT_IP, 0),
	FRAME("MPLS, a checksum of IPv4 that is wrong", HEX_MACS "8847" HEX_BOTTOM HEX_TCP4, NOT_IP, 0),
	FRAME("MPLS, IPv4 longer than the frame", HEX_MACS "8847" HEX_BOTTOM
	      "45 00 0029 0000 0000 40 06 8e8c " HEX_ADDR4 HEX_TCP("5018"), NOT_IP, 0),
	FRAME("MPLS, IPv4 in a frame that is filled up", HEX_MACS "8847" HEX_BOTTOM HEX_TCP4_SUM "00*2",
	      COUNTED, WANT_TCP4),
	FRAME("MPLS, IPv4 that ends long before the frame", HEX_MACS "8847" HEX_BOTTOM HEX_TCP4_SUM
	      "00*47", NOT_IP, 0),
	FRAME("MPLS, IPv6 longer than the frame", HEX_MACS "8847" HEX_BOTTOM
	      HEX_IP6("0015", "06") HEX_TCP("5018"), NOT_IP, 0),
	FRAME("MPLS, Ethernet to an address that begins with 4", HEX_MACS "8847" HEX_BOTTOM
	      "450000000002 020000000001 0800" HEX_TCP4, NOT_IP, 0),
	FRAME("MPLS, Ethernet to an address that begins with 6", HEX_MACS "8847" HEX_BOTTOM
	      "620000000002 020000000001 0800" HEX_TCP4, NOT_IP, 0),


	/* interfaces whose frames begin at IP */
	IP_FRAME("IP, TCP of IPv4", HEX_TCP4, COUNTED, WANT_TCP4),
	IP_FRAME("IP, TCP of IPv6", HEX_TCP6, COUNTED, WANT_TCP6),
	IP_FRAME("IP, UDP of IPv4", HEX_IP4("45", "0020", "0000", "11") HEX_UDP, NOT_TCP,
		 WANT4, WANT_UDP(0)),
	IP_FRAME("IP, ICMPv6", HEX_IP6("0008", "3a") HEX_PING6, NOT_TCP, WANT6, WANT_PING6),
	IP_FRAME("IP, extension headers", HEX_IP6("0024", "00") HEX_EXT2("06") HEX_TCP("5018"),
		 COUNTED, WANT_TCP6),
	IP_FRAME("IP, seven extension headers", HEX_IP6("004c", "00") HEX_EXT4("3c")
		 HEX_EXT2("3c") HEX_EXT("06") HEX_TCP("5018"), UNDETERMINED,
		 WANT6, WANT_NO_PROTOCOL, TOO_DEEP),
	IP_FRAME("IP, options of IPv4", HEX_IP4("47", "0030", "0000", "06") "01*8 " HEX_TCP("5018"),
		 COUNTED, WANT_TCP4),
	IP_FRAME("IP, header length too small", HEX_IP4("44", "0028", "0000", "06")
		 HEX_TCP("5018"), NO_SOURCE, 0),
	IP_FRAME("IP, version 5", HEX_IP4("55", "0028", "0000", "06") HEX_TCP("5018"), NOT_IP, 0),
	IP_FRAME("IP, version 0", "00*40", NOT_IP, 0),
	IP_FRAME("IP, an Ethernet frame instead", HEX_ETH4 HEX_TCP4, NOT_IP, 0),
	IP_FRAME("IP, nothing", "", NOT_IP, 0),
	IP_FRAME("IP, a byte of IPv4", "45", NO_SOURCE, 0),
	IP_FRAME("IP, a byte of IPv6", "60", NO_SOURCE, 0),
	IP_FRAME("IP, IPv4 cut short", "4500 0028 0000 0000 4006 0000 c0000207 c63364",
		 NO_SOURCE, 0),
	IP_FRAME("IP, IPv6 cut short", "60000000 0014 06 40 00*31", NO_SOURCE, 0),
	IP_FRAME("IP, TCP cut short", HEX_IP4("45", "0028", "0000", "06") HEX_PORTS "0102", COUNTED,
		 WANT4, WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, 0), TRUNCATED),

	/* IPv6 */
	FRAME("IPv6 TCP", HEX_ETH6 HEX_IP6("0014", "06") HEX_TCP("5012"), COUNTED,
	      WANT6, WANT_TCP(0x12, 0)),
	FRAME("IPv6 UDP", HEX_ETH6 HEX_IP6("000c", "11") HEX_UDP, NOT_TCP, WANT6, WANT_UDP(0)),
	FRAME("IPv6 ICMPv6 echo", HEX_ETH6 HEX_IP6("0008", "3a") HEX_PING6, NOT_TCP,
	      WANT6, WANT_PING6),
	FRAME("IPv6 ICMPv6 port unreachable", HEX_ETH6 HEX_IP6("0030", "3a")
	      "01 04 0000 00000000" HEX_IP6("000c", "11"), NOT_TCP,
	      WANT6, WANT_ICMP(IPPROTO_ICMPV6, ABI_TYPE_ICMPV6, 1, 4)),
	FRAME("IPv6 ICMP", HEX_ETH6 HEX_IP6("0008", "01") HEX_PING, NOT_TCP, WANT6, WANT_PING),
	FRAME("IPv6 SCTP", HEX_ETH6 HEX_IP6("000c", "84") HEX_PORTS "00000001 00000000", NOT_TCP,
	      WANT6, WANT_PORTS(IPPROTO_SCTP, ABI_TYPE_SCTP, 0)),
	FRAME("IPv6 ESP", HEX_ETH6 HEX_IP6("000c", "32") "00000001 00000001 00000000", NOT_TCP,
	      WANT6, WANT_PROTOCOL(IPPROTO_ESP, ABI_TYPE_OTHER, 0)),
	FRAME("IPv6 no next header", HEX_ETH6 HEX_IP6("0000", "3b") "00*6", NOT_TCP,
	      WANT6, WANT_PROTOCOL(59, ABI_TYPE_OTHER, 0)),
	FRAME("IPv6 mobility header is not stepped over",
	      HEX_ETH6 HEX_IP6("0008", "87") "3b 00 0000 0000 0000", NOT_TCP,
	      WANT6, WANT_PROTOCOL(135, ABI_TYPE_OTHER, 0)),
	FRAME("IPv6 from an IPv4-mapped source", HEX_ETH6 "60000000 000c 11 40"
	      "00000000 00000000 0000ffff c0000207" HEX_DST6 HEX_UDP, NOT_TCP,
	      WANT_DST6, .src_ip = WANT_MAPPED(192, 0, 2, 7), WANT_UDP(0)),
	FRAME("IPv6 traffic class and flow label", HEX_ETH6 "6fffffff 000c 11 40" HEX_ADDR6
	      HEX_UDP, NOT_TCP, WANT6, WANT_UDP(0)),

	/* IPv6 extension headers, alone and in chains */
	TCP6_CHAIN("hop-by-hop options", "001c", "00", HEX_EXT("06")),
	TCP6_CHAIN("destination options", "001c", "3c", HEX_EXT("06")),
	TCP6_CHAIN("destination options, 16 bytes", "0024", "3c", "06 01 010c 00*12"),
	TCP6_CHAIN("routing header", "001c", "2b", "06 00 0400 00000000"),
	TCP6_CHAIN("routing header, 40 bytes", "003c", "2b", "06 04 0401 00000000 20*32"),
	TCP6_CHAIN("authentication header", "002c", "33", HEX_AH("06")),
	TCP6_CHAIN("authentication header without a check value", "0020", "33",
		   "06 01 0000 00000001 00000001"),
	TCP6_CHAIN("atomic fragment", "001c", "2c", HEX_FRAG("06", "0000")),
	TCP6_CHAIN("fragment header, reserved bits", "001c", "2c", "06 ff 0006 00000001"),
	TCP6_CHAIN("two extension headers", "0024", "00", HEX_EXT2("06")),
	TCP6_CHAIN("three extension headers", "002c", "00", HEX_EXT2("3c") HEX_EXT("06")),
	TCP6_CHAIN("four extension headers", "0034", "00", HEX_EXT4("06")),
	TCP6_CHAIN("five extension headers", "003c", "00", HEX_EXT4("3c") HEX_EXT("06")),
	TCP6_CHAIN("six extension headers", "0044", "00", HEX_EXT4("3c") HEX_EXT2("06")),
	TCP6_CHAIN("one of each extension header", "0054", "00", HEX_EXT("3c") HEX_EXT("2b")
		   "2c 00 0400 00000000" HEX_FRAG("33", "0000") HEX_AH("3c") HEX_EXT("06")),
	FRAME("IPv6 seven extension headers", HEX_ETH6 HEX_IP6("004c", "00") HEX_EXT4("3c")
	      HEX_EXT2("3c") HEX_EXT("06") HEX_TCP("5018"), UNDETERMINED,
	      WANT6, WANT_NO_PROTOCOL, TOO_DEEP),
	FRAME("IPv6 six extension headers, UDP", HEX_ETH6 HEX_IP6("003c", "00") HEX_EXT4("3c")
	      HEX_EXT2("11") HEX_UDP, NOT_TCP, WANT6, WANT_UDP(0)),
	FRAME("IPv6 extension header, ICMPv6", HEX_ETH6 HEX_IP6("0010", "00") HEX_EXT("3a")
	      HEX_PING6, NOT_TCP, WANT6, WANT_PING6),
	FRAME("IPv6 extension header, no next header", HEX_ETH6 HEX_IP6("0008", "3c")
	      HEX_EXT("3b"), NOT_TCP, WANT6, WANT_PROTOCOL(59, ABI_TYPE_OTHER, 0)),
	FRAME("IPv6 extension header of the greatest length",
	      HEX_ETH6 HEX_IP6("0814", "3c") "06 ff 00*2046 " HEX_TCP("5018"), COUNTED,
	      WANT6, WANT_TCP(0x18, 0)),
	/* more than the kernel puts into the first buffer, when it puts frames into several */
	FRAME("IPv6 two extension headers of the greatest length",
	      HEX_ETH6 HEX_IP6("1014", "3c") "3c ff 00*2046 06 ff 00*2046 " HEX_TCP("5018"),
	      COUNTED, WANT6, WANT_TCP(0x18, 0)),

	/* IPv6 fragments */
	FRAME("IPv6 TCP first fragment", HEX_ETH6 HEX_IP6("001c", "2c") HEX_FRAG("06", "0001")
	      HEX_TCP("5018"), COUNTED, WANT6, WANT_TCP(0x18, 0), FIRST),
	FRAME("IPv6 first fragment, options behind it", HEX_ETH6 HEX_IP6("001c", "2c")
	      HEX_FRAG("3c", "0001") HEX_EXT("11") HEX_UDP, NOT_TCP, WANT6, WANT_UDP(0), FIRST),
	FRAME("IPv6 TCP later fragment, more", HEX_ETH6 HEX_IP6("001c", "2c")
	      HEX_FRAG("06", "0009") HEX_TCP("5018"), COUNTED,
	      WANT6, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), LATER),
	FRAME("IPv6 UDP last fragment, highest offset", HEX_ETH6 HEX_IP6("0014", "2c")
	      HEX_FRAG("11", "fff8") HEX_UDP, NOT_TCP,
	      WANT6, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), LATER),
	FRAME("IPv6 last fragment, highest bit of the offset alone",
	      HEX_ETH6 HEX_IP6("0014", "2c") HEX_FRAG("11", "8000") HEX_UDP, NOT_TCP,
	      WANT6, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), LATER),
	FRAME("IPv6 later fragment of an extension header", HEX_ETH6 HEX_IP6("0024", "2c")
	      HEX_FRAG("3c", "0008") HEX_EXT("06") HEX_TCP("5018"), UNDETERMINED,
	      WANT6, WANT_NO_PROTOCOL, LATER),
	FRAME("IPv6 options, later fragment", HEX_ETH6 HEX_IP6("001c", "00") HEX_EXT("2c")
	      HEX_FRAG("11", "0008") HEX_UDP, NOT_TCP,
	      WANT6, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), LATER),

	/* IPv6 lengths */
	FRAME("IPv6 payload length 0, as offloads leave it", HEX_ETH6 HEX_IP6("0000", "06")
	      HEX_TCP("5018"), COUNTED, WANT6, WANT_TCP(0x18, 0)),
	FRAME("IPv6 jumbogram", HEX_ETH6 HEX_IP6("0000", "00") "06 00 c204 00010014"
	      HEX_TCP("5018"), COUNTED, WANT6, WANT_TCP(0x18, 0)),
	FRAME("IPv6 payload ends in the ports", HEX_ETH6 HEX_IP6("0003", "06") HEX_TCP("5018"),
	      COUNTED, WANT6, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv6 payload ends in the TCP header", HEX_ETH6 HEX_IP6("0013", "06")
	      HEX_TCP("5018"), COUNTED,
	      WANT6, WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv6 payload longer than the frame", HEX_ETH6 HEX_IP6("ffff", "06")
	      HEX_TCP("5018"), COUNTED, WANT6, WANT_TCP(0x18, 0)),
	FRAME("IPv6 payload ends in the extension header", HEX_ETH6 HEX_IP6("0007", "3c")
	      HEX_EXT("06") HEX_TCP("5018"), UNDETERMINED, WANT6, WANT_NO_PROTOCOL, MALFORMED),
	FRAME("IPv6 payload ends with the extension header", HEX_ETH6 HEX_IP6("0008", "3c")
	      HEX_EXT("06") HEX_TCP("5018"), COUNTED,
	      WANT6, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), MALFORMED),
	FRAME("IPv6 extension header longer than the payload", HEX_ETH6 HEX_IP6("001c", "00")
	      "06 05 0104 00000000" HEX_TCP("5018") "00*40", UNDETERMINED,
	      WANT6, WANT_NO_PROTOCOL, MALFORMED),
	FRAME("IPv6 second extension header longer than the payload",
	      HEX_ETH6 HEX_IP6("0024", "00") HEX_EXT("3c") "06 ff 0104 00000000" HEX_TCP("5018"),
	      UNDETERMINED, WANT6, WANT_NO_PROTOCOL, MALFORMED),

	/* cut short, header by header */
	FRAME("IPv4 without its header", HEX_ETH4, NO_SOURCE, 0),
	FRAME("IPv4 header cut short", HEX_ETH4 "4500 0028 0000 0000 4006 0000 c0000207 c63364",
	      NO_SOURCE, 0),
	FRAME("IPv6 without its header", HEX_ETH6, NO_SOURCE, 0),
	FRAME("IPv6 header cut short", HEX_ETH6 "60000000 0014 06 40 00*31", NO_SOURCE, 0),
	FRAME("TCP without its header", HEX_ETH4 HEX_IP4("45", "0028", "0000", "06"), COUNTED,
	      WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), TRUNCATED),
	FRAME("TCP ports cut short", HEX_ETH4 HEX_IP4("45", "0028", "0000", "06") "01bb bd",
	      COUNTED, WANT4, WANT_PROTOCOL(IPPROTO_TCP, ABI_TYPE_TCP, 0), TRUNCATED),
	FRAME("TCP header cut short", HEX_ETH4 HEX_IP4("45", "0028", "0000", "06")
	      HEX_PORTS "01020304 0a0b0c0d 5018 ffff 0000 00", COUNTED,
	      WANT4, WANT_PORTS(IPPROTO_TCP, ABI_TYPE_TCP, 0), TRUNCATED),
	FRAME("UDP ports cut short", HEX_ETH6 HEX_IP6("000c", "11") "01bb bd", NOT_TCP,
	      WANT6, WANT_PROTOCOL(IPPROTO_UDP, ABI_TYPE_UDP, 0), TRUNCATED),
	FRAME("ICMP cut short", HEX_ETH4 HEX_IP4("45", "001c", "0000", "01") "08", NOT_TCP,
	      WANT4, WANT_PROTOCOL(IPPROTO_ICMP, ABI_TYPE_ICMP, 0), TRUNCATED),
	FRAME("ICMPv6 cut short", HEX_ETH6 HEX_IP6("0008", "3a") "80", NOT_TCP,
	      WANT6, WANT_PROTOCOL(IPPROTO_ICMPV6, ABI_TYPE_ICMPV6, 0), TRUNCATED),
	FRAME("IPv6 hop-by-hop options cut short", HEX_ETH6 HEX_IP6("001c", "00") "06 00 0104",
	      UNDETERMINED, WANT6, WANT_NO_PROTOCOL, TRUNCATED),
	FRAME("IPv6 long extension header cut short", HEX_ETH6 HEX_IP6("002c", "3c")
	      "06 02 0104 00*19", UNDETERMINED, WANT6, WANT_NO_PROTOCOL, TRUNCATED),
	FRAME("IPv6 fragment header cut short", HEX_ETH6 HEX_IP6("001c", "2c") "06 00 0008 000000",
	      UNDETERMINED, WANT6, WANT_NO_PROTOCOL, TRUNCATED),
	FRAME("IPv6 authentication header cut short", HEX_ETH6 HEX_IP6("002c", "33")
	      "06 04 0000 00000001 00000001 00*11", UNDETERMINED,
	      WANT6, WANT_NO_PROTOCOL, TRUNCATED),

#include "frames_tunnel.h"
};
/* clang-format on */

#define FRAME_CASES (sizeof(frame_cases) / sizeof(frame_cases[0]))

#endif
