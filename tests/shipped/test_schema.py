#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_schema.py SCHEMA: does the schema take what it must, and refuse everything else?

Each type of record has examples here, which together have every key of it. Each example is taken;
without one of the keys that must be there, with a value of a wrong type, or out of range, or with a
key that is unknown, it is not. Two validators that know nothing of each other have to agree.
"""
import copy
import json
import sys

import fastjsonschema
import jsonschema

BIG = 2**53
FAULTS_MAX = 20
LONGEST = str(2**64 - 1)
T = "2026-11-22T03:41:40.704885Z"


def record(event_type, **keys):
    return {"timestamp": T, "event_type": event_type, "run": "5f0c9a1e77b0d2c4", "record_seq": 1, **keys}


def packet(**keys):
    return record("packet", interface="eth0", src_ip="192.0.2.7", dst_ip="2001:db8::1", packet_len=60,
                  ttl=64, sample_rate=10, cpu=0, cpu_seq=1, **keys)


def snapshot(**keys):
    return record("snapshot", snapshot=1, interval_start=T, interval_end=T, counts="frames", listed=1,
                  seen=2, not_ip=0, no_source=0, undetermined=0, not_selected=0, counted=2,
                  counted_bytes=120, unlisted_packets=0, unlisted_bytes=0, unattributed_packets=0,
                  unattributed_bytes=0, **keys)


def stats(**keys):
    return record("stats", sampled=1, delivered=1, lost_ring_full=0, lost_undecodable=0, discarded=0,
                  cpu_ms=1, rss_kb=4000, ring_high_water=128, longest_wait_ms=2, **keys)


def sink(**keys):
    return record("sink", sink="stdout", made=9, written=9, bytes=LONGEST, filtered=0,
                  dropped_queue_full=0, dropped_error=0, queued=0, **keys)


def start(**keys):
    return record("start", version="0.1.0", schema="xdptail/1", sink="stdout", hostname="host", kernel="6.1.0",
                  function_name="count_packets", sample_mode="every", sample_rate=0, interval_s=0,
                  capabilities=["CAP_BPF", "0x000001ffffffffff", "…"], **keys)


EXAMPLES = [
    packet(),
    packet(src_port=1, dst_port=65535, protocol=6, packet_type=0, seq_num=0, ack_num=2**32 - 1,
           tcp_flags=255, flags="FSRPAUEC", vlan=4095, vlan_inner=0, fragment="first"),
    packet(protocol=1, packet_type=2, icmp_type=8, icmp_code=0, parse="truncated",
           outer_src_ip="192.0.2.1", outer_dst_ip="2001:db8::2", tunnel="4in6"),
    record("count", snapshot=1, interface="eth0", src_ip="::1", packets=1, bytes=str(BIG)),
    snapshot(sources=1, unattributed_full=1, unattributed_busy=1, unattributed_no_memory=1,
             unattributed_other=1),
    snapshot(total=True),
    stats(),
    stats(total=True, lost_no_buffer=0, lost_other=0),
    sink(),
    sink(total=True, disconnects=1),
    start(transport="perf", ring_bytes=65536, max_sources=1, map_type="hash", map_bytes=1, decap=True),
    start(transport="capture", capture="a.pcap", prog_run=True, ebpf_program="own.bpf.o", repeated=True, joined=True, file=2),
    record("interface", interface="eth0", ifindex=2, state="attached", hook="xdp", mode="generic",
           counts="aggregates", reason="why"),
    record("interface", interface="eth0", state="gone"),
    record("loss", where="ring", cause="ring_full", records=1, first=T, last=T),
    record("clock", step_ns=-1),
    record("clock", step_ns=f"-{BIG}"),
    record("stop", reason="interrupted", exit=0),
    record("stop", reason="count", exit=1, dropped_error=7),
]

# For every key; each is refused, but where it happens to be right.
WRONG = [None, True, False, 1.5, -1, BIG, "", "x\ny", "1", "-1", "0" * 300, [], {}, [1], ["x"]]
RIGHT = {
    "total": [True],
    "prog_run": [True],
    "joined": [True],
    "decap": [True],
    "repeated": [True],
    "capabilities": [[]],
    "step_ns": [-1],
    "hostname": ["", "x\ny", "1", "-1"],
}
TEXTS = ["interface", "sink", "version", "kernel", "function_name", "ebpf_program", "capture", "reason", "where"]
RIGHT.update((key, ["x\ny", "1", "-1"]) for key in TEXTS)
RIGHT["flags"] = [""]

TAKEN = ["0.0.0.0", "255.255.255.255", "::", "::1", "1::", "::ffff:192.0.2.1", "::192.0.2.1", "1:2:3:4:5:6:7:8"]

# What is wrong in a way of its own.
BROKEN = [
    packet(src_port=1),
    packet(protocol=6),
    packet(seq_num=1, ack_num=1, tcp_flags=1),
    packet(icmp_type=1),
    packet(vlan_inner=1),
    packet(tunnel="gre", outer_src_ip="192.0.2.1"),
    packet(outer_dst_ip="192.0.2.1"),
    packet(vlan=4096),
    packet(src_port=65536, dst_port=1),
    packet(protocol=256, packet_type=255),
    packet(protocol=6, packet_type=5),
    packet(seq_num=1, ack_num=1, tcp_flags=2, flags="SF"),
    {**packet(), "sample_rate": 0},
    {**packet(), "sample_rate": 2**30 + 1},
    {**packet(), "src_ip": "192.0.2.256"},
    {**packet(), "src_ip": "192.0.02.1"},
    {**packet(), "src_ip": "2001:DB8::1"},
    {**packet(), "src_ip": "1:2:3:4:5:6:7:8:9"},
    {**packet(), "timestamp": "2026-13-22T03:41:40.704885Z"},
    {**packet(), "src_ip": "2001:db8::g"},
    {**packet(), "timestamp": "2026-11-22T03:41:40Z"},
    {**packet(), "timestamp": "2026-11-22T03:41:40.704885+00:00"},
    {**packet(), "timestamp": "2026-11-22T03:41:40.7048851Z"},
    {**packet(), "run": "5F0C9A1E77B0D2C4"},
    {**packet(), "record_seq": 0},
    {**packet(), "record_seq": str(BIG // 10)},
    {**packet(), "event_type": "nothing"},
    {**packet(), "event_type": "stop"},
    snapshot(),
    snapshot(total=True, sources=1),
    stats(lost_other=0),
    start(transport="ringbuf", capture="a.pcap"),
    start(transport="capture", capture="a.pcap", map_bytes=1),
    start(transport="perf", ring_bytes=65536, max_sources=1, map_type="hash", map_bytes=1, prog_run=True),
    start(transport="auto", ring_bytes=65536, max_sources=1, map_type="hash", map_bytes=1),
    start(transport="capture", capture="a.pcap", file=2),
    start(transport="capture", capture="a.pcap", joined=True),
    record("interface", interface="eth0", state="gone", mode="native"),
    record("clock", step_ns=0),
    record("clock", step_ns="-123"),
    record("stop", reason="x", exit=6),
    [],
    "packet",
    {},
]


class Verdict:
    def __init__(self, schema):
        jsonschema.Draft7Validator.check_schema(schema)
        self.fast = fastjsonschema.compile(schema)
        self.slow = jsonschema.Draft7Validator(schema)
        self.faults = 0

    def fault(self, sentence, value):
        self.faults += 1
        print(f"{sentence[:200]}: {json.dumps(value)[:400]}", file=sys.stderr)
        if self.faults == FAULTS_MAX:
            sys.exit("and so on")

    def expect(self, taken, why, value):
        try:
            self.fast(value)
            fast = True
        except fastjsonschema.JsonSchemaValueException:
            fast = False
        slow = self.slow.is_valid(value)
        if fast != slow:
            self.fault(f"{why}: the validators disagree (fastjsonschema {fast}, jsonschema {slow})", value)
        elif fast != taken:
            self.fault(f"{why}: {'refused' if taken else 'taken'}", value)


def without(example, key):
    return {name: value for name, value in example.items() if name != key}


def check_example(verdict, example, definition):
    verdict.expect(True, "as it is", example)
    verdict.expect(False, "with an unknown key", {**example, "unknown_key": 1})
    for key in definition["required"]:
        verdict.expect(False, f"without {key}", without(example, key))
    for key, value in example.items():
        for wrong in WRONG:
            if any(wrong is right or wrong == right and type(wrong) is type(right)
                   for right in RIGHT.get(key, [])):
                continue
            verdict.expect(False, f"{key} is {wrong!r}", {**copy.deepcopy(example), key: wrong})


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    verdict = Verdict(schema)
    shown = {}
    for example in EXAMPLES:
        name = example["event_type"]
        shown.setdefault(name, set()).update(example)
        check_example(verdict, example, schema["definitions"][name])
    for name in schema["properties"]["event_type"]["enum"]:
        missing = set(schema["definitions"][name]["properties"]) - shown.get(name, set())
        if missing:
            verdict.fault(f"no example of {name} has", sorted(missing))
    for address in TAKEN:
        verdict.expect(True, "an address", {**packet(), "src_ip": address})
    for value in BROKEN:
        verdict.expect(False, "broken", value)
    sys.exit(verdict.faults > 0)


main()
