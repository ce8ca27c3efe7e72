#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Proves that the guest harness cannot lie: each way to lose a guest is lost.

Owns the ways a guest goes wrong and what must be said of each. Never tests
obit, and never takes a guest's word for what happened: every case here is made
to happen from outside its verdict.

selftest.py [KERNEL]    (6.1)
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import debs
import kmod
import vm

HERE = pathlib.Path(__file__).resolve().parent
TESTS = []

# Goes wrong in kernel mode on request, which no program can bring about.
SICK = """
#include <linux/module.h>
static char *how = "";
module_param(how, charp, 0444);
static int __init sick_init(void)
{
	WARN(!strcmp(how, "warn"), "asked for");
	BUG_ON(!strcmp(how, "bug"));
	if (!strcmp(how, "oops"))
		*(volatile int *)8 = 1;
	return 0;
}
module_init(sick_init);
static void __exit sick_exit(void) { }
module_exit(sick_exit);
MODULE_LICENSE("GPL");
"""

# What a console line must and must not be taken for.
SICK_LINES = """
[   12.345678] WARNING: CPU: 0 PID: 1 at kernel/exit.c:5 do_exit+0x1/0x2
[   12.345678] WARNING: kernel/exit.c:5 at do_exit+0x1/0x2, CPU#0: sh/1
[   12.345678] WARNING: possible circular locking dependency detected
[   12.345678] WARNING: suspicious RCU usage
[   12.345678][   T12] BUG: unable to handle page fault for address: ffff
[   12.345678] BUG: kernel NULL pointer dereference, address: 0000000000000008
[   12.345678] BUG: sleeping function called from invalid context at a.c:1
[   12.345678] BUG: scheduling while atomic: sh/1/0x00000002
[   12.345678] BUG: KASAN: use-after-free in foo+0x1/0x2
[   12.345678] kernel BUG at kernel/exit.c:5!
[   12.345678] Oops: 0002 [#1] PREEMPT SMP NOPTI
[   12.345678] general protection fault, probably for non-canonical address
[   12.345678] Kernel panic - not syncing: Attempted to kill init!
[   12.345678] rcu: INFO: rcu_sched self-detected stall on CPU
[   12.345678] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   12.345678] INFO: task obit:12 blocked for more than 120 seconds.
[   12.345678] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:1]
[   12.345678] UBSAN: array-index-out-of-bounds in a.c:1:2
[   12.345678] refcount_t: underflow; use-after-free.
[   12.345678] list_del corruption, ffff->next is LIST_POISON1
[   12.345678] unregister_netdevice: waiting for lo to become free
[   12.345678] [ BUG: Invalid wait context ]
[   12.345678] WARNING: lock held when returning to user space!
[   12.345678] BUG kmalloc-64 (Tainted: G    B      O    ): Poison overwritten
[   12.345678] ODEBUG: free active (active state 0) object type: timer_list
[   12.345678] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug)
""".strip().splitlines()
WELL_LINES = """\
[    0.016000] tsc: Unable to calibrate against PIT
[    0.673901] mtrr: your CPUs had inconsistent fixed MTRR settings
[    3.074252] obit: loading out-of-tree module taints kernel.
[   12.345678] traps: sh[1] general protection fault ip:1 sp:2 error:0
[   12.345678] sh[1]: segfault at 0 ip 1 sp 2 error 4 in busybox[1+2]
[   12.345678] Memory cgroup out of memory: Killed process 1 (BUG: x) total-vm
[   12.345678] Out of memory: Killed process 12 (Oops: y) total-vm:1kB
[   12.345678] Call Trace:
[   12.345678] BUG: x invoked oom-killer: gfp_mask=0xcc0, order=0
[   12.345678] sh invoked oom-killer: gfp_mask=0xcc0, order=0
a program's own WARNING: of something""".splitlines()


class Skip(Exception):
    pass


def test(func):
    TESTS.append(func)
    return func


def check(what, why="", result=None):
    if not what:
        if result is not None:
            why += f" (rc {result.rc}, lost {result.lost!r}, out " \
                   f"{result.out[-200:]!r})"
        raise AssertionError(why)


class Guest:
    """Guests of one kernel that all share one image, so one snapshot."""

    def __init__(self, name, work):
        self.kernel = debs.fetch([name])[name] if not debs.cached(name) \
            else debs.cached(name)
        self.work = work
        # The same bytes and paths each time: the same image, one snapshot.
        self.noise = b"".join(hashlib.sha256(b"%d" % i).digest()
                              for i in range(6000)) + b"\r\n\0no newline"
        self.noise_file = work / "noise"
        self.noise_file.write_bytes(self.noise)
        source = vm.BUILD / "sick"
        (source / "kmod").mkdir(parents=True, exist_ok=True)
        (source / "Kbuild").write_text("obj-m := sick.o\n"
                                       "sick-y := kmod/main.o\n")
        (source / "kmod/main.c").write_text(SICK)
        self.sick = kmod.build(self.kernel, vm.BUILD / f"sick-{name}",
                               source=source)
        self.files = [f"{self.noise_file}:/noise", f"{self.sick}:/sick.ko"]

    def __call__(self, *argv, timeout=20, **more):
        return vm.run(self.kernel, self.files, argv, timeout, **more)

    def sh(self, script, **more):
        return self("sh", "-c", script, **more)


# ---- the machine ----

@test
def modules_are_loaded(guest):
    r = guest("cat", "/proc/filesystems", "/proc/modules")
    for module in debs.MODULES:
        check(module in r.text.split(), f"no {module}: is the cache older than "
              "that? run.py fetch", r)
    check(not r.taint and "init: load" not in r.console, "a module complains", r)


# ---- verdicts ----

@test
def status_zero(guest):
    r = guest("true")
    check(r.rc == 0 and not r.lost and r.out == b"", "true", r)


@test
def status_seven(guest):
    r = guest.sh("exit 7")
    check(r.rc == 7 and not r.lost, "exit 7", r)


@test
def segfault_is_139(guest):
    r = guest.sh("kill -SEGV $$")
    check(r.rc == 139, "SIGSEGV is 139", r)


@test
def no_such_command_is_127(guest):
    r = guest("/no/such")
    check(r.rc == 127, "ENOENT is 127", r)


@test
def forged_verdict_is_output(guest):
    r = guest.sh(r"printf '\nOBIT-END rc=0 taint=0 id=0123456789abcdef\n';"
                 "exit 3")
    check(r.rc == 3 and b"OBIT-END rc=0" in r.out, "forged verdict", r)


@test
def forged_verdict_then_power_off_is_lost(guest):
    r = guest.sh(r"printf '\nOBIT-END rc=0 taint=0 id=0123456789abcdef\n';"
                 "poweroff -f; sleep 9")
    check(r.lost and r.rc is None, "forged verdict, then power off", r)


@test
def output_is_exact(guest):
    r = guest("cat", "/noise")
    check(r.rc == 0 and r.out == guest.noise,
          f"{len(guest.noise)} bytes sent, {len(r.out)} received")


@test
def streamed_output_is_exact(guest):
    got = []
    r = guest.sh("echo one; sleep 0.3; printf 'two\\n\\n'", stream=got.append)
    check(r.rc == 0 and b"".join(got) == b"one\ntwo\n\n" == r.out,
          f"streamed {got}", r)


@test
def file_comes_back(guest):
    r = guest.sh("cp /noise /tmp/n; exit 4", get=["/tmp/n", "/none"])
    check(r.rc == 4 and r.files.get("/tmp/n") == guest.noise,
          "a file sent back", r)
    check("/none" in r.files and r.files["/none"] is None,
          "a file that is not there is None")


@test
def output_is_no_terminal(guest):
    r = guest.sh("test -t 1 && echo tty; test -t 2 && echo tty; exit 0")
    check(r.rc == 0 and not r.out, "output is no terminal", r)


# ---- guests that are lost ----

@test
def panic_is_lost(guest):
    r = guest.sh("echo c > /proc/sysrq-trigger; sleep 9")
    check(r.lost and "splat" in r.lost and r.rc is None, "panic", r)
    check("Kernel panic" in r.console, "the panic is on the console")


@test
def power_off_is_lost(guest):
    r = guest.sh("echo before; poweroff -f; sleep 9")
    check(r.lost and r.rc is None and not r.timeout, "power off", r)
    check(r.out == b"before\n", "what was printed before is kept", r)


@test
def reboot_is_lost(guest):
    r = guest.sh("reboot -f; sleep 9")
    check(r.lost and r.rc is None and not r.timeout, "reboot", r)


@test
def hang_is_a_timeout(guest):
    begin = time.monotonic()
    r = guest.sh("echo before; sleep 1000", timeout=2)
    check(r.lost and r.timeout and r.rc is None, "hang", r)
    check(r.out == b"before\n", "what was printed before is kept", r)
    for word in ("sysrq: Show Blocked State", "sysrq: Show Memory",
                 "sysrq: Show backtrace of all active CPUs"):
        check(word in r.console, f"{word!r} is not on the console")
    check(time.monotonic() - begin < 20, "a hang ends in time")


@test
def warning_is_lost(guest):
    r = guest("insmod", "/sick.ko", "how=warn")
    check(r.lost and "WARNING" in r.lost, "WARN()", r)


@test
def warning_without_panic_is_lost(guest):
    r = guest.sh("echo 0 > /proc/sys/kernel/panic_on_warn;"
                 "insmod /sick.ko how=warn; exit 0")
    check(r.lost and r.rc is None, "WARN() that does not panic", r)
    check(r.taint & 1 << 9, "and it is in the taint too", r)


@test
def silenced_warning_is_lost(guest):
    r = guest.sh("echo 0 > /proc/sys/kernel/panic_on_warn;"
                 "echo 0 > /proc/sys/kernel/printk;"
                 "insmod /sick.ko how=warn; exit 0")
    check(r.lost and "taint" in r.lost and r.rc is None,
          "WARN() that no console shows", r)


@test
def bug_is_lost(guest):
    r = guest("insmod", "/sick.ko", "how=bug")
    check(r.lost and r.rc is None, "BUG()", r)


@test
def oops_without_panic_is_lost(guest):
    r = guest.sh("echo 0 > /proc/sys/kernel/panic_on_oops;"
                 "insmod /sick.ko how=oops; exit 0")
    check(r.lost and r.rc is None, "an oops that does not panic", r)


@test
def stall_without_taint_is_lost(guest):
    r = guest.sh("echo '<3>rcu: INFO: rcu_sched self-detected stall on CPU'"
                 " > /dev/kmsg; exit 0")
    check(r.lost and "rcu" in r.lost, "a report that leaves no taint", r)


@test
def well_module_is_well(guest):
    r = guest.sh("insmod /sick.ko && rmmod sick")
    check(r.rc == 0 and not r.lost and r.taint & 1 << 12,
          "an out-of-tree module is no illness", r)


@test
def hostile_name_is_no_splat(guest):
    # An OOM report names the victim, whose name is anybody's choice.
    r = guest.sh("mkdir /sys/fs/cgroup/c; cd /sys/fs/cgroup/c;"
                 "echo 8M > memory.max;"
                 "sh -c 'echo 0 > cgroup.procs;"
                 " printf \"BUG: x\" > /proc/self/comm;"
                 " a=x; while :; do a=$a$a; done';"
                 "dmesg | grep -q 'Killed process .*(BUG: x)'")
    check(r.rc == 0 and not r.lost, "an OOM kill is no splat", r)


# ---- the machine inside ----

@test
def machine_is_ready(guest):
    r = guest.sh("""
		for fs in proc sysfs devtmpfs devpts tracefs debugfs cgroup2 bpf
		do grep -q " $fs " /proc/mounts || echo no $fs; done
		ls /sys/kernel/btf/vmlinux >/dev/null
		grep -q memory /sys/fs/cgroup/cgroup.subtree_control || echo no mem
		touch /tmp/x /dev/shm/x || echo no tmpfs
		ping -c 1 -W 2 127.0.0.1 >/dev/null || echo no lo
		ulimit -l | grep -q unlimited || echo memlock
		""")
    check(r.rc == 0 and r.out == b"", "the machine inside", r)


@test
def cgroup_v1_on_request(guest):
    r = guest.sh("cat /proc/self/cgroup; test -d /sys/fs/cgroup/memory/",
                 cgroup="v1")
    check(r.rc == 0 and b":name=systemd:/" in r.out and
          b":pids:/" in r.out, "cgroup v1 hierarchies", r)
    # The memory controller of v1 is an option since 6.11, off in Debian.
    check(b":memory:/" in r.out or "mount cgroup v1 memory" in r.console,
          "cgroup v1 memory, or a word about it", r)


@test
def random_numbers_differ(guest):
    a, b = (guest("head", "-c", "16", "/dev/urandom") for _ in range(2))
    check(a.restored and b.restored and len(a.out) == 16, "two runs", a)
    check(a.out != b.out, "two restored guests draw the same numbers", a)


@test
def orphans_are_reaped(guest):
    r = guest.sh("for i in 1 2 3 4 5; do (sh -c 'sleep 0.2; exit 1' &); done;"
                 "sleep 1; ps -o stat,ppid | grep -c '^Z'")
    check(r.out == b"0\n", "no zombie is left by init", r)


@test
def clock_is_right(guest):
    r = guest("date", "+%s")
    check(abs(int(r.out) - time.time()) < 30, "the wall clock", r)


@test
def icount_time_is_not_the_hosts(guest):
    r = guest("sleep", "60", icount=True)
    check(r.rc == 0 and r.seconds - r.ready < 20,
          "a minute of idleness costs no minute", r)


@test
def guests_start_equal(guest):
    guest.sh("touch /tmp/leftover /root/leftover")
    r = guest.sh("ls /tmp /root")
    check(r.rc == 0 and r.out.split() == [b"/root:", b"/tmp:"] or
          b"leftover" not in r.out, "nothing is left of another run", r)


@test
def snapshot_is_used_and_fresh_boots(guest):
    r = guest("true")
    check(r.restored, "the second run is from a snapshot", r)
    r = guest("true", fresh=True)
    check(r.rc == 0 and not r.restored, "--fresh boots", r)


@test
def bad_snapshot_is_replaced(guest):
    snaps = sorted(vm.BUILD.glob(f"snap-{guest.kernel.name}-*.vm"),
                   key=lambda p: p.stat().st_mtime)
    with open(snaps[-1], "r+b") as f:
        f.truncate(f.seek(0, 2) // 3)
    r = guest.sh("exit 5")
    check(r.rc == 5, "a torn snapshot costs a boot, not the run", r)


# ---- lines, packages, command line ----

@test
def sick_and_well_lines(_):
    for line in SICK_LINES:
        check(vm.SPLAT.search(f"x\n{line}\ny\n"), f"not seen: {line}")
    for line in WELL_LINES:
        check(not vm.SPLAT.search(f"x\n{line}\ny\n"), f"taken ill: {line}")


@test
def command_line_passes_on(guest):
    noise = guest.work / "noise"
    back = guest.work / "back"
    done = subprocess.run(
        [HERE / "run.py", "exec", guest.kernel.name, "--file",
         f"{noise}:/noise", "--file", f"{guest.sick}:/sick.ko", "--get",
         f"/noise:{back}", "--", "sh", "-c", "echo out; exit 9"],
        capture_output=True, check=False)
    check(done.returncode == 9 and done.stdout == b"out\n",
          f"exec: {done}")
    check(back.read_bytes() == guest.noise, "--get")
    done = subprocess.run(
        [HERE / "run.py", "exec", guest.kernel.name, "--file",
         f"{noise}:/noise", "--file", f"{guest.sick}:/sick.ko", "--",
         "poweroff", "-f"], capture_output=True, check=False)
    check(done.returncode == vm.LOST and b"guest lost" in done.stderr,
          f"exec of a lost guest: {done}")


def offline(*argv, cache):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skip("a network namespace needs root and unshare")
    return subprocess.run(["unshare", "-n", *argv], capture_output=True,
                          text=True, check=False, timeout=60,
                          env=dict(os.environ, OBIT_CACHE=str(cache)))


@test
def offline_with_cache_works(guest):
    begin = time.monotonic()
    done = offline(HERE / "run.py", "fetch", guest.kernel.name,
                   cache=debs.cache_dir())
    check(done.returncode == 0 and guest.kernel.release in done.stdout,
          f"fetch offline, cached: {done}")
    check(time.monotonic() - begin < 10, "at once")


@test
def offline_without_cache_says_so(guest):
    empty = guest.work / "empty"
    done = offline(HERE / "run.py", "fetch", guest.kernel.name, cache=empty)
    check(done.returncode == 69 and done.stderr.count("\n") == 1 and
          "Traceback" not in done.stderr, f"fetch offline: {done}")
    done = offline(HERE / "run.py", "exec", guest.kernel.name, "--", "true",
                   cache=empty)
    check(done.returncode == 125 and "Traceback" not in done.stderr,
          f"exec offline: {done}")


@test
def package_indexes_name_the_newest(_):
    check(debs.newer("6.12.117-1~deb12u1", "6.12.95-1~bpo12+1"), "117 > 95")
    check(not debs.newer("7.3.4-1~bpo13+1", "7.3.10-1~bpo13+1"), "4 < 10")
    apt = debs.Apt.__new__(debs.Apt)
    apt.packages = {n: [{"Package": n, "Version": v, "Suite": "s"}]
                    for n, v in (("a-9", "9"), ("a-10", "10"), ("b-11", "11"))}
    check(apt.newest(r"a-\d+")["Package"] == "a-10", "newest of a match")
    check(apt.newest(r"a-\d+", ["t"]) is None, "not of another suite")


def run_all(name, emit=print):
    """Runs every test; returns (passed, failed, skipped)."""
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="obit-selftest-") as work:
        guest = Guest(name, pathlib.Path(work))
        for func in TESTS:
            begin = time.monotonic()
            try:
                func(guest)
            except Skip as e:
                skipped += 1
                emit(f"skip harness/{func.__name__}: {e}")
            except AssertionError as e:
                failed += 1
                emit(f"not ok harness/{func.__name__}: {e}")
            except Exception as e:      # noqa: a broken test is a failed one
                failed += 1
                emit(f"not ok harness/{func.__name__}: {e!r} "
                     f"{traceback.format_exc().splitlines()[-3].strip()}")
            else:
                passed += 1
                emit(f"ok harness/{func.__name__} "
                     f"({time.monotonic() - begin:.1f} s)")
    return passed, failed, skipped


def main(argv):
    vm.on_signals()
    try:
        counts = run_all(argv[0] if argv else "6.1",
                         lambda line: print(line, flush=True))
    except (vm.Broken, debs.Unavailable, kmod.BuildError) as e:
        print(f"not ok harness: {e}")
        counts = 0, 1, 0
    print("%d passed, %d failed, %d skipped" % counts)
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
