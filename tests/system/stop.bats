# SPDX-License-Identifier: BSD-2-Clause
# How a run ends, and what it leaves behind: nothing.

load common

expect_stopped() { # NAME REASON
	expect "$1: exit" "$CODE" 0
	expect "$1: reason" "$(jq -r 'select(.event_type == "stop").reason' "$OUT")" "$2"
	expect "$1: exit in the stream" "$(jq 'select(.event_type == "stop").exit' "$OUT")" 0
	expect "$1: still attached" "$(attached)" ""
}

@test "signals end a run, with its last records and a summary" {
	local signal

	pair
	for signal in INT TERM; do
		tail_start -a
		[ -n "$(attached)" ] || fail "$signal: not attached while running"
		traffic peer0 10000 100000
		tail_stop "$signal"
		check_stream "$OUT"
		expect_stopped "$signal" "SIG$signal"
		expect "$signal: summary" "$(tail -n 1 "$ERR")" \
			"xdptail: 10000 packets seen, $(counted packets) sampled, 0 lost"
		expect "$signal: lines of messages" "$(wc -l <"$ERR")" 2
	done
}

@test "-c ends with exactly so many packet records" {
	local transport

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 -c 1000 --transport "$transport"
		traffic peer0 5000 50000
		wait_end "$PID"
		check_stream "$OUT"
		expect_stopped "$transport" count
		expect "$transport: packets" "$(counted packets)" 1000
		expect "$transport: delivered" "$(of_total "$OUT" stats delivered)" 1000
	done
}

@test "-c accounts for the samples that were waiting" {
	local transport

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 -c 1000 --transport "$transport"
		kill -STOP "$PID"
		wait_stopped "$PID"
		traffic peer0 3000 50000
		kill -CONT "$PID"
		wait_end "$PID"
		check_stream "$OUT"
		expect_stopped "$transport" count
		expect "$transport: packets" "$(counted packets)" 1000
		expect "$transport: discarded" "$(counted discarded)" 2000
	done
}

@test "a thousand packets through a pipe into jq" {
	local pipeline

	pair
	: >"$ERR"
	(
		set -o pipefail
		ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a -N 1 -c 1000 2>"$ERR" |
			jq -c -e . >"$OUT"
	) 3>&- &
	pipeline=$!
	wait_line "$ERR" 'listening on' "$pipeline"
	traffic peer0 2000 50000
	wait_end "$pipeline"
	expect "exit of both" "$CODE" 0
	check_stream "$OUT"
	expect packets "$(counted packets)" 1000
}

@test "--duration ends a run" {
	pair
	tail_start -a --duration 1
	wait_end "$PID"
	check_stream "$OUT"
	expect_stopped duration duration
}

@test "--interval brings stats and sink records while the run goes on" {
	pair
	tail_start -a -N 1 --interval 1
	traffic peer0 100
	wait_line "$OUT" '"event_type":"sink".*"record_seq":1,' "$PID"
	traffic peer0 200
	wait_line "$OUT" '"event_type":"sink".*"record_seq":2,' "$PID"
	tail_stop
	check_stream "$OUT"
	expect_stopped interval SIGINT
	expect "stats: the sums" "$(of_total "$OUT" stats sampled)" 300
}

@test "--interval 0 brings them at the end only" {
	pair
	tail_start -a --interval 0 --duration 1
	wait_end "$PID"
	check_stream "$OUT"
	expect "stats: of an interval" \
		"$(count_records "$OUT" '.event_type == "stats" and (.total | not)')" 1
}

@test "-l: a line is there while the run goes on" {
	pair
	tail_start -a -N 1 -l
	traffic peer0 1
	wait_line "$OUT" '"event_type":"packet"' "$PID"
	tail_stop
	check_stream "$OUT"
}

@test "a killed run leaves nothing attached, and at most one torn line" {
	local mode

	pair
	for mode in native generic; do
		tail_start -a -N 1 -m "$mode"
		traffic peer0 1000 50000
		kill -KILL "$PID"
		wait_end "$PID"
		expect "$mode: exit" "$CODE" 137
		expect "$mode: still attached" "$(attached)" ""
		check_stream "$OUT" --unfinished
	done
	tail_start -a
	tail_stop
	expect_stopped "the next run" SIGINT
}
