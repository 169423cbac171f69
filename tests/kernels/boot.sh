#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# boot.sh BUILD KERNEL [-c CPUS] [-m MEGABYTES] [-a KERNEL-ARGUMENTS] [-t SECONDS] [-- COMMAND…]: boot the
# kernel that fetch.sh has left in BUILD/kernels/KERNEL, in an emulated machine with what was built in
# BUILD, and run COMMAND (default: the cases) there in the top directory. Its output and its exit status are
# ours; a guest that does not come to its end within SECONDS is ended: 124. What the kernel says is in
# BUILD/kernels/KERNEL.log, and is shown if it did not come to the end of COMMAND.
set -euo pipefail

build=$1 kernel=$2
shift 2
cpus=2 memory=1024 arguments="" seconds=1200
while getopts c:m:a:t: option; do
	case $option in
	c) cpus=$OPTARG ;;
	m) memory=$OPTARG ;;
	a) arguments=$OPTARG ;;
	t) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- tests/kernels/cases.bash
here=$(dirname "$(realpath "$0")")
kernels=${KERNELS_DIR:-$build/kernels}
log=$build/kernels/$kernel.log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e "$kernels/$kernel/release" ] || "$here/fetch.sh" "$kernels" "$kernel"
mkdir -p "$build/kernels"

# The kernel unpacks one archive behind the other: the programs, and what is this run's alone.
own_part() { # COMMAND…
	local dir=$work/own

	mkdir "$dir"
	cp "$kernels/$kernel/veth.ko" "$dir/"
	printf '%q ' "$@" >"$dir/command"
	(cd "$dir" && find . | cpio -o -H newc -R 0:0 --quiet)
}

if [ -n "${KERNELS_INITRD:-}" ]; then
	cp "$KERNELS_INITRD" "$work/initrd"
else
	"$here/initrd.sh" "$build" "$work/initrd"
fi
own_part "$@" >>"$work/initrd"

status=0
timeout -k 5 "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp "$cpus" -m "$memory" \
	-nographic -nodefaults -no-reboot -monitor none -serial "file:$log" -serial stdio \
	-kernel "$kernels/$kernel/vmlinuz" -initrd "$work/initrd" \
	-append "console=ttyS0 panic=-1 oops=panic loglevel=4 $arguments" </dev/null |
	{
		ended=
		while IFS= read -r line; do
			case $line in
			"guest-status "*) ended=${line#guest-status } ;;
			*) printf '%s\n' "$line" ;;
			esac
		done
		exit "${ended:-125}"
	} || status=$?
[ "$status" -ne 125 ] || {
	echo "boot.sh: $kernel: the guest did not come to the end of \"$*\" within $seconds s; the kernel's last words:"
	tail -n 15 "$log"
} >&2
exit "$status"
