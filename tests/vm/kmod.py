# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernel module for a kernel of the cache.

Owns the symlink farm a build runs in and the choice of tools: this machine's,
or a Debian release's in a mount namespace of its own. Never writes into the
source tree or the kernel's headers.
"""
import fcntl
import os
import pathlib
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
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build_locked(kernel, out, source, log)


def build_locked(kernel, out, source, log):
    farm(source, out)
    # No warning on any kernel, those of W=1 among them. sparse is lint's.
    argv = ["make", "-C", str(kernel.kdir), f"M={out}", f"-j{os.cpu_count()}",
            "W=1", "KCFLAGS=-Werror"]
    name = version(source)
    argv += [f"OBIT_VERSION={name}"] if name else []
    root = tools(kernel, log)
    if root:
        gcc = sorted(p.name for p in (root / "usr/bin").glob("gcc-[0-9]*")
                     if p.name[4:].isdigit())
        argv += [f"CC={gcc[-1]}"] if gcc else []
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        argv = ["unshare", *user, "--mount", "sh", "-c", ENTER, "sh",
                str(root), *outermost(kernel.dir, source, out), "--", *argv]
    else:
        argv += ["CC=" + compiler()]
    done = subprocess.run([*argv, "modules"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    modules = sorted(out.glob("*.ko"))
    if done.returncode or not modules:
        raise BuildError(f"the module does not build for {kernel.release}",
                         done.stdout)
    return modules[0]


def compiler():
    """gcc by name: Debian's headers ask for the version that built them."""
    return shutil.which("gcc") and "gcc" or "cc"


def outermost(*paths):
    """@paths without those that lie inside another."""
    paths = [str(p) for p in paths]
    return [p for p in dict.fromkeys(paths)
            if not any(p != q and p.startswith(q + "/") for q in paths)]
