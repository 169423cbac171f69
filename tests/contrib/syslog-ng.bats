# SPDX-License-Identifier: BSD-2-Clause
# contrib/syslog-ng, by Debian's syslog-ng: as it is shipped, but for paths. SYSLOG_NG may name
# where it was unpacked.

load ../system/common
load ../system/readers

setup() {
	common_setup
	SHIPPED=$BATS_TEST_DIRNAME/../../contrib/syslog-ng
	FILE=$BATS_TEST_TMPDIR/file
	CAPTURE=$BATS_TEST_TMPDIR/capture
	DIR=$BATS_TEST_TMPDIR/daemon
	LINES_SENT=${SYSLOG_NG_LINES:-10000}
	unpack
	ip netns add "$NS_A"
	ip -n "$NS_A" link set lo up
}

unpack() {
	[ -z "${SYSLOG_NG:-}" ] || return 0
	needs apt-get dpkg
	SYSLOG_NG=$("$BATS_TEST_DIRNAME/fetch-syslog-ng.sh" "$(dirname "$XDPTAIL")/contrib/syslog-ng" \
		2>"$BATS_TEST_TMPDIR/fetch") || lacks "apt-get could not fetch syslog-ng: $(tail -n 1 "$BATS_TEST_TMPDIR/fetch")"
}

# The one place where what is shipped is changed.
shipped() { # NAME...
	(cd "$SHIPPED" && sed "s|/var/log/syslog-ng/xdptail|$DIR/log/syslog-ng|; s|/var/log/xdptail/|$DIR/|; s|/run/xdptail/|$DIR/run/|" "${@/%/.conf}")
}

# What a package finds where it is installed.
syslog_ng() { # ARGUMENT...
	local library plugins

	plugins=$(dirname "$(find "$SYSLOG_NG/usr/lib/syslog-ng" -name libafsocket.so | head -n 1)")
	library=$(echo "$SYSLOG_NG"/usr/lib/*-linux-gnu)
	LD_LIBRARY_PATH=$plugins:$library:$SYSLOG_NG/usr/lib/syslog-ng exec ip netns exec "$NS_A" \
		"$SYSLOG_NG/usr/sbin/syslog-ng" --no-caps -f "$DIR/conf" -R "$DIR/persist" -p "$DIR/pid" \
		-c "$DIR/control" "--module-path=$plugins" "$@"
}

# Sets READER. Behind what is shipped a log of the rest, as the default one has.
daemon_start() {
	mkdir -p "$DIR"
	touch "$DIR/rest" "$DIR/xdptail.jsonl"
	{
		shipped xdptail
		cat <<-C
			@module syslogformat
			@module afsocket
			@module affile
			@module json-plugin
			@module basicfuncs
			options { stats-freq(0); };
			source s_src { unix-dgram("$DIR/devlog"); };
		C
		shipped devlog
		printf 'log { source(s_src); destination { file("%s/rest"); }; };\n' "$DIR"
	} >"$DIR/conf"
	(syslog_ng --syntax-only) >"$DIR/check" 2>&1 || fail "$(<"$DIR/check")"
	expect "complaints of syslog-ng" "$(<"$DIR/check")" ""
	(syslog_ng -F) >"$DIR/out" 2>&1 3>&- &
	READER=$!
	wait_until "syslog-ng has its socket" test -S "$DIR/devlog"
	wait_until "syslog-ng listens" listens "$NS_A" -t 10601
}

# A capture's lines to FILE and to an output, which has them wait; then they are in syslog-ng's, the
# same bytes in the same order, and the stream is whole.
expect_through() { # OUTPUT
	local log=$DIR/log/syslog-ng.jsonl

	"$HELPERS/make_capture" -n "$LINES_SENT" -S 50 >"$CAPTURE"
	timeout 60 ip netns exec "$NS_A" "$XDPTAIL" -r "$CAPTURE" -N 1 -q -o "file:$FILE" -o "$1" 2>"$ERR"
	wait_lines "$log" "$(wc -l <"$FILE")"
	same_output "$log" "$FILE" || fail "lines differ"
	"$XDPTAIL" audit "$log" >"$BATS_TEST_TMPDIR/verdict" || fail "audit: $(<"$BATS_TEST_TMPDIR/verdict")"
	expect "what is no JSON" "$(lines_in "$DIR/log/syslog-ng.no-json")" 0
	expect "elsewhere" "$(grep -c event_type "$DIR/rest")" 0
}

@test "a socket of xdptail's own; what is no JSON is kept apart" {
	daemon_start
	expect_through "syslog:unix://$DIR/run/syslog-ng.sock"
	logger -u "$DIR/run/syslog-ng.sock" --rfc5424 -t xdptail "is no JSON"
	wait_line "$DIR/log/syslog-ng.no-json" "is no JSON" "$READER"
	expect "modes, so that whoever xdptail runs as reaches it" \
		"$(stat -c %a "$DIR/run" "$DIR/run/syslog-ng.sock" | paste -sd ' ')" "755 666"
}

# In place of the one that asks systemd: only what is in the file, and to this test's process.
fake_systemctl() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/systemctl" <<-SCRIPT
		#!/bin/sh
		[ "\$*" = 'kill --kill-who=main --signal=HUP syslog-ng.service' ] && kill -HUP $READER
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
}

lets_go() { # PID FILE
	! find "/proc/$1/fd" -lname "$2" | grep -q .
}

@test "logrotate: what was written is renamed, and goes on in a file of its old name" {
	local log=$DIR/log/syslog-ng.jsonl

	needs logrotate
	expect_no_line "$SHIPPED/xdptail.conf" '^	file("/var/log/xdptail/.*template'
	daemon_start
	expect_through "syslog:unix://$DIR/run/syslog-ng.sock"
	fake_systemctl
	sed "s|/var/log/syslog-ng/xdptail|$DIR/log/syslog-ng|" "$SHIPPED/logrotate" >"$BATS_TEST_TMPDIR/logrotate.conf"
	chmod 0644 "$BATS_TEST_TMPDIR/logrotate.conf"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH logrotate -f -s "$BATS_TEST_TMPDIR/state" "$BATS_TEST_TMPDIR/logrotate.conf"
	wait_until "syslog-ng lets go of it" lets_go "$READER" "$log.1"
	mv "$FILE" "$FILE.1"
	expect_through "syslog:unix://$DIR/run/syslog-ng.sock"
	same_output "$log.1" "$FILE.1"
}

@test "TCP, octet-counted" {
	daemon_start
	expect_through syslog:tcp://127.0.0.1:10601
}

@test "a file that grows" {
	daemon_start
	expect_through "file:$DIR/xdptail.jsonl"
}

@test "/dev/log, with what others log" {
	daemon_start
	expect_through "syslog:$DIR/devlog"
	logger -u "$DIR/devlog" -t other "is not ours"
	wait_line "$DIR/rest" "is not ours" "$READER"
}
