#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# run.sh BUILD brief|whole KERNEL…: boot each kernel with what was built in BUILD, and run there
# what must hold (brief: brief.bats; whole: cases.bats and prog.bats too, and machine.bats on
# machines of few and of many CPUs). A case a line, as it ends; a case in which a guest stops to say
# anything (KERNELS_SECONDS) fails by its name. A kernel that can't be fetched is skipped, but where
# CI is set that is a failure. Kernels are kept in KERNELS_DIR (BUILD/kernels).
set -uo pipefail

build=$(realpath "$1") kind=$2
KERNELS_DIR=$(realpath -m "${KERNELS_DIR:-$build/kernels}")
export KERNELS_DIR # for boot.sh
shift 2
here=$(dirname "$(realpath "$0")")
cd "$here/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0 number=0
seconds=${KERNELS_SECONDS:-1200}

tell() { # ok|not ok|skip NAME [WHY]
	number=$((number + 1))
	case $1 in
	ok) passed=$((passed + 1)) ;;
	"not ok") failed=$((failed + 1)) ;;
	skip) skipped=$((skipped + 1)) && set -- ok "$2" " # skip $3" ;;
	esac
	printf '%s %d - %s%s\n' "$1" "$number" "$2" "${3:-}"
}

# What is not here is no reason to skip where all of it must be shown.
lacks() { # NAME WHY
	if [ -n "${CI:-}" ]; then
		tell "not ok" "$1" ": $2"
	else
		tell skip "$1" "$2"
	fi
}

# The guest's lines, of bats' own form: a case begins, and is ok or not; what else it says is on
# lines with #.
guest_case() { # WHERE LINE
	local line=$2

	case $line in
	1..*) planned=${line#1..} ;;
	"begin "*) running=${line#begin * } ;;
	"ok "* | "not ok "*)
		ended=$((ended + 1)) running=
		case $line in
		*" # skip"*)
			line=${line#ok * }
			tell skip "$1: ${line%% # skip*}" "${line#* # skip }"
			;;
		ok*) tell ok "$1: ${line#ok * }" ;;
		*) tell "not ok" "$1: ${line#not ok * }" ;;
		esac
		;;
	"suite "*) ;;
	*) printf '%s\n' "$line" ;;
	esac
}

# What the guest owes when it is gone: the case that ran, and those behind it.
guest_end() { # WHERE SECONDS STATUS
	if [ -n "$running" ] || [ "$planned" -eq 0 ]; then
		tell "not ok" "$1: ${running:-boot}" ": the guest did not come to its end (after $2 s, exit status $3)"
		ended=$((ended + 1))
	fi
	[ "$ended" -ge "$planned" ] || tell "not ok" "$1: $((planned - ended)) cases behind it" ": not run"
	# what no case has said: the kernel's panic behind the last of them, or bats' own trouble
	[ "$3" -eq 0 ] || [ "$failed" -gt "$failed_before" ] || tell "not ok" "$1: end" ": exit status $3"
}

boot() { # WHERE KERNEL OPTION… -- FILE…
	local where=$1 kernel=$2 options=() line running="" planned=0 ended=0 began=$SECONDS
	local failed_before=$failed status=0

	shift 2
	while [ "$1" != -- ]; do
		options+=("$1") && shift
	done
	shift
	while IFS= read -r line; do
		guest_case "$where" "$line"
	done < <(KERNELS_INITRD=$work/initrd "$here/boot.sh" "$build" "$kernel" -t "$seconds" "${options[@]}" -- \
		bats --timing --formatter cat "${@/#/tests/kernels/}" 2>&1)
	wait $! || status=$?
	guest_end "$where" $((SECONDS - began)) "$status"
	echo "# $where: $((SECONDS - began)) s"
}

kernel() { # KERNEL
	local release

	"$here/fetch.sh" "$KERNELS_DIR" "$1" >"$work/fetch" 2>&1 || {
		sed 's/^/# /' "$work/fetch"
		lacks "$1" "the kernel can't be fetched: $(tail -n 1 "$work/fetch")"
		return
	}
	sed -n 's/^fetch\.sh: /# &/p' "$work/fetch" # what is not as new as it could be
	release=$(<"$KERNELS_DIR/$1/release")
	if [ "$kind" = brief ]; then
		boot "$release" "$1" -- brief.bats
		return
	fi
	boot "$release" "$1" -- brief.bats cases.bats
	boot "$release, 1 CPU" "$1" -c 1 -- prog.bats
	boot "$release, 1 CPU, 256 MB" "$1" -c 1 -m 256 -- machine.bats
	boot "$release, 4 CPUs, 512 MB" "$1" -c 4 -m 512 -- machine.bats
	boot "$release, 8 CPUs" "$1" -c 8 -- machine.bats
	boot "$release, 2 of 64 CPUs, 512 MB" "$1" -c 64 -a maxcpus=2 -m 512 -- machine.bats
}

close() {
	echo "1..$number"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

[ "$(uname -m)" = x86_64 ] || { lacks kernels "they are for x86_64, as what was built is not" && close; }
for command in qemu-system-x86_64 busybox cpio bats jq; do
	command -v "$command" >/dev/null || { lacks kernels "needs the command $command" && close; }
done
trees=()
[ "$kind" = brief ] || mapfile -t trees < <(cd "$build" && ls -d clangs/clang-* 2>/dev/null)
"$here/initrd.sh" "$build" "$work/initrd" "${trees[@]}" || { tell "not ok" "the initial RAM disk" && close; }
for name in "$@"; do
	kernel "$name"
done
close
