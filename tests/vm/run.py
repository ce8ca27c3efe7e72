#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guests' command line: fetch kernels, run a command, build the module.

Owns only arguments and exit statuses: what a guest is stands in vm.py, where
packages come from in debs.py, how the module is built in kmod.py. Never decides
whether a test passed.

Exit status of exec: the command's own; 128 when the guest was lost (panic,
splat, hang), 125 when it could not be run at all. Of the others: 0, 64 (usage),
69 (not to be had: no network and not in the cache), 70 (a build failed).
"""
import argparse
import os
import pathlib
import sys

import debs
import kmod
import vm

EX_USAGE, EX_UNAVAILABLE, EX_SOFTWARE, CANNOT = 64, 69, 70, 125
TAIL = 60       # lines of console shown for a lost guest


def say(text):
    print(f"vm: {text}", file=sys.stderr, flush=True)


def cmd_list(_):
    for name in debs.table():
        kernel = debs.cached(name)
        print(f"{name:8}{kernel.release if kernel else '-'}")
    return 0


def cmd_fetch(args):
    names = args.kernels or debs.packaged()
    for kernel in debs.fetch(names, log=say).values():
        if kernel.tools != "host":
            kmod.tools(kernel, log=say)
        print(f"{kernel.name:8}{kernel.release}")
    return 0


def get_kernel(name):
    """From the cache if it is there: only `fetch` asks for newer ones."""
    return debs.cached(name) or debs.fetch([name], log=say)[name]


def emit(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def cmd_exec(args):
    gets = [g.rsplit(":", 1) for g in args.get]
    gets = [(g[0], g[1] if len(g) > 1 else os.path.basename(g[0]))
            for g in gets]
    try:
        result = vm.run(get_kernel(args.kernel), args.file, args.command,
                        args.timeout, mem=args.mem, cpus=args.cpus,
                        icount=args.icount, fresh=args.fresh,
                        cgroup=args.cgroup,
                        get=[g for g, _ in gets], env=args.env, stream=emit)
    except (vm.Broken, debs.Unavailable) as e:
        say(e)
        return CANNOT
    for guest, host in gets:
        if result.files.get(guest) is None:
            say(f"{guest}: not received")
        else:
            pathlib.Path(host).write_bytes(result.files[guest])
    if args.verbose:
        say(f"{'restored' if result.restored else 'booted'}, ready in "
            f"{result.ready:.2f} s, {result.seconds:.2f} s in all, taint "
            f"{result.taint:#x}")
    if result.lost or args.verbose:
        sys.stderr.write("".join(f"| {line}\n" for line in
                                 result.console.splitlines()[-TAIL:]))
    if result.lost:
        say(f"guest lost: {result.lost}")
        return vm.LOST
    return result.rc


def cmd_headers(args):
    print(get_kernel(args.kernel).kdir)
    return 0


def cmd_build_kmod(args):
    kernel = get_kernel(args.kernel)
    out = args.outdir or kmod.default_outdir(kernel)
    try:
        print(kmod.build(kernel, pathlib.Path(out), source=args.source,
                         log=say))
    except kmod.BuildError as e:
        sys.stderr.write(e.log)
        say(e)
        return EX_SOFTWARE
    return 0


def parse(argv):
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__,
                                     formatter_class=argparse.
                                     RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest="what", required=True)

    p = sub.add_parser("list", help="kernels, and which are in the cache")
    p.set_defaults(func=cmd_list)

    p = sub.add_parser("fetch", help="bring kernels, headers and tools into "
                                     "the cache, the newest there are")
    p.add_argument("kernels", nargs="*", metavar="KERNEL")
    p.set_defaults(func=cmd_fetch)

    p = sub.add_parser("exec", help="run a command in a guest")
    p.add_argument("kernel", metavar="KERNEL")
    p.add_argument("--file", action="append", default=[],
                   metavar="HOST[:GUEST]", help="file or directory to take "
                   "along (guest path: /bin/NAME)")
    p.add_argument("--get", action="append", default=[],
                   metavar="GUEST[:HOST]",
                   help="file to bring back (to ./NAME)")
    p.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    p.add_argument("--timeout", type=float, default=60, metavar="S")
    p.add_argument("--mem", type=int, default=vm.MEM, metavar="MB")
    p.add_argument("--cpus", type=int, default=2)
    p.add_argument("--cgroup", choices=("v1", "v2"), default="v2")
    p.add_argument("--icount", action="store_true",
                   help="one CPU whose time is instructions executed")
    p.add_argument("--fresh", action="store_true",
                   help="boot anew, no snapshot")
    p.add_argument("-v", "--verbose", action="store_true",
                   help="times and console on stderr")
    p.add_argument("command", nargs="+", metavar="CMD",
                   help="after --, the command and its arguments")
    p.set_defaults(func=cmd_exec)

    p = sub.add_parser("headers", help="print the directory to build modules "
                                       "for a kernel against")
    p.add_argument("kernel", metavar="KERNEL")
    p.set_defaults(func=cmd_headers)

    p = sub.add_parser("build-kmod", help="build obit.ko for a kernel")
    p.add_argument("kernel", metavar="KERNEL")
    p.add_argument("outdir", nargs="?", metavar="OUTDIR",
                   help="where to build (build/kmod-RELEASE)")
    p.add_argument("--source", type=pathlib.Path, default=kmod.REPO,
                   help="directory with Kbuild and kmod/")
    p.set_defaults(func=cmd_build_kmod)

    # argparse would take options of the command for its own.
    if "--" in argv:
        at = argv.index("--")
        args = parser.parse_args(argv[:at] + ["-"])
        args.command = argv[at + 1:]
        if args.what != "exec" or not args.command:
            parser.error("a command after -- is for exec")
        return args
    return parser.parse_args(argv)


def main(argv):
    vm.on_signals()
    try:
        args = parse(argv)
    except SystemExit as e:
        return EX_USAGE if e.code else 0
    try:
        return args.func(args)
    except debs.Unavailable as e:
        say(e)
        return EX_UNAVAILABLE
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
