# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the tests in a guest have besides what every system test has: captures that are held against
# the interface's own counter, and frames of every kind that is told apart.
# The variables in capitals are for the tests.
# shellcheck disable=SC2034,SC2154 # stderr: bats sets it

PATIENCE=120 # an emulated machine may have its host for itself, or a tenth of it
load ../system/common

# There is no python here; the system tests hold the same streams to the schema.
check_schema() { # FILE
	[ -s "$1" ]
}

# What the interface has received, by its own count.
received() { # INTERFACE
	ip -n "$NS_A" -s -j link show dev "$1" | jq '.[0].stats64.rx.packets'
}

# From the peer, through the sockets that programs have: TCP, UDP and ICMP over IPv4 and IPv6. A
# connection is refused, and its SYN is a packet all the same.
talk() {
	local address

	for address in 192.0.2.1 2001:db8::1; do
		# shellcheck disable=SC2016 # it is for bash there to expand
		ip netns exec "$NS_B" bash -c '
			echo x >"/dev/udp/$1/9"
			echo x >"/dev/tcp/$1/9"
			ping -c 3 -i 0.1 -w 20 "$1"' - "$address" >"$BATS_TEST_TMPDIR/talk" 2>&1 ||
			fail "no answer from $address:" "$(cat "$BATS_TEST_TMPDIR/talk")"
	done
}

# Every kind is in the stream: protocol, and version of IP.
expect_kinds() {
	local kinds

	kinds=$(select_records "$OUT" '.event_type == "packet"' |
		jq -r '"\(if .src_ip | contains(":") then 6 else 4 end):\(.protocol)"' | sort -u | xargs)
	expect "IP version and protocol of what was recorded" "$kinds" "4:1 4:17 4:6 6:17 6:58 6:6"
}

# A capture that is under way has so many packets received before it, at most. Sets BEFORE and
# SINCE.
capture_start() { # ARGUMENT OF xdptail...
	BEFORE=$(received tail0)
	tail_start "$@"
	SINCE=$(received tail0)
}

# It ends well: exit status, audit, and what was seen against the interface's counter. What the
# kernel sends of itself (multicast listener reports) may come before the first packet of ours and
# behind the last.
capture_end() {
	local sent after

	sent=$(received tail0)
	tail_stop
	after=$(received tail0)
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	run --separate-stderr "$XDPTAIL" audit "$OUT"
	expect "audit: $output" "$status" 0
	expect_within "seen, by the interface's own counter" "$(seen)" $((sent - SINCE)) $((after - BEFORE))
}

wait_snapshot() { # NUMBER
	wait_line "$OUT" "\"event_type\":\"snapshot\".*\"snapshot\":$1," "$PID"
}

# Is this kernel older than one of that version?
older_than() { # VERSION
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" != "$1" ]
}

# Sets OWN, a BPF object that was built here, where only root can write.
own_object() { # FILE
	OWN=$BATS_TEST_TMPDIR/own/own.bpf.o
	install -d -m 0755 "${OWN%/*}"
	install -m 0644 "$HELPERS/../../$1" "$OWN"
}
