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
	timeout 60 env LD_PRELOAD="$PRELOAD" XDPTAIL_MALLOC="$1" XDPTAIL_MALLOC_MARK="$MARK" \
		"$XDPTAIL" "${@:2}" >"$OUT" 2>"$ERR" || CODE=$?
	[ -e "$MARK" ]
}

@test "a run: every line is JSON, and the audit agrees with the exit status" {
	local n=0 whole=0 verdict out

	"$HELPERS/make_capture" -n 20 -S 4 >"$BATS_TEST_TMPDIR/capture"
	while n=$((n + 1)) && starved "$n" -r "$BATS_TEST_TMPDIR/capture" -N 1 -q --interval 1 -o stdout -o "file:$FILE"; do
		for out in "$OUT" "$FILE"; do
			[ ! -s "$out" ] || jq -e . "$out" >"$BATS_TEST_TMPDIR/read" || fail "$n: what is no JSON in $out"
			[ "$CODE" -eq 0 ] || continue
			verdict=0
			"$XDPTAIL" audit "$out" >"$BATS_TEST_TMPDIR/verdict" || verdict=$?
			expect "$n: audit of $out" "$verdict" 0
			whole=$((whole + 1))
		done
		[ "$CODE" -lt 124 ] || fail "$n: exit $CODE:" "$(<"$ERR")"
		[ "$CODE" -eq 0 ] || [ -s "$ERR" ] || fail "$n: exit $CODE, without a word"
	done
	[ "$n" -gt 30 ] || fail "only $n allocations: the run was not taken to its end"
	[ "$whole" -gt 0 ] || fail "no run got over a missing allocation"
}

@test "print-config: all of it, or nothing and a sentence" {
	local want n=0 args=(--print-config -i lo -o "file:/a,events=packet,rotate_size=1M,keep=20")

	want=$("$XDPTAIL" "${args[@]}")
	while n=$((n + 1)) && starved "$n" "${args[@]}"; do
		[ "$CODE" -lt 124 ] || fail "$n: exit $CODE"
		[ "$(<"$OUT")" != "$want" ] || continue
		[ "$CODE" -ne 0 ] && [ -s "$ERR" ] && ! [ -s "$OUT" ] || fail "$n: exit $CODE:" "$(<"$OUT")"
	done
	[ "$n" -gt 30 ] || fail "only $n allocations"
}

# The reader of json-c 0.16 crashes on a few of these: then there is no answer, which is not a false
# one.
@test "audit --json: all of it, or nothing" {
	local want n=0

	"$HELPERS/make_capture" -n 1 >"$BATS_TEST_TMPDIR/capture"
	"$XDPTAIL" -r "$BATS_TEST_TMPDIR/capture" -q | tail -n 1 >"$BATS_TEST_TMPDIR/stop"
	want=$("$XDPTAIL" audit --json "$BATS_TEST_TMPDIR/stop") || true
	while n=$((n + 1)) && starved "$n" audit --json "$BATS_TEST_TMPDIR/stop"; do
		[ "$CODE" -ne 124 ] || fail "$n: it does not end"
		[ "$(<"$OUT")" != "$want" ] || continue
		[ "$CODE" -ne 0 ] && ! [ -s "$OUT" ] || fail "$n: exit $CODE:" "$(<"$OUT")"
	done
	[ "$n" -gt 30 ] || fail "only $n allocations"
}
