# SPDX-License-Identifier: BSD-2-Clause
# contrib/rsyslog, by Debian's rsyslogd: each file as it is shipped, but for paths and hosts.

load ../system/common
load ../system/room
load ../system/readers

setup() {
	room_setup
	needs rsyslogd
	SHIPPED=$BATS_TEST_DIRNAME/../../contrib/rsyslog
	FILE=$BATS_TEST_TMPDIR/file
	CAPTURE=$BATS_TEST_TMPDIR/capture
	LINES_SENT=${RSYSLOG_LINES:-10000}
}

teardown() {
	room_teardown
}

# The one place where what is shipped is changed: to directories of the test, and to its own
# addresses.
shipped() { # NAME...
	(cd "$SHIPPED" && sed "s|/var/log/rsyslog/xdptail|$DIR/log/rsyslog|; s|/var/log/xdptail/|$DIR/log/|; s|/run/xdptail/|$DIR/run/|; s|logs.example|127.0.0.1|
		s|\(module(load=\"impstats\" interval=\)\"60\"|\1\"1\"|" "${@/%/.conf}")
}

# As Debian's rsyslog.conf, with a directory of the test's own, and files of contrib/ behind it as
# they would stand in rsyslog.d.
daemon_start() { # DIR NAME...
	DIR=$1
	mkdir -p "$DIR/log" "$DIR/spool"
	touch "$DIR/log/rest"
	{
		printf 'module(load="imuxsock" SysSock.Name="%s/devlog")\n' "$DIR"
		printf 'global(workDirectory="%s/spool")\n' "$DIR"
		shipped "${@:2}"
		printf 'action(type="omfile" file="%s/log/rest")\n' "$DIR"
	} >"$DIR/conf"
	daemon_again "$DIR"
}

# Sets READER.
daemon_again() { # DIR
	DIR=$1
	ip netns exec "$NS_A" rsyslogd -N 1 -f "$DIR/conf" >"$DIR/check" 2>&1 || fail "$(<"$DIR/check")"
	expect "complaints of rsyslogd" "$(grep -cE 'error|warn' "$DIR/check")" 0
	rm -f "$DIR/devlog"
	(
		[ -z "${IN_ROOM:-}" ] || in_room rsyslogd -n -i NONE -f "$DIR/conf"
		exec ip netns exec "$NS_A" rsyslogd -n -i NONE -f "$DIR/conf"
	) >"$DIR/out" 2>&1 3>&- &
	READER=$!
	wait_until "rsyslogd has its sockets" test -S "$DIR/devlog"
}

daemon_stop() { # PID
	kill "$1"
	wait_end "$1"
}

network() {
	ip netns add "$NS_A"
	ip -n "$NS_A" link set lo up
}

# A capture's lines to FILE and to an output, which has them wait.
send_to() { # OUTPUT
	"$HELPERS/make_capture" -n "$LINES_SENT" -S 50 >"$CAPTURE"
	timeout 60 ip netns exec "$NS_A" "$XDPTAIL" -r "$CAPTURE" -N 1 -q -o "file:$FILE" -o "$1" 2>"$ERR"
}

# The same lines as in FILE, in the same order; the stream is whole; and nothing went elsewhere.
expect_all() { # DIR
	local log=$1/log

	wait_lines "$log/rsyslog.jsonl" "$(wc -l <"$FILE")"
	same_output "$log/rsyslog.jsonl" "$FILE" || fail "lines differ"
	"$XDPTAIL" audit "$log/rsyslog.jsonl" >"$BATS_TEST_TMPDIR/verdict" ||
		fail "audit: $(<"$BATS_TEST_TMPDIR/verdict")"
	expect "what is no JSON" "$(lines_in "$log/rsyslog.no-json")" 0
	expect "elsewhere" "$(grep -c event_type "$log/rest")" 0
}

@test "from-devlog: -o syslog" {
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" from-devlog xdptail
	send_to "syslog:$DIR/devlog"
	logger -u "$DIR/devlog" -t other "is no JSON, and is not ours"
	expect_all "$DIR"
	wait_line "$DIR/log/rest" "other: is no JSON" "$READER"
}

@test "from-socket: a socket of xdptail's own; what is no JSON is kept apart" {
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" from-socket xdptail
	wait_until "there is the socket" test -S "$DIR/run/rsyslog.sock"
	send_to "syslog:unix://$DIR/run/rsyslog.sock"
	expect_all "$DIR"
	logger -u "$DIR/run/rsyslog.sock" --rfc5424 -t xdptail "is no JSON"
	wait_line "$DIR/log/rsyslog.no-json" "is no JSON" "$READER"
}

is_open_to_all() { # SOCKET
	[ "$(stat -c %a "$1" 2>/dev/null)" = 666 ]
}

@test "from-socket: whoever xdptail runs as reaches the socket" {
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" from-socket xdptail
	wait_until "all may write to the socket" is_open_to_all "$DIR/run/rsyslog.sock"
	expect "mode of its directory" "$(stat -c %a "$DIR/run")" 755
}

# In place of the one that asks systemd: only what is in the file, and to this test's process.
fake_systemctl() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/systemctl" <<-SCRIPT
		#!/bin/sh
		[ "\$*" = 'kill --signal=HUP rsyslog.service' ] && kill -HUP $READER
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
}

lets_go() { # PID FILE
	! find "/proc/$1/fd" -lname "$2" | grep -q .
}

@test "logrotate: what was written is renamed, and goes on in a file of its old name" {
	local log

	needs logrotate
	# nothing of xdptail's own rotation is to find these
	expect_line "$SHIPPED/../../packaging/systemd/xdptail.logrotate" '^/var/log/xdptail/\*\.jsonl {$'
	expect "in xdptail's directory" "$(grep -hE '(file|File)="/var/log/xdptail/' "$SHIPPED"/*.conf | grep -vc imfile)" 0
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" from-devlog xdptail stats
	log=$DIR/log/rsyslog.jsonl
	send_to "syslog:$DIR/devlog"
	expect_all "$DIR"
	fake_systemctl
	sed "s|/var/log/rsyslog/xdptail|$DIR/log/rsyslog|" "$SHIPPED/logrotate" >"$BATS_TEST_TMPDIR/logrotate.conf"
	chmod 0644 "$BATS_TEST_TMPDIR/logrotate.conf"
	chmod 0755 "$DIR/log"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH logrotate -f -s "$BATS_TEST_TMPDIR/state" "$BATS_TEST_TMPDIR/logrotate.conf"
	wait_until "rsyslogd lets go of it" lets_go "$READER" "$log.1"
	mv "$FILE" "$FILE.1"
	send_to "syslog:$DIR/devlog"
	expect_all "$DIR"
	same_output "$log.1" "$FILE.1"
}

@test "from-tcp: octet-counted" {
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" from-tcp xdptail
	wait_until "rsyslogd listens" listens "$NS_A" -t 10514
	send_to syslog:tcp://127.0.0.1:10514
	expect_all "$DIR"
}

@test "from-file: across a rotation, and while rsyslogd was away" {
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" from-file xdptail
	send_to "file:$DIR/log/xdptail.jsonl"
	mv "$DIR/log/xdptail.jsonl" "$DIR/log/xdptail.jsonl.1"
	mv "$FILE" "$FILE.1"
	send_to "file:$DIR/log/xdptail.jsonl"
	wait_lines "$DIR/log/rsyslog.jsonl" $((2 * $(wc -l <"$FILE")))
	daemon_stop "$READER"
	send_to "file:$DIR/log/xdptail.jsonl"
	daemon_again "$DIR"
	cat "$FILE.1" "$FILE" >"$FILE.all"
	mv "$FILE.all" "$FILE"
	expect_all "$DIR"
}

same_lines() { # FILE FILE: in any order, however often
	cmp -s <(nameless "$1" | sort -u) <(nameless "$2" | sort -u)
}

@test "forward: to another rsyslogd, that comes only later: nothing is missing, something may be there twice" {
	local edge=$BATS_TEST_TMPDIR/edge central=$BATS_TEST_TMPDIR/central

	network
	daemon_start "$edge" from-devlog forward
	send_to "syslog:$edge/devlog"
	daemon_start "$central" from-tcp xdptail
	wait_until "all lines came" same_lines "$central/log/rsyslog.jsonl" "$FILE"
	expect "what is no JSON" "$(lines_in "$central/log/rsyslog.no-json")" 0
}

# What the far end had in hand when it was killed, and had not acknowledged: by plain TCP that is
# lost.
@test "forward-relp: the other rsyslogd is killed, and nothing is missing" {
	local edge=$BATS_TEST_TMPDIR/edge central=$BATS_TEST_TMPDIR/central far

	[ -e "$(dirname "$(find /usr/lib /usr/lib64 -name mmjsonparse.so 2>/dev/null | head -n 1)")/omrelp.so" ] ||
		lacks "needs rsyslog-relp"
	network
	daemon_start "$central" from-relp
	far=$READER
	wait_until "rsyslogd listens" listens "$NS_A" -t 20514
	daemon_start "$edge" from-devlog forward-relp
	send_to "syslog:$edge/devlog"
	wait_until "all lines came" same_lines "$central/log/rsyslog.jsonl" "$FILE"
	kill -STOP "$far"
	send_to "syslog:$edge/devlog"
	wait_until "lines are in the connection" has_unread "$NS_A" 20514
	kill -KILL "$far"
	wait "$far" || true
	daemon_again "$central"
	wait_until "all lines came" same_lines "$central/log/rsyslog.jsonl" "$FILE"
	sort -u "$central/log/rsyslog.jsonl" | "$XDPTAIL" audit >"$BATS_TEST_TMPDIR/verdict" ||
		fail "audit: $(<"$BATS_TEST_TMPDIR/verdict")"
	expect "runs" "$(grep -c '^run ' "$BATS_TEST_TMPDIR/verdict")" 2
	expect "what is no JSON" "$(lines_in "$central/log/rsyslog.no-json")" 0
}

# Bytes that who listens there has not read.
has_unread() { # NS PORT
	[ "$(ip netns exec "$1" ss -H -t -n state established "sport = :$2" | awk '{ sum += $1 } END { print sum + 0 }')" -gt 0 ]
}

@test "stats: rsyslog's own losses" {
	network
	daemon_start "$BATS_TEST_TMPDIR/daemon" stats from-devlog xdptail
	send_to "syslog:$DIR/devlog"
	expect_all "$DIR"
	wait_line "$DIR/log/rsyslog.stats" '"name": "xdptail_file".*"processed": '"$(wc -l <"$FILE")" "$READER"
	expect "discarded, failed" "$(sed 's/^[^{]*//' "$DIR/log/rsyslog.stats" |
		jq -s 'map((.["discarded.full"] // 0) + (.["discarded.nf"] // 0) + (.failed // 0)) | add')" 0
}

@test "from-journal: lines that went to journald" {
	network
	DIR=$BATS_TEST_TMPDIR/daemon
	mkdir -p "$DIR"
	room
	journald_start
	IN_ROOM=yes daemon_start "$DIR" from-journal xdptail
	"$HELPERS/make_capture" -n "$LINES_SENT" -S 50 >"$CAPTURE"
	room_run "$XDPTAIL" -r "$CAPTURE" -N 1 -q -o "file:$FILE" -o journal
	wait_end "$PID" 60
	expect "exit" "$CODE" 0
	expect_all "$DIR"
}
