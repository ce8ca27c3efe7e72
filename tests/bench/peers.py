# SPDX-License-Identifier: GPL-2.0-only
"""Other programs that tell of exits, as Debian packages them, for comparison.

Owns where they come from: unpacked, not installed, into the cache that the
guests' kernels are in, by the same private apt. Never runs one.
"""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))

import debs  # noqa: E402  (found by the line above)

SUITE = "bookworm"
PACKAGES = ("libbpf-tools", "forkstat")
# name: (path in its package, what it is run as)
PROGRAMS = {
    "exitsnoop": ("usr/sbin/exitsnoop", "exitsnoop"),
    "forkstat": ("usr/sbin/forkstat", "forkstat -e exit"),
}


def root(log=print):
    """The directory with the unpacked packages and their libraries."""
    where = debs.cache_dir() / "peers" / SUITE
    if where.is_dir():
        return where
    with debs.locked("peers.lock"), debs.workdir() as tmp:
        if where.is_dir():
            return where
        log(f"downloading {', '.join(PACKAGES)} of Debian {SUITE}")
        apt = debs.Apt([SUITE], tmp / "apt")
        apt.update()
        new = tmp / "root"
        for deb in apt.download_all(PACKAGES):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(new)], check=True)
        where.parent.mkdir(parents=True, exist_ok=True)
        new.rename(where)
    return where


def find(base, program):
    """The program's file: packages moved between sbin and bin."""
    name = pathlib.Path(PROGRAMS[program][0]).name
    for folder in ("usr/sbin", "usr/bin", "sbin", "bin"):
        path = base / folder / name
        if path.is_file():
            return path
    raise debs.Unavailable(f"{program} is in no package that was unpacked")


def needed(path):
    """Names of the libraries that an ELF file asks for."""
    out = subprocess.run(["objdump", "-p", str(path)], capture_output=True,
                         text=True, check=True).stdout
    return [line.split()[1] for line in out.splitlines()
            if line.strip().startswith("NEEDED")]


def libraries(base, path):
    """{name: file} of all that @path is linked with, one level after another."""
    found, todo = {}, [path]
    while todo:
        for name in needed(todo.pop()):
            if name in found:
                continue
            hits = [p for folder in ("lib", "usr/lib")
                    for p in (base / folder).rglob(name)]
            if not hits:
                raise debs.Unavailable(f"{name} is in no package that was "
                                       "unpacked")
            found[name] = hits[0].resolve()
            todo.append(found[name])
    return found


def guest_files(program, log=print):
    """{guest path: host path} of a program with all it needs to run."""
    base = root(log)
    path = find(base, program)
    files = {f"/bin/{path.name}": path}
    for name, lib in libraries(base, path).items():
        folder = "/lib64" if name.startswith("ld-linux") else "/lib"
        files[f"{folder}/{name}"] = lib
    return files


def host_command(program, log=print):
    """Its command line here: by its own libraries, whatever is installed."""
    base = root(log)
    path = find(base, program)
    libs = libraries(base, path)
    loader = next(lib for name, lib in libs.items()
                  if name.startswith("ld-linux"))
    folders = ":".join(sorted({str(lib.parent) for lib in libs.values()}))
    words = PROGRAMS[program][1].split()[1:]
    return " ".join([str(loader), "--library-path", folders, str(path),
                     *words])


def available(log=print):
    """The programs that can be had; log() hears of the others."""
    if not shutil.which("objdump") or not shutil.which("dpkg-deb"):
        log("objdump or dpkg-deb is missing: no other programs to compare with")
        return []
    try:
        root(log)
    except (debs.Unavailable, OSError, subprocess.CalledProcessError) as e:
        log(f"nothing to compare with: {e}")
        return []
    return list(PROGRAMS)
