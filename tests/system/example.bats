# SPDX-License-Identifier: BSD-2-Clause
# The library's example, as C and as C++: it counts, and leaves nothing behind.

load common

# Sets PID, and leaves what it says in OUT; it has counted once when this returns.
example_start() { # KIND [FUNCTION_NAME]
	local example=$BATS_TEST_TMPDIR/example prefix=$BATS_TEST_TMPDIR/prefix

	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$BATS_TEST_DIRNAME/../.." \
		O="$(dirname "$XDPTAIL")" install PREFIX="$prefix"
	cp -r "$BATS_TEST_DIRNAME/../../contrib/example" "$example"
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS PKG_CONFIG_PATH="$prefix/lib/pkgconfig" make -s \
		-C "$example" LDFLAGS="-Wl,-rpath,$prefix/lib" "$1"
	ip netns exec "$NS_A" "$example/$1" tail0 "${@:2}" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$OUT" '^0 packets$' "$PID"
}

sum() {
	awk '{ sum += $1 } END { print sum }' "$OUT"
}

@test "in C, with the shared library: TCP packets are counted, each once" {
	pair
	example_start packet_count
	[ -n "$(attached)" ] || fail "nothing is attached"
	traffic peer0 1000
	traffic -t peer0 20000
	tail_stop INT
	expect "exit" "$CODE" 0
	expect "messages" "$(cat "$ERR")" ""
	expect "packets" "$(sum)" 20000
	expect "attached" "$(attached)" ""
}

@test "in C++, with the static library: all packets, and it ends by SIGTERM" {
	pair
	example_start packet_count_cpp_static count_packets
	traffic peer0 1000
	traffic -t peer0 20000
	tail_stop TERM
	expect "exit" "$CODE" 0
	expect "packets" "$(sum)" 21000
	expect "attached" "$(attached)" ""
}
