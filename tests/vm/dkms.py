# SPDX-License-Identifier: GPL-2.0-only
"""Builds the module as DKMS would, from what `make dkms` lays out.

Owns DKMS's part in it: dkms.conf is read by a shell that has its variables, the
sources are copied, MAKE[0] and CLEAN are run. Never DKMS itself, which would
want to install.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import kmod

# As dkms(8) sources it; none of these has a newline.
READ = r"""
kernel_source_dir=$2 dkms_tree=$3
. "$1" || exit
printf '%s\n' "$PACKAGE_NAME" "$PACKAGE_VERSION" "${BUILT_MODULE_NAME[0]}" \
	"${MAKE[0]}" "$CLEAN" "$BUILD_EXCLUSIVE_KERNEL" \
	"$BUILD_EXCLUSIVE_ARCH" "$BUILD_EXCLUSIVE_CONFIG"
"""


class Conf:
    """What a dkms.conf says to whoever builds for @kernel in @tree."""

    def __init__(self, path, kernel, tree):
        done = subprocess.run(
            ["bash", "-c", READ, "bash", str(path), str(kernel.kdir),
             str(tree)], capture_output=True, text=True, check=True)
        self.name, self.version, self.module, self.make, self.clean, \
            self.kernels, self.machines, self.configs = \
            done.stdout.splitlines()


def check(condition, text, log=""):
    if not condition:
        raise kmod.BuildError(text, log)


def lay_out(root):
    """What `make dkms` makes in @root: the folder that DKMS is given."""
    done = subprocess.run(
        ["make", "-s", "-C", str(kmod.REPO), "dkms", f"DESTDIR={root}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, stdin=subprocess.DEVNULL)
    made = list((root / "usr/src").glob("obit-*"))
    check(not done.returncode and len(made) == 1, "make dkms does not work",
          done.stdout)
    return made[0]


def wanted(conf, kernel):
    """DKMS passes over a kernel that dkms.conf excludes."""
    check(re.search(conf.kernels, kernel.release),
          f"dkms.conf does not want {kernel.release}")
    for old in ("4.19.0-27-amd64", "5.4.0-90-generic", "5.9.0-5-amd64"):
        check(not re.search(conf.kernels, old), f"dkms.conf wants {old}")
    check(re.search(conf.machines, "x86_64"), "dkms.conf wants no x86_64")
    set_ = set(re.findall(r"^(CONFIG_\w+)=[ym]$",
                          (kernel.kdir / ".config").read_text(), re.M))
    for config in conf.configs.split():
        check((config.lstrip("!") in set_) != config.startswith("!"),
              f"{kernel.release} has not {config}, says dkms.conf")


def build(kernel, log=print):
    """The module out of such a folder, for @kernel; it is not kept."""
    with tempfile.TemporaryDirectory(prefix="obit-dkms-") as tmp:
        tmp = pathlib.Path(tmp)
        source = lay_out(tmp / "dest")
        conf = Conf(source / "dkms.conf", kernel, tmp / "tree")
        check(source.name == f"{conf.name}-{conf.version}" ==
              f"obit-{kmod.version(kmod.REPO) or 'unknown'}",
              f"{source.name} has {conf.name} {conf.version}")
        wanted(conf, kernel)
        there = tmp / "tree" / conf.name / conf.version / "build"
        shutil.copytree(source, there)
        cc = kmod.compiler(kernel, log)
        script = (f"export MAKEFLAGS='-j{os.cpu_count()} -- CC={cc}'; "
                  f"cd '{there}' && ")
        done = kmod.run(kernel, ["sh", "-c", script + conf.make], (tmp,), log)
        module = there / f"{conf.module}.ko"
        check(not done.returncode and module.exists(),
              f"as DKMS does it builds no {module.name} for {kernel.release}",
              done.stdout)
        info = dict(pair.split(b"=", 1) for pair in re.findall(
            rb"(?<=\0)(?:version|vermagic|name)=[^\0]+", module.read_bytes()))
        for key, want in ((b"name", conf.module), (b"version", conf.version),
                          (b"vermagic", kernel.release)):
            got = info.get(key, b"").split(b" ")[0].decode()
            check(got == want, f"{module.name}: {key.decode()} is {got!r}, "
                  f"not {want}", done.stdout)
        done = kmod.run(kernel, ["sh", "-c", script + conf.clean], (tmp,), log)
        left = [p.name for p in there.rglob("*") if p.suffix in (".ko", ".o")]
        check(not done.returncode and not left, "after CLEAN there are " +
              " ".join(left), done.stdout)
    return conf.version
