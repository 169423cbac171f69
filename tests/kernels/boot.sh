#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# boot.sh BUILD KERNEL [-c CPUS] [-m MEGABYTES] [-a KERNEL-ARGUMENTS] [-t SECONDS] [-- COMMAND…]:
# boot a kernel (fetch.sh: 5.10, 6.1, …, newest) in an emulated machine with what was built in
# BUILD, and run COMMAND there, by default a shell script on stdin; its output and its exit status
# are ours. A guest that says nothing for SECONDS is ended (124), one that ended by itself before
# COMMAND did is 125, and then the kernel's last words are shown; all of them are in
# BUILD/kernels/KERNEL.log. CPUS is what qemu's -smp takes. Kernels are in KERNELS_DIR
# (BUILD/kernels), and KERNELS_INITRD is what initrd.sh has made before, of BUILD.
set -euo pipefail

build=$1 kernel=$2
shift 2
cpus=2 memory=1024 arguments="" seconds=300
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
[ $# -gt 0 ] || set -- bash -c "$(cat)"
here=$(dirname "$(realpath "$0")")
kernels=${KERNELS_DIR:-$build/kernels}
log=$build/kernels/$kernel.log
work=$(mktemp -d)
qemu=
trap '[ -z "$qemu" ] || kill "$qemu" 2>/dev/null; rm -rf "$work"' EXIT

mkdir -p "$build/kernels"
"$here/fetch.sh" "$kernels" "$kernel"
[ -n "${KERNELS_INITRD:-}" ] || "$here/initrd.sh" "$build" "$work/programs"

# The kernel unpacks one archive behind the other: the programs, and what is this run's alone.
own_part() { # COMMAND…
	mkdir "$work/own"
	cp "$kernels/$kernel/veth.ko" "$work/own/"
	printf '%q ' "$@" >"$work/own/command"
	(cd "$work/own" && find . | cpio -o -H newc -R 0:0 --quiet)
}
own_part "$@" | cat "${KERNELS_INITRD:-$work/programs}" - >"$work/initrd"

# KVM is not used: what it makes of a guest inside a guest depends on the machine.
mkfifo "$work/line"
qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp "$cpus" -m "$memory" -nographic -nodefaults \
	-no-reboot -monitor none -serial "file:$log" -serial stdio -kernel "$kernels/$kernel/vmlinuz" \
	-initrd "$work/initrd" -append "console=ttyS0 panic=-1 oops=panic loglevel=4 $arguments" \
	</dev/null >"$work/line" &
qemu=$!
exec 3<"$work/line"

status=125 # read: more than 128 when the time is over
while read_status=0 && { IFS= read -r -t "$seconds" -u 3 line || read_status=$?; } && [ "$read_status" -eq 0 ]; do
	case $line in
	"guest-status "*) status=${line#guest-status } ;;
	*) printf '%s\n' "$line" ;;
	esac
done
if [ "$read_status" -gt 128 ] && [ "$status" -eq 125 ]; then
	status=124
	kill "$qemu"
fi
wait "$qemu" || true
qemu=
case $status in
124) why="said nothing for $seconds s, and was ended" ;;
125) why="ended before \"$*\" did" ;;
*) exit "$status" ;;
esac
{
	echo "boot.sh: $kernel: the guest $why; the kernel's last words:"
	tail -n 15 "$log"
} >&2
exit "$status"
