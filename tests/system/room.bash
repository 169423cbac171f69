# shellcheck shell=bash disable=SC2034 # some variables are for the tests
# SPDX-License-Identifier: BSD-2-Clause
# A real journald, in a mount namespace where its places are its own, and with the network of the
# test. JOURNAL is the directory of its journals, UNIT a service that it takes for one.

room_setup() {
	common_setup
	needs journalctl unshare nsenter
	JOURNALD=/usr/lib/systemd/systemd-journald
	[ -x "$JOURNALD" ] || lacks "needs $JOURNALD"
	[ -e /etc/machine-id ] || skip "needs /etc/machine-id"
	[ -d /etc/systemd ] || skip "needs /etc/systemd"
	[ -n "$(cgroup_roots)" ] || skip "journald needs control groups"
	JOURNAL=$BATS_TEST_TMPDIR/journal
	UNIT=$NS_A.service
}

room_teardown() {
	local root

	common_teardown
	[ -n "${UNIT:-}" ] || return 0
	for root in $(cgroup_roots); do
		[ ! -d "$root/$UNIT" ] || rmdir "$root/$UNIT"
	done
}

# Sets ROOM, a process that keeps the mount namespace. LINE... go to journald.conf, after what keeps
# it from the rest of the machine, and from dropping anything.
room() { # LINE...
	mkdir "$JOURNAL"
	printf '%s\n' '[Journal]' Storage=volatile RuntimeMaxUse=2G RuntimeMaxFileSize=2G \
		RuntimeKeepFree=1M RateLimitIntervalSec=0 SyncIntervalSec=1s ReadKMsg=no \
		ForwardToSyslog=no ForwardToKMsg=no ForwardToConsole=no ForwardToWall=no "$@" \
		>"$BATS_TEST_TMPDIR/journald.conf"
	tr -d - </proc/sys/kernel/random/uuid >"$BATS_TEST_TMPDIR/machine-id"
	# shellcheck disable=SC2016
	unshare -m --propagation private -- bash -euc '
		mount -t tmpfs -o mode=0755 tmpfs /run
		mkdir -p /run/log/journal
		mount --bind "$1/journal" /run/log/journal
		mount --bind "$1/machine-id" /etc/machine-id
		mount -t tmpfs -o mode=0755 tmpfs /etc/systemd
		cp "$1/journald.conf" /etc/systemd/journald.conf
		[ ! -e /dev/kmsg ] || mount --bind /dev/null /dev/kmsg
		echo ready
		exec sleep infinity' - "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/room" 2>&1 3>&- &
	ROOM=$!
	wait_line "$BATS_TEST_TMPDIR/room" ready "$ROOM"
}

# Its root, too, which in a chroot is another than that of the namespace.
in_room() { # COMMAND...: becomes that process
	exec nsenter -t "$ROOM" -m -r -w "--net=/run/netns/$NS_A" -- "$@"
}

# Sets JPID, and FOLLOW, which has what comes to the journal, in a file. As much may wait in the
# sockets of this journald as where systemd is at work.
journald_start() {
	local sockets=/proc/$ROOM/root/run/systemd/journal

	ip netns exec "$NS_A" sysctl -q -w net.unix.max_dgram_qlen=512
	rm -f "$sockets/socket" "$sockets/stdout"
	(in_room "$JOURNALD") >>"$BATS_TEST_TMPDIR/journald" 2>&1 3>&- &
	JPID=$!
	wait_until "journald listens" test -S "$sockets/stdout"
	[ -z "${FOLLOW:-}" ] || kill "$FOLLOW"
	journalctl -q -m -D "$JOURNAL" -f -n all -o cat >"$BATS_TEST_TMPDIR/follow" 2>&1 3>&- &
	FOLLOW=$!
	(in_room systemd-cat -t probe echo "here is $JPID")
	wait_journal "here is $JPID"
}

wait_journal() { # PATTERN
	wait_line "$BATS_TEST_TMPDIR/follow" "$1" "$FOLLOW"
}

# Some systemd has one tree of control groups, some a tree for itself, some both.
cgroup_roots() {
	local root

	for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
		[ ! -e "$root/cgroup.procs" ] || echo "$root"
	done
}

# From now on, this shell and what it starts are a service, for journald.
become_unit() {
	local root

	for root in $(cgroup_roots); do
		mkdir -p "$root/$UNIT"
		echo "$BASHPID" >"$root/$UNIT/cgroup.procs"
	done
}

# Sets PID, and leaves what it prints in OUT and ERR.
room_run() { # COMMAND...
	: >"$ERR"
	(
		[ -z "${AS_UNIT:-}" ] || become_unit
		in_room "$@"
	) >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
}

# As tail_start, in the room.
room_start() { # ARGUMENT OF xdptail...
	room_run "$XDPTAIL" -i tail0 "$@"
	wait_line "$ERR" "listening on tail0" "$PID"
}

# What journald has of it, as it was sent.
read_journal() { # ARGUMENT OF journalctl...
	journalctl -q -D "$JOURNAL" -t "${TAG:-xdptail}" -o cat --no-pager "$@"
}
