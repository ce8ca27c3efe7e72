#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# docs.sh 8|bash OBIT [WORDS] - the man page, or the completion for bash, made
# from what OBIT says of itself: --help of the program and of each of its
# commands; and of the lists of values that WORDS (words.c) has from its tables.
# Owns their form only: no option is named here, so none can be forgotten.
set -eu

mode=$1
obit=$2
words=${3:-}
COLUMNS=100
NO_COLOR=1
export COLUMNS NO_COLOR

commands=$("$obit" --help | awk '
	/^Commands/ { inside = 1; next }
	/^[^ ]/ { inside = 0 }
	inside && NF { print $1 }')
[ -n "$commands" ] || {
	echo "docs.sh: $obit --help names no command" >&2
	exit 1
}

default=${commands%%[!a-z]*} # the first is what obit alone means

# From help to man: a heading is a line ending in a colon that stands at the
# margin; under it options and examples, at the margin paragraphs. A line broken
# where one more word had fitted was broken on purpose.
to_man()
{
	awk -v level="$1" -v width=$COLUMNS '
	function out(text) {
		gsub(/\\/, "\\e", text)
		gsub(/-/, "\\-", text)
		if (text ~ /^[.\047]/)
			text = "\\&" text
		print text
	}
	function flow(text, indent,    word) {
		word = text
		sub(/ .*/, "", word)
		if (last && last + 1 + length(word) <= width)
			print ".br"
		out(text)
		last = indent + length(text)
	}
	{ match($0, /^ */); indent = RLENGTH; text = substr($0, indent + 1) }
	# An option with no short form stands where the long forms do.
	indent == 6 && text ~ /^--/ { indent = 2 }
	text == "" { if (!heading) print ".PP"; last = 0; next }
	/^Usage: / {
		print ".PP\n.B"
		out(substr($0, 8))
		last = 0
		next
	}
	indent == 0 && /:$/ {
		sub(/:$/, "", text)
		skip = /^Commands/ || (level == "SS" && /^Global/)
		heading = 1
		if (!skip && level == "SS")
			print ".PP\n" text ":"
		else if (!skip)
			print ".SH " toupper(text)
		next
	}
	indent == 0 { skip = 0 }
	skip { next }
	{ heading = 0 }
	indent == 2 {
		rest = ""
		if (match(text, /   */)) {
			rest = substr(text, RSTART + RLENGTH)
			text = substr(text, 1, RSTART - 1)
		}
		print ".TP\n.B"
		out(text)
		last = 0
		if (rest != "")
			flow(rest, width - length(rest))
		last = rest == "" ? 0 : length($0)
		next
	}
	{ flow(text, indent) }'
}

man_page()
{
	version=$("$obit" --version | awk 'NR == 1 { print $NF }')
	printf '.TH OBIT 8 "" "obit %s" "System administration"\n' "$version"
	printf '.SH NAME\nobit \\- the obituary of every process that dies\n'
	printf '.SH SYNOPSIS\n'
	"$obit" --help | to_man SH | awk '/^\.PP$/ && n++ == 1 {
		print ".SH DESCRIPTION"; next } { print }'
	printf '.SH COMMANDS\n'
	for command in $commands; do
		printf '.SS "obit %s"\n' "$command"
		"$obit" "$command" --help | to_man SS
	done
}

# options: of a help text the name of each option, what it takes, and `optional`
# if it does so with = only. --[no-]x is two options.
options()
{
	awk '/^(  |      )-/ {
		sub(/^ +/, "")
		sub(/  .*/, "")
		optional = sub(/\[=/, " ") ? "optional" : ""
		if (optional)
			sub(/\]$/, "")
		negatable = sub(/--\[no-\]/, "--")
		n = split($0, part, /,? +/)
		takes = part[n] ~ /^-/ ? "-" : part[n--]
		for (i = 1; i <= n; i++)
			print part[i], takes, optional
		if (negatable)
			print "--no-" substr(part[n], 3), "-"
	}'
}

# kind METAVAR: what completes a value that the help calls so
kind()
{
	case $1 in
	*'|'*)	printf "kind=words list='%s'" "$(echo "$1" | tr '|' ' ')" ;;
	CAUSE)	printf "kind=words list=\$_obit_causes" ;;
	LIST)	printf "kind=list list=\$_obit_events" ;;
	EXPRESSION | SIGNAL | FILE | USER | TGID | SCOPE)
		printf "kind='%s'" "$(echo "$1" | tr '[:upper:]' '[:lower:]')" ;;
	PATH)	printf 'kind=cgroup' ;;
	*)	printf 'kind=none' ;;
	esac
}

names()
{
	options | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $1 }'
}

# What each command's options take, and what stands behind them: as functions.
tables()
{
	printf "_obit_commands='%s help'\n" "$(echo "$commands" | tr '\n' ' ')"
	printf "_obit_default='%s'\n" "$default"
	printf "_obit_global='%s'\n" "$("$obit" --help | names)"
	cat <<-'END'

		_obit_value()
		{
			kind='' list='' optional=''
			case $1 in
	END
	for command in $commands; do
		"$obit" "$command" --help | options |
		while read -r name takes optional; do
			[ "$takes" = - ] || printf '\t%s:%s) %s%s ;;\n' \
				"$command" "$name" "$(kind "$takes")" \
				"${optional:+ optional=1}"
		done
	done
	cat <<-'END'
			esac
		}

		_obit_words()
		{
			options='' operand=''
			case $1 in
	END
	for command in $commands; do
		help=$("$obit" "$command" --help)
		operand=$(echo "$help" |
			sed -En '1s/.*\<(COMMAND|TGID|STATUS)\>.*/\1/p')
		printf "\t%s) operand='%s' options='%s' ;;\n" "$command" \
			"$operand" "$(echo "$help" | names)"
	done
	printf "\t'') operand=commands options='%s' ;;\n" \
		"$("$obit" "$default" --help | names)"
	printf '\thelp) operand=commands ;;\n\tesac\n}\n\n'
}

bash_completion()
{
	printf '# bash completion of obit; made by make docs\n'
	"$words"
	tables
	sed '1,/^$/d' "$(dirname "$0")/completion.bash"
}

case $mode in
8)	man_page ;;
bash)	bash_completion ;;
*)	echo "usage: docs.sh 8|bash OBIT [WORDS]" >&2; exit 64 ;;
esac
