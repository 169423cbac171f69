# SPDX-License-Identifier: BSD-2-Clause
# contrib/logrotate, by Debian's logrotate, under load.

load ../system/common
load ../system/readers

setup() {
	common_setup
	needs logrotate zcat
	SHIPPED=$BATS_TEST_DIRNAME/../../contrib/logrotate/xdptail
	SET=$BATS_TEST_TMPDIR/set
	mkdir -m 0755 "$SET"
}

# The one place where what is shipped is changed: the directory, whose it is, and a size that is
# soon reached. logrotate takes offence at a configuration that others may write to.
shipped() {
	sed "s|/var/log/xdptail/|$SET/|; s|size 1G|size 200k|; s|xdptail xdptail$|root root|" "$SHIPPED" >"$BATS_TEST_TMPDIR/logrotate.conf"
	chmod 0644 "$BATS_TEST_TMPDIR/logrotate.conf"
}

# In place of the one that finds all of a user: only what is in the file, and to this test's
# process.
fake_pkill() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/pkill" <<-SCRIPT
		#!/bin/sh
		[ "\$*" = '-HUP -x -u xdptail xdptail' ] && kill -HUP $PID
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/bin/pkill"
}

rotate() { # OPTION OF logrotate...
	PATH=$BATS_TEST_TMPDIR/bin:$PATH logrotate -s "$BATS_TEST_TMPDIR/state" "$@" \
		"$BATS_TEST_TMPDIR/logrotate.conf"
}

set_of() { # NAME: its lines, the oldest first
	local file

	for file in $(find "$SET" -name "$1.jsonl-*" | LC_ALL=C sort) "$SET/$1.jsonl"; do
		zcat -f "$file"
	done
}

@test "two files of one run, one by size, one by day: every record once" {
	local copies rotations=0

	pair
	tail_start -a -N 1 --interval 1 -o "file:$SET/packets.jsonl,events=packet,stats,sink" \
		-o "file:$SET/counts.jsonl,events=count,snapshot,stats,sink,interface,loss,clock"
	fake_pkill
	shipped
	traffic peer0 200 100000 >&2
	wait_line "$SET/packets.jsonl" '"packet".*"record_seq":200,' "$PID"
	rotate
	expect "files while none is large" "$(find "$SET" -type f -printf '%f ' | xargs -n 1 | sort | paste -sd ' ')" \
		"counts.jsonl packets.jsonl"
	for copies in 2 3 4 5; do
		rotations=$((rotations + 1))
		traffic peer0 2000 100000 >&2
		wait_line "$SET/packets.jsonl" "\"packet\".*\"record_seq\":$((200 + rotations * 2000))," "$PID"
		rotate
		wait_line "$SET/packets.jsonl" "\"repeated\":true.*\"file\":$copies" "$PID"
		# its name is of that second
		until [ "$(date +%s)" -gt "$(find "$SET" -name 'packets*-*' | sed 's/.*-\([0-9]*\).*/\1/' | sort -n | tail -n 1)" ]; do
			:
		done
	done
	rotate --force
	wait_line "$SET/counts.jsonl" '"repeated":true' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	set_of packets >"$OUT"
	check_schema "$OUT"
	# each has a part of the types; what both have is there twice
	{ cat "$OUT" && set_of counts; } | sort -u >"$BATS_TEST_TMPDIR/all"
	"$XDPTAIL" audit "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/verdict" ||
		fail "audit: $(<"$BATS_TEST_TMPDIR/verdict")"
	expect "records there twice" "$(grep -v '"repeated":true' "$OUT" |
		jq -r '"\(.event_type) \(.record_seq)"' | sort | uniq -d)" ""
	expect "packets" "$(set_of packets | grep -c '"event_type":"packet"')" 8200
	expect "compressed: all but the newest" "$(find "$SET" -name 'packets.jsonl-*.gz' | wc -l)" 4
}
