# SPDX-License-Identifier: BSD-2-Clause
# What README promises, on a kernel that the program was not developed on. Every capture ends with
# its exit status, what was seen against the interface's own counter, and audit.

# What bats sets, and what is for guest.bash.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
load guest

captures() { # TRANSPORT MODE
	pair ipv6
	capture_start -a -N 1 --interval 1 --transport "$1" -m "$2"
	talk
	traffic peer0 200
	wait_snapshot 1
	traffic -t peer0 200
	wait_snapshot 2
	capture_end
	expect_kinds
	expect_line "$OUT" "\"event_type\":\"start\".*\"transport\":\"$1\""
	expect_line "$OUT" "\"state\":\"attached\".*\"mode\":\"$2\""
	[ "$(counted packets)" = "$(seen)" ] || fail "$(seen) seen, and $(counted packets) recorded"
}

@test "every kind of packet: ring buffer, native mode" {
	captures ringbuf native
}

@test "every kind of packet: ring buffer, generic mode" {
	captures ringbuf generic
}

@test "every kind of packet: perf buffer, native mode" {
	captures perf native
}

@test "every kind of packet: perf buffer, generic mode" {
	captures perf generic
}

tunnels() { # TRANSPORT MODE
	local tunnel

	pair
	capture_start -a -N 1 --decap --transport "$1" -m "$2"
	for tunnel in vxlan geneve gre ipip gtpu; do
		traffic -t -e "$tunnel" peer0 30 0 3
	done
	traffic -t -p 5000 peer0 10
	capture_end
	expect "packets of each tunnel" "$(jq -r 'select(.event_type == "packet") |
		.tunnel // "none"' "$OUT" | sort | uniq -c | xargs)" "30 geneve 30 gre 30 gtpu 30 ipip 10 none 30 vxlan"
	expect_packet '.tunnel == "vxlan" and .seq_num == 1' src_ip=10.0.0.1 dst_ip=198.51.100.7 src_port=4000 \
		outer_src_ip=172.16.0.1 outer_dst_ip=172.16.0.2
}

@test "the packets inside tunnels: ring buffer, native mode" {
	tunnels ringbuf native
}

@test "the packets inside tunnels: ring buffer, generic mode" {
	tunnels ringbuf generic
}

@test "the packets inside tunnels: perf buffer, native mode" {
	tunnels perf native
}

@test "the packets inside tunnels: perf buffer, generic mode" {
	tunnels perf generic
}

@test "counts that all CPUs share" {
	pair
	capture_start -a -N 1 --interval 1 --max-map-memory 15M
	traffic peer0 500 0 100
	wait_snapshot 1
	traffic peer0 500 0 100
	capture_end
	expect "map" "$(jq -nr 'input.map_type' "$OUT")" hash
	expect "packets" "$(counted packets)" 1000
}

@test "two interfaces" {
	pair
	ip -n "$NS_A" link add tail1 type veth peer name peer1 netns "$NS_B"
	ip -n "$NS_A" link set tail1 up
	ip -n "$NS_B" link set peer1 up
	capture_start -i tail1 -a -N 1
	wait_line "$ERR" 'listening on tail1' "$PID"
	traffic peer0 100
	traffic peer1 200
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	"$XDPTAIL" audit "$OUT"
	expect "on each" "$(jq -r 'select(.event_type == "packet").interface' "$OUT" | sort | uniq -c | xargs)" \
		"100 tail0 200 tail1"
	expect "received by each" "$(received tail0) $(received tail1)" "100 200"
}

@test "an interface that is deleted and comes again" {
	pair
	tail_start -a -N 1 --wait-interface
	traffic peer0 100
	wait_line "$OUT" '"event_type":"packet".*"record_seq":100,' "$PID"
	ip -n "$NS_A" link del tail0
	wait_line "$ERR" 'tail0 was deleted; waiting for it' "$PID"
	ip -n "$NS_A" link add tail0 type veth peer name peer0 netns "$NS_B"
	ip -n "$NS_A" link set tail0 up
	ip -n "$NS_B" link set peer0 up
	wait_line "$OUT" '"state":"back"' "$PID"
	traffic peer0 200
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	"$XDPTAIL" audit "$OUT"
	expect "seen" "$(seen)" 300
	expect "received by the second" "$(received tail0)" 200
}

@test "a BPF object of one's own" {
	pair
	own_object contrib/syn-only/syn_only.bpf.o
	capture_start -N 1 --ebpf-program "$OWN" --function-name count_syns
	traffic -t peer0 100
	traffic -s peer0 50
	capture_end
	expect "packets" "$(counted packets)" 50
}

@test "as another user, and nothing is left of root's rights" {
	pair
	capture_start -a -N 1 --user nobody
	wait_line "$OUT" '"event_type":"interface"' "$PID"
	expect "user" "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$PID/status")" 65534
	traffic peer0 100
	capture_end
	expect "packets" "$(counted packets)" 100
}

# What runs with three capabilities and without root. As in a unit, there is no limit on locked
# memory, unless one is given in bytes: before 5.11 maps count as that.
three_capabilities() { # [LIMIT [USER]]
	local set="-all,+bpf,+net_admin,+perfmon"

	THREE=(prlimit "--memlock=${1:-unlimited}" setpriv --reuid "${2:-65534}" --regid 65534 --clear-groups
		"--inh-caps=$set" "--ambient-caps=$set" "--bounding-set=$set" "$XDPTAIL")
}

@test "three capabilities are enough, without root" {
	local transport

	pair
	three_capabilities
	sysctl -q -w kernel.perf_event_paranoid=2
	for transport in ringbuf perf; do
		: >"$ERR"
		ip netns exec "$NS_A" "${THREE[@]}" -i tail0 -a -N 1 --transport "$transport" \
			>"$OUT" 2>"$ERR" 3>&- &
		PID=$!
		wait_line "$ERR" 'listening on tail0' "$PID"
		BEFORE=$(received tail0) SINCE=$BEFORE
		traffic peer0 100
		capture_end
		expect "$transport: packets" "$(counted packets)" 100
	done
}

# Each as a user of its own: the kernel takes its time to count back what maps of the first had
# locked.
@test "too little memory that may be locked, before Linux 5.11: named alone, with a figure that is enough" {
	local needed

	pair
	three_capabilities 65536 65533
	run --separate-stderr timeout "$PATIENCE" ip netns exec "$NS_A" "${THREE[@]}" -i tail0 -a --duration 1
	if ! older_than 5.11; then
		expect "exit: $stderr" "$status" 0
		return
	fi
	expect "exit: $stderr" "$status" 3
	expect "lines of messages" "$(wc -l <<<"$stderr")" 1
	[[ $stderr == *"RLIMIT_MEMLOCK is 64 KiB, "*"need about "*" KiB"* ]] || fail "stderr: $stderr"
	[[ $stderr != *missing* && $stderr != *seccomp* && $stderr != *verifier* ]] || fail "stderr: $stderr"
	needed=$(sed -n 's/.*need about \([0-9]*\) KiB.*/\1/p' <<<"$stderr")
	three_capabilities $((needed * 1024)) 65532
	run --separate-stderr timeout "$PATIENCE" ip netns exec "$NS_A" "${THREE[@]}" -i tail0 -a --duration 1
	expect "with $needed KiB: exit: $stderr" "$status" 0
}

# Debian's default, which some of its kernels take for more than CAP_PERFMON can do.
@test "without root, a perf buffer at kernel.perf_event_paranoid=3: works, or is refused by that name" {
	pair
	three_capabilities
	sysctl -q -w kernel.perf_event_paranoid=3
	run --separate-stderr timeout "$PATIENCE" ip netns exec "$NS_A" "${THREE[@]}" -i tail0 -a --transport perf \
		--duration 1
	sysctl -q -w kernel.perf_event_paranoid=2
	[ "$status" = 0 ] || {
		expect "exit: $stderr" "$status" 3
		[[ $stderr == *kernel.perf_event_paranoid* ]] || fail "stderr: $stderr"
	}
}

@test "killed, it leaves nothing attached" {
	local mode

	pair
	for mode in native generic; do
		tail_start -a -m "$mode"
		[ -n "$(attached)" ] || fail "$mode: not attached"
		tail_stop KILL
		expect "$mode: exit" "$CODE" 137
		expect "$mode: still attached" "$(attached)" ""
	done
}

@test "a second one is refused in words, and the first goes on" {
	pair
	capture_start -a -N 1
	tail_run -i tail0 -a
	expect "exit" "$status" 4
	[[ $stderr == *'"tail0" has an XDP program already'*'"count_packets"'* ]] || fail "stderr: $stderr"
	traffic peer0 100
	capture_end
	expect "packets" "$(counted packets)" 100
}

# What the kernel's program has to say as the host does.
observed() {
	sed -n '/"event_type":"\(packet\|count\|snapshot\)"/ { s/"run":"[^"]*",//; s/"cpu":[0-9]*,//; p }' "$OUT"
}

@test "a capture file: the kernel's program makes the same of every frame" {
	local transport decap

	"$HELPERS/make_capture" -t -f pcap-ns-le >"$BATS_TEST_TMPDIR/capture"
	for decap in "" --decap; do
		"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 --top 0 ${decap:+"$decap"} >"$OUT" 2>"$ERR"
		check_stream "$OUT"
		observed >"$BATS_TEST_TMPDIR/want"
		for transport in ringbuf perf; do
			"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 --top 0 ${decap:+"$decap"} --prog-run \
				--transport "$transport" >"$OUT" 2>"$ERR"
			check_stream "$OUT"
			"$XDPTAIL" audit "$OUT"
			expect "$decap $transport: difference" \
				"$(observed | diff "$BATS_TEST_TMPDIR/want" - | head -n 4)" ""
		done
	done
}

# It needs a CPU that flips beside the one that counts; prog.bats has the others.
@test "BPF_PROG_RUN: between choosing a generation and counting" {
	run "$HELPERS/../prog/test_prog_window" -j1 --tap
	expect "exit: $output" "$status" 0
}
