# SPDX-License-Identifier: BSD-2-Clause
# Calls of a running monitor that fail, and succeed when they are made again: nothing is lost by
# that, and nothing ends (tests/preload/passing.c).

load common

ERRNOS=(12 16 11 4) # ENOMEM, EBUSY, EAGAIN, EINTR

failing() { # WORD... [NAME=VALUE...]
	LOG=$BATS_TEST_TMPDIR/failed
	preloaded passing "XDPTAIL_FAIL=$1,log=$LOG" "${@:2}"
}

failed() { # KIND
	sed -n "s/^$1 //p" "$LOG"
}

# An exact number over two snapshots, from more sources than a first batch may have.
count_exactly() { # NAME
	tail_start -a -N 10 --interval 60
	expect "$1: sent" "$(traffic peer0 3000 0 500)" 3000
	kill -USR1 "$PID"
	wait_line "$OUT" '"event_type":"snapshot"' "$PID"
	expect "$1: sent" "$(traffic peer0 3000 0 500)" 3000
	tail_stop
	expect "$1: exit" "$CODE" 0
	expect "$1: seen" "$(of_total "$OUT" snapshot seen)" 6000
	expect "$1: counted" "$(of_total "$OUT" snapshot counted)" 6000
	expect "$1: attributed" "$(of_total "$OUT" snapshot unattributed_packets)" 0
	expect "$1: delivered" "$(of_total "$OUT" stats delivered)" "$(of_total "$OUT" stats sampled)"
	"$XDPTAIL_REAL" audit "$OUT" >/dev/null || fail "$1: audit: $("$XDPTAIL_REAL" audit "$OUT")"
}

# From each of these calls on, one, two or three of them fail, with the errnos in turn.
fail_each() { # KIND CALL,CALL... [NAME=VALUE...]
	local n word

	for n in ${2//,/ }; do
		word=$1=$n:$((n % 3 + 1)):${ERRNOS[n % 4]}
		failing "$word" "${@:3}"
		count_exactly "$word"
		expect "$word: failed" "$(failed "$1")" $((n % 3 + 1))
	done
}

@test "calls of BPF that fail in passing lose nothing" {
	pair
	fail_each bpf "$(seq -s , 24)"
}

@test "nor where the kernel has no batch operations" {
	pair
	fail_each bpf 6,9,10,12,13,14,15,17,19,22,25,400,777 XDPTAIL_OLD=batch \
		"LD_PRELOAD=$HELPERS/../preload/passing.so:$HELPERS/../preload/oldkernel.so"
}

@test "waits for events and messages that fail in passing lose nothing" {
	pair
	fail_each wait 1,2,3,6
	fail_each receive 1
}

@test "what a batch has taken before memory was short is counted" {
	pair
	failing batch=1:3:12
	count_exactly batch
	expect "failed" "$(failed batch)" 3
}

@test "the wait for the grace period fails for a while, and then for good: said, after a bound" {
	pair
	failing flip=1:200:12
	count_exactly flip
	expect "failed" "$(failed flip)" 200
	failing flip=5:0:12 # those before try the rights
	tail_start -a --interval 1
	wait_end "$PID" 40
	expect "exit" "$CODE" 1
	expect_line "$ERR" \
		'cannot take the counts: cannot wait for the kernel through "packet_count": Cannot allocate memory ([0-9]* times in [5-9]'
}

@test "the wait for events fails for good: said, after a bound" {
	pair
	failing wait=1:0:12
	tail_start -a
	wait_end "$PID" 40
	expect "exit" "$CODE" 1
	expect_line "$ERR" 'cannot wait for events: Cannot allocate memory'
}
