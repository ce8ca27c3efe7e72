# SPDX-License-Identifier: GPL-2.0-only
"""obit profile of recordings: what it adds up, and whether its files are sound.

The deaths of one recording are made up here, phase by phase, and what must come
of them is added up from the same list, in another language and by sorting.
Then every file it writes is looked at by the rules of its format. Owns
validate_chrome(), which the tests of live profiles use too.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import stories
from stories import MS, SEC

PHASES = ("other delivery coredump threads ptrace_stop io_uring signals "
          "accounting mm mm.unmap ipc tty files fs namespaces file_close thread "
          "cgroup notify connector dead resources").split()
ENDS = (("python3", (("mm", 3), ("mm.unmap", 40), ("files", 2))),
        ("fuse client", (("mm", 4), ("files", 1), ("file_close", 90))),
        ("a;b", (("signals", 1), ("mm", 5), ("notify", 3))),
        ("sh", (("mm", 6), ("dead", 1))))


# --- the recording --------------------------------------------------------------

def teardown(end, p, steps):
    """steps: (phase, begin, off_ns)"""
    body = p.task() + struct.pack("<II", 0x05, len(steps))
    for phase, begin, off in steps:
        body += struct.pack("<QQHHI", begin, off, PHASES.index(phase), 0, 0)
    return stories.record("teardown", end, body)


def exit_call(at, p):
    return stories.record("exit_call", at, p.task())


def stack(end, p, ns, flags, ips):
    return stories.record("stack", end, p.task() + struct.pack(
        "<QHHI", ns, 0, flags, len(ips)) + struct.pack("<%dQ" % len(ips), *ips))


def one_end(r, at, p, parent, steps, code):
    """(phase, ns, off_ns): how one process goes, from `at` on."""
    rows, now = [], at
    for phase, ns, off in steps:
        rows.append((phase, now, off))
        now += ns
    r += [exit_call(at, p), stories.died(at + 10, p, parent, code, 0x29),
          stories.reapable(now - 5, p, parent, 1), teardown(now, p, rows),
          stories.release(now + MS, p, parent, code, 0x09, parent)]
    return now


def made_up(count, seed=5):
    """A recording, and of each death: comm, when, tgid, its steps."""
    rnd = random.Random(seed)
    r = [stories.clock(SEC), stories.cgroup(SEC, 40, b"/job")]
    killer = stories.P(350, "oomd", 31 * SEC, 0)
    deaths, at = [], 100 * SEC
    for number in range(count):
        comm, shape = ENDS[rnd.randrange(len(ENDS))]
        at += 50 * MS
        # Few pids: they come again and again.
        p = stories.P(400 + number % 7, comm, at)
        steps = []
        for phase, scale in shape:
            ns = rnd.randrange(1, 20) * scale * 1000 + 7
            steps.append((phase, ns, ns // 2 if phase == "file_close" else 0))
        r += [stories.fork(at, p, stories.SHELL),
              stories.execed(at + 100, p, b"x\0bin\0", b"x\0")]
        code = 0
        if number % 10 == 3:
            code = 9
            r.append(stories.signal(at + 10 * MS - 500, p, killer, 9, 2, 0,
                                    0x29))
        begin = at + 10 * MS
        if comm == "fuse client":
            close = begin + sum(s[1] for s in steps[:-1])
            r.append(stack(close + steps[-1][1], p, steps[-1][2], 1,
                           (0xffffffff81000010, 0xffffffff81000020)))
        # From the signal on it is on its way: its delivery is a phase.
        end = one_end(r, begin, p, stories.SHELL, steps, code)
        if code:
            steps.insert(0, ("delivery", 500, 0))
            begin -= 500
        deaths.append((comm, begin, end, p.tgid, steps))
    r.append(stories.tick(at + SEC))
    return stories.head(1) + b"".join(r), deaths


# --- what the rules of a format say ----------------------------------------------

def ns_of(us):
    return round(us * 1000)


def nests(slices):
    """Of one line: sorted by begin, the longer first, each in the one around."""
    around = []
    for begin, end, name in sorted(slices, key=lambda s: (s[0], -s[1])):
        while around and around[-1][1] <= begin:
            around.pop()
        if around and end > around[-1][1]:
            return "%s runs over the end of %s" % (name, around[-1][2])
        around.append((begin, end, name))
    return None


def validate_chrome(path):
    """None, or what is wrong with it."""
    with open(path, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    lines, named, flows = {}, set(), {}
    for e in events:
        line = e["pid"], e["tid"]
        if e["ph"] == "M":
            if (e["name"], line) in named:
                return "%s of %r twice" % (e["name"], line)
            named.add((e["name"], line))
            continue
        if e["ph"] not in "Xisf":
            return "phase %r" % e["ph"]
        if ("thread_name", line) not in named:
            return "%s in a line without a name" % e["name"]
        if e["ts"] < 0 or e.get("dur", 0) < 0:
            return "%s before the beginning" % e["name"]
        if e["ph"] == "X":
            begin = ns_of(e["ts"])
            lines.setdefault(line, []).append(
                (begin, begin + ns_of(e["dur"]), e["name"]))
        if e["ph"] in "sf":
            pair = flows.setdefault(e["id"], {})
            if e["ph"] in pair:
                return "arrow %d has two of %r" % (e["id"], e["ph"])
            pair[e["ph"]] = e
    for line, slices in lines.items():
        wrong = nests(slices)
        if wrong:
            return wrong
    for number, pair in flows.items():
        if set(pair) != {"s", "f"}:
            return "arrow %d has one end" % number
        if pair["s"]["ts"] > pair["f"]["ts"]:
            return "arrow %d goes back in time" % number
        for e in pair.values():
            at = ns_of(e["ts"])
            if not any(begin <= at < end for begin, end, _
                       in lines.get((e["pid"], e["tid"]), ())):
                return "arrow %d hangs in the air" % number
    return None


def folded(path):
    """Frames of each line, and its ns."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            frames, ns = line.rstrip("\n").rsplit(" ", 1)
            yield frames.split(";"), int(ns)


def validate_svg(path):
    """None, or what is wrong: it is XML, and boxes lie in boxes."""
    space = "{http://www.w3.org/2000/svg}"
    rows = {}
    for box in xml.etree.ElementTree.parse(path).getroot().iter(space + "svg"):
        if box.get("class") != "f":
            continue
        if box.find(space + "title") is None:
            return "a frame without a title"
        x, w = (float(box.get(k).rstrip("%")) for k in ("x", "width"))
        rows.setdefault(int(box.get("y")), []).append((x, x + w))
    for y in sorted(rows):
        row = sorted(rows[y])
        for a, b in zip(row, row[1:]):
            if a[1] > b[0] + 0.001:
                return "two frames in one place"
        above = rows.get(y - 19)
        if above and not all(any(a[0] - 0.001 < b[0] and b[1] < a[1] + 0.001
                                 for a in above) for b in row):
            return "a frame that is below none"
    return None


# --- the checks ---------------------------------------------------------------------

def profile(obit, *args, **env):
    return subprocess.run([obit, "profile", *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False,
                          env=dict(os.environ, LC_ALL="C", **env))


def nearest_rank(values, permille):
    values = sorted(values)
    return values[max(-(-len(values) * permille // 1000), 1) - 1]


def about(got, want, exact):
    return got == want if exact else abs(got - want) <= want / 64


def check_sums(check, name, got, deaths):
    totals = [sum(s[1] for s in d[4]) for d in deaths]
    check(name + ": deaths", got["deaths"] == len(deaths) ==
          got["teardown_known"], got["deaths"])
    check(name + ": all", got["kernel_ns"] == sum(totals),
          "%d, not %d" % (got["kernel_ns"], sum(totals)))
    for key, permille in (("p50", 500), ("p90", 900), ("p99", 990)):
        want = nearest_rank(totals, permille)
        check("%s: %s" % (name, key), about(got[key], want,
                                            len(totals) <= 64),
              "%d, not %d" % (got[key], want))
    check(name + ": max", got["max"] == max(totals))
    check(name + ": histogram", sum(h["count"] for h in got["histogram"]) ==
          len(totals) and all(h["count"] == sum(
              h["from"] <= t < h["to"] for t in totals)
              for h in got["histogram"]))
    for phase in PHASES:
        of = [s for d in deaths for s in d[4] if s[0] == phase]
        key = got["phases"].get(phase)
        check("%s: %s" % (name, phase), (key is None) == (not of) and (
            not of or (key["ns"], key["off_cpu_ns"], key["deaths"]) ==
            (sum(s[1] for s in of), sum(s[2] for s in of), len(of))), key)
    by = {}
    for d in deaths:
        by.setdefault(d[0], []).append(sum(s[1] for s in d[4]))
    order = sorted(by, key=lambda comm: -sum(by[comm]))
    check(name + ": groups", [(g["comm"], g["deaths"], g["kernel_ns"],
                               g["max"]) for g in got["groups"]] ==
          [(c, len(by[c]), sum(by[c]), max(by[c])) for c in order],
          got["groups"])
    worst = sorted(deaths, key=lambda d: -sum(s[1] for s in d[4]))[:10]
    check(name + ": worst", [w["kernel_ns"] for w in got["worst"]] ==
          [sum(s[1] for s in d[4]) for d in worst])
    check(name + ": the worst", (got["worst"][0]["tgid"],
                                 got["worst"][0]["slowest"]) ==
          (worst[0][3], max(worst[0][4], key=lambda s: s[1])[0]))


def check_files(check, name, paths, deaths):
    ns, phases = 0, {}
    for frames, own in folded(paths["folded"]):
        ns += own
        phases[frames[1]] = phases.get(frames[1], 0) + own
    want = {}
    for d in deaths:
        for phase, step, _ in d[4]:
            want[phase] = want.get(phase, 0) + step
    check(name + ": folded", ns == sum(want.values()) and phases == want,
          phases)
    check(name + ": svg", validate_svg(paths["svg"]) is None,
          validate_svg(paths["svg"]))
    check(name + ": timeline", validate_chrome(paths["chrome"]) is None,
          validate_chrome(paths["chrome"]))


def run_all(obit, folder, recording, *more):
    paths = {kind: os.path.join(folder, kind)
             for kind in ("folded", "svg", "chrome")}
    options = [o for kind, path in paths.items() for o in ("--" + kind, path)]
    done = profile(obit, "-r", recording, "-o", "json", "--force", *options,
                   *more)
    return done, paths


def check_made_up(check, obit, folder):
    recording = os.path.join(folder, "made-up.obit")
    for count in (40, 800):
        name = "profile of %d" % count
        stream, deaths = made_up(count)
        with open(recording, "wb") as f:
            f.write(stream)
        done, paths = run_all(obit, folder, recording)
        check(name, done.returncode == 0 and not done.stderr, done.stderr)
        check_sums(check, name, json.loads(done.stdout), deaths)
        check_files(check, name, paths, deaths)
        check(name + ": stacks by address", any(
            frames[:4] == ["fuse client", "file_close", "[off-CPU]",
                           "0xffffffff81000020"] and
            frames[4:] == ["0xffffffff81000010"]
            for frames, _ in folded(paths["folded"])))
        with open(paths["chrome"], encoding="utf-8") as f:
            events = json.load(f)["traceEvents"]
        check(name + ": arrows", sum(e["ph"] == "s" for e in events) ==
              sum(d[4][0][0] == "delivery" for d in deaths))
        check(name + ": lines", sum(e.get("cat") == "process" for e in events)
              == len(deaths))
    only = profile(obit, "-r", recording, "-o", "json", "--comm", "a;b")
    check_sums(check, "profile of one comm", json.loads(only.stdout),
               [d for d in deaths if d[0] == "a;b"])
    text = profile(obit, "-r", recording, COLUMNS="90")
    lines = text.stdout.decode().splitlines()
    check("profile in words", text.returncode == 0 and len(lines) > 20 and
          all(len(line) <= 90 for line in lines) and
          any(line.startswith("python3 ") and "mm.unmap" in line
              for line in lines), text.stdout.decode())


def check_memory(check, obit, folder):
    """Twenty times the deaths, and little more memory. The recording is made
    elsewhere: what is forked here counts as large as this is."""
    recording = os.path.join(folder, "long.obit")
    most = []
    for count in (2000, 40000):
        with open(recording, "wb") as f:
            subprocess.run([sys.executable, __file__, str(count)], stdout=f,
                           check=True)
        child = subprocess.Popen(
            [obit, "profile", "-r", recording, "-o", "json", "--force",
             "--chrome", os.path.join(folder, "chrome")],
            stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        check("profile of %d" % count, status == 0, status)
        most.append(usage.ru_maxrss)
    check("memory of a long profile", most[1] < most[0] + 8192,
          "%d KiB, then %d KiB" % tuple(most))


def check_recordings(check, obit, folder, recordings):
    """What has no teardown says so, and has lives all the same."""
    for path in recordings:
        name = "profile of " + os.path.basename(path)
        done, paths = run_all(obit, folder, path)
        got = json.loads(done.stdout)
        check(name, done.returncode == 0 and got["deaths"] > 0 and
              bool(got["teardown_unknown_why"]) == (not got["teardown_known"]),
              done.stderr)
        check(name + ": timeline", validate_chrome(paths["chrome"]) is None,
              validate_chrome(paths["chrome"]))
        check(name + ": svg", validate_svg(paths["svg"]) is None)
        text = profile(obit, "-r", path)
        check(name + ": in words", got["teardown_known"] or
              b"without it" in text.stdout.replace(b"\n", b" "),
              text.stdout.decode())


def check_refusals(check, obit, folder, recording):
    there = os.path.join(folder, "there")
    with open(there, "wb") as f:
        f.write(b"mine")
    link = os.path.join(folder, "link")
    os.symlink(os.path.join(folder, "target"), link)
    for args, status, words in (
            (("--svg", there), 64, b"--force"),
            (("--svg", "/nonexistent/x"), 74, b"/nonexistent/x"),
            (("--svg", folder), 74, b"directory"),
            (("--folded", "-", "--chrome", "-"), 64, b"standard output"),
            (("--folded", link + "2", "--svg", link + "2"), 64, b"both"),
            (("--folded", recording, "--force"), 64, b"recording"),
            (("--chrome", "/dev/full"), 74, b"/dev/full"),
            (("--svg", "/dev/full"), 74, b"/dev/full"),
            (("--duration", "1s"), 64, b"--duration: a recording"),
            (("--duration", "0"), 64, b'--duration cannot be "0"'),
            (("--duration", "-1s"), 64, b"from 1 ms to 365d"),
            (("--duration", "999us"), 64, b"from 1 ms to 365d"),
            (("--duration", "366d"), 64, b"from 1 ms to 365d"),
            (("--duration", "99999999999999999999s"), 64, b"to 365d"),
            (("--stacks",), 64, b"--stacks"),
            (("--by", "name"), 64, b"--by"),
            (("--hz", "0", "--stacks"), 64, b"--hz"),
            (("--", "true"), 125, b"--replay"),
            (("--",), 125, b"--")):
        got = profile(obit, "-r", recording, *args)
        check("profile " + " ".join(args), got.returncode == status and
              words in got.stderr and b"obit: " in got.stderr,
              "status %d, not %d: %s" % (got.returncode, status,
                                         got.stderr.decode()))
    with open(there, "rb") as f:
        check("profile overwrites nothing", f.read() == b"mine")
    check("profile leaves nothing behind", not os.path.exists(link + "2"))
    got = profile(obit, "-r", recording, "--svg", there, "--force")
    check("profile --force", got.returncode == 0 and
          validate_svg(there) is None)
    got = profile(obit, "-r", recording, "--comm", "nobody")
    check("profile of nobody", got.returncode == 0 and not got.stdout and
          b"nothing died" in got.stderr, got.stderr.decode())
    got = profile(obit, "-r", recording, "--folded", "-")
    check("profile --folded -: report elsewhere", got.returncode == 0 and
          b"deaths in" in got.stderr and b"deaths in" not in got.stdout)


def checks(check, obit, recordings):
    with tempfile.TemporaryDirectory() as folder:
        check_made_up(check, obit, folder)
        check_recordings(check, obit, folder, recordings)
        check_refusals(check, obit, folder, max(recordings,
                                                key=os.path.getsize))
        # The sanitizer keeps what is freed.
        if "/asan/" not in obit:
            check_memory(check, obit, folder)


if __name__ == "__main__":
    sys.stdout.buffer.write(made_up(int(sys.argv[1]), 6)[0])
