#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# demo.sh XDPTAIL: a veth pair between two network namespaces of its own, real TCP, UDP and ICMP
# over IPv4 and IPv6 through it for five seconds, and the stream of it through jq. Leaves nothing
# behind.
set -euo pipefail

xdptail=$(realpath "$1")
here=xdptail-demo-$$-a
there=xdptail-demo-$$-b
children=()

clean_up() {
	for pid in "${children[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	ip netns del "$here" 2>/dev/null || true
	ip netns del "$there" 2>/dev/null || true
}

make_pair() {
	ip netns add "$here"
	ip netns add "$there"
	ip link add demo0 netns "$here" type veth peer name demo1 netns "$there"
	ip -n "$here" addr add 192.0.2.1/24 dev demo0
	ip -n "$here" addr add 2001:db8::1/64 dev demo0 nodad
	ip -n "$there" addr add 192.0.2.2/24 dev demo1
	ip -n "$there" addr add 2001:db8::2/64 dev demo1 nodad
	ip -n "$here" link set demo0 up
	ip -n "$there" link set demo1 up
}

serve() { # ADDRESS…: echo servers
	ip netns exec "$there" socat "$1",fork,reuseaddr EXEC:cat 2>/dev/null &
	children+=($!)
}

traffic() {
	while true; do
		ip netns exec "$here" ping -q -c 1 192.0.2.2 >/dev/null
		ip netns exec "$here" ping -q -c 1 2001:db8::2 >/dev/null
		for to in TCP4:192.0.2.2:8080 'TCP6:[2001:db8::2]:8080' \
			UDP4:192.0.2.2:5353 'UDP6:[2001:db8::2]:5353'; do
			echo "hello" | ip netns exec "$here" socat -t 0.1 - "$to" >/dev/null || true
		done
	done 2>/dev/null
}

if [ "$(id -u)" -ne 0 ]; then
	echo "demo.sh: network namespaces and XDP need root: sudo make demo" >&2
	exit 3
fi
trap clean_up EXIT
trap 'exit 130' INT TERM
make_pair
serve TCP4-LISTEN:8080
serve TCP6-LISTEN:8080,ipv6only=1
serve UDP4-RECVFROM:5353
serve UDP6-RECVFROM:5353,ipv6only=1
traffic &
children+=($!)

echo "+ xdptail -i demo1 -a -N 1 --interval 2 --duration 5 | jq -c ." >&2
ip netns exec "$there" "$xdptail" -i demo1 -a -N 1 --interval 2 --duration 5 | jq --unbuffered -c .
