# SPDX-License-Identifier: GPL-2.0-only
"""What a watcher adds to the life of a process, in instructions.

Owns the guest: one CPU whose time is instructions executed, so that the same
run gives the same figures on any host however busy. Never compares them with
anything: guard.py does.
"""
import collections
import json
import pathlib
import sys

import figures
import peers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))

import debs  # noqa: E402
import kmod  # noqa: E402
import vm    # noqa: E402

MEM = 1024
TRACE = "/bin/obit trace -o json"
# What --teardown adds is a watcher of its own.
TEARDOWN = " + teardown"
TIERS = {"obit, tracepoints": f"{TRACE} --tier tracepoints",
         "obit, fentry": f"{TRACE} --tier fentry",
         "obit, module": f"{TRACE} --source kmod"}
# The shell makes way at once; a module without a listener arms nothing.
WITH_MODULE = "insmod /bin/obit.ko && exec /bin/bench \"$@\""


def say(text):
    print(f"# {text}", file=sys.stderr, flush=True)


class Watchers:
    """Command lines by name, and the files that they need in the guest."""

    def __init__(self, kernel, wanted=None):
        self.files = {"/bin/obit": figures.BUILD / "static/obit",
                      "/bin/bench": figures.BUILD / "static/bench"}
        self.commands = {}
        self.module = None
        for name in wanted or ("nothing", *TIERS, "BSD accounting"):
            self.add(name, kernel)
        if not wanted:
            for name in peers.available(say):
                self.files.update(peers.guest_files(name, say))
                self.commands[name] = peers.PROGRAMS[name][1]

    def add(self, name, kernel):
        tier = name.removesuffix(TEARDOWN)
        if name == "nothing":
            self.commands[name] = ""
        elif name == "BSD accounting":
            self.commands[name] = "@acct"
        elif tier != "obit, module" or self.have_module(kernel):
            self.commands[name] = TIERS[tier] + \
                (" --teardown" if name != tier else "")

    def have_module(self, kernel):
        if not self.module:
            try:
                out = figures.BUILD / f"bench/kmod-{kernel.release}"
                self.module = kmod.build(kernel, out, log=say)
                self.files["/bin/obit.ko"] = self.module
            except (kmod.BuildError, debs.Unavailable) as e:
                say(f"obit.ko: {e}: left out")
        return bool(self.module)

    def words(self):
        return [f"{name}={command}" for name, command
                in self.commands.items()]


def kernel_of(name):
    kernel = debs.cached(name) or debs.fetch([name], log=say)[name]
    if not kernel:
        raise figures.Missing(f"kernel {name} is not to be had")
    return kernel


def run(kernel, watchers, cycles, rounds, timeout):
    """What the meter printed, a list of objects."""
    argv = ["/bin/bench", "meter", "-n", str(cycles), "-r", str(rounds),
            *watchers.words()]
    if watchers.module:
        argv = ["sh", "-c", WITH_MODULE, "sh", *argv[1:]]
    try:
        result = vm.run(kernel, watchers.files, argv, timeout, mem=MEM,
                        icount=True)
    except (vm.Broken, OSError) as e:
        raise figures.Missing(str(e)) from e
    if result.lost or result.rc:
        raise figures.Missing(f"the guest failed: {result.lost or result.rc}: "
                              + result.text[-500:])
    return [json.loads(line) for line in result.text.splitlines()
            if line.startswith("{")]


def differences(told):
    """{(watcher, cycle): {"bare", "added", "spread", "cpu", "all"}}."""
    rounds = collections.defaultdict(list)
    for line in told:
        if "watcher" in line:
            rounds[line["watcher"], line["cycle"]].append(line)
    found = {}
    for key, lines in rounds.items():
        added = [x["with"]["half"] - x["bare"]["half"] for x in lines]
        whole = [x["with"]["mean"] - x["bare"]["mean"] for x in lines]
        low, high = figures.quartiles(added)
        found[key] = {
            "bare": figures.median([x["bare"]["half"] for x in lines]),
            "added": figures.median(added), "low": low, "high": high,
            "all": figures.median(whole),
            "cpu": figures.median([x["with"]["cpu"] for x in lines])}
    return found


def table(part, found, watchers):
    for cycle in ("vfork", "exec"):
        for name in watchers.commands:
            d = found.get((name, cycle))
            if not d:
                continue
            cells = {}
            if name.endswith(TEARDOWN):
                plain = found[name.removesuffix(TEARDOWN), cycle]
                cells["of_that_teardown"] = d["added"] - plain["added"]
            part.row(watcher=name, cycle=cycle, bare=d["bare"],
                     added=d["added"],
                     spread=f"{d['low']:.0f}..{d['high']:.0f}",
                     percent=100 * d["added"] / d["bare"],
                     with_collector=d["all"], collector=d["cpu"], **cells)


def measure(kernel_name="6.1", wanted=None, name="guest", cycles=200,
            rounds=2, timeout=570):
    """The table of all watchers on one kernel."""
    kernel = kernel_of(kernel_name)
    part = figures.Part(
        f"{name}-{kernel_name}", f"Instructions a cycle, Linux "
        f"{kernel.release} in a guest",
        "added: to one cycle as the process and its parent live it (mean of "
        f"the cheaper half of {cycles} cycles, paired with bare ones, median "
        f"of {rounds} rounds; spread: of these). with collector: all that was executed, "
        "collector included (mean). collector: its own, user and kernel.")
    watchers = Watchers(kernel, wanted)
    told = run(kernel, watchers, cycles, rounds, timeout)
    table(part, differences(told), watchers)
    for missing in sorted({x["missing"] for x in told if "missing" in x}):
        part.note(f"{missing}: ended at once, left out")
    if not watchers.module:
        part.note("obit.ko did not build and is left out")
    return part


def teardown(kernel_name="6.1"):
    """The same of obit alone, with --teardown and without."""
    return measure(kernel_name,
                   [*TIERS, *(tier + TEARDOWN for tier in TIERS)], "teardown")
