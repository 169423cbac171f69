# SPDX-License-Identifier: BSD-2-Clause
# What must hold on every kernel before a change lands: each program loads, and each transport
# works.

# shellcheck disable=SC2154 # bats sets it
load guest

@test "doctor: no problem" {
	run "$XDPTAIL" doctor
	expect "exit: $output" "$status" 0
	[[ $output == *"the kernel takes the BPF program"* ]] || fail "$output"
}

@test "each program of each variant loads, at no more than verifier.txt has" {
	run "$HELPERS/../prog/test_prog_verifier" --tap --filter "prog_verifier/*"
	expect "exit: $output" "$status" 0
}

captures() { # TRANSPORT
	pair ipv6
	capture_start -a -N 1 --interval 1 --transport "$1"
	talk
	traffic -t peer0 300
	wait_snapshot 2
	capture_end
	expect_kinds
	expect_line "$OUT" "\"event_type\":\"start\".*\"transport\":\"$1\""
}

@test "a capture through the ring buffer" {
	captures ringbuf
}

@test "a capture through the perf buffer" {
	captures perf
}

@test "a program that verifiers before Linux 6.10 refuse: in their words, in one line; later ones take it" {
	pair
	own_object tests/kernels/product.bpf.o
	set -- --ebpf-program "$OWN" --function-name count_by_product
	if older_than 6.10; then
		tail_run -i tail0 "$@"
		expect "exit: $stderr" "$status" 4
		expect "lines of messages: $stderr" "$(wc -l <<<"$stderr")" 1
		[[ $stderr == *"$OWN: Linux $(uname -r) does not take the program \"count_by_product\""*'"math between pkt pointer'* ]] ||
			fail "stderr: $stderr"
		expect "attached" "$(attached)" ""
		return
	fi
	capture_start -N 1 "$@"
	traffic -t peer0 100
	capture_end
	expect "packets" "$(counted packets)" 100
}
