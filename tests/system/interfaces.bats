# SPDX-License-Identifier: BSD-2-Clause
# Several interfaces at once, and what becomes of them: deleted, there again, renamed, moved to
# another network namespace, down and up.

# shellcheck disable=SC2030,SC2031,SC2153 # PID is a test's own; the names are of common.bash

load common

setup() {
	common_setup
	NS_C=${NS_A%-a}-c
	sweep_third
}

teardown() {
	common_teardown
	sweep_third
}

sweep_third() {
	[ ! -e "/run/netns/${NS_C:=none}" ] || ip netns del "$NS_C"
}

third_namespace() {
	ip netns add "$NS_C"
	ip netns exec "$NS_C" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
}

# A pair beside that of pair: tail1 and peer1, and so on. Both are up, and the other end knows it.
another_pair() { # NUMBER
	ip -n "$NS_A" link add "tail$1" type veth peer name "peer$1" netns "$NS_B"
	ip -n "$NS_B" link set "peer$1" up
	ip -n "$NS_A" link set "tail$1" up
}

index_of() { # INTERFACE [NAMESPACE]
	ip -n "${2:-$NS_A}" -j link show dev "$1" | jq '.[0].ifindex'
}

carrier_changes() { # INTERFACE
	ip netns exec "$NS_A" cat "/sys/class/net/$1/carrier_changes"
}

xdp_of() { # INTERFACE [NAMESPACE]
	ip -n "${2:-$NS_A}" -d link show dev "$1" | grep -o 'prog/xdp.*' || true
}

wait_state() { # INTERFACE STATE [IFINDEX]
	wait_line "$OUT" "\"interface\":\"$1\",\"ifindex\":${3:-[0-9]*},\"state\":\"$2\"" "$PID"
}

states() { # [CONDITION]: of all interfaces, in order, as NAME:STATE
	jq -r "select(.event_type == \"interface\" and ${1:-true}) | \"\(.interface):\(.state)\"" "$OUT" |
		xargs
}

expect_states() { # WANT...
	expect "states" "$(states)" "$*"
}

packets_on() { # INTERFACE: by its count lines
	jq -n "[inputs | select(.event_type == \"count\" and .interface == \"$1\").packets] | add // 0" \
		"$OUT"
}

records_on() { # INTERFACE
	count_records "$OUT" ".event_type == \"packet\" and .interface == \"$1\""
}

# From a port of its own, so that the packets can be told from a flood's.
traffic_of() { # PEER COUNT
	traffic -p 5000 "$1" "$2" >/dev/null
}

# Until its interface goes; how many it has sent is not known then.
flood_start() { # PEER
	traffic "$1" 100000000 20000 50 >/dev/null 2>&1 3>&- &
	FLOODER=$!
}

expect_counted() { # INTERFACE PACKETS: in samples of traffic_of
	expect "packets of $1" "$(count_records "$OUT" \
		".event_type == \"packet\" and .interface == \"$1\" and .src_port == 5000")" "$2"
}

@test "three interfaces at once: counts by interface" {
	local transport n senders

	pair
	another_pair 1
	another_pair 2
	for transport in ringbuf perf; do
		tail_start -i tail1 -i tail2 -a -N 1 --interval 1 --transport "$transport"
		wait_line "$ERR" 'listening on tail2' "$PID"
		senders=()
		for n in 0 1 2; do
			traffic "peer$n" $((1000 * (n + 1))) 5000 $((n + 2)) >/dev/null 3>&- &
			senders+=($!)
		done
		for n in 0 1 2; do
			wait_end "${senders[$n]}"
		done
		tail_stop
		expect "$transport: exit" "$CODE" 0
		check_stream "$OUT"
		expect_states tail0:attached tail1:attached tail2:attached \
			tail0:detached tail1:detached tail2:detached
		for n in 0 1 2; do
			expect "$transport: counted on tail$n" "$(packets_on "tail$n")" $((1000 * (n + 1)))
			expect "$transport: records of tail$n" "$(records_on "tail$n")" $((1000 * (n + 1)))
			expect "$transport: sources of tail$n" "$(jq -n "[inputs |
				select(.event_type == \"count\" and .interface == \"tail$n\").src_ip] |
				unique | length" "$OUT")" $((n + 2))
			expect "$transport: still on tail$n" "$(xdp_of "tail$n")" ""
		done
		expect "$transport: seen" "$(seen)" 6000
	done
}

@test "each has the mode that it can have, and the snapshot says when one merges packets" {
	pair
	ip -n "$NS_A" link set lo up
	INTERFACE=lo tail_start -i tail0 -a -N 1
	wait_line "$ERR" 'listening on tail0, native mode' "$PID"
	tail_stop
	check_stream "$OUT"
	expect "modes" "$(jq -r 'select(.state == "attached").mode' "$OUT" | xargs)" "generic native"
	expect "counts" "$(jq -r 'select(.event_type == "snapshot").counts' "$OUT" | uniq)" aggregates
}

@test "one of several that cannot be attached: it is named, and none is" {
	pair
	another_pair 1
	tail_run -i tail0 -i tail9 -i tail1 -a
	expect "exit" "$status" 4
	# shellcheck disable=SC2154
	[[ $stderr == *'there is no interface "tail9"'* ]] || fail "stderr: $stderr"
	expect "on tail0" "$(xdp_of tail0)" ""
	printf '%s\n' "$output" >"$OUT"
	check_stream "$OUT"
	expect_states tail0:attached tail0:detached
}

@test "one that is deleted leaves the others, and the last one ends the run" {
	local transport

	for transport in ringbuf perf; do
		pair
		another_pair 1
		tail_start -i tail1 -a -N 1 --transport "$transport"
		wait_line "$ERR" 'listening on tail1' "$PID"
		flood_start peer1
		wait_line "$OUT" '"interface":"tail1","src_ip"' "$PID"
		traffic_of peer0 100
		ip -n "$NS_A" link del tail1
		wait_line "$ERR" 'warning: the interface tail1 was deleted; going on' "$PID"
		wait_end "$FLOODER"
		traffic_of peer0 200
		ip -n "$NS_A" link del tail0
		wait_line "$ERR" 'error: the interface tail0 was deleted; ending' "$PID"
		wait_end "$PID"
		expect "$transport: exit" "$CODE" 1
		check_stream "$OUT"
		expect "$transport: counted on tail0" "$(packets_on tail0)" 300
		expect "$transport: counted on tail1" "$(packets_on tail1)" "$(records_on tail1)"
		expect_states tail0:attached tail1:attached tail1:down tail1:gone tail0:down tail0:gone
		common_sweep
	done
}

@test "deleted and there again, with packets coming: attached anew, and nothing is lost or counted twice" {
	local transport life lives=4 before

	for transport in ringbuf perf; do
		pair
		another_pair 1
		before=$(carrier_changes tail0)
		tail_start -i tail1 -a -N 1 --wait-interface --transport "$transport" --interval 1 \
			--ring-size 64M
		wait_state tail1 attached
		for ((life = 1; life <= lives; life++)); do
			traffic_of peer0 100
			traffic_of peer1 $((100 * life))
			flood_start peer1
			wait_line "$OUT" "\"ifindex\":$(index_of tail1),\"state\":\"[ab]" "$PID"
			ip -n "$NS_A" link del tail1
			wait_end "$FLOODER"
			another_pair 1
			wait_state tail1 back "$(index_of tail1)"
		done
		expect "$transport: carrier changes of the other" "$(carrier_changes tail0)" "$before"
		tail_stop
		expect "$transport: exit" "$CODE" 0
		check_stream "$OUT"
		run --separate-stderr "$XDPTAIL" audit "$OUT"
		expect "$transport: audit: $output" "$status" 0
		expect "$transport: lost" "$(of_total "$OUT" stats lost_ring_full)" 0
		expect_counted tail0 400
		expect_counted tail1 1000
		expect "$transport: counted on tail0" "$(packets_on tail0)" 400
		expect "$transport: counted on tail1" "$(packets_on tail1)" "$(records_on tail1)"
		expect "$transport: unknown names" "$(records_on '?')" 0
		expect "$transport: gone" "$(count_records "$OUT" '.state == "gone"')" "$lives"
		expect "$transport: back" "$(count_records "$OUT" '.state == "back"')" "$lives"
		common_sweep
	done
}

@test "two lives within one interval are one count line a source" {
	pair
	tail_start -a -N 1 --interval 0 --wait-interface
	traffic_of peer0 100
	ip -n "$NS_A" link del tail0
	another_pair 0
	wait_state tail0 back
	traffic_of peer0 200
	tail_stop
	check_stream "$OUT"
	expect "count lines" "$(jq -c 'select(.event_type == "count") | [.src_ip, .packets]' "$OUT")" \
		'["10.0.0.0",300]'
	expect "listed" "$(jq 'select(.event_type == "snapshot" and (.total | not)).listed' "$OUT")" 1
}

@test "the only one may go, and be away, when it is waited for" {
	pair
	tail_start -a -N 1 --wait-interface --interval 1
	ip -n "$NS_A" link del tail0
	wait_line "$ERR" 'warning: the interface tail0 was deleted; waiting for it' "$PID"
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":3,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect_states tail0:attached tail0:down tail0:gone
}

@test "not there yet: waited for, and attached when it is made, or gets its name" {
	local transport

	for transport in ringbuf perf; do
		pair
		: >"$ERR"
		ip netns exec "$NS_A" "$XDPTAIL" -i tail1 -i tail0 -i tail2 -a -N 1 --wait-interface \
			--transport "$transport" >"$OUT" 2>"$ERR" 3>&- &
		PID=$!
		wait_line "$ERR" 'listening on tail0' "$PID"
		wait_line "$ERR" 'waiting for tail1' "$PID"
		wait_line "$ERR" 'waiting for tail2' "$PID"
		another_pair 1
		wait_line "$ERR" 'listening on tail1, native mode' "$PID"
		traffic_of peer1 100
		another_pair 3
		traffic_of peer3 50
		ip -n "$NS_A" link set tail3 down
		ip -n "$NS_A" link set tail3 name tail2
		wait_line "$ERR" 'listening on tail2, native mode' "$PID"
		ip -n "$NS_A" link set tail2 up
		wait_state tail2 up
		traffic_of peer3 200
		tail_stop
		expect "$transport: exit" "$CODE" 0
		check_stream "$OUT"
		# a new one may be seen before it is up
		expect "$transport: states" "$(states '.state != "down" and .state != "up"')" \
			"tail1:gone tail0:attached tail2:gone tail1:attached tail2:attached$(
			)$(printf ' %s:detached' tail1 tail0 tail2)"
		expect "$transport: counted on tail1" "$(packets_on tail1)" 100
		expect "$transport: counted on tail2" "$(packets_on tail2)" 200
		common_sweep
	done
}

@test "renamed, with packets coming: the new name from the record on, and no packet is missed" {
	local transport sender at

	for transport in ringbuf perf; do
		pair
		tail_start -a -N 1 --interval 1 --transport "$transport"
		traffic peer0 60000 20000 50 >/dev/null 3>&- &
		sender=$!
		wait_line "$OUT" '"interface":"tail0","src_ip"' "$PID"
		ip -n "$NS_A" link set tail0 name other0 2>/dev/null ||
			skip "needs a kernel that renames interfaces that are up (6.2)"
		wait_line "$OUT" '"interface":"other0","src_ip"' "$PID"
		wait_end "$sender"
		tail_stop
		expect "$transport: exit" "$CODE" 0
		check_stream "$OUT"
		expect "$transport: counted" "$(counted packets)" 60000
		expect_states tail0:attached other0:renamed other0:detached
		at=$(grep -n '"state":"renamed"' "$OUT" | cut -d : -f 1)
		head -n "$at" "$OUT" >"$BATS_TEST_TMPDIR/before"
		tail -n +"$at" "$OUT" >"$BATS_TEST_TMPDIR/after"
		expect_no_line "$BATS_TEST_TMPDIR/before" '"interface":"other0","src_ip"'
		expect_no_line "$BATS_TEST_TMPDIR/after" '"interface":"tail0","src_ip"'
		expect "$transport: count lines" \
			"$(($(packets_on tail0) + $(packets_on other0)))" 60000
		common_sweep
	done
}

@test "renamed, then deleted: the name that was asked for is waited for" {
	pair
	tail_start -a -N 1 --wait-interface
	ip -n "$NS_A" link set tail0 down
	ip -n "$NS_A" link set tail0 name other0
	wait_state other0 renamed
	ip -n "$NS_A" link del other0
	wait_state other0 gone
	another_pair 0
	wait_state tail0 back
	traffic_of peer0 10
	tail_stop
	check_stream "$OUT"
	expect "counted on tail0" "$(packets_on tail0)" 10
	expect "counted on other0" "$(packets_on other0)" 0
}

@test "moved to another namespace, with packets coming: counted on under its name, until it is deleted" {
	local transport

	for transport in ringbuf perf; do
		pair
		third_namespace
		tail_start -a -N 1 --transport "$transport"
		traffic_of peer0 100
		flood_start peer0
		wait_line "$OUT" '"src_port":4000' "$PID"
		ip -n "$NS_A" link set tail0 netns "$NS_C"
		wait_state tail0 moved
		wait_line "$ERR" 'warning: the interface tail0 was moved' "$PID"
		ip -n "$NS_C" link set tail0 up
		traffic_of peer0 200
		[ -n "$(xdp_of tail0 "$NS_C")" ] || fail "$transport: not attached any more"
		ip -n "$NS_C" link del tail0
		wait_end "$FLOODER"
		wait_end "$PID"
		expect "$transport: exit" "$CODE" 1
		check_stream "$OUT"
		expect_counted tail0 300
		expect "$transport: counted" "$(packets_on tail0)" "$(counted packets)"
		expect_states tail0:attached tail0:down tail0:moved tail0:gone
		common_sweep
		sweep_third
	done
}

@test "moved to where its index is taken, and back: its packets keep their name" {
	local index

	pair
	third_namespace
	index=$(index_of tail0)
	ip -n "$NS_C" link add other0 index "$index" type veth peer name other1 index 77
	tail_start -a -N 1 --interval 1
	traffic_of peer0 100
	ip -n "$NS_A" link set tail0 netns "$NS_C"
	wait_state tail0 moved "$index"
	[ "$(index_of tail0 "$NS_C")" != "$index" ] || fail "it has kept its index"
	ip -n "$NS_C" link set tail0 up
	traffic_of peer0 200
	ip -n "$NS_C" link set tail0 netns "$NS_A"
	wait_state tail0 back
	ip -n "$NS_A" link set tail0 up
	wait_state tail0 up
	traffic_of peer0 400
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect_counted tail0 700
	expect "unknown names" "$(records_on '?')" 0
	expect "counted" "$(packets_on tail0)" 700
	expect "still attached" "$(xdp_of tail0)" ""
}

@test "moved to where its index is taken, behind many other messages: no packet is without a name" {
	local index i

	pair
	another_pair 1
	third_namespace
	index=$(index_of tail0)
	ip -n "$NS_C" link add other0 index "$index" type veth peer name other1 index 77
	tail_start -a -N 1 --batch 0 # read as soon as there is anything
	kill -STOP "$PID"
	wait_stopped "$PID"
	# more than are read at once, fewer than the socket takes
	for ((i = 0; i < 72; i++)); do
		echo "link set tail1 alias $i"
	done >"$BATS_TEST_TMPDIR/batch"
	ip -n "$NS_A" -batch "$BATS_TEST_TMPDIR/batch"
	ip -n "$NS_A" link set tail0 netns "$NS_C"
	[ "$(index_of tail0 "$NS_C")" != "$index" ] || fail "it has kept its index"
	ip -n "$NS_C" link set tail0 up
	traffic_of peer0 200
	kill -CONT "$PID"
	wait_state tail0 moved "$index"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect_counted tail0 200
	expect "unknown names" "$(records_on '?')" 0
	expect "counted" "$(packets_on tail0)" 200
}

@test "moved to where it gets the index of another one that is watched: it is given up" {
	local n index

	pair
	third_namespace
	for n in 1 2 3 4 5 6; do
		another_pair "$n"
	done
	# the next index there is then one that others have here
	ip -n "$NS_C" link add other0 index "$(index_of tail0)" type veth peer name other1 index 77
	tail_start -i tail1 -i tail2 -i tail3 -i tail4 -i tail5 -i tail6 -a -N 1
	wait_state tail6 attached
	ip -n "$NS_A" link set tail0 netns "$NS_C"
	wait_state tail0 moved
	index=$(index_of tail0 "$NS_C")
	for n in 1 2 3 4 5 6; do
		[ "$(index_of "tail$n")" != "$index" ] || break
	done
	[ "$(index_of "tail$n")" = "$index" ] || fail "index $index is none of ours"
	wait_state tail0 detached
	expect "still attached" "$(xdp_of tail0 "$NS_C")" ""
	ip -n "$NS_C" link set tail0 up
	traffic_of peer0 100
	traffic_of "peer$n" 10
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "counted on tail$n" "$(packets_on "tail$n")" 10
	expect "counted" "$(counted packets)" 10
	expect "reason" "$(jq -r 'select(.state == "detached" and .reason).reason' "$OUT" |
		grep -c "that of \"tail$n\" here")" 1
}

@test "down and up, by whom and for lack of a carrier; we touch neither" {
	local before

	pair
	before=$(carrier_changes tail0)
	tail_start -a -N 1
	traffic_of peer0 10
	expect "carrier changes by attaching" "$(carrier_changes tail0)" "$before"
	ip -n "$NS_B" link set peer0 down
	wait_state tail0 down
	ip -n "$NS_B" link set peer0 up
	wait_state tail0 up
	ip -n "$NS_A" link set tail0 down
	wait_line "$OUT" '"state":"down".*"reason":"it was set down"' "$PID"
	ip -n "$NS_A" link set tail0 up
	wait_line "$OUT" '"event_type":"interface".*"record_seq":5,' "$PID"
	traffic_of peer0 20
	before=$(carrier_changes tail0)
	tail_stop
	expect "carrier changes by detaching" "$(carrier_changes tail0)" "$before"
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect_states tail0:attached tail0:down tail0:up tail0:down tail0:up tail0:detached
	expect "reasons" "$(jq -r 'select(.state == "down").reason' "$OUT" | paste -s -d ,)" \
		"no carrier,it was set down"
	expect "counted" "$(packets_on tail0)" 30
}

@test "one that is down when it is attached is said to be" {
	pair
	ip -n "$NS_A" link set tail0 down
	tail_start -a -N 1
	wait_state tail0 down
	ip -n "$NS_A" link set tail0 up
	wait_state tail0 up
	tail_stop
	check_stream "$OUT"
	expect_states tail0:attached tail0:down tail0:up tail0:detached
}

@test "messages that are lost are asked for" {
	local i batch=$BATS_TEST_TMPDIR/batch

	pair
	another_pair 1
	another_pair 2
	tail_start -i tail1 -i tail2 -a -N 1 --wait-interface
	wait_state tail2 attached
	kill -STOP "$PID"
	wait_stopped "$PID"
	for ((i = 0; i < 2000; i++)); do
		echo "link set tail2 alias $i"
	done >"$batch"
	ip -n "$NS_A" -batch "$batch"
	ip -n "$NS_A" link set tail0 down
	ip -n "$NS_A" link set tail0 name other0
	ip -n "$NS_A" link del tail1
	another_pair 1
	kill -CONT "$PID"
	wait_state other0 renamed
	wait_state other0 down
	wait_state tail1 back "$(index_of tail1)"
	traffic_of peer1 10
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "counted on tail1" "$(packets_on tail1)" 10
}

@test "taken by another program when it is there again: said once, and attached when that leaves" {
	local id

	needs clang
	pair
	clang -O2 -target bpf -c -o "$BATS_TEST_TMPDIR/other.o" -x c - <<-'SOURCE'
		__attribute__((section("xdp"), used)) int other_program(void *ctx)
		{
			return 2;
		}
		__attribute__((section("license"), used)) char other_license[] = "Dual BSD/GPL";
	SOURCE
	tail_start -a -N 1 --wait-interface --interval 1
	kill -STOP "$PID"
	wait_stopped "$PID"
	ip -n "$NS_A" link del tail0
	another_pair 0
	ip -n "$NS_A" link set dev tail0 xdpdrv object "$BATS_TEST_TMPDIR/other.o" section xdp
	id=$(xdp_of tail0 | sed -n 's/^prog\/xdp id \([0-9]*\).*/\1/p')
	kill -CONT "$PID"
	# its name is not told: we have no rights any more to ask for it
	wait_line "$ERR" "cannot attach to tail0 (will retry).*program id $id" "$PID"
	# it is tried each second, and said once
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":4,' "$PID"
	ip -n "$NS_A" link set dev tail0 xdpdrv off
	wait_state tail0 back
	traffic_of peer0 10
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "counted" "$(packets_on tail0)" 10
	expect "said to be taken" "$(count_records "$OUT" ".state == \"detached\" and
		((.reason // \"\") | test(\"program id $id\"))")" 1
}

@test "a driver that refuses is asked again when its MTU has changed" {
	pair
	tail_start -a -N 1 -m native --wait-interface --transport perf
	ip -n "$NS_A" link del tail0
	wait_state tail0 gone
	ip -n "$NS_A" link add tail0 mtu 9000 type veth peer name peer0 mtu 9000 netns "$NS_B"
	ip -n "$NS_B" link set peer0 up
	wait_line "$ERR" 'cannot attach to tail0 (will retry).*MTU is too large' "$PID"
	ip -n "$NS_A" link set tail0 mtu 1500
	ip -n "$NS_B" link set peer0 mtu 1500
	ip -n "$NS_A" link set tail0 up
	wait_state tail0 back
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
}

@test "as many as there may be: killed, it leaves nothing behind on any" {
	local n arguments=()

	pair
	for ((n = 0; n < 32; n++)); do
		ip -n "$NS_A" link add "left$n" up type veth peer name "right$n"
		ip -n "$NS_A" link set "right$n" up
		arguments+=(-i "left$n" -i "right$n")
	done
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" "${arguments[@]}" -a -N 1 >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" 'listening on right31' "$PID"
	ip netns exec "$NS_A" "$HELPERS/traffic" left17 100 >/dev/null
	wait_line "$OUT" '"interface":"right17","src_ip".*"cpu_seq":' "$PID"
	expect "attached" "$(ip -n "$NS_A" -d link show | grep -c 'prog/xdp')" 64
	tail_stop KILL
	expect "attached after the end" "$(ip -n "$NS_A" -d link show | grep -c 'prog/xdp')" 0
	tail_run "${arguments[@]}" -i tail0
	expect "one more: exit" "$status" 2
	[[ $stderr == *'"tail0" is one too many: 64 interfaces at most'* ]] || fail "stderr: $stderr"
}
