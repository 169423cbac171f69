# SPDX-License-Identifier: BSD-2-Clause
# Tests of full disks, and of files that accept half of what is written: lost lines are counted, the
# others are whole, and writing resumes by itself.

# shellcheck disable=SC2030,SC2031
load common

setup() {
	common_setup
	FILE=$BATS_TEST_TMPDIR/disk/xdptail.jsonl
	mkdir "$BATS_TEST_TMPDIR/disk"
}

teardown() {
	common_teardown
	umount "$BATS_TEST_TMPDIR/disk" 2>/dev/null || true
}

disk() { # BYTES: of the file system that FILE is on
	mount -t tmpfs -o "size=$1" tmpfs "$BATS_TEST_TMPDIR/disk"
}

whole() { # FILE: the last line ends
	expect "$1: last byte" "$(tail -c 1 "$1" | od -An -tx1)" " 0a"
}

# List all files in order of time.
all_files() {
	find "$BATS_TEST_TMPDIR/disk" -name 'xdptail.jsonl.*' | LC_ALL=C sort
	echo "$FILE"
}

@test "a full disk that gets room again: L4, a loss record, and no line that is not whole" {
	local dropped

	pair
	disk 256k
	tail_start -a -N 1 --interval 1 -o stdout -o "file:$FILE"
	traffic peer0 20000 20000
	wait_line "$OUT" '"event_type":"loss".*"cause":"error"' "$PID"
	mount -o remount,size=16m "$BATS_TEST_TMPDIR/disk"
	wait_line "$ERR" 'recovered' "$PID"
	traffic peer0 1000 20000
	wait_line "$FILE" '"event_type":"loss".*"cause":"error"' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	whole "$FILE"
	check_stream "$OUT"
	check_stream "$FILE" --sink "file:$FILE"
	dropped=$(select_records "$FILE" '.event_type == "sink" and .total and .sink != "stdout"' |
		jq .dropped_error)
	expect_within "dropped" "$dropped" 1 30000
	# only dropped lines are missing
	expect "lines of stdout that are not in the file" \
		"$(($(wc -l <"$OUT") - $(wc -l <"$FILE")))" "$dropped"
	run -1 "$XDPTAIL" audit "$FILE"
}

@test "a full disk while files are rotated: what was kept is deleted, and it goes on" {
	pair
	disk 1m
	tail_start -a -N 1 --interval 1 -o stdout -o "file:$FILE,rotate_size=200K,queue=64K"
	traffic peer0 10000 20000
	wait_line "$OUT" '"event_type":"loss".*"cause":"error"' "$PID"
	rm "$FILE".*
	wait_line "$ERR" 'recovered' "$PID"
	traffic peer0 1000 20000
	wait_line "$OUT" '"packet".*"record_seq":11000,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	all_files | while read -r file; do
		whole "$file"
		head -n 1 "$file" | grep -q '"event_type":"start"' || fail "$file: $(head -n 1 "$file")"
		jq -e . "$file" >/dev/null
	done
	check_stream "$OUT"
}

@test "only a few files are kept on a small disk, so that it never fills up" {
	pair
	disk 2m
	tail_start -a -N 1 --interval 1 -o "file:$FILE,rotate_size=200K,keep=2"
	traffic peer0 20000 20000
	tail_stop
	expect "exit" "$CODE" 0
	expect_no_line "$ERR" 'did not get'
	expect_within "files" "$(all_files | wc -l)" 3 4
}

@test "no room to compress: said once, and nothing is lost" {
	pair
	disk 3m
	dd if=/dev/urandom of="$BATS_TEST_TMPDIR/disk/other" bs=1k count=2000 status=none
	tail_start -a -N 1 --interval 1 -o "file:$FILE,rotate_size=200K,compress=gzip" -o stdout
	# the disk is too small for its compressed copy and for what is written meanwhile
	head -c 400k /dev/urandom >"$FILE.20000101T000000.000000Z"
	traffic peer0 1200 20000
	wait_line "$ERR" 'cannot compress .*No space left on device; the file is kept' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	expect "what is too large" "$(stat -c %s "$FILE.20000101T000000.000000Z")" 409600
	expect "left over" "$(find "$BATS_TEST_TMPDIR/disk" -name '.*')" ""
	rm "$FILE.20000101T000000.000000Z"
	mapfile -t files < <(all_files)
	"$XDPTAIL" audit "${files[@]}" || fail "audit: $?"
	check_stream "$OUT"
}

@test "a limit of file size: what is beyond it is dropped, unless the file is rotated" {
	pair
	cat >"$BATS_TEST_TMPDIR/xdptail" <<-SCRIPT
		#!/bin/bash
		ulimit -f 300
		exec "$XDPTAIL" "\$@"
	SCRIPT
	chmod +x "$BATS_TEST_TMPDIR/xdptail"
	XDPTAIL=$BATS_TEST_TMPDIR/xdptail tail_start -a -N 1 --interval 1 -o "file:$FILE"
	traffic peer0 5000 20000
	wait_line "$ERR" 'write failed: File too large' "$PID"
	tail_stop
	expect "exit, for the line that can never be finished" "$CODE" 1
	expect_line "$ERR" 'did not get [1-9][0-9]* lines'
	expect "bytes" "$(stat -c %s "$FILE")" "$((300 * 1024))"
	rm "$FILE"

	XDPTAIL=$BATS_TEST_TMPDIR/xdptail tail_start -a -N 1 --interval 1 \
		-o "file:$FILE,rotate_size=290K"
	traffic peer0 5000 20000
	tail_stop
	expect "exit" "$CODE" 0
	mapfile -t files < <(all_files)
	"$XDPTAIL" audit "${files[@]}" || fail "audit: $?"
}

@test "short and interrupted writes: every line is whole, and there once" {
	pair
	preloaded badwrites XDPTAIL_WRITES=short
	tail_start -a -N 1 --interval 1 -o stdout -o "file:$FILE,rotate_size=200K"
	traffic peer0 5000 20000
	wait_line "$OUT" '"packet".*"record_seq":5000,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	mapfile -t files < <(all_files)
	expect_within "files" "${#files[@]}" 5 100
	for file in "${files[@]}"; do
		whole "$file"
	done
	"$XDPTAIL" audit "${files[@]}" || fail "audit: $?"
	same_output <(cat "${files[@]}" | grep -v '"repeated":true') "$OUT"
}

@test "what cannot be made durable is said, at once and at the end" {
	pair
	preloaded badwrites XDPTAIL_WRITES=sync
	tail_start -a -N 1 --interval 1 -o "file:$FILE,fsync=snapshot"
	traffic peer0 100 20000
	wait_line "$ERR" 'cannot sync to disk: Input/output error; written lines may be lost' "$PID"
	tail_stop
	expect "exit" "$CODE" 1
	expect_line "$ERR" 'written lines may be lost: Input/output error'
	check_stream "$FILE"
}
