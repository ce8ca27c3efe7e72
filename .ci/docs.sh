#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# docs.sh 8|bash OBIT - the man page, or the completion for bash, made from
# what OBIT says of itself: --help of the program and of each of its commands.
# Owns their form only: no option is named here, so none can be forgotten.
set -eu

mode=$1
obit=$2
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

# options: the long and short ones in a help text, and the words each may take
options()
{
	# An option with no short form is further in; --[no-]x is two options;
	# the word of --x[=a|b] is never a word of its own.
	sed -E -e 's/^      --/  --/' \
		-e 's/^(  .*)--\[no-\]([a-z0-9-]+)/\1--\2, --no-\2/' \
		-e 's/^(  [^ ].*)\[=[^]]*\]/\1/' |
	awk '/^  -/ {
		n = split($0, part, /,? +/)
		for (i = 2; i <= n && part[i] ~ /^-/; i++) {
			words = part[n > i ? i + 1 : i]
			if (words ~ /^-/)	# -o, --output WORDS: the last has it
				words = part[n > i + 1 ? i + 2 : i]
			if (words !~ /^[a-z0-9]+([|][a-z0-9]+)+$/)
				words = ""
			print part[i], words
		}
	}'
}

bash_completion()
{
	printf '# bash completion of obit; made by make docs\n_obit()\n{\n'
	printf '\tlocal cur=%s prev=%s command=%s word\n' \
		"\${COMP_WORDS[COMP_CWORD]}" \
		"\${COMP_WORDS[COMP_CWORD-1]}" "''"
	# shellcheck disable=SC2016 # the text of a function, not ours to expand
	printf '\tfor word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do\n'
	# shellcheck disable=SC2016
	printf '\t\tcase $word in -*) ;; *) command=$word; break ;; esac\n'
	printf '\tdone\n'
	# shellcheck disable=SC2016
	printf '\tcase $command:$prev in\n'
	for command in $commands; do
		"$obit" "$command" --help | options | while read -r name words
		do
			[ -n "$words" ] || continue
			# shellcheck disable=SC2016
			printf '\t%s:%s) COMPREPLY=($(compgen -W "%s" -- "$cur")); return ;;\n' \
				"$command" "$name" "$(echo "$words" | tr '|' ' ')"
		done
	done
	# shellcheck disable=SC2016
	printf '\tesac\n\tcase $command in\n'
	for command in $commands; do
		# shellcheck disable=SC2016
		printf '\t%s) word="%s" ;;\n' "$command" "$("$obit" "$command" \
			--help | options | awk '{ printf "%s ", $1 }')"
	done
	printf '\t*) word="%s %s" ;;\n\tesac\n' "$(echo "$commands" |
		tr '\n' ' ')" "$("$obit" --help | options |
		awk '{ printf "%s ", $1 }')"
	# shellcheck disable=SC2016
	printf '\tCOMPREPLY=($(compgen -W "$word" -- "$cur"))\n}\n'
	printf 'complete -o default -F _obit obit\n'
}

case $mode in
8)	man_page ;;
bash)	bash_completion ;;
*)	echo "usage: docs.sh 8|bash OBIT" >&2; exit 64 ;;
esac
