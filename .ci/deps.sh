#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# deps.sh check|install GROUP... - what obit needs on this machine.
# Owns the one list of tools, headers and libraries and the Debian package each
# comes in. `check` names what is missing and fails; `install` installs it.
# It never touches the network when nothing is missing, and judges by what is
# there (a tool in PATH, a header the compiler finds), never by the package
# database: who built bpftool himself needs no package.
set -u

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
CC=${CC:-gcc}
CLANG=${CLANG:-clang}
BPFTOOL=${BPFTOOL:-bpftool}

# group, kind, what to look for, Debian package
list()
{
	cat <<-END
	build cmd  make                 make
	build cmd  $CC                  gcc
	build cmd  $CLANG               clang
	build cmd  $BPFTOOL             bpftool
	build cmd  pkg-config           pkg-config
	build hdr  stdlib.h             libc6-dev
	build hdr  linux/types.h        linux-libc-dev
	build hdr  bpf/libbpf.h         libbpf-dev
	build hdr  gelf.h               libelf-dev
	build hdr  zlib.h               zlib1g-dev
	test  cmd  python3              python3
	test  hdr  cmocka.h             libcmocka-dev
	test  hdr  jansson.h            libjansson-dev
	test  rt   fuzzer               libclang-rt-dev
	test  cmd  qemu-system-x86_64   qemu-system-x86
	test  file /bin/busybox         busybox-static
	test  cmd  musl-gcc             musl-tools
	test  cmd  sudo                 sudo
	test  cmd  zstd                 zstd
	test  cmd  lz4                  lz4
	test  cmd  pahole               pahole
	test  cmd  sparse               sparse
	test  file /usr/share/perl5/Devel/NYTProf/flamegraph.pl  libdevel-nytprof-perl
	debug cmd  flex                 flex
	debug cmd  bison                bison
	debug cmd  bc                   bc
	debug cmd  xz                   xz-utils
	lint  cmd  clang-format         clang-format
	lint  cmd  shellcheck           shellcheck
	lint  cmd  sparse               sparse
	lint  cmd  cppcheck             cppcheck
	lint  cmd  python3              python3
	lint  cmd  git                  git
	lint  file /usr/src/linux-headers-*/scripts  linux-headers-$(dpkg \
		--print-architecture 2>/dev/null || echo amd64)
	END
}

have()
{
	case $1 in
	cmd) command -v "$2" >/dev/null ;;
	hdr) printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$2" |
		"$CC" -E -x c - >/dev/null 2>&1 ;;
	rt)  [ -e "$("$CLANG" -print-file-name="libclang_rt.$2-$(uname -m).a" \
		2>/dev/null)" ] ;;
	file) for f in $2; do [ -e "$f" ] && return 0; done; return 1 ;;
	esac
}

# missing GROUP...: "what package" for each thing that is not there
missing()
{
	list | while read -r group kind what package; do
		case " $* " in *" $group "*) ;; *) continue ;; esac
		have "$kind" "$what" || echo "$what $package"
	done
}

mode=$1
shift
lacking=$(missing "$@")
[ -n "$lacking" ] || exit 0
packages=$(echo "$lacking" | awk '{ print $NF }' | sort -u | tr '\n' ' ')
packages=${packages% }

if [ "$mode" = check ]; then
	echo "$lacking" | while read -r what package; do
		echo "obit: $what is missing: install Debian's $package" >&2
	done
	echo "obit: all at once: sudo make deps" \
		"(or: sudo apt-get install $packages)" >&2
	exit 1
fi

if [ "$(id -u)" != 0 ]; then
	echo "obit: missing: $packages" \
		"(run as root: sudo make deps)" >&2
	exit 1
fi
command -v apt-get >/dev/null || {
	echo "obit: missing: $packages; no apt-get here: install what" \
		"your distribution calls these" >&2
	exit 1
}

echo "obit: installing $packages"
export DEBIAN_FRONTEND=noninteractive
apt()
{
	# shellcheck disable=SC2086 # a list of package names
	apt-get -q -y "$@" $packages </dev/null
}
# The package lists are fetched only if there are none, or they are stale:
# then the first try fails, on an unknown name or a file gone from the mirror.
apt install --no-install-recommends || {
	apt-get -q update </dev/null && apt install --no-install-recommends
} || {
	echo "obit: apt-get could not install $packages" >&2
	exit 1
}
lacking=$(missing "$@")
[ -z "$lacking" ] || {
	echo "obit: installed, but still not found: $lacking" >&2
	exit 1
}
