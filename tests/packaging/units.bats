# SPDX-License-Identifier: BSD-2-Clause
# The units, and what stands beside them: held to what systemd says of them, and run. There is no
# systemd here to run them, so confine.py does what one would: it makes user, capabilities, mounts
# and seccomp filters of the text of the unit. What make install-service installs is what is run.

load ../system/common
load service

setup() {
	service_setup
	needs systemd-analyze unshare nsenter setpriv getfacl
	LOGS=$ROOT/var/log/xdptail
	UNITS=/usr/lib/systemd/system
	OUT=$LOGS/xdptail.jsonl
}

# Namespaces in which that root lies over the machine's own. Sets IN_WORLD, the words that make a
# command run there, and CONFINE, those that make it run as a unit says.
world() {
	# shellcheck disable=SC2016 # for the bash inside
	ip netns exec "$NS_A" unshare --mount --pid --fork --kill-child --propagation private bash -euc '
		mount -t proc proc /proc
		mount -t overlay -o "lowerdir=$1/etc:/etc" overlay /etc
		mount -t overlay -o "lowerdir=$1/usr:/usr" overlay /usr
		mount --bind "$1/var/log" /var/log
		mount --bind "$1/var/lib" /var/lib
		mount -t tmpfs -o mode=0755 tmpfs /run
		mkdir -p /run/systemd/journal
		echo ready
		exec sleep infinity' - "$ROOT" >"$BATS_TEST_TMPDIR/world" 2>&1 3>&- &
	wait_line "$BATS_TEST_TMPDIR/world" ready $!
	IN_WORLD=(nsenter -t "$(pgrep -P $!)" -m -p -n --)
	CONFINE=("${IN_WORLD[@]}" "$BATS_TEST_DIRNAME/confine.py")
}

# Sets RECEIVER; what comes to systemd is in HEARD.
listen() {
	HEARD=$BATS_TEST_TMPDIR/heard
	: >"$HEARD"
	export NOTIFY_SOCKET=/run/systemd/notify
	"${IN_WORLD[@]}" "$HELPERS/notify" "$NOTIFY_SOCKET" >>"$HEARD" 3>&- &
	RECEIVER=$!
	wait_line "$HEARD" '^bound$' "$RECEIVER"
	"${IN_WORLD[@]}" chmod 0777 "$NOTIFY_SOCKET"
}

# Sets UNIT_PID, nsenter, whose end is the run's; PID, the run; and INNER_PID, what the run is to
# itself.
start() { # ARGUMENT OF confine.py...
	: >"$ERR"
	"${CONFINE[@]}" "$@" 2>"$ERR" >&2 3>&- &
	UNIT_PID=$!
	wait_line "$HEARD" '^READY=1' "$UNIT_PID" || fail "$(cat "$ERR")"
	PID=$(pgrep -P "$UNIT_PID")
	INNER_PID=$(awk '/^NSpid:/ { print $NF }' "/proc/$PID/status")
}

stop() {
	kill -TERM "$PID"
	wait_end "$UNIT_PID"
	expect "exit" "$CODE" 0
	expect "still attached" "$(attached)" ""
	wait_line "$HEARD" '^STOPPING=1$' "$RECEIVER"
}

@test "systemd finds nothing wrong with the units, and both are hardened" {
	local unit score

	pair
	mkdir -p "$ROOT/etc/systemd/system/xdptail@tail0.service.d"
	cp "$ROOT"/usr/share/doc/xdptail/examples/*.conf "$ROOT/etc/systemd/system/xdptail@tail0.service.d"
	world
	# the last one with the drop-ins
	for unit in xdptail.service xdptail@eth0.service xdptail@tail0.service; do
		run "${IN_WORLD[@]}" systemd-analyze verify "$UNITS/$unit"
		expect "$unit: exit" "$status" 0
		# shellcheck disable=SC2154
		expect "$unit: verify" "$(grep -i xdptail <<<"$output")" ""
	done
	for unit in xdptail.service xdptail@.service; do
		run systemd-analyze security --offline=true --threshold=20 "$CHECKOUT/packaging/systemd/$unit"
		expect "$unit: exit" "$status" 0
		score=$(sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p' <<<"$output")
		[[ $score == [01].* || $score == 2.0 ]] || fail "$unit: score \"$score\""
	done
	expect "what the services differ in" "$(diff <(sed -n '/^\[Service]/,/^\[Install]/p' \
		"$CHECKOUT/packaging/systemd/xdptail.service") <(sed -n '/^\[Service]/,/^\[Install]/p' \
		"$CHECKOUT/packaging/systemd/xdptail@.service") | grep -c '^[<>]')" 2
}

@test "sysusers makes the user, tmpfiles the directory, which adm may read" {
	local uid

	expect_line "$ROOT/etc/passwd" '^xdptail:x:[0-9]*:[0-9]*:xdptail:/:/usr/sbin/nologin$'
	uid=$(sed -n 's/^xdptail:x:\([0-9]*\):.*/\1/p' "$ROOT/etc/passwd")
	expect_within "uid" "$uid" 1 999
	expect "directory" "$(stat -c %u:%a "$LOGS")" "$uid:750"
	expect "adm, and in what comes" "$(getfacl -cnp "$LOGS" | grep -c ":$(adm):r-x$")" 2
}

adm() {
	getent group adm | cut -d: -f3
}

# Who of the group reads all there is?
readers() { # GID
	"${IN_WORLD[@]}" setpriv --reuid 65534 --regid "$1" --clear-groups \
		sh -c 'cat /var/log/xdptail/*' 2>/dev/null >"$BATS_TEST_TMPDIR/read.$1" || echo "not $1"
}

@test "as the unit has it: captures, reloads, is rotated, feeds the watchdog, ends" {
	local file

	pair
	settings "$TO_FILE"
	world
	listen
	export WATCHDOG_USEC=200000
	start "$UNITS/xdptail.service"
	expect "rights" "$(awk '/^(Uid|NoNewPrivs|Seccomp|CapEff|CapPrm):/ { print $2 }' "/proc/$PID/status" | xargs)" \
		"$(sed -n 's/^xdptail:x:\([0-9]*\):.*/\1/p' "$ROOT/etc/passwd") 0000000000000000 0000000000000000 1 2"
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' "$PID"

	settings "\"top\": 5, $TO_FILE"
	"${CONFINE[@]}" --reload "$INNER_PID" "$UNITS/xdptail.service"
	wait_line "$HEARD" '^RELOADING=1|MONOTONIC_USEC=[0-9]*$' "$RECEIVER"
	wait_line "$ERR" 'SIGHUP: reloaded' "$PID"

	expect_no_line "$ROOT/etc/logrotate.d/xdptail" copytruncate
	for file in 2 3; do
		"${IN_WORLD[@]}" logrotate -f -s /run/logrotate.state /etc/logrotate.d/xdptail
		wait_line "$OUT" '"repeated":true' "$PID"
		traffic peer0 1000 50000
		wait_line "$OUT" "\"event_type\":\"packet\".*\"record_seq\":${file}000," "$PID"
	done
	wait_line "$HEARD" '^WATCHDOG=1$' "$RECEIVER"
	stop
	expect "files" "$(cd "$LOGS" && echo *)" "xdptail.jsonl xdptail.jsonl.1 xdptail.jsonl.2.gz"
	expect "owners" "$("${IN_WORLD[@]}" find /var/log/xdptail -type f -printf '%u:%m\n' | sort -u)" "xdptail:640"
	"$XDPTAIL" audit "$OUT"* || fail "audit: $?"
	for file in "$OUT"*; do
		expect "packets of $file" "$(gzip -dcf "$file" | packets -)" 1000
	done
	expect "who may not read" "$(readers "$(adm)"; readers 65534)" "not 65534"
	expect "what adm has read" "$(wc -c <"$BATS_TEST_TMPDIR/read.$(adm)")" "$(cat "$LOGS"/* | wc -c)"
	expect "capabilities left" "$(gzip -dc "$OUT.2.gz" | jq -nc 'input.capabilities')" '[]'
}

@test "contrib/logrotate, with the two outputs that it names" {
	local name

	pair
	settings "$(sed -n 's/^#  //; /"output": \[/,/\]/p' "$CHECKOUT/contrib/logrotate/xdptail")"
	cp "$CHECKOUT/contrib/logrotate/xdptail" "$ROOT/etc/logrotate.d/xdptail"
	chmod 0644 "$ROOT/etc/logrotate.d/xdptail"
	world
	listen
	start "$UNITS/xdptail.service"
	traffic peer0 1000 50000
	wait_line "$LOGS/packets.jsonl" '"event_type":"packet".*"record_seq":1000,' "$PID"
	"${IN_WORLD[@]}" logrotate -f -s /run/logrotate.state /etc/logrotate.d/xdptail
	for name in packets counts; do
		wait_line "$LOGS/$name.jsonl" '"repeated":true' "$PID"
	done
	traffic peer0 1000 50000
	wait_line "$LOGS/packets.jsonl" '"event_type":"packet".*"record_seq":2000,' "$PID"
	stop
	expect "files" "$(cd "$LOGS" && printf '%s\n' * | sed 's/-.*//' | paste -sd ' ')" \
		"counts.jsonl counts.jsonl packets.jsonl packets.jsonl"
	expect "owners" "$("${IN_WORLD[@]}" find /var/log/xdptail -type f -printf '%u:%m\n' | sort -u)" "xdptail:640"
	sort -u "$LOGS"/* >"$BATS_TEST_TMPDIR/all"
	"$XDPTAIL" audit "$BATS_TEST_TMPDIR/all" || fail "audit: $?"
	expect "packets after" "$(packets "$LOGS/packets.jsonl")" 1000
}

@test "as the template has it: an interface each" {
	local log=$LOGS/tail0.jsonl

	pair
	settings '"output": "stdout"'
	world
	listen
	start --instance tail0 "$UNITS/xdptail@.service"
	traffic peer0 1000 50000
	wait_line "$log" '"event_type":"packet".*"record_seq":1000,' "$PID"
	stop
	check_stream "$log"
	expect "packets" "$(counted packets)" 1000
}

# A look from inside, so that what runs in it below has been held by something.
@test "the confinement is there" {
	pair
	settings "$TO_FILE"
	world
	# on stdin: a checkout below /tmp cannot be seen from inside
	run "${CONFINE[@]}" "$UNITS/xdptail.service" -- /usr/bin/python3 -B - <"$BATS_TEST_DIRNAME/walls.py"
	# shellcheck disable=SC2154
	[ "$status" -eq 0 ] || fail "$output"
}

# A unit and lines of a drop-in: what a run says that has less.
@test "who takes away what the unit gives is told what is missing" {
	local lines want_code want

	pair
	settings "$TO_FILE"
	world
	listen
	while IFS='|' read -r lines want_code want; do
		printf '[Service]\n%b\n' "$lines" >"$BATS_TEST_TMPDIR/dropin"
		run --separate-stderr timeout 20 "${CONFINE[@]}" "$UNITS/xdptail.service" "$BATS_TEST_TMPDIR/dropin"
		# shellcheck disable=SC2154
		[[ $status == "$want_code" && $stderr == *"$want"* ]] ||
			fail "$lines: exit $status, \"$stderr\"; want $want_code, \"$want\""
	done <<-'TABLE'
		SystemCallFilter=~bpf|3|refuses BPF programs although the capabilities are there: a user namespace, seccomp,
		AmbientCapabilities=\nAmbientCapabilities=CAP_NET_ADMIN CAP_PERFMON|3|CAP_BPF is missing
		AmbientCapabilities=\nAmbientCapabilities=CAP_BPF CAP_PERFMON|3|CAP_NET_ADMIN is missing
		AmbientCapabilities=\nAmbientCapabilities=CAP_BPF CAP_NET_ADMIN|3|CAP_PERFMON is missing
		LogsDirectory=other|2|cannot open "/var/log/xdptail/xdptail.jsonl": the file system is mounted read-only
	TABLE
	expect_no_line "$HEARD" READY
	expect "still attached" "$(attached)" ""
}

@test "files that are rotated, compressed and made durable, and an interface that goes and comes back" {
	local file

	pair
	settings '"wait_interface": true, "output": { "type": "file", "target": "/var/log/xdptail/xdptail.jsonl",
		"rotate_size": "64K", "compress": "gzip", "fsync": "snapshot" }'
	world
	listen
	start "$UNITS/xdptail.service"
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' "$PID"
	ip -n "$NS_A" link del tail0
	wait_line "$ERR" 'tail0 was deleted; waiting for it' "$PID"
	ip -n "$NS_A" link add tail0 type veth peer name peer0 netns "$NS_B"
	wait_line "$OUT" '"event_type":"interface".*"state":"back"' "$PID"
	ip -n "$NS_A" link set tail0 up
	ip -n "$NS_B" link set peer0 up
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":2000,' "$PID"
	stop
	[ "$(find "$LOGS" -name '*.gz' | wc -l)" -gt 1 ] || fail "not compressed: $(ls "$LOGS")"
	"$XDPTAIL" audit "$OUT"* || fail "audit: $?"
	for file in "$OUT"*; do
		gzip -dcf "$file"
	done >"$BATS_TEST_TMPDIR/all"
	expect "packets" "$(packets "$BATS_TEST_TMPDIR/all")" 2000
}

@test "journal and syslog are within reach" {
	local place

	pair
	settings '"output": [ "journal", "syslog" ]'
	world
	listen
	for place in socket dev-log; do
		"${IN_WORLD[@]}" "$HELPERS/notify" "/run/systemd/journal/$place" >"$BATS_TEST_TMPDIR/$place" 3>&- &
		wait_line "$BATS_TEST_TMPDIR/$place" '^bound$' $!
		"${IN_WORLD[@]}" chmod 0666 "/run/systemd/journal/$place"
	done
	start "$UNITS/xdptail.service"
	traffic peer0 1 0
	for place in socket dev-log; do
		wait_line "$BATS_TEST_TMPDIR/$place" '"event_type":"packet"' "$PID"
	done
	stop
	expect_line "$BATS_TEST_TMPDIR/socket" 'SYSLOG_IDENTIFIER=xdptail'
}

@test "the drop-in for syslog over a network is needed, and enough" {
	local got=$BATS_TEST_TMPDIR/syslog

	pair
	ip -n "$NS_A" link set lo up
	settings "\"output\": [ \"syslog:udp://127.0.0.1:5140\", { \"type\": \"file\", \"target\": \"/var/log/xdptail/xdptail.jsonl\" } ]"
	world
	listen
	ip netns exec "$NS_A" /usr/bin/python3 -uc 'if True:
		from socket import *
		s = socket(AF_INET, SOCK_DGRAM)
		s.bind(("127.0.0.1", 5140))
		while True:
			print(s.recv(2000).decode())' >"$got" 3>&- &
	start "$UNITS/xdptail.service"
	wait_line "$ERR" 'write failed: Address family not supported by protocol' "$PID"
	kill -KILL "$PID"
	wait_end "$UNIT_PID"
	expect "what came to syslog" "$(cat "$got")" ""

	: >"$HEARD"
	start "$UNITS/xdptail.service" "$ROOT/usr/share/doc/xdptail/examples/remote-syslog.conf"
	traffic peer0 10 1000
	wait_line "$got" '"event_type":"packet".*"record_seq":10,' "$PID"
	stop
}

# By its user, in its own directory, which is root's.
exporter() {
	local dir=/var/lib/prometheus/node-exporter

	ip -n "$NS_A" link set lo up
	mkdir -p "$ROOT$dir"
	"${IN_WORLD[@]}" sh -c "$(sed -n 's/^# *\(ln -s\)/\1/p' "$1")"
	"${IN_WORLD[@]}" setpriv --reuid 65534 --regid 65534 --clear-groups prometheus-node-exporter \
		--web.listen-address=127.0.0.1:9100 --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$dir" >"$BATS_TEST_TMPDIR/exporter" 2>&1 3>&- &
	wait_line "$BATS_TEST_TMPDIR/exporter" 'msg="Listening on"' $!
}

expect_metrics() { # NAME
	ip netns exec "$NS_A" curl -sS http://127.0.0.1:9100/metrics >"$BATS_TEST_TMPDIR/metrics"
	expect_line "$BATS_TEST_TMPDIR/metrics" "^xdptail_seen_packets_total{name=\"$1\"} 1000\$"
	expect_line "$BATS_TEST_TMPDIR/metrics" '^node_textfile_scrape_error 0$'
}

@test "the drop-in for metrics is needed, and enough; node_exporter has them by a link" {
	local dropin=$ROOT/usr/share/doc/xdptail/examples/metrics.conf

	needs prometheus-node-exporter curl
	pair
	settings "\"metrics_file\": \"/var/lib/xdptail/xdptail.prom\", $TO_FILE"
	world
	listen
	run --separate-stderr timeout 20 "${CONFINE[@]}" "$UNITS/xdptail.service"
	expect "exit" "$status" 2
	[[ $stderr == *"cannot write the metrics file"* ]] || fail "stderr: $stderr"
	start "$UNITS/xdptail.service" "$dropin"
	traffic peer0 1000 50000
	wait_line "$ROOT/var/lib/xdptail/xdptail.prom" '^xdptail_seen_packets_total{.*} 1000$' "$PID"
	exporter "$dropin"
	expect_metrics xdptail
	stop
	expect_metrics xdptail
	expect_line "$BATS_TEST_TMPDIR/metrics" '^xdptail_up{name="xdptail"} 0$'
}

@test "the drop-in for metrics of an interface each" {
	local dropin=$ROOT/usr/share/doc/xdptail/examples/metrics@.conf

	needs prometheus-node-exporter curl
	pair
	settings '"output": "stdout"'
	world
	listen
	start --instance tail0 "$UNITS/xdptail@.service" "$dropin"
	traffic peer0 1000 50000
	wait_line "$ROOT/var/lib/xdptail/tail0.prom" '^xdptail_seen_packets_total{.*} 1000$' "$PID"
	exporter <(sed 's/eth0/tail0/g' "$dropin")
	expect_metrics tail0
	stop
	check_stream "$LOGS/tail0.jsonl"
}

@test "the drop-in for the perf buffer is needed, and enough" {
	pair
	settings "\"transport\": \"perf\", \"ring_size\": \"512K\", $TO_FILE"
	world
	listen
	run --separate-stderr timeout 20 "${CONFINE[@]}" "$UNITS/xdptail.service"
	expect "exit" "$status" 3
	[[ $stderr == *"CAP_PERFMON is there: seccomp stands in the way of perf_event_open"* ]] ||
		fail "stderr: $stderr"
	start "$UNITS/xdptail.service" "$ROOT/usr/share/doc/xdptail/examples/old-kernel.conf"
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' "$PID"
	stop
	check_stream "$OUT"
}

@test "the drop-in for old kernels needs none of the capabilities that these don't know" {
	local old=$BATS_TEST_TMPDIR/old

	pair
	settings "$TO_FILE"
	world
	listen
	printf '[Service]\n%s=\n%s=CAP_NET_ADMIN\n' CapabilityBoundingSet CapabilityBoundingSet \
		AmbientCapabilities AmbientCapabilities >"$old"
	start "$UNITS/xdptail.service" "$old" "$ROOT/usr/share/doc/xdptail/examples/old-kernel.conf"
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' "$PID"
	stop
	check_stream "$OUT"
	expect "capabilities left" "$(jq -nc 'input.capabilities' "$OUT")" '[]'
}
