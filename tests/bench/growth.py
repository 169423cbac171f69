#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-2-Clause
"""growth.py BUILD [FIGURES]: how the cost of xdptail grows, each series as data, an SVG and a sentence.

  rate      with packets a second: the process, N=1 and N=1000
  sample    with N: the process, and the BPF program
  sources   with the number of sources, N=1000, a snapshot a second: likewise
  outputs   with the number of outputs, each of which gets every line, N=1: the process

The process is its control group's account, a packet; the BPF program is what the generator's frame costs
flat out (it delivers its frames itself) above a bare XDP_PASS, which is measured in the same round. Frames are
live_frames.c's, 64 bytes, but for the slowest rates; medians of ROUNDS (3) of SECONDS (2). Writes
BUILD/bench/growth.json and, into FIGURES or BUILD/bench, rate.svg, sample.svg, sources.svg, outputs.svg (gnuplot).
"""
import json
import os
import socket
import statistics
import subprocess
import sys
import threading

import report
import side
import tools
from rig import Failure, Rig, end_on_signals

RATES = [100000, 200000, 400000, 800000, 0]
SLOW_RATES = [10000, 20000, 50000]  # the capture, by tcpreplay: the other generator would spin too long
SAMPLES = [1, 10, 100, 1000, 10000, 100000]
SOURCES = [1, 10, 100, 1000, 10000, 100000, 1000000]
OUTPUTS = 4
STEADY = 200000
MOST = 1500000  # frames a second flat out, about

SENTENCES = {
    "rate": "Bounded by what a line costs, the same for each; below some 100 000 packets a second by the wakeups, "
            "of which there are at most 50 a second (--batch 20) and which then fewer packets share.",
    "sample": "The process is bounded by its lines and falls as 1/N, until wakeups and snapshots remain. The BPF "
              "program is bounded by counting, which every packet has; N=1 adds room in the ring for each.",
    "sources": "The BPF program is bounded by the cache misses of its hash, and dearer when that is full: a failed "
               "insertion for each packet of a source that has no place (--max-sources). The process is bounded by "
               "its snapshots, which read and clear each source once, whatever the number of packets.",
    "outputs": "A line is made once; each output adds a copy and its writing, of a file or a stream in large pieces. "
               "Syslog is a datagram a line, of which a socket holds few (net.unix.max_dgram_qlen, 10), so that "
               "writer and reader take turns: a third of the writer's time is switching tasks.",
}


class SocketReader(threading.Thread):
    """Takes what comes to a unix socket, and forgets it."""

    def __init__(self, path, kind):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX, kind)
        self.listener.bind(path)
        if kind == socket.SOCK_STREAM:
            self.listener.listen(1)
        self.stream = kind == socket.SOCK_STREAM
        self.start()

    def run(self):
        try:
            connection = self.listener.accept()[0] if self.stream else self.listener
            while connection.recv(1 << 20):
                pass
        except OSError:
            pass  # closed

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # nobody is connected
        self.listener.close()


class Growth(side.Run):
    """One point: xdptail with some options under frames that the kernel makes."""

    def __init__(self, rig, *options, every=1, sources=2000, output="file"):
        super().__init__(rig, tools.xdptail("", *options, output=output, every=every))
        self.sources = sources

    def figures(self, rate, count):
        self.start()
        tool, sender = self.rig.group.ns(), self.rig.sender.ns()
        if rate and rate < RATES[0]:
            self.sent, _ = self.rig.replay(rate, count)
        else:
            self.sent, _ = self.rig.flood(rate, count, self.sources)
        self.rig.settle(self.tool.quiet_s)
        tool, sender = self.rig.group.ns() - tool, self.rig.sender.ns() - sender
        self.stop()
        records, lost = self.tool.count(self)
        return {"sent": self.sent, "records": records, "lost": lost, "process_ns": tool / self.sent,
                "sender_ns": sender / self.sent}


class Bare(Growth):
    """The same with the bare program."""

    def __init__(self, rig, sources=2000):
        super().__init__(rig, sources=sources)
        self.tool = next(tool for tool in tools.TOOLS if tool.mode == "xdpdrv")


def point(run, rate, seconds):
    try:
        return run.figures(rate, int((rate or MOST) * seconds))
    finally:
        side.clear(run.rig)


def bare(rig, sources, seconds):
    return point(Bare(rig, sources), 0, seconds)["sender_ns"]


def rate_points(rig, seconds):
    for every in 1, 1000:
        for rate in SLOW_RATES + RATES:
            figures = point(Growth(rig, "-N", str(every), every=every), rate, seconds)
            x = rate or int(1e9 / figures["sender_ns"])
            yield f"process, N={every}", x, figures["process_ns"], figures["lost"]


def sample_points(rig, seconds):
    floor = bare(rig, 2000, seconds)
    for every in SAMPLES:
        figures = point(Growth(rig, "-N", str(every), every=every), 0, seconds)
        yield "process", every, figures["process_ns"], figures["lost"]
        yield "BPF program", every, figures["sender_ns"] - floor, figures["lost"]


def sources_points(rig, seconds):
    room = ["--max-sources", "1048576", "--max-map-memory", "2048M"]
    for name, options in ("65 536 at most", []), ("1 048 576 at most", room):
        floor = bare(rig, 2000, seconds)
        for sources in SOURCES:
            run = Growth(rig, "-N", "1000", "--interval", "1", *options, every=1000, sources=sources)
            figures = point(run, 0, seconds)
            yield f"process, {name}", sources, figures["process_ns"], figures["lost"]
            yield f"BPF program, {name}", sources, figures["sender_ns"] - floor, figures["lost"]


def outputs_points(rig, seconds):
    for number in range(1, OUTPUTS + 1):
        readers = []
        options = ["-N", "1"]
        if number >= 3:
            readers.append(SocketReader(rig.dir + "/stream.sock", socket.SOCK_STREAM))
            options += ["-o", "unix:{dir}/stream.sock"]
        if number >= 4:
            readers.append(SocketReader(rig.dir + "/log.sock", socket.SOCK_DGRAM))
            options += ["-o", "syslog:{dir}/log.sock"]
        if number >= 2:
            options += ["-o", "file:{dir}/second"]
        try:
            figures = point(Growth(rig, *options), STEADY, seconds)
        finally:
            for reader in readers:
                reader.close()
        yield "process", number, figures["process_ns"], figures["lost"]


LOGARITHMIC = "set logscale x\nset format x '%.0s%c'\n"
FEW = f"set xtics 1\nset xrange [0.8:{OUTPUTS}.2]\n"

# Points, what x is, and how it is plotted.
SERIES = {
    "rate": (rate_points, "packets a second", LOGARITHMIC + "set key right"),
    "sample": (sample_points, "N: one packet in so many is a line", LOGARITHMIC + "set key right"),
    "sources": (sources_points, "sources", LOGARITHMIC + "set key left"),
    "outputs": (outputs_points, "outputs: file, another file, unix socket, syslog", FEW + "set key left"),
}


def measure(rig, rounds, seconds):
    """By series and curve: x to its values, one a round, and the most that was lost."""
    data = {name: {} for name in SERIES}
    for number in range(rounds):
        for name, (points, _, _) in SERIES.items():
            for curve, x, ns, lost in points(rig, seconds):
                # what flat out comes to differs from round to round, but it is one point
                values = data[name].setdefault(curve, {}).setdefault(key_of(name, x), {})
                for key, value in ("x", x), ("ns", ns), ("lost", lost):
                    values.setdefault(key, []).append(value)
                print(f"round {number + 1}/{rounds} {name}: {curve}: {x}: {ns:.1f} ns a packet, {lost} lost",
                      file=sys.stderr, flush=True)
    return data


def key_of(name, x):
    return "flat out" if name == "rate" and x not in SLOW_RATES + RATES else str(x)


def draw(curves, path, label, commands):
    """An SVG by gnuplot, whose data stand in its script."""
    blocks, plots = [], []
    for number, (curve, points) in enumerate(curves.items()):
        rows = sorted((statistics.median(p["x"]), statistics.median(p["ns"]), min(p["ns"]), max(p["ns"]))
                      for p in points.values())
        blocks.append(f"$d{number} << EOD\n" + "\n".join(f"{x} {y} {low} {high}" for x, y, low, high in rows)
                      + "\nEOD\n")
        plots.append(f"$d{number} using 1:2:3:4 with yerrorlines lw 2 pt 7 ps 0.5 title '{curve}'")
    script = ("set terminal svg size 640,360 noenhanced font 'sans,12' background rgb 'white'\n"
              f"set output '{path}'\nset xlabel '{label}'\nset ylabel 'CPU ns a packet'\nset yrange [0:*]\n"
              f"set grid\n{commands}\n" + "".join(blocks) + "plot " + ", ".join(plots) + "\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    if os.geteuid() != 0:
        sys.exit("growth.py: network namespaces and XDP need root")
    build = sys.argv[1]
    bench = os.path.join(build, "bench")
    figures = sys.argv[2] if len(sys.argv) > 2 else bench
    end_on_signals()
    rounds, seconds = int(os.environ.get("ROUNDS", "3")), float(os.environ.get("SECONDS", "2"))
    with Rig(build) as rig:
        side.make_capture(rig)
        data = measure(rig, rounds, seconds)
    os.makedirs(bench, exist_ok=True)
    result = {"machine": report.machine(), "rounds": rounds, "seconds": seconds, "sentences": SENTENCES,
              "data": data}
    with open(os.path.join(bench, "growth.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    for name, (_, label, commands) in SERIES.items():
        draw(data[name], os.path.join(figures, name + ".svg"), label, commands)
        print(f"{name}: {SENTENCES[name]}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"growth.py: {failure}")
