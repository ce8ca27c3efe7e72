# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages into the cache: kernels, their headers, a release's tools.

Resolves names in the suites' own indexes, through the mirror that this
machine's apt already uses, in a private apt state. Never touches the machine's
apt configuration or lists, and never writes outside the cache directory.
"""
import contextlib
import fcntl
import functools
import json
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
import time
import zlib

import source

HERE = pathlib.Path(__file__).resolve().parent
ARCH = "amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What deaths need that a kernel may have as a module: Debian's up to 6.1. A guest
# has no root file system to load it from, so that it is kept beside the kernel.
MODULES = {"fuse": "CONFIG_FUSE_FS"}


class Unavailable(Exception):
    """Neither the network nor the cache has what was asked for."""


class Kernel:
    """A kernel in the cache: an image to boot, headers to build against."""

    def __init__(self, name, directory):
        self.name = name
        self.dir = directory
        self.about = json.loads((directory / "about.json").read_text())
        self.release = self.about["release"]    # as uname -r tells it
        self.version = self.about["version"]    # of the Debian package
        self.tools = self.about["tools"]
        self.image = directory / self.about.get("image", "vmlinux")
        self.modules = sorted((directory / "modules").glob("*.ko"))

    @property
    def is_built(self):
        """Here, for debugging: everything in it takes several times as long."""
        return "config" in self.about

    @property
    def kdir(self):
        return self.dir / "headers/usr/src" / f"linux-headers-{self.release}"


def cache_dir():
    path = os.environ.get("OBIT_CACHE")
    if not path:
        base = os.environ.get("XDG_CACHE_HOME") or \
            os.path.expanduser("~/.cache")
        path = os.path.join(base, "obit")
    path = pathlib.Path(path).absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def table():
    """The rows of `kernels`: {name: (suites, tools, image pattern)}."""
    rows = {}
    for line in (HERE / "kernels").read_text().splitlines():
        line = line.split("#", 1)[0].split()
        if line:
            name, suites, tools, image = line
            rows[name] = (suites.split(","), tools, image)
    return rows


def packaged():
    """The names of the kernels that come as they are, none built here."""
    return [name for name, row in table().items()
            if not source.is_source(row[2])]


@contextlib.contextmanager
def locked(name="lock"):
    with open(cache_dir() / name, "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def workdir():
    """A directory on the cache's own file system, so that rename is atomic."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tmp-", dir=cache_dir()))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def need(tool, package):
    if not shutil.which(tool):
        raise Unavailable(f"{tool} is missing: install the Debian package "
                          f"{package}")
    return tool


def first(things):
    return next(iter(things), None)


@functools.lru_cache(None)
def mirrors():
    """(archive, security): base addresses this machine's apt would use."""
    need("apt-get", "apt")
    with tempfile.TemporaryDirectory() as lists:
        # Prints what an update would fetch; it reads every source format
        # there is, and touches neither the network nor the machine's lists.
        text = subprocess.run(
            ["apt-get", "-o", f"Dir::State::lists={lists}", "--print-uris",
             "update"], capture_output=True, text=True, check=False).stdout
    found = re.findall(r"'(\S+?)/dists/(\S+?)/InRelease'", text)
    security = first(site for site, suite in found
                     if suite.endswith("-security"))
    # Others than Debian name their suites after its releases, but they have
    # no point releases' -updates.
    main = first(site for site, suite in found
                 if suite.endswith(("-updates", "-backports"))) or \
        first(site for site, suite in found if site.endswith("/debian"))
    if not main and security:
        main = re.sub(r"-security$", "", security)
    if not security and main:
        security = main + "-security"
    if not main:
        raise Unavailable("no Debian mirror in this machine's apt sources")
    return main, security


class Apt:
    """A private apt: its own sources, lists and cache, under the cache."""

    def __init__(self, suites, directory):
        self.dir = directory
        for sub in ("lists/partial", "cache/archives/partial"):
            (self.dir / sub).mkdir(parents=True, exist_ok=True)
        (self.dir / "status").touch()
        main, security = mirrors()
        signed = f"[signed-by={KEYRING}] " if os.path.exists(KEYRING) else ""
        (self.dir / "sources.list").write_text("".join(
            f"deb {signed}{security if s.endswith('-security') else main} "
            f"{s} main\n" for s in sorted(set(suites))))
        # The machine's update and install hooks are not for us to run.
        (self.dir / "apt.conf").write_text(f"""
#clear APT::Update;
#clear DPkg;
Dir::State "{self.dir}";
Dir::State::lists "lists";
Dir::State::status "{self.dir}/status";
Dir::Cache "{self.dir}/cache";
Dir::Etc::sourcelist "{self.dir}/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "10";
Acquire::https::Timeout "10";
""")
        self.packages = {}

    def _run(self, *args, cwd=None, timeout=900):
        argv = ["apt-get", "-q", "-c", str(self.dir / "apt.conf"), *args]
        try:
            return subprocess.run(argv, cwd=cwd, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True,
                                  timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(
                argv, 124, "", f"E: no answer within {timeout} s")

    def update(self):
        done = self._run("-o", "APT::Update::Error-Mode=any", "update",
                         timeout=120)
        if done.returncode:
            why = re.findall(r"^E: (.*)", done.stderr, re.M)
            raise Unavailable("the package indexes cannot be had: " +
                              (why[0] if why else "apt-get update failed"))

    def load(self):
        """Reads what the indexes say of linux-* packages."""
        text = self._run("indextargets", "--format",
                         "$(RELEASE) $(FILENAME)").stdout
        for line in text.splitlines():
            suite, name = line.split(" ", 1)
            out = subprocess.run(
                ["/usr/lib/apt/apt-helper", "cat-file", name],
                capture_output=True, text=True, check=True).stdout
            for stanza in out.split("\n\n"):
                if not stanza.startswith("Package: linux-"):
                    continue
                pkg = dict(re.findall(r"^(\S+?): (.*)", stanza, re.M))
                pkg["Suite"] = suite
                self.packages.setdefault(pkg["Package"], []).append(pkg)

    def newest(self, pattern, suites=None, version=None):
        """The newest package whose whole name matches; None if none does."""
        best = None
        for name, pkgs in self.packages.items():
            if not re.fullmatch(pattern, name):
                continue
            for p in pkgs:
                if suites and p["Suite"] not in suites:
                    continue
                if version and p["Version"] != version:
                    continue
                if not best or newer(p["Version"], best["Version"]):
                    best = p
        return best

    def closure(self, pkg, wanted):
        """@pkg and all that it depends on with a name matching @wanted."""
        out, todo = [], [pkg]
        while todo:
            p = todo.pop()
            if p in out:
                continue
            out.append(p)
            for dep in re.split(r"\s*,\s*", p.get("Depends", "")):
                m = re.match(r"(\S+)(?: \((>?=) (\S+)\))?", dep)
                if not m or not re.match(wanted, m[1]):
                    continue
                exact = m[3] if m[2] == "=" else None
                got = self.newest(re.escape(m[1]), version=exact)
                if not got:
                    raise Unavailable(f"{p['Package']} needs {dep}, which no "
                                      "index has")
                todo.append(got)
        return out

    def download_all(self, names):
        """Downloads @names and all that they depend on; returns the files."""
        done = self._run("-y", "--no-install-recommends", "--download-only",
                         "install", *names)
        if done.returncode:
            why = re.findall(r"^E: (.*)", done.stderr, re.M)
            raise Unavailable(why[0] if why else "apt-get install failed")
        return sorted((self.dir / "cache/archives").glob("*.deb"))

    def download(self, pkgs, where):
        """Puts the .deb files into @where, checked against the index."""
        names = [f"{p['Package']}={p['Version']}" for p in pkgs]
        done = self._run("download", *names, cwd=where)
        if done.returncode:
            why = re.findall(r"^E: (.*)", done.stderr, re.M)
            raise Unavailable("download failed: " +
                              (why[0] if why else " ".join(names)))
        return sorted(pathlib.Path(where).glob("*.deb"))


def newer(a, b):
    return subprocess.run(["dpkg", "--compare-versions", a, "gt", b],
                          check=False).returncode == 0


def unpack_vmlinux(image):
    """The ELF inside a bzImage, found by the x86 boot protocol's header.

    Started through PVH it saves the guest its own decompressor: 2 to 4 s.
    """
    setup = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[(setup + 1) * 512 + offset:][:length]
    if payload[:6] == b"\xfd7zXZ\0":
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload[:2] == b"\x1f\x8b":
        elf = zlib.decompressobj(31).decompress(payload)
    elif payload[:4] in (b"\x28\xb5\x2f\xfd", b"\x02\x21\x4c\x18"):
        tool = "zstd" if payload[0] == 0x28 else "lz4"
        # The last four bytes are the unpacked size, not part of the stream.
        elf = subprocess.run([need(tool, tool), "-dc"], input=payload[:-4],
                             capture_output=True, check=True).stdout
    else:
        raise ValueError("kernel payload in an unknown compression: " +
                         payload[:6].hex())
    if elf[:4] != b"\x7fELF":
        raise ValueError("the kernel's payload is no ELF file")
    return elf


def find_file(debs, pattern):
    """(bytes, match) of the first file in @debs whose path has @pattern."""
    for deb in debs:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as p:
            found = None
            with tarfile.open(fileobj=p.stdout, mode="r|") as tar:
                for member in tar:
                    m = re.search(pattern, member.name)
                    if m and member.isfile():
                        found = tar.extractfile(member).read(), m
                        break
            p.stdout.close()
            p.wait()
            if found:
                return found
    raise ValueError(f"no {pattern} in " + ", ".join(d.name for d in debs))


def vmlinux_of(debs):
    """(vmlinux bytes, release) out of the package that holds the kernel."""
    # /boot up to 6.18, beside its modules in split packages
    data, m = find_file(debs, r"/(?:boot/vmlinuz-([^/]+)|"
                              r"lib/modules/([^/]+)/vmlinuz)$")
    return unpack_vmlinux(data), m[1] or m[2]


def relocate(root):
    """Makes unpacked headers work where they are, /usr/src being elsewhere."""
    for path in list((root / "usr/src").rglob("*")):
        if path.is_symlink():
            to = os.readlink(path)
            if to.startswith("/usr/"):
                path.unlink()
                path.symlink_to(root / to[1:])
    for path in (root / "usr/src").glob("linux-headers-*/Makefile"):
        text = path.read_text()
        moved = re.sub(r"(?<![\w./])/usr/(src|lib)/linux-",
                       lambda m: f"{root}/usr/{m[1]}/linux-", text)
        if moved != text:
            path.write_text(moved)


def cached(name):
    """The kernel as the cache has it; None, too, if made of another config."""
    try:
        kernel = Kernel(name, cache_dir() / "kernels" / name)
    except (OSError, ValueError, KeyError):
        return None
    return kernel if source.current(kernel) else None


def fetch(names, log=print):
    """Brings the cache up to date; returns {name: Kernel}.

    Without a network what is cached serves, and log() hears of it. Raises
    Unavailable when something is neither to be had nor cached.
    """
    rows = table()
    for name in names:
        if name not in rows:
            raise Unavailable(f"no kernel \"{name}\" in tests/vm/kernels; "
                              "there is " + ", ".join(rows))
    kernels = {name: cached(name) for name in names}
    with locked():
        for path in cache_dir().glob("tmp-*"):  # of a fetch that was killed
            if path.stat().st_mtime < time.time() - 86400:
                shutil.rmtree(path, ignore_errors=True)
        try:
            apt = Apt([s for row in rows.values() for s in row[0]],
                      cache_dir() / "apt")
            apt.update()
            apt.load()
        except Unavailable as e:
            missing = [n for n in names if not kernels[n]]
            if missing:
                raise Unavailable("kernel " + ", ".join(missing) +
                                  f" not in {cache_dir()} and {e}") from e
            log(f"using the cached kernels, because {e}")
            return kernels
        for name in names:
            if not source.is_source(rows[name][2]):
                kernels[name] = fetch_one(apt, name, rows[name], log)
    # A build takes ten minutes, and what is packaged need not wait for it. Who
    # waited for somebody else's build has it then: asked for only now.
    for name in names:
        if source.is_source(rows[name][2]):
            with locked("build.lock"):
                with locked():
                    got = fetch_source(apt, name, rows[name], log)
                if got:
                    source.build(name, *got, log)
                    got[0].unlink()
                kernels[name] = cached(name)
    return kernels


def fetch_source(apt, name, row, log):
    """(.deb, version) of the newest source package; None: nothing to do."""
    suites, _, pattern = row
    pkg = apt.newest(pattern, suites)
    have = cached(name)
    if not pkg:
        if have:
            log(f"{name}: no package matches any more, keeping {have.release}")
            return None
        raise Unavailable(f"{name}: no package matches {pattern}")
    if have and have.version == pkg["Version"]:
        return None
    log(f"{name}: downloading {pkg['Package']} {pkg['Version']}")
    where = cache_dir() / "source"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    return apt.download([pkg], where)[0], pkg["Version"]


def take_modules(new, release, debs):
    """Puts those of MODULES that are not built in beside the kernel."""
    config = (new / "headers/usr/src" / f"linux-headers-{release}" /
              ".config").read_text().splitlines()
    (new / "modules").mkdir()
    for module, option in MODULES.items():
        if f"{option}=m" in config:
            data, _ = find_file(debs, rf"/kernel/.*/{module}\.ko$")
            (new / "modules" / f"{module}.ko").write_bytes(data)
        elif f"{option}=y" not in config:
            raise Unavailable(f"the kernel {release} has no {option}")


def fetch_one(apt, name, row, log):
    suites, tools, pattern = row
    image = apt.newest(pattern, suites)
    have = cached(name)
    if not image:
        if have:
            log(f"{name}: no package matches any more, keeping {have.release}")
            return have
        raise Unavailable(f"{name}: no package matches {pattern} in " +
                          ", ".join(suites))
    if have and have.version == image["Version"] and have.kdir.is_dir() and \
            have.about.get("modules") == list(MODULES):
        return have
    headers = apt.newest(re.escape(image["Package"].replace(
        "-image-", "-headers-")), version=image["Version"])
    if not headers:
        raise Unavailable(f"{image['Package']} has no headers package")
    log(f"{name}: downloading {image['Package']} {image['Version']}")
    with workdir() as tmp:
        (tmp / "i").mkdir()
        (tmp / "h").mkdir()
        new = tmp / name
        new.mkdir()
        debs = apt.download(apt.closure(image, r"linux-binary-"), tmp / "i")
        elf, release = vmlinux_of(debs)
        (new / "vmlinux").write_bytes(elf)
        for deb in apt.download(apt.closure(
                headers, r"linux-(headers|kbuild)-"), tmp / "h"):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(new / "headers")],
                           check=True)
        shutil.rmtree(new / "headers/usr/share", ignore_errors=True)
        take_modules(new, release, debs)
        (new / "about.json").write_text(json.dumps({
            "release": release, "version": image["Version"],
            "package": image["Package"], "tools": tools,
            "modules": list(MODULES)}))
        final = cache_dir() / "kernels" / name
        final.parent.mkdir(exist_ok=True)
        if final.exists():
            final.rename(tmp / "old")
        new.rename(final)
        relocate(final / "headers")
    return Kernel(name, final)


# What kbuild runs, apart from the compiler; nothing in it is ever configured.
TOOLS = ("base-files make binutils libc6-dev pahole libelf1t64 libssl3t64 "
         "bash dash coreutils sed grep mawk findutils perl-base xz-utils "
         "diffutils").split()


def tools_root(release, log=print):
    """Debian @release's compiler and make in a directory, to chroot into.

    The packages are unpacked and not installed: that takes no privilege.
    """
    root = cache_dir() / "tools" / release
    if root.is_dir():
        return root
    with locked("tools.lock"), workdir() as tmp:
        if root.is_dir():
            return root
        log(f"unpacking Debian {release}'s compiler into {root}")
        apt = Apt([release], tmp / "apt")
        apt.update()
        gcc = {"trixie": "gcc-14"}.get(release, "gcc")
        for deb in apt.download_all([gcc, *TOOLS]):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(tmp / "root")],
                           check=True)
        new = tmp / "root"
        for name in ("bin", "sbin", "lib", "lib64"):
            (new / "usr" / name).mkdir(parents=True, exist_ok=True)
            if not (new / name).exists():
                (new / name).symlink_to(f"usr/{name}")
        for name, to in (("awk", "mawk"), ("sh", "dash")):
            if not (new / "usr/bin" / name).exists():
                (new / "usr/bin" / name).symlink_to(to)
        for name in ("proc", "dev", "tmp"):
            (new / name).mkdir(exist_ok=True)
        for name in ("doc", "man", "locale"):
            shutil.rmtree(new / "usr/share" / name, ignore_errors=True)
        root.parent.mkdir(exist_ok=True)
        new.rename(root)
    return root
