# SPDX-License-Identifier: BSD-2-Clause
"""What is compared: how each tool is started, how it is known to listen, and how its records are counted.

Where a tool lets one say how much room packets have before it reads them, it is 64 MiB, as xdptail's ring has
here; tcpdump's records are counted from what it wrote, not from what it says.
"""
import dataclasses
import json
import mmap
import os
import re
import shutil
import signal
import struct
import subprocess

from rig import INTERFACE, Failure

ROOM_MB = 64
SHORT_S = 0.2
PACKET_LINE = b'"event_type":"packet"'
TCPDUMP_LINE = b" IP"  # it ends with an empty one


@dataclasses.dataclass(frozen=True)
class Tool:
    """A row of the table. In argv {build} and {dir} are replaced; its stdout is {dir}/out, unless output says
    pipe (somebody reads it) or null. Records are of packets, of some packets, or counts of flows or sources."""
    name: str
    what: str
    argv: tuple = ()
    count: object = None  # of a run: records, and what the tool says that it lost (None: it does not say)
    output: str = "file"
    hook: str = "packet"  # how one sees that it listens: packet (a packet socket), xdp, log (NFLOG), none
    mode: str = ""  # of the bare program that is attached: xdpdrv, xdpgeneric
    floor: str = "nobody"  # what of the machine is not the tool's: the row with nothing but this traffic
    records: str = "packets"
    every: int = 1  # packets a record
    quiet_s: float = 1.2  # it is done when it did nothing for so long: libpcap has packets wait a second
    idle_s: float = 0  # it works without traffic, too: measured for so long, and subtracted; quiet_s is then waited
    rate_max: int = 0  # 0: all rates
    all_rates: bool = False
    smoke: bool = True  # stands for its like where there is little time
    setup: object = None  # of a rig: before the start; returns how to undo it
    stop: int = signal.SIGINT
    needs: tuple = ()  # programs beside its own

    def program(self):
        return self.argv[0] if self.argv else None

    def is_here(self):
        programs = [word for word in self.argv[:1] if "{" not in word] + list(self.needs)
        return all(shutil.which(program) for program in programs)


def lines(path, needle=b"\n"):
    """How often needle is in a file."""
    if os.path.getsize(path) == 0:
        return 0
    total, overlap = 0, len(needle) - 1
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        step = 1 << 24
        for at in range(0, len(data), step):
            total += data[at:at + step + overlap].count(needle)
    return total


def pcap_records(path):
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, total, size = 24, 0, len(data)
        while at + 16 <= size:
            at += 16 + struct.unpack_from("<I", data, at + 8)[0]
            total += at <= size
        return total


def pcapng_records(path):
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at, total, size = 0, 0, len(data)
        while at + 8 <= size:
            kind, length = struct.unpack_from("<II", data, at)
            total += kind == 6
            at += length
        return total


def said(run, pattern):
    """The number in what the tool said on stderr or stdout when it ended."""
    found = re.findall(pattern, run.stderr())
    return int(found[-1]) if found else None


def tail_records(path):
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 65536))
        return [json.loads(line) for line in file.read().splitlines()[1:] if line.startswith(b"{")]


def totals(path):
    """xdptail's sums of its run, by type of record."""
    sums = {"dropped": 0, "made": 0}
    for record in tail_records(path):
        if not record.get("total"):
            continue
        sums[record["event_type"]] = record
        sums["dropped"] += record.get("dropped_queue_full", 0) + record.get("dropped_error", 0)
        sums["made"] = max(sums["made"], record.get("made", 0))
    return sums


def check_xdptail(run, sums):
    """Does what it says add up to what was sent? What it lost."""
    if sums["snapshot"]["seen"] != run.sent:
        raise Failure(f"xdptail saw {sums['snapshot']['seen']} of {run.sent} frames")
    return sums["stats"]["sampled"] - sums["stats"]["delivered"] + sums["dropped"]


def xdptail_file(run):
    path = os.path.join(run.dir, "stream")
    return lines(path, PACKET_LINE), check_xdptail(run, totals(path))


def xdptail_pipe(run):
    return run.reader.found, check_xdptail(run, totals(os.path.join(run.dir, "sums")))


def xdptail_null(run):
    sums = totals(os.path.join(run.dir, "sums"))
    return sums["stats"]["delivered"], check_xdptail(run, sums)


def tcpdump_text(run):
    return lines(run.out, TCPDUMP_LINE), said(run, r"(\d+) packets dropped by kernel")


def tcpdump_pcap(run):
    return pcap_records(os.path.join(run.dir, "pcap")), said(run, r"(\d+) packets dropped by kernel")


def tshark_ek(run):
    return lines(run.out, b'{"timestamp":'), said(run, r"(\d+) packets? dropped") or 0


def xdpdump_text(run):
    return lines(run.out, b"packet size"), said(run, r"(\d+) packets dropped by perf ring")


def xdpdump_pcapng(run):
    return pcapng_records(os.path.join(run.dir, "pcapng")), said(run, r"(\d+) packets dropped by perf ring")


def pmacctd_json(run):
    return lines(os.path.join(run.dir, "json")), said(run, r"dropped_packets=(\d+)")


def pmacctd_sources(run):
    """Its records are counts; the packets in them must be those sent."""
    path = os.path.join(run.dir, "json")
    with open(path, "rb") as file:
        run.packets = sum(json.loads(line)["packets"] for line in file if line.startswith(b"{"))
    return lines(path), said(run, r"dropped_packets=(\d+)")


def argus_flows(run):
    out = subprocess.run(["ra", "-n", "-r", os.path.join(run.dir, "argus"), "-s", "pkts", "-L", "-1", "--", "not",
                          "man"], capture_output=True, text=True, check=True).stdout.split()
    run.packets = sum(int(field) for field in out)
    return len(out), None


def ngrep_text(run):
    with open(run.out, "rb") as file:
        return sum(line[:2] in (b"T ", b"U ", b"I ") for line in file), None


def ulogd_text(run):
    return lines(os.path.join(run.dir, "log"), b" SRC="), None


def nothing(run):
    del run
    return 0, None


def pmacctd_config(rig, aggregate):
    with open(os.path.join(rig.dir, "pmacctd.conf"), "w", encoding="ascii") as file:
        file.write(f"""daemonize: false
pcap_interface: {INTERFACE}
plugins: print
aggregate: {aggregate}
print_output: json
print_output_file: {rig.dir}/json
print_output_file_append: true
print_refresh_time: 1
print_cache_entries: 65537
plugin_pipe_size: {ROOM_MB << 20}
plugin_buffer_size: 65536
""")
    return lambda: None


def pmacctd_packets(rig):
    """Every packet apart: what it counts by has the time in microseconds."""
    return pmacctd_config(rig, "src_host,dst_host,src_port,dst_port,proto,tcpflags,timestamp_start")


def pmacctd_by_source(rig):
    return pmacctd_config(rig, "src_host")


def nflog(rig):
    """iptables hands each packet to ulogd, and drops it; for that it must be addressed to this host."""
    far = rig.link.far
    commands = [
        f"ip -n {far} link set {INTERFACE} address 02:00:00:00:00:f2",
        f"ip netns exec {far} sysctl -qw net.ipv6.conf.{INTERFACE}.addr_gen_mode=1"
        f" net.ipv6.conf.{INTERFACE}.router_solicitations=0 net.ipv6.conf.{INTERFACE}.disable_ipv6=0",
    ]
    for tables in "iptables-legacy", "ip6tables-legacy":
        command = f"ip netns exec {far} {tables} -w -t raw"
        commands.append(f"{command} -A PREROUTING -i {INTERFACE} -j NFLOG --nflog-group 1 --nflog-threshold 32"
                        " --nflog-size 128")
        commands.append(f"{command} -A PREROUTING -i {INTERFACE} -j DROP")
    undo = [f"ip netns exec {far} {tables} -w -t raw -F" for tables in ("iptables-legacy", "ip6tables-legacy")] + [
        f"ip netns exec {far} sysctl -qw net.ipv6.conf.{INTERFACE}.disable_ipv6=1",
        f"ip -n {far} link set {INTERFACE} address 02:00:00:00:00:01"]
    for command in commands:
        subprocess.run(command.split(), check=True)
    with open(os.path.join(rig.dir, "ulogd.conf"), "w", encoding="ascii") as file:
        file.write(f"""[global]
logfile="{rig.dir}/ulogd.log"
stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU
[log1]
group=1
netlink_socket_buffer_size={ROOM_MB << 20}
netlink_socket_buffer_maxsize={ROOM_MB << 20}
[emu1]
file="{rig.dir}/log"
sync=0
""")

    def back():
        for command in undo:
            subprocess.run(command.split(), check=True)

    return back


def xdptail(name, *options, **kwargs):
    """N=1, native, ring buffer, to a file, but for what options say."""
    output = kwargs.get("output", "file")
    argv = ["{build}/xdptail", "-i", INTERFACE, "-a", "--ring-size", f"{ROOM_MB}M", *options]
    if output == "file":
        argv += ["-o", "file:{dir}/stream"]
    else:
        argv += ["-o", "stdout", "-o", "file:{dir}/sums,events=snapshot,stats,sink"]
    count = {"file": xdptail_file, "pipe": xdptail_pipe, "null": xdptail_null}[output]
    kwargs.setdefault("floor", "pass, native")
    kwargs.setdefault("quiet_s", SHORT_S)
    return Tool(f"xdptail {name}", kwargs.pop("what", "JSON, a line a packet sampled, and snapshots of counts"),
                tuple(argv), count, hook="xdp", **kwargs)


TOOLS = [
    Tool("nobody", "the traffic alone, no XDP", count=nothing, hook="none", records="none", quiet_s=SHORT_S,
         all_rates=True),
    Tool("pass, native", "a program that returns XDP_PASS", count=nothing, hook="none", mode="xdpdrv",
         records="none", quiet_s=SHORT_S, all_rates=True),
    Tool("pass, generic", "the same, generic", count=nothing, hook="none", mode="xdpgeneric", records="none",
         quiet_s=SHORT_S, all_rates=True),
    xdptail("N=1", "-N", "1", all_rates=True),
    xdptail("N=1, --batch 200", "-N", "1", "--batch", "200", rate_max=20000, all_rates=True, smoke=False),
    xdptail("N=1, generic", "-N", "1", "-m", "generic", floor="pass, generic", all_rates=True),
    xdptail("N=1000", "-N", "1000", every=1000, smoke=False, all_rates=True),
    xdptail("N=10", "-N", "10", every=10, smoke=False),
    xdptail("N=1, perf", "-N", "1", "--transport", "perf", smoke=False),
    xdptail("N=10, perf", "-N", "10", "--transport", "perf", every=10),
    xdptail("N=1000, generic", "-N", "1000", "-m", "generic", every=1000, floor="pass, generic",
            smoke=False),
    xdptail("N=1, pipe", "-N", "1", output="pipe"),
    xdptail("N=1, /dev/null", "-N", "1", output="null"),
    xdptail("N=1, a snapshot a second", "-N", "1", "--interval", "1", smoke=False),
    Tool("tcpdump -nn", "text, a line a packet", ("tcpdump", "-nn", "-B", str(ROOM_MB << 10), "-Z", "root", "-i",
         INTERFACE), tcpdump_text, all_rates=True),
    Tool("tcpdump -nn, pipe", "the same to a pipe", ("tcpdump", "-nn", "-B", str(ROOM_MB << 10), "-Z", "root",
         "-i", INTERFACE), lambda run: (run.reader.found, said(run, r"(\d+) packets dropped by kernel")),
         output="pipe", smoke=False),
    Tool("tcpdump -w", "whole frames, not decoded", ("tcpdump", "-B", str(ROOM_MB << 10), "-Z", "root", "-i",
         INTERFACE, "-w", "{dir}/pcap"), tcpdump_pcap, all_rates=True),
    Tool("tcpdump -w -s 96", "the first 96 bytes of frames, not decoded", ("tcpdump", "-B", str(ROOM_MB << 10),
         "-s", "96", "-Z", "root", "-i", INTERFACE, "-w", "{dir}/pcap"), tcpdump_pcap, smoke=False),
    Tool("tshark -T ek", "JSON, all fields it knows; dumpcap's time included", ("tshark", "-n", "-B",
         str(ROOM_MB), "-T", "ek", "-i", INTERFACE), tshark_ek, rate_max=20000, all_rates=True),
    Tool("xdpdump", "text, a line a packet: time, length, queue", ("xdpdump", "--load-xdp-program", "-i",
         INTERFACE), xdpdump_text, hook="xdp", floor="pass, native", quiet_s=SHORT_S, all_rates=True),
    Tool("xdpdump -w", "whole frames, not decoded (pcapng)", ("xdpdump", "--load-xdp-program", "-i", INTERFACE,
         "-w", "{dir}/pcapng"), xdpdump_pcapng, hook="xdp", floor="pass, native", quiet_s=SHORT_S),
    Tool("pmacctd, packets", "JSON by the print plugin, a line a packet (aggregated by time in us)",
         ("pmacctd", "-f", "{dir}/pmacctd.conf"), pmacctd_json, idle_s=2, quiet_s=2.2,
         setup=pmacctd_packets, all_rates=True),
    Tool("pmacctd, sources", "JSON by the print plugin, counts by source each second",
         ("pmacctd", "-f", "{dir}/pmacctd.conf"), pmacctd_sources, idle_s=2, quiet_s=2.2, setup=pmacctd_by_source,
         records="counts", smoke=False),
    Tool("ulogd2", "text, a line a packet, from iptables' NFLOG", ("ulogd", "-c", "{dir}/ulogd.conf"), ulogd_text,
         hook="log", setup=nflog, stop=signal.SIGTERM,
         needs=("iptables-legacy", "ip6tables-legacy")),
    Tool("ngrep", "text and payload, a paragraph a packet that has some; not ICMPv6", ("ngrep", "-q", "-t", "-d",
         INTERFACE), ngrep_text, records="some"),
    Tool("argus", "binary records of flows", ("argus", "-X", "-P", "0", "-i", INTERFACE, "-w", "{dir}/argus"),
         argus_flows, records="counts", needs=("ra",)),
]

# What the distribution has of the kind beside these, and why it has no row.
LEFT_OUT = {
    "softflowd": "exports flows to a collector; argus stands for that kind",
    "nfcapd": "reads what an exporter sends, not an interface",
    "suricata": "its eve.json is of flows and alerts, after reassembly: another task",
    "tcpdump -l": "tcpdump -nn with a write a line: slower, and not what one would run at such rates",
}
