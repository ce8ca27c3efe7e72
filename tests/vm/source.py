# SPDX-License-Identifier: GPL-2.0-only
"""Kernels built here: Debian's source, a configuration of ours, once.

Owns the build of the kernels whose row in `kernels` names a source package,
with the lines of NAME.config added to allnoconfig. Never patches the source;
a line of the configuration that did not come true fails the build.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import debs

HERE = pathlib.Path(__file__).resolve().parent

# command, Debian package: what the kernel's own build runs, the compiler apart
TOOLS = (("make", "make"), ("gcc", "gcc"), ("flex", "flex"),
         ("bison", "bison"), ("bc", "bc"), ("lz4", "lz4"),
         ("xz", "xz-utils"), ("nice", "coreutils"))


def config(name):
    return HERE / f"{name}.config"


def digest(name):
    return hashlib.sha256(config(name).read_bytes()).hexdigest()[:16]


def is_source(pattern):
    return pattern.startswith("linux-source-")


def current(kernel):
    """Is @kernel what its configuration says? Only built ones have one."""
    want = config(kernel.name)
    return not want.exists() or kernel.about.get("config") == \
        digest(kernel.name)


def build(name, deb, version, log=print):
    """Builds the kernel @name out of @deb into the cache; some ten minutes.

    The cache then holds what a packaged kernel's entry holds: the image to
    boot, and headers/ to build modules against, with the exported symbols.
    """
    for tool, package in TOOLS:
        debs.need(tool, package)
    log(f"{name}: building {deb.name} with {config(name).name}: 10 minutes, "
        "once")
    with debs.workdir() as tmp:
        subprocess.run(["dpkg-deb", "-x", str(deb), str(tmp / "deb")],
                       check=True)
        tar = next((tmp / "deb/usr/src").glob("linux-source-*.tar.xz"))
        (tmp / "src").mkdir()
        subprocess.run(["tar", "-xf", str(tar), "-C", str(tmp / "src"),
                        "--strip-components=1"], check=True)
        compile_tree(name, tmp / "src", tmp)
        install(name, tmp / "src", version, tmp)
    return debs.Kernel(name, debs.cache_dir() / "kernels" / name)


def make(tree, *args, env=None):
    """The kernel's make: at low priority, it is in nobody's way."""
    argv = ["nice", "make", "-C", str(tree), "-s", f"-j{os.cpu_count() or 1}",
            "KBUILD_BUILD_USER=obit", "KBUILD_BUILD_HOST=obit",
            "KBUILD_BUILD_TIMESTAMP=@0", *args]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, env=dict(os.environ, **(env or {})))
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise debs.Unavailable(f"the kernel does not build: {tail}")
    return done.stdout


def configure(name, tree):
    make(tree, "allnoconfig", env={"KCONFIG_ALLCONFIG": str(config(name))})
    have = set((tree / ".config").read_text().splitlines())
    for line in config(name).read_text().splitlines():
        off = re.fullmatch(r"# (CONFIG_\w+) is not set", line)
        if off and not any(h.startswith(off[1] + "=") for h in have):
            continue
        if (off or line.startswith("CONFIG_")) and line not in have:
            raise debs.Unavailable(f"{config(name)}: this kernel does not "
                                   f"take {line}")


def compile_tree(name, tree, tmp):
    configure(name, tree)
    # "modules" makes nothing but Module.symvers: what the kernel exports
    make(tree, "bzImage", "modules")
    make(tree, "run-command", "KBUILD_RUN_COMMAND=" + str(
        tree / "scripts/package/install-extmod-build") + f" {tmp}/extmod")


def install(name, tree, version, tmp):
    """Moves what is wanted of a built @tree into the cache, in one step."""
    release = (tree / "include/config/kernel.release").read_text().strip()
    new = tmp / name
    headers = new / "headers/usr/src"
    headers.mkdir(parents=True)
    shutil.copy(tree / "arch/x86/boot/bzImage", new / "bzImage")
    shutil.copy(tree / "System.map", new / "System.map")
    shutil.move(tmp / "extmod", headers / f"linux-headers-{release}")
    (new / "about.json").write_text(json.dumps({
        "release": release, "version": version, "package": tree.name,
        "tools": "host", "image": "bzImage", "config": digest(name)}))
    final = debs.cache_dir() / "kernels" / name
    final.parent.mkdir(exist_ok=True)
    if final.exists():
        final.rename(tmp / "old")
    new.rename(final)
