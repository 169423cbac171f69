# SPDX-License-Identifier: BSD-2-Clause
# What a user needs who is not root.

load common

setup() {
	common_setup
	needs setpriv
	# the build may lie where only its owner can go
	PLACE=$(mktemp -d /tmp/xt-privileges-XXXXXX)
	chmod 0755 "$PLACE"
	install -m 0755 "$XDPTAIL" "$PLACE/xdptail"
}

teardown() {
	common_teardown
	[ -z "${PLACE:-}" ] || rm -r "$PLACE"
}

# The words of a command that runs as nobody, with these capabilities and no others.
as_nobody() { # CAPABILITIES
	local set="-all${1:+,}$1"

	AS_NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups "--inh-caps=$set"
		"--ambient-caps=$set" "--bounding-set=$set" "$PLACE/xdptail")
}

@test "what is missing is named, and the exit code is 3" {
	local capabilities want transport named

	pair
	while IFS='|' read -r capabilities want; do
		as_nobody "$capabilities"
		for transport in ringbuf perf; do
			run --separate-stderr timeout 20 ip netns exec "$NS_A" "${AS_NOBODY[@]}" \
				-i tail0 -a --transport "$transport"
			expect "$capabilities: exit" "$status" 3
			# shellcheck disable=SC2154
			named=$(sed -n 's/^xdptail: error: .*: \(.*\) \(is\|are\) missing.*/\1/p' \
				<<<"$stderr" | grep -o 'CAP_[A-Z_]*' | xargs)
			expect "$capabilities, $transport: missing" "$named" "$want"
			expect "$capabilities: lines of messages" "$(wc -l <<<"$stderr")" 1
		done
		expect "$capabilities: still attached" "$(attached)" ""
	done <<-'TABLE'
		|CAP_BPF CAP_NET_ADMIN CAP_PERFMON
		+bpf|CAP_NET_ADMIN CAP_PERFMON
		+net_admin|CAP_BPF CAP_PERFMON
		+bpf,+perfmon|CAP_NET_ADMIN
		+net_admin,+perfmon|CAP_BPF
		+bpf,+net_admin|CAP_PERFMON
	TABLE
}

three_are_enough() { # ARGUMENT OF xdptail...
	pair
	as_nobody +bpf,+net_admin,+perfmon
	: >"$ERR"
	ip netns exec "$NS_A" "${AS_NOBODY[@]}" -i tail0 -a -N 1 "$@" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" 'listening on tail0' "$PID"
	expect "user" "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$PID/status")" 65534
	traffic peer0 1000 50000
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
	expect "capabilities" "$(jq -nc 'input.capabilities | sort' "$OUT")" \
		'["CAP_BPF","CAP_NET_ADMIN","CAP_PERFMON"]'
}

@test "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough: ring buffer" {
	three_are_enough --transport ringbuf
}

@test "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough: a small perf buffer" {
	three_are_enough --transport perf --ring-size 512K
}

@test "a perf buffer beyond what a user may lock is refused by the name of the limit" {
	pair
	as_nobody +bpf,+net_admin,+perfmon
	run --separate-stderr prlimit --memlock=65536 timeout 20 ip netns exec "$NS_A" \
		"${AS_NOBODY[@]}" -i tail0 --transport perf --ring-size 64M
	expect "exit" "$status" 3
	[[ $stderr == *RLIMIT_MEMLOCK*--ring-size* ]] || fail "stderr: $stderr"
	[[ $stderr != *CAP_PERFMON* ]] || fail "what is there is called missing: $stderr"
}
