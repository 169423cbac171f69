# SPDX-License-Identifier: BSD-2-Clause
# What doctor says, and whether it is what a run then does.

load common

teardown() {
	common_teardown
	[ -z "${PLACE:-}" ] || rm -r "$PLACE"
}

doctor() { # ARGUMENT OF doctor...
	run --separate-stderr timeout 20 ip netns exec "$NS_A" "$XDPTAIL" doctor "$@"
}

# The line of one check of the last doctor.
line() { # CHECK
	# shellcheck disable=SC2154
	grep -E "^(ok|warning|problem) +$1: " <<<"$output" || fail "nothing about \"$1\" in:" "$output"
}

expect_finding() { # NAME CHECK RESULT PATTERN
	[[ $(line "$2") == "$3 "*": "$4 ]] || fail "$1: got \"$(line "$2")\", want $3: $4"
}

# The mode that doctor names, and the one that a run of the defaults is in.
expect_same_mode() { # NAME
	local mode

	doctor -i tail0
	expect "$1: exit of doctor" "$status" 0
	mode=$(line mode | sed -n 's/.*auto would choose \([a-z]*\) mode.*/\1/p')
	tail_start
	tail_stop
	expect "$1: mode" "$mode" "$(select_records "$OUT" '.state == "attached"' | jq -r .mode)"
}

offload() { # NAME on|off
	ip netns exec "$NS_A" ethtool -K tail0 "$1" "$2" >/dev/null
}

@test "all is well: every line is ok, and the exit code 0" {
	needs ethtool
	pair
	offload rxvlan off
	doctor -i tail0
	expect "exit" "$status" 0
	# shellcheck disable=SC2154
	expect "messages" "$stderr" ""
	expect "lines that are not ok" "$(grep -v '^ok       [a-z ]*: .' <<<"$output" || true)" ""
	expect_finding "clean" driver ok veth
	expect_finding "clean" attached ok "no other XDP program"
	expect_finding "clean" transport ok "*the ring buffer"
	expect_finding "clean" mode ok "auto would choose native mode"
	expect_same_mode "clean"
}

@test "without an interface it speaks of the kernel alone" {
	pair
	doctor
	expect "exit" "$status" 0
	expect_finding "kernel" kernel ok "Linux $(uname -r)"
	expect "lines about an interface" "$(grep -E ' (interface|driver|mode|mtu):' <<<"$output" || true)" ""
}

@test "the interface is as before: nothing attached, no change of carrier, no packet" {
	local file before after
	local -a state=(carrier_changes operstate mtu flags statistics/rx_packets
		statistics/tx_packets)

	state_of() {
		for file in "${state[@]}"; do
			ip netns exec "$NS_A" cat "/sys/class/net/tail0/$file"
		done
		ip netns exec "$NS_A" cat /sys/class/net/lo/flags
		attached
		ip -n "$NS_A" -d link show dev lo | grep prog || true
	}
	pair
	before=$(state_of)
	doctor -i tail0
	expect "exit" "$status" 0
	doctor -i lo
	expect "exit" "$status" 0
	after=$(state_of)
	expect "state" "$after" "$before"
}

@test "while a run counts, doctor disturbs nothing, and names its program" {
	local id

	pair
	tail_start -a -N 1
	traffic peer0 500
	id=$(attached | sed -n 's/^prog\/xdp id \([0-9]*\).*/\1/p')
	doctor -i tail0
	expect "exit" "$status" 4
	expect_finding "ours" attached problem "*id $id, \"count_packets\"*ip link set dev tail0 xdp off"
	traffic peer0 500
	tail_stop
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
}

@test "another program is named with the command that removes it" {
	local how advice

	pair
	other_program
	for how in xdpdrv xdpgeneric; do
		ip -n "$NS_A" link set dev tail0 "$how" object "$OBJECT" section xdp
		doctor -i tail0
		expect "$how: exit" "$status" 4
		expect_finding "$how" attached problem '*"other_program"*'
		advice=$(line attached | grep -o 'ip link set dev tail0 xdp[a-z]* off')
		[ -n "$(attached)" ] || fail "$how: doctor has removed it"
		# shellcheck disable=SC2086 # a command
		ip netns exec "$NS_A" $advice
		expect "$how: attached" "$(attached)" ""
	done
}

@test "a program on top of the interface is named by its interface" {
	pair
	other_program
	ip -n "$NS_A" link add link tail0 name upper0 type macvlan 2>/dev/null ||
		skip "this kernel has no macvlan"
	ip -n "$NS_A" link set upper0 up
	doctor -i tail0
	expect "without a program: exit" "$status" 0
	ip -n "$NS_A" link set dev upper0 xdpgeneric object "$OBJECT" section xdp
	doctor -i tail0
	expect "macvlan: exit" "$status" 4
	expect_finding "macvlan" attached problem '"upper0"*on top of it*'
	ip -n "$NS_A" link del upper0
	ip -n "$NS_A" link add upper1 type bridge 2>/dev/null ||
		skip "this kernel has no bridge"
	ip -n "$NS_A" link set tail0 master upper1
	ip -n "$NS_A" link set dev upper1 xdpgeneric object "$OBJECT" section xdp
	doctor -i tail0
	expect "bridge: exit" "$status" 4
	expect_finding "bridge" attached problem '"upper1"*on top of it*'
	tail_run -i tail0
	expect "bridge: exit of a run" "$status" 4
}

@test "an interface that is not there: the nearest are named, and the exit code is 4" {
	pair
	doctor -i tail1
	expect "exit" "$status" 4
	expect_finding "missing" interface problem 'there is no interface "tail1"*"tail0"*'
	tail_run -i tail1
	expect "exit of a run" "$status" 4
}

@test "a large MTU: the mode that auto chooses, with and without programs for several buffers" {
	pair
	ip -n "$NS_A" link set tail0 mtu 9000
	ip -n "$NS_B" link set peer0 mtu 9000
	expect_same_mode "frags"
	expect_finding "frags" mtu ok 9000
	expect_finding "frags" mode ok "*native mode"
	old_kernel frags
	expect_same_mode "no frags"
	expect_finding "no frags" mtu warning "9000: *does not take*ip link set dev tail0 mtu *"
	expect_finding "no frags" mode warning "*generic mode: *MTU*"
}

@test "an interface without native XDP: generic mode, and why; down: said" {
	pair
	doctor -i lo
	expect "exit" "$status" 0
	expect_finding "lo" interface warning "lo is down*ip link set dev lo up"
	expect_finding "lo" mode warning '*generic mode: "lo" refuses XDP in native mode*'
	expect_finding "lo" gro warning "*ethtool -K lo gro off"
}

@test "VLAN tags that are taken off before XDP are warned of" {
	needs ethtool
	pair
	offload rxvlan on
	doctor -i tail0
	expect "exit" "$status" 0
	expect_finding "rxvlan" rxvlan warning "on*ethtool -K tail0 rxvlan off"
}

@test "frames that cannot be read are a problem, in a run's words; those that begin at IP are none" {
	local words

	[ -c /dev/net/tun ] || skip "this kernel has no tun devices"
	ip netns add "$NS_A"
	ip -n "$NS_A" tuntap add dev tun0 mode tun || skip "no tun device may be made here"
	doctor -i tun0
	expect "tun: exit" "$status" 0
	ip netns exec "$NS_A" "$HELPERS/tun" -t 280 tun0
	doctor -i tun0
	expect "type 280: exit" "$status" 4
	words=$(line mode | sed 's/.* mode: //')
	tail_run -i tun0
	expect "type 280: exit of a run" "$status" 4
	[[ $words == 'frames of "tun0" begin with neither'* && $stderr == *"$words"* ]] ||
		fail "run: $stderr" "doctor: $words"
}

@test "older kernels: what is missing, and what is used instead" {
	pair
	old_kernel batch,ringbuf,frags,link,cpus=128
	doctor -i tail0
	expect "exit" "$status" 0
	expect_finding "old" "ring buffer" warning "none*perf buffers*"
	expect_finding "old" frags warning "no programs*"
	expect_finding "old" batch warning "*one by one*--max-sources"
	expect_finding "old" links warning "*stays attached*"
	expect_finding "old" memory ok "*128 possible CPUs (* share*"
	expect_finding "old" transport ok "*perf buffers*"
	tail_start
	tail_stop
	expect "transport of a run" "$(jq -nr 'input.transport' "$OUT")" perf
	expect "map of a run" "$(jq -nr 'input.map_type' "$OUT")" hash
}

@test "a program that the kernel refuses: a problem in a run's words, exit 4, and no lead to limits" {
	pair
	old_kernel verifier=EACCES,refuses=ring
	doctor -i tail0
	expect "exit" "$status" 4
	expect_finding "refused" program problem 'Linux * does not take the program "count_tcp_packets": its verifier says "math between *--transport perf; *'
	expect_finding "refused" capabilities ok '*'
	expect_finding "refused" memlock ok '*'
	expect "messages" "$stderr" ""
	tail_run -i tail0
	[[ $stderr == *"$(line program | sed 's/.* program: //')"* ]] || fail "run: $stderr"
	old_kernel verifier=EINVAL,silent
	doctor
	expect "silent: exit" "$status" 4
	old_kernel maps=ENOMEM
	doctor
	expect "no memory: exit" "$status" 1
	expect_finding "no memory" program problem 'no memory for the map *'
}

@test "possible CPUs that are not there: that they share counts, and how each would have its own" {
	pair
	old_kernel cpus=64
	doctor
	expect "exit" "$status" 0
	expect_finding "64" memory ok "* 64 possible CPUs ([0-9]* on line) share one *--max-map-memory, for each*"
}

@test "without each capability: named, what cannot be tried is not called missing, exit 3" {
	local capabilities want set got

	needs setpriv
	PLACE=$(mktemp -d /tmp/xt-doctor-XXXXXX)
	chmod 0755 "$PLACE"
	install -m 0755 "$XDPTAIL" "$PLACE/xdptail"
	pair
	while IFS='|' read -r capabilities want; do
		set=-all${capabilities:+,}$capabilities
		run --separate-stderr timeout 20 ip netns exec "$NS_A" setpriv --reuid 65534 \
			--regid 65534 --clear-groups "--inh-caps=$set" "--ambient-caps=$set" \
			"--bounding-set=$set" "$PLACE/xdptail" doctor -i tail0
		got=$(line capabilities | grep -o '^problem\|CAP_[A-Z_]*' | xargs)
		expect "$capabilities: exit" "$status" 3
		expect "$capabilities: missing" "$got" "problem $want"
		expect "$capabilities: denied" \
			"$(grep -E ' (ring buffer|frags|batch|links): (none|no |counts are read one)' \
				<<<"$output" || true)" ""
		expect_finding "$capabilities" attached ok "no other XDP program"
	done <<-'TABLE'
		|CAP_BPF CAP_NET_ADMIN CAP_PERFMON
		+bpf|CAP_NET_ADMIN CAP_PERFMON
		+net_admin|CAP_BPF CAP_PERFMON
		+bpf,+perfmon|CAP_NET_ADMIN
		+net_admin,+perfmon|CAP_BPF
		+bpf,+net_admin|CAP_PERFMON
	TABLE
}

@test "--json: an object for each finding, with the same words" {
	local texts

	pair
	doctor -i tail0
	# shellcheck disable=SC2001 # of each line
	texts=$(sed 's/^[a-z]* *//' <<<"$output")
	doctor -i tail0 --json
	expect "exit" "$status" 0
	jq -es 'all(.[]; (.check | test("^[a-z_]+$")) and (.text | length > 0) and
		(.result | IN("ok", "warning", "problem")) and (keys - ["advice", "check", "result",
		"text"] == []) and (.advice != ""))' <<<"$output" >/dev/null || fail "$output"
	expect "words" "$(jq -r '(.check | gsub("_"; " ")) + ": " + .text +
		(if .advice then ": " + .advice else "" end)' <<<"$output")" "$texts"
	doctor -i tail1 --json
	expect "missing: exit" "$status" 4
	expect "missing: problems" "$(jq -r 'select(.result == "problem").check' <<<"$output")" interface
}

@test "usage errors name what is wrong, and exit with 2" {
	local arguments want

	pair
	while IFS='|' read -r arguments want; do
		# shellcheck disable=SC2086
		doctor $arguments
		expect "$arguments: exit" "$status" 2
		[[ $stderr == "xdptail: error: doctor: "*"$want"* ]] ||
			fail "$arguments: got \"$stderr\", want \"$want\""
		expect "$arguments: lines of messages" "$(wc -l <<<"$stderr")" 1
		expect "$arguments: stdout" "$output" ""
	done <<-'TABLE'
		-i|needs a value
		--interface|needs a value
		-i a/b|"a/b" cannot be the name of an interface
		-i an-interface-of-a-long-name|cannot be the name of an interface
		-i tail0 -i lo|"lo" comes after "tail0"
		tail0|"tail0": not an option; an interface is named by -i
		-i tail0 -- lo|"lo": not an option
		--jason|unknown option "--jason"
		--json=yes|unknown option "--json=yes"
		-a|unknown option "-a"
		-i tail0 -N 10|unknown option "-N"
	TABLE
}

@test "--help prints to stdout; an output that takes nothing is an error" {
	doctor_alone() {
		run --separate-stderr timeout 20 "$XDPTAIL" doctor "$@"
	}

	doctor_alone --help
	expect "exit" "$status" 0
	[[ $output == 'Usage: xdptail doctor [-i IF] [--json]'*'Exit status'* ]] || fail "$output"
	expect "lines of more than 80" "$(grep '.\{81\}' <<<"$output" || true)" ""
	doctor_alone -h --frobnicate
	expect "-h first: exit" "$status" 0
	run --separate-stderr bash -c "\"$XDPTAIL\" doctor >/dev/full"
	expect "full: exit" "$status" 1
	[[ $stderr == *'cannot write to stdout'* ]] || fail "$stderr"
}
