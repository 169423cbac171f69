#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# initrd.sh BUILD FILE [TREE…]: make FILE, an initial RAM disk with what was built in BUILD, with
# the tests on the programs that were built in other TREEs below it (clangs/clang-16), and with what
# tests need, each with its libraries; it is the same for every kernel. /xdptail is there what the
# top directory is here, and BUILD is /xdptail/build.
set -euo pipefail

build=$(realpath "$1")
file=$(realpath "$2")
shift 2
here=$(dirname "$(realpath "$0")")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
commands="bash bats env ip jq timeout tail head grep sed awk setpriv nsenter prlimit diff uniq install stat sort tr cut wc cat
	readlink realpath mktemp tee date find xargs basename dirname cksum"

take() { # FILE TO
	install -D "$1" "$root/$2"
	# its debug information is most of it, and nobody looks there
	strip -g "$root/$2" 2>/dev/null || true
}

take_libraries() { # FILE…
	local library

	for library in $(ldd "$@" 2>/dev/null | grep -o '/[^ ]* (0x' | cut -d ' ' -f 1 | sort -u); do
		[ -e "$root/$library" ] || install -D "$(realpath "$library")" "$root/$library"
	done
}

cd "$here/../.."
mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,tmp,var/log}
take "$here/init" init
take "$(command -v busybox)" bin/busybox
taken=("$(command -v busybox)") # it may not be the static one
echo 'root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/false' >"$root/etc/passwd"
echo 'root:x:0:
nogroup:x:65534:' >"$root/etc/group"
for command in $commands; do
	path=$(command -v "$command" || true)
	if [ -z "$path" ]; then
		echo "initrd.sh: the command $command is not here" >&2
		exit 1
	fi
	take "$path" "usr/bin/$command"
	taken+=("$path")
done
trees=()
for tree in "$@"; do
	trees+=("$build/$tree/tests/prog/test_prog_"{verifier,parse})
done
for path in "$build"/xdptail "$build"/tests/system/{await,traffic,check_stream,make_capture} \
	"$build"/tests/prog/test_* "${trees[@]}"; do
	case $path in *.[od]) continue ;; esac
	[ -x "$path" ] || continue
	take "$path" "xdptail/build/${path#"$build"/}"
	taken+=("$path")
done
take_libraries "${taken[@]}"
find tests/prog/verifier.txt tests/kernels tests/system/*.ba* /usr/lib/bats-core /usr/libexec/bats-core -type f |
	while read -r path; do
		case $path in
		/*) install -D "$path" "$root$path" ;;
		*) install -D "$path" "$root/xdptail/$path" ;;
		esac
	done
(cd "$build" && find contrib tests/kernels -name '*.bpf.o') | while read -r path; do
	take "$build/$path" "xdptail/build/$path"
done
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$file.part"
mv "$file.part" "$file"
