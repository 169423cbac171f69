#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# clangs.sh BUILD: build the programs with every clang-N that is here, and let this kernel verify
# and run them (tests/prog). Each has a tree of its own under BUILD.
set -euo pipefail

build=$(mkdir -p "$1" && realpath "$1")
cd "$(dirname "$(realpath "$0")")/.."
found=0

# 14 is the oldest that is promised to do.
for major in $(seq 14 22); do
	if ! command -v "clang-$major" >/dev/null; then
		echo "clang-$major: skipped, is not here"
		continue
	fi
	found=$((found + 1))
	tree=$build/clang-$major
	make -s "O=$tree" "CLANG=clang-$major" "$tree/tests/prog/test_prog_verifier" \
		"$tree/tests/prog/test_prog_parse" >/dev/null
	for test in verifier parse; do
		"$tree/tests/prog/test_prog_$test" 2>&1 | sed "s/^clang [0-9]*: //; s/^/clang-$major: /"
	done
done
[ "$found" -gt 0 ] || echo "clangs.sh: no clang-N is here; nothing was tested"
