# SPDX-License-Identifier: BSD-2-Clause
"""What the runs of side.py come to: medians, ranges, and ratios, which are taken within a round.

  CPU a record       of the tool, its threads and children, from the first frame until it has nothing left to do
  machine a record   of all CPUs, above the row that is the tool's floor, at the same rate in the same round
  road a record      likewise of the tool, the generator and ksoftirqd together (rig.py)
"""
import math
import os
import re
import statistics
import subprocess

import tools

TARGETS = [  # of xdptail N=1, to a file: what is compared, with which tool, and the ratio that is wanted
    ("cpu", "tcpdump -nn", 1 / 12),
    ("cpu", "tshark -T ek", 1 / 200),
    ("cpu", "xdpdump", 1 / 5),
    ("cpu", "tcpdump -w", 1),
    ("machine", "tcpdump -nn", 1 / 6),
    ("road", "tcpdump -nn", 1 / 6),
]
OTHERS_MAX = 5  # percent
OURS = "xdptail N=1"
NAMES = {"cpu": "CPU of the process a line", "machine": "CPU of the machine a line, above the floor",
         "road": "the same by the road's account"}
FLOORS = {tool.name: tool.floor for tool in tools.TOOLS}
WHAT = {tool.name: tool.what for tool in tools.TOOLS}
EVERY = {tool.name: tool.every for tool in tools.TOOLS}
KIND = {tool.name: tool.records for tool in tools.TOOLS}


def rate_name(rate):
    return f"{rate // 1000}k pps" if rate else "flat out"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    kernel = os.uname()
    return {"cpu": model.group(1) if model else kernel.machine, "cores": os.cpu_count(),
            "kernel": kernel.release.partition("-")[0]}


def version(argv):
    """The first line with a number that the program prints of itself."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              text=True, errors="replace", timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = [line.strip() for line in done.stdout.splitlines() if re.search(r"\d\.\d", line)]
    return found[0] if found else None


def versions(build):
    options = {"ngrep": "-V", "argus": "-h", "pmacctd": "-V", "ulogd": "-V"}
    programs = {tool.program() for tool in tools.TOOLS if tool.argv and tool.is_here()} - {"{build}/xdptail"}
    found = {"xdptail": version([build + "/xdptail", "--version"]), "tcpreplay": version(["tcpreplay", "--version"])}
    found.update({name: version([name, options.get(name, "--version")]) for name in sorted(programs)})
    return found


class Results:
    """The runs, by tool and rate; each figure has one value a round."""

    def __init__(self, runs):
        self.by = {}
        for run in runs:
            self.by.setdefault((run["tool"], run["rate"]), {})[run["round"]] = run

    def cpu(self, run):
        return run["cpu_ns"] / run["records"] if run["records"] else None

    def above_floor(self, run, account):
        floor = self.by.get((FLOORS[run["tool"]], run["rate"]), {}).get(run["round"])
        if not floor or not run["records"]:
            return None
        return (run[account] - floor[account] * run["sent"] / floor["sent"]) / run["records"]

    def machine(self, run):
        return self.above_floor(run, "machine_ns")

    def road(self, run):
        return self.above_floor(run, "road_ns")

    def values(self, figure, name, rate):
        """By round; without those in which it cannot be had."""
        runs = self.by.get((name, rate), {})
        values = {number: getattr(self, figure)(run) for number, run in runs.items()}
        return {number: value for number, value in values.items() if value is not None}

    def ratios(self, figure, name, rate):
        """Ours to another's, in each round that has both; NaN where noise was more than one of them cost."""
        ours, other = self.values(figure, OURS, rate), self.values(figure, name, rate)
        return [ours[number] / other[number] if min(ours[number], other[number]) > 0 else math.nan
                for number in ours if number in other]


def spread(values, form="{:.0f}"):
    """The median, and the range when there is one."""
    values = sorted(values)
    if not values:
        return "–"
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(values[0])} … {form.format(values[-1])})"


def ratio_name(value):
    return f"1/{1 / value:.1f}" if value < 1 else f"{value:.2f}"


def ratio_spread(ratios):
    if any(map(math.isnan, ratios)):
        return "–"
    wide = f" ({ratio_name(min(ratios))} … {ratio_name(max(ratios))})" if len(ratios) > 1 else ""
    return ratio_name(statistics.median(ratios)) + wide


def verdict(ratios, wanted):
    if any(map(math.isnan, ratios)):
        return "not known: lost in the noise of other programs"
    return "reached" if statistics.median(ratios) <= wanted else "not reached"


def row(results, name, rate):
    runs = results.by[name, rate].values()
    sent = statistics.median(run["sent"] for run in runs)
    pps = statistics.median(run["sent"] / run["seconds"] for run in runs)
    if KIND[name] == "none":
        busy = [[run[account] / run["sent"] for run in runs] for account in ("machine_ns", "road_ns")]
        return (f"| {name} | {WHAT[name]} | {pps / 1000:.0f}k | – | – | – | – | all: {spread(busy[0])} "
                f"| all: {spread(busy[1])} |")
    lost = [run["sent"] // EVERY[name] - run["records"] for run in runs]
    lost = spread(lost) if KIND[name] == "packets" and any(lost) else "0" if KIND[name] == "packets" else "–"
    records = f"{statistics.median(run['records'] for run in runs):.0f} of {sent:.0f}"
    packet = spread([run["cpu_ns"] / run["sent"] for run in runs])
    cpu = spread(results.values("cpu", name, rate).values())
    above = " | ".join(spread(results.values(account, name, rate).values()) for account in ("machine", "road"))
    return f"| {name} | {WHAT[name]} | {pps / 1000:.0f}k | {records} | {lost} | {packet} | {cpu} | {above} |"


def table(results, rate):
    head = ["", f"### {rate_name(rate)}", "",
            "| | what it writes | sent a second | records | lost | CPU ns a packet | CPU ns a record "
            "| machine ns a record | road ns a record |",
            "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    return head + [row(results, tool.name, rate) for tool in tools.TOOLS if (tool.name, rate) in results.by]


def targets(results, rates):
    lines = ["", "### Ratios that are wanted", "",
             f"`{OURS}`, to a file, to another tool: medians of the ratios within rounds, and their ranges.", "",
             "| | rate | ratio | wanted | |", "|---|---|--:|--:|---|"]
    for figure, name, wanted in TARGETS:
        for rate in rates:
            ratios = results.ratios(figure, name, rate)
            if not ratios:
                continue
            lines.append(f"| {NAMES[figure]}, {name} | {rate_name(rate)} | {ratio_spread(ratios)} "
                         f"| ≤ {ratio_name(wanted)} | {verdict(ratios, wanted)} |")
    return lines


def all_ratios(results, rates):
    """xdptail N=1 to every other row: CPU a record."""
    lines = ["", f"### CPU a record, `{OURS}` to each", "", "| | " + " | ".join(map(rate_name, rates)) + " |",
             "|---|" + "--:|" * len(rates)]
    for tool in tools.TOOLS:
        cells = [results.ratios("cpu", tool.name, rate) for rate in rates]
        if tool.name == OURS or tool.records != "packets" or tool.every > 1 or not any(cells):
            continue
        lines.append(f"| {tool.name} | " + " | ".join(ratio_spread(c) if c else "–" for c in cells) + " |")
    return lines


def others(runs):
    """What else ran: above some percent, the machine's account says nothing."""
    cores = os.cpu_count()
    shares = [(run["machine_ns"] - run["road_ns"]) / (run["window_ns"] * cores) * 100 for run in runs]
    middle = statistics.median(shares)
    advice = "" if middle < OTHERS_MAX else ": this machine is not quiet, the road is to be believed"
    return f"Not on the road: {middle:.0f} % of the machine (median){advice}."


def markdown(result):
    results = Results(result["runs"])
    rates = result["rates"]
    host = result["machine"]
    lines = ["## Side by side", "",
             f"{host['cpu']}, {host['cores']} cores, Linux {host['kernel']}; {result['rounds']} rounds, "
             f"{result['seconds']:g} s of traffic a run; tcpreplay on one core, the tool on the other; medians, and "
             "ranges in brackets.", "",
             "The capture: 2 000 sources, TCP, UDP and ICMP over IPv4 and IPv6, 64 to 1500 bytes. Each tool that can "
             f"be told has {tools.ROOM_MB} MiB for packets that wait. Machine: all CPUs, softirqs too, less the "
             "floor: the bare program attached the same way for what is XDP, nobody for the others. Road: only the "
             "tool, the generator and ksoftirqd, less the same floor. " + others(result["runs"])]
    for rate in rates:
        lines += table(results, rate)
    lines += targets(results, rates) + all_ratios(results, rates)
    lines += ["", "Left out: " + "; ".join(f"{name} ({why})" for name, why in result["left_out"].items()) + ".", "",
              "Versions: " + "; ".join(f"{name}: {text}" for name, text in result["versions"].items()) + ".", ""]
    return "\n".join(lines)
