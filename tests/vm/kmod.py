# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernel module for a kernel of the cache.

Owns the symlink farm a build runs in and the choice of tools: this machine's,
or a Debian release's in a mount namespace of its own; and has sparse read what
was built. Never writes into the source tree or the kernel's headers.
"""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess

import debs

REPO = pathlib.Path(__file__).resolve().parents[2]

# Runs in the release's root: the tools' root is bound over itself so that it
# can be entered, with the headers, the sources and the output where they are
# outside. /dev/null is all of /dev that kbuild wants.
ENTER = r"""
set -e
root=$1; shift
while [ "$1" != -- ]; do
	mkdir -p "$root$1"
	mount --rbind "$1" "$root$1"
	shift
done
shift
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
exec chroot "$root" "$@"
"""

# What sparse 0.6.4 lacks to read 7.x's headers: an operator, which to it is as
# good as the one that keeps qualifiers; and the length of a string literal as a
# constant, which MODULE_INFO() has asserted.
SPARSE = ("-D__CHECK_ENDIAN__", "-D__typeof_unqual__=__typeof__",
          "'-D__builtin_strlen(s)=(sizeof(s)-1)'")


class BuildError(Exception):
    def __init__(self, text, log):
        super().__init__(text)
        self.log = log


def tools(kernel, log=print):
    """The root of the release whose tools build for @kernel; None: this one."""
    if kernel.tools in ("host", codename()):
        return None
    return debs.tools_root(kernel.tools, log)


def codename():
    try:
        with open("/etc/os-release") as f:
            for line in f:
                if line.startswith("VERSION_CODENAME="):
                    return line.split("=", 1)[1].strip().strip('"')
    except OSError:
        pass
    return None


def default_outdir(kernel):
    return REPO / "build" / f"kmod-{kernel.release}"


def farm(source, out):
    """Links to every source file, so that kbuild litters @out and not them."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = {out / "Kbuild": source / "Kbuild"}
    for path in (source / "kmod").rglob("*"):
        if path.is_file() and path.suffix in (".c", ".h", ".S"):
            wanted[out / path.relative_to(source)] = path
    for link in out.rglob("*"):
        if link.is_symlink() and link not in wanted:
            link.unlink()       # its source is gone
    for link, target in wanted.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or os.readlink(link) != str(target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def version(source):
    """As the Makefile has it: a tag, or a commit; None: no repository."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(source), "describe",
         "--always", "--dirty", "--tags"], capture_output=True, text=True,
        check=False, env=dict(os.environ, GIT_OPTIONAL_LOCKS="0"))
    return done.stdout.strip() or None


def build(kernel, out, source=REPO, log=print):
    """Builds @source's Kbuild for @kernel in @out; returns obit.ko's path.

    Of two that want the same @out one waits for the other.
    """
    source, out = source.absolute(), out.absolute()
    if not (source / "Kbuild").exists():
        raise BuildError(f"{source} has no Kbuild", "")
    with locked(out):
        farm(source, out)
        # No warning on any kernel, those of W=1 among them.
        done = make(kernel, out, source, log, "W=1", "KCFLAGS=-Werror")
        modules = sorted(out.glob("*.ko"))
    if done.returncode or not modules:
        raise BuildError(f"the module does not build for {kernel.release}",
                         done.stdout)
    return modules[0]


def sparse(kernel, out, source=REPO, log=print):
    """Has sparse read all that build() made in @out with the same headers."""
    source, out = source.absolute(), out.absolute()
    program = shutil.which("sparse")
    if not program:
        raise BuildError("no sparse here: install the Debian package sparse",
                         "")
    with locked(out):
        # Another release's root has none; what it has is no older than ours.
        if tools(kernel, log):
            program = shutil.copy(program, out / ".sparse")
        # Not C=2: a Makefile of 7.x takes it back where scripts/checker-valid.sh
        # is missing, as in Debian's headers.
        done = make(kernel, out, source, log, "W=1", "KCFLAGS=-Werror", "V=0",
                    "KBUILD_CHECKSRC=2", f"CHECK={program}",
                    "CF=" + " ".join(SPARSE))
    wrong = [line for line in done.stdout.splitlines()
             if re.search(r"\b(warning|error):", line)]
    if done.returncode or wrong:
        raise BuildError(f"sparse, {kernel.release}: " +
                         (wrong or ["make failed"])[0], done.stdout)
    # It is kbuild that starts it, or silently does not.
    read = {pathlib.Path(p).stem for p in
            re.findall(r"^ +CHECK +(\S+)$", done.stdout, re.M)}
    left = {p.stem for p in (out / "kmod").glob("*.c")} - read
    if left:
        raise BuildError(f"sparse, {kernel.release}: it has not read " +
                         ", ".join(sorted(left)), done.stdout)


@contextlib.contextmanager
def locked(out):
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(kernel, out, source, log, *more):
    argv = ["make", "-C", str(kernel.kdir), f"M={out}", f"-j{os.cpu_count()}",
            f"CC={compiler(kernel, log)}", *more]
    name = version(source)
    argv += [f"OBIT_VERSION={name}"] if name else []
    return run(kernel, [*argv, "modules"], (source, out), log)


def run(kernel, argv, paths, log):
    """Runs @argv where @kernel's tools are, with @paths where they are here."""
    root = tools(kernel, log)
    if root:
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        argv = ["unshare", *user, "--mount", "sh", "-c", ENTER, "sh",
                str(root), *outermost(kernel.dir, *paths), "--", *argv]
    # What the make that started the tests was told is not meant for this one.
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          stdin=subprocess.DEVNULL, env=env)


def compiler(kernel, log):
    """gcc by name: Debian's headers ask for the version that built them."""
    root = tools(kernel, log)
    if not root:
        return shutil.which("gcc") and "gcc" or "cc"
    gcc = sorted(p.name for p in (root / "usr/bin").glob("gcc-[0-9]*")
                 if p.name[4:].isdigit())
    return gcc[-1] if gcc else "gcc"


def outermost(*paths):
    """@paths without those that lie inside another."""
    paths = [str(p) for p in paths]
    return [p for p in dict.fromkeys(paths)
            if not any(p != q and p.startswith(q + "/") for q in paths)]
