# SPDX-License-Identifier: BSD-2-Clause
# RPM packages: made once, held to what rpmlint says, installed, run, removed.

load root

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	RPM=$BATS_FILE_TMPDIR/rpm
	export ROOT RPM
	! command -v rpmbuild >/dev/null ||
		env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$ROOT" O="$BATS_FILE_TMPDIR" rpm
}

setup() {
	needs rpmbuild rpmlint
	common_setup
}

@test "three packages, of the command's version" {
	local version name

	version=$("$XDPTAIL" -V | cut -d ' ' -f 2)
	for name in xdptail libxdptail libxdptail-devel; do
		expect "$name" "$(rpm -qp --qf '%{NAME} %{VERSION}' "$RPM/$name-$version"-*."$(uname -m)".rpm)" \
			"$name $version"
	done
	expect "what changed last" "$(rpm -qp --changelog "$RPM"/xdptail-*.src.rpm | sed -n '1s/.* - //p')" "$version-1"
}

@test "rpmlint has nothing to say but for what is filtered with a reason" {
	run rpmlint -c "$ROOT/packaging/rpm/rpmlint.toml" "$RPM"/*.rpm "$ROOT/packaging/rpm/xdptail.spec"
	expect "exit" "$status" 0
	expect_line <(echo "$output") ' 4 packages and 1 specfiles checked; 0 errors, 0 warnings'
}

@test "settings are kept, units neither enabled nor started" {
	expect "settings" "$(rpm -qp --configfiles "$RPM"/xdptail-*."$(uname -m)".rpm | xargs)" \
		"/etc/logrotate.d/xdptail /etc/xdptail/xdptail.json"
	expect "kept" "$(rpm -qp --qf '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' "$RPM"/xdptail-*."$(uname -m)".rpm |
		grep -c '^cn /etc/')" 2
	expect "scriptlets that start" "$(rpm -qp --scripts "$RPM"/*.rpm | grep -cE 'enable |(re)?start ')" 0
}

# RPM's list of what is installed knows nothing of what Debian's packages have.
@test "installed, run, removed" {
	pair
	root_open /
	root_systemctl
	root_copy "$RPM"/*."$(uname -m)".rpm
	"${IN_ROOT[@]}" sh -c 'rpm --install --nodeps --force-debian /tmp/*.rpm'
	expect "asked of systemd" "$(asked)" "--no-reload preset xdptail.service"
	expect "the user" "$("${IN_ROOT[@]}" stat -c %U:%G /var/log/xdptail)" "xdptail:xdptail"
	expect_captures
	"${IN_ROOT[@]}" rpm --erase --nodeps --force-debian xdptail libxdptail libxdptail-devel
	expect "asked of systemd in a removal" "$(asked)" "--no-reload disable --now xdptail.service xdptail@*.service"
	expect "left" "$("${IN_WORLD[@]}" find "$UPPER" -name '*xdptail*' -printf '%P\n')" "var/log/xdptail"
}
