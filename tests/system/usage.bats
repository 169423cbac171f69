# SPDX-License-Identifier: BSD-2-Clause
# What is refused before anything is attached, and what is only printed.

load common

@test "usage errors name what is wrong, and exit with 2" {
	local arguments want

	pair
	while IFS='|' read -r arguments want; do
		# shellcheck disable=SC2086
		tail_run $arguments
		expect "$arguments: exit" "$status" 2
		# shellcheck disable=SC2154
		[[ $stderr == "xdptail: error: "*"$want"* ]] ||
			fail "$arguments: got \"$stderr\", want \"$want\""
		expect "$arguments: lines of messages" "$(wc -l <<<"$stderr")" 1
		expect "$arguments: stdout" "$output" ""
	done <<-'TABLE'
		|no interface is named: use -i IF
		-a|no interface is named: use -i IF
		-i|--interface: needs a value
		-i a/b|"a/b" cannot be the name of an interface
		-i an-interface-of-a-long-name|cannot be the name of an interface
		-i tail0 -i lo -i tail0|--interface: "tail0" is given twice
		-i tail0 -N -1|--sample: "-1" is not a number from 0 to 1073741824
		-i tail0 -N 1.5|--sample: "1.5" is not a number from 0 to 1073741824
		-i tail0 -N 1073741825|--sample: "1073741825" is not a number from 0 to 1073741824
		-i tail0 -N 99999999999999999999|is not a number from 0 to 1073741824
		-i tail0 --ring-size 1K|--ring-size: "1K" is not a size from 64K to 1024M
		-i tail0 --ring-size 2048M|--ring-size: "2048M" is not a size from 64K to 1024M
		-i tail0 --ring-size 16X|--ring-size: "16X" is not a size
		-i tail0 --interval ten|--interval: "ten" is not a number
		-i tail0 -c 0|--count: "0" is not a number from 1
		-i tail0 --duration 0|--duration: "0" is not a number from 1
		-i tail0 --batch 1001|--batch: "1001" is not a number from 0 to 1000
		-i tail0 -m fast|--mode: "fast" is not one of auto, native, generic
		-i tail0 --transport udp|--transport: "udp" is not one of auto, ringbuf, perf
		-i tail0 --sample-mode odd|--sample-mode: "odd" is not one of every, random
		-i tail0 --timestamps s|--timestamps: "s" is not one of us, ns
		-i tail0 -o elsewhere|"elsewhere" is not an output
		-i tail0 -o file:|"file" says not where: write file:PATH
		-i tail0 -o syslog:loghost|"loghost" is not a target for syslog: write /PATH
		-i tail0 -o unix|says not where
		-i tail0 --function-name nothing|there is no program "nothing"; there are "count
		-i tail0 -a --function-name count_tcp_packets|--function-name
		-i tail0 --frobnicate|--frobnicate: no such option
		-i tail0 --trasnport perf|did you mean --transport?
		-i tail0 -Z|-Z: no such option
		-i tail0 tcp port 80|"tcp": not an option; filters
		tail0|did you mean -i tail0?
	TABLE
	expect "attached" "$(attached)" ""
}

@test "an unknown function name: all that there are, are named" {
	pair
	tail_run -i tail0 --function-name count_packet
	expect "exit" "$status" 2
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
