# SPDX-License-Identifier: BSD-2-Clause
# Tests of outputs that fail while lines cannot be dropped: a capture waits for them for a limited
# time; and lost lines make the run fail, unless it was a live run that a signal ended.

load common

setup() {
	common_setup
	DISK=$BATS_TEST_TMPDIR/disk
	CAPTURE=$BATS_TEST_TMPDIR/capture
	mkdir "$DISK"
	"$HELPERS/make_capture" -n 20000 >"$CAPTURE"
}

teardown() {
	common_teardown
	umount "$DISK" 2>/dev/null || true
}

# Mount a file system with this much space left; DISK/filler takes the rest.
disk() { # KIB-LEFT
	mount -t tmpfs -o size=16m tmpfs "$DISK"
	dd if=/dev/zero of="$DISK/filler" bs=1K count=$((16384 - $1)) status=none
}

read_start() { # ARGUMENT OF xdptail...: leaves stdout in STDOUT
	: >"$ERR"
	"$XDPTAIL" -r "$CAPTURE" -a -N 1 "$@" >"${STDOUT:-$OUT}" 2>"$ERR" 3>&- &
	PID=$!
}

whole() { # FILE
	"$XDPTAIL" audit "$1" || fail "audit: $?"
	expect "packets" "$(grep -c '"event_type":"packet"' "$1")" 20000
}

# The run gives up an output, and reports which one and why.
gives_up() { # NAME REASON OUTPUT...
	read_start --output-timeout 1 "${@:3}"
	wait_end "$PID"
	expect "exit of $1" "$CODE" 1
	expect_line "$ERR" "warning: output \"$1\": write failed: $2; retrying, the capture waits, at most 1 s"
	expect_line "$ERR" "error: output \"$1\": write failed for 1 s, giving up: $2"
	expect_line "$ERR" "output \"$1\" did not get [1-9][0-9]* lines"
}

@test "a capture waits for room on a disk, whatever the output: no line is lost" {
	local output

	for output in "file:$DISK/x" "file:$DISK/x,when_full=block" "file:$DISK/x,queue=64K" stdout; do
		disk 100
		STDOUT=$OUT
		[ "$output" != stdout ] || STDOUT=$DISK/x
		read_start -o "$output"
		wait_line "$ERR" 'write failed: No space left on device; retrying, the capture waits' "$PID"
		rm "$DISK/filler"
		wait_end "$PID"
		expect "exit of $output" "$CODE" 0
		expect_line "$ERR" 'recovered'
		whole "$DISK/x"
		umount "$DISK"
	done
}

@test "a capture gives a file up that gets no room" {
	disk 0
	gives_up "file:$DISK/x" 'No space left on device' -o "file:$DISK/x"
	rm "$DISK/x"
	dd if=/dev/zero of="$DISK/filler" bs=1K count=16380 status=none
	gives_up "file:$DISK/x" 'No space left on device' -o "file:$DISK/x"
	expect "what fitted" "$(stat -c %s "$DISK/x")" 4096
	STDOUT=$DISK/y gives_up stdout 'No space left on device' -o stdout
	STDOUT=/dev/full gives_up stdout 'No space left on device' -o stdout
	(ulimit -f 100 && gives_up "file:$BATS_TEST_TMPDIR/x" 'File too large' -o "file:$BATS_TEST_TMPDIR/x")
}

@test "a capture gives a socket up that nobody listens on" {
	local socket=$BATS_TEST_TMPDIR/nobody

	gives_up "unix:$socket" 'No such file or directory' -o "unix:$socket"
	gives_up "syslog:$socket" 'No such file or directory' -o "syslog:$socket"
	gives_up "syslog:tcp://127.0.0.1:1" 'Connection refused' -o syslog:tcp://127.0.0.1:1
	gives_up "syslog:udp://127.0.0.1:1" 'Connection refused' -o syslog:udp://127.0.0.1:1
	gives_up "journal:$socket" 'No such file or directory' -o "journal:$socket"
}

@test "an output that is given up leaves the others whole, and is in the stop record" {
	STDOUT=/dev/full gives_up stdout 'No space left on device' -o stdout -o "file:$OUT"
	check_stream "$OUT" --sink "file:$OUT"
	expect "packets" "$(grep -c '"event_type":"packet"' "$OUT")" 20000
	expect "exit in stop" "$(select_records "$OUT" '.event_type == "stop"' | jq -c '[.exit, .dropped_error > 0]')" \
		'[1,true]'
}

@test "a capture's output that is to drop may lose lines" {
	STDOUT=/dev/full read_start -o stdout,when_full=drop -o "file:$OUT"
	wait_end "$PID"
	expect "exit" "$CODE" 0
	expect_line "$ERR" 'output "stdout" did not get [1-9][0-9]* lines'
	expect "stop" "$(select_records "$OUT" '.event_type == "stop"' | jq -c '[.exit, .dropped_error]')" '[0,null]'
}

@test "a signal ends a capture that waits, with what it could not write" {
	read_start --output-timeout 0 -o "unix:$BATS_TEST_TMPDIR/nobody"
	wait_line "$ERR" 'write failed: No such file or directory; retrying, the capture waits$' "$PID"
	kill -TERM "$PID"
	wait_end "$PID"
	expect "exit" "$CODE" 1
	expect_line "$ERR" 'error: [0-9]* lines could not be written before the end'
}

# A live run with a file whose disk is full until lines are lost, and then has space again.
lossy_start() { # ARGUMENT OF xdptail...
	pair
	disk 64
	tail_start -a -N 1 --interval 1 -o stdout -o "file:$DISK/x" "$@"
	traffic peer0 2000
	wait_line "$OUT" '"event_type":"loss".*"cause":"error"' "$PID"
	rm "$DISK/filler"
	wait_line "$ERR" 'recovered' "$PID"
}

@test "a live run that a signal ends says what an output lost, and ends with 0" {
	lossy_start
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "stop" "$(select_records "$OUT" '.event_type == "stop"' | jq -c '[.exit, .dropped_error > 0]')" '[0,true]'
}

@test "a run that its count ends fails when an output lost a line for an error" {
	lossy_start -c 3000
	traffic peer0 1000
	wait_end "$PID"
	expect "exit" "$CODE" 1
	check_stream "$OUT"
	expect "stop" "$(select_records "$OUT" '.event_type == "stop"' | jq -c '[.reason, .exit]')" '["count",1]'
}
