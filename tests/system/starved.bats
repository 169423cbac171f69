# SPDX-License-Identifier: BSD-2-Clause
# What becomes of the counts when there is next to no CPU: they wait for nothing.

load common

setup() {
	common_setup
	CPU_GROUP=
}

teardown() {
	common_teardown
	drop_group
}

# It may be gone already: who keeps a machine's control groups may remove one that is empty.
drop_group() {
	[ -z "$CPU_GROUP" ] || ! [ -d "$CPU_GROUP" ] || rmdir "$CPU_GROUP"
}

# The process has a hundredth of a CPU from now on, by a control group of its own, of either
# version.
starve() { # PID
	local one=/sys/fs/cgroup/cpu two=/sys/fs/cgroup

	if [ -w "$one/cpu.cfs_quota_us" ]; then
		CPU_GROUP=$one/$NS_A
		mkdir -p "$CPU_GROUP"
		echo 100000 >"$CPU_GROUP/cpu.cfs_period_us"
		echo 1000 >"$CPU_GROUP/cpu.cfs_quota_us"
	elif echo +cpu 2>/dev/null >"$two/cgroup.subtree_control"; then
		CPU_GROUP=$two/$NS_A
		mkdir -p "$CPU_GROUP"
		echo '1000 100000' >"$CPU_GROUP/cpu.max"
	else
		lacks "needs a control group for CPU"
	fi
	echo "$1" >"$CPU_GROUP/cgroup.procs"
}

# Sets SENT, to how many.
flood() { # COUNT SOURCES
	SENT=$(traffic peer0 "$1" 200000 "$2")
}

expect_exact() {
	expect "exit" "$CODE" 0
	check_stream "$OUT"
	expect "seen" "$(of_total "$OUT" snapshot seen)" "$SENT"
	expect "counted" "$(of_total "$OUT" snapshot counted)" "$SENT"
	expect "late" "$(jq -s 'map(select(.cause == "late").records) | add // 0' "$OUT")" \
		"$(of_total "$OUT" stats discarded)"
}

@test "with a hundredth of a CPU intervals are closed, and the run ends in time with all counts" {
	pair
	tail_start -a -N 1 --interval 1
	starve "$PID"
	flood 2000000 100
	expect_line "$OUT" '"event_type":"snapshot"' # while it still came in
	kill -TERM "$PID"
	wait_end "$PID" 8
	expect_exact
	expect_line "$ERR" 'samples of an interval are not read in time'
}

@test "with too little CPU for a line of each source the end has the counts of all" {
	local transport

	pair
	for transport in ringbuf perf; do
		tail_start -a -N 1 --transport "$transport" --interval 60 --max-sources 131072
		flood 180000 90000
		starve "$PID"
		kill -TERM "$PID"
		wait_end "$PID" 8
		expect_exact
		expect_line "$ERR" 'too little time to end'
		expect_within "$transport: listed" "$(of_total "$OUT" snapshot listed)" 0 89999
		drop_group
	done
}
