#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""answers.py NAME STREAM: what the recipe of this name has to answer, worked out without jq.

Without NAME: the names that there are. Plain loops over plain dictionaries; lines as a recipe prints
them, in its order.
"""
import collections
import datetime
import json
import math
import sys

records = []
ANSWERS = {}


def of(*types):
    return [r for r in records if r["event_type"] in types]


def answer(function):
    ANSWERS[function.__name__.replace("_", "-")] = function
    return function


def row(*values):
    return "\t".join(str(value) for value in values)


def sums(rows):
    """(key, number, …)…: a dictionary of what they add up to."""
    totals = {}
    for key, *numbers in rows:
        old = totals.get(key, [0] * len(numbers))
        totals[key] = [a + int(b) for a, b in zip(old, numbers)]
    return totals


def sorted_rows(totals, order=None):
    for key in sorted(totals, key=order):
        keys = key if isinstance(key, tuple) else (key,)
        yield row(*keys, *totals[key])


def packets(*keys):
    return [p for p in of("packet") if all(key in p for key in keys)]


def nanoseconds(text):
    whole = datetime.datetime.fromisoformat(text[:19] + "+00:00")
    return int(whole.timestamp()) * 10**9 + int(text[20:-1].ljust(9, "0"))


@answer
def top_talkers():
    totals = sums((c["src_ip"], c["bytes"], c["packets"]) for c in of("count"))
    return list(sorted_rows(totals, lambda ip: (-totals[ip][0], ip)))[:10]


@answer
def interface_totals():
    return sorted_rows(sums((c["interface"], c["packets"], c["bytes"]) for c in of("count")))


@answer
def new_sources():
    seen = set()
    for c in of("count"):
        if c["src_ip"] not in seen:
            seen.add(c["src_ip"])
            yield row(c["run"], c["snapshot"], c["src_ip"])


@answer
def rate():
    for s in of("snapshot"):
        if "total" not in s:
            ns = nanoseconds(s["interval_end"]) - nanoseconds(s["interval_start"])
            counted, counted_bytes = int(s["counted"]), int(s["counted_bytes"])
            if ns > 0:
                yield row(s["run"], s["snapshot"], counted * 10**9 // ns, counted_bytes * 8 * 10**9 // ns)


@answer
def ipv6_share():
    everything = sum(int(c["bytes"]) for c in of("count"))
    six = sum(int(c["bytes"]) for c in of("count") if ":" in c["src_ip"])
    if everything:
        yield f"{math.floor(six * 1000 / everything + 0.5) / 10:g}"


@answer
def uncounted():
    keys = ["run", "seen", "not_ip", "no_source", "undetermined", "not_selected", "unlisted_packets",
            "unattributed_packets"]
    for s in of("snapshot"):
        if "total" in s:
            yield json.dumps({key: s[key] for key in keys}, separators=(",", ":"))


@answer
def scale_up():
    totals = sums((p["src_ip"], p["sample_rate"], p["sample_rate"] * p["packet_len"]) for p in of("packet"))
    return list(sorted_rows(totals, lambda ip: (-totals[ip][1], ip)))[:10]


@answer
def syn_scans():
    ports = collections.defaultdict(set)
    for p in packets("tcp_flags"):
        if p["tcp_flags"] == 0x02:
            ports[p["src_ip"]].add(p["dst_port"])
    return (row(ip, len(ports[ip])) for ip in sorted(ports) if len(ports[ip]) >= 10)


@answer
def ports_by_source():
    ports = collections.defaultdict(set)
    for p in packets("dst_port"):
        ports[p["src_ip"]].add((p["dst_port"], p.get("protocol")))
    for ip in sorted(ports):
        yield row(ip, " ".join(f"{protocol}/{port}" for port, protocol in sorted(ports[ip])[:10]))


@answer
def protocols():
    names = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
    return sorted_rows(sums((names.get(p.get("protocol"), str(p.get("protocol"))), p["sample_rate"],
                             p["sample_rate"] * p["packet_len"]) for p in of("packet")))


@answer
def packet_sizes():
    return sorted_rows(sums((1 << (p["packet_len"].bit_length() - 1), 1) for p in of("packet")))


@answer
def timeline():
    return sorted_rows(sums((p["timestamp"].split(".")[0], p["sample_rate"], p["sample_rate"] * p["packet_len"])
                            for p in of("packet")))


@answer
def fragments():
    return sorted_rows(sums(((p["src_ip"], p["dst_ip"]), p["fragment"] == "first", p["fragment"] == "later")
                            for p in packets("fragment")))


@answer
def retransmits():
    ends = ["src_ip", "src_port", "dst_ip", "dst_port", "seq_num"]
    times = sums((tuple(p[key] for key in ends), 1) for p in packets("seq_num")
                 if p["packet_len"] > 100 or p["tcp_flags"] & 0x02)
    return sorted_rows({key: n for key, n in times.items() if n[0] > 1})


@answer
def odd_flags():
    fin, syn, rst, ack = 1, 2, 4, 16
    odd = [p for p in packets("tcp_flags") if
           (p["tcp_flags"] & syn and p["tcp_flags"] & (fin | rst)) or not p["tcp_flags"] & (syn | rst | ack)]
    return sorted_rows(sums(((p["src_ip"], p["flags"]), 1) for p in odd))


@answer
def vlans():
    # what has no inner tag comes first
    totals = sums(((p["vlan"], p.get("vlan_inner", "-")), 1, p["packet_len"]) for p in packets("vlan"))
    return sorted_rows(totals, lambda key: (key[0], -1 if key[1] == "-" else key[1]))


@answer
def icmp():
    return sorted_rows(sums(((p["src_ip"], p["protocol"], p["icmp_type"], p["icmp_code"]), 1)
                            for p in packets("icmp_type")))


@answer
def unparsed():
    return sorted_rows(sums(((p["parse"], p["src_ip"]), 1) for p in packets("parse")))


@answer
def loss_by_cause():
    return sorted_rows(sums(((r["where"], r["cause"]), r["records"]) for r in of("loss")))


def numbers(key_of, number):
    """For each key, the numbers that came, in order."""
    came = collections.defaultdict(list)
    for r in records:
        if number in r and "repeated" not in r:
            came[key_of(r)].append(int(r[number]))
    return {key: sorted(came[key]) for key in sorted(came)}


@answer
def gaps():
    for (run, event_type), came in numbers(lambda r: (r["run"], r["event_type"]), "record_seq").items():
        missing = sorted(set(range(came[0], came[-1])) - set(came))
        while missing:
            width = 1
            while missing[0] + width in missing:
                width += 1
            yield row(run, event_type, missing[0] - 1, width)
            missing = missing[width:]


@answer
def sample_gaps():
    for (run, cpu), came in numbers(lambda r: (r["run"], r.get("cpu")), "cpu_seq").items():
        missing = set(range(came[0], came[-1])) - set(came)
        if missing:
            yield row(run, cpu, len(missing))


@answer
def outputs():
    for s in of("sink"):
        if "total" in s:
            yield row(s["run"], s["sink"], s["written"], int(s["dropped_queue_full"]) + int(s["dropped_error"]),
                      s["filtered"])


@answer
def unfinished():
    ended = {r["run"] for r in of("stop")}
    for r in of("start"):
        if r["run"] not in ended and "repeated" not in r:
            yield row(r["run"], r["hostname"], r["timestamp"])


@answer
def history():
    for r in of("start", "interface", "clock", "stop"):
        first = {"start": "hostname", "interface": "interface", "clock": "step_ns", "stop": "exit"}
        second = {"start": "none", "interface": "state", "clock": "none", "stop": "reason"}
        kind = r["event_type"]
        yield row(r["timestamp"], kind, r[first[kind]], r.get(second[kind], ""))


@answer
def cost():
    seen = {r["run"]: int(r["seen"]) for r in of("snapshot") if "total" in r}
    for stats in of("stats"):
        if "total" in stats and seen.get(stats["run"]):
            yield row(stats["run"], stats["cpu_ms"], int(stats["cpu_ms"]) * 1000 // seen[stats["run"]],
                      stats["rss_kb"])


if len(sys.argv) == 1:
    print("\n".join(ANSWERS))
else:
    with open(sys.argv[2], encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream]
    for text in ANSWERS[sys.argv[1]]():
        print(text)
