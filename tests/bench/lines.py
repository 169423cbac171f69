#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-2-Clause
"""lines.py [--smoke] BUILD: how many lines a second xdptail writes, N=1, to a file and to a pipe, with nothing lost.

Two cores: the generator has one (live_frames.c), xdptail the other, with whoever counts the lines in the pipe.
A rate counts when each frame has become a line, none lost anywhere; and what is said is lines by the time
until the last of them was written, so what merely waits in the ring does not help. First as fast as the generator
goes; if that is too fast, the highest lossless rate is sought between that and half of it; further rounds only
try that rate again. Each output with its default queue (8 MiB), and with one of 64 MiB. Also says what
the generator does when only a bare XDP_PASS is there, which is the most that this rig can offer.
With --smoke one short run each, of which only the accounts are looked at: every frame a line, or counted as lost.
Writes BUILD/bench/lines.json. ROUNDS (3), SECONDS (3) of frames a run, and TMPDIR come from the environment.
"""
import dataclasses
import json
import os
import statistics
import sys
import time

import report
import side
import tools
from rig import TOOL_CORE, Failure, Rig, end_on_signals, wait_for

WANTED = 1500000
RING_MB = 64
OUTPUTS = ["file", "file,queue=64M", "pipe", "pipe,queue=64M"]
STEPS = 4
SMOKE_S = 0.05
MOST = 3000000  # frames a second, about what the generator makes


class Counter(side.PipeReader):
    """Counts lines, on the core of the tool."""

    def run(self):
        os.sched_setaffinity(0, {TOOL_CORE})
        super().run()


def bare_rate(rig, count):
    """What the generator does with a bare XDP_PASS at the other end: frames a second, and a second of its CPU."""
    rig.link.attach("xdpdrv", rig.build + "/bpf/single.bpf.o")
    before = rig.sender.ns()
    arrived, seconds = rig.flood(0, count)
    spent = rig.sender.ns() - before
    rig.link.detach("xdpdrv")
    wait_for(rig.link.is_clear, "the bare program to leave")
    return {"offered": arrived / seconds, "offered_a_cpu_second": arrived * 1e9 / spent}


def tool_for(output):
    kind, comma, settings = output.partition(",")
    where = {"file": "file:{dir}/stream", "pipe": "stdout"}[kind]
    base = tools.xdptail("lines", "-N", "1", output=kind)
    change = {f"{tools.ROOM_MB}M": f"{RING_MB}M", where: where + comma + settings}
    return dataclasses.replace(base, argv=tuple(change.get(word, word) for word in base.argv))


class Lines(side.Run):
    """A run whose pipe is read for lines, not for packets."""

    def make_reader(self, needle):
        del needle
        return Counter(b"\n")

    def figures(self, rate, count):
        self.start()
        tool, sender, begin = self.rig.group.ns(), self.rig.sender.ns(), time.monotonic()
        self.sent, seconds = self.rig.flood(rate, count)
        done = max(self.rig.settle(self.tool.quiet_s), begin + seconds)
        tool, sender = self.rig.group.ns() - tool, self.rig.sender.ns() - sender
        self.stop()
        sums = tools.totals(os.path.join(self.dir, "stream" if self.tool.output == "file" else "sums"))
        lost = {key: sums["stats"][key] for key in sums["stats"] if key.startswith("lost_")}
        lost["queue"] = sums["dropped"]
        lost["veth"] = count - self.sent
        lines = self.count_lines(sums)
        if lines + lost["queue"] != sums["stats"]["delivered"]:
            raise Failure(f"{lines} lines of packets, {sums['stats']['delivered']} delivered, lost: {lost}")
        return {"rate": rate, "made": count, "offered": count / seconds,
                "lines": lines, "lost": lost, "lines_a_second": lines / (done - begin),
                "cpu_ns_a_line": tool / max(1, lines), "sender_ns_a_frame": sender / count}

    def count_lines(self, sums):
        if self.tool.output == "file":
            return tools.lines(os.path.join(self.dir, "stream"), tools.PACKET_LINE)
        others = sums["made"] + 2 - sums["stats"]["delivered"]  # the record that says so, and the stop record
        return self.reader.found - others


def attempt(rig, output, rate, seconds):
    try:
        figures = Lines(rig, tool_for(output)).figures(rate, int((rate or WANTED) * seconds))
    finally:
        side.clear(rig)
    lost = {cause: n for cause, n in figures["lost"].items() if n}
    pace = f"{rate / 1e6:.2f} M" if rate else "flat out"
    sender = "" if rate else f", {figures['sender_ns_a_frame']:.0f} ns of the generator a frame"
    print(f"  {output}: {pace}: offered {figures['offered'] / 1e6:.2f} M/s, "
          f"{figures['lines_a_second'] / 1e6:.2f} M lines/s, lost {lost or 'nothing'}, "
          f"{figures['cpu_ns_a_line']:.0f} ns of xdptail a line{sender}", file=sys.stderr, flush=True)
    return {"output": output, **figures, "lossless": not lost}


def search(rig, output, seconds):
    """The best lossless run, or None, and all that were tried."""
    tried = [attempt(rig, output, 0, seconds)]
    low, high = tried[0]["offered"] / 2, tried[0]["offered"]
    while not tried[0]["lossless"] and len(tried) <= STEPS:
        middle = int((low + high) / 2)
        tried.append(attempt(rig, output, middle, seconds))
        low, high = (middle, high) if tried[-1]["lossless"] else (low, middle)
    good = [run for run in tried if run["lossless"]]
    return max(good, key=lambda run: run["lines_a_second"], default=None), tried


def sentence(output, best, bare):
    values = sorted(run["lines_a_second"] for run in best)
    if not values:
        return f"lines a second to a {output}, nothing lost: none of the rates that were tried"
    middle = statistics.median(values)
    limit = ""
    if not any(run["rate"] for run in best):
        limit = "; the generator's most with this program, so it is the limit"
    verdict = "reached" if middle >= WANTED else "not reached"
    wide = f"{values[0] / 1e6:.2f} … {values[-1] / 1e6:.2f}, {len(values)} runs"
    return (f"lines a second to a {output}, nothing lost: {middle / 1e6:.2f} million ({wide}){limit}; wanted "
            f"{WANTED / 1e6:.1f}: {verdict}. Bare XDP_PASS: {bare['offered'] / 1e6:.2f} million frames; "
            f"{bare['offered_a_cpu_second'] / 1e6:.2f} if no other program took time on that core")


def main():
    build = sys.argv[-1]
    if os.geteuid() != 0:
        sys.exit("lines.py: network namespaces and XDP need root")
    end_on_signals()
    rounds, seconds = int(os.environ.get("ROUNDS", "3")), float(os.environ.get("SECONDS", "3"))
    result = {"machine": report.machine(), "ring_mb": RING_MB, "runs": []}
    if "--smoke" in sys.argv:
        with Rig(build) as rig:
            for output in OUTPUTS:
                attempt(rig, output, 0, SMOKE_S)
        return
    with Rig(build) as rig:
        result["bare"] = bare_rate(rig, int(MOST * seconds))
        for output in OUTPUTS:
            good, tried = search(rig, output, seconds)
            again = [attempt(rig, output, good["rate"], seconds) for _ in range(rounds - 1)] if good else []
            best = [run for run in [good, *again] if run and run["lossless"]]
            result["runs"] += tried + again
            result[output] = sentence(output, best, result["bare"])
    os.makedirs(os.path.join(build, "bench"), exist_ok=True)
    with open(os.path.join(build, "bench", "lines.json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    print(*(result[output] for output in OUTPUTS), sep="\n")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"lines.py: {failure}")
