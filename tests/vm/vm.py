# SPDX-License-Identifier: GPL-2.0-only
"""Runs one command in a fresh guest: run(kernel, files, argv) -> Result.

Owns QEMU and the snapshots, and the rule of what counts as a
lost guest. Never decides whether a test passed, never fetches anything, and
never reports a status that the guest did not send.
"""
import base64
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import debs
from image import BUILD, Broken, initramfs

LOST = 128              # exit status of a run whose guest gave no verdict
KEEP = 3                # snapshots kept per kernel, 80 MB each
BOOT_TIMEOUT = 120      # s; 3 to 5 are usual, a busy machine takes 20
MEM = 768               # MB; obit's ring and the page tables of a fork storm

# loglevel=5, not "quiet": a WARNING is printed at level 4 and must be seen.
# nokaslr keeps addresses the same for every guest; the rest turns each way a
# kernel can fall ill into a panic, and a panic into the end of QEMU.
CMDLINE = ("console=ttyS0 loglevel=5 panic=-1 oops=panic panic_on_warn=1 "
           "softlockup_panic=1 hung_task_panic=1 nokaslr mitigations=off "
           "tsc=reliable no_timer_check random.trust_cpu=on "
           "sysrq_always_enabled rcupdate.rcu_cpu_stall_suppress=0")

# At the beginning of a console line, after the time stamp: what a program
# prints, or is called, must not look like a sick kernel. An OOM report prints a
# "Call Trace:" in good health, and begins with the name of the task.
SPLAT = re.compile(r"""^(?:\[[^\]]*\]\s*)+(?!.*\ invoked\ oom-killer:)(?:
      WARNING:\s | BUG:\s | Oops: | Kernel\ panic | kernel\ BUG\ at
    | (?:watchdog:\ )?BUG: | invalid\ opcode: | stack\ segment:
    | general\ protection\ fault[:,] | double\ fault: | int3:
    | INFO:\ (?:task\ |trying\ to\ register|rcu_|possible|inconsistent)
    | rcu:\ INFO: | .*detected\ (?:expedited\ )?stalls?\ on
    | .*self-detected\ stall | WARNING\ -\ | UBSAN: | KASAN: | KFENCE:
    | refcount_t: | (?:list_add|list_del)\ corruption
    | DEBUG_LOCKS_WARN_ON | unregister_netdevice:\ waiting
    | .*scheduling\ while\ atomic | .*suspicious\ RCU\ usage
    | .*possible\ (?:circular|recursive|irq).*\ (?:locking|lock)
    | \[\ BUG:\  | BUG\ \S+\ \( | ODEBUG:
    | kmemleak:\ .*suspected
    | sysrq:\ Trigger\ a\ crash )""", re.X | re.M)

# Taint bits that say the kernel itself went wrong: machine check, bad page,
# died, warned, soft lockup. 12 and 13 (out-of-tree, unsigned) are our module.
TAINT_BAD = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 14


def on_signals():
    """Lets a killed runner unwind, so that no directory is left behind."""
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda number, _: sys.exit(128 + number))


@dataclasses.dataclass
class Result:
    """What a guest left behind."""
    rc: int | None              # the command's status; None: the guest is lost
    out: bytes                  # what the command printed, stdout and stderr
    console: str                # what the kernel printed
    lost: str | None = None     # why the guest is lost
    timeout: bool = False       # it is lost because time was up
    taint: int = 0
    seconds: float = 0.0        # wall time of it all
    ready: float = 0.0          # wall time until the command began
    restored: bool = False      # from a snapshot
    files: dict = dataclasses.field(default_factory=dict)  # path: bytes | None

    @property
    def text(self):
        return self.out.decode("utf-8", "replace")


# --- QEMU -------------------------------------------------------------------

class Qmp:
    """The part of QEMU's control protocol that is needed here."""

    def __init__(self, path, proc, timeout=20):
        self.sock = connect(path, timeout, proc)
        self.sock.settimeout(timeout)
        self.file = self.sock.makefile("rwb")
        self.file.readline()
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments":
                                    arguments}).encode() + b"\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise OSError("QEMU closed its control socket")
            answer = json.loads(line)
            if "error" in answer:
                raise OSError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]

    def close(self):
        self.file.close()
        self.sock.close()


def connect(path, timeout, proc=None):
    """Connects to a socket that @proc is about to listen on."""
    end = time.monotonic() + timeout
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(str(path))
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > end or proc and proc.poll() is not None:
                raise
            time.sleep(0.01)


def drain(sock, quiet, most):
    """Reads until nothing came for @quiet s; at most @most s.

    A socket that nobody reads is full after some 300 single bytes, and what
    the console says then is lost to the log as well.
    """
    end = time.monotonic() + most
    while time.monotonic() < end and select.select([sock], [], [], quiet)[0]:
        if not sock.recv(65536):
            return


class Machine:
    """One QEMU process and the files its serial ports write to."""

    def __init__(self, work, args, incoming=None):
        self.out_path = work / "out"
        self.console_path = work / "console"
        self.file_path = work / "files"
        self.err_path = work / "qemu.err"
        self.ports = work
        for path in work.iterdir():     # of a machine that ran here before
            path.unlink()
        full = [*args,
                "-chardev", f"socket,id=con,path={work}/con.sock,server=on,"
                            f"wait=off,logfile={self.console_path}",
                "-chardev", f"file,id=out,path={self.out_path}",
                "-chardev", f"socket,id=cmd,path={work}/cmd.sock,server=on,"
                            "wait=off",
                "-chardev", f"file,id=files,path={self.file_path}"]
        for i, name in enumerate(("con", "out", "cmd", "files")):
            full += ["-device", f"isa-serial,chardev={name},index={i}"]
        full += ["-qmp", f"unix:{work}/qmp.sock,server=on,wait=off"]
        if incoming:
            full += ["-incoming", f"exec:cat {shlex.quote(str(incoming))}"]
        # A killed runner must not leave a guest burning a CPU.
        with open(self.err_path, "wb") as err:
            self.proc = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *full],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        self.qmp = None
        self.cmd = None
        self.seen = bytearray()

    def out(self):
        """All that ttyS1 has sent so far."""
        with contextlib.suppress(FileNotFoundError), \
                open(self.out_path, "rb") as f:
            f.seek(len(self.seen))
            self.seen += f.read()
        return self.seen

    def console(self):
        return read(self.console_path).decode("utf-8", "replace")

    def control(self):
        self.qmp = self.qmp or Qmp(self.ports / "qmp.sock", self.proc)
        return self.qmp

    def say(self, text):
        self.cmd = self.cmd or connect(self.ports / "cmd.sock", 20,
                                       self.proc)
        self.cmd.sendall(text.encode())

    def save(self, path):
        """Writes the machine's state; the machine stays, and goes on."""
        qmp = self.control()
        qmp("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        qmp("migrate", uri=f"exec:cat > {shlex.quote(str(path))}")
        while (state := qmp("query-migrate").get("status")) != "completed":
            if state in ("failed", "cancelled"):
                raise OSError("QEMU could not save the guest")
            time.sleep(0.02)
        # "completed" comes first: until the machine has left this state too,
        # it refuses to go on, and would stand still for ever.
        while qmp("query-status")["status"] == "finish-migrate":
            time.sleep(0.02)
        qmp("cont")

    def backtraces(self):
        """Has a stuck kernel tell on its console what every task waits for."""
        with contextlib.suppress(OSError, ValueError):
            with connect(self.ports / "con.sock", 2) as sock:
                for key in (b"9", b"t", b"w", b"l", b"m"):
                    self.control()("chardev-send-break", id="con")
                    drain(sock, 0.1, 0.1)
                    sock.send(key)
                    # Quiet for a while: said. The first may take its time.
                    drain(sock, 0.4, 6)

    def end(self, grace):
        """Waits for power off, then makes sure. Returns QEMU's own words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.proc.wait(grace)
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGKILL)
            self.proc.wait()
        for thing in (self.qmp, self.cmd):
            if thing:
                thing.close()
        return read(self.err_path).decode("utf-8", "replace").strip()


def read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def qemu_args(image, initrd, mem, cpus, icount=False):
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        raise Broken("qemu-system-x86_64 is missing: install the Debian "
                     "package qemu-system-x86")
    # -smap: QEMU (7.2) reads the stack of a far return as the kernel, so that
    # a program going to 32-bit code with lret would be a kernel's SMAP fault.
    # thread=single: with one host thread a CPU, TCG crashes kernels that patch
    # their own text under load (ftrace, static keys), at no fault of ours.
    # A vmlinux starts through PVH and saves the guest its own unpacking; with
    # KASAN it cannot: it runs before there is a shadow, and faults for good.
    # icount: a nanosecond an instruction, so that time does not pass while the
    # host is busy elsewhere, and idle time is skipped. Only on one CPU: two
    # spend their time slices waiting for each other, and never boot.
    virtual = ["-icount", "shift=0,sleep=off"] if icount else []
    return [qemu, *virtual, "-M", "q35", "-cpu", "max,-smap",
            "-m", str(mem), "-smp", "1" if icount else str(cpus),
            "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-accel", "tcg,thread=single",
            "-kernel", str(image), "-initrd", str(initrd),
            "-append", CMDLINE]


# --- a run ------------------------------------------------------------------

class Run:
    """The life of one guest, from its image to its verdict."""

    def __init__(self, kernel, files, argv, *, timeout, mem, cpus, icount,
                 fresh, cgroup, get, env, stream):
        self.kernel = kernel
        self.argv = argv
        self.timeout = timeout
        self.stream = stream
        self.streamed = 0
        self.fresh = fresh
        self.id = base64.b16encode(os.urandom(8)).decode().lower()
        self.words = [f"id={self.id}", f"cgroup={cgroup}",
                      *(f"env={e}" for e in env), *(f"get={g}" for g in get)]
        self.end_mark = re.compile(
            rb"\nOBIT-END rc=(\d+) taint=(\d+) id=" + self.id.encode() +
            rb"\n")
        image = initramfs(files, kernel.modules)
        BUILD.mkdir(parents=True, exist_ok=True)
        args = qemu_args(kernel.image, "", mem, cpus, icount)
        version = subprocess.run([args[0], "--version"], capture_output=True,
                                 check=True).stdout
        key = hashlib.sha256(image)
        key.update(repr((kernel.about, args)).encode())
        key.update(version)
        self.snap = BUILD / f"snap-{kernel.name}-{key.hexdigest()[:16]}.vm"
        self.image = image
        self.initrd = self.snap.with_suffix(".cpio")
        self.args = qemu_args(kernel.image, self.initrd, mem, cpus, icount)
        self.begun = time.monotonic()
        self.machine = None
        self.ready = 0.0
        self.restored = False

    # A restored kernel would draw the same random numbers as the one saved.
    # The job is sent again until the guest answers: a port that was idle when
    # the machine was saved swallows the first byte, and init reads one job.
    def job(self):
        words = [*self.words, f"time={time.time():.9f}",
                 f"seed={os.urandom(32).hex()}", "--", *self.argv]
        raw = b"\0".join(os.fsencode(str(w)) for w in words) + b"\0"
        return f"\nRUN {raw.hex()}\n"

    def wait_for(self, what, seconds, again=None):
        """True when @what is on ttyS1; False if QEMU ended or time is up."""
        end = time.monotonic() + seconds
        next_say = 0.0
        while True:
            if what in self.machine.out():
                return True
            if self.machine.proc.poll() is not None:
                return what in self.machine.out()
            now = time.monotonic()
            if now > end:
                return False
            if again and now >= next_say:
                with contextlib.suppress(OSError):
                    self.machine.say(again())
                next_say = now + 2
            time.sleep(0.01)

    def boot(self, work):
        self.machine = Machine(work, self.args)
        return self.wait_for(b"OBIT-READY\n", BOOT_TIMEOUT)

    def start(self, work):
        """Gets a machine to where init has the job. False: it is lost."""
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context(open(self.snap.with_suffix(".lock"),
                                            "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.initrd.exists():
                tmp = self.initrd.with_suffix(f".{os.getpid()}")
                tmp.write_bytes(self.image)
                tmp.rename(self.initrd)
            if self.fresh or not self.snap.exists():
                if not self.boot(work):
                    return False
                if not self.fresh:
                    self.save()
        if self.machine:
            return self.hand_over()
        os.utime(self.snap)
        self.restored = True
        self.machine = Machine(work, self.args, incoming=self.snap)
        if self.hand_over():
            return True
        if self.machine.proc.poll() in (None, 0) or self.machine.out() or \
                self.machine.console():
            return False
        # It never ran: the snapshot is bad (a full disk, another QEMU).
        self.machine.end(0)
        self.snap.unlink(missing_ok=True)
        self.restored = False
        return self.boot(work) and self.hand_over()

    def hand_over(self):
        if not self.wait_for(b"OBIT-RUN\n", BOOT_TIMEOUT, again=self.job):
            return False
        self.ready = time.monotonic() - self.begun
        return True

    def save(self):
        """Keeps the machine's state for later; it costs the run nothing."""
        tmp = self.snap.with_suffix(f".{os.getpid()}")
        try:
            self.machine.save(tmp)
            tmp.rename(self.snap)
        except OSError as e:
            tmp.unlink(missing_ok=True)
            print(f"vm: no snapshot: {e}", file=sys.stderr)
        self.prune()

    def prune(self):
        snaps = sorted(BUILD.glob(f"snap-{self.kernel.name}-*.vm"),
                       key=lambda p: p.stat().st_mtime)
        for old in snaps[:-KEEP]:
            for suffix in (".vm", ".cpio", ".lock"):
                old.with_suffix(suffix).unlink(missing_ok=True)
        for path in BUILD.glob("snap-*"):   # of a runner that was killed
            with contextlib.suppress(OSError):
                if path.suffix not in (".vm", ".cpio", ".lock") and \
                        path.stat().st_mtime < time.time() - 3600:
                    path.unlink()

    def pass_on(self, body, final):
        """Streams what the command printed, holding back what may be ours."""
        if not self.stream:
            return
        if not final:
            cut = body.rfind(b"\n")
            body = body[:cut] if cut > 0 else b""
            if b"\nOBIT-END" in body[self.streamed:]:
                return
        if len(body) > self.streamed:
            self.stream(body[self.streamed:])
            self.streamed = len(body)

    def body(self):
        """(what the command printed so far, the verdict's match or None)."""
        out = bytes(self.machine.out())
        start = out.find(b"OBIT-RUN\n")
        if start < 0:
            return b"", None
        out = out[start + 9:]
        end = self.end_mark.search(out)
        return (out[:end.start()] if end else out), end

    def follow(self):
        """Waits for the verdict; returns True when time is up instead."""
        end = time.monotonic() + self.timeout
        size = -1
        while True:
            over = self.machine.proc.poll() is not None
            if len(self.machine.out()) != size:
                size = len(self.machine.seen)
                body, verdict = self.body()
                if verdict:
                    return False
                self.pass_on(body, False)
            if over:
                return False
            if time.monotonic() > end:
                self.machine.backtraces()
                return True
            time.sleep(0.01)

    def run(self):
        work = pathlib.Path(tempfile.mkdtemp(prefix="obit-vm-"))
        try:
            started = self.start(work)
            late = self.follow() if started else \
                self.machine.proc.poll() is None
            words = self.machine.end(0 if late else 10)
            return self.judge(started, late, words)
        finally:
            if self.machine:
                self.machine.end(0)
            shutil.rmtree(work, ignore_errors=True)

    def judge(self, started, late, qemu_words):
        body, verdict = self.body()
        self.pass_on(body, True)
        console = self.machine.console()
        result = Result(None, body, console, restored=self.restored,
                        ready=self.ready, timeout=late,
                        seconds=time.monotonic() - self.begun)
        splat = SPLAT.search(console)
        if verdict:
            result.taint = int(verdict[2])
        if splat:
            line = console[splat.start():].split("\n", 1)[0].strip()
            result.lost = f"kernel splat: {line}"
        elif late:
            result.lost = f"no verdict after {self.timeout} s" if started \
                else f"not up after {BOOT_TIMEOUT} s"
        elif not verdict:
            result.lost = "no verdict: QEMU ended" + \
                (f": {qemu_words}" if qemu_words else "")
        elif result.taint & TAINT_BAD:
            result.lost = f"kernel tainted: {result.taint:#x}"
        else:
            result.rc = int(verdict[1])
        if result.lost:     # whole: what is shown of it is the end
            logs = sorted(BUILD.glob("lost-*.log"),
                          key=lambda p: p.stat().st_mtime)
            for old in logs[:-20]:
                old.unlink(missing_ok=True)
            path = BUILD / f"lost-{self.kernel.name}-{self.id[:6]}.log"
            path.write_text(console)
            result.lost += f" (console in {path})"
        result.files = split_files(read(self.machine.file_path))
        return result


def split_files(raw):
    """{path: bytes, or None for one that could not be read} out of ttyS3."""
    files = {}
    while raw.startswith(b"FILE "):
        head, _, raw = raw.partition(b"\n")
        _, size, path = head.decode("utf-8", "replace").split(" ", 2)
        size = int(size)
        if size < 0 or len(raw) < size:
            files[path] = None
            break
        files[path], raw = raw[:size], raw[size:]
    return files


def run(kernel, files, argv, timeout=60, *, mem=MEM, cpus=2, icount=False,
        fresh=False, cgroup="v2", get=(), env=(), stream=None):
    """Runs @argv in a guest of its own and returns a Result.

    @kernel: a name of tests/vm/kernels that is in the cache, or a debs.Kernel
    @files: ["host[:guest]"] or {guest: host}; guest is /bin/NAME by default,
            a directory brings all its files
    @timeout: seconds for the command, the boot apart
    @icount: one CPU that counts instructions for time: same run, same figures
    @fresh: boot anew rather than restore the snapshot taken at the first run
    @cgroup: "v2", or "v1" for a host with memory, pids and systemd hierarchies
    @get: guest paths whose bytes come back in Result.files
    @env: "NAME=VALUE" for the command; @stream: called with output as it comes
    Raises Broken when there is nothing to run it with.
    """
    if isinstance(kernel, str):
        found = debs.cached(kernel)
        if not found:
            raise Broken(f"kernel {kernel} is not in {debs.cache_dir()}: "
                         "tests/vm/run.py fetch brings it")
        kernel = found
    for tool, package in (("setpriv", "util-linux"), ("cc", "gcc")):
        if not shutil.which(tool):
            raise Broken(f"{tool} is missing: install the Debian package "
                         f"{package}")
    return Run(kernel, files, argv, timeout=timeout, mem=mem, cpus=cpus,
               icount=icount, fresh=fresh, cgroup=cgroup, get=get, env=env,
               stream=stream).run()
