# SPDX-License-Identifier: BSD-2-Clause
# Packets of real programs, and what is said of them.

load common

now() {
	date -u +%Y-%m-%dT%H:%M:%S.%6NZ
}

@test "ping over IPv4" {
	pair
	tail_start -a -N 1
	ip netns exec "$NS_B" ping -q -c 3 -i 0.2 -W 5 192.0.2.1
	tail_stop
	check_stream "$OUT"
	expect requests "$(count_records "$OUT" '.icmp_type == 8')" 3
	expect packets "$(counted packets)" 3
	expect_packet true interface=tail0 src_ip=192.0.2.2 dst_ip=192.0.2.1 protocol=1 \
		packet_type=2 packet_len=98 icmp_type=8 icmp_code=0 ttl=64 sample_rate=1 \
		src_port=null tcp_flags=null vlan=null
}

@test "ping over IPv6" {
	pair ipv6
	tail_start -a -N 1
	ip netns exec "$NS_B" ping -q -c 3 -i 0.2 -W 5 2001:db8::1
	tail_stop
	check_stream "$OUT"
	expect requests "$(count_records "$OUT" '.icmp_type == 128')" 3
	expect_packet '.icmp_type == 128' src_ip=2001:db8::2 dst_ip=2001:db8::1 protocol=58 \
		packet_type=3 packet_len=118 icmp_code=0 ttl=64
}

@test "UDP over IPv4 and IPv6" {
	pair ipv6
	tail_start -a -N 1
	ip netns exec "$NS_B" bash -c 'echo hello >/dev/udp/192.0.2.1/9001'
	ip netns exec "$NS_B" bash -c 'echo hello >/dev/udp/2001:db8::1/9002'
	tail_stop
	check_stream "$OUT"
	expect packets "$(count_records "$OUT" '.protocol == 17')" 2
	expect_packet '.dst_port == 9001' src_ip=192.0.2.2 dst_ip=192.0.2.1 packet_type=1 \
		packet_len=48 seq_num=null icmp_type=null
	expect_packet '.dst_port == 9002' src_ip=2001:db8::2 dst_ip=2001:db8::1 packet_type=1 \
		packet_len=68
}

# One connection from the peer, a line in it; both sides are watched.
connect() { # ADDRESS SOCAT-ADDRESS
	local listener=$BATS_TEST_TMPDIR/listener server

	: >"$listener"
	ip netns exec "$NS_A" socat -d -d -u "$2,reuseaddr" - >"$BATS_TEST_TMPDIR/received" \
		2>"$listener" 3>&- &
	server=$!
	wait_line "$listener" 'listening on' "$server"
	ip netns exec "$NS_B" bash -c "echo hello >/dev/tcp/$1/9003"
	wait_end "$server"
	expect received "$(cat "$BATS_TEST_TMPDIR/received")" hello
}

handshake() { # ADDRESS OTHER-ADDRESS SOCAT-ADDRESS [ARGUMENT OF xdptail...]
	local peer=$BATS_TEST_TMPDIR/peer other
	local port

	: >"$peer.err"
	tail_start -N 1 "${@:4}"
	ip netns exec "$NS_B" "$XDPTAIL" -i peer0 -N 1 "${@:4}" >"$peer" 2>"$peer.err" 3>&- &
	other=$!
	wait_line "$peer.err" 'listening on peer0' "$other"
	connect "$1" "$3"
	kill -TERM "$other"
	wait_end "$other"
	expect "exit of the peer's" "$CODE" 0
	tail_stop
	check_stream "$peer"
	check_stream "$OUT"

	port=$(jq -n 'first(inputs | select(.flags == "S").src_port)' "$OUT")
	expect SYNs "$(count_records "$OUT" '.flags == "S"')" 1
	expect_packet '.flags == "S"' "src_ip=$2" "dst_ip=$1" dst_port=9003 protocol=6 \
		packet_type=0 tcp_flags=2 ack_num=0
	expect "pushes" "$(count_records "$OUT" '(.flags // "") | test("P")')" 1
	expect "FINs" "$(count_records "$OUT" '(.flags // "") | test("F")')" 1
	expect_packet '.flags | test("F")' "src_port=$port" dst_port=9003
	expect "SYNs that answer" "$(count_records "$OUT" '.flags == "SA"')" 0
	expect "SYNs that answer, seen by the peer" "$(count_records "$peer" '.flags == "SA"')" 1
	expect "acknowledged by the answer" \
		"$(jq 'select(.flags == "SA").ack_num' "$peer")" \
		"$(($(jq 'select(.flags == "S").seq_num' "$OUT") + 1))"
}

@test "a TCP connection over IPv4, from both sides" {
	needs socat
	pair
	handshake 192.0.2.1 192.0.2.2 TCP4-LISTEN:9003
}

@test "a TCP connection over IPv6, from both sides" {
	needs socat
	pair ipv6
	handshake 2001:db8::1 2001:db8::2 TCP6-LISTEN:9003 -a
}

@test "timestamps are of the packets, in both precisions and on both clocks" {
	local transport digits before after

	pair
	for transport in ringbuf perf; do
		for digits in us ns; do
			tail_start -a -N 1 --timestamps "$digits" --transport "$transport"
			before=$(now)
			traffic peer0 10
			after=$(now)
			tail_stop
			check_stream "$OUT"
			expect "$transport $digits: packets" "$(counted packets)" 10
			expect "$transport $digits: packets from $before to $after" \
				"$(count_records "$OUT" ".event_type == \"packet\" and
					.timestamp[:26] >= \"${before%Z}\" and
					.timestamp[:26] <= \"${after%Z}\"")" 10
		done
	done
	expect "length of nine digits" "$(jq -n 'input.timestamp | length' "$OUT")" 30
}

@test "VLAN tags in the frame" {
	local mode

	pair
	for mode in native generic; do
		tail_start -a -N 1 -m "$mode"
		traffic -p 4001 peer0 1
		traffic -p 4002 -v 5 peer0 1
		traffic -p 4003 -v $((3 << 13 | 1 << 12 | 4094)) -v 6 peer0 1
		tail_stop
		check_stream "$OUT"
		expect "$mode: packets" "$(counted packets)" 3
		expect_packet '.src_port == 4001' vlan=null vlan_inner=null packet_len=64
		expect_packet '.src_port == 4002' vlan=5 vlan_inner=null packet_len=68
		expect_packet '.src_port == 4003' vlan=4094 vlan_inner=6 packet_len=72
	done
}

@test "VLAN interfaces of the kernel" {
	local tags

	pair
	ip -n "$NS_B" link add link peer0 name peer0.5 type vlan id 5 2>/dev/null ||
		skip "needs a kernel with VLAN interfaces (CONFIG_VLAN_8021Q)"
	ip -n "$NS_B" link add link peer0 name peer0.7 type vlan proto 802.1ad id 7
	ip -n "$NS_B" link add link peer0.7 name peer0.7.8 type vlan id 8
	for tags in peer0.5 peer0.7 peer0.7.8; do
		ip -n "$NS_B" link set "$tags" up
	done
	tail_start -a -N 1 -m native
	traffic -p 4001 peer0.5 1
	traffic -p 4002 peer0.7.8 1
	tail_stop
	check_stream "$OUT"
	expect_packet '.src_port == 4001' vlan=5 vlan_inner=null
	expect_packet '.src_port == 4002' vlan=7 vlan_inner=8
}
