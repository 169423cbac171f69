# SPDX-License-Identifier: BSD-2-Clause
# What a user needs who is not root.

load common

setup() {
	common_setup
	needs setpriv
	# the build may lie where only its owner can go
	PLACE=$(mktemp -d /tmp/xt-privileges-XXXXXX)
	chmod 0755 "$PLACE"
	install -m 0755 "$XDPTAIL" "$PLACE/xdptail"
}

teardown() {
	common_teardown
	[ -z "${PLACE:-}" ] || rm -r "$PLACE"
}

# The words of a command that runs as nobody, with these capabilities and no others.
as_nobody() { # CAPABILITIES
	local set="-all${1:+,}$1"

	AS_NOBODY=(setpriv --reuid 65534 --regid 65534 --clear-groups "--inh-caps=$set"
		"--ambient-caps=$set" "--bounding-set=$set" "$PLACE/xdptail")
}

@test "what is missing is named, and the exit code is 3" {
	local capabilities want transport named

	pair
	while IFS='|' read -r capabilities want; do
		as_nobody "$capabilities"
		for transport in ringbuf perf; do
			run --separate-stderr timeout 20 ip netns exec "$NS_A" "${AS_NOBODY[@]}" \
				-i tail0 -a --transport "$transport"
			expect "$capabilities: exit" "$status" 3
			# shellcheck disable=SC2154
			named=$(sed -n 's/^xdptail: error: .*: \(.*\) \(is\|are\) missing.*/\1/p' \
				<<<"$stderr" | grep -o 'CAP_[A-Z_]*' | xargs)
			expect "$capabilities, $transport: missing" "$named" "$want"
			expect "$capabilities: lines of messages" "$(wc -l <<<"$stderr")" 1
		done
		expect "$capabilities: still attached" "$(attached)" ""
	done <<-'TABLE'
		|CAP_BPF CAP_NET_ADMIN CAP_PERFMON
		+bpf|CAP_NET_ADMIN CAP_PERFMON
		+net_admin|CAP_BPF CAP_PERFMON
		+bpf,+perfmon|CAP_NET_ADMIN
		+net_admin,+perfmon|CAP_BPF
		+bpf,+net_admin|CAP_PERFMON
	TABLE
}

# What each thread of the process has left, in one line: all of them must have the same.
rights() { # PID
	cat "/proc/$1/task/"*/status | awk '
		/^(Uid|Gid|Groups|NoNewPrivs|Cap[A-Z][a-z]*):/ {
			name = $1; $1 = ""; gsub(/^ +| +$/, ""); gsub(/[ \t]+/, ",")
			if (name in had && had[name] != $0)
				print "threads differ in " name " " had[name] " and " $0
			had[name] = $0
		}
		END {
			printf "%s %s %s", had["Uid:"], had["Gid:"], had["Groups:"]
			printf " no_new_privs=%s", had["NoNewPrivs:"]
			printf " inh=%s prm=%s eff=%s", had["CapInh:"], had["CapPrm:"], had["CapEff:"]
			printf " bnd=%s amb=%s\n", had["CapBnd:"], had["CapAmb:"]
		}'
}

NONE=0000000000000000
ALL=65534,65534,65534,65534
PERF=0000004000004000 # CAP_PERFMON and CAP_IPC_LOCK, for a CPU that comes up

expect_rights() { # PID CAPABILITIES LEFT [BOUNDING SET]
	expect "rights" "$(rights "$1")" \
		"$ALL $ALL 65534 no_new_privs=1 inh=$NONE prm=$2 eff=$2 bnd=${3:-$NONE} amb=$NONE"
}

# A directory of nobody, and a stream in it.
log_of_nobody() {
	mkdir "$PLACE/log"
	chown 65534:65534 "$PLACE/log"
	LOG=$PLACE/log/x.jsonl
}

# A run by root. Sets PID.
start_as() { # ARGUMENT OF xdptail...
	: >"$ERR"
	ip netns exec "$NS_A" "${RUN:-$PLACE/xdptail}" -i tail0 -a --user nobody "$@" \
		>/dev/null 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$LOG" '"event_type":"interface"' "$PID"
}

expect_left() { # CAPABILITIES, AS JSON
	expect "capabilities left" "$(jq -nc 'input.capabilities | sort' "$LOG")" "$1"
}

three_are_enough() { # WANT ARGUMENT OF xdptail...
	local want=$1

	pair
	as_nobody +bpf,+net_admin,+perfmon
	: >"$ERR"
	ip netns exec "$NS_A" "${AS_NOBODY[@]}" -i tail0 -a -N 1 "${@:2}" >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$OUT" '"event_type":"interface"' "$PID"
	expect "user" "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$PID/status")" 65534
	traffic peer0 1000 50000
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
	expect "capabilities left" "$(jq -nc 'input.capabilities | sort' "$OUT")" "$want"
}

@test "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough: ring buffer" {
	three_are_enough '[]' --transport ringbuf
}

@test "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough: a small perf buffer" {
	three_are_enough '["CAP_PERFMON"]' --transport perf --ring-size 512K
}

@test "a perf buffer beyond what a user may lock is refused by the name of the limit" {
	pair
	as_nobody +bpf,+net_admin,+perfmon
	run --separate-stderr prlimit --memlock=65536 timeout 20 ip netns exec "$NS_A" \
		"${AS_NOBODY[@]}" -i tail0 --transport perf --ring-size 64M
	expect "exit" "$status" 3
	[[ $stderr == *RLIMIT_MEMLOCK*--ring-size* ]] || fail "stderr: $stderr"
	[[ $stderr != *CAP_PERFMON* ]] || fail "what is there is called missing: $stderr"
}

# Where maps count against RLIMIT_MEMLOCK; its soft and its hard limit are given.
run_locked() { # LIMITS ARGUMENT OF xdptail...
	local -a env=(env "LD_PRELOAD=$PLACE/oldkernel.so" XDPTAIL_OLD=memlock
		"ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}")

	install -m 0755 "$(dirname "$HELPERS")/preload/oldkernel.so" "$PLACE"
	as_nobody +bpf,+net_admin,+perfmon
	run --separate-stderr prlimit "--memlock=$1" timeout 20 ip netns exec "$NS_A" \
		"${AS_NOBODY[@]::${#AS_NOBODY[@]}-1}" "${env[@]}" "${AS_NOBODY[-1]}" "${@:2}"
}

@test "too little memory that may be locked is named alone, with what is needed; doctor says the same" {
	local limit needed

	pair
	for limit in 65536 0; do
		run_locked "$limit:$limit" -i tail0
		expect "$limit: exit" "$status" 3
		[[ $stderr == *"RLIMIT_MEMLOCK is $((limit >> 10)) KiB, "*"ulimit -l "* ]] ||
			fail "$limit: $stderr"
		[[ $stderr != *seccomp* && $stderr != *missing* ]] || fail "$limit: $stderr"
		needed=$(sed -n 's/.*need about \([0-9]*\) KiB.*/\1/p' <<<"$stderr")
		expect_within "$limit: needed" "$needed" 30000 80000
		run_locked "$limit:$limit" doctor
		expect "$limit: exit of doctor" "$status" 3
		[[ $output == *"warning  memlock: RLIMIT_MEMLOCK is $((limit >> 10)) KiB,"*"ulimit -l $needed;"* ]] ||
			fail "$limit: $output"
	done
}

@test "memory that may be locked is raised to what is permitted, and doctor has nothing to say against it" {
	[ "$(ulimit -H -l)" = unlimited ] || [ "$(ulimit -H -l)" -ge 8192 ] ||
		skip "the hard limit of locked memory is below 8 MiB"
	pair
	run_locked 65536:8388608 -i tail0 --max-sources 1024 --ring-size 1M --duration 1
	expect "exit" "$status" 0
	[[ $stderr == *"0 packets seen"* ]] || fail "$stderr"
	run_locked 65536:8388608 -i tail0
	expect "beyond the hard limit: exit" "$status" 3
	[[ $stderr == *"RLIMIT_MEMLOCK is 8192 KiB, "* ]] || fail "$stderr"
}

# More sources than a generation holds: they are all told apart only if it is flipped under
# pressure.
PRESSED=6000

goes_on() { # WANT ARGUMENT OF xdptail...
	local want=$1 left

	pair
	log_of_nobody
	echo "{ \"sample\": 100, \"output\": \"file:$LOG\" }" >"$PLACE/config"
	start_as -f "$PLACE/config" --interval 0 --max-sources 4096 "${@:2}"
	left=$NONE
	[ "$want" = '[]' ] || left=$PERF
	expect_rights "$PID" "$left"

	expect "sent" "$(traffic peer0 "$PRESSED" 6000 "$PRESSED")" "$PRESSED"
	kill -USR1 "$PID"
	wait_line "$LOG" '"event_type":"snapshot"' "$PID"

	# an output that was not there before, opened by nobody
	echo "{ \"sample\": 1, \"output\": [\"file:$LOG\", \"file:$LOG.new\"] }" >"$PLACE/config"
	kill -HUP "$PID"
	wait_line "$ERR" 'SIGHUP: reloaded' "$PID"
	expect_rights "$PID" "$left"
	expect "sent" "$(traffic peer0 1000 50000)" 1000
	tail_stop TERM
	expect "exit" "$CODE" 0
	expect "still attached" "$(attached)" ""
	expect "owners" "$(stat -c %U "$LOG" "$LOG.new" | xargs)" "nobody nobody"
	expect "packets in the new output" "$(count_records "$LOG.new" '.event_type == "packet"')" 1000

	expect_left "$want"
	check_stream "$LOG"
	expect "sources" "$(jq -n 'first(inputs | select(.event_type == "snapshot")).sources' "$LOG")" \
		"$PRESSED"
	expect "unattributed" "$(of_total "$LOG" snapshot unattributed_packets)" 0
	expect "seen" "$(of_total "$LOG" snapshot seen)" $((PRESSED + 1000))
	expect "sampled after the reload" "$(jq -n '[inputs | select(.event_type == "packet" and
		.sample_rate == 1)] | length' "$LOG")" 1000
}

@test "after the start nothing is left, and all goes on: ring buffer, native" {
	goes_on '[]' --transport ringbuf --mode native
}

@test "after the start nothing is left, and all goes on: ring buffer, generic" {
	goes_on '[]' --transport ringbuf --mode generic
}

@test "after the start little is left, and all goes on: perf buffer" {
	goes_on '["CAP_IPC_LOCK","CAP_PERFMON"]' --transport perf
}

@test "root without --user keeps its name, and no capability" {
	pair
	tail_start
	wait_line "$OUT" '"event_type":"interface"' "$PID"
	[[ $(rights "$PID") == "0,0,0,0 0,0,0,0 "*" no_new_privs=1 inh=$NONE prm=$NONE eff=$NONE bnd=$NONE amb=$NONE" ]] ||
		fail "rights: $(rights "$PID")"
	traffic peer0 1000 50000
	tail_stop
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "capabilities left" "$(jq -nc 'input.capabilities' "$OUT")" '[]'
}

@test "on older kernels stays what they ask for" {
	local word want mask

	pair
	log_of_nobody
	while IFS='|' read -r word want mask; do
		old_kernel "$word"
		RUN=$XDPTAIL start_as -N 1 -o "file:$LOG"
		expect_rights "$PID" "$mask"
		traffic peer0 1000 50000
		tail_stop TERM
		expect "$word: exit" "$CODE" 0
		expect_left "$want"
		check_stream "$LOG"
		expect "$word: packets" "$(counted packets)" 1000
		expect "$word: still attached" "$(attached)" ""
		rm "$LOG"
	done <<-'TABLE'
		bpf|["CAP_BPF"]|0000008000000000
		admin|["CAP_SYS_ADMIN"]|0000000000200000
		link|["CAP_NET_ADMIN"]|0000000000001000
	TABLE
}

@test "--user: who cannot be, is refused by name" {
	local name want_code want

	pair
	while IFS='|' read -r name want_code want; do
		tail_run -i tail0 -o "file:$PLACE/never" --user "$name"
		expect "$name: exit" "$status" "$want_code"
		# shellcheck disable=SC2154
		expect "$name" "$stderr" "xdptail: error: --user: $want"
	done <<-'TABLE'
		no-such-user|2|there is no user "no-such-user"
		65534|2|there is no user "65534"
		root|2|"root" is root; name a user who is not, or leave the option out
	TABLE
	as_nobody +bpf,+net_admin,+perfmon
	run --separate-stderr timeout 20 ip netns exec "$NS_A" "${AS_NOBODY[@]}" -i tail0 --user daemon
	expect "exit" "$status" 3
	expect "not permitted" "$stderr" "xdptail: error: --user: not permitted to become \"daemon\": \
CAP_SETUID and CAP_SETGID are needed; start as root, or as that user"
	[ ! -e "$PLACE/never" ] || fail "an output was opened"
	expect "attached" "$(attached)" ""
}

@test "--user: who is that user already needs nothing for it" {
	three_are_enough '[]' --user nobody
}

@test "--user: outputs are opened by the rights of the user, and are the user's" {
	pair
	mkdir "$PLACE/root"
	touch "$PLACE/root/old"
	chmod 0640 "$PLACE/root/old"
	for file in new old; do
		tail_run -i tail0 --user nobody -o "file:$PLACE/root/$file"
		expect "exit" "$status" 2
		# shellcheck disable=SC2154
		[[ $stderr == *"cannot open \"$PLACE/root/$file\": permission denied"* ]] ||
			fail "stderr: $stderr"
		expect "attached" "$(attached)" ""
	done
	log_of_nobody
	start_as -o "file:$LOG"
	tail_stop TERM
	expect "exit" "$CODE" 0
	expect "owner" "$(stat -c %U:%G:%a "$LOG")" nobody:nogroup:640
}

@test "--user: a file is renamed and opened anew, and rotated, by the rights of the user" {
	local way file

	pair
	log_of_nobody
	for way in SIGHUP rotate_size; do
		rm -f "$LOG"*
		start_as -a -N 1 -o "file:$LOG$([ $way = SIGHUP ] || echo ,rotate_size=64K,keep=2,compress=gzip)"
		wait_line "$LOG" '"event_type":"start"' "$PID"
		traffic peer0 1000 50000
		wait_line "$LOG" '"event_type":"packet".*"record_seq":1000,' "$PID"
		if [ $way = SIGHUP ]; then
			mv "$LOG" "$LOG.1"
			kill -HUP "$PID"
			wait_line "$LOG" '"repeated":true' "$PID"
		fi
		traffic peer0 1000 50000
		tail_stop
		expect "$way: exit" "$CODE" 0
		[ "$(find "$PLACE" -name "${LOG##*/}*" | wc -l)" -gt 1 ] || fail "$way: one file only"
		for file in "$LOG"*; do
			expect "$way: owner of $file" "$(stat -c %U "$file")" nobody
		done
		[ $way = rotate_size ] || "$XDPTAIL" audit "$LOG"* || fail "$way: audit: $?"
	done
}

@test "--user: a config file that the user may not read is warned of" {
	pair
	echo '{}' >"$PLACE/config"
	chmod 0600 "$PLACE/config"
	log_of_nobody
	start_as -f "$PLACE/config" -o "file:$LOG"
	expect_line "$ERR" "\"$PLACE/config\" can't be read by \"nobody\".* SIGHUP will change nothing"
	kill -HUP "$PID"
	wait_line "$ERR" 'configuration is unchanged' "$PID"
	tail_stop TERM
	expect "exit" "$CODE" 0
	check_stream "$LOG"
}

# Waits until they are so, for a process that waits for something else itself.
wait_rights() { # PID WANT
	wait_until "process $1 has the rights $2" has_rights "$@"
}

has_rights() { # PID WANT
	[ "$(rights "$1")" = "$2" ]
}

@test "a capture is opened with all rights, and no byte of it is read with any" {
	local fifo=$PLACE/fifo

	mkfifo -m 0600 "$fifo"
	log_of_nobody
	"$XDPTAIL" -r "$fifo" -N 1 --user nobody -o "file:$LOG" 2>"$ERR" 3>&- &
	PID=$!
	exec 4>"$fifo"
	wait_rights "$PID" "$ALL $ALL 65534 no_new_privs=1 inh=$NONE prm=$NONE eff=$NONE bnd=$NONE amb=$NONE"
	"$HELPERS/make_capture" -n 100 >&4
	exec 4>&-
	wait_end "$PID"
	expect "exit" "$CODE" 0
	check_stream "$LOG"
	expect "packets" "$(counted packets)" 100
	expect_left '[]'
	expect "owner" "$(stat -c %U "$LOG")" nobody
}

@test "a capture that goes through the kernel's program does so without rights" {
	LOG=$OUT
	"$HELPERS/make_capture" -n 1000 -S 30 >"$PLACE/capture"
	run --separate-stderr "$XDPTAIL" -r "$PLACE/capture" --prog-run -N 1 --user nobody
	expect "exit" "$status" 0
	# shellcheck disable=SC2154
	printf '%s\n' "$output" >"$OUT"
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
	expect_left '[]'
}
