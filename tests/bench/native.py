# SPDX-License-Identifier: GPL-2.0-only
"""What watching costs on this machine itself: ratios of one run, and losses.

Owns live collectors and storms of deaths. Its times are this machine's on this
day, with whatever else it does: guest.py has figures that can be compared.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import figures
import peers

BENCH = str(figures.BUILD / "static/bench")
OBIT = str(figures.BUILD / "obit")
# libbpf-tools find their tracepoints in tracefs, which may not be mounted.
TRACEFS = ["unshare", "-m", "sh", "-c",
           "mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null; "
           "mount -t debugfs nodev /sys/kernel/debug 2>/dev/null; "
           "exec \"$@\"", "sh"]


def root_only():
    if os.geteuid():
        raise figures.Missing("it needs root to load BPF")


class Collector:
    """obit, live, until the end of the block; then .told and .said."""

    def __init__(self, *options, stdout=None):
        self.options = options
        self.to_file = stdout

    def __enter__(self):
        self.out = open(self.to_file, "wb") if self.to_file else \
            subprocess.DEVNULL
        self.err = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [OBIT, "trace", "-o", "json", *self.options], stdout=self.out,
            stderr=self.err)
        end = time.monotonic() + 30
        while "watching" not in self.read():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise figures.Missing("obit does not run here: " +
                                      self.read().strip())
            time.sleep(0.02)
        time.sleep(0.3)
        return self

    def read(self):
        self.err.seek(0)
        return self.err.read()

    def cpu(self):
        """Seconds of CPU so far, to the nanosecond (CPUCLOCK_SCHED)."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def rss(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        match = re.search(r"(\d+) deaths?, .*?(\d+) lost", self.read())
        self.deaths, self.lost = map(int, match.groups()) if match else (0, 0)

    def __exit__(self, *_):
        self.end()
        self.err.close()
        if self.to_file:
            self.out.close()


def storm(deaths, jobs=None, cycle="vfork", rate=0):
    done = subprocess.run(
        [BENCH, "storm", "-n", str(deaths), "-j",
         str(jobs or os.cpu_count()), "-w", cycle, "-R", str(rate)],
        capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@contextlib.contextmanager
def zombies(number):
    """So many that nobody reaps; yields how many there could be."""
    with subprocess.Popen([BENCH, "storm", "-z", str(number)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        yield json.loads(process.stdout.readline())["zombies"]
        process.stdin.close()


# ---- ratios ---------------------------------------------------------------------

def watchers():
    trace = f"{OBIT} trace -o json"
    found = {"nothing": "", "obit, tracepoints": f"{trace} --tier tracepoints"}
    probe = subprocess.run(
        [OBIT, "trace", "--tier", "fentry", "--duration", "100ms"],
        capture_output=True, check=False)
    if probe.returncode == 0:
        found["obit, fentry"] = f"{trace} --tier fentry"
    if os.path.exists("/dev/obit"):
        found["obit, module"] = f"{trace} --source kmod"
    for name in peers.available(lambda text: None):
        found[name] = peers.host_command(name)
    return found


def meter(commands, cycles, rounds):
    """In one mount namespace with tracefs, on one CPU."""
    argv = [*(TRACEFS if shutil.which("unshare") else []),
            *(["taskset", "-c", "0"] if shutil.which("taskset") else []),
            BENCH, "meter", "-n", str(cycles), "-r", str(rounds),
            *(f"{name}={command}" for name, command in commands.items())]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=280,
                          check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def measure(cycles=200, rounds=5):
    root_only()
    part = figures.Part(
        "native", "Time a cycle, natively",
        f"The quarter of {cycles} cycles that is fastest, on one CPU, paired "
        f"with bare ones, median of {rounds} rounds (spread: quartiles). "
        "What this machine does beside it is in there: read ratios only. "
        "collector: its CPU time a cycle.")
    commands = watchers()
    told = meter(commands, cycles, rounds)
    scale = told[-1]["ticks_per_ns"]
    for cycle in ("vfork", "exec"):
        for name in commands:
            lines = [x for x in told if x.get("watcher") == name and
                     x["cycle"] == cycle]
            if not lines:
                continue
            ratio = [100 * (x["with"]["p25"] / x["bare"]["p25"] - 1)
                     for x in lines]
            low, high = figures.quartiles(ratio)
            part.row(watcher=name, cycle=cycle,
                     bare_us=round(figures.median(
                         [x["bare"]["p25"] for x in lines]) / scale / 1e3, 1),
                     added_percent=round(figures.median(ratio), 1),
                     spread=f"{low:.1f}..{high:.1f}",
                     collector_us=round(figures.median(
                         [x["with"]["cpu"] for x in lines]) / 1e3, 2))
    for name in sorted({x["missing"] for x in told if "missing" in x}):
        part.note(f"{name} does not run here")
    part.note("BSD accounting is left alone: a machine has only one, and it "
              "may be somebody else's")
    return part


# ---- losses ---------------------------------------------------------------------

def until_lost(path):
    """Obituaries told before the first loss; None without one."""
    told = 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("{\"event\":\"obituary\""):
                told += 1
            elif line.startswith("{\"event\":\"lost\""):
                return told
    return None


def stopped(part, path):
    """How many deaths the ring holds while the collector does not run."""
    with Collector(stdout=path) as obit:
        obit.process.send_signal(signal.SIGSTOP)
        storm(20000)
    held = until_lost(path)
    part.row(what="deaths that the 8 MiB ring holds (collector stopped)",
             value=held if held is not None else "more than 20 000")
    return held


def fastest(part, deaths):
    with Collector() as obit:
        began = obit.cpu()
        rest = obit.rss()
        done = storm(deaths)
        time.sleep(0.3)
        cpu = obit.cpu() - began
        after = obit.rss()
        obit.end()
        part.row(what=f"deaths a second that {os.cpu_count()} CPUs make "
                 "beside the collector", value=round(done["per_second"]))
        part.row(what="of these lost, 8 MiB buffer", value=obit.lost)
        part.row(what="CPU of the collector a death, us",
                 value=round(1e6 * cpu / obit.deaths, 2))
        part.row(what="its memory before, KiB", value=rest)
        part.row(what=f"its memory after {obit.deaths} deaths, KiB",
                 value=after)


def smallest(part, deaths):
    """The least buffer that loses nothing at that rate."""
    best = None
    for kib in (4096, 1024, 512, 256, 128, 64):
        with Collector("--buffer", f"{kib}K") as obit:
            storm(deaths)
            obit.end()
            if obit.lost:
                break
            best = kib
    part.row(what="least --buffer without a loss at that rate, KiB",
             value=best if best is not None else "more than 4096")


def with_zombies(part, deaths):
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as f:
        number = min(50000, int(f.read()) // 4)
    with Collector() as obit:
        with zombies(number) as made:
            time.sleep(4)           # each has been asked for, and told of
            began, rest = obit.cpu(), obit.rss()
            done = storm(deaths)
            time.sleep(0.3)
            cpu, after = obit.cpu() - began, obit.rss()
        obit.end()
        part.row(what=f"with {made} zombies: lost", value=obit.lost)
        part.row(what=f"with {made} zombies: CPU a death, us",
                 value=round(1e6 * cpu / done["deaths"], 2))
        part.row(what=f"with {made} zombies: memory before, after, KiB",
                 value=f"{rest}, {after}")


def loss(deaths=60000, many=1000000):
    root_only()
    part = figures.Part(
        "loss", "Losses, CPU and memory of a live collector",
        f"Storms of {deaths} vfork cycles (the first of {many}) on every CPU, "
        "JSON to /dev/null. CPU: everything the collector did meanwhile, by all the deaths it "
        "saw.")
    with tempfile.TemporaryDirectory() as work:
        held = stopped(part, pathlib.Path(work, "told"))
    fastest(part, many)
    smallest(part, deaths // 4)
    with_zombies(part, deaths // 2)
    if held:
        rate = next(r["value"] for r in part.rows if "a second" in r["what"])
        part.note(f"at that rate a collector that does not run for "
                  f"{held / rate:.1f} s loses its first record; a few ms a "
                  "time are usual")
    return part
