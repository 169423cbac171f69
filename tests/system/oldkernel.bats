# SPDX-License-Identifier: BSD-2-Clause
# The ways that older kernels leave us, each reached by making this kernel refuse what they lack
# (tests/preload/oldkernel.c).
#
# shellcheck disable=SC2030,SC2031
# (run sets status and output)

load common

# The laws by jq alone: by whoever reads the stream, without a program of ours.
expect_laws() { # FILE
	local broken

	broken=$(jq -nc '
		reduce inputs as $r ({listed: {}, bad: []};
			if $r.event_type == "count" then
				.listed["\($r.snapshot)"].packets += $r.packets |
				.listed["\($r.snapshot)"].bytes += $r.bytes
			elif $r.event_type == "snapshot" then
				(if $r.total then {} else .listed["\($r.snapshot)"] // {} end) as $sum |
				if $r.seen != ($r.not_ip + $r.no_source + $r.undetermined +
					$r.not_selected + $r.counted) then
					.bad += [{law: "L1", record: $r}] else . end |
				if ($r.total | not) and $r.counted != (($sum.packets // 0) +
					$r.unlisted_packets + $r.unattributed_packets) then
					.bad += [{law: "L2", record: $r}] else . end
			elif $r.event_type == "stats" then
				if $r.sampled != ($r.delivered + $r.lost_ring_full +
					$r.lost_undecodable + ($r.discarded // 0)) then
					.bad += [{law: "L3", record: $r}] else . end
			else . end) | .bad[]' "$1")
	expect "broken laws" "$broken" ""
}

# Captures an exact number, over several snapshots, and leaves the stream in OUT.
capture() { # ARGUMENT OF xdptail...
	tail_start -a -N 10 --interval 1 "$@"
	expect "sent" "$(traffic peer0 60000 30000 3000)" 60000
	tail_stop
	expect "exit" "$CODE" 0
	expect_laws "$OUT"
	expect "seen" "$(of_total "$OUT" snapshot seen)" 60000
	expect "counted" "$(of_total "$OUT" snapshot counted)" 60000
	expect "lost" "$(of_total "$OUT" stats lost_ring_full)" 0
	expect "packets attributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
	expect_within "snapshots" "$(count_records "$OUT" \
		'.event_type == "snapshot" and (.total | not)')" 2 60
}

expect_start() { # KEY WANT
	expect "start: $1" "$(jq -nr "input.$1" "$OUT")" "$2"
}

@test "without batch operations the counts are exact" {
	pair
	old_kernel batch
	capture
	capture --max-map-memory 15M
	expect_start map_type hash
}

@test "without a ring buffer there is the perf buffer, and the counts are exact" {
	pair
	old_kernel ringbuf
	capture
	expect_start transport perf
}

@test "without a ring buffer one that is asked for is refused" {
	pair
	old_kernel ringbuf
	tail_run -i tail0 -a --transport ringbuf
	expect "exit" "$status" 4
	# shellcheck disable=SC2154
	[[ $stderr == *'no BPF ring buffer'*'"perf"'* ]] || fail "stderr: $stderr"
}

@test "without frames in several buffers the counts are exact" {
	pair
	old_kernel frags
	capture
	expect_start transport ringbuf
}

@test "with many possible CPUs the sources share their counts" {
	pair
	old_kernel cpus=128
	capture
	expect_start map_type hash
}

@test "possible CPUs that are not there cost no memory, unless it is granted" {
	local bytes

	pair
	old_kernel cpus=64
	capture
	expect_start map_type hash
	bytes=$(jq -nr 'input.map_bytes' "$OUT")
	capture --max-map-memory 256M
	expect_start map_type percpu_hash
	# shellcheck disable=SC2034 # what tail_start runs
	XDPTAIL=$XDPTAIL_REAL
	capture
	expect_within "map_bytes with 64 possible CPUs" "$bytes" 1 \
		"$((2 * $(jq -nr 'input.map_bytes' "$OUT")))"
}

@test "with many possible CPUs and few sources each CPU has its own counts" {
	pair
	old_kernel cpus=128
	capture --max-sources 4096
	expect_start map_type percpu_hash
	old_kernel batch,cpus=128
	capture --max-sources 4096
	expect_start map_type percpu_hash
}

@test "without links the counts are exact, and a clean stop detaches" {
	pair
	old_kernel link
	capture
	expect "attached" "$(attached)" ""
	capture -m generic
	expect "attached" "$(attached)" ""
}

@test "without links a killed process leaves its program, and the next one tells how to remove it" {
	local mode advice

	pair
	old_kernel link
	for mode in native generic; do
		tail_start -a -m "$mode"
		tail_stop KILL
		[ -n "$(attached)" ] || fail "$mode: nothing is attached"
		tail_run -i tail0 -a -m "$mode"
		expect "$mode: exit" "$status" 4
		[[ $stderr == *'has an XDP program already (program id '*', "count_packets")'* ]] ||
			fail "$mode: stderr: $stderr"
		advice=$(grep -o 'ip link set dev tail0 xdp[a-z]* off' <<<"$stderr") ||
			fail "$mode: stderr: $stderr"
		# shellcheck disable=SC2086 # a command
		ip netns exec "$NS_A" $advice
		expect "$mode: attached" "$(attached)" ""
		capture -m "$mode"
	done
}

@test "all of it together: the oldest kernel there is" {
	pair
	old_kernel batch,ringbuf,frags,link,cpus=128
	capture
	expect_start transport perf
	expect_start map_type hash
	capture --max-sources 4096 -m generic
	expect_start map_type percpu_hash
	expect "attached" "$(attached)" ""
}

# A refusal: its exit status, in one line that has all of the pieces, and nothing that misleads.
expect_refused() { # NAME EXIT PIECE*PIECE...
	local wrong

	expect "$1: exit" "$status" "$2"
	expect "$1: stdout" "$output" ""
	expect "$1: lines of messages" "$(wc -l <<<"$stderr")" 1
	# shellcheck disable=SC2053,SC2295 # a pattern
	[[ $stderr == "xdptail: error: "*$3* ]] || fail "$1: got \"$stderr\", want \"$3\""
	for wrong in RLIMIT_MEMLOCK CAP_ processed 'R1=' libbpf: 'option'; do
		[[ ${stderr/no other options that/} != *"$wrong"* ]] || fail "$1: \"$wrong\" in: $stderr"
	done
	expect "$1: attached" "$(attached)" ""
}

@test "what a kernel refuses: the exit status, the cause in its words, and what it would take" {
	local words arguments exit want math jumps large kernel
	local report='; to report it, send what xdptail doctor and xdptail -v say'

	pair
	kernel="Linux $(uname -r) does not take"
	math='"math between pkt pointer and register with unbounded min value is not allowed"'
	jumps='"The sequence of 8193 jumps is too complex."'
	large='"BPF program is too large. Processed 1000001 insn"'
	while IFS='|' read -r words arguments exit want; do
		old_kernel "$words"
		# shellcheck disable=SC2086
		tail_run -i tail0 $arguments
		expect_refused "$words: $arguments" "$exit" "$want"
	done <<-TABLE
		verifier=EACCES||4|$kernel the program "count_tcp_packets": its verifier says $math; no other options that were tried would work$report
		verifier=EINVAL|-a|4|the program "count_packets": its verifier says $jumps; no other
		verifier=E2BIG|--decap|4|the program "count_tcp_packets_decap": its verifier says $large; no other
		verifier=EPERM||4|its verifier says "R2 pointer comparison prohibited"; no other
		verifier=EACCES,refuses=ring||4|$math; what would work here, as was tried: --transport perf$report
		verifier=E2BIG,refuses=count_tcp||4|$large; what would work here, as was tried: -a$report
		verifier=E2BIG,refuses=ring+count_tcp||4|$large; what would work here, as was tried: --transport perf and -a$report
		verifier=EINVAL,refuses=count_packets_d|-a --decap|4|"count_packets_decap": its verifier says $jumps; what would work here, as was tried: without --decap, or --function-name count_tcp_packets$report
		verifier=EINVAL,silent||4|$kernel the program "count_tcp_packets" or its maps: Invalid argument; no other
		verifier=EACCES,silent||3|a user namespace, seccomp, lockdown or a security module
		verifier=E2BIG,silent,refuses=ring||4|$kernel the program "count_tcp_packets" or its maps: it is too large for it; what would work here, as was tried: --transport perf$report
		verifier=ENOMEM||1|no memory for the program "count_tcp_packets" beside * KiB of maps: choose fewer --max-sources, or a smaller --ring-size
		maps=ENOMEM|--max-map-memory 1024M|1|no memory for the map "packet_count" of * KiB, of * KiB for all: choose fewer --max-sources than 65536, or --max-map-memory 14336K, with which all
		maps=ENOMEM|--max-map-memory 15M|1|no memory for the map "packet_count" of 14336 KiB, of * KiB for all: choose fewer --max-sources than 65536
		maps=ENOMEM|--max-sources 1000|1|no memory for the map "packet_events" of 16384 KiB, of * KiB for all: choose a smaller --ring-size
		maps=E2BIG||4|$kernel the map "packet_count" of * KiB: it is too large for it; choose fewer --max-sources
		maps=EINVAL||4|$kernel the map "packet_count" of * KiB: Invalid argument$report
		verifier=ENOSYS||4|$kernel the program "count_tcp_packets" or its maps: Function not implemented; no other
		verifier=EFAULT||4|$kernel the program "count_tcp_packets" or its maps: Bad address; no other
		verifier=EBADF||4|$kernel the program "count_tcp_packets" or its maps: Bad file descriptor; no other
		verifier=ENOTSUPP||4|$kernel the program "count_tcp_packets" or its maps: the kernel has no support for it, perhaps in its JIT compiler (ENOTSUPP); no other
		verifier=EMFILE||1|$kernel the program "count_tcp_packets" or its maps: Too many open files
		maps=ENOTSUPP||4|$kernel the map "packet_count" of * KiB: the kernel has no support for it
		bpf=ENOSYS||4|this kernel has no BPF (CONFIG_BPF_SYSCALL)
		bpf=EFAULT||4|the kernel refuses even an empty XDP program: Bad address
		bpf=EBADF||4|the kernel refuses even an empty XDP program: Bad file descriptor
		bpf=ENOTSUPP||4|the kernel refuses even an empty XDP program: the kernel has no support for it
		bpf=EMFILE||1|the kernel refuses even an empty XDP program: Too many open files
	TABLE
}

@test "what a driver refuses is no shortage, which another start would be for" {
	local words want

	pair
	while IFS='|' read -r words want; do
		old_kernel "$words"
		tail_run -i tail0 -m native
		expect "$words: exit" "$status" 4
		[[ $stderr == *"error: \"tail0\" refuses XDP in native mode: $want"* ]] ||
			fail "$words: got \"$stderr\", want \"$want\""
		expect "$words: exit in the stream" \
			"$(jq -r 'select(.event_type == "stop").exit' <<<"$output")" 4
		expect "$words: attached" "$(attached)" ""
	done <<-'TABLE'
		hook=ENOSPC|its driver has too few transmit queues left for XDP
		hook=EIO|its driver failed to set up its queues
		hook=ENOTSUPP|its driver has no XDP, or an offload
	TABLE
	old_kernel hook=ENOMEM
	tail_run -i tail0 -m native
	expect "no memory: exit" "$status" 1
}

@test "a program that is refused for a capture is no wrong use of options either" {
	local words exit want

	pair
	cd "$BATS_TEST_TMPDIR"
	printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0' >empty
	while IFS='|' read -r words exit want; do
		old_kernel "$words"
		tail_run -r empty --prog-run
		expect_refused "--prog-run, $words" "$exit" "$want"
	done <<-'TABLE'
		verifier=EACCES|4|its verifier says "math
		verifier=ENOSYS|4|Function not implemented
		verifier=EFAULT|4|Bad address
		verifier=EBADF|4|Bad file descriptor
		verifier=ENOTSUPP|4|(ENOTSUPP)
		verifier=ENOMEM|1|no memory for the program
		verifier=EMFILE|1|Too many open files
		verifier=EACCES,silent|3|a user namespace, seccomp, lockdown or a security module
		maps=E2BIG|4|it is too large for it
		maps=EBADF|4|Bad file descriptor
		bpf=ENOSYS|4|this kernel has no BPF
		bpf=EFAULT|4|Bad address
		bpf=EBADF|4|Bad file descriptor
		bpf=ENOTSUPP|4|(ENOTSUPP)
		bpf=EMFILE|1|Too many open files
	TABLE
	old_kernel bpf=ENOSYS
	tail_run -r nothing --prog-run
	expect_refused "the file is what is wrong" 2 'cannot open "nothing"'
	: >broken
	tail_run -r broken --prog-run
	expect_refused "the file is what is wrong" 2 '"broken" is no capture'
}

@test "what the verifier and libbpf say in full is shown with -v" {
	pair
	old_kernel verifier=EACCES
	tail_run -i tail0 -v
	expect "exit" "$status" 4
	[[ $stderr == *'debug: libbpf: prog '*'debug: verifier: 0: (bf) r6 = r1'*'debug: verifier: math '*\
'debug: verifier: processed 4711 insns'*'error: Linux '*'its verifier says "math'* ]] || fail "$stderr"
	expect "walks" "$(grep -c 'verifier: 0: (bf)' <<<"$stderr")" 1
}

# The life of one interface, under the names and in the order of expect_life.
live_through() {
	tail_start -a -N 1 --wait-interface --interval 1
	traffic peer0 100 >/dev/null
	ip -n "$NS_A" link set tail0 down
	ip -n "$NS_A" link set tail0 name other0
	wait_line "$OUT" '"interface":"other0".*"state":"renamed"' "$PID"
	ip -n "$NS_A" link set other0 up
	traffic peer0 200 >/dev/null
	ip -n "$NS_A" link del other0
	wait_line "$OUT" '"state":"gone"' "$PID"
	ip -n "$NS_A" link add tail0 type veth peer name peer0 netns "$NS_B"
	ip -n "$NS_B" link set peer0 up
	ip -n "$NS_A" link set tail0 up
	wait_line "$OUT" '"state":"back"' "$PID"
	traffic peer0 400 >/dev/null
	ip -n "$NS_A" link set tail0 netns "$NS_B"
	wait_line "$OUT" '"state":"moved"' "$PID"
	ip -n "$NS_B" link set tail0 up
	traffic peer0 800 >/dev/null
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
}

expect_life() {
	expect "states" "$(jq -r 'select(.event_type == "interface" and .state != "down" and
		.state != "up") | "\(.interface):\(.state)"' "$OUT" | xargs)" \
		"tail0:attached other0:renamed other0:gone tail0:back tail0:moved tail0:detached"
	expect "counted" "$(of_total "$OUT" snapshot counted)" 1500
	expect "unknown names" "$(count_records "$OUT" '.interface == "?"')" 0
	expect "reasons" "$(jq -r 'select(.state == "moved").reason' "$OUT" |
		grep -c "${1:-under the name that it had$}")" 1
}

@test "without links an interface is followed just as well, but what has moved keeps the program" {
	pair
	old_kernel link
	live_through
	expect_life 'the program stays on it, until: ip -n NAMESPACE'
	ip -n "$NS_B" -d link show dev tail0 | grep -q 'prog/xdp' || fail "nothing is left on it"
}

@test "without links a move is no deletion, though its message comes after the index has gone" {
	pair
	old_kernel link,late
	tail_start -a -N 1 --wait-interface
	ip -n "$NS_A" link set tail0 netns "$NS_B"
	wait_line "$OUT" '"event_type":"interface".*"state":"[mg]o' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "states" "$(jq -r 'select(.event_type == "interface" and
		.state != "down").state' "$OUT" | xargs)" 'attached moved detached'
}

@test "without netlink sockets an interface is followed by looking" {
	pair
	old_kernel netlink
	live_through
	expect_life
	expect "what only messages tell" "$(count_records "$OUT" '.state == "down"')" 0
	expect "still attached" "$(ip -n "$NS_B" -d link show dev tail0 | grep -c 'prog/xdp')" 0
}
