# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What every system test needs: two network namespaces of its own with a veth pair between them,
# the program under test in one of them, and checks of what it says.
#
#   NS_A: tail0, 192.0.2.1, 2001:db8::1  <--->  NS_B: peer0, 192.0.2.2, 2001:db8::2
#
# xdptail watches tail0, so it sees what NS_B sends. XDPTAIL is the program, XDPTAIL_HELPERS the
# directory of the helpers that are built from the C files here.

bats_require_minimum_version 1.5.0

# Seconds after which a wait has failed; no part of any result.
: "${PATIENCE:=20}"

# Worked out once a file, as bats reads it before its tests. The sum tells namespaces of two
# checkouts apart, so that both can be tested at once.
if [ -z "${CHECKOUT_SUM:-}" ]; then
	CHECKOUT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	CHECKOUT_SUM=$(cksum <<<"$CHECKOUT")
	CHECKOUT_SUM=${CHECKOUT_SUM:0:5}
	export CHECKOUT CHECKOUT_SUM
fi

# The variables in capitals are for the tests.
# shellcheck disable=SC2034
common_setup() {
	local here name

	[ "$EUID" = 0 ] || skip "needs root, for network namespaces and XDP"
	here=$CHECKOUT
	XDPTAIL=${XDPTAIL:-$here/build/xdptail}
	HELPERS=${XDPTAIL_HELPERS:-$here/build/tests/system}
	OUT=$BATS_TEST_TMPDIR/out
	ERR=$BATS_TEST_TMPDIR/err
	name=${BATS_TEST_FILENAME##*/}
	name=${name%.bats}-$CHECKOUT_SUM-$BATS_TEST_NUMBER
	NS_A=xt-$name-a
	NS_B=xt-$name-b
	common_sweep
}

# Also what a run of this test left behind that did not come to its end.
common_sweep() {
	local ns pid

	for ns in "$NS_A" "$NS_B"; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns"); do
			kill -KILL "$pid" || true
		done
		ip netns del "$ns"
	done
}

common_teardown() {
	local pid

	for pid in $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	[ -z "${NS_A:-}" ] || common_sweep
	[ -n "${BATS_TEST_COMPLETED:-}" ] || ! [ -s "${ERR:-}" ] || sed 's/^/stderr: /' "$ERR"
	# what a test looked at in another way than by check_stream
	if [ -n "${BATS_TEST_COMPLETED:-}" ] && [ -z "${OUT_CHECKED:-}" ] && [ -f "${OUT:-}" ] &&
		[ "$(head -c 1 "$OUT")" = '{' ]; then
		check_schema "$OUT"
	fi
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

fail() { # SENTENCE...
	printf '%s\n' "$@" >&2
	return 1
}

expect() { # NAME GOT WANT
	[ "$2" = "$3" ] || fail "$1: got \"$2\", want \"$3\""
}

expect_within() { # NAME GOT LEAST MOST
	if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		fail "$1: got $2, want $3 to $4"
	fi
}

expect_line() { # FILE PATTERN: some line matches
	grep -q -e "$2" "$1" || fail "no line matches \"$2\" in:" "$(head -c 4000 "$1")"
}

expect_no_line() { # FILE PATTERN
	! grep -e "$2" "$1" || fail "a line matches \"$2\" in $1"
}

# What packaging/deps.sh installs, or npm: no reason to skip where all of it must be shown.
lacks() { # SENTENCE
	[ -z "${CI:-}" ] || fail "$1"
	skip "$1"
}

needs() { # COMMAND...
	local command

	for command in "$@"; do
		command -v "$command" >/dev/null || lacks "needs the command $command"
	done
}

# --- network ---

# The pair, up. Nothing is sent on it but what a test sends: there is no IPv6 unless asked for, and
# no neighbour has to be looked for.
pair() { # [ipv6]
	local ns

	printf 'netns add %s\n' "$NS_A" "$NS_B" | ip -batch -
	for ns in "$NS_A" "$NS_B"; do
		ip netns exec "$ns" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1
	done
	ip -n "$NS_A" -batch - <<-LINES
		link add tail0 address 02:00:00:00:00:01 type veth peer name peer0 address 02:00:00:00:00:02 netns $NS_B
		address add 192.0.2.1/24 dev tail0
	LINES
	[ "${1:-}" != ipv6 ] || pair_ipv6
	ip -n "$NS_A" -batch - <<-LINES
		link set tail0 up
		neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev tail0
	LINES
	ip -n "$NS_B" -batch - <<-LINES
		address add 192.0.2.2/24 dev peer0
		link set peer0 up
		neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev peer0
	LINES
}

pair_ipv6() {
	local end ns dev address

	for end in "$NS_A tail0 2001:db8::1" "$NS_B peer0 2001:db8::2"; do
		read -r ns dev address <<<"$end"
		ip netns exec "$ns" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 \
			"net.ipv6.conf.$dev.disable_ipv6=0" \
			"net.ipv6.conf.$dev.router_solicitations=0"
		ip -n "$ns" address add "$address/64" dev "$dev" nodad
	done
}

traffic() { # ARGUMENT OF traffic...: from the peer
	ip netns exec "$NS_B" "$HELPERS/traffic" "$@"
}

# What is attached to tail0; nothing, if nothing is.
attached() {
	ip -n "$NS_A" -d link show dev tail0 | grep -o 'prog/xdp.*' || true
}

# An XDP program that is not ours, in the file OBJECT.
other_program() {
	needs clang
	OBJECT=$BATS_TEST_TMPDIR/other.o
	clang -O2 -target bpf -c -o "$OBJECT" -x c - <<-'SOURCE'
		__attribute__((section("xdp"), used)) int other_program(void *ctx)
		{
			return 2;
		}
		__attribute__((section("license"), used)) char other_license[] = "Dual BSD/GPL";
	SOURCE
}

# --- processes ---

# An end of the process ends the waiting, too; so does a time, which is no part of any result.
wait_line() { # FILE PATTERN PID [TIMES]
	"$HELPERS/await" line "$1" "$2" "${4:-1}" "$3" "$PATIENCE" ||
		fail "no line \"$2\" came, or not ${4:-1} times, in:" "$(tail -c 2000 "$1")"
}

# Until a condition holds; a time ends the waiting, and is no part of any result. The pause leaves
# the CPU to what is waited for.
wait_until() { # WHAT COMMAND...
	local end=$((SECONDS + PATIENCE))

	until "${@:2}"; do
		[ "$SECONDS" -lt "$end" ] || fail "in vain: waited until $1"
		sleep 0.02
	done
}

is_gone() { # FILE
	! [ -e "$1" ]
}

runs_program() { # PID
	[ "/proc/$1/exe" -ef "$XDPTAIL" ]
}

# A signal to what is bash still, between fork and exec, is lost.
wait_started() { # PID
	wait_until "process $1 runs $XDPTAIL" runs_program "$1"
}

# A signal that stops a process is under way until this.
wait_stopped() { # PID
	wait_until "process $1 is stopped" grep -q '^State:.T' "/proc/$1/status"
}

# Sets CODE, the exit status. Not with wait -n: in bash 5.2 it misses an end that comes just before.
# shellcheck disable=SC2034
wait_end() { # PID [SECONDS]
	"$HELPERS/await" end "$1" "${2:-$PATIENCE}" ||
		fail "process $1 did not end within ${2:-$PATIENCE} s"
	CODE=0
	wait "$1" || CODE=$?
}

# Sets PID, and leaves the stream in OUT, the messages in ERR. INTERFACE may be another than tail0.
tail_start() { # ARGUMENT OF xdptail...
	local interface=${INTERFACE:-tail0}

	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -i "$interface" "$@" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" "listening on $interface" "$PID"
}

# The same, a snapshot a second, with stdout read by a READER that is stopped and leaves what it
# reads in OUT.
stopped_reader() { # ARGUMENT OF xdptail...
	local fifo=$BATS_TEST_TMPDIR/fifo

	mkfifo "$fifo"
	cat <"$fifo" >"$OUT" 3>&- &
	READER=$!
	: >"$ERR"
	ip netns exec "$NS_A" "$XDPTAIL" -i tail0 -a --interval 1 "$@" >"$fifo" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$ERR" 'listening on tail0' "$PID"
	kill -STOP "$READER"
	wait_stopped "$READER"
}

tail_stop() { # [SIGNAL]
	kill -"${1:-INT}" "$PID"
	wait_end "$PID"
}

# For what is refused: runs to its end, and sets status, output and stderr.
tail_run() { # ARGUMENT OF xdptail...
	run --separate-stderr timeout "$PATIENCE" ip netns exec "$NS_A" "$XDPTAIL" "$@"
}

# Two outputs were given the same lines, but for the name of the output, which the start record has.
same_output() { # FILE FILE
	cmp <(nameless "$1") <(nameless "$2")
}

nameless() { # FILE
	sed '/"event_type":"start"/s/"sink":"[^"]*",//' "$1"
}

# From now on, run the program with a library from tests/preload, and variables: NAME=VALUE... A
# sanitizer's library wants to be the first one, and can be the second.
preloaded() { # LIBRARY NAME=VALUE...
	local library

	library=$(dirname "$HELPERS")/preload/$1.so
	[ -e "$library" ] || fail "$library is not built"
	shift
	: "${XDPTAIL_REAL:=$XDPTAIL}"
	XDPTAIL=$BATS_TEST_TMPDIR/xdptail
	cat >"$XDPTAIL" <<-SCRIPT
		#!/bin/sh
		export LD_PRELOAD=$library $*
		export ASAN_OPTIONS=verify_asan_link_order=0:\$ASAN_OPTIONS
		exec "$XDPTAIL_REAL" "\$@"
	SCRIPT
	chmod +x "$XDPTAIL"
}

old_kernel() { # WORD,WORD...
	preloaded oldkernel "XDPTAIL_OLD=$1"
}

# --- the stream ---

# Every line, by the schema that is in contrib/.
check_schema() { # FILE
	local fault

	fault=$(/usr/bin/python3 -IS "$CHECKOUT/tests/system/validate_stream.py" "$HELPERS" \
		<"$1" 2>&1) || fail "$fault"
	[ "$1" != "$OUT" ] || OUT_CHECKED=1
}

# Every line of it, by readers that know nothing of each other. Sets COUNTED.
check_stream() { # FILE [OPTION OF check_stream...]
	local verdict

	COUNTED=$("$HELPERS/check_stream" "${@:2}" <"$1" 2>&1) || fail "$COUNTED"
	check_schema "$1"
	# losses are no contradiction: 1
	verdict=$("$XDPTAIL" audit "$1" 2>&1) || [ $? -eq 1 ] || fail "$verdict"
}

counted() { # KEY: of the last check_stream
	sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" <<<"$COUNTED"
}

# Most lines of a stream are packets, and few conditions are about them: what can't match has not to
# be parsed.
select_records() { # FILE CONDITION
	local needle=

	case $2 in
	*' or '*) ;;
	'.event_type == "'*)
		needle=${2#'.event_type == "'}
		needle="\"event_type\":\"${needle%%\"*}\""
		;;
	'.total' | '.total and '* | *' and .total' | *' and .total and '*) needle='"total":true' ;;
	esac
	grep -a -F -e "$needle" "$1" | jq -c "select($2)"
}

count_records() { # FILE CONDITION
	select_records "$1" "$2" | wc -l
}

# Of the first packet that matches.
expect_packet() { # CONDITION KEY=VALUE...
	local record pair got

	record=$(select_records "$OUT" ".event_type == \"packet\" and ($1)" | head -n 1)
	[ -n "$record" ] || fail "no packet: $1"
	shift
	mapfile -t got < <(jq -r "$(printf '.%s,' "${@%%=*}")empty" <<<"$record")
	for pair in "$@"; do
		expect "${pair%%=*} of $record" "${got[0]}" "${pair#*=}"
		got=("${got[@]:1}")
	done
}

# A total is one flat line, and sed starts in a quarter of the time that jq takes.
of_total() { # FILE TYPE KEY [WHAT IT IS WHERE IT IS ABSENT]: of the record with the sums of the run
	grep -a -F '"total":true' "$1" | sed -n "/\"event_type\":\"$2\"/{
		s/.*\"$3\":\(\"[^\"]*\"\|[^,}]*\).*/\1/p
		t
		s/.*/${4:-null}/p
	}"
}

seen() { # by the last line of the messages
	sed -n 's/^xdptail: \([0-9]*\) packets seen, .*/\1/p' "$ERR"
}
