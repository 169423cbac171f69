#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# replay.sh BUILD: how fast a capture is read, from a warm file to /dev/null: packets a second with one
# record in a thousand, lines a second with one for each. PACKETS is how many there are (4 000 000, of 64
# bytes and 1000 sources), CAPTURE another capture in their place. Needs no privileges.
set -euo pipefail

build=$(realpath "$1")
rounds=${ROUNDS:-5}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
capture=${CAPTURE:-$dir/capture}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

once() { # OPTION OF xdptail...: packets a second
	local start end
	start=$(date +%s%N)
	"$build/xdptail" -q -r "$capture" -a "$@" >/dev/null
	end=$(date +%s%N)
	echo $((packets * 1000000000 / (end - start)))
}

figure() { # TITLE OPTION OF xdptail...
	local title=$1
	shift
	once "$@" >/dev/null # so that the file is warm
	for _ in $(seq "$rounds"); do once "$@"; done >"$dir/rates"
	printf '%-58s %s\n' "$title" "$(median <"$dir/rates") ($(tr '\n' ' ' <"$dir/rates"))"
}

[ -n "${CAPTURE:-}" ] ||
	"$build/tests/system/make_capture" -n "${PACKETS:-4000000}" -S 1000 -g 1000 >"$capture"
packets=$("$build/xdptail" -q -r "$capture" -a -N 0 |
	jq 'select(.event_type == "snapshot" and .total) | .seen')

figure "capture of $packets, N=1000: packets a second" -N 1000
figure "  N=1, lines a second to /dev/null" -N 1
