# SPDX-License-Identifier: BSD-2-Clause
# Samples in the kernel's trace pipe.

load common

# The pipe, from now on, in TRACE; its file system is mounted for that process alone.
trace_start() {
	TRACE=$BATS_TEST_TMPDIR/trace
	MOUNT=$BATS_TEST_TMPDIR/tracefs
	mkdir "$MOUNT"
	: >"$TRACE"
	# shellcheck disable=SC2016
	unshare --mount bash -c '
		mount -t tracefs tracefs "$1" && echo mounted && exec cat "$1/trace_pipe"' \
		- "$MOUNT" >"$TRACE" 2>&1 3>&- &
	READER=$!
	wait_line "$TRACE" . "$READER"
	grep -q '^mounted' "$TRACE" || skip "needs tracefs: $(cat "$TRACE")"
}

# Everything that was traced before is in TRACE when this returns.
trace_mark() { # WORD
	echo "$1" >"/proc/$READER/root$MOUNT/trace_marker"
	wait_line "$TRACE" "$1" "$READER"
}

# The pipe may hold what others left there, so what counts comes after our first mark.
traced() { # PORT
	sed "1,/begin-$READER\$/d" "$TRACE" | grep -c "src_port=$1 dst_port=9 " || true
}

trace_run() { # PORT ARGUMENT OF xdptail...
	tail_start -a -N 1 "${@:2}"
	traffic -p "$1" peer0 1
	tail_stop
	trace_mark "end-$1-$READER"
	check_stream "$OUT"
	expect "$*: packets" "$(count_records "$OUT" ".src_port == $1")" 1
}

@test "--trace: samples are in the trace pipe, and only with it" {
	local port=4001 transport

	pair
	trace_start
	trace_mark "begin-$READER"
	for transport in ringbuf perf; do
		trace_run "$port" --transport "$transport" --trace
		expect "$transport: traced with --trace" "$(traced "$port")" 1
		port=$((port + 1))
		trace_run "$port" --transport "$transport"
		expect "$transport: traced without" "$(traced "$port")" 0
		port=$((port + 1))
	done
}
