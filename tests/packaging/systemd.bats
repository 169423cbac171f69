# SPDX-License-Identifier: BSD-2-Clause
# xdptail.service, run by systemd itself: as PID 1 of namespaces of its own, in a root that lies
# over the machine's, with no unit of the machine's but the journal's. Not the template: it waits
# for a device unit, and those come from udev.

load ../system/common
load service

setup() {
	service_setup
	needs unshare nsenter systemctl journalctl
	INIT=/usr/lib/systemd/systemd
	[ -x "$INIT" ] || INIT=/lib/systemd/systemd
	[ -x "$INIT" ] || skip "needs $INIT"
	CGROUP=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -w "$CGROUP/cgroup.procs" ] || skip "needs control groups, version 2"
	CGROUP=$CGROUP/$NS_A
}

teardown() {
	common_teardown
	[ ! -d "${CGROUP:-}" ] || leave_cgroup
}

# As soon as what was killed is gone.
leave_cgroup() {
	local end=$((SECONDS + 20))

	until find "$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null; do
		[ "$SECONDS" -lt "$end" ] || fail "$CGROUP stays"
	done
}

# The only units that there are, for SYSTEMD_UNIT_PATH.
unit_directory() {
	local unit

	mkdir "$ROOT/units"
	for unit in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket basic.target \
		sysinit.target shutdown.target umount.target; do
		cp "$UNITS_OF_SYSTEM/$unit" "$ROOT/units"
	done
	cp "$ROOT/usr/lib/systemd/system/"xdptail* "$ROOT/units"
	printf '[Unit]\nRequires=basic.target systemd-journald.service\nAfter=basic.target\n' >"$ROOT/units/test.target"
}

# Sets IN_SYSTEM, the words that make a command run beside that systemd. What only the machine
# itself may change is read-only, before it is started.
boot() {
	UNITS_OF_SYSTEM=$(dirname "$(find /usr/lib/systemd/system /lib/systemd/system -name basic.target | head -n 1)")
	unit_directory
	mkdir "$CGROUP" "$BATS_TEST_TMPDIR/over"
	# shellcheck disable=SC2016 # for the bash inside
	(
		echo "$BASHPID" >"$CGROUP/cgroup.procs"
		exec ip netns exec "$NS_A" unshare --mount --pid --fork --uts --ipc --cgroup --kill-child \
			--propagation private bash -euc '
			mount -t tmpfs -o mode=0755 tmpfs "$1/over"
			mkdir "$1/over/root"
			mount --bind "$1/over/root" "$1/over/root"
			mkdir "$1/over/root/units"
			mount --bind "$1/root/units" "$1/over/root/units"
			cd "$1/over/root"
			for dir in etc usr var; do
				mkdir "$dir" "../$dir" "../$dir.work"
				mount -t overlay -o "lowerdir=$1/root/$dir:/$dir,upperdir=../$dir,workdir=../$dir.work" \
					overlay "$dir"
			done
			for dir in /bin /sbin /lib /lib64; do
				[ ! -L "$dir" ] || cp -a "$dir" .
			done
			mkdir dev proc run sys tmp
			mount -t proc proc proc
			mount --bind proc/sys proc/sys
			mount -o remount,bind,ro proc/sys
			mount -t sysfs -o ro sysfs sys
			mount -t cgroup2 cgroup2 sys/fs/cgroup
			mount -t tmpfs -o mode=0755 tmpfs run
			mount -t tmpfs -o mode=1777 tmpfs tmp
			mount -t tmpfs -o mode=0755 tmpfs dev
			for node in null zero full random urandom tty; do
				: >dev/$node
				mount --bind /dev/$node dev/$node
			done
			mkdir dev/pts dev/shm run/oldroot
			ln -s pts/ptmx dev/ptmx
			mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
			pivot_root . run/oldroot
			umount -l /run/oldroot
			exec env -i container=test SYSTEMD_UNIT_PATH=/units "$2" --log-target=journal \
				--show-status=0 --unit=test.target' - "$BATS_TEST_TMPDIR" "$INIT"
	) >"$BATS_TEST_TMPDIR/boot" 2>&1 </dev/null 3>&- &
	UNSHARE=$!
	wait_booted
}

wait_booted() {
	local end=$((SECONDS + 20))

	until IN_SYSTEM=(nsenter -t "$(pgrep -P "$UNSHARE")" -m -p -u -i -C -n --) &&
		"${IN_SYSTEM[@]}" systemctl is-active -q test.target 2>/dev/null; do
		if [ "$SECONDS" -ge "$end" ] || ! kill -0 "$UNSHARE"; then
			fail "systemd does not come up: $(cat "$BATS_TEST_TMPDIR/boot")"
		fi
	done
	LOGS=/proc/$(pgrep -P "$UNSHARE")/root/var/log/xdptail
}

property() { # NAME UNIT
	"${IN_SYSTEM[@]}" systemctl show -P "$1" "$2"
}

# A property, once it is so.
wait_property() { # NAME UNIT WANT
	local end=$((SECONDS + 20))

	until [ "$(property "$1" "$2")" = "$3" ]; do
		[ "$SECONDS" -lt "$end" ] || fail "$2: $1 is $(property "$1" "$2"), not $3" \
			"$("${IN_SYSTEM[@]}" journalctl --no-pager -o cat -u "$2" | tail -n 20)"
	done
}

@test "systemd starts it, reloads it, rotates, and stops it" {
	local pid

	pair
	settings "$TO_FILE"
	boot
	"${IN_SYSTEM[@]}" systemctl start xdptail.service || fail "$("${IN_SYSTEM[@]}" journalctl --no-pager -o cat -n 30)"
	pid=$(property MainPID xdptail.service)
	[ -n "$(attached)" ] || fail "started before it was attached"
	traffic peer0 1000 50000
	"${IN_SYSTEM[@]}" systemctl reload xdptail.service
	wait_line "$LOGS/xdptail.jsonl" '"repeated":true' "$UNSHARE"
	"${IN_SYSTEM[@]}" logrotate -f /etc/logrotate.d/xdptail
	wait_line "$LOGS/xdptail.jsonl" '"repeated":true' "$UNSHARE"
	traffic peer0 1000 50000
	wait_property StatusText xdptail.service "2000 packets seen, 2000 sampled, 0 lost"
	expect "the same process" "$(property MainPID xdptail.service)" "$pid"
	"${IN_SYSTEM[@]}" systemctl stop xdptail.service
	expect "result" "$(property Result xdptail.service)/$(property ExecMainStatus xdptail.service)" success/0
	expect "still attached" "$(attached)" ""
	"$XDPTAIL" audit "$LOGS"/* || fail "audit: $?"
	expect "owner" "$("${IN_SYSTEM[@]}" stat -c %U:%G:%a /var/log/xdptail)" "xdptail:xdptail:750"
	expect "packets" "$(cat "$LOGS"/* | packets -)" 2000
}

@test "systemd starts it again when it is killed or stuck, and not when it is wrong" {
	pair
	settings "$TO_FILE"
	expect_limit_reached "$ROOT/usr/lib/systemd/system/xdptail.service"
	expect_limit_reached "$ROOT/usr/lib/systemd/system/xdptail@.service"
	sed -i 's/^RestartSec=.*/RestartSec=0/; s/^WatchdogSec=.*/WatchdogSec=2/' \
		"$ROOT/usr/lib/systemd/system/xdptail.service"
	boot
	"${IN_SYSTEM[@]}" systemctl start xdptail.service
	"${IN_SYSTEM[@]}" systemctl kill -s KILL xdptail.service
	wait_property NRestarts xdptail.service 1
	wait_property SubState xdptail.service running
	"${IN_SYSTEM[@]}" systemctl kill -s STOP xdptail.service
	wait_property NRestarts xdptail.service 2
	wait_property SubState xdptail.service running
	"${IN_SYSTEM[@]}" systemctl stop xdptail.service
	"${IN_SYSTEM[@]}" sed -i 's/"sample"/"simple"/' /etc/xdptail/xdptail.json
	! "${IN_SYSTEM[@]}" systemctl start xdptail.service 2>/dev/null || fail "started with wrong settings"
	expect "state" "$(property SubState xdptail.service)/$(property ExecMainStatus xdptail.service)" failed/2
	"${IN_SYSTEM[@]}" journalctl --no-pager -o cat -u xdptail.service >"$BATS_TEST_TMPDIR/journal"
	expect_line "$BATS_TEST_TMPDIR/journal" 'simple'
}

# Only so many starts in so long a time end the attempts, if that many fit in it.
expect_limit_reached() { # UNIT
	local restart burst interval

	restart=$(sed -n 's/^RestartSec=//p' "$1")
	burst=$(sed -n 's/^StartLimitBurst=//p' "$1")
	interval=$(sed -n 's/^StartLimitIntervalSec=\([0-9]*\)min$/\1/p' "$1")
	expect_within "${1##*/}: seconds until it gives up" $((restart * burst)) 60 $((interval * 60 / 2))
}

@test "systemd gives up on what cannot be attached, and not on an interface that comes later" {
	pair
	settings "$TO_FILE, \"wait_interface\": true"
	sed -i 's/"tail0"/"later0"/' "$ROOT/etc/xdptail/xdptail.json"
	sed -i 's/^RestartSec=.*/RestartSec=0/; s/^StartLimitBurst=.*/StartLimitBurst=4/' "$ROOT/usr/lib/systemd/system/xdptail.service"
	boot
	"${IN_SYSTEM[@]}" systemctl start xdptail.service
	expect "waits" "$(property SubState xdptail.service)/$(property NRestarts xdptail.service)" running/0
	ip -n "$NS_A" link set tail0 name later0
	wait_line "$LOGS/xdptail.jsonl" '"interface":"later0".*"state":"attached"' "$UNSHARE"
	"${IN_SYSTEM[@]}" systemctl stop xdptail.service
	"${IN_SYSTEM[@]}" sed -i 's/"later0"/"nothing0"/; s/"wait_interface": true/"wait_interface": false/' \
		/etc/xdptail/xdptail.json
	# the starts that were; a unit that systemd has forgotten meanwhile has none
	"${IN_SYSTEM[@]}" systemctl reset-failed xdptail.service 2>/dev/null || true
	! "${IN_SYSTEM[@]}" systemctl start xdptail.service 2>/dev/null || fail "started without an interface"
	# the first was by hand, and the last is not made any more
	wait_property NRestarts xdptail.service 4
	wait_property SubState xdptail.service failed
	expect "exit" "$(property ExecMainStatus xdptail.service)" 4
	"${IN_SYSTEM[@]}" journalctl --no-pager -o cat -u xdptail.service >"$BATS_TEST_TMPDIR/journal"
	expect_line "$BATS_TEST_TMPDIR/journal" 'Start request repeated too quickly'
	expect "starts" "$(grep -c 'no interface "nothing0"' "$BATS_TEST_TMPDIR/journal")" 4
}
