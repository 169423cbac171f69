#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# run.sh BUILD [GROUP…]: run the tests that were built there (unit, prog), and those on the command
# that was built there (system) and on what is shipped beside it (shipped), or only those groups
# (system/NAME: one file), and close with one line of counts. A skipped test is counted as such.
# Only on request: on the programs that read the stream (contrib), and on the packages (packaging;
# debootstrap: on a new Debian).
set -uo pipefail

build=$(realpath "$1")
shift
groups=" ${*:-unit prog shipped system} "
tests=$(dirname "$(realpath "$0")")
cd "$tests/.." || exit 1
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
: >"$log/counts"

# Says at once what became of a file of tests, in one piece, and keeps its numbers for the last
# line.
count() { # TAP-FILE NAME STATUS SECONDS [OUTPUT]
	local ok not skip
	skip=$(grep -ciE '^ok .*# *skip' "$1")
	ok=$(($(grep -c '^ok ' "$1") - skip))
	not=$(grep -c '^not ok ' "$1")
	# a runner that died before it could say so is a failure too
	if [ "$3" -ne 0 ] && [ "$not" -eq 0 ] || [ $((ok + not + skip)) -eq 0 ]; then
		not=$((not + 1))
	fi
	(
		flock 9
		[ "$3" -eq 0 ] || cat "${5:-/dev/null}" "$1"
		printf '%-28s %4d passed %4d failed %4d skipped %4d s\n' "$2" "$ok" "$not" "$skip" "$4"
		grep -iE '^ok .*# *skip' "$1" | sed 's/^/    /'
		echo "$ok $not $skip" >>"$log/counts"
	) 9>>"$log/lock"
}

wanted() { # GROUP
	case $groups in *" $1 "*) return 0 ;; esac
	return 1
}

criterion() { # TEST-BINARY
	local name status began=$SECONDS
	name=$(basename "$(dirname "$1")")/$(basename "$1")
	"$1" --tap="$log/tap" >"$log/out" 2>&1
	status=$?
	[ -e "$log/tap" ] || : >"$log/tap"
	count "$log/tap" "$name" "$status" $((SECONDS - began)) "$log/out"
	rm -f "$log/tap"
}

for test in "$build"/tests/{unit,prog}/test_*; do
	[ -x "$test" ] && wanted "$(basename "$(dirname "$test")")" && criterion "$test"
done
group_of() { # BATS-FILE
	basename "$(dirname "$1")"
}

run_bats() { # BATS-FILE
	local name status=0 began=$SECONDS
	name=$(group_of "$1")/$(basename "$1")
	XDPTAIL=$build/xdptail XDPTAIL_HELPERS=$build/tests/system \
		bats --formatter tap "$1" >"$log/${name/\//-}" 2>&1 || status=$?
	count "$log/${name/\//-}" "$name" "$status" $((SECONDS - began))
}

# Files of tests mostly wait, so several of them run side by side, the largest first, for they tend
# to take longest: namespaces are named by file. But for those that count wake-ups, or take a CPU
# away from all others.
together=() alone=()
mapfile -t files < <(ls -S "$tests"/{shipped,system,contrib,packaging,debootstrap}/*.bats 2>/dev/null)
for test in "${files[@]}"; do
	wanted "$(group_of "$test")" ||
		wanted "$(group_of "$test")/$(basename "$test" .bats)" || continue
	case $test in
	*/idle.bats | */cpus.bats) alone+=("$test") ;;
	*) together+=("$test") ;;
	esac
done
export build log
export -f run_bats group_of count
# shellcheck disable=SC2016 # it is for bash to expand
[ ${#together[@]} -eq 0 ] ||
	printf '%s\0' "${together[@]}" | xargs -0 -n 1 -P 3 bash -c 'run_bats "$1"' run_bats
for test in "${alone[@]}"; do
	run_bats "$test"
done

[ -s "$log/counts" ] || {
	echo "run.sh: there are no tests of the name:$groups" >&2
	exit 2
}
read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$log/counts")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
