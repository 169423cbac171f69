# SPDX-License-Identifier: BSD-2-Clause
# What is only printed, and what messages offer; what else is refused is in refusals.bats.

load common

@test "an unknown function name: all that there are, are named" {
	pair
	tail_run -i tail0 --function-name count_packet
	expect "exit" "$status" 2
	# shellcheck disable=SC2154
	[[ $stderr == *'"count_packets"'* ]] || fail "$stderr"
	[[ $stderr == *'"count_tcp_packets"'* ]] || fail "$stderr"
}

@test "an unknown interface: the nearest names are offered" {
	pair
	tail_run -i tail1
	expect "exit" "$status" 4
	[[ $stderr == *'there is no interface "tail1"'*'nearest: "tail0"'* ]] || fail "$stderr"
}

@test "-h and -V print to stdout, and need no interface" {
	tail_help() {
		run --separate-stderr timeout 20 "$XDPTAIL" "$@"
		expect "$*: exit" "$status" 0
		expect "$*: messages" "$stderr" ""
	}

	tail_help -h
	[[ $output == 'Usage: xdptail -i IF'*'--ring-size'*'Exit status'* ]] || fail "$output"
	tail_help --help
	[[ $output == 'Usage: '* ]] || fail "$output"
	tail_help -V
	[[ $output =~ ^xdptail\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$output"
	tail_help -V -i nothing --frobnicate
	[[ $output == 'xdptail '* ]] || fail "$output"
	tail_help check-config --help
	[[ $output == 'Usage: xdptail check-config FILE'* ]] || fail "$output"
	tail_help check-config -h
}

@test "-D lists the interfaces of this namespace" {
	pair
	tail_run -D
	expect "exit" "$status" 0
	expect "messages" "$stderr" ""
	expect "interfaces" "$(sort <<<"$output" | sed 's/^[0-9]*\.//; s/ .*//' | sort | xargs)" \
		"lo tail0"
}

@test "-q says nothing when all is well, -v more than is said without" {
	local quiet

	pair
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a -q >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$OUT" '"state":"attached"' "$PID"
	tail_stop
	expect "-q: exit" "$CODE" 0
	expect "-q: messages" "$(cat "$ERR")" ""
	check_stream "$OUT"

	tail_start -a
	tail_stop
	quiet=$(wc -l <"$ERR")
	tail_start -a -v
	tail_stop
	check_stream "$OUT"
	[ "$(wc -l <"$ERR")" -gt "$quiet" ] || fail "-v says no more than is said without"
}
