# SPDX-License-Identifier: BSD-2-Clause
# Tests of the output to files.

load common

setup() {
	common_setup
	FILE=$BATS_TEST_TMPDIR/xdptail.jsonl
}

@test "a file is made with mode 0640" {
	umask 000
	pair
	tail_start -a -N 1 -o "file:$FILE"
	traffic peer0 100
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$FILE"
	expect "packets" "$(counted packets)" 100
	expect "mode" "$(stat -c %a "$FILE")" 640
	expect "bytes on stdout" "$(wc -c <"$OUT")" 0
}

@test "a file is appended to, and keeps its mode" {
	local first

	pair
	install -m 0600 /dev/null "$FILE"
	tail_start -a -N 1 -o "file:$FILE"
	traffic peer0 10
	tail_stop
	first=$(wc -l <"$FILE")
	tail_start -a -N 1 -o "file:$FILE"
	traffic peer0 20
	tail_stop
	head -n "$first" "$FILE" >"$OUT"
	check_stream "$OUT"
	expect "packets of the first run" "$(counted packets)" 10
	tail -n "+$((first + 1))" "$FILE" >"$OUT"
	check_stream "$OUT"
	expect "packets of the second run" "$(counted packets)" 20
	expect "runs" "$(jq -r .run "$FILE" | sort -u | wc -l)" 2
	expect "mode" "$(stat -c %a "$FILE")" 600
}

@test "a torn last line is closed before the first of ours" {
	pair
	printf '{"timestamp":"2026-' >"$FILE"
	tail_start -a -N 1 -o "file:$FILE"
	traffic peer0 10
	tail_stop
	expect "the torn line" "$(head -n 1 "$FILE")" '{"timestamp":"2026-'
	tail -n +2 "$FILE" >"$OUT"
	check_stream "$OUT"
}

@test "two outputs have the same lines" {
	pair
	tail_start -a -N 1 -o stdout -o "file:$FILE" --interval 1
	traffic peer0 5000 50000
	wait_line "$OUT" '"event_type":"stats"' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 5000
	check_stream "$FILE" --sink "file:$FILE"
	same_output "$OUT" "$FILE"
}

@test "a file that another one writes to is refused" {
	pair
	tail_start -a -N 1 -o "file:$FILE"
	run --separate-stderr timeout 20 ip netns exec "$NS_B" "$XDPTAIL" -i peer0 -a -o "file:$FILE"
	expect "exit of the second" "$status" 1
	# shellcheck disable=SC2154
	[[ $stderr == *"$FILE"*'another process writes to it'* ]] || fail "stderr: $stderr"
	traffic peer0 10
	tail_stop
	check_stream "$FILE"
	expect "packets of the first" "$(counted packets)" 10
}

@test "files that cannot be written to" {
	local what want

	pair
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	ln -s /dev/null "$BATS_TEST_TMPDIR/link"
	while IFS='|' read -r what want; do
		tail_run -i tail0 -a -o "file:$BATS_TEST_TMPDIR/$what"
		expect "$what: exit" "$status" 2
		[[ $stderr == *"$want"* ]] || fail "$what: stderr: $stderr"
		expect "$what: still attached" "$(attached)" ""
	done <<-'TABLE'
		missing/file|does not exist
		.|a directory
		fifo|a FIFO
		link|a symbolic link
	TABLE
}
