# SPDX-License-Identifier: BSD-2-Clause
# Completion of bash and zsh, made of the table of options.

load common

# The words that readline makes of the line, the last of them under the cursor: what bash offers,
# sorted.
bash_offers() { # WORD...
	# what is not run by readline has no options of completion
	# shellcheck disable=SC2016
	bash --norc -c '
		source /usr/share/bash-completion/bash_completion
		source "$1"
		compopt() { :; }
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$*
		# as it was typed, before readline broke it
		COMP_LINE=${COMP_LINE// = /=} COMP_LINE=${COMP_LINE// : /:} COMP_POINT=${#COMP_LINE}
		_xdptail
		printf "%s\n" "${COMPREPLY[@]}" | LC_ALL=C sort' \
		bash "$BUILD/completion/xdptail.bash" xdptail "$@"
}

# Words of the line between bars, what is offered behind the last.
@test "bash: what is offered" {
	local line words want got

	touch "$BATS_TEST_TMPDIR/capture.pcap"
	needs bash
	[ -r /usr/share/bash-completion/bash_completion ] || skip "needs bash-completion"
	while read -r line want; do
		line=${line//DIR/$BATS_TEST_TMPDIR}
		want=${want//DIR/$BATS_TEST_TMPDIR}
		IFS='|' read -ra words <<<"$line"
		[[ $line != *'|' ]] || words+=('')
		got=$(bash_offers "${words[@]}" | paste -sd ' ')
		expect "$line" "$got" "$want"
	done <<-'TABLE'
		--trans --transport
		--sample --sample --sample-mode
		--sample-mode| every random
		--sample-mode|=|r random
		-m|n native
		--function-name| count_packets count_tcp_packets
		-a|--timestamps|n ns
		-N|
		--nothing|
		-r|DIR/c DIR/capture.pcap
		-f|DIR/c DIR/capture.pcap
		-o|f file:
		-o|j journal journal:
		-o|file|:|DIR/c DIR/capture.pcap
		-o|stdout,w stdout,when_full=
		-o|stdout,when_full|=|d drop
		-o|file|:|DIR/c,q DIR/c,queue=
		a audit
		c check-config
		audit|-- --help --json
		doctor|--j --json
		d doctor
		audit|DIR/c DIR/capture.pcap
	TABLE
	expect "-i" "$(bash_offers -i '')" "$(find /sys/class/net -mindepth 1 -printf '%f\n' | LC_ALL=C sort)"
}

@test "bash and zsh know every long option of --help" {
	local want=$BATS_TEST_TMPDIR/want got=$BATS_TEST_TMPDIR/got

	"$XDPTAIL" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' >"$want"
	bash_offers -- | grep -e ^-- >"$got"
	expect_same_words "bash" "$got" "$want"
	sed -n '/_arguments -s/,$p' "$BUILD/completion/xdptail.zsh" |
		grep -oE -- "^[^[]*" | grep -oE -- '--[a-z-]+' >"$got"
	expect_same_words "zsh" "$got" "$want"
}

@test "bash and zsh know every command of --help" {
	local want=$BATS_TEST_TMPDIR/want got=$BATS_TEST_TMPDIR/got

	commands >"$want"
	bash_offers '' >"$got"
	expect_same_words "bash" "$got" "$want"
	sed -n "s/.*::command:(\(.*\)).*/\1/p" "$BUILD/completion/xdptail.zsh" | tr ' ' '\n' >"$got"
	expect_same_words "zsh" "$got" "$want"
}

@test "zsh: what TAB makes of a line" {
	local line want

	needs zsh
	mkdir "$BATS_TEST_TMPDIR/functions"
	cp "$BUILD/completion/xdptail.zsh" "$BATS_TEST_TMPDIR/functions/_xdptail"
	while IFS='|' read -r line want; do
		timeout 20 "$BATS_TEST_DIRNAME/complete.zsh" "$BATS_TEST_TMPDIR/functions" \
			"xdptail $line" "$want" || fail "$line: is not made $want"
	done <<-'TABLE'
		--transp|--transport
		--sample-mode r|--sample-mode random
		-i l|-i lo
		-o f|-o file:
		--output=file:/etc/host.con|/etc/host.conf
		-o stdout,when_full=b|when_full=block
		audit --j|audit --json
		doctor -i l|doctor -i lo
	TABLE
}

@test "bash and zsh: no mistakes of the shell" {
	needs shellcheck zsh
	run shellcheck "$BUILD/completion/xdptail.bash"
	expect "shellcheck" "$output" ""
	run zsh -n "$BUILD/completion/xdptail.zsh"
	expect "zsh -n" "$output" ""
}
