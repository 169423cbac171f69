# SPDX-License-Identifier: BSD-2-Clause
# contrib/journald: the limits, a namespace's configuration, and the queries, with a real journald.

load ../system/common
load ../system/room
load ../system/readers

setup() {
	room_setup
	SHIPPED=$BATS_TEST_DIRNAME/../../contrib/journald
	FILE=$BATS_TEST_TMPDIR/file
	CAPTURE=$BATS_TEST_TMPDIR/capture
	ip netns add "$NS_A"
}

teardown() {
	room_teardown
}

# What systemd has journald know of a service's limits: a link each, and none for 0.
export_limits() { # DROP-IN
	local units=/proc/$ROOM/root/run/systemd/units interval burst

	mkdir -p "$units"
	interval=$(systemd-analyze timespan "$(sed -n 's/^LogRateLimitIntervalSec=//p' "$1")" |
		sed -n 's/^ *μs: //p')
	burst=$(sed -n 's/^LogRateLimitBurst=//p' "$1")
	expect_within "interval" "$interval" 1 1000000000
	ln -s "$interval" "$units/log-rate-limit-interval:$UNIT"
	ln -s "$burst" "$units/log-rate-limit-burst:$UNIT"
}

# 12000 lines as a service's, faster than 30 seconds.
run_as_unit() {
	"$HELPERS/make_capture" -n 12000 -S 50 >"$CAPTURE"
	AS_UNIT=yes room_run "$XDPTAIL" -r "$CAPTURE" -N 1 -q -o "file:$FILE" -o journal
	wait_end "$PID" 60
	expect "exit" "$CODE" 0
}

@test "rate-limit.conf: all lines of a service are kept, and without it they are not" {
	[ -n "$(cgroup_roots)" ] || skip "needs control groups"
	room RateLimitIntervalSec=30s RateLimitBurst=1000
	journald_start
	run_as_unit
	expect_within "kept without" "$(read_journal "_SYSTEMD_UNIT=$UNIT" | wc -l)" 1000 11000
	kill "$JPID"
	wait_end "$JPID"
	rm "$FILE"
	export_limits "$SHIPPED/rate-limit.conf"
	journald_start
	run_as_unit
	wait_line "$BATS_TEST_TMPDIR/follow" "$(tail -n 1 "$FILE" | cut -c 1-90)" "$FOLLOW"
	read_journal "XDPTAIL_RUN=$(jq -r .run "$FILE" | head -n 1)" >"$OUT"
	same_output "$OUT" "$FILE"
}

@test "the drop-ins and journald@xdptail.conf say what systemd and journald understand" {
	local service=$BATS_TEST_TMPDIR/unit/xdptail.service complaints

	# the one whose settings name its outputs
	expect_no_line "$BATS_TEST_DIRNAME/../../packaging/systemd/xdptail.service" '^ExecStart=.* -o '
	expect "where README.md puts them" "$(grep -c '/etc/systemd/system/xdptail.service.d/' "$SHIPPED/README.md")" 1
	mkdir -p "$service.d"
	printf '[Service]\nExecStart=/bin/true\n' >"$service"
	cp "$SHIPPED"/{rate-limit,namespace}.conf "$service.d"
	complaints=$(systemd-analyze verify --man=no "$service" 2>&1 | grep -F "$service" || true)
	expect "complaints of systemd" "$complaints" ""
	room "$(grep -v -e '^#' -e '^\[' -e '^Storage=' "$SHIPPED/journald@xdptail.conf")"
	journald_start
	expect "complaints of journald" "$(<"$BATS_TEST_TMPDIR/journald")" ""
}

# The commands of README.md, each in a line, on the journal of this test.
readme_commands() {
	# shellcheck disable=SC2016
	sed -n '/^```sh$/,/^```$/p' "$SHIPPED/README.md" | grep '^journalctl' |
		sed "s| --namespace=xdptail||; s|^journalctl|& -q --no-pager -D $JOURNAL|"
}

@test "the README's queries find what is in the stream" {
	local command

	room
	journald_start
	"$HELPERS/make_capture" -t >"$CAPTURE"
	room_run "$XDPTAIL" -r "$CAPTURE" -a -N 1 -q -o "file:$FILE" -o journal
	wait_end "$PID" 60
	wait_journal '"event_type":"stop"'
	# The two outputs' starts differ in the name of the output alone.
	sed -i '/"event_type":"start"/s|"sink":"file:[^"]*"|"sink":"journal:/run/systemd/journal/socket"|' "$FILE"
	{
		cat "$FILE"                                                   # all
		jq -c 'select(.src_ip == "192.0.2.7" and .event_type == "packet")' "$FILE"
		jq -c 'select(.event_type == "snapshot" and .total)' "$FILE"
		jq -c 'select(.event_type == "start" or .event_type == "stop")' "$FILE"
		jq -r 'select(.event_type == "packet" and .protocol == 17) | .src_ip' "$FILE" | sort | uniq -c | sort -rn | head
		"$XDPTAIL" audit "$FILE"
	} >"$BATS_TEST_TMPDIR/want"
	readme_commands >"$BATS_TEST_TMPDIR/commands"
	expect "commands" "$(wc -l <"$BATS_TEST_TMPDIR/commands")" 6
	while read -r command; do
		PATH=$(dirname "$XDPTAIL"):$PATH bash -c "$command" 3>&- || fail "$command"
	done <"$BATS_TEST_TMPDIR/commands" >"$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/want" | head -n 20 >&2
	cmp "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/want"
}
