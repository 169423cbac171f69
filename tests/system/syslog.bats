# SPDX-License-Identifier: BSD-2-Clause
# Tests of the output to syslog with real daemons that read, stop reading, come and go.

load common
load readers

setup() {
	common_setup
	FILE=$BATS_TEST_TMPDIR/file
	CAPTURE=$BATS_TEST_TMPDIR/capture
}

# Write the lines of a capture to FILE and to an output. The capture waits for the output, so
# nothing is dropped.
read_into() { # OUTPUT
	"$HELPERS/make_capture" -n 20000 -S 50 >"$CAPTURE"
	: >"$ERR"
	CODE=0
	timeout 60 ip netns exec "$NS_A" "$XDPTAIL" -r "$CAPTURE" -N 1 -o "file:$FILE" -o "$1" \
		2>"$ERR" 3>&- || CODE=$?
	expect "$1: exit" "$CODE" 0
	expect "$1: lines of messages" "$(wc -l <"$ERR")" 1
	check_stream "$FILE" --sink "file:$FILE"
	expect "$1: packets" "$(counted packets)" 20000
}

# Print the distinct values of these columns of DIR/headers, for records of a type.
headers() { # TYPE COLUMN...
	paste -d ' ' <(jq -r .event_type "$FILE") "$DIR/headers" | awk -v type="$1" -v columns="${*:2}" '
		BEGIN { n = split(columns, column, " ") }
		$1 == type { for (i = 1; i <= n; i++) printf "%s%s", $(column[i] + 1), i < n ? " " : "\n" }' |
		sort -u
}

@test "to rsyslog by each of its sockets: all lines, in order, and nothing changed" {
	local target

	needs rsyslogd
	ip netns add "$NS_A"
	for target in LOCAL unix:LOCAL unix://NEW tcp://127.0.0.1 tcp://localhost:514; do
		rm -f "$FILE"
		rsyslog_start "$BATS_TEST_TMPDIR/$(tr -c '[:alnum:]\n' . <<<"$target")"
		target=${target/LOCAL/$DIR/local}
		read_into "syslog:${target/NEW/$DIR/new}"
		expect_arrived "$FILE"
		kill "$READER"
		wait_end "$READER"
	done
}

@test "headers say what a record is" {
	local target

	needs rsyslogd
	ip netns add "$NS_A"
	for target in LOCAL unix://NEW; do
		rm -f "$FILE"
		rsyslog_start "$BATS_TEST_TMPDIR/$target"
		target=${target/LOCAL/$DIR/local}
		read_into "syslog:${target/NEW/$DIR/new},facility=local3,tag=one-in-ten"
		expect_arrived "$FILE"
		kill "$READER"
		wait_end "$READER"
		# PRI: 19 * 8 plus 6 for information, 5 for a notice
		expect "packet: pri and tag" "$(headers packet 1 3)" "158 one-in-ten"
		expect "start: pri and tag" "$(headers start 1 3)" "157 one-in-ten"
		expect "one process" "$(headers packet 4 | grep -c '^[0-9]*$')" 1
		[ "$target" != "$DIR/local" ] || continue
		expect "stats: type and structured data" "$(headers stats 5 6)" "stats -"
		expect "start: host" "$(headers start 2)" "$(uname -n)"
		expect "start: time" "$(headers start 7 | sed 's/[+]00:00$/Z/')" \
			"$(jq -r 'select(.event_type == "start").timestamp' "$FILE")"
	done
}

@test "the cookie @cee: is what mmjsonparse looks for by default" {
	needs rsyslogd
	ip netns add "$NS_A"
	rsyslog_start
	read_into "syslog:$DIR/local,cookie=cee"
	expect_arrived "$FILE" cee
	expect "without a cookie" "$(lines_in "$DIR/json")" 0
}

@test "a loss is a warning" {
	needs rsyslogd
	pair
	rsyslog_start
	tail_start -a -N 1 --interval 1 --ring-size 64K -o "file:$FILE" -o "syslog:unix://$DIR/new"
	kill -STOP "$PID"
	wait_stopped "$PID"
	traffic peer0 20000
	kill -CONT "$PID"
	wait_line "$FILE" '"event_type":"loss"' "$PID"
	tail_stop
	expect_arrived "$FILE"
	expect "PRI" "$(headers loss 1)" 28
}

@test "UDP: all lines, in order, where the receiver has room" {
	needs rsyslogd
	pair
	rsyslog_start
	tail_start -a -N 1 -o "file:$FILE" -o syslog:udp://127.0.0.1:514
	traffic peer0 20000 20000
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$FILE" --sink "file:$FILE"
	expect "packets" "$(counted packets)" 20000
	expect_arrived "$FILE"
}

@test "UDP: lines wait for a daemon that is not there, and that is said once" {
	needs rsyslogd
	pair
	ip -n "$NS_A" link set lo up
	tail_start -a -N 1 --interval 0 -o "file:$FILE" -o syslog:udp://127.0.0.1
	wait_line "$ERR" 'udp://127.0.0.1": write failed: Connection refused' "$PID"
	traffic peer0 1000 50000
	rsyslog_start
	wait_line "$ERR" 'udp://127.0.0.1" recovered' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	expect_arrived "$FILE"
	# 4 messages: listening, write failed, recovered, drops seen
	expect "lines of messages" "$(wc -l <"$ERR")" 4
	expect "disconnects" "$(grep -c disconnects "$FILE")" 0
}

# Run a command in a mount namespace where /dev/log is a link to SOCKET, as on a system with
# journald.
with_dev_log() { # SOCKET COMMAND...
	# shellcheck disable=SC2016
	unshare -m --propagation private -- bash -ec '
		mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/journal
		: >/run/systemd/journal/dev-log
		mount --bind "$1" /run/systemd/journal/dev-log
		mount -t tmpfs tmpfs /dev
		mknod -m 666 /dev/null c 1 3
		ln -s /run/systemd/journal/dev-log /dev/log
		exec "${@:2}"' - "$@"
}

@test "-o syslog is /dev/log; where that is the journal, it is said how little it keeps" {
	local lines want

	needs rsyslogd
	ip netns add "$NS_A"
	rsyslog_start
	while read -r lines want; do
		rm -f "$FILE" "$DIR"/{messages,json}
		kill -HUP "$READER"
		"$HELPERS/make_capture" -n "$lines" >"$CAPTURE"
		with_dev_log "$DIR/local" "$XDPTAIL" -r "$CAPTURE" -N 1 -o "file:$FILE" -o syslog \
			2>"$ERR" 3>&-
		expect_arrived "$FILE"
		expect "$lines lines: warnings" \
			"$(grep -c 'warning: output "syslog:/dev/log": more than 10000 lines' "$ERR")" "$want"
	done <<-'TABLE'
		5000 0
		20000 1
	TABLE
}

# Debian's packages of syslog-ng and rsyslog conflict, but "dpkg -x" unpacks both.
@test "to syslog-ng by each of its sockets: its JSON parser finds the same values" {
	local target

	command -v "${SYSLOG_NG:-}/usr/sbin/syslog-ng" >/dev/null ||
		skip "needs syslog-ng, which SYSLOG_NG=DIR may name where it was unpacked"
	ip netns add "$NS_A"
	for target in LOCAL unix://NEW tcp://127.0.0.1:601; do
		rm -f "$FILE"
		syslog_ng_start "$BATS_TEST_TMPDIR/$(tr -c '[:alnum:]\n' . <<<"$target")"
		target=${target/LOCAL/$DIR/local}
		read_into "syslog:${target/NEW/$DIR/new}"
		wait_lines "$DIR/json" "$(wc -l <"$FILE")"
		# In syslog-ng every value is a string, a list of one element is that element, and
		# an empty list is an empty string.
		same_output <(jq -cS . "$DIR/json") \
			<(jq -cS 'map_values(if type == "array" then .[0] // "" else tostring end)' "$FILE") ||
			fail "$target: values differ"
		expect "$target: header" "$(sort -u "$DIR/headers" | grep -c '^xdptail [0-9]* ')" \
			"$(sort -u "$DIR/headers" | wc -l)"
		kill "$READER"
		wait_end "$READER"
	done
}
