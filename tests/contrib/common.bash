# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What contrib/ says is run here, as it stands there: the commands come out of the README files.
# They read a recorded stream (record.sh), so root is not needed. ROOT is the checkout, BUILD where
# it was built, STREAM the recorded stream, INSTALLED what the README files call it.

load ../system/common

# The variables in capitals are for the tests.
# shellcheck disable=SC2034
setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	XDPTAIL=${XDPTAIL:-$ROOT/build/xdptail}
	HELPERS=${XDPTAIL_HELPERS:-$ROOT/build/tests/system}
	BUILD=$(dirname "$XDPTAIL")
	PYTHON=/usr/bin/python3
	STREAM=$BATS_TEST_DIRNAME/stream.jsonl
	INSTALLED=/var/log/xdptail/xdptail.jsonl
	OUT=$BATS_TEST_TMPDIR/none
}

teardown() {
	:
}

# The names of a README's recipes: its headings of the third level.
recipes() { # README
	sed -n 's/^### //p' "$1"
}

# What is between the fences behind the heading of this name.
recipe() { # README NAME
	awk -v heading="### $2" '
		/^#/ { here = $0 == heading }
		/^```/ { if (here && inside) exit; inside = !inside; next }
		here && inside' "$1"
}

# Runs that, with another file in the place of the installed one. Sets status and output.
run_recipe() { # README NAME [STREAM]
	local command

	command=$(recipe "$1" "$2")
	[ -n "$command" ] || fail "$1 has no recipe \"$2\""
	run bash -euo pipefail -c "${command//$INSTALLED/${3:-$STREAM}}"
	# shellcheck disable=SC2154 # run sets status and output
	[ "$status" -eq 0 ] || fail "$2: exit $status:" "$output"
}
