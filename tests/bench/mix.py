#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""mix.py FILE: write the capture that the tools are compared with, always the same.

20 000 Ethernet frames from 2 000 sources, 1 400 of IPv4 and 600 of IPv6, in an order that jumps about: TCP,
UDP and ICMP (14 : 5 : 1), 64 to 1500 bytes, checksums right. Ports are nobody's, so that no tool takes the
payload for a protocol and complains of it.
"""
import random
import socket
import struct
import sys

FRAMES = 20000
SOURCES = 2000
SOURCES_IP4 = 1400
FIRST_SECOND = 1795318900
STEP_US = 10
PORT = 40009
PROTOCOLS = [6] * 14 + [17] * 5 + [1]
SIZES = [64] * 8 + [128] * 3 + [300] * 2 + [576] * 2 + [1024] * 2 + [1500] * 3
MACS = bytes.fromhex("0200000000f2" "0200000000f1")  # no interface's: no host answers
ICMP6 = 58


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def with_checksum(segment, at, pseudo):
    return segment[:at] + struct.pack(">H", checksum(pseudo + segment)) + segment[at + 2:]


def transport(protocol, number, source, room):
    """The header, where its checksum is, and what fills the rest of room bytes."""
    port = 1024 + source
    if protocol == 6:
        flags = 0x02 if number % 50 == 0 else 0x18
        header = struct.pack(">HHIIBBHHH", port, PORT, number, number ^ 0xffff, 5 << 4, flags, 512, 0, 0)
        at = 16
    elif protocol == 17:
        header, at = struct.pack(">HHHH", port, PORT, room, 0), 6
    else:
        header, at = struct.pack(">BBHHH", 128 if protocol == ICMP6 else 8, 0, 0, source, number & 0xffff), 2
    return header + bytes(i & 0xff for i in range(room - len(header))), at


def frame(number, source, protocol, size):
    if source < SOURCES_IP4:
        room = size - 14 - 20
        src, dst = struct.pack(">I", 0x0a000000 + source), socket.inet_aton("198.51.100.7")
        segment, at = transport(protocol, number, source, room)
        pseudo = b"" if protocol == 1 else src + dst + struct.pack(">HH", protocol, room)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + room, number & 0xffff, 0, 64, protocol, 0) + src + dst
        return MACS + b"\x08\x00" + with_checksum(ip, 10, b"") + with_checksum(segment, at, pseudo)
    protocol = ICMP6 if protocol == 1 else protocol
    room = max(size, 14 + 40 + 20) - 14 - 40
    src = socket.inet_pton(socket.AF_INET6, f"2001:db8::{source:x}")
    dst = socket.inet_pton(socket.AF_INET6, "2001:db8:ffff::7")
    segment, at = transport(protocol, number, source, room)
    pseudo = src + dst + struct.pack(">II", room, protocol)
    ip = struct.pack(">IHBB", 6 << 28, room, protocol, 64) + src + dst
    return MACS + b"\x86\xdd" + ip + with_checksum(segment, at, pseudo)


def main():
    chance = random.Random(1)
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for number in range(FRAMES):
            source = number * 7 % SOURCES
            data = frame(number, source, chance.choice(PROTOCOLS), chance.choice(SIZES))
            us = number * STEP_US
            file.write(struct.pack("<IIII", FIRST_SECOND + us // 1000000, us % 1000000, len(data), len(data)))
            file.write(data)


main()
