# SPDX-License-Identifier: GPL-2.0-only
"""What a measurement is: rows with their spread, where they were taken, as text
and as JSON. Owns medians and tables. Never measures.
"""
import datetime
import json
import os
import pathlib
import platform
import subprocess

REPO = pathlib.Path(__file__).resolve().parents[2]
BUILD = REPO / "build"
OUT = BUILD / "bench"


class Missing(Exception):
    """This part cannot be measured here; the text says what is missing."""


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else \
        (values[half - 1] + values[half]) / 2


def quartiles(values):
    """(first, third): with less than four values the extremes."""
    values = sorted(values)
    if len(values) < 4:
        return values[0], values[-1]
    return values[len(values) // 4], values[-1 - len(values) // 4]


def number(value):
    """Three or more digits that mean something, and no more."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


class Part:
    """A table: rows of {column: value}, with a sentence on how to read it."""

    def __init__(self, name, title, how):
        self.name, self.title, self.how = name, title, how
        self.rows, self.notes = [], []

    def row(self, **cells):
        self.rows.append(cells)

    def note(self, text):
        self.notes.append(text)

    def text(self):
        lines = [self.title, "=" * len(self.title), self.how, ""]
        columns = list(dict.fromkeys(c for row in self.rows for c in row))
        cells = [[c.replace("_", " ") for c in columns]] + \
            [[number(row.get(c)) for c in columns] for row in self.rows]
        widths = [max(len(row[i]) for row in cells)
                  for i in range(len(columns))]
        for row in cells:
            lines.append("  ".join(
                cell.ljust(widths[i]) if i == 0 else cell.rjust(widths[i])
                for i, cell in enumerate(row)).rstrip())
        lines += [f"* {note}" for note in self.notes]
        return "\n".join(lines) + "\n"

    def as_json(self):
        return {"part": self.name, "title": self.title, "how": self.how,
                "rows": self.rows, "notes": self.notes}


def machine():
    """Where this was: figures without it mean nothing."""
    cpu = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    commit = subprocess.run(
        ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty",
         "--tags"], cwd=REPO, capture_output=True, text=True,
        check=False).stdout.strip()
    return {"time": datetime.datetime.now(datetime.timezone.utc)
            .isoformat(timespec="seconds"),
            "obit": commit or "unknown", "kernel": platform.release(),
            "arch": platform.machine(), "cpu": cpu, "cpus": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2)}


def write(parts, about):
    """build/bench/bench.txt and bench.json; a part alone keeps the others."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "bench.json"
    try:
        kept = {p["part"]: p for p in json.loads(path.read_text())["parts"]}
    except (OSError, ValueError, KeyError):
        kept = {}
    for part in parts:
        kept[part.name] = dict(part.as_json(), machine=about)
        (OUT / f"{part.name}.txt").write_text(part.text() + head(about))
    path.write_text(json.dumps({"parts": list(kept.values())}, indent=1) +
                    "\n")
    (OUT / "bench.txt").write_text("\n".join(
        (OUT / f"{name}.txt").read_text() for name in kept
        if (OUT / f"{name}.txt").exists()))


def head(about):
    return ("* obit {obit} on Linux {kernel} {arch}, {cpus} x {cpu}, load "
            "{load}, {time}\n").format(**about)
