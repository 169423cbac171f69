# SPDX-License-Identifier: BSD-2-Clause
# contrib/jq: every recipe, as it stands in the README, against an answer that jq had no part in.

load common

README=$BATS_TEST_DIRNAME/../../contrib/jq/README.md

answers() { # NAME STREAM
	"$PYTHON" "$BATS_TEST_DIRNAME/answers.py" "$@"
}

expect_answers() { # STREAM
	local name

	for name in $(recipes "$README"); do
		run_recipe "$README" "$name" "$1"
		expect "$name" "$output" "$(answers "$name" "$1")"
	done
}

@test "the recorded stream is one that this xdptail could have written" {
	local type

	check_schema "$STREAM"
	run "$XDPTAIL" audit "$STREAM"
	# it lost records on purpose (exit status 1), and is consistent
	expect "exit" "$status" 1
	[[ $output == *"incomplete, consistent"* ]] || fail "$output"
	for type in $(jq -r '.properties.event_type.enum[]' "$ROOT/contrib/schema/xdptail-1.schema.json"); do
		[ "$(count_records "$STREAM" ".event_type == \"$type\"")" -gt 0 ] || fail "has no $type"
	done
}

@test "there are twenty recipes and more, of one line each, and an answer to each" {
	local name

	[ "$(recipes "$README" | wc -l)" -ge 20 ] || fail "$(recipes "$README")"
	expect "names" "$(recipes "$README" | sort)" "$("$PYTHON" "$BATS_TEST_DIRNAME/answers.py" | sort)"
	for name in $(recipes "$README"); do
		expect "lines of $name" "$(recipe "$README" "$name" | wc -l)" 1
	done
}

@test "the recorded stream: every recipe" {
	expect_answers "$STREAM"
}

@test "what was sent when it was recorded is what recipes find" {
	run_recipe "$README" syn-scans
	expect_line <(echo "$output") "^203.0.113.66	30\$"
	run_recipe "$README" interface-totals
	expect "lan0" "$(grep lan0 <<<"$output")" "lan0	13	2338"
	run_recipe "$README" fragments
	expect "fragments" "$output" "203.0.113.20	192.0.2.10	1	2"
	run_recipe "$README" retransmits
	expect "sent twice" "$(sed -n 's/^203.0.113.5\t.*\t\([0-9]*\)\t2$/\1/p' <<<"$output")" \
		"$(printf '%s\n' $((1000 + 11 * 1346)) $((1000 + 12 * 1346)) $((1000 + 30 * 1346)))"
	run_recipe "$README" odd-flags
	expect "odd" "$(cut -f 2 <<<"$output" | sort | tr '\n' ' ')" " FPU FS SR "
	run_recipe "$README" vlans
	expect "vlans" "$(cut -f 1,2 <<<"$output" | tr '\t\n' '/ ')" "100/- 200/- 300/301 "
}

@test "a copy with holes: every recipe, and the holes are found" {
	local holed=$BATS_TEST_TMPDIR/holed.jsonl

	grep -v -e '"event_type":"packet".*"record_seq":[0-9]*7,' -e '"event_type":"stop"' \
		-e '"event_type":"packet".*"record_seq":4[0-9][0-9],' "$STREAM" >"$holed"
	expect_answers "$holed"
	run_recipe "$README" gaps "$holed"
	expect_line <(echo "$output") "	packet	399	100\$"
	expect_line <(echo "$output") "	packet	6	1\$"
	run_recipe "$README" unfinished "$holed"
	expect_line <(echo "$output") "	probe1	"
}

@test "streams that lack something: every recipe, without a word of an error" {
	local dir=$BATS_TEST_TMPDIR name

	: >"$dir/nothing"
	for name in 0 1; do
		"$HELPERS/make_capture" -n "$name" >"$dir/capture"
		"$XDPTAIL" -r "$dir/capture" -a -N 1 -q -o "file:$dir/packets-$name"
	done
	# as events= and top= may have it
	grep -v -e '"event_type":"snapshot"' -e '"event_type":"count"' "$STREAM" >"$dir/no-counts"
	for name in nothing packets-0 packets-1 no-counts; do
		expect_answers "$dir/$name"
	done
}

@test "lines that are there twice hide no gap" {
	local name holed=$BATS_TEST_TMPDIR/holed.jsonl

	grep -v '"event_type":"packet".*"record_seq":[0-9]*7,' "$STREAM" >"$holed"
	for name in gaps sample-gaps; do
		run_recipe "$README" "$name" <(cat "$holed" "$holed")
		[ -n "$output" ] || fail "$name finds none"
		expect "$name" "$output" "$(answers "$name" "$holed")"
	done
}

@test "nine fraction digits, and counters of 2^53 and more" {
	local big=$BATS_TEST_TMPDIR/big.jsonl

	sed -E 's/(\.[0-9]{6})Z/\1123Z/g; /"event_type":"count".*"lan0"/s/"bytes":[0-9]+/"bytes":"9007199254740992"/' \
		"$STREAM" >"$big"
	expect_answers "$big"
}

@test "rotated and compressed files, by the line that is for them" {
	local dir=$BATS_TEST_TMPDIR command

	command=$(awk '/^```/ { inside = !inside; next } inside { print; exit }' "$README")
	head -n 100 "$STREAM" | gzip >"$dir/xdptail.jsonl.1.gz"
	tail -n +101 "$STREAM" >"$dir/xdptail.jsonl"
	run bash -euo pipefail -c "${command//\/var\/log\/xdptail/$dir}"
	expect "exit" "$status" 0
	expect "losses" "$(wc -l <<<"$output")" "$(grep -c '"event_type":"loss"' "$STREAM")"
}
