#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# figures.sh BUILD KERNEL…: print the table of tests/prog/verifier.txt, with a column for each
# kernel, as they are measured now, of the programs that were built in BUILD.
set -euo pipefail

build=$1
shift
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/initrd.sh" "$build" "$work/initrd"
for kernel in "$@"; do
	# what is beyond the limits is told too, and fails the test when it is written down
	KERNELS_INITRD=$work/initrd "$here/boot.sh" "$build" "$kernel" -- env VERIFIER_TELL=1 \
		build/tests/prog/test_prog_verifier --filter 'prog_verifier/*' >"$work/out" 2>&1 || true
	grep '^clang [0-9]*: Linux ' "$work/out" >>"$work/figures" || {
		cat "$work/out"
		exit 1
	} >&2
done
awk '{
		clang = $2 + 0; series = $4; sub(/:$/, "", series); program = $5 " " $6
		if (!(series in column)) { column[series] = ++columns; name[columns] = series }
		figure[program, column[series]] = $7
	}
	END {
		print "by clang " clang
		printf "%-34s", "on kernel"
		for (i = 1; i <= columns; i++) printf " %7s", name[i]
		print ""
		split("frags ring perf", variants);
		for (f = 1; f <= 3; f++)
			for (end = 0; end < 4; end++)
				for (which = 0; which < 2; which++) {
					suffix = (end >= 2 ? "_decap" : "") (end % 2 ? "_ip" : "")
					program = variants[f] " count" (which ? "" : "_tcp") "_packets" suffix
					printf "%-34s", program
					for (i = 1; i <= columns; i++)
						printf " %7s", (program, i) in figure ? figure[program, i] : "-"
					print ""
				}
	}' "$work/figures"
