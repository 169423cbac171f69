# SPDX-License-Identifier: BSD-2-Clause
# contrib/clickhouse and contrib/fleet: the tables, questions and losses, on ClickHouse of today
# and, so far as it goes, on the server that Debian 12 has.

load ../system/common
load ../system/readers
load clickhouse

setup() {
	common_setup
	CLICKHOUSE=$BATS_TEST_DIRNAME/../../contrib/clickhouse
	STREAM=$BATS_TEST_TMPDIR/stream
}

# A capture whose last frame is a few seconds ago, so that "the last hour" has it.
make_recent() { # FILE OPTION OF make_capture...
	"$HELPERS/make_capture" "${@:2}" -G "0:$((($(date +%s) - 30) * 1000000000 - 1795318900123456789))" \
		>"$1"
}

# A stream of a host of that name.
stream_of_host() { # HOST CAPTURE FILE OPTION OF xdptail...
	# shellcheck disable=SC2016
	unshare --uts sh -c 'hostname "$0" && exec "$@"' "$1" \
		"$XDPTAIL" -r "$2" -a -q "${@:4}" -o "file:$3" 2>"$ERR"
}

# One statement of queries.sql, and behind "-- NAME:" what it is.
question() { # NAME
	awk -v name="-- $1:" 'BEGIN { RS = ""; ORS = "\n" } index($0, name) == 1' "$CLICKHOUSE/queries.sql"
}

questions() {
	sed -n 's/^-- \([a-z_]*\): .*/\1/p' "$CLICKHOUSE/queries.sql"
}

# A question that 18.16 has no functions for.
too_new() { # NAME
	case $1 in rate | versions) return 0 ;; esac
	return 1
}

# Asks all that the server understands; NAME's answer is in ANSWERS/NAME, tab separated, and sorted
# as an address sorts otherwise where it is a text.
ask() { # new|old
	local name

	ANSWERS=$BATS_TEST_TMPDIR/answers
	mkdir "$ANSWERS"
	for name in $(questions); do
		if [ "$1" = old ] && too_new "$name"; then
			continue
		fi
		echo "SELECT '== $name';"
		question "$name"
	done >"$BATS_TEST_TMPDIR/questions"
	[ "$1" = new ] || sed -i -f "$BATS_TEST_DIRNAME/clickhouse-compat.sed" "$BATS_TEST_TMPDIR/questions"
	"$1_sql" TSV <"$BATS_TEST_TMPDIR/questions" | sed 's/::ffff://g' | awk -v dir="$ANSWERS" '
		/^== / { file = dir "/" $2; printf "" >file; next } { print >file }'
	find "$ANSWERS" -type f -exec sort -o {} {} \;
}

# The stream of many sources, of one record in ten, and of all that a frame can be.
make_stream() {
	make_recent "$BATS_TEST_TMPDIR/many" -n 3000 -S 13 -g 3000000
	make_recent "$BATS_TEST_TMPDIR/kinds" -t
	stream_of_host web1 "$BATS_TEST_TMPDIR/many" "$BATS_TEST_TMPDIR/a" -N 10 --interval 2
	stream_of_host web2 "$BATS_TEST_TMPDIR/kinds" "$BATS_TEST_TMPDIR/b" -N 1
	cat "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b" >"$STREAM"
	check_schema "$STREAM"
}

@test "a column for every key of the schema, and no other" {
	new_start
	diff <(new_sql TSV <<<"DESCRIBE TABLE xdptail.stream" | cut -f 1 | sort) \
		<(jq -r '.definitions[].properties? // {} | keys[]' \
			"$CLICKHOUSE/../schema/xdptail-1.schema.json" | sort -u) >&2
}

@test "what goes in comes out: every packet, count and event" {
	make_stream
	new_start
	new_insert "$STREAM"
	# what a record lacks is null, empty or 0 in a table; and so it is in neither
	sed 's/"::ffff:/"/' "$STREAM" | jq -Sc 'map_values(select(. != "" and . != 0 and . != []))' |
		sort >"$BATS_TEST_TMPDIR/want"
	{
		echo "SELECT 'packet' AS event_type, * FROM xdptail.packets;"
		echo "SELECT 'count' AS event_type, * FROM xdptail.counts;"
		echo "SELECT * FROM xdptail.events;"
	} | new_sql JSONEachRow | jq -Sc '
		map_values(select(. != null and . != "" and . != [] and . != "::" and . != false)) |
		map_values(if type != "string" then .
			elif test("^[0-9]+$") and length < 17 then (try tonumber catch .)
			elif startswith("::ffff:") then ltrimstr("::ffff:")
			elif test("^1970-01-01 00:00:00") then empty
			elif test("^20[0-9-]+ [0-9:.]+$") then (sub(" "; "T") | .[0:26]) + "Z" else . end) |
		map_values(select(. != 0))' | sort >"$BATS_TEST_TMPDIR/got"
	diff "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/want" | head -n 10 >&2
	cmp "$BATS_TEST_TMPDIR/got" "$BATS_TEST_TMPDIR/want"
}

@test "numbers of 64 bits, and nanoseconds" {
	make_stream
	new_start
	jq -c 'select(.event_type == "snapshot" and .total) | .seen = "18446744073709551615" |
		.timestamp = "2026-11-22T03:41:40.704885554Z"' "$BATS_TEST_TMPDIR/a" >"$STREAM"
	new_insert "$STREAM"
	expect "as it was" "$(new_sql TSV <<<'SELECT seen, timestamp FROM xdptail.events')" \
		"$(printf '18446744073709551615\t2026-11-22 03:41:40.704885554')"
}

# A question, and the program that finds its answer in the stream by jq; null is \N.
jq_answers() {
	cat <<-'TABLE'
		talkers      of("count") | by(ip; [ip]; [sum(.packets), sum(.bytes)]) | sort_by(-.[1])[:20]
		unlisted     of("snapshot") | untotal | by(host; [host]; [sum(.counted), sum(.unlisted_packets), sum(.unattributed_packets)])
		not_counted  of("snapshot") | untotal | by(host; [host]; [sum(.seen), sum(.not_ip), sum(.not_selected), sum(.no_source + .undetermined)])
		cost         of("stats") | untotal | by(host; [host]; [sum(.cpu_ms), sum(.delivered), (map(.rss_kb) | max), 0, 0])
		protocols    of("packet") | by(protocol; [protocol]; [sum(.sample_rate), length]) | sort_by(-.[1], .[0])
		services     of("packet") | map(select(port > 0)) | by([protocol, port]; [protocol, port]; [sum(.sample_rate), (map(ip) | unique | length)]) | sort_by(-.[2], .[0], .[1])
		versions     of("packet") | by(version; [version]; [sum(.sample_rate)])
		hops         of("packet") | by(hops; [hops]; [sum(.sample_rate)]) | sort_by(-.[1], .[0])
		vlans        of("packet") | by(vlans; vlans; [sum(.sample_rate)]) | sort_by(-.[2], .[0], .[1])
		icmp         of("packet") | map(select(.icmp_type)) | by([protocol, .icmp_type, .icmp_code]; [protocol, .icmp_type, .icmp_code]; [sum(.sample_rate)]) | sort_by(-.[3], .[0], .[1], .[2])
		scans        of("packet") | map(select(.flags // "" | test("S") and (test("A") | not))) | by(ip; [ip]; [(map(.dst_port) | unique | length), (map(.dst_ip) | unique | length), length])
		odd          of("packet") | map(select(.parse or .fragment)) | by([ip, .parse, .fragment]; [ip, .parse, .fragment]; [length]) | sort_by(-.[3], .[0], .[1] // "", .[2] // "")
		one_source   of("count") | map(select(ip == "192.0.2.7")) | by(minute; [minute]; [sum(.packets), sum(.bytes)])
		missing      []
		unfinished   []
		told         []
		duplicates   []
	TABLE
}

jq_answer() { # PROGRAM: of STREAM, tab separated
	# shellcheck disable=SC2016
	jq -rs '
		def of(t): map(select(.event_type == t));
		def untotal: map(select(.total | not));
		def sum(f): map(f) | add;
		def by(k; head; tail): group_by(k) | map((.[0] | head) + tail);
		def ip: .src_ip | ltrimstr("::ffff:");
		def version: if ip | contains(":") then 6 else 4 end;
		def minute: .timestamp[0:16] + ":00" | sub("T"; " ");
		def protocol: .protocol // 255;
		def port: [.src_port // 0, .dst_port // 0] | min;
		def hops: .ttl as $ttl | ([64, 128, 255] | map(select($ttl <= .))[0]) - $ttl;
		def vlans: [.vlan, .vlan_inner] | map(. // "\\N");
		(of("start") | map({key: .run, value: .hostname}) | from_entries) as $hosts |
		def host: $hosts[.run];
		('"$1"')[] | @tsv' "$STREAM" | sed 's/\\\\N/\\N/g'
}

expect_answers() { # new|old HOW-MANY
	local name program

	ask "$1"
	while read -r name program; do
		if [ "$1" = old ] && too_new "$name"; then
			continue
		fi
		[ -e "$ANSWERS/$name" ] || fail "$1: no question $name"
		diff "$ANSWERS/$name" <(jq_answer "$program" | sort) >"$BATS_TEST_TMPDIR/diff" ||
			fail "$1: $name: answer <, want >" "$(<"$BATS_TEST_TMPDIR/diff")"
	done < <(jq_answers)
	expect "answers to $1" "$(find "$ANSWERS" -type f | wc -l)" "$2"
}

@test "ClickHouse of today: the answers that jq finds" {
	make_stream
	new_start
	new_insert "$STREAM"
	expect_answers new "$(questions | wc -l)"
}

@test "ClickHouse 18.16: the same, of what it understands" {
	make_stream
	# an address is a text there, and of those there are two for one
	sed -i 's/"::ffff:192.0.2.7"/"192.0.2.7"/' "$STREAM"
	old_start
	old_insert "$STREAM"
	expect_answers old $(($(questions | wc -l) - 2))
}

# What the views of loss.sql show, tab separated.
losses() { # new|old SQL
	"$1_sql" TSV <<<"$2"
}

# Streams of four hosts with holes: web1's beginning is missing, the middle of web2's, the end of
# web3's; web4 was cut off. Of web2 fifty lines come twice.
make_holed() {
	local host

	make_recent "$BATS_TEST_TMPDIR/capture" -n 3000 -S 5
	for host in web1 web2 web3 web4; do
		stream_of_host "$host" "$BATS_TEST_TMPDIR/capture" "$BATS_TEST_TMPDIR/$host" -N 1 --interval 1
	done
	cd "$BATS_TEST_TMPDIR" || return
	jq -c 'select(.event_type == "packet" and .record_seq <= 20 | not)' web1 >web1.holed
	jq -c 'select((.event_type == "packet" and .record_seq > 1000 and .record_seq <= 1100) or
		(.event_type == "packet" and .record_seq == 1200) or
		(.event_type == "count" and .record_seq >= 6 and .record_seq <= 8) or
		(.event_type == "snapshot" and .record_seq == 2) | not)' web2 >web2.holed
	sed -n 101,150p web2 >>web2.holed
	jq -c 'select(.event_type == "packet" and .record_seq > 2950 or
		.event_type == "count" and .record_seq == 15 | not)' web3 >web3.holed
	head -n 1000 web4 >web4.holed
	HOLED=("$BATS_TEST_TMPDIR"/web?.holed)
}

expect_losses() { # new|old
	expect "$1: missing: host, type, at start, between, at end" "$(losses "$1" "
		SELECT hostname, event_type, missing_at_start, missing_between, missing_at_end FROM xdptail.missing
		WHERE missing_at_start + missing_between + missing_at_end > 0 ORDER BY hostname, event_type" |
		paste -sd ';')" \
		'web1	packet	20	0	0;web2	count	0	3	0;web2	packet	0	101	0;web2	snapshot	0	1	0;web3	count	0	0	1;web3	packet	0	0	50'
	expect "$1: lost on the way" "$(losses "$1" "
		SELECT hostname, dropped, lost_on_the_way FROM xdptail.accounts ORDER BY hostname" | paste -sd ';')" \
		'web1	0	20;web2	0	105;web3	0	51'
	expect "$1: without a stop" "$(losses "$1" "
		SELECT hostname FROM xdptail.runs WHERE NOT stopped" | paste -sd ';')" web4
	expect "$1: duplicates" "$(losses "$1" "
		SELECT hostname, event_type, duplicates FROM xdptail.duplicates WHERE duplicates > 0" |
		paste -sd ';')" 'web2	packet	50'
}

@test "holes of known place in the streams of four hosts: the SQL finds exactly those" {
	make_holed
	new_start
	new_insert "${HOLED[@]}"
	expect_losses new
	expect "gaps" "$(losses new "
		SELECT hostname, event_type, first_missing, last_missing, records FROM xdptail.gaps" | paste -sd ';')" \
		'web1	packet	1	20	20;web2	count	6	8	3;web2	packet	1001	1100	100;web2	packet	1200	1200	1;web2	snapshot	2	2	1;web3	count	15	15	1;web3	packet	2951	3000	50'
	# shellcheck disable=SC2016
	sed -n '/^```sql$/,/^```$/p' "$CLICKHOUSE/../fleet/README.md" | grep -v '^```' >"$BATS_TEST_TMPDIR/fleet.sql"
	expect "statements in fleet's README.md" "$(wc -l <"$BATS_TEST_TMPDIR/fleet.sql")" 6
	new_sql TSV <"$BATS_TEST_TMPDIR/fleet.sql" >"$BATS_TEST_TMPDIR/fleet"
	expect_line "$BATS_TEST_TMPDIR/fleet" 'web3.*packet.*2951.*3000'
	echo 'OPTIMIZE TABLE xdptail.packets FINAL' | new_sql TSV
	expect_losses new # also once duplicates have become one
	expect "rows of web2" "$(losses new "SELECT count() FROM xdptail.packets
		WHERE run IN (SELECT run FROM xdptail.runs WHERE hostname = 'web2')")" 2899
}

@test "the same on ClickHouse 18.16, but for the list of gaps" {
	make_holed
	old_start
	old_insert "${HOLED[@]}"
	expect_losses old
}

day() { # FROM-TODAY
	date -u -d "$TODAY $1 days" +%F
}

# Sets TODAY. Two runs of a host, over three days. Of the second, no packet came, nor its first
# start record.
make_days() {
	make_recent "$BATS_TEST_TMPDIR/capture" -n 3000 -S 5
	stream_of_host web1 "$BATS_TEST_TMPDIR/capture" "$BATS_TEST_TMPDIR/first" -N 1 --interval 1
	stream_of_host web1 "$BATS_TEST_TMPDIR/capture" "$BATS_TEST_TMPDIR/second" -N 1 --interval 1
	TODAY=$(jq -rn 'input.timestamp[0:10]' "$BATS_TEST_TMPDIR/first")
	jq -c --arg a "$(day -2)" --arg b "$(day -1)" --arg c "$TODAY" '
		select(.event_type == "packet" and .record_seq == 1500 | not) |
		(if .event_type == "packet" and .record_seq <= 1000 or .event_type == "start" then $a
		elif .event_type == "packet" and .record_seq <= 2000 then $b else $c end) as $day |
		.timestamp = $day + .timestamp[10:]' "$BATS_TEST_TMPDIR/first" >"$STREAM"
	grep -v -e '"event_type":"packet"' -e '"event_type":"start"' "$BATS_TEST_TMPDIR/second" >>"$STREAM"
}

expect_days() { # new|old WHEN MISSING LOST
	expect "$1: $2: missing" "$(losses "$1" "
		SELECT event_type, arrived, missing_at_start, missing_between, missing_at_end FROM xdptail.missing
		WHERE missing_at_start + missing_between + missing_at_end > 0 ORDER BY event_type, arrived" |
		paste -sd ';')" "$3"
	expect "$1: $2: lost on the way" "$(losses "$1" "
		SELECT lost_on_the_way FROM xdptail.accounts ORDER BY lost_on_the_way" | paste -sd ';')" "$4"
	expect "$1: $2: duplicates" "$(losses "$1" "SELECT * FROM xdptail.duplicates WHERE duplicates > 0")" ""
}

drop_packets_of() { # new|old FROM-TODAY
	echo "ALTER TABLE xdptail.packets DROP PARTITION $(day "$2" | tr -d -)" | "$1_sql" TSV
}

# On either server.
expect_days_to_go() { # new|old
	local none='packet	0	0	0	3000;start	0	0	0	1'

	expect_days "$1" "all days" "packet	0	0	0	3000;packet	2999	0	1	0;start	0	0	0	1" "1;3001"
	drop_packets_of "$1" -2
	expect_days "$1" "without a day" "packet	0	0	0	3000;packet	1999	0	1	0;start	0	0	0	1" "1;3001"
	drop_packets_of "$1" -1
	expect_days "$1" "without two" "$none" "1;3001"
	drop_packets_of "$1" 0
	expect_days "$1" "without any" "$none" "1;3001"
}

@test "what is of no kind here was lost; what has come of age was not" {
	make_days
	new_start
	new_insert "$STREAM"
	expect_days_to_go new
	expect "gaps" "$(losses new "SELECT event_type, first_missing, last_missing FROM xdptail.gaps" |
		paste -sd ';')" 'packet	1	3000;start	1	1'
	old_start
	old_insert "$STREAM"
	expect_days_to_go old
}

# A run of two outputs, and of its last words each of these alone lost on the way.
last_words_lost() { # new|old
	local hole n=0

	make_recent "$BATS_TEST_TMPDIR/capture" -n 3000 -S 5
	while IFS= read -r hole; do
		n=$((n + 1))
		stream_of_host "web$n" "$BATS_TEST_TMPDIR/capture" "$STREAM" -N 1000 --interval 1 -o "file:$STREAM.b"
		mv "$STREAM.b" "$STREAM.$n.b"
		jq -c "select(($hole) | not)" "$STREAM" >"$STREAM.$n"
		rm "$STREAM"
		"$1_insert" "$STREAM.$n"
	done <<-'HOLES'
		false
		.event_type == "sink" and .total and (.sink | endswith(".b"))
		.event_type == "sink" and .total and (.sink | endswith(".b") | not)
		.event_type == "sink" and .record_seq == 6
		.event_type == "stats" and .total
	HOLES
	expect "$1: missing" "$(losses "$1" "
		SELECT hostname, event_type, missing_at_start, missing_between, missing_at_end FROM xdptail.missing
		WHERE missing_at_start + missing_between + missing_at_end > 0 ORDER BY hostname" | paste -sd ';')" \
		'web2	sink	0	1	0;web3	sink	0	0	1;web4	sink	0	1	0'
	expect "$1: lost on the way" "$(losses "$1" "SELECT hostname, sink LIKE '%.b', lost_on_the_way
		FROM xdptail.accounts ORDER BY hostname, sink" | paste -sd ';')" \
		'web1	0	0;web1	1	0;web2	0	1;web3	1	1;web4	0	1;web4	1	1;web5	0	1;web5	1	1'
}

@test "last words that were lost are missed, too" {
	new_start
	last_words_lost new
	old_start
	last_words_lost old
}

@test "outputs that come and go while a run goes on" {
	local config=$BATS_TEST_TMPDIR/config a=$BATS_TEST_TMPDIR/a b=$BATS_TEST_TMPDIR/b c=$BATS_TEST_TMPDIR/c hole

	chdb_install
	pair
	echo "{ \"interval\": 1, \"output\": [ \"file:$b\", \"file:$a\" ] }" >"$config"
	tail_start -a -N 1 -f "$config"
	wait_line "$a" '"event_type":"sink"' "$PID"
	echo "{ \"interval\": 1, \"output\": [ \"file:$c\", \"file:$a\" ] }" >"$config"
	kill -HUP "$PID"
	wait_line "$c" '"event_type":"sink"' "$PID"
	tail_stop
	for hole in none a b c; do
		jq -c --arg hole "/$hole" 'select(.event_type == "sink" and .total and (.sink | endswith($hole)) | not)' \
			"$a" >"$STREAM"
		rm -rf "$BATS_TEST_TMPDIR/chdb"
		new_start
		new_insert "$STREAM"
		expect "without the sum of $hole: missing" "$(losses new "SELECT event_type, missing_between + missing_at_end
			FROM xdptail.missing WHERE missing_at_start + missing_between + missing_at_end > 0")" \
			"$([ $hole = none ] || printf 'sink\t1')"
		expect "without the sum of $hole: lost on the way" "$(losses new "SELECT lost_on_the_way
			FROM xdptail.accounts WHERE sink LIKE '%/a'")" "$(case $hole in none) echo 0 ;; [bc]) echo 1 ;; esac)"
	done
}

@test "what events= keeps from an output is missing as a whole, and was not lost on the way" {
	make_recent "$BATS_TEST_TMPDIR/capture" -n 3000 -S 5
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 -q \
		-o "file:$STREAM,events=count,snapshot,stats,sink,loss" 2>"$ERR"
	new_start
	new_insert "$STREAM"
	expect "missing" "$(losses new "SELECT event_type, arrived, missing_at_end FROM xdptail.missing
		WHERE missing_at_start + missing_between + missing_at_end > 0")" 'packet	0	3000'
	expect "accounts" "$(losses new "SELECT left_out, lost_on_the_way FROM xdptail.accounts")" '3000	0'
}

@test "what an output dropped is told by the stream, and is not lost on the way" {
	local dropped
	local file=$BATS_TEST_TMPDIR/losses

	pair
	chdb_install
	stopped_reader -N 1 -o stdout,queue=64K -o "file:$file,events=loss"
	traffic peer0 20000
	wait_line "$file" '"event_type":"loss".*"where":"stdout"' "$PID"
	kill -CONT "$READER"
	tail_stop
	wait_end "$READER"
	new_start
	new_insert "$OUT"
	dropped=$(select_records "$OUT" '.total and .sink == "stdout"' | jq .dropped_queue_full)
	expect_within "dropped" "$dropped" 1 20000
	expect "accounts" "$(losses new "SELECT sink, dropped, lost_on_the_way FROM xdptail.accounts
		WHERE sink = 'stdout'")" \
		"stdout	$dropped	0"
	expect "missing" "$(losses new "SELECT sum(missing_at_start + missing_between + missing_at_end)
		FROM xdptail.missing")" "$dropped"
	expect "told" "$(losses new "SELECT \`where\`, cause, sum(records) FROM xdptail.events
		WHERE event_type = 'loss' GROUP BY \`where\`, cause")" "stdout	queue_full	$dropped"
}

@test "what has come of age goes: packets after a week, and not what explains them" {
	make_stream
	new_start
	sed 's/"timestamp":"[0-9]*-[0-9]*-[0-9]*T/"timestamp":"'"$(date -u -d '9 days ago' +%F)"'T/' "$STREAM" \
		>"$BATS_TEST_TMPDIR/old"
	new_insert "$STREAM" "$BATS_TEST_TMPDIR/old"
	printf 'OPTIMIZE TABLE xdptail.%s FINAL;\n' packets counts events | new_sql TSV
	for table in packet:packets:1 count:counts:2; do
		IFS=: read -r type table times <<<"$table"
		expect "$table" "$(new_sql TSV <<<"SELECT count() FROM xdptail.$table")" \
			$(($(count_records "$STREAM" ".event_type == \"$type\"") * times))
	done
}

@test "insert-rotated.sh: files that were rotated go in, each once; while nobody takes them they stay" {
	local url rotated

	mkdir "$BATS_TEST_TMPDIR/set"
	make_recent "$BATS_TEST_TMPDIR/capture" -n 3000 -S 5
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -a -N 1 -q \
		-o "file:$BATS_TEST_TMPDIR/set/xdptail.jsonl,rotate_size=128K" 2>"$ERR"
	rotated=("$BATS_TEST_TMPDIR"/set/xdptail.jsonl.*)
	expect_within "files" "${#rotated[@]}" 5 20
	cat "$BATS_TEST_TMPDIR"/set/xdptail.jsonl.* >"$STREAM"
	gzip "${rotated[0]}"
	: >"$BATS_TEST_TMPDIR/set/xdptail.jsonl.1" # logrotate's
	old_start
	url=http://127.0.0.1:$OLD_HTTP
	run "$CLICKHOUSE/insert-rotated.sh" http://127.0.0.1:1 "$BATS_TEST_TMPDIR/set/xdptail.jsonl"
	[ "$status" -ne 0 ] || fail "taken by nobody: $output"
	expect "files that stay" "$(find "$BATS_TEST_TMPDIR/set" -type f | wc -l)" $((${#rotated[@]} + 2))
	"$CLICKHOUSE/insert-rotated.sh" "$url" "$BATS_TEST_TMPDIR/set/xdptail.jsonl"
	expect "packets" "$(old_sql TSV <<<'SELECT count() FROM xdptail.packets')" \
		"$(count_records "$STREAM" '.event_type == "packet"')"
	expect "files" "$(find "$BATS_TEST_TMPDIR/set" -type f -printf '%f ' | xargs -n 1 | sort | xargs)" "xdptail.jsonl xdptail.jsonl.1"
}

# The lines of README.md's blocks that put lines in, on this test's server.
readme_commands() {
	# shellcheck disable=SC2016
	sed -n '/^```sh$/,/^```$/p' "$CLICKHOUSE/README.md" | grep xdptail.jsonl |
		sed "s/clickhouse-client/& --port $OLD_TCP/; s/127.0.0.1:8123/127.0.0.1:$OLD_HTTP/"
}

old_packets() { # COUNT: lines of packets arrived
	[ "$(old_sql TSV <<<"SELECT sum(lines) FROM xdptail.arrivals WHERE event_type = 'packet'")" = "$1" ]
}

@test "the README's commands put lines in" {
	local command arrived=0

	old_start
	cd "$BATS_TEST_TMPDIR"
	make_recent capture -n 20000 -S 5
	"$XDPTAIL" -r capture -N 1 -q -o file:xdptail.jsonl,events=packet 2>"$ERR"
	expect "lines" "$(lines_in xdptail.jsonl)" 20002
	readme_commands >commands
	expect "commands" "$(wc -l <commands)" 3
	while read -r command; do
		arrived=$((arrived + 20000))
		if [[ $command = tail* ]]; then
			# the first of 20000 lines is the start record; what is no 10000 waits
			arrived=$((arrived - 1))
			command=${command/tail/tail --pid=$SERVER -s 0.1}
		fi
		bash -c "$command" 3>&- &
		wait_until "$arrived lines came" old_packets "$arrived"
	done <commands
	kill "$SERVER"
	wait_end $! # which tells it to end, too
}
