# SPDX-License-Identifier: BSD-2-Clause
# contrib/ for programs that are not to be had here: what can be said of their configurations
# without them.

load common

teardown() {
	local pid

	for pid in $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null || true
	done
}

check_configs() { # WHAT [FILE]
	needs python3
	"$PYTHON" -c 'import yaml' || lacks "needs python3-yaml"
	run "$PYTHON" "$BATS_TEST_DIRNAME/test_configs.py" "$1" "$ROOT/contrib" "${2:-$STREAM}"
	expect "faults" "$output" ""
	expect "exit" "$status" 0
}

@test "Fluent Bit: files, parsers, tags, and the keys that they name" {
	check_configs fluent-bit
}

@test "Fluent Bit: its expression fits what a syslog socket is sent" {
	local socket=$BATS_TEST_TMPDIR/log receiver

	needs socat
	"$HELPERS/make_capture" -n 20 >"$BATS_TEST_TMPDIR/20.pcap"
	socat -u "UNIX-RECV:$socket" - >"$BATS_TEST_TMPDIR/sent" 3>&- &
	receiver=$!
	wait_socket "$socket" "$receiver"
	# shellcheck disable=SC2153 # setup() has it
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/20.pcap" -N 1 -o "syslog:$socket"
	# messages have no end of line, and wait_line() waits for one
	echo | socat -u - "UNIX-SENDTO:$socket"
	wait_line "$BATS_TEST_TMPDIR/sent" '"event_type":"stop"' "$receiver"
	kill "$receiver"
	wait "$receiver" || true
	sed 's/}</}\n</g' "$BATS_TEST_TMPDIR/sent" >"$BATS_TEST_TMPDIR/lines"
	expect_within "messages" "$(grep -c . "$BATS_TEST_TMPDIR/lines")" 25 40
	check_configs fluent-bit-syslog "$BATS_TEST_TMPDIR/lines"
}

# Each message behind its length, and a line here for each.
messages_of() { # FILE
	"$PYTHON" - "$1" <<-'CODE'
		import sys
		data = open(sys.argv[1], "rb").read()
		while data:
		    length, _, rest = data.partition(b" ")
		    print(rest[:int(length)].decode().rstrip("\n"))
		    data = rest[int(length):]
	CODE
}

@test "Fluent Bit: its expression fits what syslog:tcp is sent" {
	local port sender

	needs socat
	needs python3
	"$HELPERS/make_capture" -n 20 >"$BATS_TEST_TMPDIR/20.pcap"
	socat -u -d -d TCP-LISTEN:0,bind=127.0.0.1 - >"$BATS_TEST_TMPDIR/sent" 2>"$BATS_TEST_TMPDIR/socat" 3>&- &
	sender=$!
	wait_line "$BATS_TEST_TMPDIR/socat" 'listening on' "$sender"
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$BATS_TEST_TMPDIR/socat")
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/20.pcap" -N 1 -o "syslog:tcp://127.0.0.1:$port"
	wait "$sender"
	messages_of "$BATS_TEST_TMPDIR/sent" >"$BATS_TEST_TMPDIR/lines"
	expect_within "messages" "$(grep -c . "$BATS_TEST_TMPDIR/lines")" 25 40
	check_configs fluent-bit-syslog-tcp "$BATS_TEST_TMPDIR/lines"
}

# Made when the process listens.
wait_socket() { # PATH PID
	local end=$((SECONDS + 20))

	until [ -S "$1" ]; do
		if ! [ -d "/proc/$2" ] || [ "$SECONDS" -ge "$end" ]; then
			fail "no socket $1"
		fi
	done
}

@test "Vector: sources, sinks, and the keys that they name" {
	check_configs vector
}

# The first line is what Vector knows a file by, and the first thousand bytes what the collector
# does.
@test "Vector, OpenTelemetry: the files of one run begin each unlike the others" {
	local outputs=() name

	"$HELPERS/make_capture" -n 20 >"$BATS_TEST_TMPDIR/20.pcap"
	for name in packets counts; do # as contrib/logrotate has them
		outputs+=(-o "$(sed -n "s|.*\"\(file:\)/var/log/xdptail/\($name.jsonl,events=[a-z,]*\)\".*|\1$BATS_TEST_TMPDIR/\2|p" \
			"$ROOT/contrib/logrotate/xdptail")")
	done
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/20.pcap" -N 1 "${outputs[@]}"
	for name in packets counts; do
		head -n 1 "$BATS_TEST_TMPDIR/$name.jsonl" >"$BATS_TEST_TMPDIR/$name"
		expect "sink of $name" "$(jq -r .sink "$BATS_TEST_TMPDIR/$name")" "file:$BATS_TEST_TMPDIR/$name.jsonl"
	done
	! cmp -s "$BATS_TEST_TMPDIR/packets" "$BATS_TEST_TMPDIR/counts" || fail "both begin alike"
}

@test "Loki: components, labels, queries" {
	check_configs loki
}

@test "Elasticsearch: every record, as the pipeline leaves it, fits the index template" {
	check_configs elasticsearch
}

@test "OpenTelemetry: every record gets the names of the table" {
	check_configs opentelemetry
}

# The checks above can fail.
@test "a key that the stream does not have is found, wherever it is named" {
	local broken=$BATS_TEST_TMPDIR/contrib what file change

	while read -r what file change; do
		rm -rf "$broken"
		cp -r "$ROOT/contrib" "$broken"
		sed -i "$change" "$broken/$file"
		! cmp -s "$ROOT/contrib/$file" "$broken/$file" || fail "$change: changes nothing"
		run "$PYTHON" "$BATS_TEST_DIRNAME/test_configs.py" "$what" "$broken" "$STREAM"
		[ "$status" -ne 0 ] || fail "$file, $change: nothing was found"
		[[ $output != *Traceback* ]] || fail "$file, $change:" "$output"
	done <<-'CHANGES'
		fluent-bit fluent-bit/output-kafka.yaml s/_field: run/_field: runs/
		fluent-bit fluent-bit/tail.yaml s/path:\ .*jsonl./path:\ \/var\/log\/xdptail\/xdptail.jsonl*/
		fluent-bit fluent-bit/output-loki.yaml s/no_limits/3/
		fluent-bit fluent-bit/output-loki.yaml s/=\$label_event_type/=$event_type/
		fluent-bit fluent-bit/output-loki.yaml s/labels:.*/label_keys:\ $interface,\ $event_type/
		fluent-bit fluent-bit/output-kafka.yaml s/fluent_bit_time/shipped/
		fluent-bit fluent-bit/output-kafka.yaml s/double/number/
		fluent-bit fluent-bit/systemd.yaml /remove_wildcard/d
		fluent-bit fluent-bit/syslog-tcp.yaml /format:/d
		fluent-bit fluent-bit/README.md s/4\.0\.8/4.0.3/
		fluent-bit fluent-bit/README.md s/4\.2/4.1/
		opentelemetry opentelemetry/README.md s/0\.123/0.120/
		fluent-bit fluent-bit/parsers.yaml s/time_keep: on/time_keep: off/
		fluent-bit fluent-bit/stdin.yaml s/tag: xdptail/tag: xdptail\n\ \ \ \ \ \ parser: xdptail/
		vector vector/sink-loki.yaml s/event_type\ }}/type\ }}/
		vector vector/sink-kafka.yaml s/when_full: block/when_full: drop_newest/
		vector vector/file.yaml s/\*\.gz/*.xz/
		vector vector/file.yaml s/parse_timestamp!/to_string!/
		loki loki/config.alloy s/interface\ =/iface\ =/
		loki loki/README.md s/unwrap\ bytes/unwrap\ octets/
		elasticsearch elasticsearch/pipeline.json s/"seq_num",//
		elasticsearch elasticsearch/index-template.json s/"seq_num":/"sequence":/
		elasticsearch elasticsearch/index-template.json s/unsigned_long/integer/
		opentelemetry opentelemetry/collector.yaml s/"src_port"\])\ where/"source_port"])\ where/
		opentelemetry opentelemetry/README.md s/`source.port`/`client.port`/
	CHANGES
}
