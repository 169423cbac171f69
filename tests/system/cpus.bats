# SPDX-License-Identifier: BSD-2-Clause
# CPUs that go and come back.

load common

ONLINE=/sys/devices/system/cpu/cpu1/online

teardown() {
	[ ! -e "$ONLINE" ] || echo 1 >"$ONLINE"
	common_teardown
}

from_cpu() { # CPU ARGUMENT OF traffic...
	taskset -c "$1" ip netns exec "$NS_B" "$HELPERS/traffic" "${@:2}"
}

goes_and_comes() { # TRANSPORT [ARGUMENT OF xdptail...]
	local sender

	[ -e "$ONLINE" ] || skip "needs a second CPU that can be taken offline"
	[ "$(cat "$ONLINE")" = 1 ] || skip "needs a second CPU that is online"
	pair
	tail_start -a -N 1 --interval 1 --transport "$@"
	from_cpu 1 -p 4001 peer0 1000 50000
	wait_line "$OUT" '"src_port":4001.*"cpu":1,"cpu_seq":1000}' "$PID"
	echo 0 2>/dev/null >"$ONLINE" || skip "the kernel refuses to take a CPU offline"
	from_cpu 0 -p 4002 peer0 1000 50000
	wait_line "$OUT" '"src_port":4002.*"cpu":0,' "$PID"
	echo 1 >"$ONLINE"
	from_cpu 1 -p 4003 peer0 4000000000 5000 >/dev/null 3>&- &
	sender=$!
	wait_line "$OUT" '"src_port":4003.*"cpu":1,' "$PID"
	tail_stop
	kill "$sender"
	check_stream "$OUT"
	expect "exit" "$CODE" 0
	expect "before" "$(grep -c '"src_port":4001,' "$OUT")" 1000
	expect "meanwhile" "$(grep -c '"src_port":4002,' "$OUT")" 1000
}

@test "a CPU goes and comes back: perf buffer" {
	goes_and_comes perf
	# what was sampled on it before its buffer was there again
	expect "lost for other reasons" "$(of_total "$OUT" stats lost_ring_full)" 0
}

@test "a CPU goes and comes back: perf buffer, opened anew by who was root" {
	goes_and_comes perf --user nobody
	expect "lost for other reasons" "$(of_total "$OUT" stats lost_ring_full)" 0
}

@test "a CPU goes and comes back: ring buffer" {
	goes_and_comes ringbuf
	expect "lost" "$(counted lost)" 0
}
