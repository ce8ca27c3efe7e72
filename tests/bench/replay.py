# SPDX-License-Identifier: GPL-2.0-only
"""The collector on its own: a stream that is always the same, replayed.

Owns the CPU time of records into JSON, the table, or nothing at all, and the
memory that many deaths leave behind. Never needs a privilege.
"""
import json
import subprocess

import figures

BENCH = figures.BUILD / "static/bench"
OBIT = figures.BUILD / "obit"
RECORDS = 4.25      # a death: FORK, EXIT, REAPABLE, RELEASE, EXEC of a quarter
HOW = (
    ("JSON", ["-o", "json"]),
    ("table", ["-o", "table", "--color=never"]),
    ("filter, none pass", ["-o", "json", "--where",
                           "exit_status == 99 && comm == \"x\""]),
    ("no output", ["-o", "json", "--events", "lost"]),
)


def stream(path, deaths, zombies=0, execed=25):
    with open(path, "wb") as out:
        subprocess.run([BENCH, "stream", "-n", str(deaths), "-z",
                        str(zombies), "-x", str(execed)], stdout=out,
                       check=True)


def cost(argv):
    done = subprocess.run([BENCH, "cost", *argv], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)


def measure(deaths=200000, times=7):
    part = figures.Part(
        "replay", "The collector alone",
        f"CPU time of `obit trace --replay`, {deaths} deaths of "
        f"{RECORDS} records each (one in four has called execve), median of "
        f"{times} runs in turns; spread: their quartiles.")
    figures.OUT.mkdir(parents=True, exist_ok=True)
    path = figures.OUT / "stream.obit"
    stream(path, deaths)
    took = {name: [] for name, _ in HOW}
    try:
        for _ in range(times):
            for name, options in HOW:
                took[name].append(cost([OBIT, "trace", "-r", path,
                                        *options])["cpu"])
    finally:
        path.unlink()
    for name, _ in HOW:
        us = [1e6 * t / deaths for t in took[name]]
        low, high = figures.quartiles(us)
        middle = figures.median(us)
        part.row(output=name, us_a_death=round(middle, 3),
                 spread=f"{low:.2f}..{high:.2f}",
                 records_a_second=round(1e6 / middle * RECORDS, -3))
    return part


def resident(deaths, zombies):
    """KiB at most, of a replay through a pipe: nothing is on a disk."""
    with subprocess.Popen(
            [BENCH, "stream", "-n", str(deaths), "-z", str(zombies)],
            stdout=subprocess.PIPE) as made:
        done = subprocess.run(
            [BENCH, "cost", OBIT, "trace", "-r", "-", "-o", "json",
             "--zombie-after", "0"],
            stdin=made.stdout, capture_output=True, text=True, check=True)
        made.stdout.close()
    return json.loads(done.stdout)


def memory():
    part = figures.Part(
        "memory", "Memory of the collector",
        "Most resident memory of a replay that began with so many zombies "
        "which nobody reaps, after so many deaths.")
    for zombies in (0, 50000):
        for deaths in (0, 100000, 1000000):
            c = resident(deaths, zombies)
            part.row(zombies=str(zombies), deaths=str(deaths),
                     rss_KiB=c["maxrss_kb"],
                     us_a_death=round(1e6 * c["cpu"] / deaths, 3)
                     if deaths else None)
    return part
