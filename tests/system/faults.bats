# SPDX-License-Identifier: BSD-2-Clause
# What is said, and how it ends, when something fails on the way.

load common

@test "the clock is set while it runs: a clock record, and times of packets that follow it" {
	pair
	preloaded clockstep "XDPTAIL_STEP_FILE=$BATS_TEST_TMPDIR/step"
	tail_start -a -N 1 --interval 0
	traffic peer0 1 0
	wait_line "$OUT" '"event_type":"packet"' "$PID"
	touch "$BATS_TEST_TMPDIR/step"
	wait_line "$OUT" '"event_type":"clock"' "$PID"
	traffic peer0 1 0
	tail_stop
	expect "exit" "$CODE" 0
	step=$(jq 'select(.event_type == "clock") | .step_ns / 1000000000 | round' "$OUT")
	expect "step in seconds" "$step" 3600
	apart=$(jq -s 'map(select(.event_type == "packet") | .timestamp[0:19] + "Z" | fromdate) |
		.[1] - .[0] | if . >= 3600 and . < 3660 then "an hour" else . end' "$OUT")
	expect "between the two packets" "$apart" '"an hour"'
	expect_line "$ERR" 'wall clock stepped by 3600.000 s'
	check_stream "$OUT"
}

@test "a full disk: named once, lines counted, and once more at the end" {
	pair
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=256k tmpfs "$BATS_TEST_TMPDIR/small"
	tail_start -a -N 1 --interval 1 -o stdout -o "file:$BATS_TEST_TMPDIR/small/file"
	traffic peer0 20000 20000
	wait_line "$OUT" '"event_type":"loss".*"cause":"error"' "$PID"
	tail_stop
	umount "$BATS_TEST_TMPDIR/small"
	expect "exit, for the line that can never be finished" "$CODE" 1
	expect "warnings of it" "$(grep -c 'small/file.*write failed: No space left' "$ERR")" 1
	expect_line "$ERR" 'small/file.*did not get [1-9][0-9]* lines'
	check_stream "$OUT"
}

@test "the last counts cannot be taken: exit 1, and no sums that would be wrong" {
	pair
	preloaded oldkernel XDPTAIL_OLD=batch,walk
	tail_start -a -N 1 --interval 0
	traffic peer0 100 0
	tail_stop
	expect "exit" "$CODE" 1
	expect "its own word for it" "$(jq 'select(.event_type == "stop") | .exit' "$OUT")" 1
	expect "records with sums" "$(count_records "$OUT" .total)" 0
	expect_line "$ERR" 'cannot read the counts'
}

@test "no memory for a snapshot of many sources: said, and no crash" {
	pair
	: >"$ERR"
	# room for the program, not for the list of 200 000 sources; a sanitizer wants terabytes
	if nm "$XDPTAIL" | grep -q __asan_init; then
		skip "the limit of address space stands against AddressSanitizer"
	fi
	(ulimit -v 60000 && exec ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a -N 0 --top 0 \
		--max-sources 200000 --max-map-memory 1024M --interval 0) >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" "listening on tail0" "$PID"
	traffic peer0 200000 100000 200000
	tail_stop
	[ "$CODE" -le 1 ] || fail "exit $CODE"
	expect "stop" "$(count_records "$OUT" '.event_type == "stop"')" 1
}

@test "a second signal ends it at once" {
	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 9<>"$BATS_TEST_TMPDIR/fifo"
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a -N 1 >"$BATS_TEST_TMPDIR/fifo" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" "listening on tail0" "$PID"
	traffic peer0 3000 50000
	kill -TERM "$PID"
	# it ends in order, and waits for its reader: then the next signal is no longer blocked
	wait_until "SIGTERM is not blocked" grep -q '^SigBlk:.*[0-389ab]...$' "/proc/$PID/status"
	kill -TERM "$PID"
	wait_end "$PID" 3
	expect "exit" "$CODE" 143
	expect "still attached" "$(attached)" ""
}
