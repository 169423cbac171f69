# SPDX-License-Identifier: BSD-2-Clause
# Tests of files that are rotated under load, by xdptail and by logrotate; and of files whose writer
# is killed. XDPTAIL_ROTATIONS, XDPTAIL_KILLS and XDPTAIL_RATE set how often, and how fast (make
# soak-outputs).

# Each test sets its own PID, in a process of its own:
# shellcheck disable=SC2030,SC2031
load common

setup() {
	common_setup
	SET=$BATS_TEST_TMPDIR/set
	mkdir "$SET"
	FILE=$SET/xdptail.jsonl
	ROTATIONS=${XDPTAIL_ROTATIONS:-12}
	KILLS=${XDPTAIL_KILLS:-8}
	# packets a second while files are rotated: checking a line costs more than writing it
	RATE=${XDPTAIL_RATE:-20000}
}

# Set FILES to all files, in the order in which they were created.
list_set() {
	mapfile -t FILES < <(find "$SET" -name 'xdptail.jsonl.*' | LC_ALL=C sort)
	FILES+=("$FILE")
}

has_files() { # COUNT: or more
	list_set
	[ "${#FILES[@]}" -ge "$1" ]
}

has_compressed() { # COUNT
	[ "$(find "$SET" -name '*.gz' | wc -l)" = "$1" ]
}

is_larger() { # BYTES
	[ "$(bytes_of_set)" -gt "$1" ]
}

# Every file begins with a unique start record and ends with a newline; together the files are one
# complete stream.
check_set() {
	local file

	list_set
	for file in "${FILES[@]}"; do
		zcat -f "$file" >"$BATS_TEST_TMPDIR/one"
		expect "$file: last byte" "$(tail -c 1 "$BATS_TEST_TMPDIR/one" | od -An -tx1)" " 0a"
		head -n 1 "$BATS_TEST_TMPDIR/one"
		cat "$BATS_TEST_TMPDIR/one" >&5
	done 5>"$OUT" >"$BATS_TEST_TMPDIR/heads"
	expect "first lines that are start records" \
		"$(grep -c '"event_type":"start"' "$BATS_TEST_TMPDIR/heads")" "${#FILES[@]}"
	expect "first lines that are like no other" \
		"$(sort -u "$BATS_TEST_TMPDIR/heads" | wc -l)" "${#FILES[@]}"
	check_stream "$OUT"
	"$XDPTAIL" audit "${FILES[@]}" >"$BATS_TEST_TMPDIR/audit" ||
		fail "audit: $?" "$(cat "$BATS_TEST_TMPDIR/audit")"
}

# Send packets in the background, at that rate, until the caller stops it. Sets TRAFFIC.
send() { # COUNT RATE
	ip netns exec "$NS_B" "$HELPERS/traffic" peer0 "$1" "$2" 20 >/dev/null 3>&- &
	TRAFFIC=$!
}

send_end() {
	kill "$TRAFFIC"
	wait "$TRAFFIC" || true
}

bytes_of_set() {
	du -bs "$SET" | cut -f 1
}

# Give the directory a mode that logrotate accepts, and write its configuration.
logrotate_config() { # LINE...
	chmod 0755 "$SET"
	{
		printf '%s {\n\trotate 100000\n\tdateext\n\tdateformat .%%s\n' "$FILE"
		printf '\t%s\n' "$@"
		printf '}\n'
	} >"$BATS_TEST_TMPDIR/logrotate.conf"
	chmod 0644 "$BATS_TEST_TMPDIR/logrotate.conf"
}

@test "by size, under load: every record once" {
	pair
	tail_start -a -N 1 --interval 1 -o "file:$FILE,rotate_size=400K"
	traffic peer0 "$((ROTATIONS * 1400))" 100000 20
	tail_stop
	expect "exit" "$CODE" 0
	check_set
	expect "packets" "$(counted packets)" "$((ROTATIONS * 1400))"
	expect_within "files" "${#FILES[@]}" "$ROTATIONS" 1000000
}

@test "by time" {
	pair
	tail_start -a -N 1 --interval 1 -o "file:$FILE,rotate_interval=1s"
	send 1000000 1000
	wait_until "there are four files" has_files 4
	send_end
	tail_stop
	expect "exit" "$CODE" 0
	check_set
}

@test "compressed, and only so many are kept" {
	"$HELPERS/make_capture" -n 40000 -S 20 >"$BATS_TEST_TMPDIR/capture"
	timeout 60 "$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 -q \
		-o "file:$FILE,rotate_size=1M,compress=gzip" 2>"$ERR"
	# the next run compresses and deletes what this one has left
	"$HELPERS/make_capture" -n 1 >"$BATS_TEST_TMPDIR/capture"
	list_set
	expect_within "files" "${#FILES[@]}" 10 1000
	timeout 60 "$XDPTAIL" audit "${FILES[@]}" || fail "audit: $?"
	: >"$ERR"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/fifo" -a -N 1 \
		-o "file:$FILE,rotate_size=1M,compress=gzip" 2>"$ERR" 3>&- &
	PID=$!
	exec 9>"$BATS_TEST_TMPDIR/fifo"
	cat "$BATS_TEST_TMPDIR/capture" >&9
	wait_until "all but two are compressed" has_compressed "$((${#FILES[@]} - 2))"
	exec 9>&-
	wait_end "$PID"
	list_set
	gzip -t "$SET"/*.gz
	"$XDPTAIL" audit "${FILES[@]}" || fail "audit of compressed files: $?"
	expect "left over" "$(find "$SET" -name '.*')" ""

	"$HELPERS/make_capture" -n 40000 -S 20 >"$BATS_TEST_TMPDIR/capture"
	timeout 60 "$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 -q \
		-o "file:$FILE,rotate_size=1M,keep=3" 2>"$ERR"
	list_set
	expect "files" "${#FILES[@]}" 4
}

@test "logrotate: rename, create, SIGHUP" {
	local rotations=0

	needs logrotate
	pair
	tail_start -a -N 1 --interval 1 -o "file:$FILE"
	wait_line "$FILE" '"event_type":"start"' "$PID"
	# dateformat has a resolution of seconds, so each file is renamed once more
	wait_line "$FILE" '"event_type":"start"' "$PID"
	logrotate_config 'create 0640' 'postrotate' "	kill -HUP $PID" 'endscript'
	send "$((ROTATIONS * 100000))" "$RATE"
	while [ "$rotations" -lt "$ROTATIONS" ]; do
		rotations=$((rotations + 1))
		logrotate -f -s "$BATS_TEST_TMPDIR/state" "$BATS_TEST_TMPDIR/logrotate.conf"
		wait_line "$FILE" '"repeated":true' "$PID"
		mv "$FILE".[0-9]* "$SET/$(printf 'xdptail.jsonl.%06d' "$rotations" | tr . _)"
	done
	send_end
	tail_stop
	expect "exit" "$CODE" 0
	for file in "$SET"/xdptail_jsonl_*; do
		mv "$file" "$SET/xdptail.jsonl.${file##*_}"
	done
	check_set
	expect "files" "${#FILES[@]}" "$((ROTATIONS + 1))"
}

@test "logrotate: copytruncate, whose window of loss is its own" {
	local rotations=0 torn=0

	needs logrotate
	pair
	tail_start -a -N 1 --interval 1 -o "file:$FILE"
	wait_line "$FILE" '"event_type":"start"' "$PID"
	logrotate_config copytruncate
	send "$((ROTATIONS * 100000))" "$RATE"
	while [ "$rotations" -lt "$ROTATIONS" ]; do
		rotations=$((rotations + 1))
		logrotate -f -s "$BATS_TEST_TMPDIR/state" "$BATS_TEST_TMPDIR/logrotate.conf"
		mv "$FILE".[0-9]* "$SET/$(printf 'xdptail_jsonl_%06d' "$rotations")"
		wait_line "$FILE" . "$PID"
	done
	send_end
	tail_stop
	expect "exit" "$CODE" 0
	for file in "$SET"/xdptail_jsonl_*; do
		mv "$file" "$SET/xdptail.jsonl.${file##*_}"
	done
	list_set
	for file in "${FILES[@]}"; do
		# the copy can end anywhere; a file written by xdptail cannot
		[ "$(tail -c 1 "$file" | od -An -tx1)" = " 0a" ] || torn=$((torn + 1))
		awk 1 "$file" # with a newline behind the last line, too
	done >"$OUT"
	expect "last byte" "$(tail -c 1 "$FILE" | od -An -tx1)" " 0a"
	expect "bytes that are NUL" "$(tr -d -c '\0' <"$OUT" | wc -c)" 0
	expect "lines that are not whole" \
		"$(jq -R 'try (fromjson | empty) catch 1' "$OUT" | wc -l)" "$torn"
	# records are missing, but none is there twice
	grep -v '"repeated":true' "$OUT" | jq -Rr 'fromjson? | "\(.event_type) \(.record_seq)"' | sort |
		uniq -d >"$BATS_TEST_TMPDIR/twice"
	expect "records that are there twice" "$(cat "$BATS_TEST_TMPDIR/twice")" ""
	expect_within "records that are there" "$(wc -l <"$OUT")" 1000 1000000000
}

@test "SIGHUP that comes again and again, with and without a new name" {
	local i

	pair
	tail_start -a -N 1 --interval 1 -o "file:$FILE"
	wait_line "$FILE" '"event_type":"start"' "$PID"
	send "$((ROTATIONS * 100000))" 50000
	for ((i = 1; i <= ROTATIONS; i++)); do
		kill -HUP "$PID"
		mv "$FILE" "$FILE.$(printf %06d "$i")"
		kill -HUP "$PID"
		wait_line "$FILE" '"repeated":true' "$PID"
	done
	send_end
	tail_stop
	expect "exit" "$CODE" 0
	check_set
}

@test "killed at any moment: at most one torn line, closed at the next start, and named by audit" {
	local i bytes torn

	pair
	for ((i = 0; i < KILLS; i++)); do
		tail_start -a -N 1 --interval 1 -o "file:$FILE,rotate_size=1M"
		send 1000000 "$RATE"
		bytes=$(($(bytes_of_set) + RANDOM * 100))
		wait_until "there are $bytes bytes" is_larger "$bytes"
		kill -KILL "$PID"
		wait_end "$PID" 2>/dev/null
		send_end 2>/dev/null
	done
	tail_start -a -N 1 -o "file:$FILE,rotate_size=1M"
	tail_stop
	list_set
	for file in "${FILES[@]}"; do
		expect "$file: last byte" "$(tail -c 1 "$file" | od -An -tx1)" " 0a"
	done
	cat "${FILES[@]}" >"$OUT"
	torn=$(jq -R 'try (fromjson | empty) catch 1' "$OUT" | wc -l)
	expect_within "torn lines" "$torn" 0 "$KILLS"
	run --separate-stderr "$XDPTAIL" audit --json "${FILES[@]}"
	expect "verdict: what is missing is accounted for" "$status" 1
	expect "lines that audit calls torn" "$(jq -s '.[-1] |
		([.findings[] | select(.kind == "torn")] | length) + (.more.torn // 0)' <<<"$output")" \
		"$torn"
}
