#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# includes.sh [DIR] - the dependency rules of the tree, checked on #include
# lines and a few names: what may know what. docs/adding.md has the reasons.
# `includes.sh selftest` breaks each rule once and fails if one goes unseen.
# It never compiles anything: it sees code that no build here selects.
#
#  1 kmod/ and bpf/ include the kernel's headers, their own and <uapi/obit.h>
#    (kmod/ the device's <uapi/obit_dev.h> too): nothing of user/, nothing of
#    each other
#  2 user/core knows itself and user/lib, user/lib only itself: no libbpf, no
#    source, sink or command in either
#  3 no source knows a sink, no sink a source: both know core and lib; only
#    user/source/bpf.c includes the skeleton
#  4 only user/cmd names concrete sources and sinks; only user/pipeline.c reads
#    from a source
#  5 only kmod/compat.h and bpf/{flavors,kernel}.bpf.h test kernel versions or
#    the shapes of its types
#  6 tests/death and tests/vm share no code with what they judge: nothing of
#    user/, kmod/ or bpf/
set -u

# includes FILE...: "file:line:quote:path" of each include, quoted paths with
# no folder completed with the file's own.
includes()
{
	awk '/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
		line = $0
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
		quote = substr(line, 1, 1)
		path = substr(line, 2)
		sub(/[>"].*/, "", path)
		dir = FILENAME
		sub(/[^\/]*$/, "", dir)
		if (quote == "\"" && path !~ /\//)
			path = dir path
		else if (quote == "\"" && dir ~ /^user\//)
			path = "user/" path
		print FILENAME ":" FNR ":" quote ":" path
	}' "$@" /dev/null
}

files()
{
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}

# bad RULE TEXT: complain about each line on stdin
bad()
{
	while IFS= read -r line; do
		echo "$line: rule $1: $2"
	done
}

check()
{
	# shellcheck disable=SC2046 # our own file names have no blanks
	includes $(files kmod bpf user tests/death tests/vm) > "$tmp/inc"

	grep '^kmod/' "$tmp/inc" | grep -Ev \
		'^kmod/[^:]*:[0-9]+:(":kmod/|<:(linux|asm|asm-generic|trace|net)/|<:uapi/obit(_dev)?\.h$)' |
		bad 1 "the module includes only the kernel's headers, its own and <uapi/obit*.h>"
	grep '^bpf/' "$tmp/inc" | grep -Ev \
		'^bpf/[^:]*:[0-9]+:(":bpf/|<:(bpf|linux|asm)/|<:uapi/obit\.h$|<:std(bool|def)\.h$)' |
		bad 1 "BPF includes only libbpf's helpers, its own and <uapi/obit.h>"
	grep -E '^user/.*:":(user/)?(bpf|kmod)/' "$tmp/inc" |
		bad 1 "user space shares only <uapi/obit.h> with the kernel's side"

	grep '^user/core/' "$tmp/inc" | grep -E '":|<:(bpf|sqlite3?|libelf|gelf)' |
		grep -Ev '":user/(core|lib)/' |
		bad 2 "core knows only core and lib"
	grep '^user/lib/' "$tmp/inc" | grep -E '":|<:(bpf|sqlite3?|libelf|gelf|uapi)' |
		grep -Ev '":user/lib/' |
		bad 2 "lib knows nothing of ours but lib"

	grep '^user/source/' "$tmp/inc" | grep -E '":user/(sink|cmd)/' |
		bad 3 "a source knows neither sinks nor commands"
	grep '^user/sink/' "$tmp/inc" | grep -E '":user/(source|cmd)/' |
		bad 3 "a sink knows neither sources nor commands"
	grep -E '[":/]obit\.skel\.h$' "$tmp/inc" | grep -v '^user/source/bpf\.c:' |
		bad 3 "only user/source/bpf.c includes the skeleton"

	grep -E '":user/(source|sink)/' "$tmp/inc" |
		grep -Ev '^user/(cmd|source|sink)/' |
		grep -Ev '":user/(source/source|sink/sink)\.h$' |
		bad 4 "only user/cmd knows concrete sources and sinks"
	# shellcheck disable=SC2046
	grep -nE '(->|\.)read\(' $(files user) /dev/null |
		grep -Ev '^user/(pipeline\.c|source/)' |
		bad 4 "only user/pipeline.c reads from a source"

	# shellcheck disable=SC2046
	grep -nwE 'LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_RELEASE_CODE' \
		$(files kmod) /dev/null | grep -v '^kmod/compat\.h:' |
		bad 5 "kernel versions are compared in kmod/compat.h"
	# shellcheck disable=SC2046
	grep -nwE 'bpf_core_(field_exists|type_(exists|matches)|enum_value(_exists)?)|LINUX_KERNEL_VERSION' \
		$(files bpf) /dev/null |
		grep -Ev '^bpf/(flavors|kernel)\.bpf\.h:' |
		bad 5 "the kernel's shapes are tested in bpf/flavors.bpf.h"

	grep -E '^tests/(death|vm)/' "$tmp/inc" |
		grep -E ':(user|kmod|bpf|core|lib|uapi|source|sink|cmd)/' |
		grep -Ev ':tests/' |
		bad 6 "an expectation shares no code with what it judges"
}

# Each line breaks one rule in a tree that is otherwise clean.
broken='
1 kmod/a.c #include "user/core/status.h"
1 kmod/a.c #include "../bpf/obit.bpf.h"
1 bpf/a.bpf.c #include "../kmod/trace.h"
1 bpf/a.bpf.c #include <stdio.h>
1 user/pipeline.c #include "bpf/obit.bpf.h"
2 user/core/a.c #include <bpf/libbpf.h>
2 user/core/a.c #include "source/source.h"
2 user/lib/a.c #include "core/status.h"
2 user/lib/a.c #include <uapi/obit.h>
3 user/source/a.c #include "sink/sink.h"
3 user/sink/a.c #include "source/source.h"
3 user/source/probe.c #include "obit.skel.h"
4 user/pipeline.c #include "source/bpf.h"
4 user/main.c #include "sink/json.h"
4 user/cmd/a.c n = src->read(src, emit);
5 kmod/a.c #if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
5 bpf/a.bpf.c if (bpf_core_field_exists(t->x))
6 tests/death/a.c #include "core/status.h"
6 tests/vm/a.c #include <uapi/obit.h>
'
clean='
kmod/b.c #include <linux/sched.h>
kmod/b.c #include "compat.h"
kmod/compat.h #if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
bpf/b.bpf.c #include <bpf/bpf_helpers.h>
bpf/b.bpf.c #include "obit.bpf.h"
bpf/flavors.bpf.h bpf_core_field_exists(t->x)
user/core/b.c #include "core/status.h"
user/core/b.c #include "lib/buf.h"
user/core/b.c #include <uapi/obit.h>
user/source/bpf.c #include "obit.skel.h"
user/pipeline.c #include "source/source.h"
user/pipeline.c n = source->read(source, &emit);
user/cmd/b.c #include "sink/json.h"
tests/death/b.c #include "death.h"
'

selftest()
{
	rc=0
	printf '%s\n' "$clean" | while read -r file text; do
		[ -n "$file" ] || continue
		mkdir -p "$tmp/t/${file%/*}"
		printf '%s\n' "$text" >> "$tmp/t/$file"
	done
	cd "$tmp/t" || exit 1
	if [ -n "$(check)" ]; then
		echo "includes.sh: complains about a clean tree:"
		check
		rc=1
	fi
	printf '%s\n' "$broken" > "$tmp/broken"
	while read -r rule file text; do
		[ -n "$rule" ] || continue
		mkdir -p "${file%/*}"
		[ ! -e "$file" ] || cp "$file" "$tmp/saved"
		printf '%s\n' "$text" >> "$file"
		check | grep -q ": rule $rule: " || {
			echo "includes.sh: did not see: $rule $file: $text"
			rc=1
		}
		rm "$file"
		[ ! -e "$tmp/saved" ] || mv "$tmp/saved" "$file"
	done < "$tmp/broken"
	return $rc
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
if [ "${1-}" = selftest ]; then
	selftest
	exit
fi
cd "${1:-$(dirname "$0")/..}" || exit 1
check > "$tmp/out"
cat "$tmp/out"
[ ! -s "$tmp/out" ]
