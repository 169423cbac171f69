#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# fetch.sh DIR KERNEL…: have in DIR/KERNEL the newest of Debian's kernels of that series (5.10, 6.1,
# …; newest: of all of them): vmlinuz, veth.ko, and its own name in "release". Whether there is a
# newer one than what is in DIR is asked once a day at most, and where that can't be had, what is
# there will do. The index of packages is kept in DIR/apt, apart from this machine's own.
# DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR are addresses for a machine whose own apt has none of
# Debian's, and DEBIAN_KEYRING has Debian's keys.
set -euo pipefail

dir=$(mkdir -p "$1" && cd "$1" && pwd)
shift
suites="bullseye bookworm bookworm-backports trixie trixie-backports"
security="bullseye-security bookworm-security trixie-security"
keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
asked=$dir/apt/asked # when the index was asked for, last

die() { # SENTENCE
	echo "fetch.sh: $1" >&2
	exit 1
}

# Where this machine's apt has its packages from: the same mirror has the other suites beside.
mirror() { # LABEL
	# shellcheck disable=SC2016 # it is for apt to expand
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
		sed -n "s/^$1 //p" | head -n 1
}

own_apt() { # COMMAND ARGUMENT…
	"$1" -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o "Dir::State=$dir/apt/state" -o Dir::State::status=/dev/null \
		-o "Dir::Cache=$dir/apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root "${@:2}"
}

read_index() {
	local archive updates suite

	mkdir -p "$dir/apt/state/lists/partial" "$dir/apt/cache/archives/partial"
	touch "$asked"
	command -v apt-get >/dev/null || die "apt-get is not here, and Debian's kernels come by it"
	[ -e "$keyring" ] || die "$keyring is not here: install debian-archive-keyring"
	archive=${DEBIAN_MIRROR:-$(mirror Debian)}
	updates=${DEBIAN_SECURITY_MIRROR:-$(mirror Debian-Security)}
	[ -n "$archive" ] || die "apt knows no mirror of Debian; run \"apt-get update\", or set DEBIAN_MIRROR"
	for suite in $suites; do
		echo "deb [arch=amd64 signed-by=$keyring] $archive $suite main"
	done >"$dir/apt/sources.list"
	for suite in ${updates:+$security}; do
		echo "deb [arch=amd64 signed-by=$keyring] $updates $suite main"
	done >>"$dir/apt/sources.list"
	own_apt apt-get -q update >&2 || die "the index of Debian's packages could not be read"
}

# The newest package by its name, of those that can be had.
newest() { # SERIES
	local series=${1//./\\.}

	[ "$1" != newest ] || series='[0-9]+\.[0-9]+'
	own_apt apt-cache search --names-only "^linux-image-$series\\.[^ ]*-cloud-amd64\$" | cut -d ' ' -f 1 |
		sort -V | tail -n 1
}

# From 7 on a package linux-image-RELEASE has nothing in it but these two as its dependencies.
parts() { # IMAGE
	own_apt apt-cache depends "$1" | sed -n 's/^ *Depends: \(linux-\(binary\|modules\)-.*\)/\1/p'
}

fetch() { # KERNEL IMAGE
	local image=$2 to=$dir/$1.part deb

	rm -rf "$to" && mkdir -p "$to"
	# shellcheck disable=SC2046 # one word a package
	(cd "$to" && own_apt apt-get -q download "$image" $(parts "$image") >&2) ||
		die "$image could not be fetched"
	for deb in "$to"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$to" --wildcards --transform 's|.*/||' \
			'*/vmlinuz*' '*/drivers/net/veth.ko*' 2>/dev/null || true # the other part has it
	done
	mv "$to"/vmlinuz-* "$to/vmlinuz" 2>/dev/null || true # older ones have the release in the name
	[ ! -e "$to/veth.ko.xz" ] || xz -d "$to/veth.ko.xz"
	if [ ! -s "$to/vmlinuz" ] || [ ! -s "$to/veth.ko" ]; then
		die "$image has no kernel in it, or no veth"
	fi
	rm "$to"/*.deb
	echo "${image#linux-image-}" >"$to/release"
	rm -rf "${dir:?}/$1"
	mv "$to" "$dir/$1" || die "$image could not be put into $dir/$1"
}

# The first to ask on a day reads the index anew; where that fails, the one before will do.
index_of_today() {
	[ -z "$(find "$asked" -mmin -1440 2>/dev/null)" ] || return 0
	(read_index) || echo "fetch.sh: what is in $dir will do" >&2
}

is_newer() { # IMAGE THAN
	[ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]
}

# What fails here, each in a shell of its own, is no failure: there is a kernel. Its "release" is as
# old as the index that it was held against.
renew() { # KERNEL
	local release=$dir/$1/release image

	index_of_today
	[ ! "$release" -nt "$asked" ] || return 0
	touch "$release"
	image=$(newest "$1") || return 0
	if is_newer "$image" "linux-image-$(<"$release")"; then
		(fetch "$1" "$image") || echo "fetch.sh: $1 is left at $(<"$release")" >&2
	fi
}

first() { # KERNEL
	local image

	[ -n "$indexed" ] || read_index
	indexed=yes
	image=$(newest "$1")
	[ -n "$image" ] || die "Debian has no kernel $1"
	fetch "$1" "$image"
}

exec 9>"$dir/lock" # of two at a time, one fetches
flock 9
indexed=
for kernel in "$@"; do
	if [ -e "$dir/$kernel/release" ]; then
		renew "$kernel"
	else
		first "$kernel"
	fi
done
