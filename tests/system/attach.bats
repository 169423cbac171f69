# SPDX-License-Identifier: BSD-2-Clause
# Interfaces that are taken, that refuse, and that go away.

load common

expect_occupied() { # NAME PROGRAM
	local id

	id=$(attached | sed -n 's/^prog\/xdp id \([0-9]*\).*/\1/p')
	expect "$1: exit" "$status" 4
	# shellcheck disable=SC2154
	[[ $stderr == *'"tail0" has an XDP program already'*"id $id, \"$2\""* ]] ||
		fail "$1: got \"$stderr\"" "want id $id and \"$2\""
}

@test "a second xdptail is refused, in any mode, and the first goes on" {
	local first second

	pair
	for first in native generic; do
		tail_start -a -N 1 -m "$first"
		for second in native generic auto; do
			tail_run -i tail0 -a -m "$second"
			expect_occupied "$second after $first" count_packets
		done
		traffic peer0 100
		tail_stop
		expect "$first: exit" "$CODE" 0
		check_stream "$OUT"
		expect "$first: packets" "$(counted packets)" 100
	done
}

@test "another program is named, and stays" {
	local how mode

	pair
	other_program
	for how in xdpdrv xdpgeneric; do
		ip -n "$NS_A" link set dev tail0 "$how" object "$OBJECT" section xdp
		for mode in native generic auto; do
			tail_run -i tail0 -a -m "$mode"
			expect_occupied "$mode after $how" other_program
		done
		[ -n "$(attached)" ] || fail "$how: the other program is gone"
		ip -n "$NS_A" link set dev tail0 "$how" off
	done
}

@test "an interface under one that has a program is refused, and the message says where that is" {
	local mode

	pair
	other_program
	ip -n "$NS_A" link add link tail0 name upper0 type macvlan 2>/dev/null ||
		skip "this kernel has no macvlan"
	ip -n "$NS_A" link set upper0 up
	ip -n "$NS_A" link set dev upper0 xdpgeneric object "$OBJECT" section xdp
	for mode in native generic auto; do
		tail_run -i tail0 -a -m "$mode"
		expect "$mode: exit" "$status" 4
		[[ $stderr == *'"tail0" takes no XDP program while an interface on top of it has one'* ]] ||
			fail "$mode: stderr: $stderr"
	done
}

@test "an interface without native XDP: refused in native mode" {
	pair
	tail_run -i lo -a -m native
	expect "exit" "$status" 4
	[[ $stderr == *'"lo" refuses XDP in native mode'* ]] || fail "stderr: $stderr"
	printf '%s\n' "$output" >"$OUT"
	check_stream "$OUT"
	expect "exit in the stream" "$(jq 'select(.event_type == "stop").exit' "$OUT")" 4
}

@test "an interface without native XDP: attached in generic mode, which is said" {
	local record

	pair
	ip -n "$NS_A" link set lo up
	INTERFACE=lo tail_start -a -N 1
	ip netns exec "$NS_A" ping -q -c 1 -W 5 127.0.0.1
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	record=$(select_records "$OUT" '.state == "attached"')
	expect "mode" "$(jq -r .mode <<<"$record")" generic
	expect "counts" "$(jq -r .counts <<<"$record")" aggregates
	expect "reason" "$(jq -r '.reason | test("native mode")' <<<"$record")" true
	expect_line "$ERR" '^xdptail: listening on lo, generic mode$'
	expect_line "$ERR" '^xdptail: warning: "lo" refuses XDP in native mode.*generic mode instead'
	expect "requests" "$(count_records "$OUT" '.icmp_type == 8')" 1
	expect "answers" "$(count_records "$OUT" '.icmp_type == 0')" 1
}

@test "an interface that is asked for in generic mode gets no reason and no warning" {
	pair
	tail_start -a -m generic
	tail_stop
	check_stream "$OUT"
	expect "reason" "$(select_records "$OUT" '.state == "attached"' | jq .reason)" null
	expect "warnings" "$(grep warning "$ERR" || true)" ""
}

@test "a large MTU: counted whole, in both modes" {
	local mode

	pair
	ip -n "$NS_A" link set tail0 mtu 9000
	ip -n "$NS_B" link set peer0 mtu 9000
	for mode in auto generic; do
		tail_start -a -N 1 -m "$mode"
		ip netns exec "$NS_B" ping -q -c 1 -W 5 -s 8000 192.0.2.1
		tail_stop
		check_stream "$OUT"
		expect "$mode: packets" "$(counted packets)" 1
		expect "$mode: packet_len" \
			"$(select_records "$OUT" '.icmp_type == 8' | jq .packet_len)" 8042
	done
}

@test "an interface that is deleted ends the run, and the stream says so" {
	local transport

	for transport in ringbuf perf; do
		pair
		tail_start -a -N 1 --transport "$transport"
		traffic peer0 100
		ip -n "$NS_A" link del tail0
		wait_end "$PID" 5
		expect "$transport: exit" "$CODE" 1
		check_stream "$OUT"
		expect "$transport: packets" "$(counted packets)" 100
		expect "$transport: gone" "$(count_records "$OUT" \
			'.event_type == "interface" and .state == "gone"')" 1
		expect "$transport: exit in the stream" \
			"$(jq 'select(.event_type == "stop").exit' "$OUT")" 1
		expect_line "$ERR" '^xdptail: error: the interface tail0 was deleted'
		common_sweep
	done
}

@test "the traffic goes on, whatever we do" {
	local mode

	pair
	for mode in native generic; do
		tail_start -a -N 1 -m "$mode"
		ip netns exec "$NS_B" ping -q -c 20 -i 0.01 -W 5 192.0.2.1 >"$BATS_TEST_TMPDIR/ping"
		tail_stop
		expect_line "$BATS_TEST_TMPDIR/ping" '20 received, 0% packet loss'
	done
}
