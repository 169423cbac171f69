# SPDX-License-Identifier: BSD-2-Clause
# tests/kernels: run.sh, which says what became of real kernels, so whatever goes wrong in a guest,
# and behind it, is a failure by its name; and fetch.sh, which has them from Debian. The guest is a
# script here, and so is what asks Debian.

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

@test "kernels: one that could not be renewed is told" {
	# shellcheck disable=SC2016 # for the script to expand
	run_guest "$GOOD" 'mkdir -p "$1/$2" && echo release-6.1 >"$1/$2/release"
		echo "Get:1 a package"; echo "fetch.sh: 6.1 is left at release-6.1" >&2'
	expect_said 0 "# fetch.sh: 6.1 is left at release-6.1" "ok 1 - release-6.1: one" "ok 2 - release-6.1: two" \
		"1..2" "2 passed, 0 failed, 0 skipped"
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

@test "kernels: they are kept where KERNELS_DIR says" {
	export KERNELS_DIR=$BATS_TEST_TMPDIR/elsewhere
	run_guest "echo 1..1; echo \"ok 1 \$KERNELS_DIR\""
	expect_said 0 "ok 1 - release-6.1: $KERNELS_DIR" "1..1" "1 passed, 0 failed, 0 skipped"
	expect "kernels" "$(cat "$KERNELS_DIR/6.1/release") $(ls "$BATS_TEST_TMPDIR/build")" "release-6.1 "
}

# A Debian that has the packages in the file "index" of this test, and is off line if there is a
# file "offline". What it is asked for goes to the file "asked".
debian() {
	export TEST_DIR=$BATS_TEST_TMPDIR DEBIAN_KEYRING=$BIN/uname DEBIAN_MIRROR=http://192.0.2.1
	# shellcheck disable=SC2016 # for the scripts to expand
	command_is \
		apt-get 'case $* in
			indextargets*) exit ;;
			*" update") what=update ;;
			*" download "*) what=${@: -1} ;;
			esac
			echo "$what" >>"$TEST_DIR/asked"
			[ ! -e "$TEST_DIR/offline" ] || exit 100
			if [ "$what" = update ]; then
				cp "$TEST_DIR/index" "$TEST_DIR/known"
			else
				echo >"$what.deb"
			fi' \
		apt-cache 'case $* in *" search "*) sed "s/\$/ - Linux/" "$TEST_DIR/known" ;; esac' \
		dpkg-deb 'cd "$TEST_DIR/package" && tar -c .'
	install -D -m 0644 "$BIN/uname" "$TEST_DIR/package/boot/vmlinuz-1"
	install -D -m 0644 "$BIN/uname" "$TEST_DIR/package/lib/modules/1/kernel/drivers/net/veth.ko"
}

# Leaves what was asked for in ASKED.
fetch() { # EXIT RELEASE
	: >"$TEST_DIR/asked"
	run "$KERNELS/fetch.sh" "$TEST_DIR/build/kernels" 6.1
	expect "exit: $output" "$status" "$1"
	expect "release" "$(cat "$TEST_DIR/build/kernels/6.1/release" 2>/dev/null)" "$2"
	ASKED=$(xargs <"$TEST_DIR/asked")
}

a_day_passes() {
	find "$TEST_DIR/build" -exec touch -h -d "25 hours ago" {} +
}

OLD=6.1.0-9-cloud-amd64 NEW=6.1.0-10-cloud-amd64

@test "kernels: one that is there is asked for again after a day, and fetched if there is a newer one" {
	debian
	echo "linux-image-$OLD" >"$TEST_DIR/index"
	fetch 0 "$OLD"
	expect "first: asked for" "$ASKED" "update linux-image-$OLD"
	echo "linux-image-$NEW" >>"$TEST_DIR/index"
	fetch 0 "$OLD"
	expect "the same day: asked for" "$ASKED" ""
	a_day_passes
	fetch 0 "$NEW"
	expect "a day later: asked for" "$ASKED" "update linux-image-$NEW"
	expect "files" "$(cd "$TEST_DIR/build/kernels/6.1" && echo *)" "release veth.ko vmlinuz"
	a_day_passes
	echo "linux-image-$OLD" >"$TEST_DIR/index"
	fetch 0 "$NEW"
	expect "nothing newer: asked for" "$ASKED" "update"
}

@test "kernels: off line, what is there will do, and is not asked for again on that day" {
	debian
	echo "linux-image-$OLD" >"$TEST_DIR/index"
	touch "$TEST_DIR/offline"
	fetch 1 ""
	rm "$TEST_DIR/offline"
	fetch 0 "$OLD"
	a_day_passes
	touch "$TEST_DIR/offline"
	fetch 0 "$OLD"
	expect "a day later: asked for" "$ASKED" update
	[[ $output == *"could not be read"*" will do" ]] || fail "$output"
	fetch 0 "$OLD"
	expect "the same day: asked for" "$ASKED" ""
}

@test "kernels: where the index has a newer one that can't be fetched, what is there will do" {
	debian
	echo "linux-image-$OLD" >"$TEST_DIR/index"
	fetch 0 "$OLD"
	a_day_passes
	echo "linux-image-$NEW" >"$TEST_DIR/index"
	rm "$TEST_DIR/package/boot/vmlinuz-1"
	fetch 0 "$OLD"
	expect "asked for" "$ASKED" "update linux-image-$NEW"
	[[ $output == *"has no kernel in it"*"6.1 is left at $OLD" ]] || fail "$output"
	expect "files" "$(cd "$TEST_DIR/build/kernels/6.1" && echo *)" "release veth.ko vmlinuz"
}

@test "kernels: of two series on one day, each is renewed" {
	debian
	echo "linux-image-$OLD" >"$TEST_DIR/index"
	fetch 0 "$OLD"
	"$KERNELS/fetch.sh" "$TEST_DIR/build/kernels" 5.10
	a_day_passes
	echo "linux-image-$NEW" >"$TEST_DIR/index"
	"$KERNELS/fetch.sh" "$TEST_DIR/build/kernels" 5.10
	fetch 0 "$NEW"
	expect "asked for" "$ASKED" "linux-image-$NEW"
}
