# SPDX-License-Identifier: BSD-2-Clause
# Tests of readers of stdout that go away, that stop reading, and that are absent.

load common

# Start xdptail with stdout to a FIFO, which the caller then opens for reading.
fifo_start() { # ARGUMENT OF xdptail...
	FIFO=$BATS_TEST_TMPDIR/fifo
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -i tail0 "$@" >"$FIFO" 2>"$ERR" 3>&- 8<&- 9<&- &
	PID=$!
	wait_line "$ERR" 'listening on tail0' "$PID"
}

@test "head -1: ends soon, with its own exit code" {
	pair
	# shellcheck disable=SC2016
	run --separate-stderr bash -c '
		timeout 2 ip netns exec "$1" "$2" -i tail0 -a | head -n 1
		echo "${PIPESTATUS[0]}"' - "$NS_A" "$XDPTAIL"
	expect "exit of xdptail" "${lines[1]}" 5
	expect "the line it read" "$(jq -r .event_type <<<"${lines[0]}")" start
	# shellcheck disable=SC2154
	expect "messages" "$(grep -v 'listening on tail0' <<<"$stderr")" ""
	expect "still attached" "$(attached)" ""
}

@test "a reader that goes away under traffic" {
	local transport

	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for transport in ringbuf perf; do
		exec 8<>"$BATS_TEST_TMPDIR/fifo"
		fifo_start -a -N 1 --transport "$transport"
		exec 9<"$BATS_TEST_TMPDIR/fifo" 8<&-
		traffic peer0 3000 50000 9<&-
		exec 9<&-
		wait_end "$PID" 5
		expect "$transport: exit" "$CODE" 5
		expect "$transport: messages" "$(grep -v 'listening on tail0' "$ERR")" ""
		expect "$transport: still attached" "$(attached)" ""
	done
}

@test "a reader that stops: counting goes on, what is dropped is counted" {
	local reader

	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	cat <"$BATS_TEST_TMPDIR/fifo" >"$OUT" 3>&- &
	reader=$!
	fifo_start -a -N 1 -o stdout -o "file:$BATS_TEST_TMPDIR/file"
	kill -STOP "$reader"
	wait_stopped "$reader"
	traffic peer0 60000 60000
	wait_line "$BATS_TEST_TMPDIR/file" '"packet".*"record_seq":60000,' "$PID"
	kill -CONT "$reader"
	tail_stop
	expect "exit" "$CODE" 0
	wait_end "$reader"

	check_stream "$OUT"
	expect "seen" "$(seen)" 60000
	expect "lost" "$(counted lost)" 0
	expect_within "records that are missing" "$(counted missing)" 1 59999
	expect "dropped" "$(select_records "$OUT" '.sink == "stdout" and .total' |
		jq .dropped_queue_full)" "$(counted missing)"
	expect "packets" "$(counted packets)" $((60000 - $(counted missing)))
	check_stream "$BATS_TEST_TMPDIR/file" --sink "file:$BATS_TEST_TMPDIR/file"
	expect "packets in the file" "$(counted packets)" 60000
}

@test "a reader that never reads: SIGTERM still ends the run, and what is unwritten is counted" {
	local unwritten complete

	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	fifo_start -a -N 1
	traffic peer0 3000 50000 8<&-
	kill -TERM "$PID"
	wait_end "$PID" 6
	expect "exit" "$CODE" 1
	expect "still attached" "$(attached)" ""
	unwritten=$(sed -n 's/^xdptail: error: \([0-9]*\) lines could not be written.*/\1/p' "$ERR")
	[ -n "$unwritten" ] || fail "no count of what is unwritten"

	exec 9<"$BATS_TEST_TMPDIR/fifo" 8<&-
	cat <&9 >"$OUT"
	exec 9<&-
	check_stream "$OUT" --unfinished
	complete=$(wc -l <"$OUT")
	# 9 records: start, attached, detached, a count, snapshot, stats and sink twice, stop
	expect "lines in the pipe and unwritten" $((complete + unwritten)) $((3000 + 11))
}

@test "a full disk: what is not written is counted, and a file beside it is complete" {
	local file=$BATS_TEST_TMPDIR/file

	pair
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a -N 1 --interval 1 -o stdout -o "file:$file" \
		>/dev/full 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" 'listening on tail0' "$PID"
	traffic peer0 1000 50000
	wait_line "$file" '"sink":"stdout".*"dropped_error":[1-9]' "$PID"
	wait_line "$file" '"event_type":"stats".*"record_seq":2,' "$PID"
	tail_stop
	check_stream "$file" --sink "file:$file"
	expect "packets" "$(counted packets)" 1000
	expect "written to a full disk" \
		"$(select_records "$file" '.sink == "stdout" and .total' | jq .written)" 0
	expect "exit, with the last lines unwritten" "$CODE" 1
	expect_within "cpu_ms, of some two seconds" "$(of_total "$file" stats cpu_ms)" 0 500
}

@test "stdout is closed" {
	pair
	# shellcheck disable=SC2016
	run --separate-stderr bash -c '
		timeout 10 ip netns exec "$1" "$2" -i tail0 -a >&-' - "$NS_A" "$XDPTAIL"
	expect "exit" "$status" 2
	[[ $stderr == *'stdout'*'closed'* ]] || fail "stderr: $stderr"
}
