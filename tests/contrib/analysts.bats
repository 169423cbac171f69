# SPDX-License-Identifier: BSD-2-Clause
# contrib/miller, sqlite, lnav, duckdb: their lines, as they stand in the README files, with the
# real programs.

load common

SCHEMA=$BATS_TEST_DIRNAME/../../contrib/schema/xdptail-1.schema.json

# The recorded stream with nine fraction digits, and counters that are strings.
big_stream() {
	BIG=$BATS_TEST_TMPDIR/big.jsonl
	sed -E 's/(\.[0-9]{6})Z/\1123Z/g
		s/("src_ip":"10.0.0.3".*"bytes":)1264/\1"9007199254740993"/
		s/("src_ip":"10.0.0.4".*"bytes":)984/\1"18446744073709551615"/' "$STREAM" >"$BIG"
	expect "strings" "$(grep -cE '"bytes":"(9007199254740993|18446744073709551615)"' "$BIG")" 2
}

answers() { # NAME [STREAM]
	"$PYTHON" "$BATS_TEST_DIRNAME/answers.py" "$1" "${2:-$STREAM}"
}

# Of a table that is padded with blanks.
row_of() { # FIRST FIELD
	awk -v key="$1" '$1 == key { $1 = $1; print }' <<<"$output"
}

keys_of_schema() {
	jq -r '.definitions[.properties.event_type.enum[]].properties | keys[]' "$SCHEMA" | sort -u
}

@test "Miller: every line of its README" {
	local readme=$ROOT/contrib/miller/README.md

	needs mlr
	run_recipe "$readme" top-talkers
	expect "talkers" "$(tail -n +2 <<<"$output" | awk '{ print $1, $3, $2 }')" \
		"$(answers top-talkers | head -n 5 | tr '\t' ' ')"
	run_recipe "$readme" by-snapshot
	expect "head" "$(row_of src_ip)" "src_ip 1 2 3 4"
	expect "the uploader" "$(row_of 203.0.113.5)" "203.0.113.5 43 40 0 16"
	run_recipe "$readme" packet-sizes
	expect "ICMP" "$(row_of 1)" "1 5 98 98 98"
	expect "UDP" "$(row_of 17 | cut -d ' ' -f 2,5)" \
		"$(count_records "$STREAM" ".protocol == 17") 1514"
	run_recipe "$readme" rate
	expect "rates" "$(tail -n +2 <<<"$output" | awk '{ print $2, $4 }')" \
		"$(answers rate | awk '{ print $2, $3 }')"
	run_recipe "$readme" csv
	expect "packets" "$(tail -n +2 <<<"$output" | wc -l)" "$(count_records "$STREAM" .seq_num)"
	expect_line <(echo "$output") '^2026-[^,]*Z,wan0,203.0.113.66,40020,192.0.2.10,20,S,54,1$'
}

@test "Miller: an interval of no length has no rate" {
	needs mlr
	"$HELPERS/make_capture" -n 1 >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 -q -o "file:$BATS_TEST_TMPDIR/one"
	run_recipe "$ROOT/contrib/miller/README.md" rate "$BATS_TEST_TMPDIR/one"
	expect "rates" "$output" ""
}

@test "Miller: nine digits, and 64 bits to the last" {
	local readme=$ROOT/contrib/miller/README.md

	needs mlr
	big_stream
	run_recipe "$readme" top-talkers "$BIG"
	expect "2^53 + 1" "$(row_of 10.0.0.3)" "10.0.0.3 8 9007199254740993"
	run_recipe "$readme" rate "$BIG"
	expect "rates" "$(tail -n +2 <<<"$output" | awk '{ print $2, $4 }')" \
		"$(answers rate | awk '{ print $2, $3 }')"
}

@test "sqlite-utils and VisiData: every line of their README" {
	local readme=$ROOT/contrib/sqlite/README.md

	needs sqlite-utils vd
	cd "$BATS_TEST_TMPDIR"
	run_recipe "$readme" database
	# again, as it says: nothing is there twice
	run_recipe "$readme" database
	run_recipe "$readme" query
	expect "talkers" "$(tail -n +2 <<<"$output" | tr -d '\r')" \
		"$(answers top-talkers | head -n 3 | awk -v OFS='\t' '{ print $1, $3, $2 }')"
	run_recipe "$readme" memory
	expect "ports" "$(tr '\t\n' '  ' <<<"$output" | tr -d '\r')" "dst_port sources 9 4 22 2 443 2 "
	run_recipe "$readme" sheet
	expect "rows" "$(tail -n +2 xdptail.tsv | wc -l)" "$(wc -l <"$STREAM")"
	expect "columns" "$(head -n 1 xdptail.tsv | tr '\t' '\n' | sort)" \
		"$(jq -r 'keys[]' "$STREAM" | sort -u)"
}

lnav_home() {
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/.config"
}

@test "lnav: the format is taken without a warning, and answers what its README asks" {
	local readme=$ROOT/contrib/lnav/README.md

	needs lnav
	lnav_home
	cd "$ROOT/contrib/lnav"
	run lnav -i xdptail.json
	[[ $status -eq 0 && $output == *installed* ]] || fail "$output"
	run lnav -W -n -c ';select 1' "$STREAM"
	expect "warnings" "$(grep -cE 'warning|error' <<<"$output")" 0
	run_recipe "$readme" talkers
	expect "talkers" "$(tail -n +2 <<<"$output" | tr , '\t')" \
		"$(answers top-talkers | head -n 3 | awk -v OFS='\t' '{ print $1, $3, $2 }')"
	run_recipe "$readme" losses
	expect "losses" "$(tail -n +2 <<<"$output" | tr , '\t')" "$(answers loss-by-cause)"
	run lnav -n "$STREAM"
	expect_line <(echo "$output") '^2026-[^ ]* count     wan0 203.0.113.5 *16 864$'
	run lnav -n -c ';select count(*) from all_logs where log_level = "warning"' -c ':write-csv-to -' "$STREAM"
	expect "losses and steps" "$(tail -n 1 <<<"$output")" \
		"$(count_records "$STREAM" '.event_type | IN("loss", "clock")')"
}

# shellcheck disable=SC2030 # likewise
@test "lnav: the format has every key of the schema, and nine digits are as good as six" {
	needs lnav
	expect "keys" "$(jq -r '.xdptail_log.value | keys[]' "$ROOT/contrib/lnav/xdptail.json" | sort)" \
		"$(keys_of_schema | grep -vx -e timestamp -e where)"
	lnav_home
	lnav -i "$ROOT/contrib/lnav/xdptail.json"
	big_stream
	run lnav -n -c ";select bytes from xdptail_log where src_ip = '10.0.0.3' and event_type = 'count'" \
		-c ':write-csv-to -' "$BIG"
	expect "2^53 + 1" "$(tail -n 1 <<<"$output")" 9007199254740993
	run lnav -n -c ';select count(*) from xdptail_log' -c ':write-csv-to -' "$BIG"
	expect "records" "$(tail -n 1 <<<"$output")" "$(wc -l <"$STREAM")"
}

# A copy of contrib/duckdb in the build folder, where npm may install what it needs.
duckdb() {
	local why

	needs node npm
	DUCKDB=$BUILD/contrib/duckdb
	mkdir -p "$DUCKDB"
	cp "$ROOT"/contrib/duckdb/*.{js,json,sql} "$DUCKDB"
	cmp -s "$DUCKDB/package-lock.json" "$DUCKDB/installed" && return
	if ! why=$(cd "$DUCKDB" && timeout 120 npm ci --no-audit --no-fund 2>&1); then
		# where it must be run, npm that does not answer is no excuse
		[ -z "${CI:-}" ] || fail "npm ci:" "$why"
		skip "npm can't install @duckdb/node-api here"
	fi
	cp "$DUCKDB/package-lock.json" "$DUCKDB/installed"
}

# What query.js answers, a field of each row.
field() { # NAME
	# shellcheck disable=SC2031 # run sets it, in the same test
	jq -r ".$1" <<<"$output"
}

@test "DuckDB: every line of its README" {
	local readme=$ROOT/contrib/duckdb/README.md

	duckdb
	cd "$DUCKDB"
	run_recipe "$readme" talkers
	expect "talkers" "$(jq -r '[.src_ip, .bytes, .packets] | @tsv' <<<"$output")" \
		"$(answers top-talkers | head -n 3)"
	expect "since" "$(field since | head -n 1)" \
		"$(jq -r 'select(.event_type == "count").timestamp' "$STREAM" | head -n 1 | tr T ' ' | tr -d Z)"
	run_recipe "$readme" rate
	expect "rates" "$(jq -r '[.run, .snapshot, .pps] | @tsv' <<<"$output")" "$(answers rate | cut -f 1-3)"
	run_recipe "$readme" timeline
	expect "seconds" "$(jq -r '[.second, .packets, .bytes] | @tsv' <<<"$output")" \
		"$(answers timeline | tr T ' ')"
	run_recipe "$readme" scans
	expect "scans" "$(jq -r '[.src_ip, .ports] | @tsv' <<<"$output")" "203.0.113.66	30"
	run_recipe "$readme" losses
	expect "losses" "$(jq -r '[.where, .cause, .records] | @tsv' <<<"$output")" "$(answers loss-by-cause)"
	run_recipe "$readme" gaps
	expect "gaps" "$output" ""
	grep -v '"event_type":"packet".*"record_seq":4[0-9][0-9],' "$STREAM" >"$BATS_TEST_TMPDIR/holed.jsonl"
	run_recipe "$readme" gaps "$BATS_TEST_TMPDIR/holed.jsonl"
	expect "the hole" "$(jq -r '[.run, .event_type, .behind, .missing] | @tsv' <<<"$output")" \
		"$(answers gaps "$BATS_TEST_TMPDIR/holed.jsonl")"
}

@test "DuckDB: both precisions, 64 bits, and compressed files beside plain ones" {
	local readme=$ROOT/contrib/duckdb/README.md since

	duckdb
	cd "$DUCKDB"
	big_stream
	gzip -k "$BIG"
	mv "$BIG" "$BATS_TEST_TMPDIR/big"
	BIG=$BATS_TEST_TMPDIR/big
	cp "$STREAM" "$BATS_TEST_TMPDIR/plain.jsonl"
	run node query.js "select bytes from xdptail('$BATS_TEST_TMPDIR/*.jsonl*') where event_type = 'count'
		and src_ip in ('10.0.0.3', '10.0.0.4') order by bytes"
	expect "bytes" "$(field bytes | tr '\n' ' ')" "984 1264 9007199254740993 18446744073709551615 "
	run_recipe "$readme" talkers "$BIG.jsonl.gz"
	since=$(field since | sed -n 1p)
	[[ $since =~ \.[0-9]{6}123$ ]] || fail "nine digits: $output"
	run_recipe "$readme" rate "$BIG.jsonl.gz"
	expect "rates" "$(jq -r '[.run, .snapshot, .pps] | @tsv' <<<"$output")" "$(answers rate "$BIG" | cut -f 1-3)"
	run -1 node query.js "select nothing from xdptail('$STREAM')"
	expect_line <(echo "$output") '^query.js: .*nothing'
}

@test "DuckDB: the table has every key of the schema, and every type takes what the schema allows" {
	duckdb
	cd "$DUCKDB"
	run node query.js "select column_name from (describe from xdptail('$STREAM'))"
	expect "columns" "$(field column_name | sort)" "$(keys_of_schema)"
	jq -c . "$STREAM" >"$BATS_TEST_TMPDIR/all"
	run node query.js "select count(*) n, count(distinct run) runs, count(step_ns) steps, count(exit) ends,
		count(capabilities) lists from xdptail('$BATS_TEST_TMPDIR/all')"
	expect "all" "$output" "{\"n\":\"$(wc -l <"$STREAM")\",\"runs\":\"1\",\"steps\":\"1\",\"ends\":\"1\",\"lists\":\"2\"}"
}
