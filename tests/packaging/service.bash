# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A root of what make install and make install-service leave, to lie over the machine's own.

# The variables in capitals are for the tests.
# shellcheck disable=SC2034
service_setup() {
	common_setup
	needs systemd-sysusers systemd-tmpfiles logrotate pkill
	modprobe -q overlay 2>/dev/null || true
	grep -qw overlay /proc/filesystems || skip "needs overlayfs"
	CHECKOUT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	ROOT=$BATS_TEST_TMPDIR/root
	install_root
}

# With what systemd makes of the files.
install_root() {
	mkdir -p "$ROOT/etc" "$ROOT/var/log" "$ROOT/var/lib"
	cp /etc/passwd /etc/group "$ROOT/etc"
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$CHECKOUT" O="$(dirname "$XDPTAIL")" \
		install install-service DESTDIR="$ROOT" PREFIX=/usr
	systemd-sysusers --root="$ROOT" xdptail.conf
	systemd-tmpfiles --root="$ROOT" --create xdptail.conf
}

settings() { # JSON: the members of an object
	printf '{ "interface": "tail0", "function_name": "count_packets", "sample": 1, "interval": 1, %s }\n' \
		"$1" >"$ROOT/etc/xdptail/xdptail.json"
}

# shellcheck disable=SC2034
TO_FILE='"output": { "type": "file", "target": "/var/log/xdptail/xdptail.jsonl" }'

packets() { # FILE
	count_records "$1" '.event_type == "packet"'
}
