# SPDX-License-Identifier: BSD-2-Clause
# contrib/fleet/README.md: what it shows is what its commands say. Its SQL is in clickhouse.bats.

load ../system/common

setup() {
	common_setup
	FLEET=$BATS_TEST_DIRNAME/../../contrib/fleet
}

@test "size.sh says what README.md shows, and follows its factors" {
	local command

	command=$(sed -n 's/^\$ \(.*size.sh .*\)/\1/p' "$FLEET/README.md")
	diff <(cd "$FLEET" && bash -c "$command") \
		<(sed -n '/^\$ .*size.sh/,/^```/p' "$FLEET/README.md" | sed '1d; $d') >&2
	expect "no samples" "$("$FLEET/size.sh" 10 1000 0 10 0 | awk '/^packet/ { print $NF }')" 0
	expect "by N" "$("$FLEET/size.sh" 10 1000 100 10 0 | awk '/^packet/ { print $NF }')" 100
	expect "bytes" "$(PACKET_LINE=1 COUNT_LINE=1 OTHER_LINE=1 "$FLEET/size.sh" 10 1000 100 10 50 |
		awk '/^bytes a second/ { print $NF }')" 153
}

@test "README.md's line says the bytes a line of a stream" {
	"$HELPERS/make_capture" -n 500 -S 5 >"$BATS_TEST_TMPDIR/capture"
	cd "$BATS_TEST_TMPDIR" || return
	"$XDPTAIL" -r capture -N 1 -q -o file:xdptail.jsonl 2>"$ERR"
	grep '^awk -F' "$FLEET/README.md" >line.sh
	bash line.sh >said
	expect "packets" "$(awk '$1 == "packet" { print $2, $4 }' said)" \
		"500 $(grep '"event_type":"packet"' xdptail.jsonl | wc -c | awk '{ printf "%.1f", $1 / 500 }')"
	expect "lines in all" "$(awk '{ n += $2 } END { print n }' said)" "$(wc -l <xdptail.jsonl)"
}
