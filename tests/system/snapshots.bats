# SPDX-License-Identifier: BSD-2-Clause
# Counts by source and the snapshots that close them, against what was sent.

load common

# The i-th source of traffic, as jq has it.
SOURCE='"10.0.\(. / 256 | floor).\(. % 256)"'

# Over all snapshots each of the first so many sources has sent so much, and nobody else anything.
expect_sources() { # NAME SOURCES PACKETS BYTES
	local wrong

	wrong=$(jq -n -c --argjson n "$2" --argjson packets "$3" --argjson bytes "$4" '
		(reduce range($n) as $i ({}; .[$i | '"$SOURCE"'] = [$packets, $bytes])) as $want |
		(reduce (inputs | select(.event_type == "count")) as $r ({};
			.[$r.src_ip] as $o | # not |=, which copies the whole object in jq 1.6
			.[$r.src_ip] = [($o[0] // 0) + $r.packets, ($o[1] // 0) + $r.bytes])) as $got |
		[($want + $got | keys_unsorted[]) | select($got[.] != $want[.]) |
			{source: ., got: $got[.], want: $want[.]}][:5]' "$OUT")
	expect "$1: sources that are wrong" "$wrong" "[]"
}

snapshot_records() { # [CONDITION]: those of intervals
	select_records "$OUT" ".event_type == \"snapshot\" and (.total | not) and (${1:-true})"
}

flood_start() { # ARGUMENT OF traffic...: sets FLOODER, and leaves in SENT what it sent
	SENT=$BATS_TEST_TMPDIR/sent
	ip netns exec "$NS_B" "$HELPERS/traffic" "$@" >"$SENT" 3>&- &
	FLOODER=$!
}

frame() { # HEX: to the broadcast address
	local hex=ffffffffffff020000000002$1 bytes="" i

	for ((i = 0; i < ${#hex}; i += 2)); do
		bytes+=\\x${hex:i:2}
	done
	printf %b "$bytes" | ip netns exec "$NS_B" socat -u STDIN INTERFACE:peer0
}

# --- what was sent is what is counted ---

by_source() { # TRANSPORT MODE
	local each=40 sources=500 count n

	pair
	count=$((each * sources))
	for n in 10 0; do
		tail_start -a -N "$n" --interval 1 --transport "$1" -m "$2"
		expect "N=$n: sent" "$(traffic peer0 "$count" 15000 "$sources" 200)" "$count"
		tail_stop
		check_stream "$OUT"
		expect "N=$n: seen" "$(seen)" "$count"
		expect "N=$n: counted" "$(of_total "$OUT" snapshot counted)" "$count"
		expect "N=$n: counted_bytes" "$(of_total "$OUT" snapshot counted_bytes)" \
			$((count * 200))
		expect "N=$n: unlisted" "$(of_total "$OUT" snapshot unlisted_packets)" 0
		expect "N=$n: unattributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
		expect_sources "N=$n" "$sources" "$each" $((each * 200))
		[ "$(counted snapshots)" -ge 2 ] || fail "N=$n: all in one snapshot"
	done
	expect "N=0: packets" "$(counted packets)" 0
}

@test "each source's packets and bytes are exact: ring buffer, native mode" {
	by_source ringbuf native
}

@test "each source's packets and bytes are exact: ring buffer, generic mode" {
	by_source ringbuf generic
}

@test "each source's packets and bytes are exact: perf buffer, native mode" {
	by_source perf native
}

@test "each source's packets and bytes are exact: perf buffer, generic mode" {
	by_source perf generic
}

# By source, [packets, bytes]: of the packet records, and of the count records.
@test "with every packet sampled, counts are the sums of the packets, of IPv4 and IPv6" {
	local sampled

	pair ipv6
	tail_start -a -N 1
	ip netns exec "$NS_B" ping -q -c 3 -i 0.2 -W 5 192.0.2.1
	ip netns exec "$NS_B" ping -q -c 5 -i 0.2 -W 5 -s 300 2001:db8::1
	traffic peer0 100 0 7
	tail_stop
	check_stream "$OUT"
	sampled=$(jq -n -S -c 'reduce (inputs | select(.event_type == "packet")) as $r ({};
		.[$r.src_ip] |= [(.[0] // 0) + 1, (.[1] // 0) + $r.packet_len])' "$OUT")
	expect "counts" "$(jq -n -S -c 'reduce (inputs | select(.event_type == "count")) as $r ({};
		.[$r.src_ip] |= [(.[0] // 0) + $r.packets, (.[1] // 0) + $r.bytes])' "$OUT")" \
		"$sampled"
	expect "of the ping" "$(jq -c '.["192.0.2.2"]' <<<"$sampled")" "[3,$((3 * 98))]"
	[ "$(jq '.["2001:db8::2"][0]' <<<"$sampled")" -ge 5 ] || fail "IPv6 is not there: $sampled"
}

@test "what is not counted says why" {
	local function key want

	needs socat
	pair
	for function in count_tcp_packets count_packets; do
		tail_start -N 1 --function-name "$function"
		traffic peer0 1000 50000
		traffic -t peer0 500 50000 5 100
		frame 0806000108000604000102000000000200000000000000000000c0000263 # ARP
		frame 88cc0207040200000000020403076c6c6470 # LLDP
		frame 88cc0207040200000000020403076c6c6471
		frame 08004500001400000000 # an IPv4 header of which half is there
		# IPv6 with hop-by-hop options that are not there
		frame 86dd6000000000000040"$(printf '%064d' 1)"
		tail_stop
		check_stream "$OUT"
		while read -r key want; do
			[ "$function" != count_packets ] || want=${want#*/}
			expect "$function: $key" "$(of_total "$OUT" snapshot "$key")" "${want%/*}"
		done <<-'TABLE'
			seen 1505/1505
			not_ip 3/3
			no_source 1/1
			undetermined 1/0
			not_selected 1000/0
			counted 500/1501
		TABLE
	done
}

# --- when ---

@test "--interval 0: one snapshot, at the end" {
	pair
	tail_start -a --interval 0
	traffic peer0 1000 0 10
	tail_stop
	check_stream "$OUT"
	expect "snapshots" "$(counted snapshots)" 1
	expect "count lines" "$(counted counts)" 10
	expect_sources "all" 10 100 6400
}

@test "SIGUSR1: a snapshot now" {
	pair
	tail_start -a --interval 0
	traffic peer0 100
	kill -USR1 "$PID"
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":1,' "$PID"
	traffic peer0 50
	kill -USR1 "$PID"
	wait_line "$OUT" '"event_type":"snapshot".*"record_seq":2,' "$PID"
	tail_stop
	check_stream "$OUT"
	expect "counted, by snapshot" "$(snapshot_records | jq .counted | xargs)" "100 50 0"
}

# So many that they come while a snapshot is being taken, and while it is being written.
@test "fifty SIGUSR1 in a row, under a flood" {
	local i n sent=60000

	pair
	tail_start -a -N 1 --interval 0
	flood_start peer0 "$sent" 20000 2000
	for n in 1 2; do
		for ((i = 0; i < 50; i++)); do
			kill -USR1 "$PID"
		done
		wait_line "$OUT" "\"event_type\":\"snapshot\".*\"record_seq\":$n," "$PID"
	done
	wait_end "$FLOODER"
	tail_stop
	check_stream "$OUT"
	expect "exit" "$CODE" 0
	expect "sent" "$(cat "$SENT")" "$sent"
	expect "seen" "$(seen)" "$sent"
	expect "counted" "$(of_total "$OUT" snapshot counted)" "$sent"
	expect "packets" "$(counted packets)" "$sent"
}

# --- how many ---

# Source 0 has sent 360, the others 310, 300, 200 and 200.
uneven() { # ARGUMENT OF xdptail...
	tail_start -a --interval 0 "$@"
	traffic peer0 1000 0 5
	traffic peer0 300 0 3
	traffic peer0 50
	traffic peer0 20 0 2
	tail_stop
	check_stream "$OUT"
	LISTED=$(jq -r 'select(.event_type == "count") | "\(.src_ip)=\(.packets)"' "$OUT" | xargs)
	expect "sources" "$(snapshot_records | jq .sources)" 5
}

@test "--top lists the heaviest; the others are in the sums" {
	pair
	uneven --top 3
	expect "listed" "$LISTED" "10.0.0.0=360 10.0.0.1=310 10.0.0.2=300"
	expect "unlisted_packets" "$(of_total "$OUT" snapshot unlisted_packets)" 400
	expect "unlisted_bytes" "$(of_total "$OUT" snapshot unlisted_bytes)" $((400 * 64))
}

@test "--top 0 lists all" {
	pair
	uneven --top 0
	expect "the heaviest" "${LISTED% 10.* 10.*}" "10.0.0.0=360 10.0.0.1=310 10.0.0.2=300"
	expect "the others" "$(tr ' ' '\n' <<<"$LISTED" | tail -n 2 | sort | xargs)" \
		"10.0.0.3=200 10.0.0.4=200"
	expect "unlisted_packets" "$(of_total "$OUT" snapshot unlisted_packets)" 0
}

@test "65536 sources in one interval, all listed" {
	local sources=65536

	pair
	tail_start -a -N 0 --interval 0 --top 0
	traffic peer0 $((2 * sources)) 50000 "$sources"
	tail_stop
	check_stream "$OUT"
	expect "exit" "$CODE" 0
	expect "seen" "$(seen)" $((2 * sources))
	expect "sources" "$(snapshot_records | jq .sources)" "$sources"
	expect "count lines" "$(counted counts)" "$sources"
	expect_sources "all" "$sources" 2 128
}

# Every frame has a source of its own, a hundred times as many as there is room for.
@test "spoofed sources: counted all the same, in bounded output and memory" {
	local transport least most

	pair
	# a sanitized build would keep what was freed
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
	for transport in ringbuf perf; do
		tail_start -a -N 1000 --interval 1 --max-sources 1024 --top 50 \
			--transport "$transport"
		flood_start peer0 300000 100000 300000
		wait_end "$FLOODER"
		tail_stop
		check_stream "$OUT"
		expect "$transport: exit" "$CODE" 0
		expect_within "$transport: seen" "$(seen)" 1 300000
		expect "$transport: counted" "$(of_total "$OUT" snapshot counted)" "$(seen)"
		[ "$(of_total "$OUT" snapshot unattributed_full)" -gt 0 ] ||
			fail "$transport: all found room"
		expect "$transport: unattributed for another cause" "$(jq -n '[inputs |
			.unattributed_busy, .unattributed_no_memory, .unattributed_other |
			numbers] | add' "$OUT")" null
		expect "$transport: snapshots that list more than 50" \
			"$(snapshot_records '.listed > 50' | wc -l)" 0
		read -r least most < <(jq -n -r '[inputs | .rss_kb // empty] | sort |
			"\(first) \(last)"' "$OUT")
		expect_within "$transport: growth of rss_kb" $((most - least)) 0 8192
	done
}

# --- how it ends ---

@test "-c in the middle of a flood: the last snapshot has it all" {
	pair
	tail_start -a -N 1 -c 5000 --interval 1
	flood_start peer0 100000000 20000 300
	wait_end "$PID"
	kill "$FLOODER"
	check_stream "$OUT"
	expect "exit" "$CODE" 0
	expect "packets" "$(counted packets)" 5000
	expect "seen" "$(seen)" "$(of_total "$OUT" snapshot counted)"
	expect "sampled" "$(of_total "$OUT" stats sampled)" "$(seen)"
	expect "sums of the counts" "$(jq -n '[inputs | select(.event_type == "count").packets] |
		add' "$OUT")" "$(seen)"
}

@test "SIGTERM in the middle of a flood: the last snapshot has it all" {
	local transport

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 --interval 1 --transport "$transport"
		flood_start peer0 100000000 20000 300
		wait_line "$OUT" '"event_type":"snapshot".*"record_seq":2,' "$PID"
		tail_stop TERM
		kill "$FLOODER"
		check_stream "$OUT"
		expect "$transport: exit" "$CODE" 0
		expect "$transport: sampled" "$(of_total "$OUT" stats sampled)" "$(seen)"
		expect "$transport: sums of the counts" "$(jq -n \
			'[inputs | select(.event_type == "count").packets] | add' "$OUT")" "$(seen)"
	done
}

@test "the interface is deleted: the last snapshot is there" {
	pair
	tail_start -a -N 1
	traffic peer0 1000 0 10
	ip -n "$NS_B" link del peer0
	wait_end "$PID"
	check_stream "$OUT"
	expect "exit" "$CODE" 1
	expect "reason" "$(jq -r 'select(.event_type == "stop").reason' "$OUT")" "interface gone"
	expect_sources "all" 10 100 6400
}

# --- maps that all CPUs share ---

@test "under --max-map-memory all CPUs share the counts, exactly" {
	local mode cpu each=1500 count flooders bytes

	[ "$(cut -d- -f2 /sys/devices/system/cpu/possible)" != 0 ] || skip "needs two possible CPUs"
	pair
	tail_start -a -N 0 --max-sources 4096
	tail_stop
	bytes=$(jq -n input.map_bytes "$OUT")
	expect "map_type, in the limit" "$(jq -nr input.map_type "$OUT")" percpu_hash
	count=$((20 * each))
	for mode in native generic; do
		tail_start -a -N 0 -m "$mode" --interval 1 --max-sources 4096 \
			--max-map-memory "$((bytes - 1))"
		flooders=()
		for cpu in 0 $(($(nproc) - 1)); do
			taskset -c "$cpu" ip netns exec "$NS_B" "$HELPERS/traffic" \
				peer0 "$count" 15000 20 >/dev/null 3>&- &
			flooders+=($!)
		done
		for cpu in "${flooders[@]}"; do
			wait_end "$cpu"
			expect "$mode: exit of a sender" "$CODE" 0
		done
		tail_stop
		check_stream "$OUT"
		expect "$mode: map_type" "$(jq -nr input.map_type "$OUT")" hash
		expect_within "$mode: map_bytes" "$(jq -n input.map_bytes "$OUT")" 1 $((bytes - 1))
		expect "$mode: seen" "$(seen)" $((2 * count))
		expect_sources "$mode" 20 $((2 * each)) $((2 * each * 64))
	done
}

@test "--max-map-memory that is too small is refused" {
	pair
	tail_run -i tail0 --max-map-memory 64K
	expect "exit" "$status" 2
	# shellcheck disable=SC2154
	[[ $stderr == *'65536 sources need '*' MiB of maps'* ]] || fail "stderr: $stderr"
	expect "still attached" "$(attached)" ""
}

# --- losses ---

now() {
	date -u +%Y-%m-%dT%H:%M:%S.%6NZ
}

# check_stream holds them to the numbers of their interval, and to its times.
@test "a full ring: when samples were lost" {
	local transport before after loss

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 --ring-size 64K --interval 1 --transport "$transport"
		kill -STOP "$PID"
		wait_stopped "$PID"
		before=$(now)
		traffic peer0 20000
		after=$(now)
		kill -CONT "$PID"
		wait_line "$OUT" '"event_type":"loss"' "$PID"
		tail_stop
		check_stream "$OUT"
		loss=$(select_records "$OUT" '.event_type == "loss"')
		expect "$transport: where and why" "$(jq -r '"\(.where) \(.cause)"' <<<"$loss")" \
			"ring ring_full"
		expect "$transport: records" "$(jq .records <<<"$loss")" "$(counted lost)"
		expect "$transport: was between $before and $after" "$(jq \
			".first <= \"$after\" and .last >= \"$before\"" <<<"$loss")" true
	done
}

expect_stdout_losses() {
	expect "other losses" "$(count_records "$FILE" '.event_type == "loss" and
		(.where != "stdout" or .cause != "queue_full")')" 0
	check_stream "$OUT"
	expect "records that the losses name" "$(jq -n \
		'[inputs | select(.event_type == "loss").records] | add' "$FILE")" \
		"$(counted missing)"
}

@test "a reader that stops: what it did not get, in an output that is whole" {
	local before after

	pair
	FILE=$BATS_TEST_TMPDIR/file
	stopped_reader -N 1 -o stdout -o "file:$FILE"
	before=$(now)
	traffic peer0 60000 40000 100
	after=$(now)
	wait_line "$FILE" '"event_type":"loss".*"where":"stdout","cause":"queue_full"' "$PID"
	wait_line "$FILE" '"event_type":"packet".*"record_seq":60000,' "$PID"
	kill -CONT "$READER"
	tail_stop
	wait_end "$READER"

	check_stream "$FILE" --sink "file:$FILE"
	expect "packets in the file" "$(counted packets)" 60000
	expect "losses before $before or after $after" "$(count_records "$FILE" \
		".event_type == \"loss\" and (.last < \"$before\" or .first > \"$after\")")" 0
	expect_stdout_losses
}

# First so many that nothing more goes in, not even into what is kept for such lines; then a few.
@test "a reader that stops: count lines that it did not get" {
	local last

	pair
	FILE=$BATS_TEST_TMPDIR/file
	stopped_reader -N 0 --top 0 -o stdout -o "file:$FILE"
	traffic peer0 65536 40000 65536
	wait_line "$FILE" '"event_type":"loss".*"where":"stdout","cause":"queue_full"' "$PID"
	last=$(grep -c '"event_type":"loss"' "$FILE")
	traffic peer0 100 0 50
	wait_line "$FILE" "\"event_type\":\"loss\".*\"record_seq\":$((last + 1))," "$PID"
	kill -CONT "$READER"
	tail_stop
	wait_end "$READER"
	check_stream "$FILE" --sink "file:$FILE"
	expect "seen" "$(seen)" 65636
	expect "count lines in the file" "$(counted counts)" \
		"$(of_total "$FILE" snapshot listed)"
	expect "exit" "$CODE" 0
	expect_stdout_losses
}
