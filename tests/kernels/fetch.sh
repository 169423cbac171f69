#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# fetch.sh DIR KERNEL…: have in DIR/KERNEL the newest of Debian's kernels of that series (5.10, 6.1, …;
# newest: of all of them): vmlinuz, veth.ko, and its own name in "release". What is there is left as it
# is, and then nothing is asked for. The index of packages is kept in DIR/apt, apart from this machine's
# own. DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR are addresses for a machine whose own apt has none of
# Debian's.
set -euo pipefail

dir=$(mkdir -p "$1" && cd "$1" && pwd)
shift
suites="bullseye bookworm bookworm-backports trixie trixie-backports"
security="bullseye-security bookworm-security trixie-security"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

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

	command -v apt-get >/dev/null || die "apt-get is not here, and Debian's kernels come by it"
	[ -e "$keyring" ] || die "$keyring is not here: install debian-archive-keyring"
	archive=${DEBIAN_MIRROR:-$(mirror Debian)}
	updates=${DEBIAN_SECURITY_MIRROR:-$(mirror Debian-Security)}
	[ -n "$archive" ] || die "apt knows no mirror of Debian; run \"apt-get update\", or set DEBIAN_MIRROR"
	mkdir -p "$dir/apt/state/lists/partial" "$dir/apt/cache/archives/partial"
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

fetch() { # KERNEL
	local image to=$dir/$1.part deb

	image=$(newest "$1")
	[ -n "$image" ] || die "Debian has no kernel $1"
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
	image=${image#linux-image-}
	echo "$image" >"$to/release"
	mv "$to" "$dir/$1"
}

indexed=
for kernel in "$@"; do
	[ ! -e "$dir/$kernel/release" ] || continue
	[ -n "$indexed" ] || read_index
	indexed=yes
	fetch "$kernel"
done
