# SPDX-License-Identifier: BSD-2-Clause
# The JSON Schema of the stream. That every stream of the system tests fits it is for check_stream() to
# see; here, that it fits nothing else.

load common

@test "the schema takes what it must, and refuses everything else" {
	run "$PYTHON" "$BATS_TEST_DIRNAME/test_schema.py" "$ROOT/contrib/schema/xdptail-1.schema.json"
	expect "faults" "$output" ""
	expect "exit" "$status" 0
}

@test "keys that line.c writes are those of the schema" {
	local line=$BATS_TEST_TMPDIR/line.c schema=$BATS_TEST_TMPDIR/schema

	"$BATS_TEST_DIRNAME/keys_of_line.sh" "$ROOT/src/line/line.c" >"$line"
	jq -r '.definitions[.properties.event_type.enum[]].properties | keys[]' \
		"$ROOT/contrib/schema/xdptail-1.schema.json" >"$schema"
	expect_same_words "keys" "$line" "$schema"
}
