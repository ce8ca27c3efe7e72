# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# completion.bash - how the words of obit are completed. docs.sh puts before it
# what they are: _obit_value, _obit_words and lists, made of obit's own tables.
# Owns what stands where on a command line, and names no option.
#
# Works alone; with the package bash-completion, COMMAND is completed as it is
# without obit. The locals of _obit are what its helpers work on.

# What bash cut at = and : (COMP_WORDBREAKS) in one piece again, up to the
# cursor: words[], and in at[] where each begins in COMP_WORDS.
_obit_join()
{
	local i word glue=''

	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word && ! ${word//[=:]/} && ${#words[@]} -gt 0 ]]; then
			words[-1]+=$word
			glue=1
		elif [[ $glue ]]; then
			words[-1]+=$word
			glue=''
		else
			words+=("$word")
			at+=("$i")
		fi
	done
}

# What the option WORD takes: kind (none: ''), list and optional; head and value
# are the two parts of `--name=value` and `-nvalue`.
_obit_option()
{
	local word=$1 of=${command:-$_obit_default} i

	head='' value='' kind=''
	case $word in
	--*=*)
		head=${word%%=*}=
		value=${word#*=}
		_obit_value "$of:${word%%=*}"
		;;
	--*)
		_obit_value "$of:$word"
		;;
	*)
		for ((i = 1; i < ${#word}; i++)); do
			_obit_value "$of:-${word:i:1}"
			[[ $kind ]] || continue
			head=${word:0:i+1}
			value=${word:i+1}
			break
		done
		;;
	esac
}

# All that stands before the cursor: command; pending, if an option there wants
# the next word; first, where the operands begin.
_obit_walk()
{
	local i word

	for ((i = 0; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $pending ]]; then
			pending=''
			continue
		fi
		case $word in
		--)
			first=$((i + 1))
			;;
		-?*)
			[[ " $_obit_global " == *" $word "* ]] ||
				: "${command:=$_obit_default}"
			_obit_option "$word"
			[[ ! $kind || $optional || $value || $word == *=* ]] ||
				pending=1
			continue
			;;
		*)
			if [[ ! $command ]]; then
				command=$word
				continue
			fi
			_obit_words "$command"
			[[ $operand == COMMAND ]] || continue
			first=$i
			;;
		esac
		: "${command:=$_obit_default}"
		return
	done
}

_obit_take()
{
	mapfile -t found < <(compgen "$@")
}

_obit_tgids()
{
	local pids=(/proc/[0-9]*)

	echo "${pids[@]#/proc/}"
}

_obit_cgroup_mount=/sys/fs/cgroup

# What obit calls them has no controller in front: where hierarchies are mounted
# apart, those that obit takes names from are looked through together.
_obit_cgroups()
{
	local mount=$_obit_cgroup_mount base path
	local -a bases=("$mount")

	compopt -o nospace 2>/dev/null
	[[ ! $value || $value == /* ]] || return
	[[ -e $mount/cgroup.controllers ]] ||
		bases=("$mount"/{memory,pids,systemd,unified})
	mapfile -t found < <(for base in "${bases[@]}"; do
		compgen -d -- "$base${value:-/}" |
			while IFS= read -r path; do
				printf '%s\n' "${path#"$base"}"
			done
	done | sort -u)
}

# Several with commas between; what stands there already is not offered again.
_obit_list()
{
	local before=${value%"${value##*,}"} rest='' word

	for word in $list; do
		[[ ,$before == *,"$word",* ]] || rest+="$word "
	done
	_obit_take -P "$before" -W "$rest" -- "${value##*,}"
	# A comma may follow.
	compopt -o nospace 2>/dev/null
}

# obit takes SIGTERM, TERM and term.
_obit_signals()
{
	local upper=${value^^} names=$_obit_signals

	[[ SIG == "${upper:0:3}"* || $upper == SIG* ]] || names=${names//SIG/}
	_obit_take -W "$names" -- "$upper"
}

# A key, where the expression can go on with one.
_obit_expression()
{
	local part=${value##*[ (!&|=<>~]} before blank

	before=${value%"$part"}
	blank=${before##*[! ]}
	case ${before%"$blank"} in
	'' | *['(!&|']) _obit_take -P "$before" -W "$_obit_fields" -- "$part" ;;
	esac
	compopt -o nospace 2>/dev/null
}

_obit_files()
{
	_obit_take -f -- "$value"
	# readline knows ~ and quotes that compgen does not.
	compopt -o filenames -o default 2>/dev/null
}

# COMPREPLY: head and what $value can become, less what readline leaves alone.
_obit_fill()
{
	local keep=${cur%"$raw"} word
	local -a found=()

	# Of a word in quotes readline takes what is inside.
	if [[ $value == [\'\"]* ]]; then
		value=${value:1}
		head='' keep=''
	fi
	case $kind in
	words) _obit_take -W "$list" -- "$value" ;;
	list) _obit_list ;;
	signal) _obit_signals ;;
	expression) _obit_expression ;;
	user) _obit_take -u -- "$value" ;;
	tgid) _obit_take -W "$(_obit_tgids)" -- "$value" ;;
	cgroup) _obit_cgroups ;;
	scope)
		_obit_cgroups
		mapfile -t -O ${#found[@]} found < <(compgen -W \
			"all $(_obit_tgids)" -- "$value")
		;;
	file) _obit_files ;;
	esac
	for word in "${found[@]}"; do
		word=$head$word
		COMPREPLY+=("${word#"$keep"}")
	done
}

_obit_command()
{
	local offset=${at[first]}

	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$offset"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$offset"
	elif ((first < ${#words[@]} - 1)); then
		kind='file'
		_obit_fill
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		compopt -o default 2>/dev/null
	fi
}

_obit_operand()
{
	[[ $first ]] || first=$((${#words[@]} - 1))
	kind='words'
	case $operand in
	COMMAND)
		_obit_command
		return
		;;
	TGID)
		kind='tgid'
		;;
	STATUS)
		list=$_obit_statuses
		;;
	commands)
		list=$_obit_commands
		;;
	esac
	_obit_fill
}

_obit()
{
	local cur raw command='' pending='' first='' options='' operand=''
	local kind='' list='' optional='' head='' value=''
	local -a words=() at=()

	COMPREPLY=()
	_obit_join
	cur=${words[-1]}
	raw=${COMP_WORDS[COMP_CWORD]}
	[[ ${raw//[=:]/} ]] || raw=''
	_obit_walk
	_obit_words "$command"
	if [[ $pending ]]; then
		head=''
		value=$cur
		_obit_fill
		return
	fi
	list=''
	if [[ ! $first && $cur == -* ]]; then
		_obit_option "$cur"
		if [[ ! $value && $cur != --*=* ]]; then
			head='' kind=words list=$options value=$cur
		fi
		_obit_fill
		return
	fi
	head='' value=$cur
	[[ $operand || $first ]] || list=$options
	_obit_operand
}

complete -F _obit obit
