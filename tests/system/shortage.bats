# SPDX-License-Identifier: BSD-2-Clause
# Memory, threads and descriptors that are not there, one call after the other: a reload that cannot
# be done changes nothing, and a start that may succeed the next time does not say that it never
# will.

load common

setup() {
	common_setup
	CONFIG=$BATS_TEST_TMPDIR/config.json
	NUMBER=$BATS_TEST_TMPDIR/number
	A=$BATS_TEST_TMPDIR/a
}

config() { # SAMPLE QUEUE OTHER-OUTPUT
	cat >"$CONFIG" <<-JSON
		{"interface": "tail0", "all": true, "interval": 0, "sample": $1,
		"metrics_file": "$BATS_TEST_TMPDIR/$3.prom",
		"output": ["stdout", {"type": "file", "target": "$A", "queue": "$2", "rotate_size": "1M", "keep": 3},
		"file:$BATS_TEST_TMPDIR/$3", "syslog:$BATS_TEST_TMPDIR/$3.socket"]}
	JSON
}

# So that this reload's outcome is the last line but for those about outputs. Sets OUTCOME.
reload() { # NUMBER OF THE CALL THAT FAILS
	echo "$1" >"$NUMBER"
	RELOADS=$((RELOADS + 1))
	kill -HUP "$PID"
	wait_line "$ERR" 'SIGHUP: reloaded\|configuration is unchanged' "$PID" "$RELOADS"
	OUTCOME=$(grep -E 'SIGHUP: reloaded|configuration is unchanged' "$ERR" | tail -n 1)
}

# Two configurations take turns, until no call is left that could fail in a reload.
walk() { # OF WHAT
	local failed=0 refused=0 effective=0 i starts

	needs socat
	pair
	for i in b c d; do
		socat -u "UNIX-RECV:$BATS_TEST_TMPDIR/$i.socket" /dev/null 3>&- &
		wait_until "socat listens" test -S "$BATS_TEST_TMPDIR/$i.socket"
	done
	config 1 1M b
	preloaded shortage "XDPTAIL_SHORTAGE=$1" "XDPTAIL_SHORTAGE_FILE=$NUMBER"
	echo 0 >"$NUMBER"
	RELOADS=0
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -f "$CONFIG" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" 'listening on tail0' "$PID"
	for ((i = 1; i < 1000; i++)); do
		if ((effective % 2)); then config 1 1M b; else config 2 2M c; fi
		reload "$i"
		case $OUTCOME in
		*'configuration is unchanged'*) refused=$((refused + 1)) ;;
		*) effective=$((effective + 1)) ;;
		esac
		[ "$(grep -c "^shortage of $1" "$ERR")" -gt "$failed" ] || break
		failed=$((failed + 1))
		traffic peer0 4
	done
	echo "# $1: $failed calls failed, $refused reloads refused, $effective in effect" >&3
	[ "$refused" -gt 2 ] || fail "$refused reloads were refused"
	config 1 3M d
	reload 0
	[[ $OUTCOME == *'SIGHUP: reloaded'* ]] || fail "the next reload: $OUTCOME"
	wait_line "$BATS_TEST_TMPDIR/d" '"joined":true' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	"$XDPTAIL_REAL" audit "$OUT" || fail "audit: $?"
	expect "seen" "$(seen)" $((failed * 4))
	starts=$(count_records "$OUT" '.event_type == "start"')
	expect "starts, one for each reload that changed something" "$starts" $((effective + 2))
}

@test "a reload without memory changes nothing" {
	walk memory
}

@test "a reload without threads changes nothing" {
	walk threads
}

@test "a reload without descriptors changes nothing" {
	walk descriptors
}

# The exit status of each start in which one call failed. A call may also do without.
walk_starts() { # OF-WHAT ARGUMENT...
	local i result

	preloaded shortage "XDPTAIL_SHORTAGE=$1" "XDPTAIL_SHORTAGE_FILE=$NUMBER"
	for ((i = 1; i < 1000; i++)); do
		echo "$i" >"$NUMBER"
		result=0
		timeout 20 "$XDPTAIL" "${@:2}" >"$OUT" 2>"$ERR" || result=$?
		[ "$result" -le 1 ] || fail "call $i: exit $result"
		grep -q "^shortage of $1" "$ERR" || break
		[ "$result" -eq 0 ] || [ "$(grep -c . "$ERR")" -gt 1 ] || fail "call $i: no message"
		rm -f "$A"
	done
	echo "# $1: $((i - 1)) calls failed" >&3
	[ "$i" -gt 2 ] || fail "no call failed"
	expect "exit without a shortage" "$result" 0
}

@test "a start that lacks something ends with 1, which is tried again" {
	local what

	"$HELPERS/make_capture" -n 10 >"$BATS_TEST_TMPDIR/capture"
	cat >"$CONFIG" <<-JSON
		{"read": "$BATS_TEST_TMPDIR/capture", "metrics_file": "$BATS_TEST_TMPDIR/x.prom",
		"output": ["stdout", "file:$A"]}
	JSON
	for what in memory threads descriptors; do
		walk_starts "$what" -f "$CONFIG"
		XDPTAIL=$XDPTAIL_REAL
	done
}
