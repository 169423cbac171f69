# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What is shipped beside the program (manual pages, schema, completion, the files of make install)
# is held to the program here. Nothing is attached, so root is not needed. ROOT is the checkout,
# BUILD where it was built, and PYTHON the one that has the distribution's packages.

load ../system/common

# The variables in capitals are for the tests.
# shellcheck disable=SC2034
setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	XDPTAIL=${XDPTAIL:-$ROOT/build/xdptail}
	BUILD=$(dirname "$XDPTAIL")
	PYTHON=/usr/bin/python3
}

teardown() {
	:
}

# Two files of one word a line: the same words, in whatever order?
expect_same_words() { # WHAT FILE FILE
	local difference

	[ -s "$2" ] || fail "$1: there is none in $(basename "$2")"
	difference=$(comm -3 --output-delimiter=' ' <(sort -u "$2") <(sort -u "$3") |
		sed "s/^ \(.*\)/\1: not in $(basename "$2")/; t; s/\$/: not in $(basename "$3")/")
	[ -z "$difference" ] || fail "$1:" "$difference"
}

# The functions that the header declares, one a line.
declared() {
	cc -E -P "$ROOT/include/xdptail.h" | grep -o '\bxdptail_[a-z0-9_]* *(' | tr -d ' (' | sort -u
}

# The commands that --help shows beside options, one a line.
commands() {
	"$XDPTAIL" --help | sed '/^Count/,$d' | sed -n 's/.*xdptail \([a-z][a-z-]*\).*/\1/p'
}
