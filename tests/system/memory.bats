# SPDX-License-Identifier: BSD-2-Clause
# Memory runs out, at every allocation in turn (tests/preload/nomalloc.c).

load common

setup() {
	common_setup
	FILE=$BATS_TEST_TMPDIR/file
	MARK=$BATS_TEST_TMPDIR/mark
	PRELOAD=$(dirname "$HELPERS")/preload/nomalloc.so
	[ -e "$PRELOAD" ] || fail "$PRELOAD is not built"
}

# Sets CODE; false when there were fewer allocations than that.
starved() { # N ARGS...
	CODE=0
	rm -f "$MARK" "$FILE"
	env LD_PRELOAD="$PRELOAD" XDPTAIL_MALLOC="$1" XDPTAIL_MALLOC_MARK="$MARK" \
		"$XDPTAIL" "${@:2}" >"$OUT" 2>"$ERR" || CODE=$?
	[ -e "$MARK" ]
}

@test "a run: every line is JSON, and the audit agrees with the exit status" {
	local n=0 whole=0 verdict out

	"$HELPERS/make_capture" -n 60 -S 10 >"$BATS_TEST_TMPDIR/capture"
	while n=$((n + 1)) && starved "$n" -r "$BATS_TEST_TMPDIR/capture" -N 1 -q --interval 1 -o stdout -o "file:$FILE"; do
		for out in "$OUT" "$FILE"; do
			[ ! -s "$out" ] || jq -e . "$out" >"$BATS_TEST_TMPDIR/read" || fail "$n: what is no JSON in $out"
			[ "$CODE" -eq 0 ] || continue
			verdict=0
			"$XDPTAIL" audit "$out" >"$BATS_TEST_TMPDIR/verdict" || verdict=$?
			expect "$n: audit of $out" "$verdict" 0
			whole=$((whole + 1))
		done
		[ "$CODE" -lt 128 ] || fail "$n: exit $CODE"
		[ "$CODE" -eq 0 ] || [ -s "$ERR" ] || fail "$n: exit $CODE, without a word"
	done
	[ "$n" -gt 30 ] || fail "only $n allocations: the run was not taken to its end"
	[ "$whole" -gt 0 ] || fail "no run got over a missing allocation"
}

@test "answers: all of it, or nothing and a sentence" {
	local want n args

	for args in "--print-config -i lo -o file:/a,events=packet,rotate_size=1M,keep=20" "doctor --json"; do
		n=0
		# shellcheck disable=SC2086 # words
		"$XDPTAIL" $args >"$BATS_TEST_TMPDIR/want" || true
		want=$(<"$BATS_TEST_TMPDIR/want")
		# shellcheck disable=SC2086
		while n=$((n + 1)) && starved "$n" $args; do
			[ "$CODE" -lt 128 ] || fail "$args, $n: exit $CODE"
			if [ "$(<"$OUT")" != "$want" ]; then
				[ "$CODE" -ne 0 ] && [ -s "$ERR" ] || fail "$args, $n: exit $CODE:" "$(<"$OUT")"
			fi
		done
		[ "$n" -gt 10 ] || fail "$args: only $n allocations"
	done
}
