# SPDX-License-Identifier: BSD-2-Clause
# The JSON Schema of the stream. That every stream of the system tests fits it is for check_stream()
# to see; here, that it fits nothing else.

load common

@test "the schema takes what it must, and refuses everything else" {
	run "$PYTHON" "$BATS_TEST_DIRNAME/test_schema.py" "$ROOT/contrib/schema/xdptail-1.schema.json"
	expect "faults" "$output" ""
	expect "exit" "$status" 0
}

@test "keys that record.c writes are those of the schema" {
	local line=$BATS_TEST_TMPDIR/keys schema=$BATS_TEST_TMPDIR/schema

	"$BATS_TEST_DIRNAME/keys_of_line.sh" "$ROOT/src/record/record.c" >"$line"
	jq -r '.definitions[.properties.event_type.enum[]].properties | keys[]' \
		"$ROOT/contrib/schema/xdptail-1.schema.json" >"$schema"
	expect_same_words "keys" "$line" "$schema"
}

# The audit has a table of its own, on purpose: a key that is not in it is taken for somebody
# else's.
@test "keys that the audit knows, by type of record, are those of the schema" {
	local audit=$BATS_TEST_TMPDIR/audit_fields.c schema=$BATS_TEST_TMPDIR/schema

	awk '/^static const struct audit_field [a-z]+_fields/ { type = $5; sub(/_fields.*/, "", type) }
		{ rest = $0 }
		type != "" {
			while (match(rest, /\("[a-z0-9_]+"/)) {
				print type "." substr(rest, RSTART + 2, RLENGTH - 3)
				rest = substr(rest, RSTART + RLENGTH)
			}
		}
		/};$/ { type = "" }' "$ROOT/src/app/audit_fields.c" >"$audit"
	jq -r '.properties.event_type.enum[] as $type |
		.definitions[$type].properties | keys - ["timestamp", "event_type", "run", "record_seq"] |
		.[] | "\($type).\(.)"' "$ROOT/contrib/schema/xdptail-1.schema.json" >"$schema"
	expect_same_words "keys" "$audit" "$schema"
}

@test "the fuzzer of lines reads every key that record.c writes" {
	local line=$BATS_TEST_TMPDIR/keys fuzzer=$BATS_TEST_TMPDIR/words

	"$BATS_TEST_DIRNAME/keys_of_line.sh" "$ROOT/src/record/record.c" >"$line"
	grep -h -o '"[a-z0-9_]*"' "$ROOT/tests/fuzz/fuzz_line.c" "$ROOT/tests/fuzz/reading.h" |
		tr -d '"' | sort -u >"$fuzzer"
	expect "keys that it does not read" "$(comm -23 "$line" "$fuzzer" | xargs)" ""
}
