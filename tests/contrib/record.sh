#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# record.sh BUILD > stream.jsonl: record the stream that the recipes of contrib/ are tested with. As
# root; not run by the tests, which read what it once wrote: do it again when the stream gets new
# keys.
#
# Two interfaces, one packet in one and, after a reload, one in four; a scan, an upload with lost
# packets, fragments, VLANs, IPv6; a ring too small for a flood, an output that nobody reads, a
# cable that is pulled, an hour that is skipped.
set -euo pipefail

build=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
dir=$(mktemp -d)
ns_a=xt-record-a ns_b=xt-record-b pid=

clean() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	ip netns del "$ns_a" 2>/dev/null || true
	ip netns del "$ns_b" 2>/dev/null || true
	rm -rf "$dir"
}
trap clean EXIT

for ns in "$ns_a" "$ns_b"; do
	ip netns add "$ns"
	ip netns exec "$ns" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
done
for name in wan0 lan0; do
	ip -n "$ns_a" link add "$name" type veth peer name "$name" netns "$ns_b"
	# the tags stay in the frame, where the program can see them
	ip netns exec "$ns_b" ethtool -K "$name" txvlan off >/dev/null
	ip -n "$ns_b" link set "$name" up
	ip -n "$ns_a" link set "$name" up
done

settings() { # N
	cat >"$dir/xdptail.json" <<-JSON
		{ "interface": ["wan0", "lan0"], "all": true, "sample": $1, "sample_mode": "random", "ring_size": "64K",
		  "interval": 10 }
	JSON
}

# An end of the command ends the waiting, too. Who reads enough ends who writes, by a signal.
await() { # PATTERN [COUNT]: in the stream, or the messages
	(
		set +o pipefail
		timeout 20 tail -q -n +1 -s 0.1 -F --pid="$pid" "$dir/out" "$dir/err" 2>/dev/null |
			grep -m "${2:-1}" -e "$1" | sed -n "${2:-1}p" | grep -q .
	) || { cat "$dir/err" >&2 && exit 1; }
}

chapter() { # NAME INTERFACE
	ip netns exec "$ns_b" /usr/bin/python3 "$here/story.py" "$@"
}

snapshot() { # NUMBER: the end of the interval of this number
	kill -USR1 "$pid"
	await "\"event_type\":\"sink\".*\"sink\":\"unix:" "$1"
}

settings 1
: >"$dir/out"
: >"$dir/err"
ip netns exec "$ns_a" unshare --uts bash -c 'hostname probe1; exec env "$@"' sh \
	LD_PRELOAD="$build/tests/preload/clockstep.so" XDPTAIL_STEP_FILE="$dir/step" \
	"$build/xdptail" -f "$dir/xdptail.json" -o stdout -o "unix:$dir/reader,events=packet,queue=64K" \
	>"$dir/out" 2>"$dir/err" &
pid=$!
await "listening on" 2
taskset -cp 0 $$ >/dev/null
chapter first-wan wan0
chapter first-lan lan0
snapshot 1
settings 4
kill -HUP "$pid"
await '"repeated":true'
chapter second-wan wan0
snapshot 2
kill -STOP "$pid"
chapter flood wan0
kill -CONT "$pid"
await '"event_type":"packet".*"dst_port":9'
snapshot 3
ip -n "$ns_b" link set lan0 down
await '"state":"down"'
: >"$dir/step"
await '"event_type":"clock"'
chapter last-wan wan0
snapshot 4
kill -INT "$pid"
# 1: lines were left that nobody had read
code=0
wait "$pid" || code=$?
[ "$code" -eq 1 ] || { cat "$dir/err" >&2 && exit 1; }
pid=
# without what says where it was recorded
sed "s,$dir,/run,g; s,\"kernel\":\"\([0-9.]*\)[^\"]*\",\"kernel\":\"\1\"," "$dir/out"
