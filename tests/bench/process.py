#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""process.py BUILD [--brief] [FIGURE...]: what the command costs as a process, on a veth pair in namespaces of
its own. A line of JSON each:

  idle     wakeups a second of all its threads while nothing comes
  startup  milliseconds from its start to its first packet line on stdout, while packets come
  memory   KiB that are resident, less the ring, after a while of every packet logged to two outputs. Queues are as
           small as they can be (64K), and there is one source, so that the table of sources is all but
           empty: what they do take is counted
  growth   KiB that are resident, less the ring, at the end of two minutes beyond those in the middle: flat out from
           60 000 sources, all of them listed each second, every packet logged
  gap      milliseconds that a sample has waited in the ring at most: flat out from 65 536 sources, all of
           them listed each second, and an output that nobody reads

--brief: a short time, and once.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

PACED = 10000  # packets a second
FOREVER = 2 ** 32 - 1  # packets: until the sender is ended
LOGGED = 300000  # packets of the memory figure …
LOGGED_PACE = 100000  # … and how many of them a second
LISTENING = "listening on"


class Rig:
    """The pair, a directory, and whoever was started in it."""

    def __init__(self, build, stack):
        self.xdptail = str(build / "xdptail")
        self.traffic = str(build / "tests/system/traffic")
        self.stack = stack
        self.here, self.there = (f"xdptail-process-{os.getpid()}-{end}" for end in "ab")
        self.dir = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for namespace in (self.here, self.there):
            run("ip", "netns", "add", namespace)
            stack.callback(run, "ip", "netns", "del", namespace)
            run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "link", "add", "bench0", "netns", self.here, "type", "veth",
            "peer", "name", "bench1", "netns", self.there)
        run("ip", "-n", self.here, "link", "set", "bench0", "up")
        run("ip", "-n", self.there, "link", "set", "bench1", "up")

    @contextlib.contextmanager
    def started(self, namespace, *argv, **popen):
        """A process, which is ended, however this ends."""
        process = subprocess.Popen(["ip", "netns", "exec", namespace, *argv], **popen)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()

    @contextlib.contextmanager
    def tail(self, *options, stdout=subprocess.DEVNULL):
        """The command, once it listens. Its messages are read to their end when it is over."""
        with self.started(self.there, self.xdptail, "-i", "bench1", "-a", *options,
                          stdout=stdout, stderr=subprocess.PIPE, text=True) as process:
            said = []
            for line in process.stderr:
                said.append(line)
                if LISTENING in line:
                    break
            else:
                sys.exit(f"process.py: xdptail did not start: {''.join(said)}")
            yield process

    def send(self, *arguments):
        """As tests/system/traffic.c takes them; returns when all are sent."""
        run("ip", "netns", "exec", self.here, self.traffic, "bench0", *map(str, arguments))

    def sending(self, *arguments):
        return self.started(self.here, self.traffic, "bench0", *map(str, arguments),
                            stdout=subprocess.DEVNULL)


def run(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def tell(figure, unit, rounds, **more):
    print(json.dumps({"bench": "process", "figure": figure, **more, unit: rounds}), flush=True)


def sleeps(pid):
    """How often all threads went to sleep, so woke up."""
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), re.M)[1])
               for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"))


def idle(rig, brief):
    for transport in ("ringbuf", "perf"):
        rounds = []
        with rig.tail("-N", "1", "--transport", transport) as tail:
            for _ in range(1 if brief else 5):
                before, began = sleeps(tail.pid), time.monotonic()
                time.sleep(1 if brief else 5)
                rounds.append(round((sleeps(tail.pid) - before) / (time.monotonic() - began), 1))
        tell("idle", "per_s", rounds, transport=transport)


def first_packet(rig, transport):
    """Milliseconds; that of ip netns exec, which starts it, is in them."""
    began = time.monotonic()
    with rig.started(rig.there, rig.xdptail, "-q", "-i", "bench1", "-a", "-N", "1", "--transport", transport,
                     "--duration", "20", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tail:
        for line in tail.stdout:
            if '"event_type":"packet"' in line:
                took = time.monotonic() - began
                tail.stdout.close()  # or it would wait for us when it ends
                return round(took * 1000, 1)
    return sys.exit("process.py: xdptail has ended without a packet")


def startup(rig, brief):
    with rig.sending(FOREVER, PACED):
        for transport in ("ringbuf", "perf"):
            tell("startup", "ms", [first_packet(rig, transport) for _ in range(1 if brief else 15)],
                 transport=transport)


def resident(pid):
    """KiB by what is mapped, and by what is asked of it: Rss, Pss, Private."""
    found = {"Rss": 0, "Pss": 0, "Private": 0, "ring": 0}
    mapped = ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        key, *words = line.split()
        if re.match(r"[0-9a-f]+-", key):
            mapped = words[4] if len(words) > 4 else ""
            continue
        kind = key.rstrip(":").split("_")[0] if key.startswith("Private_") else key.rstrip(":")
        if kind == "Rss" and mapped.startswith("anon_inode:"):
            found["ring"] += int(words[0])
        elif kind in ("Rss", "Pss", "Private") and not mapped.startswith("anon_inode:"):
            found[kind] += int(words[0])
    return found


def memory(rig, brief):
    rounds = {}
    for _ in range(1 if brief else 3):
        stream = rig.dir / "stream"
        with rig.tail("-N", "1", "-o", f"file:{stream},queue=64K", "-o", "stdout,queue=64K") as tail:
            rig.send(LOGGED // 10 if brief else LOGGED, LOGGED_PACE, 1)
            for key, kib in resident(tail.pid).items():
                rounds.setdefault(key, []).append(kib)
        stream.unlink()
    for key, kib in rounds.items():
        tell("memory", "kib", kib, of=key)


def growth(rig, brief):
    half = 2 if brief else 60
    with rig.tail("-N", "1", "--interval", "1", "--top", "0") as tail, rig.sending(FOREVER, 0, 60000):
        time.sleep(half)
        middle = resident(tail.pid)["Rss"]
        time.sleep(half)
        tell("growth", "kib", [resident(tail.pid)["Rss"] - middle], of=f"{middle} in the middle")


def longest_wait(rig, seconds):
    """Of the sums of the run, in its file; stdout is a pipe that nobody reads."""
    stream = rig.dir / "stream"
    with rig.tail("-N", "1", "--interval", "1", "--top", "0", "--ring-size", "64M",
                  "-o", f"file:{stream}", "-o", "stdout", stdout=subprocess.PIPE) as tail:
        with rig.sending(FOREVER, 0, 65536):
            for _ in range(seconds):
                time.sleep(1)
                tail.send_signal(signal.SIGUSR1)  # one more snapshot
        tail.stdout.close()  # likewise
        tail.terminate()
        tail.wait()
    with stream.open() as lines:
        total = next(json.loads(line) for line in lines
                     if '"event_type":"stats"' in line and '"total":true' in line)
    stream.unlink()
    return total


def gap(rig, brief):
    totals = [longest_wait(rig, 2 if brief else 5) for _ in range(1 if brief else 3)]
    tell("gap", "ms", [total["longest_wait_ms"] for total in totals],
         delivered=[total["delivered"] for total in totals],
         lost=[total["sampled"] - total["delivered"] for total in totals])


FIGURES = {"idle": idle, "startup": startup, "memory": memory, "growth": growth, "gap": gap}


def main():
    names = [name for name in sys.argv[2:] if name != "--brief"] or list(FIGURES)
    if os.geteuid() != 0:
        sys.exit("process.py: network namespaces and XDP need root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        rig = Rig(pathlib.Path(sys.argv[1]).resolve(), stack)
        for name in names:
            FIGURES[name](rig, "--brief" in sys.argv)


if __name__ == "__main__":
    main()
