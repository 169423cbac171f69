# SPDX-License-Identifier: BSD-2-Clause
# Tests of what all outputs have in common: a queue, a choice of records, and a policy for a full
# queue.

load common

setup() {
	common_setup
	FULL=$BATS_TEST_TMPDIR/full
	PART=$BATS_TEST_TMPDIR/part
	FIFO=$BATS_TEST_TMPDIR/fifo
}

only() { # FILE TYPE...: the lines of these types
	local file=$1 types

	shift
	types=$(IFS='|' && echo "$*")
	grep -E "\"event_type\":\"($types)\"" "$file"
}

# Start xdptail with stdout to FIFO, which the caller holds open as descriptor 8. Sets PID.
fifo_start() { # COMMAND...
	: >"$ERR"
	"$@" >"$FIFO" 2>"$ERR" 3>&- 8<&- &
	PID=$!
}

# Print the value of KEY in the total record of a sink.
of_sink() { # FILE SINK KEY
	grep -F '"total":true' "$1" | jq -r --arg sink "$2" "select(.sink == \$sink).$3"
}

@test "events= chooses types of records; start and stop are in every copy" {
	local filtered

	pair
	tail_start -a -N 1 --interval 1 -o "file:$FULL" -o stdout,events=packet \
		-o "file:$PART,events=count,snapshot,queue=64K"
	traffic peer0 3000 50000 10
	kill -USR1 "$PID"
	wait_line "$FULL" '"event_type":"snapshot".*"counted":3000,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$FULL"
	same_output <(only "$FULL" packet start stop) "$OUT"
	same_output <(only "$FULL" count snapshot start stop) "$PART"
	filtered=$(of_sink "$FULL" stdout filtered)
	# the record with the totals is followed by those of the two other sinks, which are
	# filtered, and by stop, which is not
	expect "filtered" "$filtered" "$(($(grep -vcE '"event_type":"(packet|start|stop)"' "$FULL") - 2))"
	expect "dropped" "$(of_sink "$FULL" stdout dropped_queue_full)" 0
}

@test "audit tells a copy with some types from one that lost them" {
	pair
	tail_start -a -N 1 -o "file:$FULL" -o "file:$PART,events=packet,sink,stats,snapshot"
	traffic peer0 300 0 10
	tail_stop
	run --separate-stderr "$XDPTAIL" audit "$PART"
	# shellcheck disable=SC2154
	expect "exit" "$status" 1
	# shellcheck disable=SC2154
	[[ $output == *"no count records are in this copy, though 10 were made"* ]] ||
		fail "audit says: $output"
	[[ $output != *missing* ]] || fail "audit says: $output"
}

@test "an idle reader: packets are dropped first, then counts, and what tells of it gets through" {
	pair
	mkfifo "$FIFO"
	exec 8<>"$FIFO"
	fifo_start ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a -N 1 --interval 0 --top 0 \
		-o stdout,queue=64K -o "file:$FULL"
	wait_line "$ERR" 'listening on tail0' "$PID"
	traffic peer0 20000 40000 3000
	wait_line "$FULL" '"event_type":"packet".*"record_seq":20000,' "$PID"
	# a snapshot waits a second for room, and then goes on without it
	kill -USR1 "$PID"
	wait_line "$FULL" '"event_type":"sink".*"record_seq":2,' "$PID"
	wait_line "$FULL" '"event_type":"loss".*"where":"stdout"' "$PID"
	cat <"$FIFO" >"$OUT" 8<&- 3>&- &
	wait_line "$OUT" '"event_type":"loss"' "$PID" # there is room again for what the end has to say
	tail_stop
	exec 8<&-
	wait "$!"
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	check_stream "$FULL" --sink "file:$FULL"
	expect "packets in the file" "$(counted packets)" 20000
	expect_within "packets" "$(only "$OUT" packet | wc -l)" 1 19999
	[ "$(only "$OUT" count | wc -l)" -lt 3000 ] || fail "no count record was dropped"
	same_output <(only "$FULL" snapshot stats sink loss start stop) \
		<(only "$OUT" snapshot stats sink loss start stop)
}

@test "a capture waits for the smallest queue" {
	"$HELPERS/make_capture" -n 20000 -S 3000 >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -q -a -N 1 --top 0 -r "$BATS_TEST_TMPDIR/capture" \
		-o "stdout,queue=64K,when_full=block" -o "file:$FULL,queue=65537" |
		while read -r line; do printf '%s\n' "$line"; done >"$OUT"
	check_stream "$OUT"
	check_stream "$FULL"
	same_output "$OUT" "$FULL"
	expect "packets" "$(counted packets)" 20000
	expect "counts, of two intervals" "$(counted counts)" 6000
}

@test "when_full=drop: a capture does not wait, and what is dropped is counted" {
	local dropped

	"$HELPERS/make_capture" -n 20000 >"$BATS_TEST_TMPDIR/capture"
	mkfifo "$FIFO"
	exec 8<>"$FIFO"
	fifo_start "$XDPTAIL" -a -N 1 -r "$BATS_TEST_TMPDIR/capture" \
		-o "stdout,queue=64K,when_full=drop" -o "file:$FULL"
	wait_line "$FULL" '"event_type":"stop"' "$PID"
	cat <"$FIFO" >"$OUT" 8<&- 3>&- &
	exec 8<&-
	wait_end "$PID"
	wait "$!"
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	check_stream "$FULL" --sink "file:$FULL"
	expect "packets in the file" "$(counted packets)" 20000
	dropped=$(of_sink "$FULL" stdout dropped_queue_full)
	expect "packets" "$(only "$OUT" packet | wc -l)" $((20000 - dropped))
	expect_line "$ERR" "output \"stdout\" did not get $dropped lines"
}

@test "SIGHUP does not end a run" {
	pair
	tail_start -a -N 1
	kill -HUP "$PID"
	wait_line "$ERR" 'SIGHUP: reopening output files' "$PID"
	traffic peer0 100
	tail_stop
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 100
}
