# SPDX-License-Identifier: BSD-2-Clause
# Captures: every kind gives the same records, in intervals of its own clock, and none is dropped.

load common

setup() {
	common_setup
	FILE=$BATS_TEST_TMPDIR/capture
}

capture() { # ARGUMENT OF make_capture...: leaves it in FILE
	"$HELPERS/make_capture" "$@" >"$FILE"
}

# To the end of the run: sets CODE, and leaves the stream in OUT, the messages in ERR.
read_run() { # ARGUMENT OF xdptail...
	CODE=0
	timeout 60 "$XDPTAIL" "$@" >"$OUT" 2>"$ERR" 3>&- || CODE=$?
}

# Likewise, with no more to say than a summary; for a stream that is compared with one that was
# checked.
read_quietly() { # ARGUMENT OF xdptail...
	read_run "$@"
	expect "$*: exit, $(head -n 1 "$ERR")" "$CODE" 0
	expect "$*: lines of messages" "$(wc -l <"$ERR")" 1
}

read_good() { # ARGUMENT OF xdptail...
	read_quietly "$@"
	check_stream "$OUT"
}

# In the background; stdout is what it is redirected to. Sets PID.
read_start() { # ARGUMENT OF xdptail...
	: >"$ERR"
	"$XDPTAIL" "$@" 2>"$ERR" 3>&- &
	PID=$!
}

# The packet records of OUT, but for what tells runs and files apart.
packets() {
	sed -n '/"event_type":"packet"/ { s/"run":"[^"]*",//; s/"interface":"[^"]*",//; p }' "$OUT"
}

to_microseconds() {
	sed 's/\(\.[0-9]\{6\}\)[0-9]*Z/\1Z/'
}

without_length() {
	sed 's/"packet_len":[0-9]*,//'
}

values() { # TYPE KEY: of OUT, but not of totals
	grep -F "\"event_type\":\"$1\"" "$OUT" | jq -r "select(.total | not).$2" | xargs
}

numbers() { # FIRST STEP LAST
	seq "$1" "$2" "$3" | xargs
}

@test "every format gives the same records, compressed or not, by name or from stdin" {
	local format ns="" us="" want

	for format in pcap-{,ns-}{le,be} pcapng-{,ns-}{le,be}; do
		capture -t -f "$format"
		read_good -a -N 1 --timestamps ns -r "$FILE"
		if [[ $format = *-ns-* ]]; then
			ns=${ns:-$(packets)} want=$ns
		else
			us=${us:-$(packets)} want=$us
		fi
		[ -n "$want" ] || fail "$format: no packet records"
		expect "$format: records" "$(packets)" "$want"
		read_quietly -a -N 1 --timestamps ns -r - <"$FILE"
		expect "$format: records from stdin" "$(packets)" "$want"
		gzip -c "$FILE" >"$FILE.gz"
		read_quietly -a -N 1 --timestamps ns -r "$FILE.gz"
		expect "$format: records, compressed" "$(packets)" "$want"
		read_quietly -a -N 1 --timestamps ns -r - < <(cat "$FILE.gz")
		expect "$format: records, compressed, from a pipe" "$(packets)" "$want"
	done
	zstd -q -c "$FILE" >"$FILE.zst"
	read_quietly -a -N 1 --timestamps ns -r "$FILE.zst"
	expect "records, by zstd" "$(packets)" "$want"
	read_quietly -a -N 1 --timestamps ns -r - < <(cat "$FILE.zst")
	expect "records, by zstd, from a pipe" "$(packets)" "$want"
	expect "with nanoseconds and without" \
		"$(to_microseconds <<<"$ns" | md5sum)" "$(to_microseconds <<<"$us" | md5sum)"
}

@test "every link gives the same records, but for the length of its header" {
	local link bytes order want=""

	while read -r link bytes; do
		for order in le be; do
			capture -l "$link" -f "pcap-$order" -n 20 -S 5
			read_good -N 1 -r "$FILE"
			[ -n "$want" ] || want=$(packets | without_length)
			expect "$link, $order: records" "$(packets | without_length)" "$want"
			expect "$link, $order: packet_len" \
				"$(values packet packet_len | tr ' ' '\n' | sort -u)" "$bytes"
		done
	done <<-'TABLE'
		ethernet 64
		raw 50
		ipv4 50
		sll 66
		sll2 70
		null 54
		null-swapped 54
		loop 54
	TABLE
}

@test "pcapng with interfaces of several links, byte orders and resolutions" {
	"$HELPERS/make_capture" -n 20 -S 5 -f pcapng-le >"$FILE"
	"$HELPERS/make_capture" -n 20 -S 5 -f pcapng-ns-be -l sll >>"$FILE"
	"$HELPERS/make_capture" -n 20 -S 5 -f pcapng-be -l null >>"$FILE"
	read_good -N 1 -r "$FILE"
	expect "packet_len" "$(values packet packet_len | tr ' ' '\n' | uniq -c | xargs)" \
		"20 64 20 66 20 54"
	expect "seq_num" "$(values packet seq_num)" \
		"$(numbers 0 1 19) $(numbers 0 1 19) $(numbers 0 1 19)"
}

@test "pcapng with links that are not read: their frames are counted, and each is named once" {
	local i program

	"$HELPERS/make_capture" -n 10 -S 5 -f pcapng-le -l ppp >"$FILE"
	for i in 1 2 3; do
		"$HELPERS/make_capture" -n 20 -S 5 -f pcapng-le >>"$FILE"
		"$HELPERS/make_capture" -n 10 -S 5 -f pcapng-be -l ppp >>"$FILE"
	done
	for program in "" --prog-run; do
		[ -z "$program" ] || [ "$(id -u)" -eq 0 ] || continue
		read_run -N 1 -r "$FILE" ${program:+"$program"}
		expect "$program: exit" "$CODE" 0
		expect "$program: named" "$(grep -c "frames of a link of type 9 (PPP), which is not read" "$ERR")" 1
		expect "$program: messages" "$(wc -l <"$ERR")" 2
		check_stream "$OUT"
		expect "$program: seen, not_ip, counted" \
			"$(values snapshot seen) $(values snapshot not_ip) $(values snapshot counted)" "100 40 60"
		expect "$program: packet records" "$(values packet packet_len | wc -w)" 60
	done
}

# The last byte of the four that the link type is in, and the lengths of the first frame,
# little-endian.
@test "lengths that are less than what there is, and check sequences" {
	capture -n 3
	printf '\0\0\0\0' | dd of="$FILE" bs=1 seek=$((24 + 12)) conv=notrunc status=none
	read_good -N 1 -r "$FILE"
	expect "none on the wire: packet_len" "$(values packet packet_len)" "64 64 64"
	expect "none on the wire: bytes" "$(values count bytes)" 192
	[ "$(id -u)" -ne 0 ] || expect_same_in_kernel "" "" -N 1
	printf '\x24' | dd of="$FILE" bs=1 seek=23 conv=notrunc status=none
	read_good -N 1 -r "$FILE"
	expect "a check sequence of 4 bytes: packet_len" "$(values packet packet_len)" "60 60 60"
	expect "a check sequence of 4 bytes: bytes" "$(values count bytes)" 180
	[ "$(id -u)" -ne 0 ] || expect_same_in_kernel "" "" -N 1
}

@test "the stream says what was read, and from what the names come" {
	capture -n 3
	read_good -N 1 -r "$FILE"
	expect "capture" "$(values start capture)" "$FILE"
	expect "transport" "$(values start transport)" capture
	expect "interface of packets" "$(values packet interface)" "capture capture capture"
	expect "interface of counts" "$(values count interface)" capture
	expect "interface records" "$(count_records "$OUT" '.event_type == "interface"')" 0
	expect "reason" "$(values stop reason)" "end of capture"
	expect "exit in the stream" "$(values stop exit)" 0
	expect "summary" "$(cat "$ERR")" "xdptail: 3 packets seen, 3 sampled, 0 lost"
	read_good -N 1 -r - <"$FILE"
	expect "stdin: interface of packets" "$(values packet interface)" "stdin stdin stdin"
}

@test "timestamps are the capture's, to the nanosecond" {
	capture -f pcap-ns-le -n 3 -g 1000000001
	read_good -N 1 --timestamps ns -r "$FILE"
	expect "packets" "$(values packet timestamp)" "2026-11-22T03:41:40.123456789Z \
2026-11-22T03:41:41.123456790Z 2026-11-22T03:41:42.123456791Z"
	expect "start" "$(values start timestamp)" 2026-11-22T03:41:40.123456789Z
	expect "stop" "$(values stop timestamp)" 2026-11-22T03:41:42.123456791Z
	read_good -N 1 -r "$FILE"
	expect "us" "$(values packet timestamp)" "2026-11-22T03:41:40.123456Z \
2026-11-22T03:41:41.123456Z 2026-11-22T03:41:42.123456Z"
}

@test "lengths are those on the wire, however little was kept" {
	local snap

	for snap in 14 34 60 1514; do
		capture -n 10 -b 1514 -s "$snap"
		read_good -a -N 1 -r "$FILE"
		expect "snap $snap: no_source" "$(values snapshot no_source)" \
			"$([ "$snap" -gt 14 ] && echo 0 || echo 10)"
		[ "$snap" -gt 14 ] || continue
		expect "snap $snap: packet_len" "$(values packet packet_len | tr ' ' '\n' | sort -u)" 1514
		expect "snap $snap: bytes" "$(values count bytes)" 15140
		expect "snap $snap: parse" "$(values packet parse | tr ' ' '\n' | sort -u)" \
			"$([ "$snap" -gt 34 ] && echo null || echo truncated)"
	done
}

@test "intervals are of the capture's clock" {
	capture -n 100 -g 100000000
	read_good -N 10 --interval 1 -r "$FILE"
	expect "seen" "$(values snapshot seen)" "10 10 10 10 10 10 10 10 10 10"
	expect "sampled" "$(values stats sampled)" "1 1 1 1 1 1 1 1 1 1"
	expect "starts" "$(values snapshot interval_start | cut -d ' ' -f 1-3)" \
		"2026-11-22T03:41:40.123456Z 2026-11-22T03:41:41.123456Z 2026-11-22T03:41:42.123456Z"
	expect "the last end" "$(values snapshot interval_end | cut -d ' ' -f 10)" \
		2026-11-22T03:41:50.023456Z
	read_good -N 10 --interval 0 -r "$FILE"
	expect "--interval 0: seen" "$(values snapshot seen)" 100
}

@test "an interval in which nothing came has no snapshot" {
	capture -n 100 -g 100000000 -G 50:3600000000000
	read_good -N 10 --interval 1 -r "$FILE"
	expect "seen" "$(values snapshot seen)" "10 10 10 10 10 10 10 10 10 10"
	expect "the end of the fifth" "$(values snapshot interval_end | cut -d ' ' -f 5)" \
		2026-11-22T03:41:45.123456Z
	expect "the start of the sixth" "$(values snapshot interval_start | cut -d ' ' -f 6)" \
		2026-11-22T04:41:45.123456Z
	expect "clock records" "$(values clock step_ns)" ""
}

# As read_good of FILE, but that its time goes back is said, once; here and by the kernel's program.
read_back() { # ARGUMENT OF xdptail...
	local program want=""

	for program in "" --prog-run; do
		[ -z "$program" ] || [ "$(id -u)" -eq 0 ] || continue
		read_run "$@" ${program:+"$program"} -r "$FILE"
		expect "$* $program: exit" "$CODE" 0
		expect "$* $program: messages" "$(sed 's/[0-9.]* s:.*//' "$ERR" | head -n -1)" \
			"xdptail: warning: the capture's time goes back by "
		check_stream "$OUT"
		"$XDPTAIL" audit "$OUT" >"$BATS_TEST_TMPDIR/audit" || fail "audit: $(cat "$BATS_TEST_TMPDIR/audit")"
		[ -z "$program" ] || expect "$* $program" "$(intervals)" "$want"
		want=$(intervals)
	done
}

# Of OUT: of each snapshot how many it has seen, from when to when, and of each clock record the
# step.
intervals() {
	jq -r 'select(.event_type == "clock" or (.event_type == "snapshot" and (.total | not))) |
		[.seen, .interval_start[11:23], .interval_end[11:23], .step_ns] | map(. // empty) | join(" ")' "$OUT"
}

@test "time that goes back begins an interval" {
	local by

	for by in 5000000000 3600000000000; do
		capture -n 100 -g 100000000 -G "50:-$by"
		read_back -N 1 --interval 2
		expect "by $by: seen" "$(values snapshot seen)" "20 20 10 20 20 10"
		expect "by $by: step" "$(values clock step_ns)" $((100000000 - by))
		expect "by $by: packets" "$(counted packets)" 100
	done
	expect "intervals" "$(intervals)" "20 03:41:40.123 03:41:42.123
20 03:41:42.123 03:41:44.123
10 03:41:44.123 03:41:45.023
-3599900000000
20 02:41:45.123 02:41:47.123
20 02:41:47.123 02:41:49.123
10 02:41:49.123 02:41:50.023"
	expect "the whole" "$(of_total "$OUT" snapshot interval_start)$(of_total "$OUT" snapshot interval_end)" \
		'"2026-11-22T02:41:45.123456Z""2026-11-22T03:41:45.023456Z"'
	# where there is one interval, nothing can be in the wrong one
	read_good -N 1 --interval 0 -r "$FILE"
	expect "one: intervals" "$(intervals)" "100 02:41:45.123 03:41:45.023"
}

@test "one frame of another century has an interval of its own" {
	capture -n 100 -g 100000000 -G 50:2400000000000000000 -G 51:-2400000000000000000
	read_back -N 1 --interval 2
	expect "intervals" "$(intervals)" "20 03:41:40.123 03:41:42.123
20 03:41:42.123 03:41:44.123
10 03:41:44.123 03:41:46.123
1 22:21:44.123 22:21:45.123
-2399999999900000000
20 03:41:45.223 03:41:47.223
20 03:41:47.223 03:41:49.223
9 03:41:49.223 03:41:50.023"
	capture -n 100 -g 100000000 -G 50:-1700000000000000000 -G 51:1700000000000000000
	read_back -N 1 --interval 2
	expect "backwards: seen" "$(values snapshot seen)" "20 20 10 1 19 20 10"
}

@test "frames that are late are in the interval in which they come, which then starts earlier" {
	local i jumps=()

	capture -n 100 -g 100000000 -G 41:-300000000 -G 42:300000000
	read_good -N 1 --interval 2 -r "$FILE"
	expect "intervals" "$(intervals)" "20 03:41:40.123 03:41:42.123
20 03:41:42.123 03:41:44.123
20 03:41:43.923 03:41:46.123
20 03:41:46.123 03:41:48.123
20 03:41:48.123 03:41:50.023"
	# two interfaces, of which one is always behind, by less than an interval
	for i in $(seq 1 2 40); do
		jumps+=(-G "$i:-150000000" -G "$((i + 1)):150000000")
	done
	capture -n 40 -g 100000000 "${jumps[@]}"
	read_good -N 1 --interval 1 -r "$FILE"
	expect "two: intervals" "$(intervals)" "10 03:41:40.073 03:41:41.123
10 03:41:41.073 03:41:42.123
10 03:41:42.073 03:41:43.123
10 03:41:43.073 03:41:43.923"
	expect "two: clock records" "$(values clock step_ns)" ""
}

@test "one in N: which, and how many" {
	local n want

	capture -n 1000 -S 7
	for n in 1 3 10 999 1000; do
		read_good -N "$n" -r "$FILE"
		want=$(numbers $((n - 1)) "$n" 999)
		expect "N=$n: seq_num" "$(values packet seq_num)" "$want"
		expect "N=$n: cpu_seq" "$(values packet cpu_seq)" "$(numbers 1 1 $((1000 / n)))"
		expect "N=$n: sources" "$(values snapshot sources)" 7
		expect "N=$n: counted" "$(of_total "$OUT" snapshot counted)" 1000
	done
	for n in 0 1001; do
		read_good -N "$n" -r "$FILE"
		expect "N=$n: packets" "$(counted packets)" 0
		expect "N=$n: counted" "$(of_total "$OUT" snapshot counted)" 1000
	done
	read_good -N 10 --sample-mode random -r "$FILE"
	expect_within "random: packets" "$(counted packets)" 50 200
}

@test "TCP by default, every protocol with -a" {
	capture -n 100 -u 4
	read_good -N 1 -r "$FILE"
	expect "packets" "$(counted packets)" 75
	expect "not selected" "$(values snapshot not_selected)" 25
	read_good -N 1 -a -r "$FILE"
	expect "-a: packets" "$(counted packets)" 100
	expect "-a: not selected" "$(values snapshot not_selected)" 0
}

@test "-c ends with exactly so many packet records" {
	local count

	capture -n 10000
	for count in 1 100 4096 4097 9999; do
		read_good -N 1 -c "$count" -r "$FILE"
		expect "-c $count: packets" "$(counted packets)" "$count"
		expect "-c $count: reason" "$(values stop reason)" count
		expect "-c $count: seen" "$(values snapshot seen)" "$count"
	done
	read_good -N 1 -c 10001 -r "$FILE"
	expect "more than there are: reason" "$(values stop reason)" "end of capture"
}

@test "a capture without a frame" {
	capture -n 0
	read_good -N 1 -r "$FILE"
	expect "seen" "$(of_total "$OUT" snapshot seen)" 0
}

@test "what does not apply to a capture is refused by name" {
	local arguments want

	capture
	while IFS='|' read -r arguments want; do
		# shellcheck disable=SC2086
		read_run -r "$FILE" $arguments
		expect "$arguments: exit" "$CODE" 2
		expect_line "$ERR" "^xdptail: error: $want"
		expect "$arguments: lines of messages" "$(wc -l <"$ERR")" 1
		expect "$arguments: stdout" "$(cat "$OUT")" ""
	done <<-'TABLE'
		-i lo|--read: there is --interface too
		-m native|--mode: does not apply to a capture file
		--transport perf|--transport: does not apply
		--ring-size 1M|--ring-size: does not apply
		--max-sources 10|--max-sources: does not apply
		--max-map-memory 1M|--max-map-memory: does not apply
		--duration 1|--duration: does not apply
		--batch 10|--batch: does not apply
		--trace|--trace: does not apply
		--function-name count_nothing|there is no program "count_nothing" for captures
	TABLE
}

@test "what is no capture is refused by name" {
	local name want

	: >"$FILE.empty"
	printf 'no capture' >"$FILE.text"
	"$HELPERS/make_capture" -l ppp >"$FILE.ppp"
	mkdir "$FILE.directory"
	while IFS='|' read -r name want; do
		read_run -r "$FILE.$name"
		expect "$name: exit" "$CODE" 2
		expect_line "$ERR" "^xdptail: error: .*\"$FILE.$name\".*$want"
		expect "$name: lines of messages" "$(wc -l <"$ERR")" 1
		expect "$name: stdout" "$(cat "$OUT")" ""
	done <<-'TABLE'
		empty|is no capture that can be read
		text|is no capture that can be read
		ppp|link of type 9 (PPP), which is not read; there are Ethernet
		missing|No such file or directory
		directory|Is a directory
	TABLE
	read_run -r - </dev/null
	expect "nothing on stdin: exit" "$CODE" 2
}

@test "a capture that is cut: all before it, a sentence, and a whole stream" {
	local name

	capture -n 10000
	truncate -s -1 "$FILE"
	gzip -c "$FILE" >"$FILE.gz"
	for name in "$FILE" "$FILE.gz"; do
		read_run -N 1 -r "$name"
		expect "$name: exit" "$CODE" 1
		expect_line "$ERR" "cut or broken behind frame 9999"
		check_stream "$OUT"
		expect "$name: packets" "$(counted packets)" 9999
		expect "$name: reason" "$(values stop reason)" "cannot read the capture"
		expect "$name: exit in the stream" "$(values stop exit)" 1
	done
	truncate -s -100 "$FILE.gz"
	read_run -N 1 -r "$FILE.gz"
	expect "gzip, cut: exit" "$CODE" 1
	expect_line "$ERR" "the compressed data end or break off"
	check_stream "$OUT"
	truncate -s 12 "$FILE.gz"
	read_run -N 1 -r "$FILE.gz"
	expect "gzip, nothing of it: exit" "$CODE" 2
	expect_line "$ERR" "no capture that can be read: .*the compressed data end or break off"
}

# A reader of a pipe that holds 4 KiB, which copies it to OUT. Sets READER and PIPE.
narrow_start() {
	PIPE=$BATS_TEST_TMPDIR/pipe
	mkfifo "$PIPE"
	exec 8<>"$PIPE"
	"$HELPERS/narrow" <"$PIPE" >"$OUT" 2>"$BATS_TEST_TMPDIR/narrow" 3>&- 8<&- &
	READER=$!
	wait_line "$BATS_TEST_TMPDIR/narrow" ready "$READER"
	kill -STOP "$READER"
	wait_stopped "$READER"
}

@test "a slow reader: nothing is dropped" {
	capture -n 100000 -S 3000 -g 1000000
	narrow_start
	read_start -N 1 --top 0 --interval 10 -r "$FILE" >"$PIPE" 8<&-
	exec 8<&-
	kill -CONT "$READER"
	wait_end "$READER" 60
	wait_end "$PID"
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 100000
	expect "missing" "$(counted missing)" 0
	expect "dropped" "$(of_total "$OUT" sink dropped_queue_full)" 0
}

@test "a reader that reads nothing for a while: the end of a capture waits for it" {
	capture -n 1000
	narrow_start
	read_start -N 1 -r "$FILE" >"$PIPE" 8<&-
	exec 8<&-
	# longer than a run may take to end when it was told to
	! "$HELPERS/await" end "$PID" 6 || fail "it has not waited"
	kill -CONT "$READER"
	wait_end "$READER"
	wait_end "$PID"
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
}

@test "SIGTERM in the middle: what was read is counted, and the stream is whole" {
	local seen

	capture -n 1000000 -S 100
	narrow_start
	read_start -N 1 -r "$FILE" >"$PIPE" 8<&-
	exec 8<&-
	kill -CONT "$READER"
	wait_line "$OUT" '"record_seq":1000,' "$PID"
	kill -TERM "$PID"
	wait_end "$PID" 6
	expect "exit" "$CODE" 0
	wait_end "$READER"
	check_stream "$OUT"
	expect "reason" "$(values stop reason)" SIGTERM
	seen=$(of_total "$OUT" snapshot seen)
	expect_within "seen" "$seen" 1000 999999
	expect "packets" "$(counted packets)" "$seen"
	expect "missing" "$(counted missing)" 0
}

@test "a reader that goes away: exit 5, soon and without a word" {
	local count

	for count in 1 10000 1000000; do
		capture -n "$count"
		# shellcheck disable=SC2016
		run --separate-stderr bash -c '
			timeout 5 "$1" -N 1 -r "$2" | head -n 1
			echo "${PIPESTATUS[0]}"' - "$XDPTAIL" "$FILE"
		# what is in the pipe when its reader goes counts as written
		[ "$count" = 1 ] || [ "${lines[1]}" = 5 ] || fail "$count: exit ${lines[1]}"
		expect "$count: the line it read" "$(jq -r .event_type <<<"${lines[0]}")" start
		# shellcheck disable=SC2154
		[ "$count" = 1 ] || expect "$count: messages" "$stderr" ""
	done
}

@test "a capture that comes through a pipe: lines are there when their frames are" {
	local n

	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 9<>"$BATS_TEST_TMPDIR/in"
	read_start -N 1 -r "$BATS_TEST_TMPDIR/in" >"$OUT" 9<&-
	capture -n 3
	# one frame after the other: a record's header, and 64 bytes
	head -c 24 "$FILE" >&9
	for n in 1 2 3; do
		tail -c +$((25 + (n - 1) * 80)) "$FILE" | head -c 80 >&9
		wait_line "$OUT" "\"packet\".*\"record_seq\":$n," "$PID"
	done
	kill -USR1 "$PID"
	wait_line "$OUT" '"snapshot":1,.*"seen":3,' "$PID"
	kill -TERM "$PID"
	wait_end "$PID" 6
	exec 9<&-
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "reason" "$(values stop reason)" SIGTERM
	expect "packets" "$(counted packets)" 3
}

@test "a capture that does not come can be given up" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	read_start -N 1 -r "$BATS_TEST_TMPDIR/in" >"$OUT"
	wait_started "$PID"
	kill -TERM "$PID"
	wait_end "$PID" 6
	# it may be too early for a handler, and then that is how it ends
	[ "$CODE" = 1 ] || [ "$CODE" = 143 ] || fail "exit $CODE"
	expect "stream" "$(cat "$OUT")" ""
}

# What the kernel's program has to say as the host does.
observed() {
	sed -n '/"event_type":"\(packet\|count\|snapshot\)"/ {
		s/"run":"[^"]*",//; s/"cpu":[0-9]*,//; p }' "$OUT"
}

parsed_here() {
	sed -n 's/.*lost; \([0-9]*\) not through.*/\1/p' "$ERR"
}

# Byte by byte, with both transports. HERE: how many frames can't be given to the programs for
# several buffers, and for one; or "some".
expect_same_in_kernel() { # HERE HERE ARGUMENT OF xdptail...
	local frags=$1 plain=$2 transport here
	shift 2

	read_quietly -r "$FILE" --top 0 "$@"
	observed >"$BATS_TEST_TMPDIR/want"
	[ -s "$BATS_TEST_TMPDIR/want" ] || fail "$*: nothing to compare"
	for transport in ringbuf perf; do
		read_quietly -r "$FILE" --top 0 "$@" --prog-run --transport "$transport"
		"$XDPTAIL" audit "$OUT" >/dev/null || fail "$*, $transport: $("$XDPTAIL" audit "$OUT")"
		expect "$*, $transport: difference" \
			"$(observed | diff "$BATS_TEST_TMPDIR/want" - | head -n 4)" ""
		[ "$transport" = perf ] && here=$plain || here=$frags
		[ "$here" = some ] || expect "$*, $transport: parsed here" "$(parsed_here)" "$here"
		expect "$*, $transport: start" "$(values start prog_run)" true
	done
}

@test "--tunnel-port: a kind of tunnel is known by this port, and by no other" {
	vxlans() { # ARGUMENT OF xdptail...
		read_good -r "$FILE" -a -N 1 --decap "$@"
		grep -c '"tunnel":"vxlan"' "$OUT" || true
	}

	capture -t -f pcap-ns-le
	[ "$(vxlans)" -gt 5 ] || fail "VXLAN on its own ports: $(vxlans) packets"
	expect "the port of Linux alone" "$(vxlans --tunnel-port vxlan=8472)" 1
	expect "another port" "$(vxlans --tunnel-port vxlan=9)" 0
	expect "two ports" "$(vxlans --tunnel-port vxlan=8472,vxlan=4789)" "$(vxlans)"
	read_run -r "$FILE" --decap --tunnel-port geneve=8472
	expect "a port of two kinds: exit" "$CODE" 2
	expect_line "$ERR" "UDP port 8472 cannot be that of"
}

@test "--prog-run: the kernel's program makes the same of every frame, whatever it is" {
	local n

	# runts of 0 to 13, some others as short, and one that has headers where no program reaches
	capture -t -f pcap-ns-le
	for n in 1 7; do
		expect_same_in_kernel some some -N "$n" -a --timestamps ns
		expect_within "parsed here" "$(parsed_here)" 15 25
		expect_same_in_kernel some some -N "$n" --timestamps ns
		expect_same_in_kernel some some -N "$n" -a --decap
		expect_same_in_kernel some some -N "$n" --decap
	done
	expect_same_in_kernel some some -N 1 -a --decap --tunnel-port vxlan=9,geneve=4789
	expect_line "$OUT" '"outer_dst_ip":"10.0.0.2","tunnel":"gtpu"'
	capture -n 10 -b 20000
	expect_same_in_kernel "" 10 -N 1
	capture -n 10 -b 65000
	expect_same_in_kernel "" 10 -N 1
	# the first one is longer than that, it says; the length is little-endian
	printf '\xa0\x86\x01' | dd of="$FILE" bs=1 seek=$((24 + 12)) conv=notrunc status=none
	expect_same_in_kernel 1 10 -N 1
	expect "packet_len" "$(values packet packet_len | cut -d ' ' -f 1)" 100000
}

@test "--prog-run: every kind of capture" {
	local format link

	for format in pcap-{,ns-}{le,be} pcapng-{,ns-}{le,be}; do
		capture -n 200 -S 30 -u 4 -f "$format"
		expect_same_in_kernel "" "" -N 7 -a --timestamps ns
	done
	for link in raw ipv4; do
		capture -n 200 -S 30 -u 4 -l "$link"
		expect_same_in_kernel "" "" -N 7
	done
	"$HELPERS/make_capture" -n 100 -S 30 -f pcapng-le >"$FILE"
	"$HELPERS/make_capture" -n 100 -S 30 -f pcapng-be -l raw >>"$FILE"
	expect_same_in_kernel "" "" -N 7
	# the header that they have is not one that a program could be given: it only counts
	for link in sll sll2 null null-swapped loop; do
		capture -n 200 -S 30 -u 4 -l "$link"
		expect_same_in_kernel "" 200 -N 7
		expect_same_in_kernel "" 200 -N 1 -a
	done
}

@test "--prog-run: sources of equal weight are in the same order, in every interval" {
	capture -n 10000 -S 300 -u 4 -f pcapng-be
	expect_same_in_kernel "" "" -N 10 --interval 3
	expect_same_in_kernel "" "" -N 10 -a -c 500
	expect_same_in_kernel "" "" -N 7 -a --top 100
}

@test "--prog-run: more sources than the map has places for all have theirs" {
	capture -n 1000 -S 700
	read_good -r "$FILE" -N 7 --top 0
	observed >"$BATS_TEST_TMPDIR/want"
	read_good -r "$FILE" -N 7 --top 0 --prog-run --max-sources 64
	expect "64: difference" "$(observed | diff "$BATS_TEST_TMPDIR/want" - | head -n 4)" ""
	expect "64: unattributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
	expect "64: sources" "$(values snapshot sources)" 700
	# by default it has 65536
	capture -n 75000 -S 70000 -g 1000
	expect_same_in_kernel "" "" -N 1000
	expect "unattributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
	expect "sources" "$(values snapshot sources)" 70000
}

@test "--prog-run: frames that were cut count for what they were, and do not disturb the sampling" {
	local part

	# whole frames, then cut ones, in one file: records behind the header are alike
	capture -n 1000 -S 3
	{
		"$HELPERS/make_capture" -n 1000 -S 3 -b 1514 -s 96 | tail -c +25
		"$HELPERS/make_capture" -n 1000 -S 3 -b 9000 -s 40 | tail -c +25
		"$HELPERS/make_capture" -n 7 -S 3 -b 100 -s 13 | tail -c +25
		"$HELPERS/make_capture" -n 1000 -S 3 | tail -c +25
	} >>"$FILE"
	for part in 1 7 10; do
		expect_same_in_kernel 7 2007 -N "$part"
	done
}

# From now on, for read_run.
old_kernel() { # WORD
	local preload

	preload=$(dirname "$HELPERS")/preload/oldkernel.so
	[ -e "$preload" ] || fail "$preload is not built"
	: "${XDPTAIL_REAL:=$XDPTAIL}"
	XDPTAIL=$BATS_TEST_TMPDIR/xdptail
	# A sanitizer's library wants to be the first one, and can be the second.
	cat >"$XDPTAIL" <<-SCRIPT
		#!/bin/sh
		export LD_PRELOAD=$preload XDPTAIL_OLD=$1
		export ASAN_OPTIONS=verify_asan_link_order=0:\$ASAN_OPTIONS
		exec "$XDPTAIL_REAL" "\$@"
	SCRIPT
	chmod +x "$XDPTAIL"
}

@test "--prog-run: a kernel that does not split frames" {
	old_kernel split
	capture -n 200 -S 30 -l sll
	expect_same_in_kernel 200 200 -N 7
	capture -n 200 -S 30 -l raw
	expect_same_in_kernel "" "" -N 7
}

@test "--prog-run: it is in the kernel that is counted, and not without it" {
	old_kernel run
	capture -n 100 -S 7
	read_good -r "$FILE"
	read_run -r "$FILE" --prog-run
	expect "exit" "$CODE" 1
	expect_line "$ERR" "the kernel does not run the program on a frame"
	expect "exit in the stream" "$(values stop exit)" 1
	read_run -i lo --prog-run
	expect "on an interface: exit" "$CODE" 2
	expect_line "$ERR" "--prog-run: does not apply to an interface"
}

@test "no privilege is needed" {
	local place=$BATS_TEST_TMPDIR/place

	needs setpriv
	capture -n 1000
	place=$(mktemp -d /tmp/xt-read-XXXXXX)
	chmod 0755 "$place"
	install -m 0755 "$XDPTAIL" "$place/xdptail"
	install -m 0644 "$FILE" "$place/capture"
	CODE=0
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --ambient-caps=-all \
		--bounding-set=-all --no-new-privs "$place/xdptail" -N 1 -r "$place/capture" \
		>"$OUT" 2>"$ERR" || CODE=$?
	rm -r "$place"
	expect "exit, $(cat "$ERR")" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
	expect "capabilities" "$(jq -nc 'input.capabilities' "$OUT")" '[]'
}
