#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes the recordings of this folder, and what must come out of each.

Every story is a list of records, packed here from the text of the ABI (never
from its C structs), and the obituaries and notices it must give, written by
hand. A story is the only place to change a .obit or a .json: run this without
arguments; with --check it only says whether the files are what it would write.
"""
import json
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MS, SEC = 10**6, 10**9
REAL = 1790000000 * SEC            # CLOCK_REALTIME at boot
ZONE = 3600                        # east of Greenwich
TYPES = ("none fork exec exit reapable release signal asked oom_victim "
         "oom_limit pdeath armed exit_call waited task scan cgroup clock "
         "state loss tick teardown freed user_exit stack").split()
TYPE = {name: i for i, name in enumerate(TYPES)}
PID_NS = 4026531836


def head(tier=0, source=0):
    return struct.pack("<8sIIIIIIQQ40s64s", b"obit\r\n\x1a\n", 0x01020304, 152,
                       1, 1, tier, source, REAL + SEC, SEC,
                       b"00000000-0000-4000-8000-000000000000", b"6.1.0-test")


def record(kind, at, body):
    body += b"\0" * (-len(body) % 8)
    return struct.pack("<HHIQ", TYPE[kind], 16 + len(body), 0, at) + body


# A process: tgid, comm, start. Everything else names it by this.
class P:
    def __init__(self, tgid, comm, start, uid=1000):
        self.tgid, self.start, self.uid = tgid, start, uid
        self.comm = comm if isinstance(comm, bytes) else comm.encode()

    def task(self, tid=None):
        return struct.pack("<QII", self.start, self.tgid,
                           self.tgid if tid is None else tid)

    def name(self):
        return struct.pack("<16s", self.comm)

    def who(self, tid=None):
        return self.task(tid) + self.name() + struct.pack("<II", self.uid, 0)

    def __str__(self):
        return self.comm.decode("utf-8", "replace")

    def short(self):
        return {"tgid": self.tgid, "start_boottime": self.start,
                "comm": str(self)}

    def thread(self, tid=None):
        return {"tgid": self.tgid, "start_boottime": self.start,
                "tid": self.tgid if tid is None else tid, "comm": str(self)}

    def sender(self, signal, tid=None):
        return {**self.thread(tid), "uid": self.uid, "signal": signal}


NOBODY = struct.pack("<QII16s", 0, 0, 0, b"")
USAGE = (3000000, 1, 2, 1500, 60, 1, 4, 5, 4096, 8192)


def clock(at):
    return record("clock", at, struct.pack("<qiI", REAL, ZONE, 0))


def tick(at):
    return record("tick", at, b"")


def fork(at, p, parent):
    return record("fork", at, p.task() + parent.task() + parent.task())


def execed(at, p, exe, args, flags=0x01, total=None):
    return record("exec", at, p.task() + p.name() + struct.pack(
        "<IIIHHII", flags, p.tgid, len(args) if total is None else total,
        len(args), len(exe), 0, 0) + exe + args)


def died(at, p, parent, code, flags=0x9, group=0, sigchld=1, tty=b"",
         cgroup=40, threads=1, tracer=None, sid=None):
    who = tracer.task() + tracer.name() if tracer else NOBODY
    if code & 0x7f:
        flags |= 0x6
    body = p.task() + p.name() + parent.task() + parent.name() + who
    body += struct.pack("<IIiiiIIIIIIIIIIIBBHIQQ24s", code, flags, group, 0, 0,
                        17, p.uid, 100, 0xffffffff, sid or p.tgid, p.tgid,
                        p.tgid, PID_NS, threads, 0, 0, sigchld, 0, 0, 0,
                        cgroup, 0, tty)
    return record("exit", at, body + struct.pack("<10Q", *USAGE))


def reapable(at, p, told, flags=0, sigchld=1):
    return record("reapable", at, p.task() + told.task() + told.name() +
                  struct.pack("<IIIBBBB", flags, 17, 0, sigchld, 0, 0, 0))


def release(at, p, parent, code, flags=0x08, by=None):
    who = by.task() + by.name() if by else NOBODY
    return record("release", at, p.task() + p.name() + who + parent.task() +
                  parent.name() + struct.pack("<IIIIQ", code, flags, p.uid,
                                              100, 40) +
                  struct.pack("<10Q", *USAGE))


def signal(at, p, sender, sig, info, si_code, flags, kind="signal", tid=None):
    return record(kind, at, p.task() + p.name() + sender.who(tid) +
                  struct.pack("<IiIIQQ", sig, si_code, flags, info, at,
                              at + MS if kind == "asked" else 0))


def oom_victim(at, p, by, rss):
    return record("oom_victim", at, p.task() + by.who() +
                  struct.pack("<Q", rss))


def oom_limit(at, p, path):
    return record("oom_limit", at, struct.pack("<QIIII", 0, p.tgid, 0, 3,
                                               len(path)) + path)


def armed(at, dead, target, sig, flags=0):
    return record("armed", at, dead.task() + dead.name() + target.task() +
                  target.name() + struct.pack("<II", sig, flags))


def task(at, p, parent, exit_state=0, live=1):
    return record("task", at, p.task() + parent.task() + p.name() +
                  struct.pack("<IIII", exit_state, live, live, 1))


def scan(at):
    return record("scan", at, struct.pack("<II", 1, 0))


def cgroup(at, cid, path, gone=0, hierarchy=1):
    return record("cgroup", at, struct.pack("<QIIII", cid, hierarchy, 0, gone,
                                            len(path)) + path)


def state(at, p, letter):
    return record("state", at, p.task(0) + struct.pack("<II", letter, 0))


def loss(at, kind, reason, count):
    return record("loss", at, struct.pack("<IIQ", kind, reason, count))


# --- what must come out -------------------------------------------------------

def instant(ns):
    """In the zone of the recording, by the calendar's own rules."""
    import datetime
    zone = datetime.timezone(datetime.timedelta(seconds=ZONE))
    when = datetime.datetime.fromtimestamp((REAL + ns) // SEC, zone)
    return "%s.%09d+01:00" % (when.strftime("%Y-%m-%dT%H:%M:%S"),
                              (REAL + ns) % SEC)


def obituary(at, p, parent, code, **keys):
    """The keys of the contract in its order; null where nothing is said."""
    o = {"event": "obituary", "time": instant(at), "boot_ns": at,
         "reapable_ns": None, "tgid": p.tgid, "ns_tgid": p.tgid,
         "start_boottime": p.start, "comm": str(p), "exe": None,
         "filename": None, "args": None, "args_cut": None, "uid": p.uid,
         "gid": 100, "loginuid": None, "sid": p.tgid, "pgid": p.tgid,
         "tty": None, "parent": parent.short(), "cgroup": "/job",
         "cgroup_hierarchy": "unified", "cgroup_id": 40, "container": None,
         "pid_ns": PID_NS, "life_ns": at - p.start, "threads": 1,
         "execed": True, "exit_value": None, "exit_code": code,
         "exit_status": None, "truncated": None, "signal": None,
         "core_dumped": None, "meaning": None, "cause": "exit",
         "killer": None, "asked_by": None, "oom": None, "fate": "waited",
         "reaped_by": parent.short(), "new_parent": None, "zombie_ns": None,
         "zombie_err_ns": None, "sigchld": "handler", "pdeath_signal": None,
         "pdeath_tid": None,
         "usage": {"cpu_ns": 3000000, "utime_ns": 1000000,
                   "stime_ns": 2000000, "maxrss_kb": 1500, "minflt": 60,
                   "majflt": 1, "nvcsw": 4, "nivcsw": 5, "read_bytes": 4096,
                   "write_bytes": 8192},
         "teardown": None, "source": "bpf"}
    for key, value in keys.items():
        assert key in o or key.endswith("_hex"), key
        if key in o:
            o[key] = value
            continue
        # next to the key whose exact bytes it tells
        items = list(o.items())
        place = [k for k, _ in items].index(key[:-4]) + 1
        o = dict(items[:place] + [(key, value)] + items[place:])
    return o


def notice(event, at, **keys):
    return {"event": event, "time": instant(at), "boot_ns": at, **keys}


INIT = P(1, "init", 1, 0)
SHELL = P(300, "bash", 30 * SEC)
EXE = dict(exe="/usr/bin/sh", args=["sh"], args_cut=0)


def story_deaths():
    """One of each kind of death, as the tracepoints tell it."""
    r = [clock(SEC), cgroup(SEC, 1, b"/"), cgroup(SEC, 40, b"/job")]
    w = []
    at = [100 * SEC]

    def life(tgid, comm, uid=1000):
        at[0] += SEC
        p = P(tgid, comm, at[0], uid)
        r.append(fork(at[0] + MS, p, SHELL))
        r.append(execed(at[0] + 2 * MS, p, b"sh\0bin\0usr\0", b"sh\0"))
        return p, at[0]

    p, t = life(401, "false")
    r += [died(t + 9 * MS, p, SHELL, 1 << 8, 0x29, 1, tty=b"pts/3"),
          reapable(t + 10 * MS, p, SHELL),
          release(t + 30 * MS, p, SHELL, 1 << 8)]
    w.append(obituary(t + 9 * MS, p, SHELL, 256, **EXE, exit_value=1,
                      exit_status=1, truncated=False, tty="pts/3",
                      zombie_ns=20 * MS, zombie_err_ns=20 * MS))

    # exit(256): a failure that every parent takes for success
    p, t = life(402, "backup")
    r += [died(t + 9 * MS, p, SHELL, 0, 0x29, 256),
          reapable(t + 10 * MS, p, SHELL),
          release(t + 30 * MS, p, SHELL, 0)]
    w.append(obituary(t + 9 * MS, p, SHELL, 0, **EXE, exit_value=256,
                      exit_status=0, truncated=True, zombie_ns=20 * MS,
                      zombie_err_ns=20 * MS))

    # kill -9 by another
    killer = P(350, "oomd", 31 * SEC, 0)
    p, t = life(403, "worker")
    r += [signal(t + 8 * MS, p, killer, 9, 2, 0, 0x29, tid=351),
          died(t + 9 * MS, p, SHELL, 9), reapable(t + 10 * MS, p, SHELL),
          release(t + 30 * MS, p, SHELL, 9)]
    w.append(obituary(t + 9 * MS, p, SHELL, 9, **EXE, signal="SIGKILL",
                      core_dumped=False, cause="signal",
                      killer=killer.sender("SIGKILL", 351), reapable_ns=2 * MS,
                      zombie_ns=20 * MS, zombie_err_ns=20 * MS))

    # a service that is told to stop, and does
    p, t = life(404, "nginx")
    r += [signal(t + 6 * MS, p, INIT, 15, 2, 0, 0x41, "asked"),
          died(t + 9 * MS, p, SHELL, 0, 0x29, 0),
          reapable(t + 10 * MS, p, SHELL), release(t + 30 * MS, p, SHELL, 0)]
    w.append(obituary(t + 9 * MS, p, SHELL, 0, **EXE, exit_value=0,
                      exit_status=0, truncated=False,
                      asked_by={**INIT.sender("SIGTERM"), "age_ns": 3 * MS},
                      zombie_ns=20 * MS, zombie_err_ns=20 * MS))

    # a segmentation fault that leaves a core
    p, t = life(405, "crasher")
    r += [signal(t + 8 * MS, p, p, 11, 2, 1, 0x408),
          died(t + 9 * MS, p, SHELL, 0x8b), reapable(t + 10 * MS, p, SHELL),
          release(t + 30 * MS, p, SHELL, 0x8b)]
    w.append(obituary(t + 9 * MS, p, SHELL, 0x8b, **EXE, signal="SIGSEGV",
                      core_dumped=True, cause="fault", reapable_ns=2 * MS,
                      zombie_ns=20 * MS, zombie_err_ns=20 * MS))

    # out of memory, for somebody else's allocation
    greedy = P(360, "greedy", 32 * SEC)
    p, t = life(406, "victim")
    r += [signal(t + 7 * MS, p, greedy, 9, 1, 0, 0x29),
          oom_victim(t + 7 * MS, p, greedy, 123456),
          oom_limit(t + 7 * MS, p, b"/job"),
          died(t + 9 * MS, p, SHELL, 9), reapable(t + 10 * MS, p, SHELL),
          release(t + 30 * MS, p, SHELL, 9)]
    w.append(obituary(t + 9 * MS, p, SHELL, 9, **EXE, signal="SIGKILL",
                      core_dumped=False, cause="oom", reapable_ns=3 * MS,
                      oom={"cgroup": "/job", "by": greedy.short(),
                           "rss_kb": 123456},
                      zombie_ns=20 * MS, zombie_err_ns=20 * MS))

    # Ctrl-C: a kworker ran, and has killed nobody
    worker = P(12, "kworker/u8:1", 5, 0)
    p, t = life(407, "sleep")
    r += [signal(t + 8 * MS, p, worker, 2, 1, 0, 0x25),
          died(t + 9 * MS, p, SHELL, 2, tty=b"pts/3"),
          reapable(t + 10 * MS, p, SHELL),
          release(t + 30 * MS, p, SHELL, 2)]
    w.append(obituary(t + 9 * MS, p, SHELL, 2, **EXE, signal="SIGINT",
                      core_dumped=False, cause="terminal", tty="pts/3",
                      reapable_ns=2 * MS, zombie_ns=20 * MS,
                      zombie_err_ns=20 * MS))

    # its parent ignores SIGCHLD: nobody is told, nobody waits
    p, t = life(408, "helper")
    r += [died(t + 9 * MS, p, SHELL, 78 << 8, 0x29, 78, sigchld=3),
          release(t + 30 * MS, p, SHELL, 78 << 8)]
    w.append(obituary(t + 9 * MS, p, SHELL, 78 << 8, **EXE, exit_value=78,
                      exit_status=78, truncated=False, meaning="EX_CONFIG",
                      fate="autoreaped", reaped_by=None, sigchld="ignored",
                      zombie_ns=0, zombie_err_ns=0))

    # parent-death signal; the orphan goes to init
    p, t = life(409, "parent")
    child = P(410, "child", t + 3 * MS)
    other = P(411, "suid", t + 3 * MS, 0)
    r += [fork(t + 3 * MS, child, p), fork(t + 3 * MS, other, p),
          died(t + 9 * MS, p, SHELL, 0, 0x29, 0),
          armed(t + 9 * MS, p, child, 15), armed(t + 9 * MS, p, other, 15),
          signal(t + 10 * MS, child, p, 15, 0, 0, 0x333),
          reapable(t + 11 * MS, p, SHELL),
          died(t + 12 * MS, child, INIT, 15, 0x1),
          reapable(t + 13 * MS, child, INIT),
          release(t + 30 * MS, p, SHELL, 0),
          release(t + 31 * MS, child, INIT, 15, 0)]
    w += [notice("pdeath_send", t + 10 * MS, dead=p.thread(),
                 process_alive=False, target=child.thread(), signal="SIGTERM",
                 denied=False),
          notice("pdeath_send", t + 9 * MS, dead=p.thread(),
                 process_alive=False, target=other.thread(), signal="SIGTERM",
                 denied=True),
          obituary(t + 9 * MS, p, SHELL, 0, **EXE, exit_value=0,
                   exit_status=0, truncated=False, zombie_ns=19 * MS,
                   zombie_err_ns=19 * MS),
          obituary(t + 12 * MS, child, INIT, 15, **EXE, signal="SIGTERM",
                   core_dumped=False, cause="pdeath", execed=False,
                   killer=p.sender("SIGTERM"), reapable_ns=3 * MS,
                   zombie_ns=18 * MS, zombie_err_ns=18 * MS)]

    # a session leader ends: SIGHUP to the foreground group
    p, t = life(420, "ssh")
    child = P(421, "vi", t + 3 * MS)
    r += [fork(t + 3 * MS, child, p), died(t + 9 * MS, p, SHELL, 0, 0x29, 0),
          signal(t + 10 * MS, child, p, 1, 1, 0, 0x802b),
          reapable(t + 11 * MS, p, SHELL),
          died(t + 12 * MS, child, INIT, 1, 0x1, sid=420),
          reapable(t + 13 * MS, child, INIT),
          release(t + 30 * MS, p, SHELL, 0),
          release(t + 31 * MS, child, INIT, 1, 0)]
    w += [notice("hangup", t + 10 * MS, **{"from": p.thread()},
                 kind="session_leader", target=child.thread(),
                 signal="SIGHUP"),
          obituary(t + 9 * MS, p, SHELL, 0, **EXE, exit_value=0,
                   exit_status=0, truncated=False, zombie_ns=19 * MS,
                   zombie_err_ns=19 * MS),
          obituary(t + 12 * MS, child, INIT, 1, **EXE, signal="SIGHUP",
                   core_dumped=False, cause="hangup", execed=False, sid=420,
                   killer=p.sender("SIGHUP"), reapable_ns=3 * MS,
                   zombie_ns=18 * MS, zombie_err_ns=18 * MS)]

    # strangers' bytes, and a zombie that nobody waits for
    p, t = life(430, b"\x1b[31m\xff")
    r[-1] = execed(t + 2 * MS, p, b"a\nb\0tmp\0", b"\xc3\x28\0", total=9)
    r += [died(t + 9 * MS, p, SHELL, 3 << 8, 0x29, 3),
          reapable(t + 10 * MS, p, SHELL), tick(t + 1009 * MS),
          tick(t + 1010 * MS), state(t + 1011 * MS, p, ord("Z")),
          tick(t + 1500 * MS), release(t + 1600 * MS, p, SHELL, 3 << 8)]
    comm_hex = "1b5b33316dff"
    w += [obituary(t + 9 * MS, p, SHELL, 3 << 8, exe="/tmp/a\nb",
                   args=["\ufffd("], args_hex=["c328"], args_cut=6,
                   comm_hex=comm_hex, exit_value=3, exit_status=3,
                   truncated=False, fate="zombie", reaped_by=None),
          notice("zombie", t + 1011 * MS, tgid=p.tgid, start_boottime=p.start,
                 comm=str(p), comm_hex=comm_hex, exit_code=768,
                 parent=SHELL.short(), zombie_ns=1001 * MS),
          notice("reaped", t + 1600 * MS, tgid=p.tgid, start_boottime=p.start,
                 comm=str(p), comm_hex=comm_hex, exit_code=768,
                 reaped_by=SHELL.short(), zombie_ns=1590 * MS,
                 zombie_err_ns=589 * MS)]

    # at the end: a loss, and one that has died and not been released
    p, t = life(440, "late")
    r += [loss(t + 8 * MS, 1, 0, 5), died(t + 9 * MS, p, SHELL, 0, 0x29, 0)]
    w += [notice("lost", t + 8 * MS, kind="context", reason="ring_full",
                 count=5, source="bpf"),
          obituary(t + 9 * MS, p, SHELL, 0, **EXE, exit_value=0,
                   exit_status=0, truncated=False, fate="unknown",
                   reaped_by=None)]
    return head() + b"".join(r), w


def story_exact():
    """The same kernel with fentry: what is exact is told as exact."""
    r = [clock(SEC), cgroup(SEC, 40, b"/job"), task(SEC, SHELL, INIT),
         execed(SEC, SHELL, b"/bin/bash", b"-bash\0", 0x10), scan(SEC)]
    tracer = P(350, "strace", 31 * SEC)
    old = P(340, "old", 33 * SEC)
    r.insert(4, task(SEC, old, SHELL, 0x20, 0))
    t = 100 * SEC
    a, b, c = (P(n, "job", t + n) for n in (501, 502, 503))
    r += [fork(t, p, SHELL) for p in (a, b, c)]
    r += [died(t + 9 * MS, a, SHELL, 0, 0x21, 0),
          reapable(t + 10 * MS, a, SHELL, 1),
          release(t + 11 * MS, a, SHELL, 0, 0x01, SHELL),
          died(t + 12 * MS, b, SHELL, 0, 0x31, 0, tracer=tracer, sigchld=3),
          reapable(t + 13 * MS, b, tracer, 0x9),
          release(t + 17 * MS, b, SHELL, 0, 0x01, tracer),
          # bash ends: its zombie is inherited, by init
          died(t + 20 * MS, c, SHELL, 0, 0x21, 0),
          reapable(t + 21 * MS, c, SHELL, 1),
          died(t + 22 * MS, SHELL, INIT, 0, 0x29, 0),
          reapable(t + 23 * MS, c, INIT, 0x5),
          reapable(t + 23 * MS, SHELL, INIT, 1),
          release(t + 24 * MS, SHELL, INIT, 0, 0x09, INIT),
          release(t + 25 * MS, c, INIT, 0, 0x01, INIT),
          release(t + 26 * MS, old, INIT, 0x300, 0x09, INIT)]
    bash = dict(exe="/bin/bash", args=["-bash"], args_cut=0, exit_value=0,
                exit_status=0, truncated=False, zombie_err_ns=0)
    w = [obituary(t + 9 * MS, a, SHELL, 0, **bash, execed=False,
                  zombie_ns=1 * MS),
         obituary(t + 12 * MS, b, SHELL, 0, **bash, execed=False,
                  fate="ptrace_waited", reaped_by=tracer.short(),
                  sigchld="ignored", zombie_ns=4 * MS),
         obituary(t + 22 * MS, SHELL, INIT, 0, **bash, zombie_ns=1 * MS),
         obituary(t + 20 * MS, c, SHELL, 0, **bash, execed=False,
                  reaped_by=INIT.short(), new_parent=INIT.short(),
                  zombie_ns=4 * MS),
         notice("reaped", t + 26 * MS, tgid=old.tgid,
                start_boottime=old.start, comm="old", exit_code=768,
                reaped_by=INIT.short(), zombie_ns=None, zombie_err_ns=None)]
    return head(tier=1) + b"".join(r), w


STORIES = {"deaths": story_deaths, "exact": story_exact}


def main():
    check = sys.argv[1:] == ["--check"]
    bad = False
    for name, story in STORIES.items():
        stream, want = story()
        text = "".join(json.dumps(w, ensure_ascii=False,
                                  separators=(",", ":")) + "\n" for w in want)
        for path, data in ((name + ".obit", stream),
                           (name + ".json", text.encode())):
            path = os.path.join(HERE, path)
            if not check:
                with open(path, "wb") as f:
                    f.write(data)
            elif not os.path.exists(path) or open(path, "rb").read() != data:
                print("%s is not what its story says" % path)
                bad = True
    return bad


if __name__ == "__main__":
    sys.exit(main())
