#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# run.sh BUILD [GROUP…]: run the tests that were built there (unit, prog), and those on the command that
# was built there (system) and on what is shipped beside it (shipped), or only those groups (system/NAME:
# one file), and close with one line of counts. A skipped test is counted as such.
set -uo pipefail

build=$(realpath "$1")
shift
groups=" ${*:-unit prog shipped system} "
tests=$(dirname "$(realpath "$0")")
cd "$tests/.." || exit 1
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0 failed=0 skipped=0

count() { # TAP-FILE NAME STATUS
	local ok not skip
	skip=$(grep -ciE '^ok .*# *skip' "$1")
	ok=$(($(grep -c '^ok ' "$1") - skip))
	not=$(grep -c '^not ok ' "$1")
	# a runner that died before it could say so is a failure too
	if [ "$3" -ne 0 ] && [ "$not" -eq 0 ] || [ $((ok + not + skip)) -eq 0 ]; then
		not=$((not + 1))
	fi
	passed=$((passed + ok)) failed=$((failed + not)) skipped=$((skipped + skip))
	printf '%-28s %4d passed %4d failed %4d skipped\n' "$2" "$ok" "$not" "$skip"
	grep -iE '^ok .*# *skip' "$1" | sed 's/^/    /'
}

wanted() { # GROUP
	case $groups in *" $1 "*) return 0 ;; esac
	return 1
}

criterion() { # TEST-BINARY
	local name status
	name=$(basename "$(dirname "$1")")/$(basename "$1")
	"$1" --tap="$log/tap" >"$log/out" 2>&1
	status=$?
	[ -e "$log/tap" ] || : >"$log/tap"
	[ "$status" -eq 0 ] || cat "$log/out" "$log/tap"
	count "$log/tap" "$name" "$status"
	rm -f "$log/tap"
}

for test in "$build"/tests/{unit,prog}/test_*; do
	[ -x "$test" ] && wanted "$(basename "$(dirname "$test")")" && criterion "$test"
done
for test in "$tests"/{shipped,system}/*.bats; do
	group=$(basename "$(dirname "$test")")
	wanted "$group" || wanted "$group/$(basename "$test" .bats)" || continue
	XDPTAIL=$build/xdptail XDPTAIL_HELPERS=$build/tests/system \
		bats --formatter tap "$test" >"$log/tap" 2>&1
	status=$?
	[ "$status" -eq 0 ] || cat "$log/tap"
	count "$log/tap" "$group/$(basename "$test")" "$status"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
