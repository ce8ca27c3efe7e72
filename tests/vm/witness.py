# SPDX-License-Identifier: GPL-2.0-only
"""Random deaths in a guest, told by both witnesses: what was said of them.

Owns what is run in the guest and the verdict on it. How many died is known
from who made them die (tests/witness), never from obit. Runs no guest itself:
that is suite.py.
"""
import json
import re

KEPT = ("/tmp/told", "/tmp/err")
TOLD_MAX = 5000     # dissents and losses brought out of the guest
SHOWN = 10          # dissents shown
WATCH_S = 150       # until both watch; on a busy machine it takes 40
# From 7.0 on BPF on tracepoints can be preempted, and the kernel skips, and
# counts, a program that is half done on that CPU. Its twin did the work.
MAY_MISS = {"7.x": ("context", "missed", "bpf")}

# $1: deaths, $2: seconds for them. The second after them is for the last of
# them: those that the end of obit cuts off are not compared. That may befall
# what the shell itself starts, at either end, and nothing else. Without
# autogroups: each session of the storm would have as much of the CPU as all the
# rest, and who is put aside between two probes would wait for it a second, by
# which they then differ.
GUEST = f"""
echo 0 >/proc/sys/kernel/sched_autogroup_enabled
mount -t tmpfs none /tmp && insmod /bin/obit.ko || exit 1
obit trace --source both -o json >/tmp/json 2>/tmp/err &
obit=$!
n=0
until grep -q 'watching via' /tmp/err; do
	n=$((n + 1))
	if [ $n -gt {WATCH_S * 5} ] || ! kill -0 $obit; then
		echo "does not watch"
		exit 1
	fi
	sleep 0.2
done
witness -n "$1" -t "$2"
echo "storm $?"
sleep 1
kill -TERM $obit
wait $obit
echo "obit $?"
grep -E '"event":"(dissent|lost)"' /tmp/json | head -n {TOLD_MAX} >/tmp/told
echo "told $(grep -c '"event":"obituary".*"comm":"witness' /tmp/json)"
rmmod obit
echo "rmmod $?"
"""

SUMMARY = re.compile(r"(\d+) deaths?, \d+ failures?, (\d+) lost.*; "
                     r"(\d+) seen by both(?:, (\d+) by bpf alone)?"
                     r"(?:, (\d+) by kmod alone)?, (\d+) dissents?"
                     r"(?:, (\d+) not compared)?$", re.M)


def seconds(deaths):
    """For the storm: some 45 a second is usual, with two guests at a time."""
    return 60 + deaths // 15


def timeout(deaths):
    return seconds(deaths) + WATCH_S + 60


def number(text, what):
    m = re.search(rf"^{what} (\d+)\b", text, re.M)
    return int(m[1]) if m else None


def events(told):
    """Dissents and losses; what is no JSON is a failure of its own."""
    all_ = [json.loads(line) for line in told.splitlines()]
    return ([e for e in all_ if e["event"] == "dissent"],
            [e for e in all_ if e["event"] == "lost"])


def losses(kernel, lost):
    """Those that may not be, and how many facts those cost that may."""
    bad, missed = [], 0
    for e in lost:
        if (e["kind"], e["reason"], e["source"]) == MAY_MISS.get(kernel):
            missed += e["count"]
        else:
            bad.append(e)
    return bad, missed


def why_not(kernel, asked, text, told, err):
    """([what is wrong], what there is to say if nothing is)"""
    wrong = [f"{what} ended with status {rc}"
             for what, rc in ((w, number(text, w))
                              for w in ("storm", "obit", "rmmod")) if rc != 0]
    made, named = number(text, "made"), number(text, "told")
    last = SUMMARY.search(err)
    if made is None or named is None or not last:
        return wrong + ["it was not counted what died or what was seen"], ""
    try:
        dissents, lost = events(told)
    except (ValueError, KeyError) as e:
        return wrong + [f"obit's JSON: {e!r}"], ""
    bad, missed = losses(kernel, lost)
    counts = [int(n or 0) for n in last.groups()]
    all_lost, both, alone, dissented, apart = (
        counts[1], counts[2], counts[3] + counts[4], *counts[5:])
    for fails, what in (
            (made < asked, f"{made} have died, {asked} were asked for"),
            (named < made, f"{made} have died, {named} were told of"),
            (both - apart < made, f"{made} have died, {both} were seen by "
             f"both, {apart} not compared"),
            (alone > apart, f"{alone} were seen by one alone"),
            (dissented or dissents,
             f"{max(dissented, len(dissents))} dissents"),
            (bad, f"lost: {json.dumps(bad[:SHOWN])}"),
            (all_lost != sum(e["count"] for e in lost),
             f"{all_lost} lost, but the stream tells of "
             f"{sum(e['count'] for e in lost)}")):
        if fails:
            wrong.append(what)
    wrong += [json.dumps(e) for e in dissents[:SHOWN]]
    return wrong, (f"{made} deaths, {both} seen by both, no dissent, nothing "
                   "lost" + (f", {apart} cut off by an end" if apart else "") +
                   (f" ({missed} times a BPF program was skipped)"
                    if missed else ""))


def judge(report, name, kernel, asked, result):
    """One line for the guest, and all that it said if it has failed."""
    files = {path: (result.files.get(path) or b"").decode("utf-8", "replace")
             for path in KEPT}
    wrong, good = why_not(kernel, asked, result.text, files["/tmp/told"],
                          files["/tmp/err"])
    if result.lost:
        wrong = [f"guest lost: {result.lost}"]
    elif result.rc != 0:
        wrong.append(f"the guest's shell ended with status {result.rc}")
    elif any(result.files.get(path) is None for path in KEPT):
        wrong.append("what obit said was not received")
    if not wrong:
        report.line("ok", name, good)
        return
    report.line("not ok", name, wrong[0])
    report.note("\n".join(wrong[1:] + [result.text, files["/tmp/err"]]))


# Each once made wrong must be seen: (in what, from, to).
RIGHT = {
    "text": "# seed 1\nmade 20, failed 0\nstorm 0\nobit 0\ntold 21\nrmmod 0\n",
    "told": '{"event":"lost","kind":"context","reason":"missed",'
            '"source":"bpf","count":2}\n',
    "err": "obit: watching via x\nobit: 30 deaths, 9 failures, 2 lost "
           "(0 obituaries, 2 contexts, 0 signals); 25 seen by both, "
           "0 dissents\n",
}
LIES = (
    ("text", "made 20", "made 19"), ("text", "made 20, failed 0\n", ""),
    ("text", "told 21", "told 19"), ("text", "storm 0", "storm 1"),
    ("text", "obit 0", "obit 70"), ("text", "rmmod 0", "rmmod 1"),
    ("text", "rmmod 0\n", ""), ("err", "25 seen", "19 seen"),
    ("err", "both,", "both, 1 by kmod alone,"), ("err", "2 lost", "3 lost"),
    ("err", "0 dissents", "1 dissent"), ("err", "obit: 30", "obit: no"),
    ("err", "0 dissents", "0 dissents, 6 not compared"),
    ("err", "both,", "both, 2 by bpf alone, 1 by kmod alone,"),
    ("told", "missed", "ring_full"), ("told", "context", "obituary"),
    ("told", "bpf", "kmod"), ("told", "}\n", '}\n{"event":"dissent"}\n'),
    ("told", "}\n", "\n"),
)


def selftest(report):
    """Its own verdicts first: it must know a lie from a good run."""
    wrong = why_not("7.x", 20, **RIGHT)[0]
    edge = dict(RIGHT, err=RIGHT["err"].replace(
        ", 0 dissents", ", 1 by kmod alone, 0 dissents, 1 not compared"))
    wrong += why_not("7.x", 20, **edge)[0]
    if not why_not("6.1", 20, **RIGHT)[0]:
        wrong.append("takes a loss on 6.1")
    for where, good, bad in LIES:
        lie = dict(RIGHT)
        lie[where] = lie[where].replace(good, bad, 1)
        if lie == RIGHT or not why_not("7.x", 20, **lie)[0]:
            wrong.append(f"takes {bad!r} for {good!r}")
    report.line("not ok" if wrong else "ok", "witness/judge",
                "; ".join(wrong))
