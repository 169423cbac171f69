# SPDX-License-Identifier: BSD-2-Clause
# What systemd is told by its datagrams, by a socket in its place.

load common

# Sets RECEIVER; what comes is in HEARD. Names in the abstract namespace belong to a network
# namespace.
listen() { # SOCKET
	HEARD=$BATS_TEST_TMPDIR/heard
	: >"$HEARD"
	ip netns exec "$NS_A" "$HELPERS/notify" "$1" >>"$HEARD" 3>&- &
	RECEIVER=$!
	wait_line "$HEARD" '^bound$' "$RECEIVER"
	export NOTIFY_SOCKET=$1
}

# In a place where only root may go.
listen_at_path() {
	mkdir -m 0700 "$BATS_TEST_TMPDIR/place"
	listen "$BATS_TEST_TMPDIR/place/notify"
}

heard() { # all so far, but for what changes by itself
	sed -e 1d -e '/^WATCHDOG=1$/d' -e 's/MONOTONIC_USEC=[1-9][0-9]*$/MONOTONIC_USEC=N/' "$HEARD" | xargs -d '\n'
}

tells_all() {
	tail_start -a -N 100 --interval 0 --user nobody
	wait_line "$HEARD" '^READY=1$' "$RECEIVER"
	[ -n "$(attached)" ] || fail "it was ready before it was attached"
	traffic peer0 1000 50000
	kill -USR1 "$PID"
	wait_line "$HEARD" '^STATUS=' "$RECEIVER"
	kill -HUP "$PID"
	wait_line "$HEARD" '^RELOADING=1|MONOTONIC_USEC=[0-9]*$' "$RECEIVER"
	tail_stop TERM
	expect "exit" "$CODE" 0
	wait_line "$HEARD" '^STOPPING=1$' "$RECEIVER"
	wait_line "$HEARD" '^STATUS=1000 packets seen, 1[0-9] sampled, 0 lost$' "$RECEIVER"
	check_stream "$OUT"
}

@test "a socket with a path hears of all that happens" {
	local sampled

	pair
	listen_at_path
	tells_all
	sampled=$(of_total "$OUT" stats sampled)
	expect "heard" "$(heard)" "READY=1 STATUS=1000 packets seen, $sampled sampled, 0 lost \
RELOADING=1|MONOTONIC_USEC=N READY=1 STOPPING=1 STATUS=1000 packets seen, $sampled sampled, 0 lost"
}

@test "a socket with an abstract name hears of it, too" {
	pair
	listen "@xt-notify-$BATS_TEST_NUMBER"
	tells_all
}

@test "what fails is never ready" {
	pair
	listen_at_path
	tail_run -i none0
	expect "exit" "$status" 4
	tail_run -i tail0 -o "file:/no/such"
	expect "exit" "$status" 2
	tail_start --count 1
	tail_stop
	wait_line "$HEARD" '^STOPPING=1$' "$RECEIVER"
	expect "ready" "$(grep -c '^READY=1$' "$HEARD")" 1
}

@test "the watchdog is fed while all goes on, with traffic and without" {
	pair
	listen_at_path
	WATCHDOG_USEC=1000000 tail_start -a -N 1 --interval 1
	wait_line "$HEARD" '^WATCHDOG=1$' "$RECEIVER"
	traffic peer0 100000 50000
	: >"$HEARD"
	wait_line "$HEARD" '^WATCHDOG=1$' "$RECEIVER"
	tail_stop
	expect "exit" "$CODE" 0
	expect_no_line "$ERR" 'not fed'
}

@test "the watchdog of another process is not fed" {
	pair
	listen_at_path
	WATCHDOG_USEC=200000 WATCHDOG_PID=1 tail_start --duration 1
	wait_end "$PID"
	wait_line "$HEARD" '^STOPPING=1$' "$RECEIVER"
	expect_no_line "$HEARD" WATCHDOG
}

@test "who does not listen holds up nothing, and hears later that it is ready" {
	pair
	listen_at_path
	kill -STOP "$RECEIVER"
	wait_stopped "$RECEIVER"
	[ "$("$HELPERS/notify" -f "$NOTIFY_SOCKET")" -gt 0 ] || fail "the socket took nothing"
	tail_start -a -N 1 --interval 0
	traffic peer0 1000 50000
	wait_line "$OUT" '"cpu_seq":500}' "$PID"
	expect_no_line "$HEARD" READY
	kill -CONT "$RECEIVER"
	wait_line "$HEARD" '^READY=1$' "$RECEIVER"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
}

@test "who takes the place of who listened hears of all that comes after" {
	pair
	listen_at_path
	tail_start
	wait_line "$HEARD" '^READY=1$' "$RECEIVER"
	kill "$RECEIVER"
	wait_end "$RECEIVER"
	rm "$NOTIFY_SOCKET"
	kill -HUP "$PID"
	wait_line "$ERR" 'reopening output files' "$PID"
	listen "$NOTIFY_SOCKET"
	wait_line "$HEARD" '^READY=1$' "$RECEIVER"
	tail_stop
	wait_line "$HEARD" '^STOPPING=1$' "$RECEIVER"
}

@test "a socket that can't be one is warned of, and no reason to stop" {
	pair
	NOTIFY_SOCKET=vsock:2:1234 tail_start
	tail_stop
	expect "exit" "$CODE" 0
	expect_line "$ERR" 'warning: service notification disabled: NOTIFY_SOCKET, .* is not as systemd sets it'
}
