# SPDX-License-Identifier: BSD-2-Clause
"""The rig of the side-by-side bench: a veth pair in namespaces of its own, tcpreplay at one end and a tool at
the other, each on a core of its own, and what the tool and the whole machine spend meanwhile.

A tool runs in a control group (cgroup v2), whose account has every thread and child, dead or alive, in
microseconds. For the machine there are two. /proc/stat has all that is not idle, waiting for a disk, or stolen,
so interrupts and softirqs are in it; but in hundredths of a second, and with whatever else runs. The road is the
tool, the generator (in whose time the kernel delivers its frames, XDP program and all) and ksoftirqd together:
exact, but blind to interrupts that hit others, and to what the disk's threads do. On a quiet machine they agree.
"""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

GENERATOR_CORE = min(os.sched_getaffinity(0))
TOOL_CORE = max(os.sched_getaffinity(0))
POLL_S = 0.05
QUIET_NS = 1000000  # a tool that spends less than this in its quiet time has nothing left to do
PATIENCE_S = 60
INTERFACE = "bench1"


class Failure(Exception):
    """What went wrong, in a sentence."""


def run(*argv, enter=None):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, preexec_fn=enter)
    if done.returncode:
        raise Failure(f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()[:500]}")
    return done.stdout


def wait_for(condition, what, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(POLL_S)


def is_stale(path):
    """Of a namespace or control group: has the bench ended that made it, by a signal that it could not catch?"""
    return not os.path.exists(f"/proc/{os.path.basename(path).split('-')[2]}")


class Group:
    """A control group: whoever is put into it, and all that it starts."""

    def __init__(self, name):
        self.mounted = None
        root = self.find_root()
        for path in glob.glob(f"{root}/xdptail-side-*"):
            if is_stale(path):
                self.empty(path)
        self.path = os.path.join(root, name)
        os.mkdir(self.path)

    def find_root(self):
        with open("/proc/self/mounts", encoding="ascii") as mounts:
            for line in mounts:
                _, where, kind, options = line.split()[:4]
                if kind == "cgroup2" and "rw" in options.split(","):
                    return where
        self.mounted = tempfile.mkdtemp(prefix="xdptail-cgroup-")
        run("mount", "-t", "cgroup2", "none", self.mounted)
        return self.mounted

    def join(self):
        with open(self.path + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write("0")

    def ns(self):
        with open(self.path + "/cpu.stat", encoding="ascii") as file:
            return int(re.search(r"usage_usec (\d+)", file.read()).group(1)) * 1000

    def is_empty(self, path=None):
        with open((path or self.path) + "/cgroup.events", encoding="ascii") as file:
            return "populated 0" in file.read()

    def empty(self, path):
        """End who is in it, and it."""
        if not self.is_empty(path):
            with open(path + "/cgroup.kill", "w", encoding="ascii") as file:
                file.write("1")
            wait_for(lambda: self.is_empty(path), "the end of a tool")
        os.rmdir(path)

    def close(self):
        self.empty(self.path)
        if self.mounted:
            run("umount", self.mounted)
            os.rmdir(self.mounted)


def away_ticks():
    """Of all CPUs: idle, waiting for a disk, stolen by the hypervisor."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return fields[3] + fields[4] + fields[7]


def find_ksoftirqd():
    """Where the kernel says what those threads have spent; each is bound to a CPU."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="ascii") as file:
                if file.read().startswith("ksoftirqd/"):
                    found.append(path.replace("comm", "schedstat"))
        except OSError:
            pass  # it has ended
    return found


def spent_ns(paths):
    total = 0
    for path in paths:
        with open(path, encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


class Reading:
    """The accounts at one moment."""

    def __init__(self, rig):
        self.at = time.monotonic_ns()
        self.away = away_ticks()
        self.tool = rig.group.ns()
        self.road = self.tool + rig.sender.ns() + spent_ns(rig.ksoftirqd)

    def machine_since(self, before):
        """Nanoseconds that CPUs were busy."""
        tick = 1000000000 // os.sysconf("SC_CLK_TCK")
        return (self.at - before.at) * os.cpu_count() - (self.away - before.away) * tick


class Link:
    """bench0 in one namespace, bench1 in another; both go when it is closed."""

    def __init__(self):
        self.near = f"xdptail-side-{os.getpid()}-a"
        self.far = f"xdptail-side-{os.getpid()}-b"

    def create(self):
        for path in glob.glob("/run/netns/xdptail-side-*"):
            if is_stale(path):
                run("ip", "netns", "del", os.path.basename(path))
        for namespace in self.near, self.far:
            run("ip", "netns", "add", namespace)
            run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1",
                "net.ipv6.conf.all.disable_ipv6=1")
        run("ip", "link", "add", "bench0", "netns", self.near, "type", "veth", "peer", "name", INTERFACE,
            "netns", self.far)
        run("ip", "-n", self.near, "link", "set", "bench0", "up")
        run("ip", "-n", self.far, "link", "set", INTERFACE, "up")
        run("ip", "-n", self.far, "link", "set", "lo", "up")

    def close(self):
        for namespace in self.near, self.far:
            if os.path.exists(f"/run/netns/{namespace}"):
                run("ip", "netns", "del", namespace)

    def attach(self, mode, path):
        run("ip", "-n", self.far, "link", "set", "dev", INTERFACE, mode, "obj", path, "program", "pass")

    def detach(self, mode):
        run("ip", "-n", self.far, "link", "set", "dev", INTERFACE, mode, "off")

    def has_xdp(self):
        return "xdp" in json.loads(run("ip", "-n", self.far, "-j", "link", "show", "dev", INTERFACE))[0]

    def is_clear(self):
        return not self.has_xdp()

    def received(self):
        """Frames that arrived at bench1, by the kernel's own count."""
        stats = json.loads(run("ip", "-n", self.far, "-j", "-s", "link", "show", "dev", INTERFACE))[0]
        return stats["stats64"]["rx"]["packets"]


class Rig:
    """The link, control groups for the tool and the sender, and a directory for what tools write."""

    def __init__(self, build):
        self.build = os.path.realpath(build)
        self.dir = tempfile.mkdtemp(prefix="xdptail-side-")
        self.ksoftirqd = find_ksoftirqd()
        self.capture = os.path.join(self.dir, "mix.pcap")
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, self.dir, ignore_errors=True)
            self.link = Link()
            stack.callback(self.link.close)
            self.link.create()
            self.sender = Group(f"xdptail-side-{os.getpid()}-sender")
            stack.callback(self.sender.close)
            self.group = Group(f"xdptail-side-{os.getpid()}-tool")
            stack.callback(self.group.close)
            self.stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    @staticmethod
    def enter(group, core):
        """What a child does first."""
        wait_for(lambda: core in os.sched_getaffinity(0), f"CPU {core}, which has been taken away, to be back")

        def join():
            group.join()
            os.sched_setaffinity(0, {core})

        return join

    def start(self, argv, stdout, stderr):
        return subprocess.Popen(["ip", "netns", "exec", self.link.far, *argv], stdin=subprocess.DEVNULL,
                                stdout=stdout, stderr=stderr, cwd=self.dir,
                                preexec_fn=self.enter(self.group, TOOL_CORE),
                                env={**os.environ, "TMPDIR": self.dir, "LC_ALL": "C"})

    def settle(self, quiet_s, patience_s=PATIENCE_S):
        """Wait until the tool has spent next to nothing for so long; at which time.monotonic() that began."""
        end = time.monotonic() + patience_s
        since, spent = time.monotonic(), self.group.ns()
        while time.monotonic() - since < quiet_s:
            if time.monotonic() > end:
                raise Failure(f"a tool still works {patience_s} s after the last frame")
            time.sleep(POLL_S)
            now = self.group.ns()
            if now - spent > QUIET_NS:
                since, spent = time.monotonic(), now
        return since

    def flood(self, rate, count, sources=2000):
        """Send count frames of 64 bytes that the kernel makes (live_frames.c); how many arrived, and seconds."""
        before = self.link.received()
        out = run("ip", "netns", "exec", self.link.near, self.build + "/tests/bench/live_frames", "bench0",
                  str(count), str(rate), str(sources), enter=self.enter(self.sender, GENERATOR_CORE))
        return self.link.received() - before, float(out.split()[1])

    def replay(self, rate, count):
        """Send count frames of the capture, rate a second or, for 0, as fast as it goes; frames and seconds."""
        pace = ["--topspeed"]
        if rate:  # it sleeps between bursts of a millisecond: by default it would spin, and take a core
            pace = [f"--pps={rate}", f"--pps-multi={max(1, rate // 1000)}", "--timer=nano"]
        before = self.link.received()
        out = run("ip", "netns", "exec", self.link.near, "tcpreplay", "-q", "-i", "bench0", "--preload-pcap",
                  "--no-flow-stats", *pace, "--loop=0", f"--limit={count}", self.capture,
                  enter=self.enter(self.sender, GENERATOR_CORE))
        sent = int(re.search(r"Actual: (\d+) packets", out).group(1))
        seconds = float(re.search(r"sent in ([\d.]+) seconds", out).group(1))
        if self.link.received() - before != sent:
            raise Failure(f"of {sent} frames, {self.link.received() - before} arrived at {INTERFACE}")
        return sent, seconds


def leavings():
    """What a rig of this process has left, which is nothing."""
    mine = f"xdptail-side-{os.getpid()}-"
    with open("/proc/self/mounts", encoding="utf-8") as file:
        groups = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    return glob.glob(f"/run/netns/{mine}*") + [path for root in groups for path in glob.glob(f"{root}/{mine}*")]


def end_on_signals():
    """So that finally: and with: happen when the bench is stopped."""
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        signal.signal(number, lambda *_: sys.exit(130))
