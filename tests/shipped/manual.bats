# SPDX-License-Identifier: BSD-2-Clause
# The manual pages: they are well formed, and know all that the program knows, and nothing else.

load common

# What the items of a section or subsection are about: the words behind the macro, each on a line.
items() { # PAGE SECTION MACRO
	awk -v section="$2" -v macro="$3" '
		/^\.S[hs]/ { inside = substr($0, 5) == section }
		inside && $1 == ".It" {
			for (i = 2; i <= NF; i++) {
				if ($i == "No")
					break
				if ($i == macro)
					wanted = 1
				else if ($i ~ /^[A-Z][a-z]$/ && $i != "Fl")
					wanted = 0
				else if (wanted && $i ~ /^[a-z]/)
					print $i
			}
			wanted = 0
		}' "$ROOT/packaging/man/$1"
}

@test "manual pages have no mistakes" {
	needs mandoc
	run mandoc -T lint -W warning "$ROOT"/packaging/man/*.[1-9]
	expect "mandoc" "$output" ""
	expect "pages" "$(find "$ROOT/packaging/man" -type f -printf '%f\n' | LC_ALL=C sort | paste -sd ' ')" \
		"libxdptail.3 xdptail-metrics.7 xdptail-stream.7 xdptail.8 xdptail.conf.5"
}

@test "xdptail(8) has every option of --help, and no other" {
	local help=$BATS_TEST_TMPDIR/help page=$BATS_TEST_TMPDIR/xdptail.8

	"$XDPTAIL" --help | sed -nE 's/^ +(-(.), )?--([a-z-]+).*/\2 \3/p' | sed 's/^ //' >"$help"
	sed -nE 's/^\.It (Fl ([a-zA-Z]) , )?Fl Fl ([a-z-]+).*/\2 \3/p' \
		"$ROOT/packaging/man/xdptail.8" | sed 's/^ //' >"$page"
	expect_same_words "options" "$help" "$page"
	diff -u "$help" "$page" # in the same order
}

@test "xdptail(8) has every command of --help, and no other" {
	local help=$BATS_TEST_TMPDIR/help page=$BATS_TEST_TMPDIR/xdptail.8

	commands >"$help"
	awk '/^\.S[hs]/ { inside = $2 == "Commands" } inside && /^\.It Cm/ { print $3 }' \
		"$ROOT/packaging/man/xdptail.8" >"$page"
	expect_same_words "commands" "$help" "$page"
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/s/^\.Cm //p' "$ROOT/packaging/man/xdptail.8" >"$page"
	expect_same_words "commands of the synopsis" "$help" "$page"
}

@test "xdptail.conf(5) has a key for every option that can stand in a file" {
	local key keys=$BATS_TEST_TMPDIR/keys page=$BATS_TEST_TMPDIR/xdptail.conf.5

	items xdptail.conf.5 KEYS Va >"$page"
	"$XDPTAIL" --help | sed -nE 's/^ +(-., )?--([a-z-]+).*/\2/p' | tr - _ | while read -r key; do
		printf '{ "%s": {} }' "$key" >"$BATS_TEST_TMPDIR/config"
		run "$XDPTAIL" check-config "$BATS_TEST_TMPDIR/config"
		[[ $output == *"no such key"* ]] || echo "$key"
	done >"$keys"
	expect_same_words "keys" "$keys" "$page"
}

@test "xdptail.conf(5): the example is one" {
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$ROOT/packaging/man/xdptail.conf.5" | sed '1d;$d' \
		>"$BATS_TEST_TMPDIR/config"
	"$XDPTAIL" check-config "$BATS_TEST_TMPDIR/config"
}

@test "xdptail-stream(7) has every key of every type of record" {
	local schema=$ROOT/contrib/schema/xdptail-1.schema.json type
	local page=$BATS_TEST_TMPDIR/xdptail-stream.7 keys=$BATS_TEST_TMPDIR/schema

	expect "types" "$(sed -n '/^\.Sh RECORDS/,/^\.Sh LAWS/s/^\.Ss //p' \
		"$ROOT/packaging/man/xdptail-stream.7" | paste -sd ' ')" \
		"$(jq -r '.properties.event_type.enum | join(" ")' "$schema")"
	for type in $(jq -r '.properties.event_type.enum[]' "$schema"); do
		jq -r --arg type "$type" '.definitions[$type].properties | keys_unsorted[]' "$schema" \
			>"$keys"
		items xdptail-stream.7 "Keys of every record" Va >"$page"
		items xdptail-stream.7 "$type" Va >>"$page"
		expect_same_words "keys of $type" "$keys" "$page"
		diff -u "$keys" "$page" # in the same order
	done
}

@test "libxdptail(3) has every function of the header, and its example is C" {
	local page=$BATS_TEST_TMPDIR/libxdptail.3 header=$BATS_TEST_TMPDIR/header

	declared >"$header"
	sed -nE 's/^\.F[no] (xdptail_[a-z0-9_]+).*/\1/p' "$ROOT/packaging/man/libxdptail.3" >"$page"
	expect_same_words "functions" "$page" "$header"
	sed -nE 's/^\.Nm (xdptail_[a-z0-9_]+).*/\1/p' "$ROOT/packaging/man/libxdptail.3" >"$page"
	expect_same_words "names" "$page" "$header"
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$ROOT/packaging/man/libxdptail.3" | sed '1d;$d;s/\\e/\\/g' |
		cc -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$ROOT/include" -x c -
}

# What the program says there is, when it is asked for what there is not.
said_of() { # OUTPUT
	"$XDPTAIL" -i lo -o "$1" 2>&1 | sed -n 's/.*\(outputs\|settings of [a-z]*\) are //p' | sed 's/, /\n/g; s/ and /\n/g'
}

@test "xdptail(8) has every kind of output, and every setting" {
	local kind name known=$BATS_TEST_TMPDIR/known page=$BATS_TEST_TMPDIR/xdptail.8

	awk '/^\.S[hs]/ { inside = $2 == "OUTPUTS" } inside && /^\.It Cm/ { print $3 }' \
		"$ROOT/packaging/man/xdptail.8" >"$page"
	said_of nothing >"$BATS_TEST_TMPDIR/kinds"
	while read -r kind; do
		name=${kind%%\[*} # what is in brackets may be left out
		[[ $name != *:* ]] || kind=${name%%:*}:/x
		name=${name%%:*}
		echo "$name"
		said_of "${kind%%\[*},nothing=1" >"$BATS_TEST_TMPDIR/settings"
		grep -q '^queue$' "$BATS_TEST_TMPDIR/settings" || fail "no settings of $name are said"
		cat "$BATS_TEST_TMPDIR/settings"
	done <"$BATS_TEST_TMPDIR/kinds" >"$known"
	expect_same_words "outputs" "$known" "$page"
}
