# SPDX-License-Identifier: BSD-2-Clause
# tests/kernels/run.sh, which says what became of real kernels: whatever goes wrong in a guest, and behind
# it, is a failure by its name. The guest is a script here, and no kernel is fetched.

# shellcheck disable=SC2030,SC2031 # what a test sets is its own
load common

setup() {
	KERNELS=$BATS_TEST_TMPDIR/tests/kernels
	BIN=$BATS_TEST_TMPDIR/bin
	install -D -t "$KERNELS" "$BATS_TEST_DIRNAME"/../kernels/{run,fetch}.sh
	mkdir "$BIN" "$BATS_TEST_TMPDIR/build"
	command_is uname "echo x86_64"
	command_is qemu-system-x86_64 "" busybox "" cpio ""
	PATH=$BIN:$PATH
	unset CI KERNELS_DIR
}

script() { # FILE TEXT
	printf '#!/bin/bash\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

command_is() { # NAME TEXT...
	while [ $# -gt 0 ]; do
		script "$BIN/$1" "$2"
		shift 2
	done
}

# What run.sh has to do with, and what it says then: in output and status.
run_guest() { # TEXT OF boot.sh [TEXT OF fetch.sh [TEXT OF initrd.sh]]
	script "$KERNELS/boot.sh" "$1"
	# shellcheck disable=SC2016 # for the script to expand
	script "$KERNELS/fetch.sh" "${2:-"mkdir -p \"\$1/\$2\" && echo release-\$2 >\"\$1/\$2/release\""}"
	script "$KERNELS/initrd.sh" "${3:-}"
	run "$KERNELS/run.sh" "$BATS_TEST_TMPDIR/build" brief 6.1
}

# All that it says but for how long it took, and its exit status.
expect_said() { # STATUS LINE...
	expect "said" "$(sed -E '/^# release-6.1: /d; s/after [0-9]+ s/after N s/' <<<"$output")" \
		"$(printf '%s\n' "${@:2}")"
	expect "exit" "$status" "$1"
}

GOOD="echo 1..2; echo 'begin 1 one'; echo 'ok 1 one'; echo 'begin 2 two'; echo 'ok 2 two'"

@test "kernels: a guest in which all is well" {
	run_guest "$GOOD"
	expect_said 0 "ok 1 - release-6.1: one" "ok 2 - release-6.1: two" "1..2" "2 passed, 0 failed, 0 skipped"
}

@test "kernels: a case that fails, and one that is skipped" {
	run_guest "echo 1..2; echo 'begin 1 one'; echo 'not ok 1 one'; echo '# why'
		echo 'begin 2 two'; echo 'ok 2 two # skip no such thing'; exit 1"
	expect_said 1 "not ok 1 - release-6.1: one" "# why" "ok 2 - release-6.1: two # skip no such thing" "1..2" \
		"0 passed, 1 failed, 1 skipped"
}

@test "kernels: a guest that hangs in a case" {
	run_guest "echo 1..3; echo 'begin 1 one'; echo 'ok 1 one'; echo 'begin 2 two'; exit 124"
	expect_said 1 "ok 1 - release-6.1: one" \
		"not ok 2 - release-6.1: two: the guest did not come to its end (after N s, exit status 124)" \
		"not ok 3 - release-6.1: 1 cases behind it: not run" "1..3" "1 passed, 2 failed, 0 skipped"
}

@test "kernels: a guest that does not boot" {
	run_guest "echo 'the last words'; exit 125"
	expect_said 1 "the last words" \
		"not ok 1 - release-6.1: boot: the guest did not come to its end (after N s, exit status 125)" \
		"1..1" "0 passed, 1 failed, 0 skipped"
}

@test "kernels: a guest that ends badly behind its last case" {
	local status_of_guest

	for status_of_guest in 1 124 125; do
		run_guest "$GOOD; exit $status_of_guest"
		expect_said 1 "ok 1 - release-6.1: one" "ok 2 - release-6.1: two" \
			"not ok 3 - release-6.1: end: exit status $status_of_guest" "1..3" \
			"2 passed, 1 failed, 0 skipped"
	done
}

@test "kernels: a guest that leaves cases out" {
	run_guest "echo 1..3; echo 'begin 1 one'; echo 'ok 1 one'"
	expect_said 1 "ok 1 - release-6.1: one" "not ok 2 - release-6.1: 2 cases behind it: not run" "1..2" \
		"1 passed, 1 failed, 0 skipped"
}

@test "kernels: an initial RAM disk that can't be made" {
	run_guest "$GOOD" "" "exit 1"
	expect_said 1 "not ok 1 - the initial RAM disk" "1..1" "0 passed, 1 failed, 0 skipped"
}

@test "kernels: one that can't be fetched is skipped by its name, and with CI set a failure" {
	local fetch="echo 'there is no mirror' >&2; exit 1" why="the kernel can't be fetched: there is no mirror"

	run_guest "$GOOD" "$fetch"
	expect_said 0 "# there is no mirror" "ok 1 - 6.1 # skip $why" "1..1" "0 passed, 0 failed, 1 skipped"
	export CI=true
	run_guest "$GOOD" "$fetch"
	expect_said 1 "# there is no mirror" "not ok 1 - 6.1: $why" "1..1" "0 passed, 1 failed, 0 skipped"
}

@test "kernels: where a command or this machine is not what it takes, it says so" {
	command_is uname "echo riscv64"
	run_guest "$GOOD"
	expect_said 0 "ok 1 - kernels # skip they are for x86_64, as what was built is not" "1..1" \
		"0 passed, 0 failed, 1 skipped"
	export CI=true
	run_guest "$GOOD"
	expect_said 1 "not ok 1 - kernels: they are for x86_64, as what was built is not" "1..1" \
		"0 passed, 1 failed, 0 skipped"
}
