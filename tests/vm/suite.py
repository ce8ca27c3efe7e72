#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the deaths in guests: every kernel, every tier, and the module's tests.

Owns which guests are run and how their results are added up. Never judges an
obituary: build/static/death does, inside, nor the module: kmod-test does, nor
what two witnesses say: witness.py does. A guest that is lost, prints no totals,
or whose totals, lines and status disagree has failed.

What is printed: `ok KERNEL/TIER/CASE`, `not ok ...: why`, `skip ...: missing`,
and at last `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import threading
import time

import debs
import dkms
import kmod
import seeded
import selftest
import vm
import witness

REPO = kmod.REPO
STATIC = REPO / "build/static"
UEXIT = REPO / "tests/live/uexit"
TIERS = ("tracepoints", "fentry", "kmod", "both")
WITH_MODULE = ("kmod", "both")
# What kmod-test is run for, a guest a line: they take about as long.
MODULE = (("device", "cursor", "resume", "tracepoints", "bpf", "fuzz"),
          ("lossless", "command"), ("stress",), ("crowd",))
# For one kernel, and with room for 50,000 zombies: 12 KiB each, the kernel's.
CROWD = ["crowd"]
CROWD_MEM = 2048
# In the kernel that checks itself, where all takes SLOW times as long: those
# that meet locks, memory and text that goes.
DEBUG = (("tracepoints", "bpf", "fuzz"), ("lossless",), ("stress",))
LONG = 1.5          # so much longer those may take than a run of deaths
JOBS = 2            # guests at once: each is one busy host thread
SLOW = 5            # so many times slower is a kernel that checks itself
TAIL = 40           # console lines shown of a lost guest
CONTEXT = 150       # lines a failed run may add to its cases
LINE = re.compile(r"(ok|not ok|skip) ([^\s:]+)(?::? ?(.*))?$")
TOTALS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped$")

# What a failed run leaves: obit's stream and messages, what was expected of it.
# The module stays a while for a collector that comes back, and then must go.
DEATHS = r"""
if [ "$1" = --module ]; then
	shift
	insmod /bin/obit.ko || exit 1
fi
death run --obit /bin/obit --keep /tmp/keep "$@"
rc=$?
[ $rc = 0 ] || tar cf /tmp/keep.tar -C /tmp keep 2>/dev/null
[ ! -d /sys/module/obit ] || rmmod obit || exit 2
exit $rc
"""


class Report:
    """Counts, and prints one line for each thing counted."""

    def __init__(self):
        self.counts = {"ok": 0, "not ok": 0, "skip": 0}
        self.lock = threading.Lock()

    def line(self, verdict, name, why=""):
        with self.lock:
            self.counts[verdict] += 1
            print(f"{verdict} {name}" + (f": {why}" if why else ""),
                  flush=True)

    def again(self, text):
        """Wrong, but tried once more: that counts, this is not hidden."""
        with self.lock:
            print(f"again {text}", flush=True)

    def note(self, text):
        with self.lock:
            print("".join(f"| {t}\n" for t in text.splitlines()), end="",
                  flush=True)

    def totals(self):
        c = self.counts
        return f"{c['ok']} passed, {c['not ok']} failed, {c['skip']} skipped"


def report_lines(report, prefix, result):
    """Turns what one guest printed into lines, and doubts it."""
    counts = {"ok": 0, "not ok": 0, "skip": 0}
    other, totals = [], None
    for line in result.text.splitlines():
        m = LINE.match(line)
        last = TOTALS.match(line)
        if m:
            counts[m[1]] += 1
            report.line(m[1], f"{prefix}/{m[2]}", m[3] or
                        ("no reason given" if m[1] == "skip" else ""))
        elif last:
            totals = tuple(map(int, last.groups()))
        elif line.startswith("again "):
            report.again(f"{prefix}/{line[6:]}")
        else:
            other.append(line)
    seen = tuple(counts.values())
    why = None
    if result.lost:
        why = f"guest lost: {result.lost}"
    elif totals is None:
        why = f"ended with status {result.rc} and no totals"
    elif totals != seen:
        why = "its totals %d, %d, %d are not its lines %d, %d, %d" % (
            *totals, *seen)
    elif not seen[0]:
        why = "nothing was right"
    elif (result.rc != 0) != (seen[1] > 0):
        why = f"status {result.rc} with {seen[1]} failed"
    if why:
        report.line("not ok", prefix, why)
    else:
        # The kernel's own health is a result: no splat, no bad taint.
        report.line("ok", f"{prefix}/guest")
    if why or seen[1]:
        report.note("\n".join(other[-CONTEXT:]))
    kept = result.files.get("/tmp/keep.tar")
    if kept:
        path = vm.BUILD / (prefix.replace("/", "-") + ".tar")
        path.write_bytes(kept)
        report.note(f"# what it saw and expected: {path}")
    if result.lost:
        report.note("\n".join(result.console.splitlines()[-TAIL:]))


class Suite:
    def __init__(self, report, args):
        self.report = report
        self.args = args
        self.times = []

    def files(self, module):
        files = [f"{self.args.bin}/obit:/bin/obit",
                 f"{self.args.bin}/death:/bin/death",
                 f"{self.args.bin}/kmod-test:/bin/kmod-test"]
        return files + ([f"{module}:/bin/obit.ko"] if module else [])

    def guest(self, name, kernel, module, argv, longer=1, mem=0, **more):
        begin = time.monotonic()
        slow = longer * (SLOW if kernel.is_built else 1)
        try:
            result = vm.run(kernel, self.files(module), argv,
                            self.args.timeout * slow,
                            mem=max(mem, self.args.mem),
                            icount=self.args.icount, **more)
        except (vm.Broken, OSError) as e:
            self.report.line("not ok", name, str(e))
            return
        report_lines(self.report, name, result)
        self.times.append((name, result.ready, time.monotonic() - begin,
                           result.restored))

    def deaths(self, kernel, module, tier, cgroup="v2"):
        name = f"{kernel.name}/{tier}" + ("" if cgroup == "v2" else
                                          f"-cgroup-{cgroup}")
        self.guest(name, kernel, module,
                   ["sh", "-c", DEATHS, "sh",
                    *(["--module"] if tier in WITH_MODULE else []),
                    "--tier", tier, *self.args.death], cgroup=cgroup,
                   get=["/tmp/keep.tar"])

    def module(self, kernel, module, tests):
        self.guest(f"{kernel.name}/module-{tests[0]}", kernel, module,
                   ["kmod-test", "--slow", str(SLOW if kernel.is_built else 1),
                    "--cycles", str(self.args.cycles),
                    "--seconds", str(self.args.seconds), *tests],
                   longer=LONG * max(1, self.args.cycles / 20),
                   **({"mem": CROWD_MEM, "fresh": True}
                      if "crowd" in tests else {}))

    def witness(self, kernel, module):
        name, deaths = f"{kernel.name}/witness", self.args.witness
        begin = time.monotonic()
        slow = SLOW if kernel.is_built else 1
        files = [f"{self.args.bin}/obit:/bin/obit",
                 f"{self.args.bin}/witness:/bin/witness",
                 f"{module}:/bin/obit.ko"]
        try:
            result = vm.run(kernel, files,
                            ["sh", "-c", witness.GUEST, "sh", str(deaths),
                             str(witness.seconds(deaths) * slow)],
                            witness.timeout(deaths) * slow, mem=self.args.mem,
                            icount=self.args.icount, get=witness.KEPT)
        except (vm.Broken, OSError) as e:
            self.report.line("not ok", name, str(e))
            return
        witness.judge(self.report, name, kernel.name, deaths, result)
        self.times.append((name, result.ready, time.monotonic() - begin,
                           result.restored))

    def user_ns(self, kernel, tier):
        """Uprobes in a C library: not death's, which is static and has none."""
        name = f"{kernel.name}/user_ns-{tier}"
        try:
            done = subprocess.run(
                [UEXIT, self.args.bin / "obit", "--guest", kernel.name, tier],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                stdin=subprocess.DEVNULL, timeout=self.args.timeout,
                check=False)
        except subprocess.TimeoutExpired as e:
            self.report.line("not ok", name, str(e))
            return
        said = [m for m in map(LINE.match, done.stdout.splitlines()) if m]
        if len(said) != 1 or (said[0][1] == "not ok") != (done.returncode != 0):
            self.report.line("not ok", name, f"status {done.returncode}")
        else:
            self.report.line(said[0][1], name, said[0][3])
        if done.returncode:
            self.report.note(done.stdout)

    def build_module(self, kernel):
        out = kmod.default_outdir(kernel)
        module = self.built(f"{kernel.name}/kmod-build", kmod.build, kernel,
                            out)
        if module and self.args.module:
            self.built(f"{kernel.name}/kmod-sparse", kmod.sparse, kernel, out)
        return module

    def built(self, name, function, *args):
        """What that returns, or None; either is a result."""
        try:
            result = function(*args, log=say)
        except (kmod.BuildError, debs.Unavailable) as e:
            self.report.line("not ok", name, str(e))
            self.report.note(getattr(e, "log", ""))
            return None
        self.report.line("ok", name)
        return result

    def run(self, kernels):
        jobs = []
        names = {k.name: k for k in kernels}
        chosen = names.get("6.1", next(iter(kernels)))  # where one will do
        if self.args.module and not chosen.is_built:
            self.built(f"{chosen.name}/kmod-dkms", dkms.build, chosen)
        for kernel in kernels:
            module = self.build_module(kernel)
            if module:
                jobs += [(self.module, kernel, module, tests)
                         for tests in self.args.module
                         if list(tests) != CROWD or kernel is chosen]
                if self.args.witness:
                    jobs.append((self.witness, kernel, module))
            jobs += [(self.deaths, kernel, module, tier)
                     for tier in self.args.tier
                     if module or tier not in WITH_MODULE]
            if "fentry" in self.args.tier and not self.args.death:
                jobs.append((self.user_ns, kernel, "fentry"))
            if kernel.name in self.args.cgroup_v1 and self.args.tier:
                jobs.append((self.deaths, kernel, module, self.args.tier[0],
                             "v1"))
        # Round by round, not kernel by kernel: the first guest of each kernel
        # boots and saves, which those after it would otherwise wait for.
        jobs.sort(key=lambda j: (j[0] == self.deaths, j[3:]))
        # A worker outlives its QEMU, which dies with the thread that forked.
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            try:
                for done in [pool.submit(job[0], *job[1:]) for job in jobs]:
                    done.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def say(text):
    print(f"# {text}", flush=True)


def harness(report, kernels):
    """The harness's own test first: on a liar, nothing after it counts."""
    def emit(line):
        head, *rest = line.splitlines()
        m = LINE.match(head)
        report.line(m[1], m[2], m[3] if m[1] != "ok" else "")
        report.note("\n".join(rest))
    for kernel in kernels.values():
        if kernel.is_built:
            seeded.run_all(kernel.name, emit)
    plain = [k.name for k in kernels.values() if not k.is_built]
    if plain:
        selftest.run_all("6.1" if "6.1" in plain else plain[0], emit)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", action="append", metavar="K",
                        help="only these of tests/vm/kernels")
    parser.add_argument("--tier", action="append", metavar="T",
                        help="only these of " + " ".join(TIERS) +
                        ", or none")
    parser.add_argument("--module", action="append", metavar="TEST",
                        help="only these of kmod-test, or none")
    parser.add_argument("--cycles", type=int, default=6, metavar="N",
                        help="how often kmod-test loads and unloads the "
                        "module under load (6)")
    parser.add_argument("--seconds", type=int, default=4, metavar="S",
                        help="how long kmod-test fuzzes, arms and disarms (4)")
    parser.add_argument("--debug", action="store_true",
                        help="the kernel that checks itself: kmod-test, and "
                        "the deaths with the module")
    parser.add_argument("--witness", type=int, metavar="N",
                        help="N random deaths in a storm, seen by both the "
                        "module and BPF; nothing else")
    parser.add_argument("--cgroup-v1", action="append", metavar="K",
                        help="kernels to run once more on cgroup v1 (6.1)")
    parser.add_argument("--bin", type=pathlib.Path, default=STATIC,
                        help="directory of static obit and death")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--timeout", type=float, default=600, metavar="S",
                        help="seconds for one guest")
    parser.add_argument("--mem", type=int, default=vm.MEM, metavar="MB")
    parser.add_argument("--icount", action="store_true",
                        help="guests whose time is instructions executed")
    parser.add_argument("--no-fetch", action="store_true",
                        help="the cached kernels, without asking for newer")
    parser.add_argument("--no-selftest", action="store_true")
    parser.add_argument("death", nargs="*",
                        help="after --, more arguments for `death run`")
    args = parser.parse_args(argv)
    if args.witness is not None and args.witness < 1:
        parser.error("--witness: of no deaths there is nothing to tell")
    if args.debug:
        args.kernel = args.kernel or [k for k in debs.table()
                                      if k not in debs.packaged()]
        args.tier = args.tier or ["kmod"]
        args.mem = max(args.mem, seeded.MEM)
    if args.witness:
        args.tier, args.module = ["none"], ["none"]
        args.no_selftest = True
    args.tier = [t for t in args.tier or TIERS if t != "none"]
    args.module = [args.module] if args.module else \
        list(DEBUG if args.debug else MODULE)
    args.module = [m for m in args.module if "none" not in m]
    args.kernel = args.kernel or debs.packaged()
    args.cgroup_v1 = args.cgroup_v1 or ["6.1"]
    return args


def main(argv):
    vm.on_signals()
    args = parse(argv)
    report = Report()
    begin = time.monotonic()
    try:
        for name in ("obit", "death", "kmod-test", "witness"):
            if not (args.bin / name).exists():
                raise vm.Broken(f"{args.bin / name} is not built: "
                                "make vm-build")
        if args.no_fetch:
            kernels = {k: debs.cached(k) for k in args.kernel}
            if None in kernels.values():
                raise debs.Unavailable("not in the cache: " + ", ".join(
                    k for k, v in kernels.items() if not v))
        else:
            kernels = debs.fetch(args.kernel, log=say)
        if not args.no_selftest:
            harness(report, kernels)
        if args.witness:
            witness.selftest(report)
        suite = Suite(report, args)
        suite.run(kernels.values())
        for name, ready, total, restored in sorted(suite.times):
            say(f"{name}: {'restored' if restored else 'booted'} in "
                f"{ready:.1f} s, {total:.1f} s in all")
    except (vm.Broken, debs.Unavailable, kmod.BuildError) as e:
        report.line("not ok", "guests", str(e))
    say(f"{time.monotonic() - begin:.0f} s")
    print(report.totals())
    return 1 if report.counts["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
