#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""micro.py [--smoke] BUILD: run the microbenchmarks, print what they found, and hold it against the figures that
the design wants. All of it, with every round, is in BUILD/bench/micro.json (smoke: micro-smoke.json).

Figures are medians of rounds; ratios are medians of each round's ratio, so that what else the machine did is
in both. --smoke: briefly, and of times it asserts nothing; but every figure must be there.
"""

import json
import pathlib
import statistics
import subprocess
import sys

import report

SOURCES = (1, 1000, 60000)
BASELINE_SOURCES = 1024  # that it has room for
VARIANTS = ("frags", "ring", "perf")


def commands(build, smoke):
    """What is run, as one would type it."""
    brief = ["--brief"] if smoke else []
    return {"kernel": [f"{build}/tests/bench/kernel_cost", *(["1", "2000"] if smoke else [])],
            "line": [f"{build}/tests/bench/line_cost", *(["1", "1000"] if smoke else [])],
            "reading": ["tests/bench/reading.py", build, *brief],
            "process": ["tests/bench/process.py", build, *brief]}


class Found:
    """Every line that the benchmarks wrote, to be asked for by what stands in it."""

    def __init__(self):
        self.lines = []

    def run(self, argv):
        out = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.lines += map(json.loads, out.splitlines())

    def rounds(self, unit, **wanted):
        lines = [line for line in self.lines if wanted.items() <= line.items()]
        if len(lines) != 1 or not lines[0].get(unit):
            sys.exit(f"micro.py: no {unit} of {wanted}")
        return lines[0][unit]

    def kernel(self, program, function, rate, sources):
        return self.rounds("ns", bench="kernel", program=program, function=function, rate=rate, sources=sources)

    def above(self, program, function, rate, sources):
        """What a program adds to a bare XDP_PASS, round by round."""
        bare = self.kernel("bare XDP_PASS", "pass", 0, sources)
        return [all_of_it - pass_alone for all_of_it, pass_alone
                in zip(self.kernel(program, function, rate, sources), bare)]


def ratios(a, b):
    return [x / y for x, y in zip(a, b) if y]


def median(values):
    return statistics.median(values) if values else float("nan")


def spread(values):
    return f"{median(values):9.1f}  ({min(values):.1f} to {max(values):.1f})"


def kernel_table(found):
    print("\nkernel: ns a packet above a bare XDP_PASS, medians; and as a ratio to the baseline's at N=1000")
    print(f"{'':27}{'N':>5}" + "".join(f"{f'{n} sources':>20}" for n in SOURCES))
    programs = {(line["program"], line["function"], line["rate"]) for line in found.lines
                if line["bench"] == "kernel"}
    for program, function, rate in sorted(programs):
        cells = ""
        for sources in SOURCES:
            above = found.above(program, function, rate, sources)
            baseline = found.above("baseline", "count_tcp_packets", 1000, sources)
            cells += f"{median(above):12.1f} {median(ratios(above, baseline)):7.2f}"
        print(f"{program[:8]:8} {function:18}{rate:5}{cells}" if program != "bare XDP_PASS" else
              f"{program:27}{'':5}" + "".join(
                  f"{median(found.kernel(program, function, rate, n)):12.1f} {'':7}" for n in SOURCES))


def other_tables(found):
    print("\nserialising: ns a line, and as a ratio to ours")
    for line in (line for line in found.lines if line["bench"] == "line"):
        ours = found.rounds("ns", bench="line", line=line["line"], writer="xdptail")
        print(f"{line['line']:20} {line['writer']:9} {spread(line['ns'])}  {median(ratios(line['ns'], ours)):6.2f}")
    print("\nreading: packets or lines a second, MB a second, CPU ns each")
    for line in (line for line in found.lines if line["bench"] == "reading"):
        print(f"{line['figure']:20} {median(line['items_per_s']):10.0f} {median(line['mb_per_s']):8.1f} "
              f"{spread(line['cpu_ns_per_item'])}")
    print("\nprocess")
    for line in (line for line in found.lines if line["bench"] == "process"):
        unit = next(unit for unit in ("per_s", "ms", "kib") if unit in line)
        name = f"{line['figure']} {line.get('transport', line.get('of', ''))}"
        print(f"{name:20} {unit:5} {spread(line[unit])}")


def kernel_rows(found):
    """The worst of the variants, both programs, against the baseline's; and the one that this kernel takes."""
    for sources in SOURCES:
        baseline = found.above("baseline", "count_tcp_packets", 1000, sources)
        each = {variant: median(ratios(found.above(variant, "count_tcp_packets", 1000, sources), baseline))
                for variant in VARIANTS}
        room = " (its map made larger)" if sources > BASELINE_SOURCES else ""
        yield {"what": f"kernel time a packet, N=1000, above a bare XDP_PASS, against the baseline's, "
                       f"sources: {sources}{room}", "bench": "kernel", "most": 1.3, "unit": "x",
               "figure": max(each.values()), "note": ", ".join(f"{k} {v:.2f}" for k, v in each.items())}
    for sources in SOURCES:
        ours = found.kernel("ring", "count_packets", 0, sources)
        one = found.kernel("one map", "count_packets", 0, sources)
        bare = found.above("ring", "count_packets", 0, sources)
        one_bare = found.above("one map", "count_packets", 0, sources)
        yield {"what": f"the two generations, against one map never cleared, sources: {sources}",
               "bench": "kernel", "most": 1.1, "unit": "x", "figure": median(ratios(ours, one)),
               "note": f"above a bare XDP_PASS {median(ratios(bare, one_bare)):.2f}"}


def line_rows(found):
    for line in ("TCP over IPv4", "TCP over IPv6"):
        ours = found.rounds("ns", bench="line", line=line, writer="xdptail")
        theirs = found.rounds("ns", bench="line", line=line, writer="json-c")
        yield {"what": f"serialising a packet line, against json-c, {line}", "bench": "line", "most": 1 / 15,
               "unit": "x", "figure": median(ratios(ours, theirs)),
               "note": f"1/{median(ratios(theirs, ours)):.1f}, {median(ours):.0f} ns"}


def process_rows(found):
    def process(unit, **wanted):
        return found.rounds(unit, bench="process", **wanted)

    for transport in ("ringbuf", "perf"):
        yield {"what": f"wakeups a second, idle interface, {transport}", "bench": "process idle", "most": 15,
               "unit": "/s", "figure": median(process("per_s", figure="idle", transport=transport))}
    resident = {of: median(process("kib", figure="memory", of=of)) / 1024 for of in ("Rss", "Pss", "Private")}
    yield {"what": "memory beside maps, ring, queues and merge table: resident, shared libraries included",
           "bench": "process memory", "most": 8, "unit": "MiB", "figure": resident["Rss"],
           "note": f"its part of what is shared counted (PSS) {resident['Pss']:.1f}, its own {resident['Private']:.1f}"}
    yield {"what": "memory's growth from the middle of a flood to its end", "bench": "process growth", "most": 0,
           "unit": "KiB", "figure": median(process("kib", figure="growth"))}
    yield {"what": "longest gap between two drains, under flood, snapshots and a stuck output",
           "bench": "process gap", "most": 100, "unit": "ms", "figure": max(process("ms", figure="gap")),
           "note": f"samples lost {process('lost', figure='gap')} of {process('delivered', figure='gap')}"}
    for transport in ("ringbuf", "perf"):
        yield {"what": f"start to first record, {transport}", "bench": "process startup", "most": 300, "unit": "ms",
               "figure": median(process("ms", figure="startup", transport=transport))}


def command_of(row, argvs):
    bench, *figure = row["bench"].split()
    return " ".join([*argvs[bench], *figure])


def print_rows(rows):
    print("\nfigures to reach (the median of the rounds; of gaps the longest)")
    for row in rows:
        row["reached"] = row["figure"] <= row["most"]
        note = f"  ({row['note']})" if "note" in row else ""
        print(f"{'reached    ' if row['reached'] else 'NOT REACHED'} {row['figure']:8.3f} of at most {row['most']:.3g} "
              f"{row['unit']:4} {row['what']}{note}\n{'':12}{row['command']}")


def main():
    smoke, build = "--smoke" in sys.argv, sys.argv[-1]
    argvs, found = commands(build, smoke), Found()
    for argv in argvs.values():
        print(f"running {' '.join(argv)}", flush=True)
        found.run(argv)
    kernel_table(found)
    other_tables(found)
    rows = [*line_rows(found), *kernel_rows(found), *process_rows(found)]
    for row in rows:
        row["command"] = command_of(row, argvs)
    print_rows(rows)
    out = pathlib.Path(build, "bench", "micro-smoke.json" if smoke else "micro.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"machine": report.machine(), "rows": rows, "benches": found.lines}, indent=1) + "\n")


if __name__ == "__main__":
    main()
