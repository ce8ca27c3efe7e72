#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print compile_commands.json: how make would compile each file, for clangd.

Owns nothing but the form: the commands are those of `make -n`, and those the
kernel's build left in build/kmod-*/. It never compiles or writes anything.
"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys

GOALS = ["all", "unit-build", "vm-build", "fuzz-build"]


def from_make():
    """Command lines with -c, as make would run them were nothing built."""
    out = subprocess.run(["make", "-nB", "V=1", *GOALS], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    for line in out.replace("\\\n", " ").splitlines():
        if " -c " not in line or " -o " not in line:
            continue
        try:
            argv = shlex.split(line)
        except ValueError:
            continue
        if "-c" in argv and argv[0] != "sh":
            yield argv[argv.index("-c") + 1], argv


def from_kernel():
    """The kernel's build keeps each command beside its object, in a farm."""
    for name in sorted(glob.glob("build/kmod-*/kmod/.*.o.cmd")):
        with open(name, encoding="utf-8") as text:
            match = re.match(r"(?:saved)?cmd_\S+ := (.*)", text.readline())
        if not match:
            continue
        argv = shlex.split(match.group(1).split(" ; ")[0])
        source = next(a for a in reversed(argv) if a.endswith(".c"))
        yield "kmod/" + os.path.basename(source), argv


def main():
    seen, entries = set(), []
    for pairs in (from_make(), from_kernel()):
        for source, argv in pairs:
            if source not in seen:
                seen.add(source)
                entries.append({"directory": os.getcwd(), "file": source,
                                "arguments": argv})
    json.dump(entries, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
