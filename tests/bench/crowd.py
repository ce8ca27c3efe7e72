# SPDX-License-Identifier: GPL-2.0-only
"""A live collector among many zombies, in a guest: a host has not the numbers.

Owns the guest's limits and what is read of the collector there. Its times are
an emulated machine's and are not told.
"""
import json

import figures
import guest

import vm       # found by guest

ZOMBIES = 50000
DEATHS = 10000
MEM = 2048      # MiB: a zombie takes some 12 KiB of the kernel's
# As a machine is configured that has so many; and what is told of each step.
SCRIPT = r"""
echo 200000 > /proc/sys/kernel/pid_max
echo 200000 > /proc/sys/kernel/threads-max
rss() {
	while read -r key value _; do
		[ "$key" = VmRSS: ] && echo "{\"at\":\"$1\",\"kib\":$value}"
	done < "/proc/$obit/status"
}
obit trace -o json > /tmp/told 2> /tmp/said & obit=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep -q watching /tmp/said && break
	sleep 1
done
rss rest
mkfifo /tmp/hold
bench storm -z "$1" < /tmp/hold > /tmp/made & exec 3> /tmp/hold
while ! [ -s /tmp/made ]; do sleep 1; done
cat /tmp/made
sleep 5
rss zombies
bench storm -n "$2"
sleep 2
rss deaths
kill -TERM $obit
wait $obit
echo "{\"told\":$(grep -c '^{"event":"obituary"' /tmp/told)}"
grep '^{"event":"lost"' /tmp/told
tail -n 1 /tmp/said
"""


def measure(kernel_name="6.1", zombies=ZOMBIES, deaths=DEATHS):
    kernel = guest.kernel_of(kernel_name)
    part = figures.Part(
        "crowd", f"The live collector among zombies, Linux {kernel.release} in "
        "a guest",
        "Resident memory, of which 16 MiB are the ring (8 MiB, mapped twice), "
        "as much of it as has been used.")
    files = {"/bin/obit": figures.BUILD / "static/obit",
             "/bin/bench": figures.BUILD / "static/bench"}
    try:
        result = vm.run(kernel, files, ["sh", "-c", SCRIPT, "sh",
                                        str(zombies), str(deaths)],
                        400, mem=MEM)
    except (vm.Broken, OSError) as e:
        raise figures.Missing(str(e)) from e
    if result.lost or result.rc:
        raise figures.Missing(f"the guest failed: {result.lost or result.rc}: "
                              + result.text[-500:])
    told = [json.loads(line) for line in result.text.splitlines()
            if line.startswith("{")]
    kib = {line["at"]: line["kib"] for line in told if "at" in line}
    made = next(line["zombies"] for line in told if "zombies" in line)
    lost = sum(line["count"] for line in told
               if line.get("event") == "lost")
    if set(kib) != {"rest", "zombies", "deaths"} or made < zombies:
        raise figures.Missing(f"only {made} zombies: {result.text[-500:]}")
    part.row(what="at rest", KiB=kib["rest"])
    part.row(what=f"with {made} zombies", KiB=kib["zombies"])
    part.row(what=f"after {deaths} deaths beside them", KiB=kib["deaths"])
    part.row(what="obituaries told", KiB="",
             number=next(x["told"] for x in told if "told" in x))
    part.row(what="records lost", KiB="", number=lost)
    return part
