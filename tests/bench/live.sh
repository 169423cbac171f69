#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# live.sh BUILD: figures of the command on live traffic, over a veth pair in namespaces of its own:
#   lines      every packet logged (N=1) to a file, at 300 000 packets a second: CPU time a line
#   audit      of that file, plain
#   snapshot   65 536 sources in one interval, all listed, while samples flow: how long the count
#              lines took, and how long a sample waited in the ring at most
# The first round is not counted: it makes the machine touch the memory of its page cache.
set -euo pipefail

build=$(realpath "$1")
rounds=${ROUNDS:-5}
here=xdptail-bench-$$-a
there=xdptail-bench-$$-b
dir=$(mktemp -d)
pid=

clean_up() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	wait 2>/dev/null || true
	ip netns del "$here" 2>/dev/null || true
	ip netns del "$there" 2>/dev/null || true
	rm -rf "$dir"
}

make_pair() {
	ip netns add "$here"
	ip netns add "$there"
	for ns in "$here" "$there"; do
		ip netns exec "$ns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	done
	ip link add bench0 netns "$here" type veth peer name bench1 netns "$there"
	ip -n "$here" link set bench0 up
	ip -n "$there" link set bench1 up
}

run() { # TRAFFIC-ARGUMENTS -- XDPTAIL-OPTIONS: stream in $dir/stream
	local traffic=()
	while [ "$1" != -- ]; do
		traffic+=("$1")
		shift
	done
	shift
	rm -f "$dir/stream"
	mkfifo "$dir/err"
	ip netns exec "$there" "$build/xdptail" -i bench1 -a -o "file:$dir/stream" "$@" 2>"$dir/err" &
	pid=$!
	exec 3<"$dir/err"
	while read -r line <&3; do
		case $line in *"listening on"*) break ;; esac
	done
	ip netns exec "$here" "$build/tests/system/traffic" bench0 "${traffic[@]}" >/dev/null
	kill -TERM "$pid"
	wait "$pid"
	pid=
	exec 3<&-
	rm -f "$dir/err"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

stats() { # KEY: of the sums of the run
	grep '"event_type":"stats"' "$dir/stream" | jq -r "select(.total) | .$1"
}

lines() {
	run 1500000 300000 2000 -- -N 1 --interval 0
	jq -n --argjson cpu "$(stats cpu_ms)" --argjson n "$(stats delivered)" \
		'$cpu * 1000000 / $n | floor'
	stats 'sampled - .delivered' >>"$dir/lost"
	stats delivered >>"$dir/delivered"
	audit
}

audit() { # MB a second
	local start end
	start=$(date +%s%N)
	"$build/xdptail" audit "$dir/stream" >/dev/null
	end=$(date +%s%N)
	echo $(($(stat -c %s "$dir/stream") * 1000 / (end - start))) >>"$dir/audit"
}

snapshot() {
	run 600000 200000 65536 -- -N 1 --interval 1 --top 0 --batch 20
	stats longest_wait_ms >>"$dir/wait"
	# the largest snapshot: milliseconds from its end to its last count line
	grep -E '"event_type":"snapshot"' "$dir/stream" |
		jq -rs 'map(select(.total | not)) | max_by(.listed) | [.snapshot, .listed, .interval_end] | @tsv' |
		while read -r number listed end; do
			echo "$listed" >>"$dir/listed"
			last=$(grep '"event_type":"count"' "$dir/stream" | grep "\"snapshot\":$number," |
				tail -n 1 | jq -r .timestamp)
			echo $((($(date -d "$last" +%s%N) - $(date -d "$end" +%s%N)) / 1000000))
		done
}

if [ "$(id -u)" -ne 0 ]; then
	echo "live.sh: network namespaces and XDP need root" >&2
	exit 3
fi
trap clean_up EXIT
trap 'exit 130' INT TERM
make_pair

lines >/dev/null
rm -f "$dir/lost" "$dir/delivered" "$dir/audit"
for _ in $(seq "$rounds"); do lines; done >"$dir/lines"
for _ in $(seq "$rounds"); do snapshot; done >"$dir/snapshots"

printf '%-58s %s\n' \
	"lines to a file, N=1: CPU ns a line (median of $rounds)" "$(median <"$dir/lines") ($(tr '\n' ' ' <"$dir/lines"))" \
	"  of so many packets, lines (median)" "$(median <"$dir/delivered")" \
	"  samples lost (most in a round)" "$(sort -n "$dir/lost" | tail -n 1)" \
	"audit of that file: MB a second (median)" "$(median <"$dir/audit") ($(tr '\n' ' ' <"$dir/audit"))" \
	"snapshot of sources (median)" "$(median <"$dir/listed")" \
	"  interval's end to its last count line: ms (median)" "$(median <"$dir/snapshots") ($(tr '\n' ' ' <"$dir/snapshots"))" \
	"  longest wait of a sample in the ring: ms (median)" "$(median <"$dir/wait") ($(tr '\n' ' ' <"$dir/wait"))"
