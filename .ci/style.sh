#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# style.sh [DIR] - what no formatter checks: licence and opening comment of a
# file, its length, blanks, and calls that have a safe twin.
# `style.sh selftest` breaks each rule once and fails if one goes unseen.
# It never looks at recorded data, and changes nothing.
set -u

MAX_LINES=600
MAX_COLUMNS=100
UNSAFE='gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol'

# Source files of the tree: all that is tracked or about to be.
sources()
{
	if [ -e .git ]; then
		git -c safe.directory='*' ls-files -co --exclude-standard
	else
		find . -type f ! -path './build/*' | sed 's|^\./||'
	fi | grep -Ev '^LICENSES/|^\.cache/|^compile_commands' | sort |
	while IFS= read -r file; do
		[ -f "$file" ] || continue
		case $file in
		*.[ch]|*.sh|*.py|*.mk|Makefile|Kbuild|.ci/*) echo "$file" ;;
		tests/*) head -c 2 "$file" | grep -q '^#!' && echo "$file" ;;
		esac
	done
}

licence()
{
	case $1 in
	kmod/uapi/*)	echo '(GPL-2.0 WITH Linux-syscall-note) OR MIT' ;;
	kmod/*|Kbuild)	echo 'GPL-2.0' ;;
	bpf/*)		echo 'GPL-2.0 OR BSD-2-Clause' ;;
	*)		echo 'GPL-2.0-only' ;;
	esac
}

check_file()
{
	file=$1
	want="SPDX-License-Identifier: $(licence "$file")"
	got=$(head -n 2 "$file" | grep -o 'SPDX-License-Identifier: .*' |
		sed 's| *\*/$||')
	[ "$got" = "$want" ] ||
		echo "$file:1: licence: \"$got\", want \"$want\""

	# The lines after the licence say what the file owns and what it never
	# does: a C comment, # lines, or a docstring. One line cannot.
	awk -v file="$file" '
		NR > 12 { exit }
		/SPDX-License-Identifier/ { after = NR; next }
		!after { next }
		/^[ \t]*(\/\*|\*\/)?[ \t]*$/ || /^(#|#!.*|"""| \*)[ \t]*$/ { next }
		/^(# | \* |\/\* |"""|\/\/ )/ || (doc && /[a-z]/) { n++ }
		/^"""/ { doc = 1 }
		END { if (n < 2)
			print file ":1: header: no opening comment worth the name" }
	' "$file"

	lines=$(wc -l < "$file")
	[ "$lines" -le "$MAX_LINES" ] ||
		echo "$file:$lines: length: more than $MAX_LINES lines"
	[ -z "$(tail -c 1 "$file")" ] ||
		echo "$file:$lines: blank: no newline at the end"

	case $file in *.py|tests/run) python=1 ;; *) python=0 ;; esac
	head -n 1 "$file" | grep -q '^#!.*python' && python=1
	# Tests may use what is unsafe with strangers' bytes.
	case $file in tests/*) c=0 ;; *.[ch]) c=1 ;; *) c=0 ;; esac
	awk -v file="$file" -v python=$python -v c=$c -v max=$MAX_COLUMNS \
		-v quoted="'[^']*'" -v unsafe="$UNSAFE" '
	function bad(rule, text) { print file ":" FNR ": " rule ": " text }
	{
		sub(/\r$/, " ")
		if (/[ \t]$/) bad("blank", "trailing blank")
		if (!python && /^\t* +\t/) bad("blank", "space before a tab")
		if (!python && /^\t*        /) bad("blank", "eight spaces, not a tab")
		# A string stays whole, however long: it is what people grep for.
		text = $0
		gsub(/"([^"\\]|\\.)*"/, "\"\"", text)
		gsub(quoted, "", text)
		wide = 0
		for (i = 1; i <= length(text); i++)
			wide += substr(text, i, 1) == "\t" ? 8 - wide % 8 : 1
		if (wide > max) bad("width", wide " columns")
		if (/(^|[^A-Za-z_])(TO[D]O|FIX[M]E|X[X]X)([^A-Za-z_]|$)/)
			bad("open", "a mark of unfinished work")
		if (c && $0 ~ "(^|[^A-Za-z0-9_>.])(" unsafe ")\\(")
			bad("call", "a function that cannot fail safely")
	}' "$file"
}

check()
{
	sources | while IFS= read -r file; do
		check_file "$file"
	done
}

header='// SPDX-License-Identifier: GPL-2.0-only
/*
 * One. It owns
 * two, and never
 * three.
 */'

selftest()
{
	rc=0
	cd "$tmp" || exit 1
	mkdir -p kmod user
	# expect RULE FILE PRINTF-TEXT
	expect()
	{
		# shellcheck disable=SC2059 # the text is a format, on purpose
		printf "$3" > "$2"
		check_file "$2" | grep -q ": $1: " || {
			echo "style.sh: did not see: $1 in $2"
			rc=1
		}
		rm "$2"
	}
	printf '%s\nint a;\nf("%s");\n' "$header" \
		"$(yes x | head -n 100 | tr -d '\n')" > user/ok.c
	[ -z "$(check_file user/ok.c)" ] || {
		echo "style.sh: complains about a clean file"
		rc=1
	}
	expect licence user/a.c 'int a;\n'
	expect licence kmod/a.c "$header\n"
	expect header user/a.c '// SPDX-License-Identifier: GPL-2.0-only\nint a;\n'
	expect length user/a.c "$header\n$(yes 'int a;' | head -n 600)\n"
	expect blank user/a.c "$header\nint a; \n"
	expect blank user/a.c "$header\n        int a;\n"
	expect blank user/a.c "$header\n  \tint a;\n"
	expect blank user/a.c "$header\nint a;\r\n"
	expect blank user/a.c "$header\nint a;"
	expect width user/a.c "$header\n/* $(yes x | head -n 100 | tr -d '\n') */\n"
	expect open user/a.c "$header\n/* TO""DO: later */\n"
	expect call user/a.c "$header\n	strcpy(a, b);\n"
	return $rc
}

if [ "${1-}" = selftest ]; then
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT
	selftest
	exit
fi
cd "${1:-$(dirname "$0")/..}" || exit 1
out=$(check)
[ -z "$out" ] || printf '%s\n' "$out"
[ -z "$out" ]
