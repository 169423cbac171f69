# SPDX-License-Identifier: BSD-2-Clause
# README's commands, word for word, by a user who may use sudo, on a new Debian that has git and
# make beside what is essential; then the packages that were made there, on one that lacks those,
# too. XDPTAIL_SUITE says which release; from where, is what the machine's own apt is set to.

load ../packaging/root

setup_file() {
	local site suite

	[ "$(id -u)" = 0 ] || skip "needs root"
	command -v debootstrap >/dev/null || skip "needs the command debootstrap"
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt's own names
	read -r site < <(apt-get indextargets --format '$(SITE)' \
		'Created-By: Packages' 'Component: main' "Codename: $suite")
	suite=${XDPTAIL_SUITE:-$suite}
	new_system "$BATS_FILE_TMPDIR/bare" "$suite" "$site"
	cp -a "$BATS_FILE_TMPDIR/bare" "$BATS_FILE_TMPDIR/new"
	new_user "$BATS_FILE_TMPDIR/new"
}

setup() {
	needs debootstrap apt-get git
	common_setup
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	DEB=$BATS_FILE_TMPDIR/deb
	pair
}

# Proxies and keys as they are here. What apt asks is answered.
new_system() { # DIRECTORY SUITE SITE
	local log=$BATS_FILE_TMPDIR/debootstrap.log

	debootstrap --variant=minbase "$2" "$1" "$3" >"$log" || fail "$(tail "$log")"
	cp -r /etc/apt/apt.conf.d /etc/apt/trusted.gpg.d "$1/etc/apt"
	cp -r /usr/share/keyrings "$1/usr/share"
	cp /etc/resolv.conf /etc/hosts "$1/etc"
	[ ! -e /etc/apt/keyrings ] || cp -r /etc/apt/keyrings "$1/etc/apt"
	[ ! -e /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$1/etc/apt"
	rm -rf "$1"/etc/apt/sources.list*
	echo "deb $3 $2 main" >"$1/etc/apt/sources.list"
	echo 'APT::Get::Assume-Yes "true";' >"$1/etc/apt/apt.conf.d/99yes"
	chroot "$1" apt-get update -q >>"$log" || fail "$(tail "$log")"
}

new_user() { # DIRECTORY
	chroot "$1" sh -euc '
		export DEBIAN_FRONTEND=noninteractive
		apt-get install -qy --no-install-recommends git make sudo
		useradd --create-home --shell /bin/bash somebody
		echo "somebody ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/somebody' >>"$BATS_FILE_TMPDIR/debootstrap.log"
}

# The new system, with the sources as they lie here in the user's home.
new_checkout() {
	root_open "$BATS_FILE_TMPDIR/new" disk
	(cd "$ROOT" && git ls-files | xargs -d '\n' ls -d 2>/dev/null) |
		tar -C "$ROOT" --no-recursion -c -T - |
		"${ON_NET[@]}" su - somebody -c 'mkdir xdptail && tar -C xdptail --no-same-owner -x &&
			cd xdptail && git init -q && git add .'
}

# In the checkout. What it said is in the file "said".
by_user() { # COMMAND
	"${ON_NET[@]}" su - somebody -c "cd xdptail && $1" >"$BATS_TEST_TMPDIR/said" 2>&1 ||
		fail "$1" "$(grep -A 8 '^not ok' "$BATS_TEST_TMPDIR/said" | head -n 100)" \
			"$(tail -n 25 "$BATS_TEST_TMPDIR/said")"
}

# The commands of the first block of a section, one a line, without their comments.
readme() { # SECTION
	awk -v section="## $1" '
		/^## / { within = $0 == section; blocks = 0 }
		/^```/ { blocks++; next }
		within && blocks == 1 { sub(/ +# .*/, ""); print }' "$ROOT/README.md"
}

expect_of_user() {
	expect "what is not the user's in build" \
		"$("${ON_NET[@]}" find /home/somebody/xdptail/build ! -user somebody)" ""
}

@test "README, Install: the packages are made, of nothing but what it takes to make them, and installed" {
	local command package

	new_checkout
	readme Install | head -n 2 >"$BATS_TEST_TMPDIR/commands"
	expect "first words" "$(cut -d ' ' -f 1,2 "$BATS_TEST_TMPDIR/commands" | xargs)" \
		"sudo packaging/deps.sh sudo apt"
	while read -r command <&4; do
		by_user "$command"
	done 4<"$BATS_TEST_TMPDIR/commands"
	for package in podman rpm lintian diffoscope-minimal; do
		expect "of $package" "$("${ON_NET[@]}" find /var/lib/dpkg/info -name "$package.list")" ""
	done
	mkdir "$DEB"
	"${ON_NET[@]}" tar -C /home/somebody/xdptail/build/deb -c . | tar -C "$DEB" --no-same-owner -x
	expect_of_user
	"${ON_NET[@]}" xdptail check-config /etc/xdptail/xdptail.json
	expect_captures
}

@test "a new system: installed by apt, captures, is linked with, purged" {
	root_open "$BATS_FILE_TMPDIR/bare"
	root_copy "$DEB"/*.deb
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

# What root has built there the user can build again.
@test "README, Try it: the demo, all tests, and make by the user afterwards" {
	local command

	new_checkout
	readme "Try it" >"$BATS_TEST_TMPDIR/commands"
	expect "commands" "$(xargs <"$BATS_TEST_TMPDIR/commands")" "sudo make demo sudo make check"
	while read -r command <&4; do
		by_user "$command"
		case $command in
		*demo) expect_line "$BATS_TEST_TMPDIR/said" '"event_type":"packet"' ;;
		*check) grep -aE ' passed|# *(skip|SKIP)' "$BATS_TEST_TMPDIR/said" | sed 's/^/# /' >&3 ;;
		esac
	done 4<"$BATS_TEST_TMPDIR/commands"
	expect_of_user
	by_user "touch src/app/main.c && make"
}
