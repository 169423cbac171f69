# SPDX-License-Identifier: BSD-2-Clause
# Tests of the output to the journal with a real journald. JOURNAL_LINES and JOURNAL_RATE set how
# many lines are written, and how fast.

load common
load room

setup() {
	room_setup
	FILE=$BATS_TEST_TMPDIR/file
}

teardown() {
	room_teardown
}

# The stream that other programs read from the journal equals that of the file.
expect_same() {
	check_stream "$FILE" --sink "file:$FILE"
	read_journal >"$OUT"
	same_output "$OUT" "$FILE" || fail "the journal and the file differ"
	"$XDPTAIL" audit "$OUT" >"$BATS_TEST_TMPDIR/verdict" 2>&1 ||
		fail "audit: $(<"$BATS_TEST_TMPDIR/verdict")"
}

# The fields of each entry have the values of its line; with fields=all there is a field for each
# key.
expect_fields() { # index|all
	local wrong

	# shellcheck disable=SC2016
	wrong=$(read_journal -o json --all |
		jq -c --arg fields "$1" '
			(.MESSAGE | fromjson | to_entries | map(select(.value | type != "array") |
				{ ("XDPTAIL_" + (.key | ascii_upcase)): (.value | tostring) }) | add) as $want |
			with_entries(select(.key | startswith("XDPTAIL_"))) as $got |
			select(if $fields == "all" then $got != $want
				else ($got | keys | length) < 2 or
					($got | to_entries | any($want[.key] != .value)) end)')
	[ -z "$wrong" ] || fail "fields that differ from their line:" "$(head -n 3 <<<"$wrong")"
}

@test "all lines are there, in order, with all values as fields" {
	local packets=${JOURNAL_LINES:-10000}

	pair
	room
	journald_start
	room_start -a -N 1 --interval 1 -o journal,fields=all -o "file:$FILE"
	traffic peer0 "$packets" "${JOURNAL_RATE:-5000}"
	tail_stop
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'
	expect_same
	expect "packets" "$(counted packets)" "$packets"
	expect_fields all
	expect "warnings of the limit" "$(grep -c 'more than 10000 lines' "$ERR")" \
		$((packets >= 10000))
	[ -z "${JOURNAL_LINES:-}" ] || select_records "$FILE" '.total' >&3
}

@test "records are looked up by their values, type, and severity" {
	TAG=probe-7
	pair
	room
	journald_start
	room_start -a -N 1 -o journal,events=packet,snapshot,tag=$TAG -o "file:$FILE"
	traffic peer0 100 0 10
	wait_line "$FILE" '"packet".*"record_seq":100,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'
	expect_fields index
	expect "of one address" "$(read_journal XDPTAIL_SRC_IP=10.0.0.3 | wc -l)" 10
	expect "of another network" "$(read_journal XDPTAIL_SRC_IP=10.0.1.3 | wc -l)" 0
	expect "packets" "$(read_journal XDPTAIL_EVENT_TYPE=packet | wc -l)" 100
	expect "packets, by the kind of message" \
		"$(read_journal MESSAGE_ID=db1ce3fc07a0411697c334d3647f4f13 | wc -l)" 100
	expect "counts, which are not wanted" "$(read_journal XDPTAIL_EVENT_TYPE=count | wc -l)" 0
	expect "notices" "$(read_journal -p notice | jq -r .event_type | paste -sd ' ')" "start stop"
	expect "sender" "$(read_journal -n 1 -o json |
		jq -r '._PID + " " + .SYSLOG_PID + " " + .SYSLOG_FACILITY')" "$PID $PID 3"
}

@test "journald is stopped: counting goes on, what is dropped is counted, and it goes on by itself" {
	pair
	room
	journald_start
	room_start -a -N 1 --interval 1 -o journal,queue=1M -o "file:$FILE,queue=64M"
	kill -STOP "$JPID"
	wait_stopped "$JPID"
	traffic peer0 60000 60000
	wait_line "$FILE" '"event_type":"loss".*"where":"journal:.*"cause":"queue_full"' "$PID"
	kill -CONT "$JPID"
	traffic peer0 1000 5000
	wait_line "$FILE" '"packet".*"record_seq":61000,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'

	check_stream "$FILE" --sink "file:$FILE"
	expect "packets in the file" "$(counted packets)" 61000
	expect "lost" "$(counted lost)" 0
	read_journal >"$OUT"
	check_stream "$OUT" --sink journal:/run/systemd/journal/socket
	expect_within "records that are missing" "$(counted missing)" 1 60999
	expect "dropped" "$(select_records "$OUT" '.total and (.sink // "" | startswith("journal"))' |
		jq .dropped_queue_full)" "$(counted missing)"
	expect_line "$OUT" '"event_type":"loss".*"where":"journal:'
	expect_line "$ERR" 'did not get [1-9][0-9]* lines'
}

@test "journald is killed, and started again: all lines are there" {
	pair
	room
	journald_start
	room_start -a -N 1 -o journal -o "file:$FILE"
	traffic peer0 1000 50000
	wait_journal '"packet".*"record_seq":1000,'
	kill -KILL "$JPID"
	wait_end "$JPID"
	traffic peer0 1000 50000
	wait_line "$ERR" 'write failed: Connection refused' "$PID"
	journald_start
	wait_journal '"packet".*"record_seq":2000,'
	traffic peer0 1000 50000
	tail_stop
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'
	expect_line "$ERR" 'recovered'
	expect_same
	expect "packets" "$(counted packets)" 3000
	expect "disconnects" "$(select_records "$FILE" '.total and .sink != null' |
		jq -c 'select(.sink | startswith("journal")) | .disconnects')" 1
}

@test "journald is not there yet: said once, and all lines are there when it is" {
	pair
	room
	room_start -a -N 1 -o journal -o "file:$FILE"
	traffic peer0 1000 50000
	wait_line "$ERR" 'output "journal:/run/systemd/journal/socket": write failed' "$PID"
	journald_start
	wait_journal '"packet".*"record_seq":1000,'
	tail_stop
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'
	expect_same
	expect "packets" "$(counted packets)" 1000
	expect "warnings" "$(grep -c 'write failed' "$ERR")" 1
}

@test "a capture waits for a journald that is not there yet, and says so; far more than its queue" {
	ip netns add "$NS_A"
	room
	"$HELPERS/make_capture" -n 10000 >"$BATS_TEST_TMPDIR/capture"
	room_run "$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 -o journal,queue=64K -o "file:$FILE"
	wait_line "$ERR" 'journal:.*write failed' "$PID"
	journald_start
	wait_end "$PID" 60
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'
	expect_same
	expect "packets" "$(counted packets)" 10000
	expect "warnings of the limit" "$(grep -c 'more than 10000' "$ERR")" 1
}

@test "journald is stopped for good: SIGTERM still ends the run, and what is unwritten is counted" {
	local unwritten

	pair
	room
	journald_start
	room_start -a -N 1 --interval 0 -o journal
	kill -STOP "$JPID"
	wait_stopped "$JPID"
	traffic peer0 3000 50000
	kill -TERM "$PID"
	wait_end "$PID" 6
	expect "exit" "$CODE" 1
	expect "still attached" "$(attached)" ""
	unwritten=$(sed -n 's/^xdptail: error: \([0-9]*\) lines could not be written.*/\1/p' "$ERR")
	[ -n "$unwritten" ] || fail "no count of what is unwritten"
	expect_within "unwritten" "$unwritten" 1 3011
	kill -CONT "$JPID"
	wait_journal "\"record_seq\":$((3011 - unwritten - 2)),"
	# 9 records: start, attached, detached, a count, snapshot, stats and sink twice, stop
	expect "lines in the journal and unwritten" $(($(read_journal | wc -l) + unwritten)) $((3000 + 11))
}

@test "a service sends more than journald keeps of one: said once" {
	[ -n "$(cgroup_roots)" ] || skip "needs control groups"
	pair
	room RateLimitIntervalSec=30s RateLimitBurst=1000
	journald_start
	AS_UNIT=yes room_start -a -N 1 --interval 1 -o journal -o "file:$FILE"
	traffic peer0 12000 20000
	wait_line "$ERR" 'journal:.*more than 10000 lines within 30 s.*LogRateLimitBurst=1000000' "$PID"
	traffic peer0 1000 20000
	tail_stop
	expect "exit" "$CODE" 0
	expect "warnings" "$(grep -c 'more than 10000' "$ERR")" 1
	check_stream "$FILE" --sink "file:$FILE"
	expect "dropped, as far as we are told" "$(select_records "$FILE" '.total' |
		jq 'select(.event_type == "sink") | .dropped_queue_full + .dropped_error' | paste -sd +)" 0+0
	# journald allows up to six times as many if the disk has much free space
	expect_within "what it kept, as a unit's" "$(read_journal "_SYSTEMD_UNIT=$UNIT" | wc -l)" 1000 12000
}

@test "stdout that systemd connected to the journal: the same warning" {
	pair
	room
	journald_start
	# shellcheck disable=SC2016
	room_run systemd-cat -t xdptail bash -c '
		export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1)
		exec "$@" 2>"$0"' "$ERR" "$XDPTAIL" -i tail0 -a -N 1 -o stdout -o "file:$FILE"
	wait_line "$ERR" "listening on tail0" "$PID"
	traffic peer0 9000 20000
	wait_journal '"packet".*"record_seq":9000,'
	expect_no_line "$ERR" 'more than 10000'
	traffic peer0 2000 20000
	tail_stop
	expect "exit" "$CODE" 0
	wait_journal '"event_type":"stop"'
	expect "warnings" "$(grep -c 'output "stdout": more than 10000' "$ERR")" 1
	expect_same
	expect "packets" "$(counted packets)" 11000
}
