# SPDX-License-Identifier: BSD-2-Clause
# The tests of the BPF programs, by BPF_PROG_RUN, one after the other and on one CPU: each run
# patches the kernel's own text (bpf_dispatcher_xdp_func), and in an emulated machine of two CPUs,
# where what one patches the other may run, the kernel has panicked over it.

# shellcheck disable=SC2154 # bats sets it
load guest

in_the_kernel() { # NAME
	run "$HELPERS/../prog/test_prog_$1" -j1 --tap
	expect "exit: $output" "$status" 0
}

@test "BPF_PROG_RUN: parsing" {
	in_the_kernel parse
}

@test "BPF_PROG_RUN: counting" {
	in_the_kernel count
}

@test "BPF_PROG_RUN: generations" {
	in_the_kernel generations
}

@test "BPF_PROG_RUN: the trace pipe" {
	in_the_kernel trace
}

@test "BPF_PROG_RUN: wake-ups" {
	in_the_kernel wakeups
}

@test "BPF_PROG_RUN: through the library" {
	in_the_kernel api
}

# A tenth of those that make check has: here each takes forty times as long.
@test "BPF_PROG_RUN: frames changed at random" {
	MUTANTS=10000 in_the_kernel mutants
}

# What other compilers make of the programs; clangs.sh has built them.
@test "objects of other compilers load" {
	local tree found=

	for tree in "$HELPERS"/../../clangs/clang-*; do
		[ -d "$tree" ] || continue
		found=yes
		run "$tree/tests/prog/test_prog_verifier" -j1 --tap
		expect "${tree##*/}: exit: $output" "$status" 0
	done
	[ -n "$found" ] || skip "no clang-N is here"
}
