# SPDX-License-Identifier: BSD-2-Clause
# Debian's packages: made once, held to what lintian and blhc say, installed, run, removed, made
# again.

load root

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	DEB=$BATS_FILE_TMPDIR/deb
	export ROOT DEB
	! command -v dpkg-buildpackage >/dev/null ||
		env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$ROOT" O="$BATS_FILE_TMPDIR" deb
}

setup() {
	needs dpkg-buildpackage lintian blhc diffoscope
	common_setup
}

@test "three packages, and the symbols of two" {
	expect "packages" "$(cd "$DEB" && printf '%s ' ./*.deb | sed 's/_[^ ]*//g; s|\./||g')" \
		"libxdptail-dev libxdptail0-dbgsym libxdptail0 xdptail-dbgsym xdptail "
	expect "version" "$(dpkg-deb -f "$DEB"/xdptail_*.deb Version)" "$("$XDPTAIL" -V | cut -d ' ' -f 2)-1"
}

@test "lintian has nothing to say, not even pedantically" {
	run lintian --allow-root --pedantic --fail-on error,warning,pedantic "$DEB"/*.changes
	expect "lintian" "$output" ""
	expect "exit" "$status" 0
}

@test "all host code has every hardening flag of Debian's" {
	expect_line "$DEB/build.log" '^cc .*-fstack-protector-strong .* -c src/lib/object.c'
	run blhc --bindnow "$DEB/build.log"
	expect "blhc" "$output" ""
	expect "exit" "$status" 0
}

@test "no file names the directory of the build" {
	local deb

	for deb in "$DEB"/*.deb; do
		mkdir -p "$BATS_TEST_TMPDIR/${deb##*/}"
		dpkg-deb -x "$deb" "$BATS_TEST_TMPDIR/${deb##*/}"
	done
	expect "files" "$(grep -rlaF "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"/*.deb)" ""
}

# /lib and others are links into /usr: of a directory that is reached through one, dpkg warns in a
# removal.
@test "no file is in a directory that /usr has taken in" {
	local deb

	for deb in "$DEB"/*.deb; do
		dpkg-deb -c "$deb" >"$BATS_TEST_TMPDIR/files"
		expect_no_line "$BATS_TEST_TMPDIR/files" ' \./\(lib\|lib64\|bin\|sbin\)/'
	done
	dpkg-deb -c "$DEB"/xdptail_*.deb >"$BATS_TEST_TMPDIR/files"
	expect_line "$BATS_TEST_TMPDIR/files" ' \./usr/lib/systemd/system/xdptail\.service$'
}

# On this machine as it is, where what the packages depend on is there already.
@test "installed, run, linked with, upgraded, removed, purged" {
	# what installing anything writes, the user, and what root_systemctl did
	local known='^(var/(lib/(dpkg|apt)|cache/(apt|man|ldconfig|debconf)|log/(apt|dpkg\.log))/?'
	known+='|etc/(ld\.so\.cache|\.pwd\.lock|(passwd|group|shadow|gshadow)-?$)'
	known+='|usr/bin/systemctl$|usr/sbin/policy-rc\.d$)'

	pair
	root_open /
	root_systemctl
	root_copy "$DEB"/*.deb
	"${IN_ROOT[@]}" sh -c 'apt-get install -qy /tmp/xdptail_*.deb /tmp/libxdptail0_*.deb'
	"${IN_ROOT[@]}" sh -c 'apt-get install -qy /tmp/libxdptail-dev_*.deb'
	expect "asked of systemd" "$(asked)" ""
	expect "enabled" "$("${IN_ROOT[@]}" find /etc/systemd/system -name '*xdptail*')" ""
	expect "the user" "$("${IN_ROOT[@]}" stat -c %U:%G /var/log/xdptail)" "xdptail:xdptail"
	"${IN_ROOT[@]}" xdptail check-config /etc/xdptail/xdptail.json
	"${IN_ROOT[@]}" man -w 8 xdptail
	expect_captures
	expect_links

	"${IN_ROOT[@]}" sh -c 'dpkg -i /tmp/xdptail_*.deb'
	expect "asked of systemd in an upgrade" "$(asked)" ""
	"${IN_ROOT[@]}" touch /var/log/xdptail/xdptail.jsonl
	"${IN_ROOT[@]}" dpkg --remove xdptail
	expect "asked of systemd in a removal" "$(asked)" "stop xdptail.service xdptail@*.service"
	expect "kept" "$("${IN_ROOT[@]}" sh -c 'ls /etc/xdptail/* /etc/logrotate.d/xdptail /var/log/xdptail/*' | wc -l)" 3
	"${IN_ROOT[@]}" install -D /dev/null /var/lib/xdptail/xdptail.prom
	"${IN_ROOT[@]}" dpkg --purge xdptail libxdptail-dev libxdptail0
	expect "left" "$("${IN_WORLD[@]}" find "$UPPER" '(' ! -type d -o -name '*xdptail*' ')' -printf '%P\n' |
		grep -vE "$known")" ""
}

# From a tarball, and not from a checkout; with other names, times and permissions.
@test "made again elsewhere, of the same bytes" {
	local deb name

	mkdir -p "$BATS_TEST_TMPDIR/else/where"
	tar -C "$BATS_TEST_TMPDIR/else/where" -xzf "$DEB/../dist"/xdptail-*.tar.gz
	cd "$BATS_TEST_TMPDIR"/else/where/xdptail-*
	(
		umask 027
		export TZ=Pacific/Kiritimati LC_ALL=C DEB_BUILD_OPTIONS="nocheck parallel=2"
		make_alone O=out deb
	)
	for deb in "$DEB"/*.deb "$DEB"/*.orig.tar.gz; do
		name=${deb##*/}
		cmp -s "$deb" "out/deb/$name" || fail "$name:" "$(diffoscope "$deb" "out/deb/$name")"
	done
}
