#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# completion-test.sh FILE - what the completion in FILE offers, asked of bash as
# readline asks it: words in COMP_WORDS, cut at = and : as COMP_WORDBREAKS says.
# Owns the expectations. It never looks at how the function comes to them.
set -u

# shellcheck source=/dev/null
. "$1" || exit 1
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir folder
touch file1 file2
sleep 60 &
child=$!
trap 'kill $child; rm -rf "$dir"' EXIT

# ask WORD...: the last one is where the cursor is
ask()
{
	COMP_WORDS=(obit "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_obit obit "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
	got="${COMPREPLY[*]}"
	for word in "${COMPREPLY[@]}"; do
		[[ $word ]] || wrong 'an empty word'
	done
}

# readline sorts what it is given.
sorted()
{
	tr ' ' '\n' <<<"$1" | sort
}

wrong()
{
	echo "obit ${COMP_WORDS[*]:1}: $1; got: ${got:0:300}"
	failed=1
}

# is EXPECTED WORD...: just that
is()
{
	local expected=$1
	shift
	ask "$@"
	[ "$(sorted "$got")" = "$(sorted "$expected")" ] ||
		wrong "expected: $expected"
}

# has EXPECTED WORD...: that among others, and not one option
has()
{
	local expected
	read -ra expected <<<"$1"
	shift
	ask "$@"
	for word in "${expected[@]}"; do
		[[ " $got " == *" $word "* ]] || wrong "no $word"
	done
	[[ " $got" != *" -"* ]] || wrong "options"
}

events='obituary pdeath_set pdeath_clear pdeath_send hangup zombie reaped dissent lost'

# Commands and options.
has 'trace run wait profile zombies pdeath explain doctor help' ''
is 'trace' tr
is 'doctor' help 'do'
is '--duration' trace --dur
is '--header' trace --hea
is '--no-header' trace --no-
is '--failed' --fai
is '--measure' doctor --me
is '--older-than' -v zombies --old
ask trace ''
[[ " $got " == *" --events "* ]] || wrong 'no option'

# What an option takes: fixed choices, behind a blank, a = and a letter.
is 'table json' trace --output ''
is 'json' trace --output js
is 'json' trace -o js
is '-ojson' trace -ojs
is '-qojson' run -qojs
is 'json' run -qo js
is 'json' trace --output = js
is 'table json' trace --output =
is '--output=json' trace --output=js
is 'bpf' zombies --source b
is 'kmod' doctor --tier k
is 'comm cgroup exe' profile --by ''
# ... with = only: what stands behind is no value.
is 'always' trace --color = al
is '--failed' trace --color --fai
is 'kernel' trace --teardown = ke
is 'kernel' profile --teardown ke

# Lists.
is "$events" trace --events ''
is 'zombie' trace --events zom
is 'zombie' --events zom
is 'reaped,zombie' trace --events reaped,zom
is 'reaped,zombie' trace --events = reaped,zom
is '' trace --events zombie,zom
is 'oom oops orphaned_pgrp' trace --cause o
is 'oom' trace --cause oom
is 'oom oops orphaned_pgrp' trace --cause = o
is 'SIGKILL' trace --signal SIGK
is 'KILL' trace --signal K
is 'KILL' pdeath --signal = k
has 'SIGHUP SIGRTMIN+1' trace --signal ''

# Fields, where an expression can have one.
has 'zombie_ns parent.comm killer.signal usage.cpu_ns' trace --where ''
is 'zombie_ns zombie_err_ns' trace --where zomb
is 'zombie_ns zombie_err_ns' trace --where "'zomb"
is 'zombie_ns zombie_err_ns' trace --where = "'zomb"
is 'zombie_ns > 1s && parent.comm' trace --where "'zombie_ns > 1s && parent.c"
is '!(truncated' trace --where '"!(trunc'
is '' trace --where "'signal == par"
is '' trace --where "'zombie_ns "

# What the machine has.
is 'root' trace --uid roo
is 'root' run --user roo
is 'root' profile -u roo
has "$child" trace --tree ''
is "$child" trace --tgid "$child"
is "$child" zombies --parent = "$child"
is "$child" wait "$child"
is "$child" wait --all "$$" "$child"
has 'all' trace --lossless al
is 'file1 file2' trace --record fil
is 'file1 file2' trace -r fil
is 'file1 file2' profile --svg = fil
is '--svg=file1 --svg=file2' profile --svg=fi
has 'folder' run --to ''
is 'EX_CONFIG' explain EX_CON
is 'SIGKILL' explain 1 SIGK

# Cgroups: by obit's names of them, which are those of its hierarchies where one
# is mounted apart from the other, and those of the one where that is all.
mkdir -p hybrid/{memory/system.slice/a.service,pids/{system.slice,user.slice}} \
	hybrid/{systemd/init.scope,unified/own,cpu/no} v2/{own/in,system.slice}
touch hybrid/unified/cgroup.controllers v2/cgroup.controllers
# shellcheck disable=SC2034 # by the functions in FILE
_obit_cgroup_mount=$dir/hybrid
is '/system.slice /user.slice /init.scope /own' trace --cgroup ''
is '/system.slice /user.slice /init.scope /own' trace --cgroup /
is '/system.slice' trace --cgroup = /sys
is '/system.slice/a.service' trace --cgroup /system.slice/
is '' trace --cgroup /memory
is '' trace --cgroup own
has '/own all' trace --lossless ''
_obit_cgroup_mount=$dir/v2
is '/own /system.slice' trace --cgroup ''
is '/own/in' trace --cgroup /own/
_obit_cgroup_mount=$dir/none
is '' trace --cgroup ''
_obit_cgroup_mount=/sys/fs/cgroup

# A value that nobody can know: nothing, and no option.
for option in count duration buffer status comm container zombie-after; do
	is '' trace "--$option" ''
	is '' trace "--$option" =
done

# COMMAND and what follows are not obit's.
has 'bash' run bas
has 'bash' run -q --to = x bas
has 'bash' run --user root -- bas
has 'bash' profile -- bas
has 'bash' profile --duration 1s bas
is 'file1 file2' run -- cat fil
is '' run cat --out
is '' trace -- --out
# ... but those of whoever completes COMMAND without obit, if there is one.
# shellcheck disable=SC2317 # by the function in FILE
_command_offset()
{
	COMPREPLY=("offset=$1")
}
is 'offset=2' run mak
is 'offset=3' run -- mak
is 'offset=5' run --output = json make -
is 'offset=4' run --to a make al
exit $failed
