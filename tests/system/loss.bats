# SPDX-License-Identifier: BSD-2-Clause
# Samples that find no room are counted, and the numbers of the others show where.

load common

# One CPU does it all, so that the last of what was lost has something delivered after it.
flood() { # ARGUMENT OF traffic...
	taskset -c 0 ip netns exec "$NS_B" "$HELPERS/traffic" "$@"
}

losses() { # TRANSPORT MODE
	local lost

	pair
	tail_start -a -N 1 --ring-size 64K --interval 1 --transport "$1" -m "$2"
	kill -STOP "$PID"
	wait_stopped "$PID"
	flood peer0 20000
	kill -CONT "$PID"
	# when that is in the stream, the ring has been read
	wait_line "$OUT" '"event_type":"stats".*"lost_ring_full":[1-9]' "$PID"
	flood peer0 200 10000
	tail_stop
	check_stream "$OUT"

	lost=$(counted lost)
	expect "exit" "$CODE" 0
	expect "seen" "$(seen)" 20200
	expect "sampled" "$(of_total "$OUT" stats sampled)" 20200
	expect_within "lost" "$lost" 1 20199
	expect "lost, for want of room" "$(of_total "$OUT" stats lost_ring_full)" "$lost"
	expect "numbers that are missing" "$(counted gaps)" "$lost"
	expect "packets" "$(counted packets)" $((20200 - lost))
	expect_line "$ERR" "^xdptail: 20200 packets seen, 20200 sampled, $lost lost\$"
}

@test "a full ring buffer, native mode" {
	losses ringbuf native
}

@test "a full ring buffer, generic mode" {
	losses ringbuf generic
}

@test "a full perf buffer, native mode" {
	losses perf native
}

@test "a full perf buffer, generic mode" {
	losses perf generic
}

@test "the laws hold in every interval while the ring overflows" {
	local transport flooders=()

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 --ring-size 64K --batch 1000 --interval 1 \
			--transport "$transport"
		taskset -c 0 ip netns exec "$NS_B" "$HELPERS/traffic" peer0 100000000 100000 \
			>/dev/null 3>&- &
		flooders=($!)
		taskset -c 1 ip netns exec "$NS_B" "$HELPERS/traffic" peer0 100000000 50000 \
			>/dev/null 3>&- &
		flooders+=($!)
		wait_line "$OUT" '"event_type":"stats".*"record_seq":2,' "$PID"
		tail_stop
		kill "${flooders[@]}"
		check_stream "$OUT"
		expect "$transport: exit" "$CODE" 0
		[ "$(counted lost)" -gt 0 ] || fail "$transport: nothing was lost"
	done
}
