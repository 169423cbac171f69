# SPDX-License-Identifier: BSD-2-Clause
# What is counted and sampled, against what was sent.

load common

# Each CPU begins at another place of its first N packets.
expect_sampled() { # NAME COUNT N
	local off=0

	[ "$3" = 1 ] || off=$(nproc)
	if [ "$3" = 0 ]; then
		expect "$1: packets" "$(counted packets)" 0
	else
		expect_within "$1: packets" "$(counted packets)" \
			$(($2 / $3 - off)) $(($2 / $3 + off))
	fi
}

counts() { # TRANSPORT MODE
	local count=12000 n

	pair
	for n in 1 3 10 0; do
		tail_start -a -N "$n" --transport "$1" -m "$2"
		expect "N=$n: sent" "$(traffic peer0 "$count" 100000 1000)" "$count"
		tail_stop
		check_stream "$OUT"
		expect "N=$n: seen" "$(seen)" "$count"
		expect "N=$n: lost" "$(counted lost)" 0
		expect_sampled "N=$n" "$count" "$n"
		expect "N=$n: sampled" "$(of_total "$OUT" stats sampled)" "$(counted packets)"
		expect "N=$n: packets that say so" "$(grep -c \
			"\"event_type\":\"packet\".*\"interface\":\"tail0\".*\"sample_rate\":$n," \
			"$OUT")" "$(counted packets)"
		expect_line "$OUT" "\"event_type\":\"start\".*\"transport\":\"$1\""
		expect_line "$OUT" "\"state\":\"attached\".*\"mode\":\"$2\""
	done
}

@test "counts are exact: ring buffer, native mode" {
	counts ringbuf native
}

@test "counts are exact: ring buffer, generic mode" {
	counts ringbuf generic
}

@test "counts are exact: perf buffer, native mode" {
	counts perf native
}

@test "counts are exact: perf buffer, generic mode" {
	counts perf generic
}

@test "each frame is in the stream exactly once" {
	pair
	tail_start -N 1
	traffic -t peer0 30000 100000
	tail_stop
	check_stream "$OUT"
	expect "sequence numbers that are there" "$(jq -n \
		'[inputs | .seq_num // empty] | sort == [range(30000)]' "$OUT")" true
}

@test "random sampling has N as its mean" {
	pair
	tail_start -a -N 10 --sample-mode random
	traffic peer0 30000 100000
	tail_stop
	check_stream "$OUT"
	expect seen "$(seen)" 30000
	# gaps of 1 to 19: the standard deviation is 30, and this is ten of it
	expect_within packets "$(counted packets)" 2700 3300
	expect mode "$(jq -nr 'input.sample_mode' "$OUT")" random
}

@test "which packets a program counts" {
	local arguments want

	pair
	while IFS='|' read -r arguments want; do
		# shellcheck disable=SC2086
		tail_start -N 1 $arguments
		traffic peer0 1000 50000
		traffic -t peer0 500 50000
		tail_stop
		check_stream "$OUT"
		expect "$arguments: seen" "$(seen)" 1500
		expect "$arguments: packets" "$(counted packets)" "${want% *}"
		expect "$arguments: function_name" "$(jq -nr 'input.function_name' "$OUT")" \
			"${want#* }"
	done <<-'TABLE'
		|500 count_tcp_packets
		--function-name count_tcp_packets|500 count_tcp_packets
		--function-name count_packets|1500 count_packets
		-a|1500 count_packets
		--all --function-name count_packets|1500 count_packets
	TABLE
}
