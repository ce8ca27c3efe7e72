#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check C files against .clang-format, or with --fix bring them into line.

Owns what is left to the author: how far comments and columns inside a line
stand apart, and preprocessor lines, which clang-format 14 makes worse.
Line breaks, indentation, braces and the blanks around operators are not.
Never touches a line between "clang-format off" and "clang-format on".
"""
import difflib
import re
import subprocess
import sys


def plain_ranges(lines):
    """Ranges (from, to), counted from 1, without preprocessor directives."""
    ranges, start, inside = [], None, False
    for number, line in enumerate(lines, 1):
        directive = inside or line.lstrip().startswith("#")
        inside = directive and line.rstrip().endswith("\\")
        if directive:
            if start:
                ranges.append((start, number - 1))
            start = None
        elif start is None:
            start = number
    if start:
        ranges.append((start, len(lines)))
    return ranges


def squeeze(line):
    """The line with every run of blanks inside it as one; not its indent."""
    return re.sub(r"(?<=\S)[ \t]+", " ", line)


def formatted(path, lines):
    argv = ["clang-format", "--style=file"]
    argv += ["--lines=%d:%d" % r for r in plain_ranges(lines)]
    return subprocess.run(argv + [path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def main():
    fix = sys.argv[1:2] == ["--fix"]
    status = 0
    for path in sys.argv[2 if fix else 1:]:
        with open(path, encoding="utf-8") as text:
            lines = text.read().splitlines()
        if not plain_ranges(lines):
            continue
        want = formatted(path, lines)
        matcher = difflib.SequenceMatcher(
            None, [squeeze(x) for x in lines], [squeeze(x) for x in want],
            autojunk=False)
        result = []
        for tag, i, j, k, m in matcher.get_opcodes():
            result += lines[i:j] if tag == "equal" else want[k:m]
            if tag != "equal" and not fix:
                print("%s:%d: format:" % (path, i + 1))
                print("".join("  -%s\n" % x for x in lines[i:j]) +
                      "".join("  +%s\n" % x for x in want[k:m]), end="")
                status = 1
        if fix and result != lines:
            print("formatted %s" % path)
            with open(path, "w", encoding="utf-8") as text:
                text.write("\n".join(result) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
