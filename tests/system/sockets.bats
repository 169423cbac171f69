# SPDX-License-Identifier: BSD-2-Clause
# Tests of readers of sockets that are absent at first, that stop reading, that are killed, and that
# come back. With all of them counting goes on, and each line that does not arrive is counted.

load common
load readers

setup() {
	common_setup
	FILE=$BATS_TEST_TMPDIR/file
}

# The kinds of readers. Their addresses are known before they listen. Each sets OUTPUT.
local_reader() {
	needs rsyslogd
	OUTPUT=syslog:$BATS_TEST_TMPDIR/rsyslog/local
}

tcp_reader() {
	needs rsyslogd
	OUTPUT=syslog:tcp://127.0.0.1
}

unix_reader() {
	needs socat
	OUTPUT=unix:$BATS_TEST_TMPDIR/socat/socket
}

reader_start() { # KIND
	case $1 in
	unix) socat_start ;;
	*) rsyslog_start ;;
	esac
}

# Copy everything that arrived to COPY.
copy() {
	COPY=$BATS_TEST_TMPDIR/copy
	rsyslog_copy "$DIR" >"$COPY"
}

received() { # COUNT: so many lines, at least
	wait_lines "$DIR/messages" "$1"
}

# Print the pids of the reader: socat has a process for each connection.
reader_pids() {
	pgrep -P "$READER" || true
	echo "$READER"
}

reader_signal() { # SIGNAL
	local pid

	for pid in $(reader_pids); do
		kill -"$1" "$pid"
		[ "$1" != STOP ] || wait_stopped "$pid"
	done
}

reader_end() { # SIGNAL
	local pid pids

	pids=$(reader_pids)
	reader_signal "$1"
	wait_end "$READER"
	for pid in $pids; do
		wait_until "process $pid is gone" gone "$pid"
	done
}

gone() { # PID
	! [ -e "/proc/$1" ]
}

of_sink() { # KEY: of OUTPUT's total
	jq ".$1" <<<"$(select_records "$FILE" ".sink == \"$OUTPUT\" and .total")"
}

@test "unix: all lines of a capture, in order" {
	needs socat
	socat_start
	"$HELPERS/make_capture" -n 20000 -S 50 >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -N 1 -o "unix:$DIR/socket" -o "file:$FILE" 2>"$ERR" 3>&-
	received "$(wc -l <"$FILE")"
	same_output "$DIR/messages" "$FILE"
	check_stream "$DIR/messages"
	expect "packets" "$(counted packets)" 20000
	"$XDPTAIL" audit "$DIR/messages"
}

not_there_yet() { # KIND: nor after it went, in a quiet moment
	"$1_reader"
	pair
	tail_start -a -N 1 --interval 0 -o "file:$FILE" -o "$OUTPUT"
	wait_line "$ERR" "\"$OUTPUT\": write failed" "$PID"
	traffic peer0 1000 50000
	reader_start "$1"
	wait_line "$ERR" "\"$OUTPUT\" recovered" "$PID"
	received 1002 # and start, and attached
	reader_end KILL
	traffic peer0 2000 50000
	wait_until "it is told twice that nothing is taken" told_twice
	reader_start "$1"
	wait_line "$FILE" '"packet".*"record_seq":3000,' "$PID"
	received 3002
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$FILE" --sink "file:$FILE"
	received "$(wc -l <"$FILE")"
	copy
	same_output "$COPY" "$FILE"
	expect "disconnects" "$(of_sink disconnects)" 1
	expect "dropped" "$(of_sink dropped_queue_full) $(of_sink dropped_error)" "0 0"
}

told_twice() {
	[ "$(grep -c "write failed" "$ERR")" = 2 ]
}

@test "local syslog: lines wait for a daemon that is not there" {
	not_there_yet local
}

@test "syslog by TCP: lines wait for a daemon that is not there" {
	not_there_yet tcp
}

@test "unix: lines wait for a reader that is not there" {
	not_there_yet unix
}

stops_reading() { # KIND
	"$1_reader"
	pair
	reader_start "$1"
	tail_start -a -N 1 --interval 1 -o "file:$FILE" -o "$OUTPUT"
	received 2
	reader_signal STOP
	traffic peer0 60000 60000
	wait_line "$FILE" '"packet".*"record_seq":60000,' "$PID"
	reader_signal CONT
	wait_line "$FILE" "\"event_type\":\"loss\".*\"where\":\"$OUTPUT\",\"cause\":\"queue_full\"" "$PID"
	# the queue is empty before the end, so the counts are complete
	wait_line "$FILE" "\"sink\":\"$OUTPUT\".*\"queued\":[0-9]\{1,2\}[,}]" "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$FILE" --sink "file:$FILE"
	expect "packets in the file" "$(counted packets)" 60000
	expect "samples lost" "$(counted lost)" 0

	wait_line "$DIR/messages" '"event_type":"stop"' "$READER"
	copy
	check_stream "$COPY" --sink "$OUTPUT"
	expect_within "packets that are missing" "$(counted missing)" 1 59999
	expect "dropped" "$(of_sink dropped_queue_full)" "$(counted missing)"
	expect "made" "$(of_sink made)" "$(of_sink_sum)"
	expect_some_of "$COPY" "$FILE"
}

of_sink_sum() {
	select_records "$FILE" ".sink == \"$OUTPUT\" and .total" |
		jq '.written + .filtered + .dropped_queue_full + .dropped_error + .queued'
}

@test "local syslog: a daemon that is stopped and goes on" {
	stops_reading local
}

@test "syslog by TCP: a daemon that is stopped and goes on" {
	stops_reading tcp
}

@test "unix: a reader that is stopped and goes on" {
	stops_reading unix
}

killed_under_traffic() { # KIND
	local sender first

	"$1_reader"
	pair
	reader_start "$1"
	tail_start -a -N 1 --interval 1 -o "file:$FILE" -o "$OUTPUT"
	traffic peer0 40000 10000 &
	sender=$!
	received 5000
	reader_end KILL
	mv "$DIR/messages" "$BATS_TEST_TMPDIR/first"
	reader_start "$1"
	wait_line "$ERR" "\"$OUTPUT\" recovered" "$PID"
	wait_end "$sender"
	wait_line "$FILE" '"packet".*"record_seq":40000,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$FILE" --sink "file:$FILE"
	expect "packets in the file" "$(counted packets)" 40000
	expect "made" "$(of_sink made)" "$(of_sink_sum)"
	expect "disconnects" "$(of_sink disconnects)" 1

	wait_line "$DIR/messages" '"event_type":"stop"' "$READER"
	copy
	# its last line may be partial, because it was killed
	first=$BATS_TEST_TMPDIR/first
	head -n "$(wc -l <"$first")" "$first" | sed 's/^ //' | cat - "$COPY" >"$OUT"
	expect_some_of "$OUT" "$FILE"
	expect "the first that it got is whole" "$(head -n 1 "$COPY" | jq -e 'has("timestamp")')" true
}

@test "local syslog: a daemon that is killed under traffic, and comes back" {
	killed_under_traffic local
}

@test "syslog by TCP: a daemon that is killed under traffic, and comes back" {
	killed_under_traffic tcp
}

@test "unix: a reader that is killed under traffic, and comes back" {
	killed_under_traffic unix
}

never_reads() { # KIND
	local unwritten

	"$1_reader"
	pair
	reader_start "$1"
	tail_start -a -N 1 -o "file:$FILE" -o "$OUTPUT,queue=64M"
	received 2
	reader_signal STOP
	traffic peer0 60000 50000
	wait_line "$FILE" '"packet".*"record_seq":60000,' "$PID"
	kill -TERM "$PID"
	wait_end "$PID"
	expect "exit" "$CODE" 1
	expect "still attached" "$(attached)" ""
	check_stream "$FILE" --sink "file:$FILE"
	unwritten=$(sed -n 's/^xdptail: error: \([0-9]*\) lines could not be written.*/\1/p' "$ERR")
	[ -n "$unwritten" ] || fail "no count of what is unwritten"

	reader_signal CONT
	received $(($(wc -l <"$FILE") - unwritten))
	reader_end TERM
	copy
	head -n "$(wc -l <"$COPY")" "$COPY" >"$OUT"
	expect "lines that arrived, and unwritten" $(($(wc -l <"$OUT") + unwritten)) "$(wc -l <"$FILE")"
	expect_some_of "$OUT" "$FILE"
}

@test "local syslog: SIGTERM while the daemon is stopped" {
	never_reads local
}

@test "syslog by TCP: SIGTERM while the daemon is stopped" {
	never_reads tcp
}

@test "unix: SIGTERM while the reader is stopped" {
	never_reads unix
}
