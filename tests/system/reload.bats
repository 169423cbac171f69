# SPDX-License-Identifier: BSD-2-Clause
# SIGHUP: the config file once more, and what of a run it can change.

load common

setup() {
	common_setup
	CONFIG=$BATS_TEST_TMPDIR/config.json
	A=$BATS_TEST_TMPDIR/a
	B=$BATS_TEST_TMPDIR/b
	RELOADS=0
}

# A config file for tail0, with what is given beside.
config() { # JSON-MEMBERS
	printf '{ // %s\n"interface": "tail0", "all": true, %s }\n' "$(date +%s%N)" "$1" >"$CONFIG"
}

file() { # PATH [MEMBERS]
	printf '{"type": "file", "target": "%s"%s}' "$1" "${2:+, $2}"
}

# Sets PID, and leaves the stream in OUT, the messages in ERR.
config_start() { # ARGUMENT OF xdptail...
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -f "$CONFIG" "$@" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" "listening on tail0" "$PID"
}

# Until the message that the nth reload ends with.
reload() { # PATTERN
	local pattern=$1

	RELOADS=$((RELOADS + 1))
	kill -HUP "$PID"
	wait_line "$ERR" 'SIGHUP: reloaded\|configuration is unchanged' "$PID" "$RELOADS"
	expect_line "$ERR" "$pattern"
}

@test "N, how it is meant, the interval and top change while packets flow" {
	pair
	config '"sample": 1, "interval": 0, "top": 10'
	config_start
	traffic peer0 100 0 20
	wait_line "$OUT" '"event_type":"packet".*"record_seq":100,' "$PID"
	config '"sample": 10, "interval": 1, "top": 5'
	reload "SIGHUP: reloaded \"$CONFIG\""
	traffic peer0 1000 0 20
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":2,' "$PID"
	config '"sample": 0, "interval": 0, "sample_mode": "random"'
	reload 'SIGHUP: reloaded'
	traffic peer0 500
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "seen" "$(seen)" 1600
	# each CPU begins where it was in its first N
	expect_within "packets" "$(counted packets)" 198 202
	expect "with N=1" "$(count_records "$OUT" '.sample_rate == 1 and .event_type == "packet"')" 100
	expect "starts" "$(select_records "$OUT" '.event_type == "start"' |
		jq -c '[.sample_rate, .sample_mode, .interval_s, .repeated]' | xargs)" \
		"[1,every,0,null] [10,every,1,true] [0,random,0,true]"
	expect "count lines of the first snapshot" \
		"$(count_records "$OUT" '.event_type == "count" and .snapshot == 1')" 5
}

@test "how full the ring was before a reload is in the interval's stats" {
	pair
	config '"sample": 1, "interval": 0'
	config_start
	kill -STOP "$PID"
	wait_stopped "$PID"
	traffic peer0 1000
	kill -CONT "$PID"
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' "$PID"
	config '"sample": 2, "interval": 0'
	reload 'SIGHUP: reloaded'
	kill -USR1 "$PID"
	wait_line "$OUT" '"event_type":"stats"' "$PID"
	tail_stop
	check_stream "$OUT"
	# a sample is no smaller than this
	expect_within "high water" "$(select_records "$OUT" '.event_type == "stats" and (.total | not)' |
		head -n 1 | jq .ring_high_water)" 64000 16777216
}

@test "outputs come, go, and change their settings" {
	pair
	config "\"sample\": 1, \"output\": [\"stdout\", $(file "$A")]"
	config_start
	traffic peer0 100
	wait_line "$A" '"event_type":"packet".*"record_seq":100,' "$PID"

	config "\"sample\": 1, \"output\": [\"stdout\", $(file "$B")]"
	reload 'SIGHUP: reloaded'
	traffic peer0 100
	wait_line "$B" '"event_type":"packet".*"record_seq":200,' "$PID"
	expect "the first line of what came" \
		"$(head -n 1 "$B" | jq -c '[.event_type, .repeated, .joined]')" '["start",true,true]'

	config "\"sample\": 1, \"output\": [\"stdout\", $(file "$B" '"events": ["snapshot", "sink", "stats"]')]"
	reload 'SIGHUP: reloaded'
	kill -USR1 "$PID"
	wait_line "$B" '"event_type":"snapshot"' "$PID"
	traffic peer0 50
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 250
	expect "packets in what has gone" "$(grep -c '"event_type":"packet"' "$A")" 100
	expect "sums of outputs" "$(select_records "$OUT" '.event_type == "sink" and .total' |
		jq -r .sink | xargs)" "stdout file:$A file:$B"

	# incomplete, but consistent
	run --separate-stderr "$XDPTAIL" audit "$A"
	expect "audit of what has gone" "$status" 1
	run --separate-stderr "$XDPTAIL" audit "$B"
	expect "audit of what came: $output" "$status" 1
	[[ $output == *"records 1 to 100 of packet were made before this output came"* ]] ||
		fail "audit says: $output"
}

# Nothing is lost in either: what was made while an output was not there is not missing from its
# copy.
@test "audit of outputs that came late, that came back, and of those when there was no other" {
	local copy

	pair
	config "\"sample\": 1, \"interval\": 0, \"output\": $(file "$A")"
	config_start
	traffic peer0 100
	wait_line "$A" '"event_type":"packet".*"record_seq":100,' "$PID"
	config "\"sample\": 1, \"interval\": 0, \"output\": $(file "$B")"
	reload 'SIGHUP: reloaded'
	traffic peer0 100
	wait_line "$B" '"event_type":"packet".*"record_seq":200,' "$PID"
	config "\"sample\": 1, \"interval\": 0, \"output\": [$(file "$A"), $(file "$B")]"
	reload 'SIGHUP: reloaded'
	traffic peer0 100
	tail_stop
	expect "exit" "$CODE" 0
	expect "packets of the one that came back" "$(grep -c '"event_type":"packet"' "$A")" 200
	for copy in "$A" "$B"; do
		run --separate-stderr "$XDPTAIL" audit "$copy"
		expect "audit of $copy: $output" "$status" 1
		[[ $output != *missing* ]] || fail "audit says: $output"
	done
	[[ $output == *"records 1 to 100 of packet were made before this output came to the run"* ]] ||
		fail "audit says: $output"
	run --separate-stderr "$XDPTAIL" audit "$A"
	[[ $output == *"records 101 to 200 of packet were made before this output came back"* ]] ||
		fail "audit says: $output"
	sed -i 10d "$A"
	run --separate-stderr "$XDPTAIL" audit "$A"
	expect "audit of the one that came back, without a line: $output" "$status" 2
}

@test "a broken file, or an output that can't be opened, changes nothing" {
	pair
	config "\"sample\": 1, \"output\": [\"stdout\", $(file "$A")]"
	config_start
	config '"sampel": 10'
	reload 'SIGHUP: reload failed, the configuration is unchanged: .*/config.json:2: sampel: no such key; did you mean "sample"?'
	echo '{' >"$CONFIG"
	reload 'the file ends before its object does'
	rm "$CONFIG"
	reload 'cannot read the config file'
	config "\"sample\": 10, \"output\": [$(file "$B"), $(file "$BATS_TEST_TMPDIR/no/c")]"
	reload 'the directory .* does not exist'
	traffic peer0 100
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	check_stream "$A" --sink "file:$A"
	expect "packets" "$(counted packets)" 100
	expect "starts" "$(count_records "$OUT" '.event_type == "start"')" 1
}

@test "what a run can't change is named, and stays" {
	pair
	config '"sample": 1'
	config_start
	printf '{"interface": "lo", "all": false, "ring_size": "1M", "transport": "perf", "sample": 5}' >"$CONFIG"
	reload 'SIGHUP: reloaded'
	for name in interface function-name ring-size transport; do
		expect_line "$ERR" "SIGHUP: \"$name\" changed; it takes effect after a restart"
	done
	expect_no_line "$ERR" '"sample" has changed'
	[ -n "$(attached)" ] || fail "no longer attached"
	traffic peer0 100
	tail_stop
	check_stream "$OUT"
	expect "seen" "$(seen)" 100
}

@test "the command line wins, also the second time" {
	pair
	config '"sample": 10'
	config_start -N 1
	config '"sample": 100'
	reload 'SIGHUP: reloaded'
	traffic peer0 100
	tail_stop
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 100
}

# The link is not touched: some drivers take it down for seconds.
@test "a hundred reloads under load: attached all the time, and the laws hold" {
	local changes program flooder i

	pair
	config "\"sample\": 1, \"interval\": 1, \"output\": [\"stdout\", $(file "$A")]"
	config_start
	changes=$(ip netns exec "$NS_A" cat /sys/class/net/tail0/carrier_changes)
	program=$(attached)
	ip netns exec "$NS_B" "$HELPERS/traffic" peer0 100000000 20000 100 >/dev/null 3>&- &
	flooder=$!
	for ((i = 1; i <= 100; i++)); do
		config "\"sample\": $((i % 7)), \"interval\": $((1 + i % 2)), \"output\": [\"stdout\", $(
			file "$A" "\"queue\": \"$((1 + i % 3))M\"")]"
		reload 'SIGHUP: reloaded'
	done
	# as many as can be, which become fewer
	for ((i = 1; i <= 2000; i++)); do
		kill -HUP "$PID"
	done
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":3,' "$PID"
	kill "$flooder"
	wait "$flooder" || true
	expect "carrier changes" "$(ip netns exec "$NS_A" cat /sys/class/net/tail0/carrier_changes)" \
		"$changes"
	expect "program" "$(attached)" "$program"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	run --separate-stderr "$XDPTAIL" audit "$OUT"
	expect "audit: $output" "$status" 0
	run --separate-stderr "$XDPTAIL" audit "$A"
	[ "$status" -le 1 ] || fail "audit of the output that changed: $output"
}

# How long: XDPTAIL_RELOAD_SECONDS (make soak-outputs). The rate is kept by a clock, not by how soon
# the program is done with one.
@test "a thousand SIGHUPs a second under load: the laws hold" {
	local seconds=${XDPTAIL_RELOAD_SECONDS:-2} flooder program sent

	pair
	config "\"sample\": 1, \"interval\": 1, \"output\": [\"stdout\", $(file "$A")]"
	config_start
	program=$(attached)
	ip netns exec "$NS_B" "$HELPERS/traffic" peer0 100000000 20000 100 >/dev/null 3>&- &
	flooder=$!
	sent=$(/usr/bin/python3 - "$PID" "$seconds" <<-'PYTHON'
		import os, signal, sys, time

		pid, n = int(sys.argv[1]), 1000 * int(sys.argv[2])
		begin = time.monotonic()
		for i in range(n):
		    time.sleep(max(0, begin + i / 1000 - time.monotonic()))
		    os.kill(pid, signal.SIGHUP)
		print(n, "in %.1f s" % (time.monotonic() - begin))
	PYTHON
	)
	kill "$flooder"
	wait "$flooder" || true
	expect "program" "$(attached)" "$program"
	tail_stop
	expect "exit" "$CODE" 0
	expect_line "$ERR" 'SIGHUP: reloaded'
	echo "# $sent, of which $(grep -c 'SIGHUP: reloaded' "$ERR") made a reload" >&3
	for stream in "$OUT" "$A"; do
		check_stream "$stream"
		run --separate-stderr "$XDPTAIL" audit "$stream"
		expect "audit of $stream: $output" "$status" 0
	done
	expect "packets" "$(counted packets)" "$(seen)"
}

@test "the only output changes, and can't be opened anew: configuration is unchanged" {
	pair
	mkdir "$BATS_TEST_TMPDIR/place"
	config "\"output\": $(file "$BATS_TEST_TMPDIR/place/a")"
	config_start
	rm -r "$BATS_TEST_TMPDIR/place"
	config "\"output\": $(file "$BATS_TEST_TMPDIR/place/a" '"queue": "1M"')"
	reload 'configuration is unchanged'
	expect_line "$ERR" 'error: SIGHUP: cannot create .* does not exist; create it first'
	mkdir "$BATS_TEST_TMPDIR/place"
	reload 'SIGHUP: reloaded'
	wait_line "$BATS_TEST_TMPDIR/place/a" '"joined":true' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
}

@test "an output whose reader has gone is all that is left: the run ends" {
	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	head -n 1 <"$BATS_TEST_TMPDIR/fifo" >/dev/null 3>&- &
	config "\"sample\": 1, \"output\": [\"stdout\", $(file "$A")]"
	OUT=$BATS_TEST_TMPDIR/fifo config_start
	traffic peer0 100 0 20
	wait_line "$ERR" 'output "stdout" failed permanently: Broken pipe' "$PID"
	config "\"sample\": 1, \"output\": \"stdout\""
	reload 'SIGHUP: reloaded'
	wait_end "$PID"
	expect "exit" "$CODE" 5
}

@test "an output that was to return, and then was not wanted any more, is gone" {
	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	config "\"sample\": 1, \"interval\": 0, \"output\": [\"stdout\", $(file "$A")]"
	OUT=$BATS_TEST_TMPDIR/fifo config_start
	traffic peer0 1000
	wait_line "$A" '"event_type":"packet".*"record_seq":1000,' "$PID"
	config "\"sample\": 1, \"interval\": 0, \"output\": [{\"type\": \"stdout\", \"queue\": \"1M\"}, $(file "$A")]"
	reload 'SIGHUP: reloaded'
	config "\"sample\": 1, \"interval\": 0, \"output\": $(file "$A")"
	reload 'SIGHUP: reloaded'
	traffic peer0 100
	wait_line "$A" '"event_type":"packet".*"record_seq":1100,' "$PID"
	tail_stop
	exec 8<&-
	check_stream "$A" --sink "file:$A"
	# no packet was put to it since the last reload
	expect_within "made" "$(select_records "$A" '.sink == "stdout" and .total' | jq .made)" 1000 1020
}

@test "an output that takes nothing leaves: that is no recovery" {
	pair
	config "\"interval\": 1, \"output\": [\"stdout\", \"unix:$BATS_TEST_TMPDIR/nobody\"]"
	config_start
	wait_line "$ERR" 'output "unix:.*": write failed' "$PID"
	config '"interval": 1, "output": "stdout"'
	reload 'SIGHUP: reloaded'
	wait_line "$OUT" '"event_type":"loss".*"unix:' "$PID" # of what it had not written
	tail_stop
	expect_no_line "$ERR" 'recovered'
	check_stream "$OUT"
}

@test "stdout changes its settings while its reader is asleep: half a line is closed with a newline" {
	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	config "\"sample\": 1, \"interval\": 1, \"output\": [\"stdout\", $(file "$A")]"
	OUT=$BATS_TEST_TMPDIR/fifo config_start
	traffic peer0 1000
	wait_line "$A" '"event_type":"packet".*"record_seq":1000,' "$PID"
	config "\"sample\": 1, \"interval\": 1, \"output\": [{\"type\": \"stdout\", \"queue\": \"1M\"}, $(file "$A")]"
	reload 'SIGHUP: reloaded'
	# it has given up, and has come back
	wait_line "$A" '"event_type":"loss".*"records":[0-9]\{3,\}' "$PID"
	cat <"$BATS_TEST_TMPDIR/fifo" >"$B" 8<&- 3>&- &
	exec 8<&-
	tail_stop
	wait "$!"
	expect "lines that are not whole" "$(grep -c -v '^{.*}$' "$B")" 1
	expect_no_line "$B" '[^{,]{"timestamp"'
	expect_line "$B" '"joined":true'
	check_stream "$A" --sink "file:$A"
	run --separate-stderr "$XDPTAIL" audit "$B"
	expect "audit: $output" "$status" 1
	[[ $output == *"it is truncated"* ]] || fail "audit says: $output"
}

# Leaves the stream in OUT.
capture_start() { # ARGUMENT OF make_capture...
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	"$HELPERS/make_capture" "$@" >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -f "$CONFIG" -r "$BATS_TEST_TMPDIR/capture" >"$BATS_TEST_TMPDIR/fifo" 2>"$ERR" 3>&- 8<&- &
	PID=$!
}

# The reader begins to read, and the run goes on to its end.
capture_end() {
	cat <"$BATS_TEST_TMPDIR/fifo" >"$OUT" 8<&- 3>&- &
	exec 8<&-
	wait_end "$PID"
	wait "$!"
	expect "exit" "$CODE" 0
}

capture_config() { # OUTPUTS
	echo "{\"all\": true, \"sample\": 1, \"output\": [$1]}" >"$CONFIG"
}

@test "a capture waits for a small output that comes while it is read" {
	capture_config "$(file "$A"), \"stdout\""
	capture_start -n 30000
	wait_line "$A" '"record_seq":1000,' "$PID"
	capture_config "$(file "$A"), \"stdout\", $(file "$B" '"queue": "64K"')"
	reload 'SIGHUP: reloaded'
	capture_end
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 30000
	expect_line "$B" '"event_type":"stop"'
}

@test "a capture waits for an output that changes its settings" {
	capture_config "$(file "$A"), \"stdout\""
	capture_start -n 30000
	wait_line "$A" '"record_seq":1000,' "$PID"
	capture_config "$(file "$A"), {\"type\": \"stdout\", \"queue\": \"1M\"}"
	reload 'SIGHUP: reloaded'
	capture_end
	check_stream "$OUT"
	check_stream "$A" --sink "file:$A"
	expect "packets" "$(counted packets)" 30000
	expect "packets to stdout" "$(grep -c '"event_type":"packet"' "$OUT")" 30000
	expect_no_line "$ERR" "did not get"
}

@test "a capture that comes through a pipe: outputs change while there are no frames" {
	local frames=$BATS_TEST_TMPDIR/frames

	capture_config "\"stdout\", $(file "$A")"
	"$HELPERS/make_capture" -n 1000 >"$BATS_TEST_TMPDIR/capture"
	mkfifo "$frames"
	exec 8<>"$frames"
	"$XDPTAIL" -f "$CONFIG" -r - <"$frames" >"$OUT" 2>"$ERR" 3>&- 8<&- &
	PID=$!
	head -c 40024 "$BATS_TEST_TMPDIR/capture" >&8
	wait_line "$A" '"record_seq":500,' "$PID"
	capture_config "\"stdout\", $(file "$A" '"queue": "1M"')"
	reload 'SIGHUP: reloaded'
	wait_line "$A" '"joined":true' "$PID"
	tail -c +40025 "$BATS_TEST_TMPDIR/capture" >&8
	exec 8<&-
	wait_end "$PID"
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	check_stream "$A" --sink "file:$A"
	expect "packets" "$(grep -c '"event_type":"packet"' "$A")" 1000
}
