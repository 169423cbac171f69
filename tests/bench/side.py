#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-2-Clause
"""side.py [--smoke] BUILD: xdptail beside the tools that people use now, on the same traffic.

Each round gives every rate to every tool in turn; the order is another one in each round. ROUNDS, SECONDS
of traffic a run, and RATES in packets a second (0: as fast as it goes) come from the environment; so does
ONLY, a regular expression that rows match which are to be run. Writes BUILD/bench/side.json and side.md.
With --smoke one short round, of which everything is looked at but times: smoke.json and smoke.md.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import report
import tools
from rig import Failure, Reading, Rig, end_on_signals, leavings, wait_for

FLAT_OUT = 700000  # about what tcpreplay does over veth: how many frames a second of such a run has
RATES = "20000 100000 0"
SMOKE_FRAMES = 3000
START_QUIET_S = 0.3


class PipeReader(threading.Thread):
    """Takes what a tool writes to a pipe, and counts; not in the tool's account."""

    def __init__(self, needle):
        super().__init__(daemon=True)
        self.needle = needle
        self.found = 0
        self.fd, self.write_end = os.pipe()
        self.start()

    def run(self):
        tail = b""
        while True:
            chunk = os.read(self.fd, 1 << 20)
            if not chunk:
                break
            chunk = tail + chunk
            self.found += chunk.count(self.needle)
            tail = chunk[-len(self.needle) + 1:] if len(self.needle) > 1 else b""
        os.close(self.fd)


class Run:
    """One tool, one rate."""

    def __init__(self, rig, tool):
        self.rig = rig
        self.tool = tool
        self.dir = rig.dir
        self.out = os.path.join(rig.dir, "out")
        self.err = os.path.join(rig.dir, "err")
        self.reader = self.process = self.packets = None
        self.sent = 0

    def make_reader(self, needle):
        return PipeReader(needle)

    def stderr(self):
        with open(self.err, encoding="utf-8", errors="replace") as file:
            said = file.read()
        if self.tool.output == "file":
            with open(self.out, "rb") as file:  # pmacctd says it there
                file.seek(max(0, os.path.getsize(self.out) - 4096))
                said += file.read().decode("utf-8", "replace")
        return said

    def listens(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.tool.name} ended: {self.stderr()[-500:]}")
        if self.tool.hook == "xdp":
            return self.rig.link.has_xdp()
        where = {"packet": "packet", "log": "netfilter/nfnetlink_log"}[self.tool.hook]
        with open(f"/proc/{self.process.pid}/net/{where}", encoding="ascii") as file:
            return len(file.readlines()) > (self.tool.hook == "packet")

    def start(self):
        if self.tool.mode:
            self.rig.link.attach(self.tool.mode, self.rig.build + "/bpf/single.bpf.o")
        if not self.tool.argv:
            return
        argv = [word.format(build=self.rig.build, dir=self.dir) for word in self.tool.argv]
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            stdout = out
            if self.tool.output == "pipe":
                ours = argv[0].endswith("/xdptail")
                self.reader = self.make_reader(tools.PACKET_LINE if ours else tools.TCPDUMP_LINE)
                stdout = self.reader.write_end
            elif self.tool.output == "null":
                stdout = subprocess.DEVNULL
            self.process = self.rig.start(argv, stdout, err)
        if self.reader:
            os.close(self.reader.write_end)
        wait_for(self.listens, f"the start of {self.tool.name}")
        self.rig.settle(START_QUIET_S)

    def stop(self):
        if self.process:
            self.process.send_signal(self.tool.stop)
            self.process.wait()
            wait_for(self.rig.group.is_empty, f"the end of {self.tool.name}")
        if self.reader:
            self.reader.join()
        if self.tool.mode:
            self.rig.link.detach(self.tool.mode)
        wait_for(self.rig.link.is_clear, f"{self.tool.name} to leave the interface")

    def idle_share(self):
        """Of a core, what the tool takes without traffic."""
        if not self.tool.idle_s:
            return 0
        before = Reading(self.rig)
        time.sleep(self.tool.idle_s)
        after = Reading(self.rig)
        return (after.tool - before.tool) / (after.at - before.at)

    def wait_until_done(self):
        if self.tool.idle_s:
            time.sleep(self.tool.quiet_s)
        else:
            self.rig.settle(self.tool.quiet_s)

    def figures(self, rate, count):
        self.start()
        idle = self.idle_share()
        before = Reading(self.rig)
        self.sent, seconds = self.rig.replay(rate, count)
        self.wait_until_done()
        after = Reading(self.rig)
        self.stop()
        records, said_lost = self.tool.count(self)
        return {"tool": self.tool.name, "rate": rate, "sent": self.sent, "seconds": seconds, "records": records,
                "said_lost": said_lost, "packets": self.packets, "idle_share": idle,
                "cpu_ns": after.tool - before.tool - idle * (after.at - before.at),
                "stop_ns": self.rig.group.ns() - after.tool, "machine_ns": after.machine_since(before),
                "road_ns": after.road - before.road, "window_ns": after.at - before.at}


def clear(rig):
    for name in os.listdir(rig.dir):
        if name != os.path.basename(rig.capture):
            os.unlink(os.path.join(rig.dir, name))


def measure(rig, tool, rate, count):
    undo = tool.setup(rig) if tool.setup else lambda: None
    try:
        return Run(rig, tool).figures(rate, count)
    finally:
        undo()
        clear(rig)


def plan(rates, smoke):
    """Which tools are run at which rate; those with a row of their own at one rate get the middle one."""
    only = re.compile(os.environ.get("ONLY", ""))
    paced = sorted(rate for rate in rates if rate)
    middle = paced[len(paced) // 2] if paced else rates[0]
    for rate in rates:
        for tool in tools.TOOLS:
            wanted = tool.smoke if smoke else tool.all_rates or rate == middle
            possible = not tool.rate_max or 0 < rate <= tool.rate_max
            if wanted and possible and only.search(tool.name) and tool.is_here():
                yield rate, tool


def check_plausible(figures):
    """What must be so however busy the machine is."""
    tool = next(tool for tool in tools.TOOLS if tool.name == figures["tool"])
    sent, records, lost = figures["sent"], figures["records"], figures["said_lost"] or 0
    if tool.records == "none":
        return
    if tool.records == "counts":
        fits = 0 < records <= sent and figures["packets"] + lost == sent
    elif tool.name.startswith("xdptail"):
        fits = records + lost == sent // tool.every
    else:
        fits = 0 < records <= sent and (figures["said_lost"] is None or records + lost >= sent)
    if not fits:
        raise Failure(f"{tool.name}: {sent} frames were sent, and it has {records} records, {lost} lost "
                      f"(packets in its counts: {figures['packets']})")


def rounds_of(rig, rounds, seconds, rates, smoke):
    for number in range(rounds):
        cells = list(plan(rates, smoke))
        first = number * len(cells) // rounds
        for rate, tool in cells[first:] + cells[:first]:
            count = SMOKE_FRAMES if smoke else int((rate or FLAT_OUT) * seconds)
            figures = {"round": number, **measure(rig, tool, rate, count)}
            if tool.name.startswith("xdptail") or smoke:
                check_plausible(figures)
            print(f"round {number + 1}/{rounds} {report.rate_name(rate):>10} {tool.name:<32}"
                  f" {figures['records']:>8} records {figures['cpu_ns'] / max(1, figures['records']):>8.0f} ns each",
                  file=sys.stderr, flush=True)
            yield figures


def make_capture(rig):
    subprocess.run([os.path.join(os.path.dirname(__file__), "mix.py"), rig.capture], check=True)


def left_out():
    missing = {tool.program(): "not installed" for tool in tools.TOOLS if not tool.is_here()}
    return {**missing, **tools.LEFT_OUT}


def write(build, name, result):
    """NAME.json and NAME.md; the text of the latter."""
    path = os.path.join(build, "bench", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    with open(path + ".json", encoding="utf-8") as file:
        text = report.markdown(json.load(file))
    with open(path + ".md", "w", encoding="utf-8") as file:
        file.write(text)
    return text


def check_written(text):
    """That the table has a row for each tool and its ratios, and that nothing stayed."""
    for tool in tools.TOOLS:
        if tool.smoke and tool.is_here() and f"\n| {tool.name} |" not in text:
            raise Failure(f"smoke.md has no row of {tool.name}")
    if shutil.which("tcpdump") and "line, tcpdump -nn |" not in text:
        raise Failure("smoke.md has no ratio to tcpdump -nn")
    if leavings():
        raise Failure(f"left behind: {', '.join(leavings())}")


def main():
    smoke = "--smoke" in sys.argv
    build = sys.argv[-1]
    if os.geteuid() != 0:
        sys.exit("side.py: network namespaces and XDP need root")
    end_on_signals()
    rounds = 1 if smoke else int(os.environ.get("ROUNDS", "3"))
    seconds = float(os.environ.get("SECONDS", "1.5"))
    rates = [10000] if smoke else [int(rate) for rate in os.environ.get("RATES", RATES).split()]
    with Rig(build) as rig:
        make_capture(rig)
        runs = list(rounds_of(rig, rounds, seconds, rates, smoke))
    result = {"machine": report.machine(), "versions": report.versions(os.path.realpath(build)),
              "left_out": left_out(), "rounds": rounds, "seconds": seconds, "rates": rates, "runs": runs}
    text = write(build, "smoke" if smoke else "side", result)
    print(text)
    if smoke:
        check_written(text)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"side.py: {failure}")
