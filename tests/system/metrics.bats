# SPDX-License-Identifier: BSD-2-Clause
# Figures for Prometheus: they are those of the stream, in a file that is whole whenever it is read,
# and that holds up nothing.

# PID is a test's own; the names are of common.bash; run sets stderr
# shellcheck disable=SC2030,SC2031,SC2153,SC2154

load common

setup() {
	common_setup
	DIR=$BATS_TEST_TMPDIR/metrics
	PROM=$DIR/xdptail.prom
	mkdir "$DIR"
}

teardown() {
	common_teardown
	umount "$DIR" 2>/dev/null || true
	rm -rf "${PLACE:-}"
}

# Of one sample; the label "name" is always the first.
metric() { # NAME [LABELS]
	local line

	line=$(grep -F "xdptail_$1{name=\"$(basename "$PROM" .prom)\"${2:+,$2}} " "$PROM") ||
		fail "no $1 ${2:-} in:" "$(cat "$PROM")"
	echo "${line##* }"
}

expect_metric() { # VALUE NAME [LABELS]
	expect "$2 ${3:-}" "$(metric "$2" "${3:-}")" "$1"
}

# It ends as every one ends, and each line is a comment or a sample.
expect_whole() {
	expect "the last byte" "$(tail -c 1 "$PROM" | od -An -tx1)" " 0a"
	tail -n 1 "$PROM" | grep -q '^xdptail_output_disconnects_total{' ||
		fail "it ends in: $(tail -n 2 "$PROM")"
	expect "other lines" "$(grep -cvE '^(# (HELP|TYPE) xdptail_|xdptail_[a-z_]+\{.*\} [0-9.]+$)' \
		"$PROM")" 0
}

# The same, of what the stream says of the whole run.
expect_totals() {
	local key pair

	for key in counted not_selected not_ip no_source undetermined; do
		expect_metric "$(of_total "$OUT" snapshot "$key")" packets_total "class=\"$key\""
	done
	for pair in seen:seen_packets counted_bytes:counted_bytes unattributed_bytes:unattributed_bytes; do
		expect_metric "$(of_total "$OUT" snapshot "${pair%:*}")" "${pair#*:}_total"
	done
	for pair in sampled:samples delivered:samples_delivered discarded:samples_discarded; do
		expect_metric "$(of_total "$OUT" stats "${pair%:*}")" "${pair#*:}_total"
	done
	for key in ring_full no_buffer other undecodable; do
		expect_metric "$(of_total "$OUT" stats "lost_$key" 0)" samples_lost_total "cause=\"$key\""
	done
	expect "cpu" "$(metric cpu_seconds_total | tr -d .)" \
		"$(printf '%04d' "$(of_total "$OUT" stats cpu_ms)")"
	expect "unattributed" "$(awk '/^xdptail_unattributed_packets_total\{/ { sum += $NF } END { print sum + 0 }' \
		"$PROM")" "$(of_total "$OUT" snapshot unattributed_packets)"
}

# What an output's total says, and the lines from that record on: filtered by nothing but its
# events.
expect_output() { # NAME FILE
	local label="output=\"$1\"" total behind

	total=$(select_records "$OUT" ".event_type == \"sink\" and .total and .sink == \"$1\"")
	behind=$(sed -n '/"total":true,"sink":"'"${1//\//\\/}"'"/,$p' "$OUT" | wc -l)
	expect_metric "$(($(jq .made <<<"$total") + behind))" output_lines_total "$label"
	expect_metric "$(wc -l <"$2")" output_written_lines_total "$label"
	expect_metric "$(stat -c %s "$2")" output_written_bytes_total "$label"
	expect_metric "$(($(metric output_lines_total "$label") - $(wc -l <"$2")))" \
		output_filtered_lines_total "$label"
	expect_metric 0 output_queued_lines "$label"
	expect_metric 0 output_dropped_lines_total "$label,cause=\"queue_full\""
	expect_metric 0 output_dropped_lines_total "$label,cause=\"error\""
}

@test "figures are those of the stream, exactly: several interfaces and outputs" {
	local n label made

	pair
	ip -n "$NS_A" link add tail1 type veth peer name peer1 netns "$NS_B"
	ip -n "$NS_B" link set peer1 up
	ip -n "$NS_A" link set tail1 up
	tail_start -i tail1 -a -N 3 --interval 1 --top 0 --metrics-file "$PROM" -o stdout \
		-o "file:$DIR/counts.jsonl,events=count" -o "file:$DIR/all.jsonl" \
		-o "unix:$DIR/nobody,queue=64K"
	wait_line "$ERR" 'listening on tail1' "$PID"
	traffic peer0 3000 3000 7
	traffic -t peer1 2000 3000 11
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":2,' "$PID"
	wait_line "$PROM" '^xdptail_snapshots_total{name="xdptail"} [2-9]' "$PID"
	expect_whole
	expect_metric 1 up
	expect_metric 2 attached_interfaces
	expect_metric 1 interface_info 'interface="tail0",mode="native"'
	expect_metric 1 output_up 'output="stdout"'
	expect_metric 0 output_up "output=\"unix:$DIR/nobody\""
	expect_no_line "$PROM" end_time
	traffic peer0 500
	tail_stop
	expect "exit" "$CODE" 1 # what nobody took
	check_stream "$OUT"
	expect_whole
	expect_metric 0 up
	expect_metric 0 attached_interfaces
	expect_line "$PROM" '^xdptail_end_time_seconds{name="xdptail"} [0-9]*\.[0-9]*$'
	expect_metric "$(count_records "$OUT" '.event_type == "snapshot" and (.total | not)')" \
		snapshots_total
	expect_totals
	for n in 0 1; do
		for key in packets bytes; do
			expect_metric "$(jq -n "[inputs | select(.event_type == \"count\" and
				.interface == \"tail$n\").$key] | add" "$OUT")" \
				"interface_${key}_total" "interface=\"tail$n\""
		done
	done
	expect_metric 3500 interface_packets_total 'interface="tail0"'
	expect_output stdout "$OUT"
	expect_output "file:$DIR/counts.jsonl" "$DIR/counts.jsonl"
	expect_output "file:$DIR/all.jsonl" "$DIR/all.jsonl"

	# at the end nothing waits any more: what was not taken is lost, and each line is accounted
	# for
	label="output=\"unix:$DIR/nobody\""
	made=$(metric output_lines_total "$label")
	expect_metric "$(wc -l <"$OUT")" output_lines_total "$label"
	expect_metric 0 output_written_lines_total "$label"
	expect_metric 0 output_queued_lines "$label"
	expect "dropped by nobody" "$(($(metric output_dropped_lines_total "$label,cause=\"queue_full\"") + \
		$(metric output_dropped_lines_total "$label,cause=\"error\"")))" "$made"
}

@test "a capture: no ring, no interface, and totals as the stream has them" {
	"$HELPERS/make_capture" -n 5000 -S 40 -u 7 >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -N 3 -c 700 --metrics-file "$PROM" >"$OUT"
	expect_whole
	expect_totals
	expect_metric 40 sources
	expect_metric 0 up
	expect_no_line "$PROM" 'xdptail_ring\|max_sources\|early\|longest\|interface_info'
	expect_output stdout "$OUT"
	expect "mode" "$(stat -c %a "$PROM")" 644
	expect "files" "$(ls -A "$DIR")" xdptail.prom
}

@test "a table that runs full is counted, as is the ring" {
	pair
	"$HELPERS/make_capture" -n 1000 -S 700 >"$BATS_TEST_TMPDIR/capture"
	ip netns exec "$NS_A" "$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" --prog-run --max-sources 64 \
		--metrics-file "$PROM" >"$OUT"
	expect_totals
	expect_metric 64 max_sources
	expect_metric 700 sources
	expect_within "early flips" "$(metric early_flips_total)" 10 100
	expect_metric $((16 << 20)) ring_bytes
	expect_line "$PROM" 'transport="capture"'
}

@test "no reader ever sees half a file, and what is killed leaves a whole one" {
	"$HELPERS/make_capture" -n 40000 -S 3 -g 500000000 >"$BATS_TEST_TMPDIR/capture"
	# reads until the process has ended: it writes thousands of them
	/usr/bin/python3 - "$PROM" "$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -N 0 --interval 1 \
		--metrics-file "$PROM" -o "file:$DIR/jsonl" <<-'SCRIPT'
		import subprocess, sys
		path, command = sys.argv[1], sys.argv[2:]
		run = subprocess.Popen(command)
		texts, lines = set(), set()
		while run.poll() is None:
		    try:
		        with open(path, "rb") as file:
		            text = file.read()
		    except FileNotFoundError:
		        continue
		    texts.add(text)
		    assert text.endswith(b"} 0\n"), text[-200:]
		    assert text.count(b"\n# HELP xdptail_output_disconnects_total ") == 1, text
		print(len(texts), "different ones")
		assert run.returncode == 0 and len(texts) > 10, (run.returncode, len(texts))
	SCRIPT
	for _ in 1 2 3 4 5 6 7 8; do
		rm "$PROM"
		# it does not end by itself
		"$XDPTAIL" -r <("$HELPERS/make_capture" -n 1000000000 -S 3 -g 500000000 3>&-) -N 0 \
			--interval 1 --metrics-file "$PROM" -o "file:$DIR/jsonl" 2>"$ERR" 3>&- &
		PID=$!
		wait_line "$PROM" '^xdptail_output_disconnects_total' "$PID"
		kill -KILL "$PID"
		wait_end "$PID"
		expect_whole
	done
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -N 0 -c 1 --metrics-file "$PROM" >"$OUT"
	expect_metric 0 up
	expect "files" "$(find "$DIR" -name '*prom*' -printf '%f\n')" xdptail.prom
}

@test "what can't be written is refused before anything is made" {
	local file want

	pair
	while IFS='|' read -r file want; do
		tail_run -i tail0 --metrics-file "$file" -o "file:$DIR/never"
		expect "$file: exit" "$status" 2
		[[ $stderr == "xdptail: error: "*"$want"* ]] || fail "$file: $stderr"
		[ ! -e "$DIR/never" ] || fail "$file: an output was made"
	done <<-TABLE
		$DIR/xdptail.txt|--metrics-file: "$DIR/xdptail.txt" is not read by node_exporter
		$DIR/no/xdptail.prom|its directory does not exist; create it first
		/dev/null/xdptail.prom|Not a directory
		/proc/xdptail.prom|cannot write the metrics file
	TABLE
	tail_run -i tail0 --metrics-file "$PROM" -o "file:$PROM"
	[[ $stderr == *'is the target of --output too'* ]] || fail "$stderr"
	expect "attached" "$(attached)" ""
}

@test "one process writes a file, and the second is refused" {
	pair
	tail_start -a --metrics-file "$PROM"
	wait_line "$PROM" '^xdptail_output_disconnects' "$PID"
	run --separate-stderr timeout 20 ip netns exec "$NS_A" "$XDPTAIL" -i lo --metrics-file "$PROM"
	expect "exit" "$status" 1
	[[ $stderr == *'another process writes it; name another file'* ]] || fail "$stderr"
	tail_stop
	expect "exit" "$CODE" 0
	expect_metric 0 up
}

@test "it is written by the rights that are left" {
	pair
	# of the user, who may not read the directory above
	PLACE=$(mktemp -d /tmp/xdptail-metrics.XXXXXX)
	PROM=$PLACE/xdptail.prom
	chown nobody "$PLACE"
	chmod 0755 "$PLACE"
	tail_start -a --interval 1 --user nobody --metrics-file "$PROM"
	wait_line "$PROM" '^xdptail_snapshots_total{name="xdptail"} 1' "$PID"
	expect "owner" "$(stat -c '%U %a' "$PROM")" "nobody 644"
	tail_stop
	expect "exit" "$CODE" 0
	expect_metric 0 up

	# root without its capabilities
	tail_run -i tail0 -a --metrics-file "$PROM"
	expect "root: exit" "$status" 2
	[[ $stderr == *'permission denied; it is replaced as a whole'*'(see --user)'* ]] || fail "$stderr"
	expect "attached" "$(attached)" ""

	chown root "$PLACE"
	tail_run -i tail0 -a --user nobody --metrics-file "$PROM" -o "file:$PLACE/never"
	expect "nobody: exit" "$status" 2
	[[ $stderr == *'permission denied'* ]] || fail "$stderr"
}

@test "a disk that hangs holds up nothing: files are skipped, counted, and then written again" {
	local pipe=$BATS_TEST_TMPDIR/pipe

	mkfifo "$pipe"
	pair
	preloaded badwrites XDPTAIL_WRITES=hang "XDPTAIL_PIPE=$pipe"
	tail_start -a -N 1 --interval 1 --metrics-file "$PROM"
	traffic peer0 100
	wait_line "$ERR" 'takes longer to write than there is time; it is skipped' "$PID"
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":3,' "$PID"
	expect "files" "$(ls -A "$DIR")" .xdptail.prom.tmp
	exec 4<>"$pipe" # whoever waits for it, or comes, goes on
	wait_line "$PROM" '^xdptail_metrics_files_total{name="xdptail",result="skipped"} [1-9]' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	exec 4>&-
	expect "said" "$(grep -c 'takes longer' "$ERR")" 1
	check_stream "$OUT"
	expect_totals
}

@test "a disk that hangs does not hold up the end" {
	local pipe=$BATS_TEST_TMPDIR/pipe

	mkfifo "$pipe"
	pair
	preloaded badwrites XDPTAIL_WRITES=hang "XDPTAIL_PIPE=$pipe"
	tail_start -a -N 1 --metrics-file "$PROM"
	traffic peer0 100
	tail_stop
	expect "exit" "$CODE" 0
	expect_line "$ERR" 'does not say that the run has ended: Connection timed out'
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 100
}

@test "what fails is said once and counted, and it goes on by itself" {
	pair
	tail_start -a --interval 1 --metrics-file "$PROM"
	wait_line "$PROM" '^xdptail_snapshots_total' "$PID"
	rm -r "$DIR"
	wait_line "$ERR" "cannot write the metrics file \"$PROM\": No such file or directory; it stays" "$PID"
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":3,' "$PID"
	mkdir "$DIR"
	wait_line "$ERR" "the metrics file \"$PROM\" is written again" "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	expect "said" "$(grep -c 'cannot write the metrics file' "$ERR")" 1
	expect_within "failed" "$(metric metrics_files_total 'result="failed"')" 1 20
	expect_totals
}

@test "a disk that is full leaves what was there" {
	pair
	mount -t tmpfs -o size=64k tmpfs "$DIR"
	tail_start -a --interval 1 --metrics-file "$PROM"
	wait_line "$PROM" '^xdptail_snapshots_total' "$PID"
	head -c 64k /dev/zero >"$DIR/other" 2>/dev/null || true
	wait_line "$ERR" 'cannot write the metrics file .*: No space left on device' "$PID"
	expect_whole
	rm "$DIR/other"
	wait_line "$ERR" 'is written again' "$PID"
	tail_stop
	expect_metric 0 up
}

@test "writes that take half, or are interrupted, make a whole file" {
	preloaded badwrites XDPTAIL_WRITES=short
	"$HELPERS/make_capture" -n 100 >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" --metrics-file "$PROM" >"$OUT"
	expect_whole
	expect_totals
}

config() { # JSON-MEMBERS
	printf '{ "interface": "tail0", "interval": 0 %s }\n' "${1:+, $1}" >"$BATS_TEST_TMPDIR/config"
}

reload() { # MESSAGE TIMES: that it ends with, for the nth time
	kill -HUP "$PID"
	wait_line "$ERR" "$1" "$PID" "$2"
}

@test "a reload changes the file, and takes the one before away" {
	pair
	config "\"metrics_file\": \"$PROM\""
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -f "$BATS_TEST_TMPDIR/config" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$PROM" '^xdptail_output_disconnects_total' "$PID"

	config "\"metrics_file\": \"$DIR/no/b.prom\""
	reload 'configuration is unchanged$' 1
	expect_line "$ERR" 'SIGHUP: cannot write the metrics file .*its directory does not exist'
	config "\"metrics_file\": \"$DIR/b.prom\", \"output\": [\"stdout\", \"file:$DIR/no/c\"]"
	reload 'configuration is unchanged$' 2
	config "\"metrics_file\": \"$DIR/b.txt\""
	reload 'configuration is unchanged: .*metrics_file: .*is not read by node_exporter' 1
	expect "files" "$(ls -A "$DIR")" xdptail.prom

	traffic -t peer0 100
	config "\"metrics_file\": \"$DIR/b.prom\", \"sample\": 7"
	reload 'SIGHUP: reloaded' 1
	wait_line "$DIR/b.prom" '^xdptail_output_disconnects_total' "$PID"
	wait_until "$PROM is gone" is_gone "$PROM"
	PROM=$DIR/b.prom
	expect_metric 7 sample_rate
	expect_metric 1 config_reloads_total 'result="done"'
	expect_metric 3 config_reloads_total 'result="refused"'

	config '"output": "stdout"'
	reload 'SIGHUP: reloaded' 2
	wait_until "$PROM is gone" is_gone "$PROM"
	config "\"metrics_file\": \"$PROM\""
	reload 'SIGHUP: reloaded' 3
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect_totals # also of what was before the file
	expect_metric 100 interface_packets_total 'interface="tail0"'
}

@test "names from outside are values and nothing else" {
	# shellcheck disable=SC1003
	local name='odd"} 1
xdptail_up 7 \'

	"$HELPERS/make_capture" -n 100 >"$BATS_TEST_TMPDIR/capture"
	mkdir "$DIR/$name"
	PROM=$DIR/$'b\xc3\xbc\xff"ro.prom'
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" --metrics-file "$PROM" -o "file:$DIR/${name//\\/\\\\}/x"
	expect_line "$PROM" '^xdptail_up{name="bü\\\\xff\\"ro"} 0$'
	expect_line "$PROM" \
		"^xdptail_output_up{name=.*,output=\"file:$DIR/odd\\\\\"} 1\\\\nxdptail_up 7 \\\\\\\\/x\"} 0\$"
	expect "samples of up" "$(grep -c '^xdptail_up' "$PROM")" 1
}

@test "xdptail-metrics(7) has every metric, and no other" {
	local page=$BATS_TEST_TMPDIR/page written=$BATS_TEST_TMPDIR/written

	pair
	tail_start --interval 1 --metrics-file "$PROM"
	wait_line "$PROM" '^xdptail_snapshots_total{name="xdptail"} 1' "$PID"
	cp "$PROM" "$written.live"
	tail_stop
	sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$PROM" "$written.live" | sort -u >"$written"
	sed -n 's/^\.It Va \(xdptail_.*\)/\1/p' "$BATS_TEST_DIRNAME/../../packaging/man/xdptail-metrics.7" |
		tr -d ' ' | tr , '\n' | sort >"$page"
	diff -u "$page" "$written" || fail "page and file differ"
}

@test "--print-config has the file" {
	"$XDPTAIL" -i lo --metrics-file "$PROM" --print-config >"$BATS_TEST_TMPDIR/config"
	expect "key" "$(jq -r .metrics_file "$BATS_TEST_TMPDIR/config")" "$PROM"
	"$XDPTAIL" check-config "$BATS_TEST_TMPDIR/config"
}
