#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# run.sh BUILD SECONDS [FUZZER...]: let each fuzzer of BUILD/fuzz run so long, as many at a time as
# there are CPUs, from the seeds in BUILD/fuzz/corpus and what earlier runs found in
# BUILD/fuzz/found. One line each; fails when any has found something, and says where the input is.
set -uo pipefail

fuzz=$(realpath "$1")/fuzz
seconds=$2
shift 2
[ $# -gt 0 ] || set -- parse decode line values options config capture monitor metrics audit
here=$(dirname "$(realpath "$0")")

fuzz_one() { # FUZZER
	local name=$1 log=$fuzz/$1.log status runs

	mkdir -p "$fuzz/found/$name" "$fuzz/findings"
	"$fuzz/fuzz_$name" "-dict=$here/$name.dict" "-max_total_time=$seconds" -print_final_stats=1 \
		-timeout=10 -max_len=4096 "-artifact_prefix=$fuzz/findings/$name-" \
		"$fuzz/found/$name" "$fuzz/corpus/$name" >"$log" 2>&1
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	printf 'fuzz_%-8s %10s executions in %s s\n' "$name" "${runs:-no}" "$seconds"
	[ "$status" -ne 0 ] || [ -z "$runs" ] || return 0
	grep -v '^#' "$log" | tail -n 60
	return 1
}

export fuzz seconds here
export -f fuzz_one
# shellcheck disable=SC2016 # it is for bash to expand
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" bash -c 'fuzz_one "$1"' fuzz_one
