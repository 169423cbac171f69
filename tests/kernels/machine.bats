# SPDX-License-Identifier: BSD-2-Clause
# Machines of little memory, of one CPU, and of places for many: it starts, or says what would make
# it start.

# shellcheck disable=SC2154 # bats sets it
load guest

LITTLE="--max-sources 1024 --ring-size 256K"

# An unneeded page of a file is as good as a free one, so MemAvailable.
available() {
	sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# Sets TOOK_MS and TOOK_KIB, from the start until it listens.
measure() { # ARGUMENT OF xdptail...
	local memory began

	memory=$(available)
	began=$(now_ms)
	tail_start -a -N 1 "$@"
	TOOK_MS=$(($(now_ms) - began))
	TOOK_KIB=$((memory - $(available)))
	tail_stop
	expect "exit" "$CODE" 0
}

@test "starts, or says in words what would make it start" {
	pair
	tail_run -i tail0 -a -N 1 --duration 1
	printf '# %s\n' "${stderr:-no message}" >&3
	[ "$status" = 0 ] || {
		[ "$status" != 124 ] || fail "it did not end within $PATIENCE s: $stderr"
		[ "$status" != 2 ] || fail "exit 2 is for usage: $stderr"
		expect_within "lines of messages" "$(wc -l <<<"$stderr")" 1 4
		[[ $stderr == *--max-sources* || $stderr == *--max-map-memory* || $stderr == *--ring-size* ]] ||
			fail "no option is named that would help: $stderr"
	}
}

@test "with little of each it starts, and counts all: ring buffer, perf buffer" {
	local transport

	pair
	for transport in ringbuf perf; do
		# shellcheck disable=SC2086 # words
		capture_start -a -N 1 $LITTLE --transport "$transport"
		expect "sent" "$(traffic peer0 2000 4000 100)" 2000
		capture_end
		expect "$transport: seen" "$(seen)" 2000
	done
}

# A source takes some 80 bytes, and 16 for each possible CPU (object_count_bytes()): as many of them
# as take here what the default's 65536 take where there are two.
@test "memory and start are within twice of what they are for 2 possible CPUs" {
	local possible memory start

	possible=$(($(sed 's/.*-//' /sys/devices/system/cpu/possible) + 1))
	[ "$possible" -gt 2 ] || skip "$possible possible CPUs"
	pair
	measure --max-sources $((65536 * (80 + 2 * 16) / (80 + possible * 16)))
	memory=$TOOK_KIB start=$TOOK_MS
	measure
	echo "# $possible possible CPUs: $TOOK_KIB KiB, $TOOK_MS ms; as with 2: $memory KiB, $start ms" >&3
	expect_within "KiB" "$TOOK_KIB" 0 $((memory * 2))
	expect_within "ms" "$TOOK_MS" 0 $((start * 2))
}
