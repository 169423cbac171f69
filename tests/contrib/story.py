#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""story.py CHAPTER INTERFACE: send the frames of one chapter, in their order, over INTERFACE.

What record.sh records. Addresses are those for documentation (RFC 5737, RFC 3849) and private ones.
Only for interfaces whose other end is in a namespace of one's own.
"""
import ipaddress
import socket
import struct
import sys

ETHERNET = bytes.fromhex("020000000001020000000002")
SERVER = "192.0.2.10"
SERVER6 = "2001:db8::10"
FLAGS = {letter: 1 << bit for bit, letter in enumerate("FSRPAUEC")}


def packed(address):
    return ipaddress.ip_address(address).packed


def ether(payload, vlans=(), kind=None):
    tags = b"".join(struct.pack("!HH", 0x8100, vlan) for vlan in vlans)
    if kind is None:
        kind = 0x86DD if payload[0] >> 4 == 6 else 0x0800
    return ETHERNET + tags + struct.pack("!H", kind) + payload


def ip(src, protocol, payload, dst=SERVER, ttl=57, offset=0, more=False):
    if ":" in src:
        head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl)
        return head + packed(src) + packed(SERVER6 if dst == SERVER else dst) + payload
    fragment = (0x2000 if more else 0) | offset // 8
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, ttl, protocol, 0)
    return head + packed(src) + packed(dst) + payload


def tcp(src, src_port, dst_port, flags, seq=0, ack=0, data=0, **keys):
    bits = sum(FLAGS[letter] for letter in flags)
    head = struct.pack("!HHIIBBHHH", src_port, dst_port, seq, ack, 0x50, bits, 64240, 0, 0)
    return ip(src, 6, head + bytes(data), **keys)


def udp(src, src_port, dst_port, data, **keys):
    return ip(src, 17, struct.pack("!HHHH", src_port, dst_port, 8 + data, 0) + bytes(data), **keys)


def upload(src, count, first_seq=1000, twice=()):
    for i in range(count):
        frame = ether(tcp(src, 51000, 443, "PA" if i % 8 == 7 else "A", (first_seq + i * 1346) % 2**32, 77, 1346))
        yield frame
        if i in twice:
            yield frame


def scan(src, ports):
    for port in ports:
        yield ether(tcp(src, 40000 + port, port, "S", seq=4294967295, ttl=241))


def oddities():
    for flags in ("SF", "", "FPU", "RS"):
        yield ether(tcp("198.51.100.7", 1234, 80, flags, seq=5))
    # a TCP header that is cut short, a protocol without ports, a frame that is no IP
    yield ether(ip("198.51.100.7", 6, bytes(10)))
    yield ether(ip("198.51.100.11", 47, bytes(32)))
    for _ in range(3):
        yield ether(bytes(46), kind=0x0806)


def first_wan():
    yield from upload("203.0.113.5", 40, twice=(11, 12, 30))
    yield from scan("203.0.113.66", range(20, 50))
    yield from oddities()
    for i in range(12):
        yield ether(udp("203.0.113.8", 53, 33000 + i, 100 + 10 * i))
    for i in range(5):
        yield ether(ip("198.51.100.9", 1, struct.pack("!BBHHH", 8, 0, 0, 1, i) + bytes(56)))
    for i in range(6):
        yield ether(tcp("2001:db8::5", 50022, 22, "S" if i == 0 else "A", seq=90 + i))
    yield ether(ip("2001:db8::6", 58, struct.pack("!BBH", 128, 0, 0) + bytes(60)))
    # a datagram in three pieces
    body = struct.pack("!HHHH", 5000, 2049, 3008, 0) + bytes(3000)
    for offset in (0, 1480, 2960):
        piece = body[offset:offset + 1480]
        yield ether(ip("203.0.113.20", 17, piece, offset=offset, more=offset < 2960))


def first_lan():
    for i in range(8):
        yield ether(tcp("10.0.0.3", 6000, 5432, "PA", seq=i * 100, data=100), vlans=(100,))
    for _ in range(4):
        yield ether(udp("10.0.0.4", 514, 514, 200), vlans=(200,))
    yield ether(udp("10.0.0.5", 4000, 4000, 40), vlans=(300, 301))


def second_wan():
    yield from upload("203.0.113.5", 40, first_seq=4294960000)
    for i in range(24):
        yield ether(tcp("203.0.113.77", 45000 + i, 443, "S", seq=i))


def flood():
    for i in range(2680):
        yield ether(udp(f"203.0.113.{100 + i % 4}", 9, 9, 22))


def last_wan():
    for i in range(16):
        yield ether(tcp("203.0.113.5", 51000, 443, "FA", seq=9, ack=78 + i))


CHAPTERS = {"first-wan": first_wan, "first-lan": first_lan, "second-wan": second_wan, "flood": flood,
            "last-wan": last_wan}

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
    sender.bind((sys.argv[2], 0))
    for packet in CHAPTERS[sys.argv[1]]():
        sender.send(packet)
