# SPDX-License-Identifier: GPL-2.0-only
"""What a guest boots with: one uncompressed newc archive, written right here.

Owns init's build, busybox's place and the archive's format. Never looks at a
kernel; the same files always give the same bytes, for a snapshot's name is
made from them.
"""
import fcntl
import hashlib
import os
import pathlib
import shlex
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("OBIT_VM_BUILD") or
                     HERE.parents[1] / "build" / "vm")


class Broken(Exception):
    """The harness cannot run at all (no QEMU, no compiler, no such file)."""


def guest_files(files):
    """Yields (guest path, host path) from ["host[:guest]"] or {guest: host}."""
    if isinstance(files, dict):
        pairs = [(host, guest) for guest, host in files.items()]
    else:
        pairs = [(str(f).rsplit(":", 1) + [None])[:2] for f in files]
    for host, guest in pairs:
        host = pathlib.Path(host)
        guest = guest or f"/bin/{host.name}"
        if not host.exists():
            raise Broken(f"{host}: no such file")
        if not host.is_dir():
            yield guest, host
            continue
        for path in sorted(host.rglob("*")):
            if path.is_file():
                yield f"{guest}/{path.relative_to(host)}", path


def compile_init(source, binary):
    tmp = binary.with_suffix(".new")
    cc = shlex.split(os.environ.get("CC") or "cc")
    done = subprocess.run(
        [*cc, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", "-o",
         str(tmp), str(source)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"init.c does not compile: {done.stderr}")
    for old in BUILD.glob("init-*"):
        if old != tmp:
            old.unlink(missing_ok=True)
    tmp.rename(binary)


def build_init():
    """Compiles init.c, statically, unless that very source is built already."""
    source = HERE / "init.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    binary = BUILD / f"init-{digest}"
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "init.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # other guests begin now as well
        if not binary.exists():
            compile_init(source, binary)
    return binary


def busybox():
    path = shutil.which("busybox")
    if not path:
        raise Broken("busybox is missing: install the Debian package "
                     "busybox-static")
    with open(path, "rb") as f:
        if b"/lib64/ld-linux" in f.read(4096):
            raise Broken(f"{path} is not static: install the Debian package "
                         "busybox-static")
    applets = subprocess.run([path, "--list"], capture_output=True, text=True,
                             check=True).stdout.split()
    return pathlib.Path(path), applets


class Cpio:
    """A newc archive. No date and no owner in it: same files, same bytes."""

    def __init__(self):
        self.parts = []
        self.ino = 0
        self.dirs = set()

    def add(self, name, mode, data=b"", rdev=(0, 0)):
        name = name.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self.dirs:
            self.add(parent, 0o040755)
        if mode >> 12 == 0o04:
            if name in self.dirs:
                return
            self.dirs.add(name)
        self.ino += 1
        raw = name.encode() + b"\0"
        head = "070701" + "".join(f"{v:08x}" for v in (
            self.ino, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(raw), 0))
        self.parts += [head.encode(), raw, b"\0" * (-(110 + len(raw)) % 4),
                       data, b"\0" * (-len(data) % 4)]

    def bytes(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self.parts)


def initramfs(files, modules=()):
    """The archive, with @files and what init is to load of @modules."""
    cpio = Cpio()
    for name in ("dev", "proc", "sys", "tmp", "run", "root", "etc", "bin"):
        cpio.add(name, 0o040755)
    cpio.add("dev/console", 0o020600, rdev=(5, 1))
    cpio.add("dev/null", 0o020666, rdev=(1, 3))
    cpio.add("etc/passwd", 0o100644,
             b"root:x:0:0::/root:/bin/sh\n"
             b"nobody:x:65534:65534::/:/bin/false\n")
    cpio.add("etc/group", 0o100644, b"root:x:0:\nnogroup:x:65534:\n")
    cpio.add("init", 0o100755, build_init().read_bytes())
    box, applets = busybox()
    cpio.add("bin/busybox", 0o100755, box.read_bytes())
    taken = {guest.strip("/") for guest, _ in guest_files(files)}
    for applet in applets:
        if applet != "busybox" and f"bin/{applet}" not in taken:
            cpio.add(f"bin/{applet}", 0o120777, b"busybox")
    for path in modules:
        cpio.add(f"lib/modules/{path.name}", 0o100644, path.read_bytes())
    for guest, host in guest_files(files):
        cpio.add(guest, 0o100000 | host.stat().st_mode & 0o777,
                 host.read_bytes())
    return cpio.bytes()
