# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# For tests of packages: roots to install them into, and what is expected of them there.

# Variables in capitals are for the tests, and bats' own come from it.
# shellcheck disable=SC2034,SC2154

load ../system/common

# make for us, not for the make that has started the tests.
make_alone() { # ARGUMENT...
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s "$@"
}

# A root of what is in LOWER ("/" for the machine as it is), over which lies what is written, in
# memory or, if it is much, on "disk", and which is gone with the test. Sets IN_ROOT and ON_NET, the
# words that make a command run there, in the network of NS_A and in the machine's; UPPER, where
# what was written lies, for a command after IN_WORLD.
root_open() { # LOWER [disk]
	local over=$BATS_TEST_TMPDIR/over

	mkdir "$over"
	# ip-netns(8) would hide the machine's control groups, without which no journald starts
	# shellcheck disable=SC2016 # for the bash inside
	nsenter "--net=/run/netns/$NS_A" unshare --mount --propagation private bash -euc '
		[ "$3" ] || mount -t tmpfs tmpfs "$2"
		cd "$2"
		mkdir upper work root
		mount -t overlay -o "lowerdir=$1,upperdir=upper,workdir=work" overlay root
		mount -t proc proc root/proc
		mount -t sysfs sysfs root/sys
		mount -t bpf bpf root/sys/fs/bpf
		mount --rbind /sys/fs/cgroup root/sys/fs/cgroup
		mount --rbind /dev root/dev
		mount -t tmpfs tmpfs root/run
		[ "$3" ] || mount -t tmpfs tmpfs root/tmp
		echo ready
		exec sleep infinity' - "$1" "$over" "${2:-}" >"$BATS_TEST_TMPDIR/world" 2>&1 3>&- &
	wait_line "$BATS_TEST_TMPDIR/world" ready $!
	UPPER=$over/upper
	IN_WORLD=(nsenter -t $! -m)
	ON_NET=("${IN_WORLD[@]}" chroot "$over/root" env DEBIAN_FRONTEND=noninteractive)
	IN_ROOT=(nsenter -t $! -n "${ON_NET[@]}")
}

# Into /tmp of the root.
root_copy() { # FILE...
	tar -C "$(dirname "$1")" -c "${@##*/}" | "${IN_ROOT[@]}" tar -C /tmp -x
}

# The root believes that systemd runs, and tells here what it would have been asked for.
root_systemctl() {
	ASKED=/run/asked
	# shellcheck disable=SC2016 # for the sh inside
	"${IN_ROOT[@]}" sh -euc '
		mkdir -p /run/systemd/system
		: >"$1"
		rm -f /usr/sbin/policy-rc.d
		printf "%s\n" "#!/bin/sh" "echo \"\$*\" >>$1" >/tmp/systemctl
		chmod +x /tmp/systemctl
		mv /tmp/systemctl "$(command -v systemctl)"' - "$ASKED"
}

# ... of our services.
asked() {
	"${IN_ROOT[@]}" sh -c "cat $ASKED; : >$ASKED" | grep -F xdptail || true
}

# What is installed there, run: it counts each packet that was sent, and says so.
expect_captures() {
	local built=$XDPTAIL

	XDPTAIL=$BATS_TEST_TMPDIR/installed
	printf '#!/bin/sh\nexec %s xdptail "$@"\n' "${IN_ROOT[*]@Q}" >"$XDPTAIL"
	chmod +x "$XDPTAIL"
	tail_run doctor -i tail0
	expect "doctor" "$status" 0
	tail_start -a -N 1 --interval 0
	traffic peer0 1000 50000
	wait_line "$OUT" '"event_type":"packet".*"record_seq":1000,' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	"$XDPTAIL" audit <"$OUT" || fail "audit: $?"
	XDPTAIL=$built
	check_stream "$OUT"
	expect "packets" "$(counted packets)" 1000
	expect "still attached" "$(attached)" ""
}

# The example of the development package, built by what the packages alone have, and run.
expect_links() {
	# shellcheck disable=SC2016 # for the sh inside
	"${IN_ROOT[@]}" sh -euc '
		cp -r /usr/share/doc/libxdptail-dev/examples /tmp/example
		env -u MAKEFLAGS -u MAKELEVEL make -s -C /tmp/example packet_count packet_count_static
		ldd /tmp/example/packet_count | grep -q "libxdptail.so.0 => /lib/"'
	: >"$OUT"
	"${IN_ROOT[@]}" /tmp/example/packet_count tail0 count_packets >"$OUT" 2>"$ERR" 3>&- &
	PID=$!
	wait_line "$OUT" '^0 packets$' "$PID"
	traffic peer0 1000 50000
	wait_line "$OUT" '^[1-9][0-9]* packets$' "$PID"
	tail_stop
	expect "exit" "$CODE" 0
	expect "packets" "$(awk '{ sum += $1 } END { print sum }' "$OUT")" 1000
	OUT_CHECKED=1
}
