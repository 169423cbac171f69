#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""reading.py BUILD [--brief]: how fast captures and streams are read, from warm files, without privileges. A
line of JSON each:

  capture  packets and MB a second, of a capture of 64-byte frames from 1000 sources, to /dev/null: one record in a
           thousand packets, and one for each
  audit    lines and MB a second, of the stream that this makes; of the same with a key that others have added to
           each line; of ten thousand and a hundred thousand runs in one file. Their CPU times a line are to be
           beside each other's, whatever the machine

They take turns, round by round. By the clock, and by the CPU time of the process, which is less when it waits, and
more when there are threads. --brief: a small file, and once.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FRAMES = 2000000
BRIEF_FRAMES = 20000
ROUNDS = 5


def timed(argv, stdout=subprocess.DEVNULL):
    """Seconds by the clock, and of CPU time."""
    began = time.monotonic()
    process = subprocess.Popen(argv, stdout=stdout)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # a stream of packets alone: the audit finds that it is filtered, and says so
    if process.returncode not in (0, 1):
        sys.exit(f"reading.py: {' '.join(argv)}: exit status {process.returncode}")
    return time.monotonic() - began, used.ru_utime + used.ru_stime


def lines_of(path):
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def write_with_key(stream, to):
    """As rsyslog adds it."""
    with stream.open() as lines, to.open("w") as file:
        file.writelines(f'{line[:-2]},"fromhost":"web1"}}\n' for line in lines)


def write_runs(stream, to, runs):
    """The run without its packets and counts, so many times. Returns the number of lines."""
    with stream.open() as lines:
        kept = [line for line in lines if '"event_type":"packet"' not in line and '"event_type":"count"' not in line]
    text = "".join(kept)
    was = json.loads(kept[0])["run"]
    with to.open("w") as file:
        file.writelines(text.replace(was, f"{number:016x}") for number in range(runs))
    return runs * len(kept)


def main():
    build, brief = pathlib.Path(sys.argv[1]).resolve(), "--brief" in sys.argv
    frames = BRIEF_FRAMES if brief else FRAMES
    with tempfile.TemporaryDirectory() as where:
        capture, stream = pathlib.Path(where, "capture"), pathlib.Path(where, "stream")
        with capture.open("wb") as file:
            subprocess.run([build / "tests/system/make_capture", "-n", str(frames), "-S", "1000", "-g", "1000"],
                           stdout=file, check=True)
        read = [str(build / "xdptail"), "-q", "-r", str(capture), "-a", "-N"]
        with stream.open("wb") as file:
            timed([*read, "1"], file)
        lines = lines_of(stream)
        if lines < frames:
            sys.exit(f"reading.py: {lines} lines of {frames} frames")
        added, some, many = (pathlib.Path(where, name) for name in ("added", "some", "many"))
        write_with_key(stream, added)
        runs = [write_runs(stream, path, n // 100 if brief else n) for path, n in ((some, 10000), (many, 100000))]
        audit = [str(build / "xdptail"), "audit"]
        works = (("capture, N=1000", [*read, "1000"], frames, capture),
                 ("capture, N=1", [*read, "1"], frames, capture),
                 ("audit", [*audit, str(stream)], lines, stream),
                 ("audit, a key added", [*audit, str(added)], lines, added),
                 ("audit, 10 000 runs", [*audit, str(some)], runs[0], some),
                 ("audit, 100 000 runs", [*audit, str(many)], runs[1], many))
        rounds = [[timed(argv) for _, argv, _, _ in works] for _ in range(1 if brief else ROUNDS)]
        for (name, _, items, path), times in zip(works, zip(*rounds)):
            megabytes = path.stat().st_size / 1e6
            print(json.dumps({
                "bench": "reading", "figure": name,
                "items_per_s": [round(items / wall) for wall, _ in times],
                "mb_per_s": [round(megabytes / wall, 1) for wall, _ in times],
                "cpu_ns_per_item": [round(cpu * 1e9 / items, 1) for _, cpu in times]}))


if __name__ == "__main__":
    main()
