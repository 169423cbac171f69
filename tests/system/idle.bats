# SPDX-License-Identifier: BSD-2-Clause
# What we cost when nothing happens.

load common

# How often all threads went to sleep, so woke up.
sleeps() { # PID
	cat "/proc/$1/task/"*/status | awk '/^voluntary_ctxt/ { n += $2 } END { print n }'
}

@test "an idle interface costs next to nothing, before traffic and after" {
	local transport before after

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 --interval 1 --transport "$transport"
		before=$(sleeps "$PID")
		wait_line "$OUT" '"event_type":"stats".*"record_seq":1,' "$PID"
		after=$(sleeps "$PID")
		# spinning would be thousands
		expect_within "$transport: wakeups in a second" $((after - before)) 0 100

		traffic peer0 1000 50000
		wait_line "$OUT" '"event_type":"stats".*"record_seq":2,' "$PID"
		before=$(sleeps "$PID")
		wait_line "$OUT" '"event_type":"stats".*"record_seq":3,' "$PID"
		after=$(sleeps "$PID")
		expect_within "$transport: wakeups in another" $((after - before)) 0 100
		tail_stop
		check_stream "$OUT"
		expect "$transport: packets" "$(counted packets)" 1000
		expect_within "$transport: cpu_ms" "$(of_total "$OUT" stats cpu_ms)" 0 500
	done
}
