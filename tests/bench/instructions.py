#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""instructions.py HOT_PATHS [NAME...]: instructions that each hot path takes, against instructions.txt.

Callgrind counts them, so they are the same in every run and on every machine that has the same compiler.
What counts is what our own object executes; what a library does on its behalf (memcpy() in the
variant that the CPU likes, libpcap) is printed, and not compared. 5 % more fails.

With names of paths: the functions that each of them spends its instructions in.
"""

import collections
import pathlib
import re
import subprocess
import sys
import tempfile

TOLERANCE = 5  # percent
FILE = pathlib.Path(__file__).with_name("instructions.txt")


def read_file():
    """The compiler that the figures are of, and the figures."""
    rows = dict(line.rsplit(" ", 1) for line in FILE.read_text().splitlines()
                if line and not line.startswith("#"))
    return rows.pop("compiler gcc"), {name: int(figure) for name, figure in rows.items()}


def compiler():
    """As instructions.txt names it."""
    def gcc(option):
        return subprocess.run(["gcc", option], capture_output=True, text=True,
                              check=True).stdout.strip()
    return f"{gcc('-dumpversion').split('.')[0]}-{gcc('-dumpmachine').split('-')[0]}"


def run(hot_paths, where):
    """Names of paths with how often each was done, in order; callgrind leaves a file for each."""
    def names_and_times(command):
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        return [(name, int(times)) for name, times in map(str.split, out.splitlines())]

    # a pattern with a star does for the former option alone (3.19)
    return names_and_times(["valgrind", "-q", "--tool=callgrind", "--toggle-collect=hot_*",
                            f"--callgrind-out-file={where}/out"] +
                           [f"--dump-after=hot_{name}" for name, _ in names_and_times([hot_paths])] +
                           [hot_paths])


def costs(path):
    """Of a file of callgrind's: instructions of each (object, function) itself.

    Format: valgrind's manual, "Callgrind Format Specification". "(7) name" gives a number to a name,
    "(7)" stands for it later; a line of costs is a position and a number, and the one behind "calls="
    is what the called function took, which is told where that function is.
    """
    names, found = {}, collections.Counter()
    ob = fn = called = None

    def name(kind, text):
        number, given = re.fullmatch(r"(\(\d+\))(?: (.*))?", text).groups()
        if given is not None:
            names[kind, number] = given
        return names[kind, number]

    for line in path.read_text().splitlines():
        key, _, value = line.partition("=")
        if key in ("ob", "cob", "fn", "cfn"):
            value = name(key[-2:], value)
            ob, fn = (value, fn) if key == "ob" else (ob, value) if key == "fn" else (ob, fn)
        elif key == "calls":
            called = True
        elif re.match(r"[+*\d-]", line):
            if not called:
                found[ob, fn] += int(line.split()[1])
            called = False
    return found


def measure(hot_paths):
    """Of each path: how often it was done, and its costs by object and function."""
    with tempfile.TemporaryDirectory() as where:
        paths = run(hot_paths, where)
        found = {}
        for number, (name, times) in enumerate(paths, 1):
            out = pathlib.Path(where, f"out.{number}")
            if f"--dump-after=hot_{name}\n" not in out.read_text():
                sys.exit(f"instructions.py: {out.name} is not about {name}")
            found[name] = times, costs(out)
    return found


def per_time(times, counted, is_ours):
    return round(sum(n for (ob, _), n in counted.items() if is_ours(ob)) / times)


def verdict(got, want):
    """A sentence, empty if all is well; and whether it fails."""
    if got * 100 > want * (100 + TOLERANCE):
        return f"FAILED: want {want}, and {TOLERANCE} % more at most", True
    if got * 100 < want * (100 - TOLERANCE):
        return f"instructions.txt can be lowered: is {want}", False
    return "", False


def compare(found, ours, want):
    """Print all; is every one as it should be? want: None if there is nothing to compare with."""
    failed = want is not None and found.keys() != want.keys()
    if failed:
        print(f"FAILED: instructions.txt has {', '.join(want)}; there are {', '.join(found)}")
    for name, (times, counted) in found.items():
        got = per_time(times, counted, lambda ob: ob == ours)
        rest = per_time(times, counted, lambda ob: ob != ours)
        words, fails = verdict(got, want[name]) if want and name in want else ("", False)
        failed |= fails
        print(f"{name:10} {got:8} instructions, and {rest} in libraries  {words}".rstrip())
    return not failed


def show(times, counted):
    for (ob, fn), n in counted.most_common(25):
        print(f"  {n / times:10.1f}  {fn}  ({pathlib.Path(ob).name})")


def main():
    hot_paths = str(pathlib.Path(sys.argv[1]).resolve())
    made_by, want = read_file()
    found = measure(hot_paths)
    if len(sys.argv) > 2:
        for name in sys.argv[2:]:
            print(name)
            show(*found[name])
        return 0
    if compiler() != made_by:
        compare(found, hot_paths, None)
        print(f"skipped: instructions.txt is about gcc {made_by}, and this is gcc {compiler()}")
        return 0
    return 0 if compare(found, hot_paths, want) else 1


if __name__ == "__main__":
    sys.exit(main())
