# SPDX-License-Identifier: BSD-2-Clause
# Debian's packages, on a new Debian of nothing but what is essential: apt gets what they depend on. From
# where, and of which release, is what the machine's own apt is set to.

load ../packaging/root

setup() {
	needs debootstrap dpkg-buildpackage apt-get
	common_setup
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	NEW=$BATS_TEST_TMPDIR/new
	new_system
	make_alone -C "$ROOT" O="$BATS_TEST_TMPDIR" deb
}

# Sources, proxies and keys as they are here.
new_system() {
	local release site

	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt's own names
	read -r site < <(apt-get indextargets --format '$(SITE)' \
		'Created-By: Packages' 'Component: main' "Codename: $release")
	debootstrap --variant=minbase "$release" "$NEW" "$site" >"$BATS_TEST_TMPDIR/debootstrap.log" ||
		fail "$(tail "$BATS_TEST_TMPDIR/debootstrap.log")"
	rm -rf "$NEW"/etc/apt/sources.list*
	cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d /etc/apt/trusted.gpg.d "$NEW/etc/apt"
	cp -r /usr/share/keyrings "$NEW/usr/share"
	cp /etc/resolv.conf /etc/hosts "$NEW/etc"
	[ ! -e /etc/apt/keyrings ] || cp -r /etc/apt/keyrings "$NEW/etc/apt"
	[ ! -e /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$NEW/etc/apt"
}

@test "a new system: installed by apt, captures, is linked with, purged" {
	pair
	root_open "$NEW"
	root_copy "$BATS_TEST_TMPDIR"/deb/*.deb
	"${ON_NET[@]}" apt-get update -q
	"${ON_NET[@]}" sh -c 'apt-get install -qy --no-install-recommends /tmp/xdptail_*.deb'
	expect "user" "$("${IN_ROOT[@]}" stat -c %U /var/log/xdptail)" xdptail
	expect "enabled" "$("${IN_ROOT[@]}" find /etc/systemd/system -name '*xdptail*')" ""
	expect_captures
	"${ON_NET[@]}" sh -c 'apt-get install -qy --no-install-recommends /tmp/libxdptail*.deb gcc libc6-dev make pkgconf'
	expect_links
	"${IN_ROOT[@]}" apt-get purge -qy --autoremove xdptail libxdptail0 libxdptail-dev
	expect "left" "$("${IN_WORLD[@]}" find "$UPPER" -name '*xdptail*')" ""
	expect "settings that name it" "$("${IN_WORLD[@]}" grep -rl xdptail "$UPPER/etc" | sed 's|.*/upper/||' |
		grep -vE '^etc/(passwd|group|shadow|gshadow)-?$')" ""
}
