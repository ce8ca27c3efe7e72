# SPDX-License-Identifier: GPL-2.0-only
"""What the live tests share, those of obit run most: terminals, cases, waiting.

Owns how a case is run and counted. Never looks at what obit says.
"""
import fcntl
import glob
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

OBIT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/obit")
CASES = []


def case(function):
    CASES.append(function)
    return function


def want(what, got, expected):
    if got != expected:
        raise AssertionError("%s: got %r, want %r" % (what, got, expected))


def want_match(pattern, text):
    if not re.search(pattern, text, re.M):
        raise AssertionError("no /%s/ in:\n%s" % (pattern, text))


def obit(*argv, options=(), **more):
    """One run, as subprocess.run() gives it, with text of both outputs."""
    more.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([OBIT, "run", *options, "--", *argv], timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", errors="replace", check=False,
                          **more)


def deaths(*argv, options=(), **more):
    """The obituaries of a run, by tgid, and the run."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as to:
        done = obit(*argv, options=("-o", "json", "--to", to.name, *options),
                    **more)
        return {o["tgid"]: o for o in map(json.loads, to)}, done


def gone(pid):
    """No process of ours has this number any more, or it is dead."""
    try:
        return state_of(pid) in "ZX"
    except OSError:
        return True


def state_of(pid):
    """As /proc has it, of a process or thread that is there."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
        return f.read().rpartition(") ")[2][0]


def comm_is(pid, comm):
    """It is past its exec, and that was the last."""
    try:
        with open("/proc/%d/comm" % pid, encoding="utf-8") as f:
            return f.read().rstrip("\n") == comm
    except OSError:
        return False


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Skip(Exception):
    """What the machine lacks for a case."""


class Terminal:
    """A shell or command in a session and terminal of its own."""

    def __init__(self, *argv, columns=80):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # by itself: what it runs may look before another could set it
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 50, columns, 0, 0))
            os.environ.update(PS1="ready$ ", TERM="xterm", HISTFILE="/dev/null")
            os.execvp(argv[0], argv)

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if ready:
            try:
                self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
            except OSError:
                return False
        return bool(ready)

    def expect(self, pattern, seconds=20):
        """Waits for it, and forgets all up to its end."""
        end = time.monotonic() + seconds
        while True:
            text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text)
            match = re.search(pattern, text)
            if match:
                self.text = text[match.end():]
                return match
            if time.monotonic() > end:
                raise AssertionError("no /%s/ on the terminal:\n%s"
                                     % (pattern, self.text))
            self.read(0.1)

    def runs(self, comm):
        """Waits for a process of the session that is past its exec: what a
        shell has forked and not yet exec'ed swallows signals."""
        def there():
            for stat in glob.glob("/proc/[0-9]*/stat"):
                try:
                    with open(stat, encoding="utf-8", errors="replace") as f:
                        name, _, rest = f.read().partition("(")[2] \
                            .rpartition(") ")
                except OSError:
                    continue    # it has ended meanwhile
                if name == comm and rest.split()[3] == str(self.pid):
                    return True
            return False
        if not until(there, 20):
            raise AssertionError("no %s runs:\n%s" % (comm, self.text))

    def type(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.type(text + "\n")

    def wait(self):
        """Its wait status; whatever still lives is ended."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read(0.05):
                    pass
                self.pid = 0
                return status
        raise AssertionError("it does not end:\n" + self.text)

    def close(self):
        os.close(self.fd)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    failed = skipped = 0
    for function in CASES:
        begin = time.monotonic()
        try:
            function()
        except Skip as reason:
            skipped += 1
            print("skip %s: %s" % (function.__name__, reason))
        except (AssertionError, OSError, ValueError, LookupError, TypeError,
                subprocess.SubprocessError) as error:
            failed += 1
            print("not ok %s: %s" % (function.__name__, str(error)
                                     .replace("\n", "\n    ")))
        else:
            print("ok %s (%.1f s)" % (function.__name__,
                                      time.monotonic() - begin))
        sys.stdout.flush()
    print("%d passed, %d failed, %d skipped"
          % (len(CASES) - failed - skipped, failed, skipped))
    return failed != 0
